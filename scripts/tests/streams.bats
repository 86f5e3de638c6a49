#!/usr/bin/env bats
# What the runner makes of consoles that say too little, too much, or two things at once. No case may pass, or be skipped,
# that did not.
load helper

# ------------------------------------------------------------------------------------------------- plans

@test "no totals: the last case does not pass" {
	scenario <<'END'
totals() { :; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=CRASH'
}

@test "no plan" {
	scenario <<'END'
plan() { :; }
END
	runner
	judged 'alpha=FAIL beta=PASS gamma=PASS'
	contains "$(message alpha)" 'no plan'
}

@test "a plan that is too short, and results as it says" {
	scenario <<'END'
cases=("${cases[@]:0:2}") count=2
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "a plan that is too short, and all results" {
	scenario <<'END'
count=2
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message alpha)" 'a plan of 2 cases instead of 3'
}

@test "a plan that is too long" {
	scenario <<'END'
count=4
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "a plan after the results" {
	scenario <<'END'
plan() { :; }
totals() { echo 1..3; echo "# totals: pass=3 fail=0 skip=0"; }
END
	runner
	judged 'alpha=FAIL beta=PASS gamma=FAIL'
}

@test "two plans" {
	scenario <<'END'
plan() { echo 1..3; echo 1..3; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "no plan, and a crash in a case" {
	scenario <<'END'
plan() { :; }
case_beta() { exit 1; }
END
	runner
	lacks "$(verdicts)" alpha=PASS
	contains "$(verdicts)" beta=CRASH
	equal "$status" 1
}

@test "a wrong plan, and a crash in a case" {
	scenario <<'END'
plan() { echo 1..5; }
case_beta() { exit 1; }
END
	runner
	lacks "$(verdicts)" alpha=PASS
	contains "$(verdicts)" beta=CRASH
	equal "$status" 1
}

@test "results end early, honest totals of what there was" {
	scenario <<'END'
cases=(alpha beta)
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "no case at all" {
	scenario <<'END'
cases=() count=0
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "console of a file cut in the middle of a line" {
	console 33 < <(printf 'KTAP version 1\n1..3\n# start 1 alpha\nok 1 alpha # time=1.0ms\n# start 2 beta\nok 2 be')
	runner
	lacks "$(verdicts)" beta=PASS
	lacks "$(verdicts)" gamma=PASS
	equal "$status" 1
}

@test "console that ends without a newline behind the totals" {
	scenario <<'END'
totals() { printf '# totals: pass=3 fail=0 skip=0'; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

# ------------------------------------------------------------- lines that are lost, or printed into others

# each_console LINES...: consoles whose lines have names, from a table "NAME|VERDICTS|WORDS|LINE WITH \\n": LINE stands
# for the one of that name in the honest console below.
LINES=(header plan start_alpha ok_alpha start_beta ok_beta start_gamma ok_gamma totals)
# shellcheck disable=SC2034 # by name, in each_console
honest() {
	header='KTAP version 1' plan=1..3 totals='# totals: pass=3 fail=0 skip=0'
	start_alpha='# start 1 alpha' start_beta='# start 2 beta' start_gamma='# start 3 gamma'
	ok_alpha='ok 1 alpha # time=0.5ms' ok_beta='ok 2 beta # time=0.5ms' ok_gamma='ok 3 gamma # time=0.5ms'
}
each_console() {
	local row line
	while IFS='|' read -r -a row; do
		honest
		printf -v "${row[0]}" '%b' "${row[3]}"
		for line in "${LINES[@]}"; do
			[[ -z ${!line} ]] || printf '%s\n' "${!line}"
		done >"$P/console"
		FAKE_CONSOLE=$P/console runner
		echo "console: ${row[*]}"
		judged "${row[1]}"
		contains "$(<logs/results.jsonl)" "${row[2]}"
	done
}

@test "a line that is lost costs the case that it belongs to" {
	each_console <<'END'
header|alpha=FAIL beta=PASS gamma=PASS|no 'KTAP version 1'|
plan|alpha=FAIL beta=PASS gamma=PASS|no plan|
start_alpha|alpha=FAIL beta=PASS gamma=PASS|no start mark|
ok_alpha|alpha=FAIL beta=PASS gamma=PASS|no result before the start|
start_beta|alpha=PASS beta=FAIL gamma=PASS|no start mark|
ok_beta|alpha=PASS beta=FAIL gamma=PASS|no result before the start|
start_gamma|alpha=PASS beta=PASS gamma=FAIL|no start mark|
ok_gamma|alpha=PASS beta=PASS gamma=FAIL|no result before the totals|
totals|alpha=PASS beta=PASS gamma=CRASH|before the totals|
END
}

@test "a line into which the VMM has printed costs the case that it belongs to" {
	each_console <<'END'
header|alpha=PASS beta=PASS gamma=PASS|"verdict"|Booting from ROM..KTAP version 1
plan|alpha=FAIL beta=PASS gamma=PASS|qemu: foo 1..3|qemu: foo 1..3
start_alpha|alpha=FAIL beta=PASS gamma=PASS|qemu: foo # start|qemu: foo # start 1 alpha
ok_alpha|alpha=FAIL beta=PASS gamma=PASS|qemu: foo ok 1|qemu: foo ok 1 alpha # time=0.1ms
ok_alpha|alpha=FAIL beta=PASS gamma=PASS|time=0.1msqemu|ok 1 alpha # time=0.1msqemu: foo
start_beta|alpha=PASS beta=FAIL gamma=PASS|qemu: foo # start|qemu: foo # start 2 beta
start_beta|alpha=FAIL beta=FAIL gamma=PASS|no start mark|# start 2 betaqemu: foo
ok_beta|alpha=PASS beta=FAIL gamma=PASS|qemu: foo ok 2|qemu: foo ok 2 beta # time=0.1ms
ok_gamma|alpha=PASS beta=PASS gamma=FAIL|qemu: foo ok 3|qemu: foo ok 3 gamma # time=0.1ms
totals|alpha=PASS beta=PASS gamma=FAIL|qemu: foo|qemu: foo# totals: pass=3 fail=0 skip=0
END
}

@test "a result that is not written as one is none" {
	each_console <<'END'
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 2 beta # time=0.1ms\rnot ok 2 beta
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 2 beta # time=0.1ms KVM internal error
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 2 beta # time=0.1ms                not ok
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 2 beta # time=1ms
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 2 beta # SKIPPED not
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 2 beta # SKIP no\rnot ok 2 beta
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|not ok 2 beta # SKIP whatever
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 2 beta # TODO later
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 0000002 beta # time=0.1ms
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok +2 beta # time=0.1ms
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|ok 2  beta # time=0.1ms
plan|alpha=FAIL beta=PASS gamma=PASS|1..03|1..03
ok_beta|alpha=PASS beta=FAIL gamma=PASS|a plan of 5 rows, and 1 came|  KTAP version 1\n  1..5\n  ok 1 one\nok 2 beta # time=0.1ms
ok_beta|alpha=PASS beta=PASS gamma=PASS|"verdict"|  KTAP version 1\n  # Subtest: beta\n  1..1\n  ok 1 one\nok 2 beta # time=0.1ms
ok_beta|alpha=PASS beta=FAIL gamma=PASS|"verdict"|  KTAP version 1\n  ok 1 one # time=0.1ms\nok 2 beta # time=0.1ms
END
}

@test "text after the totals is an error of the last case" {
	each_console <<'END'
totals|alpha=PASS beta=PASS gamma=ERROR|text after the totals|# totals: pass=3 fail=0 skip=0\nKVM internal error. Suberror: 1
totals|alpha=PASS beta=PASS gamma=PASS|"verdict"|# totals: pass=3 fail=0 skip=0\n\n
END
}

@test "what a sanitizer of the VMM reports is an error of the last case, whatever the exit status" {
	local report
	for report in '==7==ERROR: AddressSanitizer: heap-use-after-free' 'x.c:8:2: runtime error: shift exponent 64 is too large'; do
		printf 'after() { echo %q >&2; }\n' "$report" >"$P/scenario"
		FAKE=$P/scenario runner
		judged 'alpha=PASS beta=PASS gamma=ERROR'
		contains "$(message gamma)" "$report"
	done
}

@test "the words of a case after one whose result is lost are its own" {
	scenario <<'END'
case_beta() { :; }
case_gamma() { not_ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=FAIL'
	contains "$(message gamma)" 'EXPECT_EQ(one, two)'
	lacks "$(message beta)" 'EXPECT_EQ(one, two)'
}

@test "a case that prints the start mark of the next" {
	scenario <<'END'
case_beta() { start 3 gamma; echo '# words of beta'; not_ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	contains "$(message beta)" 'words of beta'
}

@test "a case that prints the start mark and the result of the next" {
	scenario <<'END'
case_beta() { start 3 gamma; echo 'ok 3 gamma # time=0.1ms'; ok; }
END
	runner
	lacks "$(verdicts)" beta=PASS
	equal "$status" 1
}

@test "a case that prints the start mark of the next and crashes: the next is booted" {
	scenario <<'END'
case_beta() { start 3 gamma; die SEGV; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
}

# -------------------------------------------------------------------------------------------- contradictions

@test "totals that lie" {
	scenario <<'END'
totals() { echo '# totals: pass=4 fail=0 skip=0'; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message alpha)" 'pass=4'
}

@test "totals that hide a failure: it stays one" {
	scenario <<'END'
case_beta() { not_ok; }
totals() { echo '# totals: pass=3 fail=0 skip=0'; }
END
	runner
	judged 'alpha=ERROR beta=FAIL gamma=ERROR'
}

@test "totals that are no totals" {
	scenario <<'END'
totals() { echo '# totals: banana'; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "totals twice" {
	scenario <<'END'
after() { totals; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "exit status says passed, the results do not" {
	scenario <<'END'
case_beta() { not_ok; }
STATUS=33
END
	runner
	judged 'alpha=ERROR beta=FAIL gamma=ERROR'
	contains "$(message alpha)" 'ended the VMM as passed'
}

@test "exit status says failed, the results do not" {
	scenario <<'END'
STATUS=35
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "s390x has exit statuses of its own: 0 says passed, 1 says failed" {
	local row
	ARCH=s390x image t alpha beta gamma
	while IFS='|' read -r -a row; do
		printf 'case_beta() { %s; }\nSTATUS=%s\n' "${row[1]}" "${row[0]}" >"$P/scenario"
		FAKE=$P/scenario FAKE_VERSION="QEMU emulator version ${row[2]}" runner --arch s390x
		judged "${row[3]}"
	done <<'END'
0|ok|7.1.0|alpha=PASS beta=PASS gamma=PASS
1|not_ok|7.1.0|alpha=PASS beta=FAIL gamma=PASS
0|not_ok|7.1.0|alpha=ERROR beta=FAIL gamma=ERROR
1|ok|7.1.0|alpha=ERROR beta=ERROR gamma=ERROR
0|ok|7.0.0|alpha=PASS beta=PASS gamma=PASS
0|not_ok|7.0.0|alpha=PASS beta=FAIL gamma=PASS
1|ok|7.0.0|alpha=PASS beta=PASS gamma=CRASH
END
	runner --arch s390x --print-command t
	contains "$output" '-action panic=exit-failure'
	FAKE_VERSION='QEMU emulator version 7.0.0' runner --arch s390x --print-command t
	lacks "$output" '-action'
}

@test "QEMU's own words stand in the results if it does not start on s390x" {
	ARCH=s390x image t alpha beta gamma
	scenario <<'END'
echo 'no such CPU' >&2
exit 1
END
	runner --arch s390x
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message alpha)" 'no such CPU'
}

@test "a result twice" {
	scenario <<'END'
case_beta() { ok; ok; }
END
	runner
	judged 'alpha=ERROR beta=FAIL gamma=ERROR'
}

@test "a result twice, first passed, then failed" {
	scenario <<'END'
case_beta() { ok; not_ok; }
END
	runner
	lacks "$(verdicts)" PASS
	equal "$status" 1
}

@test "a result under another name" {
	scenario <<'END'
case_beta() { ok 2 betta; }
END
	runner
	contains "$(verdicts)" beta=FAIL
	equal "$status" 1
}

@test "a result of another case" {
	scenario <<'END'
case_beta() { ok 3 gamma; }
END
	runner
	contains "$(verdicts)" beta=FAIL
	lacks "$(verdicts)" beta=PASS
	equal "$status" 1
}

@test "a result with another number" {
	scenario <<'END'
case_beta() { ok 7; }
END
	runner
	contains "$(verdicts)" beta=FAIL
	equal "$status" 1
}

@test "a result without start mark" {
	scenario <<'END'
gap_beta() { ok; }
END
	runner
	lacks "$(verdicts)" beta=PASS
	equal "$status" 1
}

@test "start marks without results" {
	scenario <<'END'
case_beta() { :; }
END
	runner
	lacks "$(verdicts)" beta=PASS
	equal "$status" 1
}

@test "cases in another order" {
	scenario <<'END'
cases=(beta alpha gamma)
END
	runner
	judged 'alpha=FAIL beta=FAIL gamma=PASS'
}

@test "a case left out" {
	scenario <<'END'
cases=(alpha gamma)
END
	runner
	judged 'alpha=FAIL beta=ERROR gamma=ERROR'
}

@test "a case that nobody declared" {
	scenario <<'END'
cases=(alpha beta gamma delta)
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=FAIL'
}

@test "a result after the totals" {
	scenario <<'END'
after() { echo 'ok 3 gamma'; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "a failure after the totals" {
	scenario <<'END'
after() { echo 'not ok 3 gamma'; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "a start mark after the totals" {
	scenario <<'END'
after() { echo '# start 4 delta'; }
END
	runner
	lacks "$(verdicts)" gamma=PASS
	equal "$status" 1
}

@test "the guest panics after the totals" {
	scenario <<'END'
after() { echo 'Bail out! the test library itself failed'; }
END
	runner
	lacks "$(verdicts)" gamma=PASS
	equal "$status" 1
}

# GLib's g_assert() prints its last words on standard output, where the console is.
@test "the VMM dies of its own assertion" {
	scenario <<'END'
case_beta() { echo 'Bail out! ERROR:../accel/x.c:81:handle: assertion failed: (locked())'; die ABRT; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
}

@test "the VMM dies where its code should not be reached" {
	scenario <<'END'
case_beta() { echo 'Bail out! ERROR:../target/x.c:396:get_mem_index: code should not be reached'; die ABRT; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
}

@test "the guest bails out with words like those of an assertion" {
	scenario <<'END'
case_beta() { echo 'Bail out! ERROR:x.c:81:handle: assertion failed: (locked())'; exit 35; }
END
	runner
	lacks "$(verdicts)" beta=PASS
	lacks "$(verdicts)" beta=CRASH
}

@test "a passing case with failing rows does not pass" {
	scenario <<'END'
case_beta() { row ok one; row 'not ok' two; ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	equal "$(row_verdicts)" 'beta/one=PASS beta/two=FAIL'
}

@test "a skipped case with failing rows does not count as skipped" {
	scenario <<'END'
case_beta() { row 'not ok' one; skip whatever; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
}

@test "row numbers that are wrong" {
	scenario <<'END'
case_beta() { row ok one 1; row ok two 5; ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
}

@test "two rows of the same name" {
	scenario <<'END'
case_beta() { row ok one; row ok one; ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
}

@test "a row between two cases is charged to the one before" {
	scenario <<'END'
gap_beta() { echo '  ok 1 stray'; }
END
	runner
	judged 'alpha=FAIL beta=PASS gamma=PASS'
}

@test "time that is no number stays out of the results" {
	scenario <<'END'
case_beta() { echo 'ok 2 beta # time=1,"verdict":"PASS"ms'; passed=$((passed + 1)); }
END
	runner
	jq -e . logs/results.jsonl >/dev/null
	xmllint --noout logs/junit.xml
	contains "$(verdicts)" 'alpha=PASS beta='
}

# ------------------------------------------------------------------------------------- reboots, bail out

@test "a first line of KTAP in a case that goes on" {
	scenario <<'END'
case_beta() { header; plan; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
}

@test "the guest starts again and then runs all cases well" {
	scenario <<'END'
case_beta() {
	header; plan
	start 1 alpha; ok 1 alpha; start 2 beta; ok 2 beta; start 3 gamma; ok 3 gamma
	echo '# totals: pass=3 fail=0 skip=0'
	exit 33
}
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
}

@test "the guest starts again after the totals" {
	scenario <<'END'
after() { header; plan; }
END
	runner
	lacks "$(verdicts)" gamma=PASS
	equal "$status" 1
}

@test "the guest starts again for ever" {
	scenario <<'END'
case_beta() { while :; do header; plan; start 1 alpha; ok 1 alpha; start 2 beta; sleep 0.1; done; }
END
	TIMEOUT=1 runner t:beta
	judged beta=TIMEOUT
	contains "$(message beta)" 'started again'
}

@test "bail out before the plan" {
	scenario <<'END'
plan() { echo "Bail out! unknown argument 'x'"; exit 35; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message beta)" "unknown argument 'x'"
	equal "$(boots)" 1
}

@test "bail out in a case" {
	scenario <<'END'
case_beta() { echo 'Bail out! no memory'; exit 35; }
END
	runner
	judged 'alpha=PASS beta=ERROR gamma=PASS'
	contains "$(message beta)" 'no memory'
}

@test "bail out, and on as if nothing had been" {
	scenario <<'END'
case_beta() { echo 'Bail out!'; ok; }
END
	runner
	judged 'alpha=PASS beta=ERROR gamma=PASS'
}

# ------------------------------------------------------------------------------------- garbage and forgery

@test "text in a case that is not KTAP" {
	scenario <<'END'
case_beta() { echo 'hello world'; ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	contains "$(message beta)" 'hello world'
}

@test "text between two cases that is not KTAP" {
	scenario <<'END'
gap_beta() { echo 'hello world'; }
END
	runner
	judged 'alpha=FAIL beta=PASS gamma=PASS'
}

@test "binary garbage in a case" {
	scenario <<'END'
case_beta() { printf '\x00\x01\xff\xfe\x80garbage\x00\n'; ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	jq -e . logs/results.jsonl >/dev/null
}

@test "NUL bytes in a result" {
	scenario <<'END'
case_beta() { printf 'ok 2 be\x00ta # time=0.1ms\n'; passed=$((passed + 1)); }
END
	runner
	contains "$(verdicts)" beta=
	lacks "$(verdicts)" beta=PASS
	equal "$status" 1
}

@test "a NUL byte before a failing result" {
	scenario <<'END'
case_beta() { printf '\x00'; not_ok; }
END
	runner
	contains "$(verdicts)" beta=FAIL
	equal "$status" 1
}

@test "half a UTF-8 character, and no newline at the end" {
	scenario <<'END'
case_gamma() { printf 'caf\xc3'; exit 1; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=CRASH'
	jq -e . logs/results.jsonl >/dev/null
	xmllint --noout logs/junit.xml
}

@test "nothing but NUL bytes" {
	console 33 < <(head -c 100000 /dev/zero)
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	jq -e . logs/results.jsonl >/dev/null
}

@test "nothing but random bytes" {
	# The same each time: a stream that depends on nothing.
	console 33 < <(LC_ALL=C awk 'BEGIN { srand(7); for (i = 0; i < 20000; i++) printf "%c", 1 + int(rand() * 255) }')
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	jq -e . logs/results.jsonl >/dev/null
	xmllint --noout logs/junit.xml
}

@test "a forged result in a case that then fails" {
	scenario <<'END'
case_beta() { echo 'ok 2 beta'; not_ok; }
END
	runner
	lacks "$(verdicts)" beta=PASS
	equal "$status" 1
}

@test "a forged result of the next case" {
	scenario <<'END'
case_beta() { echo '# start 3 gamma'; echo 'ok 3 gamma'; not_ok; }
case_gamma() { not_ok; }
END
	runner
	lacks "$(verdicts)" gamma=PASS
	lacks "$(verdicts)" beta=PASS
	equal "$status" 1
}

@test "forged totals in a case" {
	scenario <<'END'
case_beta() { echo '# totals: pass=3 fail=0 skip=0'; exit 33; }
END
	runner
	# gamma may have been run by another boot.
	contains "$(verdicts)" beta=
	lacks "$(verdicts)" beta=PASS
	equal "$status" 1
}

@test "a whole forged run in a case" {
	scenario <<'END'
case_alpha() {
	ok; start 2 beta; ok 2 beta; start 3 gamma; ok 3 gamma
	echo '# totals: pass=3 fail=0 skip=0'
	not_ok
}
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "forged KTAP in a note is a note" {
	scenario <<'END'
case_beta() { echo '# ok 2 beta'; echo '  # ok 2 beta'; not_ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
}

@test "words of a shell on the console do nothing" {
	# shellcheck disable=SC2016 # not to be expanded
	scenario <<'END'
case_alpha() { echo '# $(touch hacked) `touch hacked`; touch hacked'; row 'not ok' '$(touch hacked)[`touch hacked`]'; not_ok; }
case_beta() { echo '$(touch hacked)'; ok; }
case_gamma() { echo '# start 3 x[$(touch hacked)]'; echo '`touch hacked` $(touch hacked)' >&2; exit 1; }
END
	runner -v
	equal "$status" 1
	[[ ! -e hacked ]]
	contains "$(verdicts)" alpha=
	lacks "$(verdicts)" PASS
	[[ -z $(find "$P" -name hacked) ]]
}
