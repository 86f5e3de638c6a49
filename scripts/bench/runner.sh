#!/usr/bin/env bash
# CPU time of the runner itself, per booted test: user + system of run_tests.sh and all its helpers, without the
# VMMs'. Usage: scripts/bench/runner.sh [TESTS]
#
# A run of many tests is measured whole, children included. The VMM is a shell script that prints a prepared console
# of 20 cases and exits as an honest guest would. What it costs is measured in the same run: the same script is
# started as often, in the same way (fork, output to a file), by a loop alone, and that is subtracted. What the
# runner costs with a single test (its start, the configuration, the reports) is shown apart.
set -eu
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
tests=${1:-100}
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

{
	cat <<'END'
#!/bin/sh
[ "$1" != --version ] || { echo "QEMU emulator version 7.2.22"; exit; }
printf '%s\n' 'KTAP version 1' '# suite: bench' 1..20 \
END
	for ((i = 1; i <= 20; i++)); do
		echo "'# start $i case_$i' 'ok $i case_$i # time=0.1ms' \\"
	done
	echo "'# totals: pass=20 fail=0 skip=0'"
	echo 'exit 33'
} >"$work/vmm"
chmod +x "$work/vmm"
for ((t = 1; t <= tests; t++)); do
	echo "[test$t]" >>"$work/unittests.cfg"
	: >"$work/build/x86_64/test$t.elf"
	for ((i = 1; i <= 20; i++)); do
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

whole=$(cpu_ms run)
vmms=$(cpu_ms vmms_alone)
one=$(cpu_ms run test1)
if [[ -e $work/failed ]]; then
	cat "$work/output"
	exit 1
fi
awk -v whole="$whole" -v vmms="$vmms" -v one="$one" -v n="$tests" 'BEGIN {
	printf "%.1f ms of CPU per booted test, mean of %d (the run %d ms, the VMMs alone %d ms)\n", (whole - vmms) / n, n, whole, vmms
	printf "%d ms for a run of one test, %.1f ms for each further one\n", one, (whole - vmms - one + vmms / n) / (n - 1)
}'
