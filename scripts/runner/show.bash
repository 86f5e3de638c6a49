# shellcheck shell=bash
# What people see: a line for each test as it is done, what runs now, and the summary.

SHOW_NEXT=0 # the job whose line comes next
COUNT_PASS=0 COUNT_FAIL=0 COUNT_SKIP=0 COUNT_KNOWN=0 COUNT_FIXED=0 TAP_NUMBER=0
IS_TERMINAL=false RED='' GREEN='' YELLOW='' PLAIN=''

show_init() {
	local total=0 job
	if [[ -t 1 && ${TERM-dumb} != dumb ]] && ! $OPT_TAP; then
		IS_TERMINAL=true
		shopt -s checkwinsize
		(:) # sets COLUMNS
		if [[ -z ${NO_COLOR-} ]]; then
			RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
		fi
	fi
	if $OPT_TAP; then
		for job in "${!JOB_CASES[@]}"; do
			: "${JOB_CASES[job]//[!$'\n']/}"
			total=$((total + ${#_}))
		done
		echo 'TAP version 13'
		echo "# $1"
		echo "1..$total"
	else
		echo "$1"
	fi
}

clear_progress() {
	if $IS_TERMINAL; then
		printf '\r\e[K'
	fi
}

# One line that is written over and over, cut to the terminal's width.
show_progress() {
	local pid text
	$IS_TERMINAL || return 0
	text="[$SHOW_NEXT/${#JOB_TEST[@]}]"
	if ((COUNT_FAIL)); then
		text+=" $COUNT_FAIL failed"
	fi
	for pid in "${!RUN_JOB[@]}"; do
		text+="  ${JOB_ARCH[${RUN_JOB[$pid]}]}/${JOB_TEST[${RUN_JOB[$pid]}]}${RUN_CASE[$pid]:+:${RUN_CASE[$pid]}}"
	done
	printf '\r\e[K%s' "${text:0:${COLUMNS:-80}-1}"
}

# show_done: the lines of all jobs that are done and whose predecessors are.
show_done() {
	while [[ -n ${JOB_DONE[SHOW_NEXT]-} ]]; do
		clear_progress
		show_job "$SHOW_NEXT"
		JOB_RESULTS[SHOW_NEXT]=''
		SHOW_NEXT=$((SHOW_NEXT + 1))
	done
}

# show_case VERDICT NAME MS MESSAGE: a line, and for what failed the judge's words.
show_case() {
	local color='' line where fields
	case $1 in
	PASS) color=$GREEN ;;
	FAIL | CRASH | TIMEOUT | ERROR) color=$RED ;;
	*) color=$YELLOW ;;
	esac
	printf '%s%-7s%s %s%s\n' "$color" "$1" "$PLAIN" "$2" "${3:+ ($3 ms)}"
	[[ $1 != PASS ]] || return 0
	if [[ $1 == SKIP || $1 == KNOWN || $1 == FIXED ]] && ! $OPT_VERBOSE; then
		return 0
	fi
	printf -v line '%b' "${4//\\\\/\\\\}"
	while IFS= read -r where; do
		printf '        %s\n' "${where//[^[:print:]]/?}"
	done <<<"$line"
	fields=${CASE_FIELDS["$2"]-}
	if [[ $1 != SKIP && $1 != KNOWN && -n $fields ]]; then
		printf '        rule: %s\n' "${fields%%$'\t'*}"
	fi
}

# TAP 13: https://testanything.org/tap-version-13-specification.html
show_tap() {
	local line text
	case $1 in
	PASS | FIXED) echo "ok $((++TAP_NUMBER)) - $2" ;;
	SKIP) echo "ok $((++TAP_NUMBER)) - $2 # SKIP ${4%%\\n*}" ;;
	KNOWN) echo "not ok $((++TAP_NUMBER)) - $2 # TODO known deviation" ;;
	*)
		echo "not ok $((++TAP_NUMBER)) - $2"
		printf -v text '%b' "${4//\\\\/\\\\}"
		while IFS= read -r line; do
			printf '# %s\n' "${line//[^[:print:]]/?}"
		done <<<"$1: $text"
		;;
	esac
}

