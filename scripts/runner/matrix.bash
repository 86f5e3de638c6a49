# shellcheck shell=bash
# --matrix: the same tests on several releases of a VMM, or several VMMs, each a run of its own, and what they do not
# agree about; in the lab, of several kernels. The variable that has the program of a VMM for its driver is called like the VMM, in capitals: QEMU.

MATRIX_LABELS=() MATRIX_KINDS=() MATRIX_ITEMS=() # numbered alike; a kind is release, vmm, file or folder
MATRIX_CHILD=0

# matrix_parse LIST: [LABEL=]ITEM,... into MATRIX_*. An item is a release of the VMM, a program or a folder with
# programs, which have a / in their names, or a VMM.
matrix_parse() {
	local word item label kind words
	IFS=, read -ra words <<<"$1"
	for word in "${words[@]}"; do
		item=${word#*=} label=''
		[[ $word != *=* ]] || label=${word%%=*}
		if [[ $item == */* ]]; then
			kind='file'
			if [[ -d $item ]]; then
				kind=folder
			elif [[ -n $OPT_LAB ]]; then
				[[ -f $item ]] || usage_error "--matrix: $item: there is no such kernel, and no such folder"
			elif [[ ! -f $item || ! -x $item ]]; then
				usage_error "--matrix: $item: there is no such program, and no such folder"
			fi
			item=$(realpath -s -- "$item")
			label=${label:-$(matrix_label "$item")}
		elif [[ $item =~ ^[0-9]+\.[0-9.]+$ ]]; then
			kind=release
		elif [[ -n $OPT_LAB ]]; then
			usage_error "--matrix: '$item' is neither a kernel's release like 6.1, nor a path"
		elif [[ $item =~ ^[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?$ && -f $ROOT/scripts/vmm/${item%:*}/driver.bash ]]; then
			kind=vmm
			label=${label:-${item/:/-}}
		else
			usage_error "--matrix: '$item' is neither a release like 10.0, nor a path, nor a folder of scripts/vmm"
		fi
		label=${label:-$item}
		[[ $label =~ ^[A-Za-z0-9_][A-Za-z0-9_.+-]*$ ]] ||
			usage_error "--matrix: '$label' cannot be a folder's name: letters, digits, _ . + - only"
		[[ " ${MATRIX_LABELS[*]-} " != *" $label "* ]] || usage_error "--matrix: $label twice; LABEL=$item gives it another name"
		MATRIX_LABELS+=("$label") MATRIX_KINDS+=("$kind") MATRIX_ITEMS+=("$item")
	done
	((${#MATRIX_LABELS[@]} >= 2)) || usage_error "--matrix takes two or more, with commas between, not '$1'"
}

# matrix_label PATH: its last part, with the folders before it while another has the same.
matrix_label() {
	local path=${1#/} label=${1##*/}
	while path=${path%/*} && [[ " ${MATRIX_LABELS[*]-} " == *" $label "* && -n $path ]]; do
		label=${path##*/}-$label
		[[ $path == */* ]] || break
	done
	echo "${label//[!A-Za-z0-9_.+-]/_}"
}

# matrix_run: every run, then what they differ in; exits as one of them would that had all their results.
matrix_run() {
	local i status worst=0
	type -P jq >/dev/null || usage_error '--matrix needs jq (package jq)'
	matrix_fetch
	trap end_all EXIT
	results_folder
	trap matrix_interrupted INT TERM HUP QUIT
	set -m
	guard_start
	for i in "${!MATRIX_LABELS[@]}"; do
		echo "== ${MATRIX_LABELS[i]}"
		status=0
		matrix_one "$i" || status=$?
		# It has said what is wrong.
		((status < 2)) || exit "$status"
		((worst |= status))
	done
	matrix_table
	exit "$worst"
}

# matrix_fetch: all releases are here before anything runs.
matrix_fetch() {
	local i "${OPT_VMM^^}="
	[[ -z $OPT_LAB ]] || return 0 # each run does, before it boots the lab
	for i in "${!MATRIX_LABELS[@]}"; do
		if [[ ${MATRIX_KINDS[i]} == release ]]; then
			vmm_driver
			OPT_RELEASE=${MATRIX_ITEMS[i]}
			vmm_release
		fi
	done
}

# matrix_one I: a runner of its own, with the options of this one and its results in a folder below.
matrix_one() {
	local item=${MATRIX_ITEMS[$1]} options=("${OPT_REST[@]}" --out "$OUT/${MATRIX_LABELS[$1]}")
	(
		exec {LOCK}<&-
		if [[ -n $OPT_LAB ]]; then
			exec "$BASH" "$ROOT/run_tests.sh" "${options[@]}" --lab-kernel "$item" -- "${OPT_PATTERNS[@]}"
		fi
		case ${MATRIX_KINDS[$1]} in
		release)
			unset "${OPT_VMM^^}"
			options+=(--vmm-release "$item")
			;;
		vmm) options+=(--vmm "$item") ;;
		file) export "${OPT_VMM^^}=$item" ;;
		folder)
			unset "${OPT_VMM^^}"
			PATH=$item:$PATH
			;;
		esac
		exec "$BASH" -p "$ROOT/run_tests.sh" "${options[@]}" -- "${OPT_PATTERNS[@]}"
	) &
	MATRIX_CHILD=$!
	guard_tell begun "$MATRIX_CHILD"
	wait "$MATRIX_CHILD"
}

# matrix_interrupted: so is the run, which ends its VMMs.
matrix_interrupted() {
	[[ $BASHPID == "$$" ]] || exit 130
	trap '' INT TERM HUP QUIT
	kill -TERM "$MATRIX_CHILD" 2>/dev/null
	wait "$MATRIX_CHILD" 2>/dev/null
	exit 130
}

# matrix_table: what the runs have said, side by side: printed, and into matrix.json and matrix.html.
matrix_table() {
	local label strict=0
	! $OPT_STRICT || strict=1
	for label in "${MATRIX_LABELS[@]}"; do
		matrix_fields "$OUT/$label/results.jsonl"
	done | "$AWK" -f "$ROOT/scripts/runner/json.awk" -f "$ROOT/scripts/runner/matrix.awk" -v "out=${OUT//\\/\\\\}" \
		-v "labels=${MATRIX_LABELS[*]}" -v "template=${ROOT//\\/\\\\}/scripts/runner/matrix.html" -v "strict=$strict" ||
		results_failed 'the matrix'
	for label in matrix.json matrix.html; do
		mv -f "$OUT/$label.new" "$OUT/$label" || results_failed "$OUT/$label"
	done
}

# matrix_fields FILE: a line for the run, then one for each result; fields separated by tabs, of which and of newlines
# in them there is only \t and \n.
matrix_fields() {
	jq -rn '(input.run | ["run", .vmm, .vmm_version, .accel, .arch, .commit, .started, .seconds] | @tsv),
		(inputs | [.arch + "/" + .test, .case, .row // "", .verdict, .spec, .message] | @tsv)' "$1"
}
