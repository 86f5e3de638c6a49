#!/usr/bin/env bats
# What the runner makes of consoles that say two things at once, or something else than the exit status does.
load helper

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
