# shellcheck shell=bash
# known.cfg of a VMM: the cases and rows that it is known to fail, and the manual's words against it.

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

# known_read FILE [VERSION [ACCEL]]: keeps what applies to the tests of this run on its VMM, or on VERSION of something else,
# where the accelerator is ACCEL. A section is a deviation, with the cases that it makes fail. One that does not exist is an
# error, wherever the image is there to tell. known.awk reads it all; here is what it has to know.
known_read() {
	local arch test job block blocks prefix options ended=false
	local -A runs=()
	[[ -f $1 ]] || return 0
	[[ -r $1 ]] || usage_error "$1: cannot be read"
	for job in "${!JOB_TEST[@]}"; do
		runs["${JOB_ARCH[job]}/${JOB_TEST[job]}"]=${JOB_GLOB[job]:+2}
		: "${runs["${JOB_ARCH[job]}/${JOB_TEST[job]}"]:=1}"
	done
	# Not line by line: bash reads pipes byte by byte.
	blocks=$(
		{
			for arch in "${ARCHS[@]}"; do
				options=${ACCEL_OF[$arch]},
				printf 'arch\t%s\t%s\t%s\t%s\t%s\n' "$arch" "${ACCEL_OF[$arch]%%,*}" "${2:-${VERSION_OF[$arch]}}" \
					"${VENDOR_OF[$arch]}" "${options#*,}"
				for test in "${TESTS[@]}"; do
					test_is_for "$test" "$arch" || continue
					test_list "$arch" "$test"
					[[ -f $LIST ]] || LIST=''
					printf 'test\t%s\t%s\t%s\t%s\t%s\t%s\n' "$arch" "$test" "$LIST" "${TEST["$test|cpu"]-}" "${TEST["$test|vendor"]-}" \
						"${runs["$arch/$test"]-}"
				done
			done
			known_selected
		} | known_awk "$1" "${3-}"
	)
	set -f
	IFS=$'\x1e' read -r -d '' -a blocks <<<"$blocks"
	set +f
	for block in "${blocks[@]}"; do
		case $block in
		error$'\n'*)
			block=${block#*$'\n'}
			usage_error "${block%%$'\n'*}"
			;;
		end*) ended=true ;;
		$'\n'*) ;;
		?*$'\n'?*) KNOWN[${block%%$'\n'*}]+=${block#*$'\n'} ;;
		esac
	done
	$ended || usage_error "$1: cannot be read (awk)"
}

# known_selected: the cases of those tests of which not all run.
known_selected() {
	local job prefix
	for job in "${!JOB_TEST[@]}"; do
		[[ -n ${JOB_GLOB[job]} ]] || continue
		prefix=case$'\t'${JOB_ARCH[job]}$'\t'${JOB_TEST[job]}$'\t'
		: "${JOB_CASES[job]%$'\n'}"
		echo "$prefix${_//$'\n'/$'\n'"$prefix"}"
	done
}

# known_awk FILE ACCEL: a file that lists the groups is this project's own, which has every test; one in its place, as of
# --config, need not.
known_awk() {
	local complete=false file=$1
	[[ $file == /* ]] || file=./$file # or awk might take it for an assignment
	[[ $CONFIG != "$ROOT/unittests.cfg" || -z $KNOWN_GROUPS ]] || complete=true
	KNOWN_ARCHS="${KNOWN_ARCHS[*]}" KNOWN_ACCELS="${KNOWN_ACCELS[*]}" KNOWN_COMPLETE=$complete KNOWN_ONLY=$2 HOST_KERNEL=${HOST_KERNEL-} KNOWN_NESTED=${OPT_NESTED:-no} \
		FILE_SHOWN=$1 FILE=$file "$AWK" -f "$ROOT/scripts/runner/known.awk" - "$file"
}
