# shellcheck shell=bash
# What was asked for: the groups of -g, and patterns of tests and cases.

# Numbered like OPT_PATTERNS: their parts; and whether something matched: '', test or case.
PATTERN_ARCH=() PATTERN_TEST=() PATTERN_GLOB=() PATTERN_USED=()

# patterns_parse: each of OPT_PATTERNS, [ARCH/]TEST[:CASE-GLOB[,...]], into PATTERN_*. As a row is printed, TEST:CASE/ROW,
# it stands for its case.
patterns_parse() {
	local i pattern test glob
	PATTERN_ARCH=() PATTERN_TEST=() PATTERN_GLOB=() PATTERN_USED=()
	for i in "${!OPT_PATTERNS[@]}"; do
		pattern=${OPT_PATTERNS[i]}
		test=${pattern%%:*} glob=''
		if [[ $pattern == *:* ]]; then
			glob=${pattern#*:}
			glob=${glob%%/*}
			[[ $glob =~ ^[]A-Za-z0-9_*?,[!-]+$ ]] ||
				usage_error "case pattern '$glob' of '$pattern': letters, digits, _ and * ? [ ] ! - , only"
		fi
		PATTERN_ARCH[i]=''
		if [[ $test == */* ]]; then
			PATTERN_ARCH[i]=${test%%/*}
			test=${test#*/}
		fi
		[[ -n $test ]] || usage_error "'$pattern' names no test"
		PATTERN_TEST[i]=$test PATTERN_GLOB[i]=$glob PATTERN_USED[i]=''
	done
}

# pattern_is_for I ARCH TEST: whether the Ith pattern is about this test. A destructive one has to be named in full.
pattern_is_for() {
	[[ -z ${PATTERN_ARCH[$1]} || ${PATTERN_ARCH[$1]} == "$2" ]] || return
	[[ ${PATTERN_TEST[$1]} != "$3" ]] || return 0
	# shellcheck disable=SC2053 # a pattern on purpose
	[[ $3 == ${PATTERN_TEST[$1]} ]] || return
	! in_group "$3" destructive || [[ " ${OPT_GROUPS[*]-} " == *' destructive '* ]]
}

