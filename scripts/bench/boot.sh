#!/usr/bin/env bash
# CPU time of a boot: how long QEMU takes from its start to the end of an image's first case, and to a halted CPU
# without any image, as user + system seconds of the process. Usage: scripts/bench/boot.sh [ARCH] [TEST:CASE] [BOOTS]
set -eu
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
arch=${1:-x86_64} case=${2:-exc:int3_pushes_next_ip} boots=${3:-20}
TIMEFORMAT='%U %S'

# cpu_seconds COMMAND...: the mean of so many runs.
cpu_seconds() {
	local user system
	read -r user system < <({ time for ((i = 0; i < boots; i++)); do
		"$@" >/dev/null 2>&1 </dev/null || :
	done; } 2>&1)
	awk -v u="$user" -v s="$system" -v n="$boots" 'BEGIN { printf "%.3f\n", (u + s) / n }'
}

# Started with its CPU stopped, and told to quit.
qemu_alone() {
	echo q | "${command[0]}" -S -nodefaults -display none -monitor stdio
}

# The runner quotes each word as xargs reads it.
mapfile -t command < <(ACCEL=tcg ./run_tests.sh --arch "$arch" --print-command "$case" | xargs -n 1)
echo "$arch $case: $(cpu_seconds "${command[@]}") s of CPU a boot, mean of $boots"
echo "QEMU alone, its CPU stopped: $(cpu_seconds qemu_alone) s"
