# shellcheck shell=bash
# Backtraces: the guest prints addresses, here they get functions and lines, inlined frames too.

declare -A ADDR2LINE_OF=() # by architecture, as configure found it; '' if it is not there

# addr2line_for ARCH: the tool into ADDR2LINE_OF.
addr2line_for() {
	local line
	[[ -z ${ADDR2LINE_OF[$1]+x} ]] || return 0
	ADDR2LINE_OF[$1]=''
	while IFS= read -r line; do
		if [[ $line == 'ADDR2LINE := '* ]] && type -P "${line#'ADDR2LINE := '}" >/dev/null; then
			ADDR2LINE_OF[$1]=${line#'ADDR2LINE := '}
		fi
	done <"$ROOT/build/$1/config.mak"
}

# symbolise JOB: puts names after the addresses of the backtraces in JOB_RESULTS. One addr2line for all of them. Line by
# line: bash is slow to look for anything in a long text.
symbolise() {
	local arch=${JOB_ARCH[$1]} addresses=() lines i
	local -A names=()
	[[ ${JOB_RESULTS[$1]} == *'backtrace 0x'* ]] || return 0
	addr2line_for "$arch"
	[[ -n ${ADDR2LINE_OF[$arch]} ]] || return 0
	test_image "${JOB_TEST[$1]}"
	mapfile -t lines <<<"${JOB_RESULTS[$1]%$'\n'}"
	for i in "${!lines[@]}"; do
		collect_addresses "${lines[i]}"
	done
	name_addresses "$arch"
	for i in "${!lines[@]}"; do
		insert_names "$i"
	done
	printf -v "JOB_RESULTS[$1]" '%s\n' "${lines[@]}"
}

# collect_addresses TEXT: those of its backtraces into `addresses`.
collect_addresses() {
	local rest=$1 address first
	while [[ $rest == *'backtrace 0x'* && $rest =~ backtrace((\ 0x[0-9a-f]+)+) ]]; do
		rest=${rest#*"${BASH_REMATCH[0]}"}
		first=true
		for address in ${BASH_REMATCH[1]}; do
			# A return address is after the call that it belongs to.
			$first || printf -v address '0x%x' $((address - 1))
			first=false
			addresses+=("$address")
		done
	done
}

# name_addresses ARCH: functions and places of `addresses` into `names`.
name_addresses() {
	local address='' line text=''
	while IFS= read -r line; do
		case $line in
		0x*)
			address=$((line))
			names[$address]=''
			;;
		*)
			line=${line##+(./)} # Clang has it twice
			# addr2line says the function in one line and the place in the next.
			if [[ -z $text ]]; then
				text=$line
			else
				names[$address]+="${names[$address]:+\\n          inlined in }$text (${line%% *})"
				text=''
			fi
			;;
		esac
	done < <("${ADDR2LINE_OF[$1]}" -a -f -i -e "$ROOT/build/$1/$IMAGE" "${addresses[@]}" 2>/dev/null)
}

# insert_names INDEX: after the addresses of this one of `lines`.
insert_names() {
	local rest=${lines[$1]} text='' frame address first
	while [[ $rest == *'backtrace 0x'* && $rest =~ backtrace((\ 0x[0-9a-f]+)+) ]]; do
		text+=${rest%%"${BASH_REMATCH[0]}"*}backtrace
		rest=${rest#*"${BASH_REMATCH[0]}"}
		first=true
		for frame in ${BASH_REMATCH[1]}; do
			address=$((frame))
			$first || address=$((frame - 1))
			first=false
			text+="\\n  $frame ${names[$address]-}"
		done
	done
	lines[$1]=$text$rest
}
