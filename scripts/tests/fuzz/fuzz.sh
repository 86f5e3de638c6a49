#!/usr/bin/env bash
# Fuzzes the judge and the parsers of configuration files with seeded mutations of good input.
# Usage: scripts/tests/fuzz/fuzz.sh judge|config [COUNT [SEED]] (default: 10000, 1).
#
# The judge: check.awk has what must hold of its verdicts. The parsers: they accept, or say in one line what is wrong,
# status 2. Nothing may take longer than CPU_LIMIT. What goes wrong is kept as ./fuzz-*.txt.
set -u
export LC_ALL=C # as run_tests.sh does
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd -- "$here/../../.." && pwd)
what=${1:-judge} count=${2:-10000} seed=${3:-1}
AWK='awk'
CPU_LIMIT=5 # seconds; the kernel ends with SIGXCPU what takes longer, which is then no status to be explained
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

complain() {
	failures=$((failures + 1))
	((failures <= 10)) || return 0 # enough to start with
	cp "$1" "fuzz-$what-$failures.txt"
	echo "$what: $2; the input is kept in fuzz-$what-$failures.txt" >&2
}

mutate() {
	awk -f "$here/mutate.awk" -v "seed=$seed" -v "count=$count" -v "out=$work/m"
}

good_console() {
	cat <<'END'
KTAP version 1
# suite: f
# seed: 1
1..4
# start 1 a
ok 1 a # time=0.1ms
# start 2 b
# f.c:1: EXPECT(x)
not ok 2 b # time=0.2ms
# start 3 c
ok 3 c # SKIP no x
# start 4 d
  KTAP version 1
  ok 1 row one
  # f.c:2: EXPECT_EQ(x, y)
  #   actual   1
  not ok 2 row two
not ok 4 d # time=0.3ms
# totals: pass=1 fail=2 skip=1
END
}

# One awk for each mutation, as for each boot, and one to look at all that they have said. VMMs end in four ways; every
# second time two of the failures are known.
fuzz_judge() {
	local i how=(ended ended died timeout) said=('' failed '' '') text file
	printf 'case\t%s\n' a b c d >"$work/expected0"
	{
		cat "$work/expected0"
		printf 'known\tb\t\tFAIL\twords\nknown\td\trow*\tFAIL\twords\n'
	} >"$work/expected1"
	for ((i = 1; i <= count; i++)); do
		echo "mutation $i"
		(
			ulimit -t "$CPU_LIMIT"
			exec awk -f "$ROOT/scripts/runner/ktap.awk" -f "$ROOT/scripts/runner/stream.awk" -f "$ROOT/scripts/runner/judge.awk" "CONSOLE=$work/m.$i" "how=${how[i % 4]}" "said=${said[i % 4]}" \
				words=words "$work/expected$((i / 4 % 2))" "$work/m.$i"
		)
		echo "status $?"
	done >"$work/verdicts" 2>&1
	while IFS=$'\t' read -r file text; do
		complain "$file" "$text"
	done < <(awk -f "$here/check.awk" -v "console=$work/m." -v "count=$count" "$work/verdicts" || echo "$work/verdicts"$'\t'"check.awk failed")
}

fuzz_config() {
	local i file status output
	# shellcheck source=/dev/null
	source "$ROOT/scripts/runner/options.bash"
	# shellcheck source=/dev/null
	source "$ROOT/scripts/runner/suggest.bash"
	# shellcheck source=/dev/null
	source "$ROOT/scripts/runner/ini.bash"
	# shellcheck source=/dev/null
	source "$ROOT/scripts/runner/config.bash"
	for ((i = 1; i <= count; i++)); do
		file=$work/m.$i
		(
			ulimit -t "$CPU_LIMIT"
			cd "$work" || exit 99
			config_read "$file"
		) >"$work/said" 2>&1
		status=$?
		output=$(<"$work/said")
		[[ ! -e $work/pwned ]] || complain "$file" 'something in it was executed'
		case $status in
		0) [[ -z $output ]] || complain "$file" "accepted, but: $output" ;;
		2) [[ $output == 'run_tests.sh: '* && $output != *$'\n'* ]] || complain "$file" "not one clear line: $output" ;;
		*) complain "$file" "status $status: $output" ;;
		esac
	done
}

case $what in
judge) good_console | mutate && fuzz_judge ;;
config) mutate <"$ROOT/unittests.cfg" && fuzz_config ;;
*)
	echo "fuzz.sh: judge or config, not '$what'" >&2
	exit 2
	;;
esac || complain /dev/null 'the mutations were not made'
echo "$what: $count mutations with seed $seed, $failures failures"
((failures == 0))
