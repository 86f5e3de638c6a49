# shellcheck shell=bash
# unittests.cfg, and the jobs that a run is made of: a job is one test on one architecture.

CONFIG_KEYS=(image arch machine smp topology cpu vendor without memory test_args groups accel timeout check)

declare -A TEST=() # "test|key" -> value, of unittests.cfg
TESTS=()           # names, in the order of the file

# Numbered alike; what each job is.
JOB_ARCH=() JOB_TEST=() JOB_GLOB=()
JOB_CASES=() # names of the cases to run, a line each; of the first round only, as they are long

# config_read FILE: reads and checks unittests.cfg.
config_read() {
	local file=$1 section key value vmm keys=("${CONFIG_KEYS[@]}")
	for vmm in "$ROOT"/scripts/vmm/*/; do
		vmm=${vmm%/}
		keys+=("${vmm##*/}_params" "${vmm##*/}_params_optional")
	done
	ini_read "$file" "${keys[@]}"
	TESTS=() TEST=()
	for section in "${INI_SECTIONS[@]}"; do
		[[ $section =~ ^[A-Za-z0-9_.-]+$ ]] ||
			usage_error "$file:${INI_LINE[$section]}: the name '$section' has other characters than letters, digits, _, . and -"
		TESTS+=("$section")
		for key in "${keys[@]}"; do
			value=${INI["$section|$key"]-}
			[[ -n $value ]] || continue
			check_value "$file:${INI_LINE["$section|$key"]}" "$key" "$value"
			TEST["$section|$key"]=$value
		done
		TEST["$section|line"]=${INI_LINE[$section]}
	done
	((${#TESTS[@]})) || usage_error "$file: no test in it"
}

# check_value WHERE KEY VALUE: values whose form is known.
check_value() {
	case $2 in
	smp) [[ $3 =~ ^[1-9][0-9]*$ ]] || usage_error "$1: smp is a number of CPUs, not '$3'" ;;
	topology)
		[[ $3 =~ ^sockets=[1-9][0-9]*,cores=[1-9][0-9]*,threads=[1-9][0-9]*$ ]] ||
			usage_error "$1: topology is like sockets=1,cores=2,threads=2, not '$3'"
		;;
	vendor) [[ $3 == @(intel|amd) ]] || usage_error "$1: vendor is intel or amd, not '$3'" ;;
	without) [[ $3 =~ ^[a-z0-9_]+(\ +[a-z0-9_]+)*$ ]] || usage_error "$1: without is a list of features with spaces between, not '$3'" ;;
	memory) [[ $3 =~ ^[1-9][0-9]*[MG]$ ]] || usage_error "$1: memory is like 128M or 2G, not '$3'" ;;
	timeout) [[ $3 =~ ^[0-9]{1,9}s?$ ]] || usage_error "$1: timeout is a number of seconds, not '$3'" ;;
	check)
		[[ $3 =~ ^\ */[^=|]*=[^|]*(\|\ */[^=|]*=[^|]*)*$ ]] ||
			usage_error "$1: check is /path=value, several with | between, not '$3'"
		;;
	image) [[ $3 =~ ^[A-Za-z0-9_.-]+\.elf$ ]] || usage_error "$1: image is like svm.elf, not '$3'" ;;
	esac
}

test_image() {
	IMAGE=${TEST["$1|image"]:-$1.elf}
}

# Whether the test is for this architecture: no `arch` means every one that has the image, and if none has it, all, so
# that it is missed.
test_is_for() {
	local archs=${TEST["$1|arch"]-} image
	if [[ -n $archs ]]; then
		[[ " ${archs//,/ } " == *" $2 "* ]]
		return
	fi
	test_image "$1"
	[[ ! -f $ROOT/build/$2/$IMAGE ]] || return 0
	for image in "$ROOT"/build/*/"$IMAGE"; do
		[[ ! -f $image ]] || return 1
	done
}

in_group() {
	local groups=${TEST["$1|groups"]-}
	[[ " ${groups//,/ } " == *" $2 "* ]]
}

# pattern_parse PATTERN: [ARCH/]TEST[:CASE-GLOB] into PATTERN_ARCH, PATTERN_TEST and PATTERN_GLOB.
pattern_parse() {
	PATTERN_ARCH='' PATTERN_TEST=${1%%:*} PATTERN_GLOB=''
	if [[ $1 == *:* ]]; then
		PATTERN_GLOB=${1#*:}
		[[ $PATTERN_GLOB =~ ^[]A-Za-z0-9_*?,[!-]+$ ]] ||
			usage_error "case pattern '$PATTERN_GLOB' of '$1': letters, digits, _ and * ? [ ] ! - , only"
	fi
	if [[ $PATTERN_TEST == */* ]]; then
		PATTERN_ARCH=${PATTERN_TEST%%/*}
		PATTERN_TEST=${PATTERN_TEST#*/}
	fi
	[[ -n $PATTERN_TEST ]] || usage_error "'$1' names no test"
}

