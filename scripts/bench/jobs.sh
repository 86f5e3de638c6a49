#!/usr/bin/env bash
# Wall time of the whole suite with -j2 in relation to -j1, the goal being 0.6 at most. Needs a machine with two cores and
# nothing else to do: it looks at the load first, and the pairs of a round follow each other directly, in turns.
# Usage: scripts/bench/jobs.sh [ROUNDS] [RUNNER-ARGUMENT...], such as: scripts/bench/jobs.sh 3 --arch x86_64
set -eu
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
rounds=3
if [[ ${1-} =~ ^[1-9][0-9]?$ ]]; then
	rounds=$1
	shift
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C ACCEL=${ACCEL:-tcg}

(($(nproc) >= 2)) || { echo 'jobs.sh: one core alone has nothing to share' >&2; exit 2; }
read -r load _ </proc/loadavg
if ! awk -v load="$load" 'BEGIN { exit load > 0.5 }'; then
	echo "jobs.sh: others use this machine (load $load): the ratio will be too high" >&2
fi

# wall_ms JOBS ARGUMENT...: how long the suite takes. Cases that fail cost no less than others, but a suite that
# does not run at all is none to be measured.
wall_ms() {
	local start=${EPOCHREALTIME/./} status=0
	./run_tests.sh -j "$1" --out "$work/logs" "${@:2}" >"$work/output" 2>&1 || status=$?
	if ((status > 1)); then
		cat "$work/output" >&2
		exit 1
	fi
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}

wall_ms 1 "$@" >/dev/null # files into the page cache
for ((i = 0; i < rounds; i++)); do
	# Now the one first, now the other: a clock that slows down favours neither.
	if ((i % 2)); then
		two=$(wall_ms 2 "$@")
		one=$(wall_ms 1 "$@")
	else
		one=$(wall_ms 1 "$@")
		two=$(wall_ms 2 "$@")
	fi
	echo "$one $two"
done | awk '
	{ ratio = $2 / $1; printf "-j1 %.1f s, -j2 %.1f s: %.2f\n", $1 / 1000, $2 / 1000, ratio; sum += ratio; n++ }
	{ if (best == "" || ratio < best) best = ratio }
	END { if (!n) exit 1; printf "-j2 takes %.2f of -j1, mean of %d (best %.2f)\n", sum / n, n, best }'
tail -n 1 "$work/output"
