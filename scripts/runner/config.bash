# shellcheck shell=bash
# unittests.cfg, and the jobs that a run is made of: a job is one test on one architecture.

CONFIG_KEYS=(image arch machine smp topology cpu vendor without memory test_args groups accel timeout check)

KNOWN_ARCHS=(x86_64 i386 arm64 arm s390x) # as configure knows them
KNOWN_ACCELS=(tcg kvm hvf whpx nvmm mshv xen qtest none)

declare -A TEST=() # "test|key" -> value, of unittests.cfg
TESTS=()           # names, in the order of the file

# Numbered alike; what each job is.
JOB_ARCH=() JOB_TEST=() JOB_GLOB=()
JOB_CASES=() # names of the cases to run, a line each; of the first round only, as they are long

# config_read FILE: reads and checks unittests.cfg.
config_read() {
	local file=$1 section key value vmm keys=("${CONFIG_KEYS[@]}")
	local -A checked=() # "key=value"
	for vmm in "$ROOT"/scripts/vmm/*/; do
		vmm=${vmm%/}
		keys+=("${vmm##*/}_params" "${vmm##*/}_params_optional")
	done
	ini_read "$file" "${keys[@]}"
	TESTS=() TEST=()
	groups_read "$file"
	for section in "${INI_SECTIONS[@]}"; do
		[[ $section != '*' ]] || continue
		[[ $section =~ ^[A-Za-z0-9_.-]+$ ]] ||
			usage_error "$file:${INI_LINE[$section]}: the name '$section' has other characters than letters, digits, _, . and -"
		TESTS+=("$section")
		TEST["$section|line"]=${INI_LINE[$section]}
	done
	for key in ${INI_KEYS[@]+"${INI_KEYS[@]}"}; do
		value=${INI["$key"]}
		[[ -n $value && $key != '*|'* ]] || continue
		if [[ -z ${checked["${key##*|}=$value"]-} ]]; then
			check_value "$file:${INI_LINE["$key"]}" "${key##*|}" "$value"
			checked["${key##*|}=$value"]=true
		fi
		TEST["$key"]=$value
	done
	((${#TESTS[@]})) || usage_error "$file: no test in it"
}

# groups_read FILE: the section [*] says which groups there are, into KNOWN_GROUPS; without it there are all that are named.
groups_read() {
	local key
	KNOWN_GROUPS=''
	[[ -n ${INI_LINE['*']-} ]] || return 0
	for key in "${CONFIG_KEYS[@]}"; do
		[[ $key == groups || -z ${INI_LINE["*|$key"]-} ]] ||
			usage_error "$1:${INI_LINE["*|$key"]}: [*] has the key groups and no other"
	done
	: "${INI['*|groups']-}"
	KNOWN_GROUPS="nodefault destructive ${_//,/ }"
}

# arch_check WHERE ARCH: whether there is such an architecture.
arch_check() {
	[[ " ${KNOWN_ARCHS[*]} " != *" $2 "* ]] || return 0
	suggest "$2" < <(printf '%s\n' "${KNOWN_ARCHS[@]}")
	usage_error "$1: there is no architecture '$2'; known: ${KNOWN_ARCHS[*]}$SUGGESTION"
}

# words_check WHERE WHAT WORDS KNOWN...: whether each of the words, with spaces or commas between, is one of the known.
words_check() {
	local word words where=$1 what=$2
	read -ra words <<<"${3//,/ }"
	shift 3
	for word in ${words[@]+"${words[@]}"}; do
		[[ " $* " == *" $word "* ]] && continue
		suggest "$word" < <(printf '%s\n' "$@")
		usage_error "$where: there is no $what '$word'; known: $*$SUGGESTION"
	done
}

# group_check WHERE WORDS: the groups that there are, if the file says so. Else those that decide what runs are not to be
# missed by a letter.
group_check() {
	local word words
	if [[ -n $KNOWN_GROUPS ]]; then
		# shellcheck disable=SC2086 # several words
		words_check "$1" group "$2" $KNOWN_GROUPS
		return
	fi
	read -ra words <<<"${2//,/ }"
	for word in ${words[@]+"${words[@]}"}; do
		[[ $word == @(n?(o)?([-_])d?(e)f*|d*st*ct*ve) && $word != @(nodefault|destructive) ]] || continue
		suggest "$word" <<<$'nodefault\ndestructive'
		[[ -z $SUGGESTION ]] || usage_error "$1: there is no group '$word'$SUGGESTION"
	done
}

# check_value WHERE KEY VALUE: values whose form is known.
check_value() {
	case $2 in
	arch) words_check "$1" architecture "$3" "${KNOWN_ARCHS[@]}" ;;
	accel) words_check "$1" accelerator "$3" "${KNOWN_ACCELS[@]}" ;;
	groups) group_check "$1" "$3" ;;
	smp) [[ $3 =~ ^[1-9][0-9]*$ ]] || usage_error "$1: smp is a number of CPUs, not '$3'" ;;
	topology)
		[[ $3 =~ ^sockets=[1-9][0-9]*,cores=[1-9][0-9]*,threads=[1-9][0-9]*$ ]] ||
			usage_error "$1: topology is like sockets=1,cores=2,threads=2, not '$3'"
		;;
	vendor) [[ $3 == @(intel|amd) ]] || usage_error "$1: vendor is intel or amd, not '$3'" ;;
	without) [[ $3 =~ ^[a-z0-9_]+(\ +[a-z0-9_]+)*$ ]] || usage_error "$1: without is a list of features with spaces between, not '$3'" ;;
	memory) [[ $3 =~ ^[1-9][0-9]*[MG]$ ]] || usage_error "$1: memory is like 128M or 2G, not '$3'" ;;
	timeout) time_ms "$3" || usage_error "$1: timeout is a time like 90, 1.5, 90s or 5m, not '$3'" ;;
	check)
		[[ $3 =~ ^\ */[^=|]*=[^|]*(\|\ */[^=|]*=[^|]*)*$ ]] ||
			usage_error "$1: check is /path=value, several with | between, not '$3'"
		;;
	image) [[ $3 =~ ^[A-Za-z0-9_.-]+\.elf$ ]] || usage_error "$1: image is like svm.elf, not '$3'" ;;
	esac
}