# Whether a test that no pattern asks for by name runs.
runs_unasked() {
	if in_group "$1" destructive && [[ " ${OPT_GROUPS[*]-} " != *' destructive '* ]]; then
		return 1
	fi
	if ((${#OPT_GROUPS[@]})); then
		in_groups_asked "$1"
		return
	fi
	$OPT_ALL || ! in_group "$1" nodefault
}

# Whether the test is in one of the groups of -g, or there is no -g.
in_groups_asked() {
	local group
	for group in "${OPT_GROUPS[@]}"; do
		in_group "$1" "$group" && return 0
	done
	((!${#OPT_GROUPS[@]}))
}

# The test's job on this architecture, if it was asked for: sets GLOB to the case patterns or ''.
asked_for() {
	local arch=$1 test=$2 i found=false
	GLOB=''
	if ((!${#OPT_PATTERNS[@]})); then
		runs_unasked "$test"
		return
	fi
	for i in "${!OPT_PATTERNS[@]}"; do
		pattern_is_for "$i" "$arch" "$test" || continue
		if ! in_groups_asked "$test"; then
			PATTERN_USED[i]=${PATTERN_USED[i]:-group}
			continue
		fi
		[[ ${PATTERN_USED[i]} == case ]] || PATTERN_USED[i]='test'
		if [[ -z ${PATTERN_GLOB[i]} ]]; then
			GLOB='*' # all of it, whatever else is asked
		elif [[ $GLOB != '*' ]]; then
			GLOB+=${GLOB:+,}${PATTERN_GLOB[i]}
		fi
		found=true
	done
	[[ $GLOB != '*' ]] || GLOB=''
	$found
}

# groups_asked_check: those of -g are some that a test is in.
groups_asked_check() {
	local group test words all=' '
	((${#OPT_GROUPS[@]})) || return 0
	for test in "${TESTS[@]}"; do
		: "${TEST["$test|groups"]-}"
		read -ra words <<<"${_//,/ }"
		for group in ${words[@]+"${words[@]}"}; do
			[[ $all == *" $group "* ]] || all+="$group "
		done
	done
	for group in "${OPT_GROUPS[@]}"; do
		[[ $all != *" $group "* ]] || continue
		suggest "$group" <<<"${all// /$'\n'}"
		usage_error "-g $group: no test is in this group; groups:${all% }$SUGGESTION"
	done
}

# pattern_unused I: says what is wrong with a pattern that matches nothing.
pattern_unused() {
	local pattern=${OPT_PATTERNS[$1]} test=${PATTERN_TEST[$1]} list arch archs=()
	case ${PATTERN_USED[$1]} in
	group) usage_error "'$pattern' is in no group of -g ${OPT_GROUPS[*]}" ;;
	test)
		suggest "${PATTERN_GLOB[$1]}" <<<"${PATTERN_CASES-}"
		usage_error "'$pattern' matches no case; try --list $test$SUGGESTION"
		;;
	esac
	[[ -z ${PATTERN_ARCH[$1]} ]] || arch_check "'$pattern'" "${PATTERN_ARCH[$1]}"
	if [[ -n ${TEST["$test|line"]-} ]]; then
		for arch in "${KNOWN_ARCHS[@]}"; do
			! test_is_for "$test" "$arch" || archs+=("$arch")
		done
		usage_error "'$pattern' matches no test of ${ARCHS[*]}; $test is one of ${archs[*]:-no architecture}"
	fi
	suggest "$test" < <(printf '%s\n' "${TESTS[@]}")
	# The name of a case alone.
	for list in "$ROOT"/build/*/*.list; do
		if [[ $test =~ ^[A-Za-z0-9_]+$ ]] && grep -q "^$test"$'\t' "$list" 2>/dev/null; then
			list=${list##*/}
			SUGGESTION="; did you mean '${list%.list}:$test'?"
		fi
	done
	usage_error "'$pattern' matches no test of ${ARCHS[*]}; try -l$SUGGESTION"
}

# Whether a case name matches one of the patterns, which have commas between.
glob_matches() {
	local name=$1 glob rest=$2,
	while [[ -n $rest ]]; do
		glob=${rest%%,*}
		rest=${rest#*,}
		# shellcheck disable=SC2053 # a pattern on purpose
		[[ $name == $glob ]] && return 0
	done
	return 1
}

# patterns_of_failed FILE: OPT_PATTERNS for the cases that FILE, a results.jsonl, has as failed: those on the architectures
# of this run, and that OPT_PATTERNS name, if any do.
patterns_of_failed() {
	local line string='"([A-Za-z0-9_.-]+)"' verdicts='FAIL|CRASH|TIMEOUT|ERROR' arch test name failed=()
	[[ -f $1 && -r $1 ]] || usage_error "--rerun-failed: there is no $1"
	if $OPT_STRICT; then
		verdicts+='|FIXED'
	fi
	patterns_parse
	while IFS= read -r line; do
		[[ $line =~ ^\{\"arch\":$string,\"test\":$string,\"case\":$string,\"verdict\":\"($verdicts)\" ]] || continue
		arch=${BASH_REMATCH[1]} test=${BASH_REMATCH[2]} name=${BASH_REMATCH[3]}
		[[ " ${ARCHS[*]} " == *" $arch "* ]] || continue
		if ((!${#OPT_PATTERNS[@]})) || is_named "$arch" "$test" "$name"; then
			failed+=("$arch/$test:$name")
		fi
	done <"$1"
	((${#failed[@]})) || usage_error "--rerun-failed: $1 has no failure${OPT_PATTERNS[*]+ of ${OPT_PATTERNS[*]}}"
	OPT_PATTERNS=("${failed[@]}")
}

# is_named ARCH TEST CASE: whether one of OPT_PATTERNS does.
is_named() {
	local i
	for i in "${!OPT_PATTERNS[@]}"; do
		pattern_is_for "$i" "$1" "$2" || continue
		if [[ -z ${PATTERN_GLOB[i]} ]] || glob_matches "$3" "${PATTERN_GLOB[i]}"; then
			return 0
		fi
	done
	return 1
}
