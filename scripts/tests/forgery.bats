#!/usr/bin/env bats
# What the runner makes of guests that start again or give up, of garbage, and of forged lines.
load helper

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