# show_job JOB: counts the job's verdicts and shows them.
show_job() {
	local verdict name row ms message full='' counts='' bad=0 cases=0 skip=0 known=0 fixed=0 show
	local label=${JOB_ARCH[$1]}/${JOB_TEST[$1]} details=''
	while IFS=$'\x1f' read -r verdict name row ms message; do
		[[ -z $row ]] || continue
		cases=$((cases + 1)) show=$OPT_VERBOSE
		case $verdict in
		PASS) COUNT_PASS=$((COUNT_PASS + 1)) ;;
		SKIP) COUNT_SKIP=$((COUNT_SKIP + 1)) skip=$((skip + 1)) ;;
		KNOWN) COUNT_KNOWN=$((COUNT_KNOWN + 1)) known=$((known + 1)) ;;
		FIXED)
			COUNT_FIXED=$((COUNT_FIXED + 1)) fixed=$((fixed + 1)) show=true
			if $OPT_STRICT; then
				COUNT_FAIL=$((COUNT_FAIL + 1)) bad=$((bad + 1))
			else
				COUNT_PASS=$((COUNT_PASS + 1))
			fi
			;;
		*) COUNT_FAIL=$((COUNT_FAIL + 1)) bad=$((bad + 1)) show=true ;;
		esac
		if $OPT_TAP; then
			show_tap "$verdict" "$label:$name" "$ms" "$message"
		elif $show; then
			full+=$(show_case "$verdict" "$label:$name" "$ms" "$message")$'\n'
		fi
	done <<<"${JOB_RESULTS[$1]//$'\t'/$'\x1f'}"
	$OPT_TAP && return
	counts="$cases cases"
	((!bad)) || counts+=", $bad failed"
	((!known)) || counts+=", $known known deviations"
	((!fixed)) || counts+=", $fixed fixed"
	((!skip)) || counts+=", $skip skipped"
	if ((bad)); then
		details="${RED}FAIL$PLAIN"
	elif ((skip == cases)); then
		details="${YELLOW}SKIP$PLAIN"
	else
		details="${GREEN}PASS$PLAIN"
	fi
	printf '%s    %-20s %s, %d.%02d s\n' "$details" "$label" "$counts" $((JOB_MS[$1] / 1000)) $((JOB_MS[$1] / 10 % 100))
	printf '%s' "$full"
}

show_summary() {
	local hash=''
	if $OPT_TAP; then
		hash='# '
	fi
	if ((COUNT_FIXED)); then
		echo "$hash$COUNT_FIXED known deviations are gone: take them out of known.cfg"
	fi
	if ((COUNT_KNOWN)); then
		echo "$hash$COUNT_KNOWN known deviations"
	fi
	echo "$hash$COUNT_PASS passed, $COUNT_FAIL failed, $COUNT_SKIP skipped"
}

# show_list: tests, or cases with sentence and manual.
show_list() {
	local job name fields sentence manual label
	for job in "${!JOB_TEST[@]}"; do
		label=${JOB_TEST[job]}
		if ((${#ARCHS[@]} > 1)); then
			label=${JOB_ARCH[job]}/$label
		fi
		if [[ $OPT_LIST == tests ]]; then
			echo "$label"
			continue
		fi
		while IFS= read -r name; do
			fields=${CASE_FIELDS["${JOB_ARCH[job]}/${JOB_TEST[job]}:$name"]}
			sentence=${fields%%$'\t'*}
			manual=${fields#*$'\t'}
			manual=${manual%%$'\t'*}
			echo "$label:$name  $sentence${manual:+  [$manual]}"
		done <<<"${JOB_CASES[job]%$'\n'}"
	done
}
