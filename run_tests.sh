#!/usr/bin/env -S bash -p
# Boots test images under a VMM and judges what they print: ./run_tests.sh --help.
# The parts are in scripts/runner/; this only puts them in order.

{ set +x; } 2>/dev/null
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)); then
	echo "run_tests.sh: needs bash 5.1 or later, this is $BASH_VERSION" >&2
	exit 2
fi
# Functions, options and a mode of the shell that the caller's environment brings along would change verdicts.
if [[ $- != *p* || -o posix ]]; then
	exec env -u SHELLOPTS -u BASHOPTS -u BASH_ENV -u BASH_COMPAT -u POSIXLY_CORRECT "$BASH" -p "${BASH_SOURCE[0]}" "$@"
fi
set -u
unset CDPATH BASH_COMPAT GLOBIGNORE # with CDPATH, cd may go elsewhere, and says so
shopt -s extglob
# Consoles and files are bytes: half a character must not swallow the end of its line.
export LC_ALL=C
# Any awk will do; of those that there are, mawk takes the least time.
AWK=${ASSAY_AWK:-mawk}
type -P "$AWK" >/dev/null || AWK='awk'
ROOT=${BASH_SOURCE[0]}
[[ $ROOT == */* ]] || ROOT=./$ROOT
ROOT=$(cd -- "${ROOT%/*}/" && pwd) || exit 2
for part in options suggest ini config patterns jobs known machine lab results symbols guard watch scheduler ending show compare matrix bisect; do
	# shellcheck source=/dev/null
	source "$ROOT/scripts/runner/$part.bash"
done
unset part

options_parse "$@"
{ : 9>&1; } 2>/dev/null || usage_error 'standard output is closed'
if ((${#OPT_COMPARE[@]})); then
	compare_results "${OPT_COMPARE[@]}"
	exit
fi
if $OPT_BISECT; then
	bisect_prepare
fi
host_describe
if [[ -n $OPT_LAB ]]; then
	lab_prepare
fi
archs_find
[[ -n $OPT_MATRIX ]] || archs_known
config_read "$CONFIG"
if $OPT_RERUN; then
	patterns_of_failed "${OPT_OUT%/}/results.jsonl"
fi
jobs_make
images_without_section
if [[ -n $OPT_SHUFFLE ]]; then
	jobs_shuffle "$OPT_SHUFFLE"
fi
if [[ -n $OPT_LIST ]]; then
	print_all show_list
	exit 0
fi
if [[ -n $OPT_SHUFFLE ]]; then
	cases_shuffle "$OPT_SHUFFLE"
fi

if [[ -n $OPT_MATRIX ]]; then
	matrix_run
fi
if [[ -n $OPT_LAB && -z $OPT_PRINT_COMMAND ]]; then
	trap end_all EXIT
	trap 'exit 130' INT TERM HUP
	results_open
	lab_start
fi
vmm_find
if [[ -n $OPT_PRINT_COMMAND ]]; then
	print_all show_commands
	exit 0
fi
kvm_probe
if [[ $OPT_KNOWN != none ]]; then
	[[ -z $OPT_KNOWN || -f $OPT_KNOWN ]] || usage_error "--known $OPT_KNOWN: no such file"
	if [[ -n $OPT_KNOWN ]]; then
		known_read "$OPT_KNOWN"
	else
		known_find
	fi
fi
OPT_JOBS=${OPT_JOBS:-$HOST_CPUS}
printf -v STARTED '%(%Y-%m-%dT%H:%M:%S%z)T' -1
now_ms
STARTED_MS=$NOW STARTED_EPOCH=$EPOCHSECONDS
trap end_all EXIT
[[ -n $OPT_LAB ]] || results_open
trap interrupted INT TERM HUP QUIT
trap 'interrupted PIPE' PIPE
accel_words
show_init "$VMM_NAME ${VERSION_OF[${ARCHS[0]}]}, accelerator $ACCEL_WORDS, ${ARCHS[*]}, $OPT_JOBS at a time" 2>/dev/null
run_jobs
jobs_all_done
# What is left takes a moment, and is done once: in its midst there is nothing to interrupt.
trap '' INT TERM HUP QUIT PIPE
clear_progress 2>/dev/null
results_write
show_summary 2>/dev/null || usage_error "standard output cannot be written; the results are in $OUT"
if $OPT_BISECT; then
	bisect_judge
fi
((COUNT_FAIL == 0)) || exit 1
anything_ran || exit "$OPT_ALL_SKIPPED"
