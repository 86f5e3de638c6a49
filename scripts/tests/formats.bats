#!/usr/bin/env bats
# results.jsonl, junit.xml and results.ktap of a run with everything in it, read by others' rules.
load helper

FORMATS=$TOP/scripts/tests/formats

# A run with every verdict, with rows of every kind, and words that formats dislike. Two architectures.
everything() {
	image t passes fails skips known fixed crashes hangs
	image broken never
	image rows all_pass some_fail known_row fixed_row named fails_late
	ARCH=i386 image t passes
	ARCH=i386 image rows all_pass
	tests '[t]' '[rows]' '[broken]' '[other]' 'image = rows.elf' 'accel = kvm'
	printf '%s\n' '[d]' 'arch = x86_64' 'confirmed = 7.2' 'manual = SDM "<&>" #GP(0) \ ]]>' 'actual = #DE # TODO' 'cases =' ' t:known' ' t:fixed' \
		' rows:known_row/b' ' rows:fixed_row/b' >scripts/vmm/qemu/known.cfg
	scenario <<'END'
case_fails() { echo '# "<&>" ]]> # SKIP \ ok 7 x'; printf '# caf\xc3\xa9 \xff \x01\x1b[2J\n'; not_ok; }
case_skips() { skip 'no # TODO <&"> ]]>'; }
case_known() { not_ok; }
case_crashes() { echo '<error/> #1' >&2; die SEGV; }
case_hangs() { hang; }
case_never() { echo 'Bail out! not # today'; exit 35; }
case_all_pass() { row ok one; row ok two; ok; }
case_some_fail() { row ok one; row 'not ok' two; row ok 'three # SKIP why # not'; not_ok; }
case_known_row() { row ok a; row 'not ok' b; not_ok; }
case_fixed_row() { row ok a; row ok b; ok; }
case_named() { row ok '\#GP at CPL 3'; row 'not ok' 'a <b> & "c"'; row ok '1..3'; row ok '- x'; row ok 'ok 1 x'; not_ok; }
case_fails_late() { row ok a; echo '# after the rows'; failed=$((failed + 1)); echo "not ok $number $name # time=1.0ms"; }
END
	TIMEOUT=1 runner "$@"
	equal "$status" 1
	equal "$(jq -rs '[.[1:][].verdict] | unique | join(" ")' logs/results.jsonl)" \
		'CRASH ERROR FAIL FIXED KNOWN PASS SKIP TIMEOUT'
}

junit() {
	xmllint --noout --schema "$FORMATS/junit.xsd" "${1:-logs/junit.xml}" 2>&1
}

ktap() {
	awk -f "$FORMATS/ktap.awk" -v dump=1 "${1:-logs/results.ktap}"
}

