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

@test "console that ends without a newline after the totals" {
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
