# shellcheck shell=bash
# What people see: a line for each test as it is done, what runs now, and the summary.

SHOW_NEXT=0 # the job whose line comes next
COUNT_FAIL=0 TAP_NUMBER=0
declare -A VERDICTS=([PASS]=0 [FAIL]=0 [SKIP]=0 [KNOWN]=0 [FIXED]=0 [CRASH]=0 [TIMEOUT]=0 [ERROR]=0)
IS_TERMINAL=false RED='' GREEN='' YELLOW='' PLAIN=''

show_init() {
	local total=0 job about=$1
	if [[ -n $OPT_SHUFFLE ]]; then
		about+=", shuffled with seed $OPT_SHUFFLE"
	fi
	if [[ -n $OPT_NESTED ]]; then
		about+=", as guests under $OPT_NESTED"
	fi
	if [[ -t 1 && ${TERM-dumb} != dumb ]] && ! $OPT_TAP; then
		IS_TERMINAL=true
		# What the caller's environment says need not be true. Where standard error is the terminal as well, the shell
		# follows its changes.
		{ COLUMNS=$(stty size 2>/dev/null <&3); } 3>&1
		COLUMNS=${COLUMNS#* }
		((COLUMNS)) || COLUMNS=80
		shopt -s checkwinsize
		if [[ -z ${NO_COLOR-} ]]; then
			RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
		fi
	fi
	if $OPT_TAP; then
		for job in "${!JOB_CASES[@]}"; do
			: "${JOB_CASES[job]//[!$'\n']/}"
			total=$((total + ${#_}))
		done
		if $OPT_TAP14; then
			echo 'TAP version 14'
		else
			echo 'TAP version 13'
		fi
		echo "# $about"
		# How often is not known yet with --until-fail: then the plan comes last, where it may stand, too.
		$OPT_UNTIL_FAIL || echo "1..$((total * OPT_REPEAT))"
	else
		echo "$about"
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
	text=${text//[^[:print:]]/?} # the case's name is the guest's word
	printf '\r\e[K%s' "${text:0:COLUMNS-1}"
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
	local color='' line where sentence
	case $1 in
	PASS) color=$GREEN ;;
	FAIL | CRASH | TIMEOUT | ERROR) color=$RED ;;
	*) color=$YELLOW ;;
	esac
	printf '%s%-7s%s %s%s\n' "$color" "$1" "$PLAIN" "$2" "${3:+ ($3 ms)}"
	[[ $1 != PASS ]] || return 0
	printf -v line '%b' "${4//\\\\/\\\\}"
	while IFS= read -r where; do
		printf '        %s\n' "${where//[^[:print:]]/?}"
	done <<<"$line"
	if [[ $1 != SKIP && $1 != KNOWN ]]; then
		where=${2%%:*}
		case_line "${where%%/*}" "${where#*/}" "${2#*:}"
		sentence=${CASE_LINE#*$'\t'}
		printf '        rule: %s\n' "${sentence%%$'\t'*}"
	fi
}

# fails VERDICT: whether it is one that ends the run with status 1.
fails() {
	[[ $1 == @(FAIL|CRASH|TIMEOUT|ERROR) ]] || { [[ $1 == FIXED ]] && $OPT_STRICT; }
}

# TAP 13: https://testanything.org/tap-version-13-specification.html, and 14: tap-version-14-specification.html there.
show_tap() {
	local line text
	$OPT_TAP14 && ((TAP_ROWS)) && show_tap_rows "$2"
	case $1 in
	PASS) echo "ok $((++TAP_NUMBER)) - $2" ;;
	FIXED)
		text='not ok'
		fails FIXED || text=ok
		echo "$text $((++TAP_NUMBER)) - $2"
		;;
	SKIP)
		text=${4%%\\n*}
		line=SKIP
		! $OPT_KUT || line=skip
		echo "ok $((++TAP_NUMBER)) - $2 # $line ${text//[^[:print:]]/?}"
		;;
	KNOWN)
		if $OPT_KUT; then
			# Who reads only "not ok" would count it.
			echo "ok $((++TAP_NUMBER)) - $2 # skip known deviation"
		else
			echo "not ok $((++TAP_NUMBER)) - $2 # TODO known deviation"
		fi
		;;
	*)
		echo "not ok $((++TAP_NUMBER)) - $2"
		printf -v text '%b' "${4//\\\\/\\\\}"
		while IFS= read -r line; do
			printf '# %s\n' "${line//[^[:print:]]/?}"
		done <<<"$1: $text"
		;;
	esac
}

TAP_ROWS=0 TAP_ROW_LINES='' # of the case whose result comes next

