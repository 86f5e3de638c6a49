#!/usr/bin/env bats
# mawk, gawk, original-awk and busybox's awk say the same, to the byte. Those that are not here are named and left out;
# ASSAY_AWKS is a folder with more of them.
load helper

# awks: a folder in $BATS_TEST_TMPDIR/awks for each that is here, with an `awk`; their names into AWKS.
awks() {
	local name path folder=$BATS_TEST_TMPDIR/awks
	AWKS=()
	PATH=$PATH${ASSAY_AWKS:+:$ASSAY_AWKS}
	for name in mawk gawk original-awk busybox; do
		path=$(type -P "$name") || {
			echo "# no $name here" >&3
			continue
		}
		mkdir -p "$folder/$name"
		if [[ $name == busybox ]]; then
			"$path" awk 'BEGIN { exit }' || continue
			printf '#!/bin/sh\nexec %q awk "$@"\n' "$path" >"$folder/$name/awk"
			chmod +x "$folder/$name/awk"
		else
			ln -s "$path" "$folder/$name/awk"
		fi
		AWKS+=("$name")
	done
	((${#AWKS[@]} > 1)) || skip 'only one awk here'
}

# the_same FOLDER: what a run has left there, without what is of the clock.
the_same() {
	sed -E 's/"(started|seconds)":("[^"]*"|[0-9.]+)//g; s/"ms":[0-9]+,"log"//g; s/ (time|timestamp)="[^"]*"//g; s/(name="(started|seconds)" value=")[^"]*//; s/^# (started|seconds): .*//' \
		"$1"/results.jsonl "$1"/junit.xml "$1"/results.ktap "$1"/report.html
}

# runs ARGUMENT...: the runner with each of AWKS; all have to leave and say the same.
runs() {
	local name first=''
	for name in "${AWKS[@]}"; do
		rm -rf logs logs.old # or the second would have something to compare itself with
		ASSAY_AWK=$BATS_TEST_TMPDIR/awks/$name/awk runner "$@"
		equal "$stderr" ''
		the_same logs >"said.$name"
		sed -E 's/[0-9]+\.[0-9]+ s$//' <<<"$status $output" >>"said.$name"
		if [[ -z $first ]]; then
			first=$name
		elif ! cmp -s "said.$first" "said.$name"; then
			diff "said.$first" "said.$name" | head -n 20
			echo "$first and $name differ"
			return 1
		fi
	done
}

@test "reports of a run with everything in it" {
	awks
	image t passes fails skips known fixed crashes
	image rows all_pass some_fail known_row
	image broken never
	printf '%s\n' '[d]' 'confirmed = 7.2' 'manual = SDM "<&>" #GP(0) \ ]]>' 'actual = #DE # TODO' 'cases =' ' t:known' ' t:fixed' ' rows:known_row/b*' \
		>scripts/vmm/qemu/known.cfg
	tests '[t]' '[rows]' '[broken]' '[other]' 'image = rows.elf' 'accel = kvm'
	scenario <<'END'
case_fails() { printf '# caf\xc3\xa9 \xff \x01\x1b[2J "<&>" ]]> \\ \\n\n'; not_ok; }
case_skips() { skip 'no # TODO <&"> ]]>'; }
case_known() { not_ok; }
case_crashes() { echo '<error/> #1' >&2; die SEGV; }
case_some_fail() { row ok one; row 'not ok' 'two [x] (y) {2} + . ^ $ | \ ?'; row ok 'three # SKIP why'; not_ok; }
case_known_row() { row ok a; row 'not ok' 'b.c'; not_ok; }
case_never() { echo 'Bail out! not # today'; exit 35; }
END
	runs -j1 -v
	runs -j1 -t
	runs -j1 --format tap14 --junit-rows --annotate gitlab
	runs -j1 --format kut
}

@test "one test only, and none that passes" {
	awks
	runs t:alpha
	scenario <<<'exit 1'
	runs
	scenario <<<'before() { printf "\1x\n"; }'
	runs
}

@test "lists, suggestions, comparisons, matrices" {
	local name first=''
	awks
	scenario <<'END'
case_beta() { [[ ! -e $P/other ]] || not_ok; [[ -e $P/other ]] || ok; }
END
	export P
	runner --out old
	touch other
	runner --out new
	mkdir a b
	ln -s "$QEMU" a/qemu-system-x86_64
	ln -s "$QEMU" b/qemu-system-x86_64
	for name in "${AWKS[@]}"; do
		{
			ASSAY_AWK=$BATS_TEST_TMPDIR/awks/$name/awk ./run_tests.sh --list --format json
			ASSAY_AWK=$BATS_TEST_TMPDIR/awks/$name/awk ./run_tests.sh --list --by-manual
			ASSAY_AWK=$BATS_TEST_TMPDIR/awks/$name/awk ./run_tests.sh --list --by-manual --format html
			ASSAY_AWK=$BATS_TEST_TMPDIR/awks/$name/awk ./run_tests.sh tt
			ASSAY_AWK=$BATS_TEST_TMPDIR/awks/$name/awk ./run_tests.sh -v --compare old new
			ASSAY_AWK=$BATS_TEST_TMPDIR/awks/$name/awk ./run_tests.sh --matrix a/,b=b/ | sed -E 's/[0-9]+\.[0-9]+ s$//'
			sed -E 's/"(started|seconds)":("[^"]*"|[0-9.]+)//g' logs/matrix.json
		} >"said.$name" 2>&1 3>&- || :
		first=${first:-$name}
		cmp "said.$first" "said.$name" || { diff "said.$first" "said.$name" | head; return 1; }
	done
	lacks "$(<"said.$first")" 'awk:'
}

@test "the judge's verdicts on mutated consoles" {
	local name first='' i
	awks
	mkdir m
	printf 'case\t%s\n' a b c d >expected
	printf 'known\tb\t\tFAIL\twords\nknown\td\trow*\tFAIL\twords\n' >>expected
	printf '%s\n' 'KTAP version 1' '# suite: f' 1..4 '# start 1 a' 'ok 1 a # time=0.1ms' '# start 2 b' '# f.c:1: EXPECT(x)' 'not ok 2 b # time=0.2ms' \
		'# start 3 c' 'ok 3 c # SKIP no x' '# start 4 d' '  KTAP version 1' '  # Subtest: d' '  1..2' '  ok 1 row one' '  # f.c:2: EXPECT_EQ(x, y)' \
		'  not ok 2 row two' 'not ok 4 d # time=0.3ms' '# totals: pass=1 fail=2 skip=1' |
		awk -f "$TOP/scripts/tests/fuzz/mutate.awk" -v seed=7 -v count=150 -v out=m/m
	for name in "${AWKS[@]}"; do
		for ((i = 1; i <= 150; i++)); do
			LC_ALL=C "$BATS_TEST_TMPDIR/awks/$name/awk" -f "$TOP/scripts/runner/ktap.awk" -f "$TOP/scripts/runner/stream.awk" -f "$TOP/scripts/runner/judge.awk" \
				"CONSOLE=m/m.$i" how=ended said=failed words=words STDERR= before= expected "m/m.$i" ||
				echo "status $?"
		done >"said.$name" 2>&1
		first=${first:-$name}
		cmp "said.$first" "said.$name" || { diff "said.$first" "said.$name" | head; return 1; }
	done
	(($(wc -l <"said.$first") > 600))
}
