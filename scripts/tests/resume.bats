#!/usr/bin/env bats
# Boots that end before their cases have: every case gets its verdict, and the message says how it came to that.
load helper

@test "a TIMEOUT is resumed after the case that hangs" {
	image t alpha beta gamma delta
	scenario <<'END'
case_alpha() { hang; }
case_gamma() { hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=TIMEOUT beta=PASS gamma=TIMEOUT delta=PASS'
	equal "$(awk '$2 != "--version"' "$FAKE_STARTS" | grep -o 'from=.*' | tr '\n' ' ')" 'from=2 from=4 '
}

@test "crash, hang and bail out one after the other: each is what it was" {
	image t a b c d e
	scenario <<'END'
case_a() { die SEGV; }
case_b() { hang; }
case_c() { echo 'Bail out! no memory'; exit 35; }
case_d() { not_ok; }
END
	TIMEOUT=1 runner
	judged 'a=CRASH b=TIMEOUT c=ERROR d=FAIL e=PASS'
}

@test "a VMM that dies in every one of many cases: a verdict each, a boot each" {
	# shellcheck disable=SC2046 # many words
	image t $(seq -f 'case_%g' 40)
	scenario <<'END'
start() { echo "# start $number $name"; exit 1; }
END
	runner
	equal "$status" 1
	equal "$(jq -r 'select(.verdict == "CRASH").case' logs/results.jsonl | sort -u | wc -l)" 40
	equal "$(jq -s length logs/results.jsonl)" 41
	equal "$(boots)" 40
}

# -------------------------------------------------------------------------------- boots that come to no case

@test "a boot that dies before its first case costs that case, not the others" {
	image t alpha beta gamma delta
	scenario <<'END'
case_beta() { exit 1; }
plan() { echo "1..$count"; ((from != 3)) || exit 1; }
END
	runner
	# What ended the second boot is not lost: it is charged to the first case of it.
	judged 'alpha=PASS beta=CRASH gamma=CRASH delta=PASS'
	contains "$(message gamma)" 'status 1, before the first case'
	equal "$(boots)" 3
}

@test "two boots in a row that come to no case: it is not the case, and no third is tried" {
	image t a b c d e
	scenario <<'END'
case_a() { exit 1; }
plan() { echo "1..$count"; ((from == 1)) || die SEGV; }
END
	runner
	judged 'a=CRASH b=CRASH c=CRASH d=CRASH e=CRASH'
	contains "$(message b)" SIGSEGV
	contains "$(message e)" 'SIGSEGV), before the first case'
	equal "$(boots)" 3
}

@test "a boot that comes to no case now and then, but never twice in a row" {
	image t a b c d e f
	scenario <<'END'
plan() { echo "1..$count"; ((from % 2)) || exit 1; }
case_a() { exit 1; }
case_c() { exit 1; }
case_e() { exit 1; }
END
	runner
	judged 'a=CRASH b=CRASH c=CRASH d=CRASH e=CRASH f=CRASH'
	equal "$(boots)" 6
}

@test "the VMM does not start the second time: ERROR for one case, and the others run" {
	image t alpha beta gamma delta
	scenario <<'END'
case_alpha() { exit 1; }
before() { ((from != 2)) || { echo 'qemu: cannot allocate memory' >&2; exit 1; }; }
END
	runner
	judged 'alpha=CRASH beta=ERROR gamma=PASS delta=PASS'
	contains "$(message beta)" 'cannot allocate memory'
	equal "$(boots)" 3
}

@test "the VMM never starts again: ERROR for the rest, two boots more" {
	image t a b c d e
	scenario <<'END'
case_a() { exit 1; }
before() { ((from == 1)) || { echo 'qemu: cannot allocate memory' >&2; exit 1; }; }
END
	runner
	judged 'a=CRASH b=ERROR c=ERROR d=ERROR e=ERROR'
	contains "$(message e)" 'cannot allocate memory'
	equal "$(boots)" 3
}

@test "boots that hang before the plan: TIMEOUT, two of them" {
	image t a b c d
	scenario <<'END'
case_a() { exit 1; }
plan() { ((from == 1)) || hang; echo "1..$count"; }
END
	TIMEOUT=1 runner
	judged 'a=CRASH b=TIMEOUT c=TIMEOUT d=TIMEOUT'
	equal "$(boots)" 3
}

@test "a plan that lies, then death before the first case: nothing to go on with" {
	scenario <<'END'
plan() { echo '1..2'; die SEGV; }
END
	runner
	judged 'alpha=CRASH beta=CRASH gamma=CRASH'
	equal "$(boots)" 1
}

@test "--isolate: a boot that comes to no case is that case's alone" {
	scenario <<'END'
plan() { echo "1..$count"; [[ ${cases[0]} != beta ]] || exit 1; }
END
	runner --isolate
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	equal "$(boots)" 3
}

@test "--isolate: a VMM that never starts" {
	scenario <<'END'
before() { exit 1; }
END
	runner --isolate
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

# ------------------------------------------------------------------------------------- what the message says

@test "CRASH: exit status, the case's notes, the console's last lines, standard error with the registers" {
	scenario <<'END'
case_beta() {
	echo '# a note'
	echo 'EXCEPTION: vector 13 at 0x1234'
	printf 'KVM internal error. Suberror: 1\nRAX=0000000000000001 RBX=0\nRIP=000000000010abcd\n' >&2
	exit 3
}
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	equal "$(message beta)" 'QEMU ended with status 3; KVM internal error. Suberror: 1
a note
the console ends with:
  KTAP version 1
  # suite: fake
  # env: arch=x86_64
  1..3
  # start 1 alpha
  ok 1 alpha # time=0.5ms
  # start 2 beta
  # a note
  EXCEPTION: vector 13 at 0x1234
the VMM'"'"'s standard error:
  KVM internal error. Suberror: 1
  RAX=0000000000000001 RBX=0
  RIP=000000000010abcd'
	# And so say all.
	contains "$output" 'RIP=000000000010abcd'
	contains "$(<logs/results.ktap)" '#   RIP=000000000010abcd'
	contains "$(<logs/results.ktap)" '#   EXCEPTION: vector 13 at 0x1234'
	contains "$(xmllint --xpath 'string(//error)' logs/junit.xml)" '  RIP=000000000010abcd'
	contains "$(xmllint --xpath 'string(//error/@message)' logs/junit.xml)" 'QEMU ended with status 3; KVM internal error.'
	contains "$(<logs/report.html)" 'RIP=000000000010abcd'
	lacks "$(message alpha)" console
}

@test "TIMEOUT: the console's last lines, and standard error" {
	scenario <<'END'
case_beta() { echo '# waiting for the timer'; echo 'qemu: one' >&2; hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=TIMEOUT gamma=PASS'
	contains "$(message beta)" 'no sign of life for 1 s; qemu: one'
	contains "$(message beta)" $'the console ends with:\n'
	contains "$(message beta)" $'\n  # waiting for the timer'
	# One line of standard error is said once.
	equal "$(message beta | grep -c 'qemu: one')" 1
}

@test "ERROR: what the firmware said before it gave up" {
	scenario <<'END'
before() { printf 'BIOS 1.0\nerror: no such disk\nrescue>\n'; exit 1; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message alpha)" $'\n  error: no such disk\n  rescue>'
	# Once is enough.
	equal "$(message beta)" "QEMU ended with status 1; the console says 'BIOS 1.0'"
}

@test "the console's end is that of the boot, also of a later one, and also after a result" {
	scenario <<'END'
case_alpha() { echo '# first'; exit 1; }
case_beta() { echo '# second'; echo 'oh' >&2; echo 'dear' >&2; ok; exit 1; }
END
	runner
	judged 'alpha=CRASH beta=CRASH gamma=PASS'
	contains "$(message alpha)" '  # first'
	contains "$(message beta)" 'after the result'
	contains "$(message beta)" $'  # second\n  ok 1 beta'
	contains "$(message beta)" $'error:\n  oh\n  dear'
	lacks "$(message beta)" first
}

@test "the message is bounded, however much was said" {
	scenario <<'END'
case_beta() {
	for i in {1..500}; do
		echo "# line $i"
		echo "stderr $i" >&2
	done
	head -c 100000 /dev/zero | tr '\0' x
	head -c 100000 /dev/zero | tr '\0' y >&2
	die ABRT
}
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	local text
	text=$(message beta)
	((${#text} < 8000))
	equal "$(grep -c '^  stderr' <<<"$text")" 39
	contains "$text" $'\n  stderr 30\n  ...\n  stderr 492\n'
	contains "$text" $'\n  stderr 500\n  yyyy'
	contains "$text" $'with:\n  # line 492\n'
	contains "$text" $'\n  # line 500\n  xxxx'
}

@test "an end with NULs, escape sequences, tabs and half a character in it" {
	scenario <<'END'
case_beta() { printf '# \x00\x1b[2J\ta\\nb\n'; printf 'caf\xc3'; printf 'a\x00\x07b\\c\nx\xff\n\n' >&2; exit 1; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	equal "$stderr" ''
	jq -e . logs/results.jsonl >/dev/null
	xmllint --noout logs/junit.xml
	contains "$(message beta)" $'\n  # ??[2J a\\nb\n'
	contains "$(message beta)" $'\n  a??b\\c\n'
	lacks "$output" $'\x1b'
}

@test "a known deviation that kills the VMM: its message has the VMM's words as well" {
	printf '%s\n' '[d]' 'verdict = CRASH' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	scenario <<'END'
case_beta() { echo 'qemu: fatal: oh' >&2; echo 'R00=1' >&2; exit 1; }
END
	runner
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
	contains "$(message beta)" 'x Actual: y'
	contains "$(message beta)" 'R00=1'
}

@test "killed from outside, as by the OOM killer" {
	export P
	scenario <<'END'
case_beta() { echo $$ >"$P/victim"; hang; }
END
	(
		until [[ -s victim ]]; do sleep 0.05; done
		sleep 0.1
		kill -KILL "$(<victim)"
	) 3>&- &
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" 'died of signal 9 (SIGKILL), from outside'
}

@test "a VMM that goes on where the limit of the console would end it" {
	scenario <<'END'
case_beta() { trap '' XFSZ; exec yes hello; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" 'File too large'
}

@test "a gigabyte on the console, with results in between" {
	scenario <<'END'
case_beta() { yes '# x' | head -c 1000000000; ok; }
END
	runner # which may take no more than the 15 s that every run has here
	lacks "$(verdicts)" beta=PASS
	contains "$(verdicts)" gamma=PASS
	(($(du -sk logs | cut -f1) < 20000))
}

@test "KTAP of another image" {
	scenario <<'END'
cases=(one two three)
END
	runner
	lacks "$(verdicts)" PASS
	equal "$(jq -r 'select(.case).case' logs/results.jsonl | tr '\n' ' ')" 'alpha beta gamma '
	equal "$status" 1
}

@test "a line that is cut is not cut within an address, which would be another one's" {
	scenario <<'END'
case_beta() { printf '# backtrace'; for i in {1..20}; do printf ' 0xffffffff80001%03d' "$i"; done; echo; exit 1; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	[[ $(message beta | tail -n 1) =~ ^'  # backtrace'(' 0xffffffff80001'[0-9]{3}){9,10}' ...'$ ]]
}

# ------------------------------------------------------------------------------------- a judge that fails

# judge_that SHELL-WORDS: an awk that puts what the judge prints through these. It is the real one for all else.
judge_that() {
	mkdir bin
	printf '#!/bin/bash\nif [[ "$*" != *judge.awk* ]]; then exec %q "$@"; fi\n%q "$@" | %s\n' \
		"$(type -P awk)" "$(type -P awk)" "$1" >bin/awk
	chmod +x bin/awk
	export ASSAY_AWK=$P/bin/awk
	PATH=$P/bin:$PATH
}

@test "a judge that says nothing: every case is an ERROR" {
	judge_that 'true'
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message beta)" 'judge'
}

@test "a judge that ends in its midst, or leaves a case out, or judges one twice: ERROR, and nothing twice" {
	judge_that 'head -n 2'
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	rm -r bin
	judge_that "sed '/beta/d; s/^counts.*/counts\\tPASS\\t2/'"
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	rm -r bin
	judge_that "sed '/beta/p; s/^counts.*/counts\\tPASS\\t4/'"
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "a judge that fails in a later boot: what was judged before stays" {
	scenario <<'END'
case_alpha() { exit 1; }
END
	judge_that "sed '/CRASH/!s/^counts.*/counts\\tPASS\\t1/'"
	runner
	judged 'alpha=CRASH beta=ERROR gamma=ERROR'
}