# tap_row VERDICT NAME MESSAGE: keeps it until the case's result is there.
tap_row() {
	local name=${2//[^[:print:]]/?} text=${3%%\\n*}
	name=${name//\\\\/\\} # the judge's \\ is one
	name=${name//\\/\\\\}
	name=${name//'#'/\\#}
	TAP_ROWS=$((TAP_ROWS + 1))
	case $1 in
	PASS | FIXED) TAP_ROW_LINES+="    ok $TAP_ROWS - $name" ;;
	SKIP) TAP_ROW_LINES+="    ok $TAP_ROWS - $name # SKIP ${text//[^[:print:]]/?}" ;;
	KNOWN) TAP_ROW_LINES+="    not ok $TAP_ROWS - $name # TODO known deviation" ;;
	*) TAP_ROW_LINES+="    not ok $TAP_ROWS - $name" ;;
	esac
	TAP_ROW_LINES+=$'\n'
}

show_tap_rows() {
	printf '# Subtest: %s\n%s    1..%d\n' "$1" "$TAP_ROW_LINES" "$TAP_ROWS"
	TAP_ROWS=0 TAP_ROW_LINES=''
}

# show_kut JOB WORD TEXT LABEL: a line for the test as readers of kvm-unit-tests' expect one: single spaces, PASS, FAIL or
# SKIP, a name, more in parentheses; and the console by that name.
show_kut() {
	local word=$2 name=${4//\//-}
	((${#ARCHS[@]} > 1)) || name=${name#"${JOB_ARCH[$1]}"-}
	[[ $word != KNOWN ]] || word=PASS
	echo "$word $name ($3)"
	job_log "$1"
	[[ ! -f $LOG ]] || ln -sf "${LOG#"$OUT/"}" "$OUT/$name.log"
}

# show_kut_case VERDICT NAME MS MESSAGE: with -v, each case in the same form; else what is wrong, in a form that is none.
show_kut_case() {
	local name=$2 text
	((${#ARCHS[@]} > 1)) || name=${name#*/}
	text=${4%%\\n*}
	text=${text//[^[:print:]]/?}
	if ! $OPT_VERBOSE; then
		echo "  $name: ${1,,}: $text"
		return
	fi
	case $1 in
	PASS | FIXED) echo "PASS $name${3:+ ($3 ms)}" ;;
	SKIP) echo "SKIP $name ($text)" ;;
	KNOWN) echo "SKIP $name (known deviation: $text)" ;;
	*) echo "FAIL $name (${1,,}: $text)" ;;
	esac
}

# anything_ran: false if everything was skipped.
anything_ran() {
	local verdict sum=0
	for verdict in "${!VERDICTS[@]}"; do
		sum=$((sum + VERDICTS[$verdict]))
	done
	((!VERDICTS[SKIP] || VERDICTS[SKIP] < sum))
}

# count_job JOB: adds the job's counts to those of the run and leaves them in JOB_COUNT, BAD and ALL included.
count_job() {
	local words i verdict number
	read -ra words <<<"${JOB_COUNTS[$1]}"
	for ((i = 0; i < ${#words[@]}; i += 2)); do
		verdict=${words[i]} number=${words[i + 1]}
		JOB_COUNT[ALL]=$((JOB_COUNT[ALL] + number))
		JOB_COUNT[$verdict]=$((${JOB_COUNT[$verdict]:-0} + number))
		VERDICTS[$verdict]=$((VERDICTS[$verdict] + number))
		if fails "$verdict"; then
			JOB_COUNT[BAD]=$((JOB_COUNT[BAD] + number))
			COUNT_FAIL=$((COUNT_FAIL + number))
		fi
	done
}

declare -A ROUNDS=() ROUNDS_FAILED=() # by case, with --repeat and --until-fail

count_round() {
	[[ $2 != SKIP ]] || return 0
	ROUNDS[$1]=$((${ROUNDS[$1]:-0} + 1))
	! fails "$2" || ROUNDS_FAILED[$1]=$((${ROUNDS_FAILED[$1]:-0} + 1))
}

# show_rounds: how often each case failed that did.
show_rounds() {
	local case
	((${#JOB_TEST[@]} > JOBS_OF_ROUND)) || return 0
	for case in "${!ROUNDS_FAILED[@]}"; do
		echo "$1$case failed ${ROUNDS_FAILED[$case]} of ${ROUNDS[$case]} times"
	done | sort
}

# plural N WORD: "1 case", "2 cases", into PLURAL.
plural() {
	PLURAL="$1 $2"
	(($1 == 1)) || PLURAL+=s
}

# skip_reason RESULTS: the reason that all cases of a test have, into SKIP_REASON; '' if they have several.
skip_reason() {
	local line reasons=''
	SKIP_REASON=''
	while IFS= read -r line; do
		line=${line#*$'\x1f'*$'\x1f'*$'\x1f'*$'\x1f'}
		[[ -z $SKIP_REASON || $SKIP_REASON == "$line" ]] || reasons=several
		SKIP_REASON=$line
	done <<<"${1%$'\n'}"
	SKIP_REASON=${SKIP_REASON%%\\n*}
	SKIP_REASON=${SKIP_REASON//[^[:print:]]/?}
	[[ -z $reasons ]] || SKIP_REASON='for several reasons (-v)'
}

# show_job JOB: counts the job's verdicts; a line for it, then its cases, all or what is not as it should be.
show_job() {
	local verdict name row ms message label=${JOB_ARCH[$1]}/${JOB_TEST[$1]} text word number color
	local results=${JOB_RESULTS[$1]//$'\t'/$'\x1f'}
	local -A JOB_COUNT=([ALL]=0 [BAD]=0)
	count_job "$1"
	if ! $OPT_TAP; then
		plural "${JOB_COUNT[ALL]}" case
		text=$PLURAL
		for word in BAD:failed KNOWN:'known deviation' FIXED:fixed SKIP:skipped; do
			number=${JOB_COUNT[${word%%:*}]:-0}
			((number)) || continue
			plural "$number" "${word#*:}"
			[[ $word == KNOWN:* ]] || PLURAL="$number ${word#*:}"
			text+=", $PLURAL"
		done
		if [[ ${JOB_DONE[$1]} == interrupted ]]; then
			text+=', interrupted'
		fi
		word=PASS color=$GREEN
		if ((JOB_COUNT[BAD])); then
			word=FAIL color=$RED
		elif ((${JOB_COUNT[SKIP]:-0} == JOB_COUNT[ALL])); then
			word=SKIP color=$YELLOW
			skip_reason "$results"
			text+=": $SKIP_REASON"
		elif ((${JOB_COUNT[SKIP]:-0} + ${JOB_COUNT[KNOWN]:-0} == JOB_COUNT[ALL])); then
			word=KNOWN color=$YELLOW
		fi
		if $OPT_KUT; then
			show_kut "$1" "$word" "$text" "$label"
		else
			printf '%s%s%s%*s %-20s %s, %d.%02d s\n' "$color" "$word" "$PLAIN" $((7 - ${#word})) '' "$label" "$text" $((JOB_MS[$1] / 1000)) \
				$((JOB_MS[$1] / 10 % 100))
		fi
	fi
	# The lines one by one only where they are shown or counted.
	$OPT_VERBOSE || $OPT_TAP || ((JOB_COUNT[BAD] + ${JOB_COUNT[FIXED]:-0} || ${#JOB_TEST[@]} > JOBS_OF_ROUND)) ||
		return 0
	while IFS=$'\x1f' read -r verdict name row ms message; do
		if [[ -n $row ]]; then
			! $OPT_TAP14 || tap_row "$verdict" "$row" "$message"
			continue
		fi
		count_round "$label:$name" "$verdict"
		[[ -n $FIRST_FAILED ]] || ! fails "$verdict" || FIRST_FAILED=$label:$name
		if $OPT_TAP; then
			show_tap "$verdict" "$label:$name" "$ms" "$message"
		elif $OPT_VERBOSE || [[ $verdict != PASS && $verdict != SKIP && $verdict != KNOWN ]]; then
			if $OPT_KUT; then
				show_kut_case "$verdict" "$label:$name" "$ms" "$message"
			else
				show_case "$verdict" "$label:$name" "$ms" "$message"
			fi
		fi
	done <<<"${results%$'\n'}"
}

FIRST_FAILED='' # the first case that did, as it is printed

# show_next: what failed that did not in the last run, and what can be done about it.
show_next() {
	local cases=() word command=''
	[[ -n $FIRST_FAILED && -z ${ASSAY_NO_NEXT-} ]] || return 0
	if [[ -s $OUT/.new-failures ]]; then
		mapfile -t cases <"$OUT/.new-failures"
		printf 'did not fail in the last run: %s' "${cases[0]}"
		((${#cases[@]} < 2)) || printf ', %s' "${cases[@]:1:4}"
		((${#cases[@]} <= 5)) || printf ' and %d more' $((${#cases[@]} - 5))
		echo
	fi
	rm -f "$OUT/.new-failures"
	# The same once more.
	for word in ACCEL MACHINE QEMU BOCHS TIMEOUT; do
		[[ -n ${!word-} ]] || continue
		if [[ ${!word} =~ ^[A-Za-z0-9_./=,:+@-]+$ ]]; then
			command+="$word=${!word} "
		else
			command+="$word=${!word@Q} "
		fi
	done
	command+=$0
	for word in "${OPT_REST[@]}"; do
		[[ $word != --rerun-failed ]] || continue
		[[ $word =~ ^[A-Za-z0-9_./=,:+@-]+$ ]] || word=${word@Q}
		command+=" $word"
	done
	word=$OPT_OUT
	[[ $word =~ ^[A-Za-z0-9_./=,:+@-]+$ ]] || word=${word@Q}
	[[ $OPT_OUT == logs ]] || command+=" --out $word"
	echo "only what failed: $command --rerun-failed"
	echo "one of them in gdb (docs/writing-a-test.md): \$($command --print-command $FIRST_FAILED) -s -S"
}

show_summary() {
	local hash='' passed text
	if $OPT_TAP; then
		hash='# '
		! $OPT_UNTIL_FAIL || echo "1..$TAP_NUMBER"
	fi
	$OPT_TAP || $OPT_KUT || $OPT_BISECT || show_next
	show_rounds "$hash"
	[[ $OPT_ANNOTATE != github || ! -s $OUT/annotations ]] || cat "$OUT/annotations"
	if ((VERDICTS[FIXED])); then
		plural "${VERDICTS[FIXED]}" 'known deviation'
		text='are gone: take them'
		((VERDICTS[FIXED] > 1)) || text='is gone: take it'
		echo "$hash$PLURAL $text out of known.cfg"
	fi
	if ((VERDICTS[KNOWN])); then
		plural "${VERDICTS[KNOWN]}" 'known deviation'
		echo "$hash$PLURAL: failed as known.cfg says of this VMM, and counted neither as passed nor as failed"
	fi
	passed=${VERDICTS[PASS]}
	$OPT_STRICT || passed=$((passed + VERDICTS[FIXED]))
	echo "$hash$passed passed, $COUNT_FAIL failed, ${VERDICTS[SKIP]} skipped"
}

# show_list_json: the cases of all jobs as a list of JSON, sorted as they run.
show_list_json() {
	list_jobs | "$AWK" -f "$ROOT/scripts/runner/json.awk" -f "$ROOT/scripts/runner/list.awk"
}

# show_by_manual: which cases stand on which section of which manual.
show_by_manual() {
	local several=false template=''
	((${#ARCHS[@]} == 1)) || several=true
	! $OPT_LIST_HTML || template=$ROOT/scripts/runner/coverage.html
	list_jobs | LABEL_ARCHS=$several "$AWK" -f "$ROOT/scripts/runner/manual_refs.awk" | sort -t $'\t' -k1,1 -k2,2 -k3,3 -k5,5 |
		"$AWK" -f "$ROOT/scripts/runner/json.awk" -f "$ROOT/scripts/runner/manual_page.awk" -v "HTML=${template//\\/\\\\}" \
			-v "SECTIONS=${ROOT//\\/\\\\}/scripts/runner/manual_sections.tsv"
}

# list_jobs: each job, its cases and its list, for the programs that make something of it.
list_jobs() {
	local job
	for job in "${!JOB_TEST[@]}"; do
		test_list "${JOB_ARCH[job]}" "${JOB_TEST[job]}"
		printf 'job\t%s\t%s\t%s\n' "${JOB_ARCH[job]}" "${JOB_TEST[job]}" "${TEST["${JOB_TEST[job]}|groups"]-}"
		printf 'case\t%s' "${JOB_CASES[job]//$'\n'/$'\n'case$'\t'}"
		printf '\nlist\t%s\n' "$LIST"
	done
}

# show_list: tests, or cases with sentence and manual.
show_list() {
	local job name sentence manual label
	if $OPT_BY_MANUAL; then
		show_by_manual
		return
	elif $OPT_LIST_JSON; then
		show_list_json
		return
	fi
	for job in "${!JOB_TEST[@]}"; do
		label=${JOB_TEST[job]}
		if ((${#ARCHS[@]} > 1)); then
			label=${JOB_ARCH[job]}/$label
		fi
		if [[ $OPT_LIST == tests ]]; then
			echo "$label"
			continue
		fi
		test_list "${JOB_ARCH[job]}" "${JOB_TEST[job]}"
		while IFS=$'\x1f' read -r name sentence manual _; do
			[[ $'\n'${JOB_CASES[job]} == *$'\n'"$name"$'\n'* ]] || continue
			echo "$label:$name  $sentence${manual:+  [$manual]}"
		done < <(tr '\t' '\037' <"$LIST")
	done
}

# show_commands: the VMM's command line for each job.
show_commands() {
	local job
	for job in "${!JOB_TEST[@]}"; do
		job_command "$job" "${JOB_GLOB[job]}" 1
		[[ -z $DRIVER_WHY_NOT ]] || usage_error "${JOB_TEST[job]}: $DRIVER_WHY_NOT"
		command_line
		echo "$COMMAND_LINE"
	done
}