# Whether a test that no pattern asks for by name runs.
runs_unasked() {
	local group
	if in_group "$1" destructive && [[ " ${OPT_GROUPS[*]-} " != *' destructive '* ]]; then
		return 1
	fi
	for group in "${OPT_GROUPS[@]}"; do
		in_group "$1" "$group" && return 0
	done
	((${#OPT_GROUPS[@]})) && return 1
	$OPT_ALL || ! in_group "$1" nodefault
}

# The test's job on this architecture, if it was asked for: sets GLOB to the case patterns or ''.
asked_for() {
	local arch=$1 test=$2 pattern found=false
	GLOB=''
	if ((!${#OPT_PATTERNS[@]})); then
		runs_unasked "$test"
		return
	fi
	for pattern in "${OPT_PATTERNS[@]}"; do
		pattern_parse "$pattern"
		[[ -z $PATTERN_ARCH || $PATTERN_ARCH == "$arch" ]] || continue
		[[ $PATTERN_TEST == "$test" ]] || continue
		PATTERN_USED[$pattern]=${PATTERN_USED[$pattern]:-test}
		if [[ -z $PATTERN_GLOB ]]; then
			GLOB='*' # all of it, whatever else is asked
		elif [[ $GLOB != '*' ]]; then
			GLOB+=${GLOB:+,}$PATTERN_GLOB
		fi
		found=true
	done
	[[ $GLOB != '*' ]] || GLOB=''
	$found
}

# jobs_make: fills the JOB_ arrays for the architectures ARCHS.
jobs_make() {
	local arch test
	declare -gA PATTERN_USED=()
	for arch in "${ARCHS[@]}"; do
		for test in "${TESTS[@]}"; do
			test_is_for "$test" "$arch" || continue
			asked_for "$arch" "$test" || continue
			job_add "$arch" "$test" "$GLOB"
		done
	done
	for test in ${OPT_PATTERNS[@]+"${OPT_PATTERNS[@]}"}; do
		case ${PATTERN_USED[$test]-} in
		case) ;;
		test) usage_error "'$test' matches no case; try --list ${test%%:*}" ;;
		*) usage_error "'$test' matches no test of ${ARCHS[*]}; try -l" ;;
		esac
	done
	((${#JOB_TEST[@]})) || usage_error "no test of ${ARCHS[*]} is in the groups asked for; try -l -a"
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

declare -A CASES_OF=() # by list file: the names of an image's cases, a line each

# test_list ARCH TEST: the file that lists the cases of the test's image into LIST. Its fields are name, sentence,
# manual, bugs, file and line, with tabs between.
test_list() {
	test_image "$2"
	LIST=$ROOT/build/$1/${IMAGE%.elf}.list
}

# list_read: the names in LIST into CASES_OF, once.
list_read() {
	local lines names
	[[ -z ${CASES_OF[$LIST]+x} ]] || return 0
	mapfile -t lines <"$LIST"
	lines=("${lines[@]%%$'\t'*}")
	printf -v names '%s\n' "${lines[@]}"
	CASES_OF[$LIST]=$names # printf itself would evaluate what is in the name of the file
}

# case_line ARCH TEST CASE: the case's line of the list into CASE_LINE, '' if there is none.
case_line() {
	test_list "$1" "$2"
	while IFS= read -r CASE_LINE; do
		[[ $CASE_LINE != "$3"$'\t'* ]] || return 0
	done <"$LIST"
	CASE_LINE=''
}

# cases_matching GLOB NAMES: those of the names, a line each, that match, into CASES.
cases_matching() {
	local name
	CASES=''
	while IFS= read -r name; do
		if glob_matches "$name" "$1"; then
			CASES+=$name$'\n'
		fi
	done <<<"${2%$'\n'}"
}

# job_add ARCH TEST GLOB: no job if the pattern matches none of the image's cases.
job_add() {
	local arch=$1 test=$2 cases pattern
	test_list "$arch" "$test"
	[[ -f $ROOT/build/$arch/$IMAGE && -f $LIST ]] ||
		usage_error "$CONFIG:${TEST["$test|line"]}: [$test]: the image build/$arch/$IMAGE does not exist; run make"
	list_read
	cases=${CASES_OF[$LIST]}
	if [[ -n $3 ]]; then
		cases_matching "$3" "$cases"
		cases=$CASES
	fi
	[[ -n $cases && $cases != $'\n' ]] || return 0
	for pattern in ${OPT_PATTERNS[@]+"${OPT_PATTERNS[@]}"}; do
		pattern_parse "$pattern"
		[[ $PATTERN_TEST == "$test" && ${PATTERN_USED[$pattern]-} == test ]] || continue
		if [[ -n $PATTERN_GLOB ]]; then
			cases_matching "$PATTERN_GLOB" "$cases"
			[[ -n $CASES ]] || continue
		fi
		PATTERN_USED[$pattern]=case
	done
	JOB_ARCH+=("$arch") JOB_TEST+=("$test") JOB_GLOB+=("$3") JOB_CASES+=("$cases")
}

# jobs_shuffle SEED: the jobs in an order that only SEED decides.
jobs_shuffle() {
	local i j swap name
	RANDOM=$1
	for ((i = ${#JOB_TEST[@]} - 1; i > 0; i--)); do
		j=$(((RANDOM << 15 | RANDOM) % (i + 1)))
		for name in JOB_ARCH JOB_TEST JOB_GLOB JOB_CASES; do
			local -n list=$name
			swap=${list[i]} list[i]=${list[j]} list[j]=$swap
		done
	done
}

# cases_shuffle SEED: the cases of each job in the order in which its image runs them with shuffle=SEED: lib/harness/run.c.
cases_shuffle() {
	local job i j state swap names
	for job in "${!JOB_CASES[@]}"; do
		mapfile -t names <<<"${JOB_CASES[job]%$'\n'}"
		state=$(($1 % 2147483646 + 1))
		for ((i = ${#names[@]} - 1; i > 0; i--)); do
			state=$((state * 48271 % 2147483647))
			j=$((state % (i + 1)))
			swap=${names[i]} names[i]=${names[j]} names[j]=$swap
		done
		printf -v "JOB_CASES[job]" '%s\n' "${names[@]}"
	done
}

# jobs_again: the first COUNT jobs once more, behind the others.
jobs_again() {
	local i
	for ((i = 0; i < $1; i++)); do
		JOB_ARCH+=("${JOB_ARCH[i]}") JOB_TEST+=("${JOB_TEST[i]}") JOB_GLOB+=("${JOB_GLOB[i]}")
	done
}

# patterns_of_failed FILE: OPT_PATTERNS for the cases that FILE, a results.jsonl, has as failed: those on the architectures
# of this run, and that OPT_PATTERNS name, if any do.
patterns_of_failed() {
	local line string='"([A-Za-z0-9_.-]+)"' verdicts='FAIL|CRASH|TIMEOUT|ERROR' arch test name failed=()
	[[ -f $1 && -r $1 ]] || usage_error "--rerun-failed: there is no $1"
	if $OPT_STRICT; then
		verdicts+='|FIXED'
	fi
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
	local pattern
	for pattern in "${OPT_PATTERNS[@]}"; do
		pattern_parse "$pattern"
		[[ ${PATTERN_ARCH:-$1} == "$1" && $PATTERN_TEST == "$2" ]] || continue
		if [[ -z $PATTERN_GLOB ]] || glob_matches "$3" "$PATTERN_GLOB"; then
			return 0
		fi
	done
	return 1
}
