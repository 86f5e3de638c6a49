#!/usr/bin/env bats
# --compare: what changed between two runs, and what two VMMs do not agree about.
load helper

# results FOLDER [VMM [ACCEL]]: a run. Standard input: a line for each result: CASE[/ROW] VERDICT MS MESSAGE.
results() {
	mkdir -p "$1"
	{
		printf '{"run":{"vmm":"%s","vmm_version":"7.2","accel":"%s","arch":"x86_64","host":"h","commit":"c","started":"then","seconds":1}}\n' \
			"${2:-qemu}" "${3:-tcg}"
		jq -Rc 'split(" ") | {arch: "x86_64", test: "t", case: (.[0] | split("/")[0])}
			+ (if .[0] | contains("/") then {row: (.[0] | split("/")[1])} else {} end)
			+ {verdict: .[1], ms: (.[2] | tonumber), message: (.[3:] | join(" ") | gsub("\\\\n"; "\n")), spec: "",
				bugs: [], file: "f", line: 1}'
	} >"$1/results.jsonl"
}

@test "nothing has changed: exit status 0" {
	results old <<<'a PASS 1'
	results new <<<'a PASS 1.5'
	runner --compare old new
	equal "$status" 0
	equal "$output" $'old: qemu 7.2, tcg, x86_64, then\nnew: qemu 7.2, tcg, x86_64, then
0 regressed, 0 fixed, 0 skipped now, 0 changed, 0 appeared, 0 vanished, 0 slower'
	equal "$(boots)" 0
	[[ ! -e logs ]]
}

@test "every kind of change" {
	results old <<'END'
same PASS 1
failed_still FAIL 1 as ever
broke PASS 1
crashed KNOWN 1
hung SKIP 1
mended FAIL 1
no_deviation KNOWN 1
now_known PASS 1
skipped PASS 1
otherwise FAIL 1
gone PASS 1
gone/row PASS 0
slow PASS 10
noise PASS 0.1
END
	results new <<'END'
same PASS 1
failed_still FAIL 1 as ever, otherwise
broke FAIL 1 f.c:1: EXPECT(x)\nmore
crashed CRASH 1 the VMM died
hung TIMEOUT 1 hangs
mended PASS 1
no_deviation FIXED 1
now_known KNOWN 1
skipped SKIP 1 no such CPU
otherwise CRASH 1
slow PASS 1300
noise PASS 9
came PASS 1
came/row PASS 0
came_badly FAIL 1
END
	runner --compare old/ new/results.jsonl
	equal "$status" 1
	equal "$(tail -n +3 <<<"$output")" 'regressed:
  PASS     FAIL     x86_64/t:broke
                    f.c:1: EXPECT(x)
  KNOWN    CRASH    x86_64/t:crashed
                    the VMM died
  SKIP     TIMEOUT  x86_64/t:hung
                    hangs
appeared, and failed:
  -        FAIL     x86_64/t:came_badly
fixed:
  FAIL     PASS     x86_64/t:mended
  KNOWN    FIXED    x86_64/t:no_deviation
skipped now:
  PASS     SKIP     x86_64/t:skipped
changed:
  PASS     KNOWN    x86_64/t:now_known
  FAIL     CRASH    x86_64/t:otherwise
appeared:
  -        PASS     x86_64/t:came
vanished:
  PASS     -        x86_64/t:gone
3 regressed, 2 fixed, 1 skipped now, 2 changed, 2 appeared, 1 vanished, 1 slower (-v lists them)'
	runner -v --compare old/ new/results.jsonl
	equal "$status" 1
	contains "$output" $'slower:\n  PASS     PASS     x86_64/t:slow  1300.0 ms, was 10.0 ms\n3 regressed'
	equal "${lines[-1]}" '3 regressed, 2 fixed, 1 skipped now, 2 changed, 2 appeared, 1 vanished, 1 slower'
}

@test "what appeared, vanished, changed or got slower is no regression" {
	results old <<<$'a PASS 1\nb FAIL 1\nc PASS 10'
	results new <<<$'b CRASH 1\nc PASS 3000\nd FAIL 1'
	runner --compare old new
	equal "$status" 0
}

@test "--strict: what is not tested any more makes it fail" {
	results old <<<$'a PASS 1\nb FAIL 1\nc PASS 10'
	results new <<<$'a PASS 1\nb FAIL 1\nc SKIP 0 no such CPU'
	runner --compare old new
	equal "$status" 0
	runner --strict --compare old new
	equal "$status" 1
	contains "$output" $'skipped now:\n  PASS     SKIP     x86_64/t:c'
	results new <<<$'a PASS 1\nb FAIL 1'
	runner --compare old new
	equal "$status" 0
	runner --compare old new --strict
	equal "$status" 1
	contains "$output" '1 vanished'
	results new <<<$'a PASS 1\nb FAIL 1\nc PASS 10\nd SKIP 0'
	runner --strict --compare old new
	equal "$status" 0
}