# Every line JSON, with the documented keys of the documented types.
jsonl() {
	jq -es '
		def strings(keys): . as $o | all(keys[]; . as $k | $o[$k] | type == "string");
		(.[0] | keys == ["run"]) and
		(.[0].run | keys == ["accel", "arch", "commit", "guest_of", "host", "host_cpu", "host_kernel", "nested", "seconds", "started", "vmm", "vmm_path", "vmm_version"] and
			strings(["accel", "arch", "commit", "guest_of", "host", "host_cpu", "host_kernel", "started", "vmm", "vmm_path", "vmm_version"]) and
			(.nested | type == "boolean" or . == null) and (.seconds | type == "number")) and
		all(.[1:][]; keys - ["row"] == ["arch", "bugs", "case", "file", "line", "message", "ms", "spec", "test", "verdict"] and
			strings(["arch", "case", "file", "message", "spec", "test"]) and (.row // "" | type == "string") and
			(.verdict | IN("PASS", "FAIL", "SKIP", "KNOWN", "FIXED", "CRASH", "TIMEOUT", "ERROR")) and
			(.bugs | type == "array" and all(.[]; type == "string")) and
			(.line, .ms | type == "number" or . == null)) and
		(length > 1)' logs/results.jsonl >/dev/null
}

@test "a run with every verdict in every format" {
	everything
	jsonl
	# Each line for itself, and nothing between them.
	while IFS= read -r line; do
		jq -e . <<<"$line" >/dev/null
	done <logs/results.jsonl
	run junit
	equal "$output" 'logs/junit.xml validates'
	run ktap
	equal "$status" 0
	equal "$(grep '^1 ' <<<"$output")" '1 not ok x86_64/t
1 not ok x86_64/rows
1 not ok x86_64/broken
1 ok x86_64/other
1 ok i386/t
1 ok i386/rows
1 ok i386/other'
	contains "$output" '2 ok passes
2 not ok fails
2 ok SKIP skips
2 ok XFAIL known
2 ok fixed
2 not ok crashes
2 not ok TIMEOUT hangs
1 not ok x86_64/t
3 ok one
3 ok two
2 ok all_pass
3 ok one
3 not ok two
3 ok SKIP three
2 not ok some_fail
3 ok a
3 ok XFAIL b
2 ok XFAIL known_row'
	contains "$output" '3 ok GP at CPL 3
3 not ok a <b> & "c"
3 ok 1..3
3 ok - x
3 ok ok 1 x
2 not ok named
3 ok a
2 not ok fails_late'
	contains "$output" '2 not ok ERROR never'
	contains "$(<logs/results.ktap)" 'not ok 6 crashes # CRASH: the VMM died of signal 11 (SIGSEGV)'
	contains "$(<logs/results.ktap)" 'not ok 7 hangs # TIMEOUT no sign of life for 1 s'
}

@test "the formats agree with each other" {
	everything
	local verdict count
	# xpath EXPRESSION
	xpath() { xmllint --xpath "$1" logs/junit.xml; }
	# cases VERDICT...
	cases() { jq -s --arg verdicts "$*" '[.[1:][] | select(has("row") | not) | select(.verdict | IN($verdicts | split(" ")[]))] | length' logs/results.jsonl; }
	equal "$(xpath 'count(//testcase)')" "$(cases PASS FAIL SKIP KNOWN FIXED CRASH TIMEOUT ERROR)"
	equal "$(xpath 'count(//failure)')" "$(cases FAIL)"
	equal "$(xpath 'count(//skipped)')" "$(cases SKIP KNOWN)"
	for verdict in CRASH TIMEOUT ERROR; do
		equal "$(xpath "count(//error[@type='$verdict'])")" "$(cases "$verdict")"
	done
	equal "$(xpath 'sum(//testsuite/@failures)')" "$(xpath 'count(//failure)')"
	equal "$(xpath 'sum(//testsuite/@tests)')" "$(xpath 'count(//testcase)')"
	equal "$(xpath 'sum(//testsuite/@errors)')" "$(xpath 'count(//error)')"
	equal "$(xpath 'sum(//testsuite/@skipped)')" "$(xpath 'count(//skipped)')"
	equal "$(ktap | grep -c '^2 ')" "$(cases PASS FAIL SKIP KNOWN FIXED CRASH TIMEOUT ERROR)"
	equal "$(ktap | grep -c '^2 not ok')" "$(cases FAIL CRASH TIMEOUT ERROR)"
	equal "$(ktap | grep -c '^3 ')" "$(jq -s '[.[1:][] | select(has("row"))] | length' logs/results.jsonl)"
	equal "$(ktap | grep -c '^3 not ok')" "$(jq -s '[.[1:][] | select(.row and .verdict == "FAIL")] | length' logs/results.jsonl)"
}

@test "rounds, --strict, an image without source lines, and a run that is interrupted" {
	everything --repeat 2 --strict
	jsonl
	junit
	ktap >/dev/null
	printf '%s\n' $'alpha\t\t\t\t\t' $'beta\t<rule>\tSDM "&"\ta;b&;\t<f>.c\tx' gamma >build/x86_64/t.list
	unset FAKE
	rm scripts/vmm/qemu/known.cfg
	runner x86_64/t
	equal "$status" 0
	jsonl
	junit
	ktap >/dev/null
	scenario <<'END'
case_beta() { kill -TERM "$PPID"; hang; }
END
	image u one
	tests '[u]' '[t]'
	runner -j1 --arch x86_64
	equal "$status" 130
	jsonl
	junit
	ktap
}

@test "an interrupted run before anything is judged is valid, too" {
	scenario <<'END'
before() { kill -TERM "$PPID"; hang; }
END
	runner
	equal "$status" 130
	jq -e .run logs/results.jsonl
	junit
	ktap
}

@test "the checkers see what is wrong" {
	local bad
	everything
	# Each expression of sed, applied to good results, is one fault.
	while IFS= read -r bad; do
		sed "$bad" logs/results.ktap >bad.ktap
		! cmp -s logs/results.ktap bad.ktap || { echo "no change: $bad"; return 1; }
		! ktap bad.ktap >/dev/null || { echo "not seen: $bad"; return 1; }
	done <<'END'
1d
/^1\.\./d
/^1\.\./s/$/0/
1s/1/2/
/^1\.\./{h;d};$G
s/^  ok 1 /  ok 2 /
s/^  ok 1 passes/  ok passes/
s/^  ok 1 passes/   ok 1 passes/
s/^  KTAP/ KTAP/
/^    KTAP version/d
/^    1\.\./d
s/^\(  ok 1 \)passes/\1pas#ses/
s/# TIMEOUT .*/# TIMEOUT/
s/not ok\(.* # TIMEOUT\)/ok\1/
s/# SKIP/# skip/
s/^not ok \(.*\) x86_64\/t$/ok \1 x86_64\/t/
s/^\( *# Subtest: \)some_fail/\1other/
/not ok 3 x86_64/d
$s/$/\nhello/
END
	while IFS= read -r bad; do
		sed "$bad" logs/junit.xml >bad.xml
		! cmp -s logs/junit.xml bad.xml || { echo "no change: $bad"; return 1; }
		! junit bad.xml >/dev/null || { echo "not seen: $bad"; return 1; }
	done <<'END'
s/classname=/class=/
s/time="0/time="-0/
s/ tests="[0-9]*"/ tests="many"/
s/&amp;/\&/
s/<skipped /<ignored /
s/<testcase /<testcase file="a.c" line="7" /
s/timestamp="[^"]*/&Z/
s/ hostname="[^"]*"//
s/ id="0"//
s/<system-err.>//
s/<testsuites>/<testsuites tests="3">/
s/\(<skipped [^>]*>\)/\1\1/
END
}

@test "a suite's time is that of the clock, and its beginning is in UTC" {
	scenario <<'END'
case_beta() { hang; }
END
	TZ=Asia/Tokyo TIMEOUT=1.5 runner
	judged 'alpha=PASS beta=TIMEOUT gamma=PASS'
	junit
	(($(xmllint --xpath 'number(//testsuite/@time) > 1.4' logs/junit.xml | sed 's/true/1/;s/false/0/')))
	contains "$(xmllint --xpath 'string(//testsuite/@timestamp)' logs/junit.xml)" "$(date -u +%Y-%m-%dT)"
}

@test "--junit-rows: rows are test cases of their own" {
	everything --junit-rows
	junit
	jsonl
	ktap >/dev/null
	xpath() { xmllint --xpath "$1" logs/junit.xml; }
	equal "$(xpath 'count(//testcase)')" "$(jq -s 'length - 1' logs/results.jsonl)"
	equal "$(xpath 'sum(//testsuite/@tests)')" "$(xpath 'count(//testcase)')"
	equal "$(xpath 'sum(//testsuite/@failures)')" "$(xpath 'count(//failure)')"
	equal "$(xpath 'count(//testcase[@classname="x86_64/rows.some_fail"])')" 3
	contains "$(xpath 'string(//testcase[@classname="x86_64/rows.some_fail" and @name="two"]/failure)')" 'EXPECT_EQ(row, wanted)'
	equal "$(xpath 'string(//testcase[@classname="x86_64/rows.some_fail" and @name="three"]/skipped/@message)')" 'why # not'
}
