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

@test "a SKIP without a reason is a skip, of a case and of a row" {
	scenario <<'END'
case_alpha() { row ok 'one # SKIP'; ok; }
case_gamma() { skip; }
END
	runner t
	contains "$(row_verdicts)" 'alpha/one=SKIP'
	contains "$(verdicts)" 'gamma=SKIP'
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
	contains "$(tail -n 1 "$FAKE_STARTS")" '-append debug-exit=0xf4 from=3'
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

@test "VMM dies between plan and first case: charged to this one" {
	scenario <<'END'
gap_alpha() { die ABRT; }
END
	runner
	judged 'alpha=CRASH beta=PASS gamma=PASS'
	contains "$(message alpha)" 'SIGABRT), before the first case'
	equal "$(boots)" 2
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
	contains "$(tail -n 1 "$FAKE_STARTS")" '-append debug-exit=0xf4 case=alpha,beta,delta from=3'
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
	refused 'version 2.11.1; at least 5.2'
}

@test "VMM whose --version is garbage" {
	FAKE_VERSION='hello \x00\xff\x1b[31m world' runner
	refused '--version'
}

@test "VMM whose --version is empty" {
	FAKE_VERSION='' runner
	refused '--version'
}

@test "KVM gives up and QEMU waits: a CRASH at once, with KVM's words and registers" {
	scenario <<'END'
case_beta() {
	echo 'qemu-system-x86_64: warning: Number of SMP cpus requested (4) exceeds the recommended cpus' >&2
	echo 'KVM internal error. Suberror: 1' >&2
	echo 'RAX=0000000000000001 RBX=0000000000000002' >&2
	hang
}
END
	SECONDS=0
	ACCEL=kvm runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	((SECONDS < 8))
	equal "$(message beta | head -n 1)" 'KVM internal error. Suberror: 1'
	contains "$(message beta)" 'RAX=0000000000000001'
}

@test "a warning is not what a failure begins with" {
	scenario <<'END'
case_beta() {
	echo 'qemu-system-x86_64: warning: something' >&2
	echo 'qemu-system-x86_64: the reason' >&2
	exit 1
}
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta | head -n 1)" '; qemu-system-x86_64: the reason'
}
