#!/usr/bin/env bash
# CPU time of the runner itself, per booted test: user + system of run_tests.sh and all its helpers, without the
# VMMs'. Usage: scripts/bench/runner.sh [TESTS [CASES]] (default: 100 20)
#
# The goals: 8 ms for each test; and with `runner.sh 1000 50` 12 ms, with what the VMMs take in 30 s, and 300 MB.
#
# A run of many tests is measured whole, children included. The VMM is a shell script that prints a prepared console
# of so many cases and exits as an honest guest would. What it costs is measured in the same run: the same script is
# started as often, in the same way (fork, output to a file), by a loop alone, and that is subtracted. What the
# runner costs with a single test (its start, the configuration, the reports) is shown apart. So is what one case of this
# tree costs, with its unittests.cfg and known.cfg, where it is built; the goal is 100 ms, the VMM's part included.
set -eu
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
tests=${1:-100} cases=${2:-20}
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TIMEFORMAT='%U %S'
export LC_ALL=C ACCEL=tcg

mkdir -p "$work/scripts/vmm/qemu" "$work/build/x86_64"
ln -s "$top/run_tests.sh" "$work/run_tests.sh"
ln -s "$top/scripts/runner" "$work/scripts/runner"
ln -s "$top/scripts/vmm/qemu/driver.bash" "$work/scripts/vmm/qemu/driver.bash"
: >"$work/build/x86_64/config.mak"

# vmm FILE NAME...: a VMM whose guest has passed these cases.
vmm() {
	local file=$1 i=0
	shift
	{
		cat <<'END'
#!/bin/sh
[ "$1" != --version ] || { echo "QEMU emulator version 7.2.22"; exit; }
END
		printf "printf '%%s\\\\n' 'KTAP version 1' '# suite: bench' 1..%s \\\\\n" $#
		for name; do
			i=$((i + 1))
			echo "'# start $i $name' 'ok $i $name # time=0.1ms' \\"
		done
		echo "'# totals: pass=$# fail=0 skip=0'"
		echo 'exit 33'
	} >"$file"
	chmod +x "$file"
}

mapfile -t names < <(seq -f 'case_%g' "$cases")
vmm "$work/vmm" "${names[@]}"
for ((t = 1; t <= tests; t++)); do
	echo "[test$t]" >>"$work/unittests.cfg"
	: >"$work/build/x86_64/test$t.elf"
	for ((i = 1; i <= cases; i++)); do
		printf 'case_%s\tthe rule\tSDM\t\tx86/bench/a.c\t%s\n' "$i" "$i"
	done >"$work/build/x86_64/test$t.list"
done

# cpu_ms COMMAND...: its user + system time, children included, in ms.
cpu_ms() {
	local user system
	read -r user system < <({ time "$@" >"$work/output" 2>&1 || echo failed >"$work/failed"; } 2>&1)
	awk -v u="$user" -v s="$system" 'BEGIN { printf "%.0f\n", (u + s) * 1000 }'
}

vmms_alone() {
	local i
	for ((i = 0; i < tests; i++)); do
		"$work/vmm" -kernel x </dev/null >"$work/console" || :
	done
}

run() {
	QEMU=$work/vmm "$work/run_tests.sh" -j1 --out "$work/logs" "$@"
}

# peak_memory: what the runner and its children have in memory, at most, into $work/peak, in KiB, until it ends.
peak_memory() {
	local pid runner='' sum peak=0 key value
	while [[ -z $runner ]]; do
		read -r runner _ <"$work/logs.lock" || sleep 0.02
	done
	while [[ -e /proc/$runner ]]; do
		sum=0
		for pid in "$runner" $(cat "/proc/$runner/task/$runner/children" 2>/dev/null); do
			while read -r key value _; do
				[[ $key != VmRSS: ]] || sum=$((sum + value))
			done 2>/dev/null <"/proc/$pid/status" || :
		done
		((sum <= peak)) || peak=$sum
		echo "$peak" >"$work/peak"
		sleep 0.1
	done
}

# one_case: the first case of this tree's selftest, a mean of ten runs.
one_case() {
	local i
	for ((i = 0; i < 10; i++)); do
		QEMU=$work/one-case "$top/run_tests.sh" -j1 --arch x86_64 --out "$work/logs-one" "selftest:$1"
	done
}

peak_memory 2>/dev/null &
start=${EPOCHREALTIME/./}
whole=$(cpu_ms run)
wall=$(((${EPOCHREALTIME/./} - start) / 1000))
wait
vmms=$(cpu_ms vmms_alone)
one=$(cpu_ms run test1)
tree=''
if read -r name _ <"build/x86_64/selftest.list"; then
	vmm "$work/one-case" "$name"
	tree=$(cpu_ms one_case "$name")
fi 2>/dev/null
if [[ -e $work/failed ]]; then
	cat "$work/output"
	exit 1
fi
awk -v wall="$wall" -v peak="$(<"$work/peak")" -v whole="$whole" -v vmms="$vmms" -v one="$one" -v n="$tests" -v tree="$tree" 'BEGIN {
	printf "%.1f ms of CPU per booted test, mean of %d (the run %d ms, the VMMs alone %d ms)\n", (whole - vmms) / n, n, whole, vmms
	printf "%.1f s by the clock, at most %d MB in memory\n", wall / 1000, peak / 1024
	printf "%d ms for a run of one test, %.1f ms for each further one\n", one, (whole - vmms - one + vmms / n) / (n - 1)
	if (tree != "") printf "%.0f ms for one case of this tree\n", tree / 10
}'