@test "two equal runs on a host that is busy in one of them: nothing is slower" {
	local i
	for ((i = 0; i < 300; i++)); do echo "case_$i PASS $((i + 1))"; done >old.txt
	# Three times as slow, some of it nine times.
	awk '{ $3 = $3 * (NR % 7 == 0 ? 9 : 3); print }' old.txt >new.txt
	results old <old.txt
	results new <new.txt
	runner --compare old new
	equal "$status" 0
	contains "$output" ', 0 slower'
	awk 'NR == 100 { $3 *= 20 } { print }' new.txt >slow.txt
	results new <slow.txt
	runner -v --compare old new
	equal "$(grep -c ' ms, was ' <<<"$output")" 1
	# A busy moment is none, but in each of three rounds.
	awk 'NR == 10 { $3 = 500 } { print }' new.txt >slow.txt
	results new <slow.txt
	runner -v --compare old new
	contains "$output" ', 0 slower'
	results old < <(cat old.txt old.txt old.txt)
	results new < <(cat slow.txt slow.txt slow.txt)
	runner -v --compare old new
	equal "$(grep -c ' ms, was ' <<<"$output")" 1
}

@test "a row that regressed counts, too" {
	results old <<<$'a/one PASS 0\na/two FAIL 0\na FAIL 1'
	results new <<<$'a/one FAIL 0 oh\na/two FAIL 0\na FAIL 1'
	runner --compare old new
	equal "$status" 1
	contains "$output" 'PASS     FAIL     x86_64/t:a/one'
	contains "$output" '1 regressed'
	# A row more or less, where the case is there.
	results new <<<$'a/one PASS 0\na/three FAIL 0\na FAIL 1'
	runner --compare old new
	equal "$status" 0
	contains "$output" '1 appeared, 1 vanished'
}

@test "of rounds, the one that failed counts" {
	results old <<<$'a PASS 1\na PASS 1'
	results new <<<$'a PASS 9\na FAIL 9 once\na PASS 30'
	runner --compare old new
	equal "$status" 1
	contains "$output" 'PASS     FAIL     x86_64/t:a'
	contains "$output" once
	runner --compare new old
	equal "$status" 0
	contains "$output" '1 fixed'
}

@test "two runs of the runner itself" {
	scenario <<'END'
case_beta() { row ok 'with spaces'; row 'not ok' "it's"; not_ok; }
END
	runner
	unset FAKE
	runner
	runner --compare logs logs.old
	equal "$status" 1
	contains "$output" 'PASS     FAIL     x86_64/t:beta'
	contains "$output" "-        FAIL     x86_64/t:beta/it's"
	runner --compare logs.old logs
	equal "$status" 0
	contains "$output" '1 fixed'
}

@test "two VMMs side by side" {
	results old qemu <<<$'same PASS 1\nb PASS 1\nc FAIL 1\nd KNOWN 1\nonly PASS 1\nonly/row PASS 0\nslow PASS 1'
	results new bochs <<<$'same PASS 1\nb FAIL 1\nc PASS 1\nd SKIP 1\nslow PASS 1000'
	runner --compare old new
	equal "$status" 1
	equal "$output" 'old: qemu 7.2, tcg, x86_64, then
new: bochs 7.2, tcg, x86_64, then
  qemu     bochs
  PASS     FAIL     x86_64/t:b
  FAIL     PASS     x86_64/t:c
  KNOWN    SKIP     x86_64/t:d
  PASS     -        x86_64/t:only
4 differ: 1 fail only with qemu, 1 fail only with bochs, 1 are there only in one'
	results new bochs <<<$'same PASS 1\nb PASS 1\nc PASS 1\nd KNOWN 1\nslow PASS 1'
	runner --compare old new
	equal "$status" 0
}

@test "two accelerators side by side" {
	results old qemu tcg <<<'a PASS 1'
	results new qemu kvm <<<'a FAIL 1'
	runner --compare old new
	equal "$status" 1
	contains "$output" $'  tcg      kvm\n  PASS     FAIL     x86_64/t:a'
}

@test "what guests have said does not reach the terminal as it is" {
	results old <<<'a PASS 1'
	results new <<<$'a FAIL 1 \e[2Joh\tmy \\ caf\xc3\xa9'
	runner --compare old new
	equal "$status" 1
	contains "$output" '?[2Joh my \ caf'
	lacks "$output" $'\e'
}

@test "results that are none: exit status 2, one line" {
	local text
	results old <<<'a PASS 1'
	mkdir empty
	runner --compare old nosuch
	refused '--compare: nosuch: no such results'
	runner --compare empty old
	refused '--compare: empty/results.jsonl: no such results'
	while IFS= read -r text; do
		printf '%b' "$text" >bad.jsonl
		runner --compare old bad.jsonl
		refused 'bad.jsonl: is no results.jsonl'
		runner --compare bad.jsonl old
		refused 'bad.jsonl: is no results.jsonl'
	done <<'END'

hello
[1, 2]
{"name":"some","version":"1"}
{"run":{}}
{"run":{"vmm":"q","vmm_version":"7","accel":"t","arch":"x","started":"s"}}\n{"arch":"x"}
{"run":{"vmm":"q","vmm_version":"7","accel":"t","arch":"x","started":"s"}}\n{"arch":"x","test":"t","case":"c","verdict":"PA
END
}

@test "not two of them, or more" {
	results old <<<'a PASS 1'
	runner --compare
	refused '--compare takes two results'
	runner --compare old
	refused '--compare takes two results'
	runner --compare old old t:a
	refused "nothing else: 't:a'"
}

@test "without jq it says so" {
	results old <<<'a PASS 1'
	mkdir bin
	ln -s "$(type -P bash)" "$(type -P dirname)" "$(type -P env)" bin/
	run --separate-stderr env "PATH=$P/bin" ./run_tests.sh --compare old old
	refused 'needs jq'
}
