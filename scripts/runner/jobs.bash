# shellcheck shell=bash
# The jobs that a run is made of, in its order: a job is one test on one architecture, with those of its cases that run.

# Numbered alike; what each job is.
JOB_ARCH=() JOB_TEST=() JOB_GLOB=()
JOB_CASES=() # names of the cases to run, a line each; of the first round only, as they are long

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

# jobs_again: the first COUNT jobs once more, after the others.
jobs_again() {
	local i
	for ((i = 0; i < $1; i++)); do
		JOB_ARCH+=("${JOB_ARCH[i]}") JOB_TEST+=("${JOB_TEST[i]}") JOB_GLOB+=("${JOB_GLOB[i]}")
	done
}
