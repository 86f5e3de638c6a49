#!/usr/bin/env bats
# What the runner makes of consoles and of how VMMs end. No case may pass, or be skipped, that did not.
load helper

# ----------------------------------------------------------------------------------------- honest guests

@test "a guest that passes everything" {
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	equal "$stderr" ''
	equal "$(boots)" 1
}

@test "pass, fail and skip are what the guest says" {
	scenario <<'END'
case_beta() { not_ok; }
case_gamma() { skip no nested paging; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=SKIP'
	contains "$(message beta)" 'x86/fake/a.c:7: EXPECT_EQ(one, two)'
	contains "$(message beta)" 'actual   0x1'
	contains "$(message beta)" 'expected 0x2'
	equal "$(message gamma)" 'no nested paging'
}

@test "rows have verdicts of their own" {
	scenario <<'END'
case_beta() { row ok one; row 'not ok' two; row ok 'three # SKIP too small'; not_ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	equal "$(row_verdicts)" 'beta/one=PASS beta/two=FAIL beta/three=SKIP'
	equal "$(message beta/three)" 'too small'
	contains "$(message beta/two)" 'a.c:9'
}

@test "notes and leaks of a case that passes change nothing" {
	scenario <<'END'
case_alpha() { echo '# a word'; echo '# leaked: cr4'; echo '#'; ok; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "lines that end in CR LF" {
	scenario <<'END'
exec > >(sed -u 's/$/\r/')
after() { exec >&-; sleep 0.1; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "firmware's words before the first line" {
	scenario <<'END'
before() { printf 'SeaBIOS (version 1.16)\nBooting from ROM..\n\n'; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "every case fails" {
	scenario <<'END'
case_alpha() { not_ok; }
case_beta() { not_ok; }
case_gamma() { not_ok; }
END
	runner
	judged 'alpha=FAIL beta=FAIL gamma=FAIL'
}

# ---------------------------------------------------------------------------------------------- crashes

@test "VMM exits with 1 in a case: CRASH, and the others run" {
	scenario <<'END'
case_beta() { echo 'qemu: fatal: oh' >&2; exit 1; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" 'status 1'
	contains "$(message beta)" 'qemu: fatal: oh'
	equal "$(boots)" 2
	contains "$(tail -n 1 "$FAKE_STARTS")" '-append from=3'
}

@test "VMM exits with 139 in a case" {
	scenario <<'END'
case_beta() { exit 139; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" SIGSEGV
}

@test "VMM dies of SIGSEGV in a case" {
	scenario <<'END'
case_beta() { die SEGV; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" SIGSEGV
	equal "$stderr" ''
}

@test "VMM dies of SIGABRT in a case" {
	scenario <<'END'
case_beta() { die ABRT; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" SIGABRT
}

@test "VMM dies of SIGKILL in a case" {
	scenario <<'END'
case_beta() { die KILL; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" SIGKILL
}

@test "VMM exits with statuses that no signal has" {
	scenario <<'END'
case_alpha() { exit 160; }
case_beta() { exit 255; }
END
	runner
	judged 'alpha=CRASH beta=CRASH gamma=PASS'
	equal "$stderr" ''
}

@test "VMM dies in the first case, and in the last" {
	scenario <<'END'
case_alpha() { exit 1; }
case_gamma() { exit 1; }
END
	runner
	judged 'alpha=CRASH beta=PASS gamma=CRASH'
	equal "$(boots)" 2
}

@test "VMM dies in every case: each has its verdict, one boot each" {
	scenario <<'END'
case_alpha() { exit 1; }
case_beta() { die SEGV; }
case_gamma() { exit 0; }
END
	runner
	judged 'alpha=CRASH beta=CRASH gamma=CRASH'
	equal "$(boots)" 3
}

@test "VMM dies after rows of a case" {
	scenario <<'END'
case_beta() { row ok one; row 'not ok' two; exit 1; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	equal "$(row_verdicts)" 'beta/one=PASS beta/two=FAIL'
}

@test "VMM dies between two cases: charged to the one before" {
	scenario <<'END'
gap_beta() { ((from > 1)) || exit 1; }
END
	runner
	judged 'alpha=CRASH beta=PASS gamma=PASS'
}

@test "VMM dies before the first line: ERROR, booted once" {
	scenario <<'END'
before() { die ABRT; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	equal "$(boots)" 1
}

@test "VMM dies between plan and first case" {
	scenario <<'END'
gap_alpha() { exit 1; }
END
	runner
	lacks "$(verdicts)" PASS
	equal "$status" 1
	equal "$(jq -s length logs/results.jsonl)" 4
}

@test "VMM dies after the totals: the last case does not pass" {
	scenario <<'END'
after() { die SEGV; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=CRASH'
}

@test "VMM exits with 1 after the totals" {
	scenario <<'END'
STATUS=1
END
	runner
	judged 'alpha=PASS beta=PASS gamma=CRASH'
}

@test "VMM dies after a skip, before the totals" {
	scenario <<'END'
case_gamma() { skip because; die SEGV; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=CRASH'
}

@test "VMM that exits with 0 in a case, as after a triple fault" {
	scenario <<'END'
case_beta() { exit 0; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" 'reset or shutdown'
}

@test "VMM that exits with 33, passed, in a case" {
	scenario <<'END'
case_beta() { exit 33; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
}

@test "a crash with selected cases resumes among these" {
	image t alpha beta gamma delta
	scenario <<'END'
case_beta() { exit 1; }
END
	runner t:alpha t:beta,delta
	judged 'alpha=PASS beta=CRASH delta=PASS'
	contains "$(tail -n 1 "$FAKE_STARTS")" '-append case=alpha,beta,delta from=3'
}

@test "the log keeps the consoles of all boots of a test" {
	scenario <<'END'
case_beta() { echo 'oh no' >&2; exit 1; }
END
	runner
	equal "$(grep -c '^KTAP version 1' logs/x86_64/t.log)" 2
	equal "$(ls logs/x86_64)" $'t.log\nt.log.stderr'
	equal "$(cat logs/x86_64/t.log.stderr)" 'oh no'
}

# ----------------------------------------------------------------------------------- it does not even start

@test "VMM that refuses to start: ERROR with its words" {
	scenario <<'END'
before() { echo "qemu: unsupported machine type 'q36'" >&2; exit 1; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message gamma)" "unsupported machine type 'q36'"
	contains "$output" "unsupported machine type 'q36'"
	equal "$(boots)" 1
}

@test "VMM that exits with 0 without a word" {
	scenario <<'END'
before() { exit 0; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "VMM that exits with 33, passed, without a word" {
	scenario <<'END'
before() { exit 33; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "VMM that only prints the header" {
	scenario <<'END'
plan() { exit 33; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "firmware that finds nothing to boot" {
	scenario <<'END'
before() { echo 'No bootable device.'; exit 0; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message alpha)" 'No bootable device.'
}

@test "VMM whose binary cannot be executed" {
	printf '#!/no/such/interpreter\n' >bad
	chmod +x bad
	QEMU=$P/bad runner
	equal "$status" 2
	equal "${#stderr_lines[@]}" 1
	equal "$(boots)" 0
}

@test "VMM missing" {
	QEMU=/no/such/qemu runner
	refused '/no/such/qemu not found'
}

@test "VMM too old" {
	FAKE_VERSION='QEMU emulator version 2.11.1' runner
	refused 'version 2.11.1; at least 4.2'
}

@test "VMM whose --version is garbage" {
	FAKE_VERSION='hello \x00\xff\x1b[31m world' runner
	refused '--version'
}

@test "VMM whose --version is empty" {
	FAKE_VERSION='' runner
	refused '--version'
}

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
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
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

@test "a plan behind the results" {
	scenario <<'END'
plan() { :; }
totals() { echo 1..3; echo "# totals: pass=3 fail=0 skip=0"; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=FAIL'
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
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
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
gap_beta() { echo '    ok 1 stray'; }
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

@test "the guest starts anew and then runs all cases well" {
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

@test "the guest starts anew after the totals" {
	scenario <<'END'
after() { header; plan; }
END
	runner
	lacks "$(verdicts)" gamma=PASS
	equal "$status" 1
}

@test "the guest starts anew for ever" {
	scenario <<'END'
case_beta() { while :; do header; plan; start 1 alpha; ok 1 alpha; start 2 beta; sleep 0.1; done; }
END
	TIMEOUT=1 runner t:beta
	judged beta=TIMEOUT
	contains "$(message beta)" 'started anew'
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
case_beta() { echo '# ok 2 beta'; echo '    # ok 2 beta'; not_ok; }
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
