#!/usr/bin/env bash
# Fuzzes the judge and the parser of configuration files with seeded mutations of good input.
# Usage: scripts/tests/fuzz/fuzz.sh judge|config [COUNT [SEED]] (default: 10000, 1).
#
# The judge: every case gets exactly one verdict or a boot to come; the two cases that failed never pass or are skipped;
# no case passes without its result in the text. The parser: it accepts, or says in one line what is wrong, status 2.
set -u
export LC_ALL=C # as run_tests.sh does
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd -- "$here/../../.." && pwd)
what=${1:-judge} count=${2:-10000} seed=${3:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

complain() {
	failures=$((failures + 1))
	cp "$1" "fuzz-$what-$failures.txt"
	echo "$what: $2; the input is kept in fuzz-$what-$failures.txt" >&2
}

mutate() {
	LC_ALL=C awk -f "$here/mutate.awk" -v "seed=$seed" -v "count=$count" -v "out=$work/m"
}

good_console() {
	cat <<'EOF'
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
EOF
}

judge_one() {
	local file=$1 output resume='' verdict name row seen=' '
	output=$(printf 'case\ta\ncase\tb\ncase\tc\ncase\td\n' | LC_ALL=C timeout 10 awk -f "$ROOT/scripts/runner/judge.awk" \
		"CONSOLE=$file" how=ended said= words=words - "$file" 2>&1) || {
		complain "$file" "the judge ended with status $?: $output"
		return
	}
	while IFS=$'\x1f' read -r verdict name row _; do
		case $verdict in
		counts) continue ;;
		resume)
			resume=$name
			continue
			;;
		PASS | FAIL | SKIP | CRASH | TIMEOUT | ERROR | KNOWN | FIXED) ;;
		*) complain "$file" "the judge says '$verdict'" ;;
		esac
		[[ -z $row ]] || continue
		[[ $seen != *" $name "* ]] || complain "$file" "two verdicts on $name"
		seen+="$name "
		case $name:$verdict in
		[bd]:PASS | [bd]:SKIP | [bd]:FIXED) complain "$file" "$name failed and is $verdict" ;;
		*:PASS)
			grep -qaE "^ok [0-9]+ $name( |$)" "$file" || complain "$file" "$name passes without a result"
			grep -qaE '^1\.\.4' "$file" || [[ -n $resume ]] || complain "$file" "$name passes without a plan"
			;;
		esac
	done < <(tr '\t' '\037' <<<"$output")
	for name in a b c d; do
		[[ $seen == *" $name "* || -n $resume ]] || complain "$file" "no verdict on $name"
	done
}

config_one() {
	local file=$1 output status
	output=$(
		# shellcheck source=/dev/null
		source "$ROOT/scripts/runner/options.bash"
		source "$ROOT/scripts/runner/ini.bash"
		source "$ROOT/scripts/runner/config.bash"
		cd "$work" || exit 99
		config_read "$file" 2>&1
	)
	status=$?
	[[ ! -e $work/pwned ]] || complain "$file" 'something in it was executed'
	case $status in
	0) [[ -z $output ]] || complain "$file" "accepted, but: $output" ;;
	2) [[ $output == 'run_tests.sh: '* && $output != *$'\n'* ]] || complain "$file" "not one clear line: $output" ;;
	*) complain "$file" "status $status: $output" ;;
	esac
}

case $what in
judge) good_console | mutate ;;
config) mutate <"$ROOT/unittests.cfg" ;;
*)
	echo "fuzz.sh: judge or config, not '$what'" >&2
	exit 2
	;;
esac
for ((i = 1; i <= count; i++)); do
	"${what}_one" "$work/m.$i"
done
echo "$what: $count mutations with seed $seed, $failures failures"
((failures == 0))