# images_without_section: says which images of ARCHS no test boots, of those that have cases. Of another file than unittests.cfg that is no news.
images_without_section() {
	local test arch archs image file
	local -A booted=()
	[[ $CONFIG == "$ROOT/unittests.cfg" && -z ${OPT_PATTERNS[*]-}${OPT_GROUPS[*]-} ]] || return 0
	for test in "${TESTS[@]}"; do
		test_image "$test"
		archs=${TEST["$test|arch"]-}
		for arch in ${archs//,/ }; do
			booted["$arch/$IMAGE"]=true
		done
		[[ -n $archs ]] || booted["*/$IMAGE"]=true
	done
	for arch in "${ARCHS[@]}"; do
		for file in "$ROOT/build/$arch"/*.elf; do
			image=${file##*/}
			[[ -n ${booted["$arch/$image"]-}${booted["*/$image"]-} || ! -f $file || ! -s ${file%.elf}.list ]] ||
				echo "run_tests.sh: no section of unittests.cfg boots build/$arch/$image" >&"$ERR"
		done
	done
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

# jobs_make: fills the JOB_ arrays for the architectures ARCHS.
jobs_make() {
	local arch test i
	groups_asked_check
	patterns_parse
	for arch in "${ARCHS[@]}"; do
		for test in "${TESTS[@]}"; do
			test_is_for "$test" "$arch" || continue
			asked_for "$arch" "$test" || continue
			job_add "$arch" "$test" "$GLOB"
		done
	done
	for i in "${!OPT_PATTERNS[@]}"; do
		[[ ${PATTERN_USED[i]} == case ]] || pattern_unused "$i"
	done
	((${#JOB_TEST[@]})) || usage_error "no test of ${ARCHS[*]} is in the groups asked for; try -l -a"
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
	if [[ $1 != *[],*?[\\]* ]]; then
		# A name and no glob, as people type it most.
		[[ $'\n'$2$'\n' != *$'\n'"$1"$'\n'* ]] || CASES=$1$'\n'
		return
	fi
	while IFS= read -r name; do
		if glob_matches "$name" "$1"; then
			CASES+=$name$'\n'
		fi
	done <<<"${2%$'\n'}"
}

# job_add ARCH TEST GLOB: no job if the pattern matches none of the image's cases.
job_add() {
	local arch=$1 test=$2 cases i
	test_list "$arch" "$test"
	[[ -f $ROOT/build/$arch/$IMAGE && -f $LIST ]] ||
		usage_error "$CONFIG:${TEST["$test|line"]}: [$test]: the image build/$arch/$IMAGE does not exist; run make"
	[[ -z ${TEST["$test|memory"]-} ]] || memory_check "$arch" "$test"
	list_read
	for i in "${!OPT_PATTERNS[@]}"; do
		[[ ${PATTERN_USED[i]} == test ]] || continue
		pattern_is_for "$i" "$arch" "$test" || continue
		if [[ -n ${PATTERN_GLOB[i]} ]]; then
			cases_matching "${PATTERN_GLOB[i]}" "${CASES_OF[$LIST]}"
			if [[ -z $CASES ]]; then
				PATTERN_CASES=${CASES_OF[$LIST]} # what it may have meant
				continue
			fi
		fi
		PATTERN_USED[i]=case
	done
	cases=${CASES_OF[$LIST]}
	if [[ -n $3 ]]; then
		cases_matching "$3" "$cases"
		cases=$CASES
	fi
	[[ -n $cases && $cases != $'\n' ]] || return 0
	JOB_ARCH+=("$arch") JOB_TEST+=("$test") JOB_GLOB+=("$3") JOB_CASES+=("$cases")
}

# image_end FILE: how far up in memory the image goes, from where memory begins, into IMAGE_END; 0 if it is no ELF file.
image_end() {
	local magic class count offset size bytes i paddr memsz word at_paddr at_memsz
	IMAGE_END=0
	read -r magic class < <(od -An -N5 -tx1 "$1" | sed 's/^ *7f 45 4c 46/elf/')
	[[ $magic == elf ]] || return 0
	# Program headers: where they are, how many, how long; in each, physical address and size in memory.
	if [[ $class == 01 ]]; then
		word=4 offset=28 size=42 count=44 at_paddr=12 at_memsz=20
	else
		word=8 offset=32 size=54 count=56 at_paddr=24 at_memsz=40
	fi
	read -r offset < <(od -An -N"$word" -j"$offset" -tu"$word" --endian="${2:-little}" "$1")
	read -r size < <(od -An -N2 -j"$size" -tu2 --endian="${2:-little}" "$1")
	read -r count < <(od -An -N2 -j"$count" -tu2 --endian="${2:-little}" "$1")
	for ((i = 0; i < count; i++)); do
		read -r paddr < <(od -An -N"$word" -j$((offset + i * size + at_paddr)) -tu"$word" --endian="${2:-little}" "$1")
		read -r memsz < <(od -An -N"$word" -j$((offset + i * size + at_memsz)) -tu"$word" --endian="${2:-little}" "$1")
		# On Arm's virt machines memory begins at 1 GiB.
		paddr=$((paddr & 0x3fffffff))
		((paddr + memsz <= IMAGE_END)) || IMAGE_END=$((paddr + memsz))
	done
} 2>/dev/null

# memory_check ARCH TEST: whether the image fits into the memory that its section asks for.
memory_check() {
	local memory=${TEST["$2|memory"]} endian=little bytes
	[[ $1 != s390x ]] || endian=big
	case $memory in
	*G) bytes=$((${memory%G} << 30)) ;;
	*) bytes=$((${memory%M} << 20)) ;;
	esac
	# None is so large that more needs a look.
	((bytes < 64 << 20)) || return 0
	image_end "$ROOT/build/$1/$IMAGE" "$endian"
	((IMAGE_END <= bytes)) ||
		usage_error "$CONFIG:${TEST["$2|line"]}: [$2]: memory = $memory, but the image build/$1/$IMAGE alone needs $(((IMAGE_END + (1 << 20) - 1) >> 20))M"
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
