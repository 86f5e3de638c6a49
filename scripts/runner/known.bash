# shellcheck shell=bash
# known.cfg of a VMM: the cases and rows that it is known to fail, and the manual's words against it.

KNOWN_KEYS=(arch versions confirmed accel kernel cpu vendor verdict manual actual link +cases)
declare -A KNOWN=() # "arch/test" -> lines "known CASE ROW VERDICT WORDS", tabs between

# version_in VERSION RANGE: LOW..HIGH, both included, either may be empty. 7.2.22 is in ..7.2: only as
# many numbers are compared as the bound has.
version_in() {
	local low=${2%%..*} high=${2#*..}
	[[ -z $low ]] || version_at_least "$1" "$low" && { [[ -z $high ]] || version_at_least "$high" "$1" prefix; }
}

# version_at_least A B: A >= B. With `prefix`, B counts only as far as A has numbers.
version_at_least() {
	local a b i n
	IFS=. read -ra a <<<"$1"
	IFS=. read -ra b <<<"$2"
	n=${#b[@]}
	if [[ ${3-} == prefix ]]; then
		n=${#a[@]}
	fi
	for ((i = 0; i < n; i++)); do
		((10#${a[i]:-0} > 10#${b[i]:-0})) && return 0
		((10#${a[i]:-0} < 10#${b[i]:-0})) && return 1
	done
	return 0
}

# known_find: what is known of the VMM of this run; of KVM, which is the kernel's whatever VMM uses it; and of the CPU that the
# lab's TCG is.
known_find() {
	local arch uses_kvm=false
	known_read "$ROOT/scripts/vmm/$OPT_VMM/known.cfg"
	for arch in "${ARCHS[@]}"; do
		[[ ${ACCEL_OF[$arch]%%,*} != kvm ]] || uses_kvm=true
	done
	if $uses_kvm && [[ $OPT_VMM != kvm ]]; then
		known_read "$ROOT/scripts/vmm/kvm/known.cfg" "$HOST_KERNEL" kvm
	fi
	if [[ -n $OPT_LAB ]]; then
		known_read "$ROOT/scripts/lab/known.cfg" "$LAB_QEMU_VERSION"
	fi
}

# known_read FILE [VERSION [ACCEL]]: keeps what applies to the VMM of this run, or to VERSION of something else, where the
# accelerator is ACCEL. A section is a deviation, with the cases that it makes fail. One that does not exist is an error,
# wherever the image is there to tell.
known_read() {
	local section arch item version=${2-} accel=${3-}
	[[ -f $1 ]] || return 0
	ini_read "$1" "${KNOWN_KEYS[@]}"
	for section in ${INI_SECTIONS[@]+"${INI_SECTIONS[@]}"}; do
		known_check "$1" "$section"
		for arch in "${ARCHS[@]}"; do
			known_is_for "${INI["$section|arch"]-}" "$arch" || continue
			known_is_for "$accel" "${ACCEL_OF[$arch]%%,*}" || continue
			while IFS= read -r item; do
				known_tests "$arch" "$item"
				((${#KNOWN_TESTS[@]})) ||
					usage_error "$1:${INI_LINE["$section|cases"]}: there is no case ${item%%/*} on $arch"
				known_add "$arch" "$section" "${item#*:}"
			done <<<"${INI["$section|cases"]}"
		done
	done
}

# known_check FILE SECTION: what every entry has to have.
known_check() {
	local key where=$1:${INI_LINE[$2]} item number='([0-9]+(\.[0-9]+)*)'
	for key in confirmed manual actual cases; do
		[[ -n ${INI["$2|$key"]-} ]] || usage_error "$where: [$2] has no '$key'"
	done
	[[ ${INI["$2|versions"]-..} =~ ^$number?\.\.$number?$ ]] ||
		usage_error "$1:${INI_LINE["$2|versions"]}: versions is LOW..HIGH, not '${INI["$2|versions"]}'"
	[[ ${INI["$2|kernel"]-..} =~ ^$number?\.\.$number?$ ]] ||
		usage_error "$1:${INI_LINE["$2|kernel"]}: kernel is LOW..HIGH, not '${INI["$2|kernel"]}'"
	[[ -z ${INI["$2|kernel"]-} || ${INI["$2|accel"]-} == kvm ]] ||
		usage_error "$1:${INI_LINE["$2|kernel"]}: kernel is the host's, which matters to KVM: accel = kvm has to go with it"
	[[ ${INI["$2|confirmed"]} =~ ^$number(\ $number)*$ ]] ||
		usage_error "$1:${INI_LINE["$2|confirmed"]}: confirmed is a list of releases with spaces between, not '${INI["$2|confirmed"]}'"
	[[ ${INI["$2|vendor"]:-amd} == @(intel|amd) ]] ||
		usage_error "$1:${INI_LINE["$2|vendor"]}: vendor is intel or amd, not '${INI["$2|vendor"]}'"
	[[ ${INI["$2|verdict"]:-FAIL} == @(FAIL|CRASH|TIMEOUT) ]] ||
		usage_error "$1:${INI_LINE["$2|verdict"]}: verdict is FAIL, CRASH or TIMEOUT, not '${INI["$2|verdict"]}'"
	while IFS= read -r item; do
		[[ $item == ?*:?* ]] || usage_error "$1:${INI_LINE["$2|cases"]}: expected test:case or test:case/row, not '$item'"
	done <<<"${INI["$2|cases"]}"
}

# known_is_for WORDS WORD: no words mean all.
known_is_for() {
	[[ -z $1 || " ${1//,/ } " == *" $2 "* ]]
}

# known_is_for_cpu PATTERNS TEST: whether one of them, with spaces between, matches the CPU model that the test asks for.
known_is_for_cpu() {
	local patterns pattern
	read -ra patterns <<<"$1"
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053 # a pattern on purpose
		[[ ${TEST["$2|cpu"]:-max} == $pattern ]] && return 0
	done
	((!${#patterns[@]}))
}

# known_add ARCH SECTION CASE[/ROW]: what the section says of it into KNOWN, for each of KNOWN_TESTS, if it is about this VMM.
known_add() {
	local test name=$3 row='' words
	known_is_for "${INI["$2|accel"]-}" "${ACCEL_OF[$1]%%,*}" || return 0
	version_in "${version:-${VERSION_OF[$1]}}" "${INI["$2|versions"]-..}" || return 0
	version_in "$HOST_KERNEL" "${INI["$2|kernel"]-..}" || return 0
	words="${INI["$2|manual"]} Actual: ${INI["$2|actual"]}"
	words=${words//\\/\\\\} # as the judge's messages are
	if [[ $name == */* ]]; then
		row=${name#*/} name=${name%%/*}
	fi
	for test in "${KNOWN_TESTS[@]}"; do
		known_is_for_cpu "${INI["$2|cpu"]-}" "$test" || continue
		known_is_for "${INI["$2|vendor"]-}" "${TEST["$test|vendor"]:-${VENDOR_OF[$1]}}" || continue
		KNOWN["$1/$test"]+="known"$'\t'"$name"$'\t'"$row"$'\t'"${INI["$2|verdict"]:-FAIL}"$'\t'"${words//$'\t'/ }"$'\n'
	done
}

# known_tests ARCH TEST:CASE[/ROW]: the tests that have the case into KNOWN_TESTS; TEST may have *, as an image may be
# booted by several. Also where the image is not built, so that there is no telling.
known_tests() {
	local pattern=${2%%:*} name=${2#*:} test
	local -a tests=("$pattern")
	KNOWN_TESTS=()
	if [[ $pattern == *'*'* ]]; then
		tests=("${TESTS[@]}")
	fi
	for test in "${tests[@]}"; do
		# shellcheck disable=SC2053 # a pattern on purpose
		if [[ $test != $pattern || -z ${TEST["$test|line"]-} ]] || ! test_is_for "$test" "$1"; then
			continue
		fi
		test_list "$1" "$test"
		if [[ -f $LIST ]]; then
			list_read
			[[ $'\n'${CASES_OF[$LIST]} == *$'\n'"${name%%/*}"$'\n'* ]] || continue
		fi
		KNOWN_TESTS+=("$test")
	done
}
