# shellcheck shell=bash
# known.cfg of a VMM: the cases and rows that it is known to fail, and the manual's words against it.

KNOWN_KEYS=(arch versions accel manual actual link)
declare -A KNOWN=() # "arch/test" -> lines "known CASE ROW WORDS", tabs between

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

# known_read FILE: keeps what applies to the VMM of this run. An entry that names no case is an error
# wherever the image is there to tell.
known_read() {
	local file=$1 section arch archs test name row words accel where
	KNOWN=()
	[[ -f $file ]] || return 0
	ini_read "$file" "${KNOWN_KEYS[@]}"
	for section in ${INI_SECTIONS[@]+"${INI_SECTIONS[@]}"}; do
		where=$file:${INI_LINE[$section]}
		[[ $section == *?:?* ]] || usage_error "$where: expected [test:case] or [test:case/row], not [$section]"
		[[ -n ${INI["$section|manual"]-} && -n ${INI["$section|actual"]-} ]] ||
			usage_error "$where: [$section] has to have 'manual' (its words) and 'actual' (what the VMM does)"
		[[ ${INI["$section|versions"]-..} =~ ^[0-9.]*\.\.[0-9.]*$ ]] ||
			usage_error "$file:${INI_LINE["$section|versions"]}: versions is LOW..HIGH, not '${INI["$section|versions"]}'"
		test=${section%%:*} name=${section#*:} row=''
		if [[ $name == */* ]]; then
			row=${name#*/} name=${name%%/*}
		fi
		archs=${INI["$section|arch"]-}
		words="known: ${INI["$section|manual"]} Actual: ${INI["$section|actual"]}"
		for arch in "${ARCHS[@]}"; do
			[[ -z $archs || " ${archs//,/ } " == *" $arch "* ]] || continue
			known_case_exists "$arch" "$test" "$name" ||
				usage_error "$where: there is no case $test:$name on $arch"
			accel=${ACCEL_OF[$arch]%%,*}
			[[ " ${INI["$section|accel"]:-$accel} " == *" $accel "* ]] || continue
			version_in "${VERSION_OF[$arch]}" "${INI["$section|versions"]-..}" || continue
			KNOWN["$arch/$test"]+="known"$'\t'"$name"$'\t'"$row"$'\t'"${words//$'\t'/ }"$'\n'
		done
	done
}

# known_case_exists ARCH TEST CASE: also true where the image is not built, so that there is no telling.
known_case_exists() {
	[[ -n ${TEST["$2|line"]-} ]] || return 1
	test_list "$1" "$2"
	[[ -f $LIST ]] || return 0
	list_read
	[[ $'\n'${CASES_OF[$LIST]} == *$'\n'"$3"$'\n'* ]]
}
