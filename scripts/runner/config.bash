# shellcheck shell=bash
# unittests.cfg: the tests that there are.

CONFIG_KEYS=(image arch machine smp topology cpu vendor without memory test_args groups accel timeout check)

KNOWN_ARCHS=(x86_64 i386 arm64 arm s390x) # as configure knows them
KNOWN_ACCELS=(tcg kvm hvf whpx nvmm mshv xen qtest none)

declare -A TEST=() # "test|key" -> value, of unittests.cfg
TESTS=()           # names, in the order of the file

# config_read FILE: reads and checks unittests.cfg.
config_read() {
	local file=$1 section place key value vmm keys=("${CONFIG_KEYS[@]}")
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
	for place in ${INI_KEYS[@]+"${INI_KEYS[@]}"}; do
		value=${INI[$place]} key=${place#*|}
		[[ -n $value && $place != '*|'* ]] || continue
		if [[ -z ${checked[$key=$value]-} ]]; then
			check_value "$file:${INI_LINE[$place]}" "$key" "$value"
			checked[$key=$value]=true
		fi
		TEST[$place]=$value
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
	local word words where=$1 what=$2 known
	IFS=', ' read -ra words <<<"$3"
	shift 3
	known=" $* "
	for word in ${words[@]+"${words[@]}"}; do
		[[ $known == *" $word "* ]] && continue
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
