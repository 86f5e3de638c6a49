#!/usr/bin/env bats
# VMMs that hang, flood the console, leave children behind, and runs that are interrupted.
load helper

@test "a case that hangs: TIMEOUT, and the others run" {
	scenario <<'END'
case_beta() { hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=TIMEOUT gamma=PASS'
	contains "$(message beta)" 'no sign of life for 1 s'
	equal "$(boots)" 2
}

@test "TIMEOUT may have an s after the number" {
	scenario <<'END'
case_gamma() { hang; }
END
	TIMEOUT=1s runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
}

@test "TIMEOUT goes before the timeout of unittests.cfg" {
	tests '[t]' 'timeout = 600'
	scenario <<'END'
case_gamma() { hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
}

@test "timeout of unittests.cfg" {
	tests '[t]' 'timeout = 1'
	scenario <<'END'
case_gamma() { hang; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
}

@test "TIMEOUT=0: none" {
	scenario <<'END'
case_beta() { sleep 1.5; ok; }
END
	tests '[t]' 'timeout = 1'
	TIMEOUT=0 runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "a slow test that gives signs of life is no hang" {
	scenario <<'END'
case_alpha() { sleep 0.6; ok; }
case_beta() { sleep 0.6; ok; }
case_gamma() { sleep 0.6; ok; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "hang before the first line" {
	scenario <<'END'
before() { hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=TIMEOUT beta=TIMEOUT gamma=TIMEOUT'
	equal "$(boots)" 1
}

@test "hang between two cases" {
	scenario <<'END'
gap_beta() { ((from > 1)) || hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=TIMEOUT beta=PASS gamma=PASS'
}

@test "hang after the totals" {
	scenario <<'END'
after() { hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
}

@test "a VMM that ignores SIGTERM ends all the same" {
	scenario <<'END'
case_gamma() { trap '' TERM INT HUP; while :; do sleep 5; done; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
}

@test "a VMM that is stopped has not ended" {
	scenario <<'END'
case_gamma() { echo $$ >"$P/stopped"; die STOP; ok; }
END
	export P
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
	gone "$(<stopped)"
}

@test "many lines, then a hang: the limit counts from the last line" {
	scenario <<'END'
case_gamma() { yes '# many lines' | head -n 20000; hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
	(($(jq -r 'select(.run).run.seconds | floor' logs/results.jsonl) < 5))
}

@test "a case that trickles words without end is ended" {
	scenario <<'END'
case_gamma() { while :; do echo '# still here'; sleep 0.3; done; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
}

# flood SHELL-WORDS: a VMM that executes this without end in its case beta; the limit on its console ends it.
flood() {
	scenario < <(printf 'case_beta() { exec %s; }\n' "$1")
	SECONDS=0
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" 'MiB on the console'
	((SECONDS < 10))
	(($(du -sk logs | cut -f1) < 20000))
}

@test "flood of lines" {
	flood 'yes hello'
}

@test "flood without a newline" {
	flood 'tr "\\0" x </dev/zero'
}

@test "flood of notes" {
	flood 'yes "# a note"'
}

@test "flood of notes in rows" {
	flood 'yes "    # a note"'
}

@test "flood of rows" {
	flood 'yes "  ok 1 row"'
}

@test "flood of one endless note with bytes that are no characters" {
	flood 'sh -c "printf \"# \"; tr \"\\\\0\" \"\\\\377\" </dev/zero"'
}

@test "flood of NUL bytes" {
	flood 'cat /dev/zero'
}

@test "flood on stderr" {
	scenario <<'END'
case_beta() { exec yes oh >&2; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	(($(du -sk logs | cut -f1) < 20000))
}

@test "a child of the VMM that keeps the console open does not outlive the test" {
	export P
	scenario <<'END'
case_beta() { sleep 30 & echo $! >"$P/child"; ok; }
END
	SECONDS=0
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	((SECONDS < 5))
	gone "$(<child)"
}

@test "a child of a VMM that crashed does not write into the next boot's console" {
	export P
	scenario <<'END'
case_beta() { (while sleep 0.05; do echo 'ok 9 stray'; done) & echo $! >"$P/child"; die SEGV; }
case_gamma() { sleep 0.5; ok; }
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	gone "$(<child)"
}

@test "a child of a VMM that hangs is ended with it" {
	export P
	scenario <<'END'
case_gamma() { sleep 30 & echo $! >"$P/child"; hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
	gone "$(<child)"
}

# interrupt SIGNAL: starts a run of one test that passes and one that hangs, and sends the signal in its midst.
interrupt() {
	image u one two
	tests '[t]' '[u]'
	export P
	scenario <<'END'
case_one() { sleep 100 & echo "$! $$" >"$P/pids"; wait; }
END
	# Who started the tests may ignore a signal, as nohup does, and a shell its background processes; then they all do.
	env --default-signal=HUP,INT ./run_tests.sh -j1 >stdout 2>stderr 3>&- &
	local runner=$! tries=0
	while [[ ! -s pids ]] && ((tries++ < 100)); do
		sleep 0.05
	done
	sleep 0.3
	kill "-$1" "$runner"
	status=0
	wait "$runner" || status=$?
	mapfile -t lines <stdout
}

interrupted() {
	equal "$status" 130
	# shellcheck disable=SC2046 # two words
	gone $(<pids)
	contains "$(verdicts)" 'alpha=PASS beta=PASS gamma=PASS'
	jq -e . logs/results.jsonl >/dev/null
	xmllint --noout logs/junit.xml
	[[ ${lines[-1]} =~ ^[0-9]+\ passed,\ [0-9]+\ failed,\ [0-9]+\ skipped$ ]]
	contains "${lines[-1]}" '3 passed'
	contains "$(<stderr)" interrupted
}

@test "SIGTERM: 130, no child left, results so far are there" {
	interrupt TERM
	interrupted
}

@test "SIGHUP: the same" {
	interrupt HUP
	interrupted
}

@test "SIGINT, as from a terminal: the same" {
	interrupt INT
	interrupted
}

@test "interrupted in the middle of a test: the cases that have their results keep them" {
	image t alpha beta gamma delta
	export P
	scenario <<'END'
case_beta() { row ok one; row 'not ok' two; not_ok; }
case_gamma() { echo '# a note'; row 'not ok' three; echo $$ >"$P/pids"; hang; }
END
	interrupt_t
	equal "$(verdicts)" 'alpha=PASS beta=FAIL'
	equal "$(row_verdicts)" 'beta/one=PASS beta/two=FAIL'
	equal "${lines[-1]}" '1 passed, 1 failed, 0 skipped'
	contains "${lines[1]}" '2 cases, 1 failed, interrupted'
}

@test "interrupted in a later boot: what the boots before said is there as well" {
	image t alpha beta gamma delta
	export P
	scenario <<'END'
case_alpha() { exit 1; }
case_gamma() { echo $$ >"$P/pids"; hang; }
END
	interrupt_t
	equal "$(verdicts)" 'alpha=CRASH beta=PASS'
	equal "${lines[-1]}" '1 passed, 1 failed, 0 skipped'
	equal "$(ls logs/x86_64)" t.log
	equal "$(grep -c '^KTAP version 1' logs/x86_64/t.log)" 2
}

@test "interrupted before the first case, and with a plan that lies: nothing passes" {
	export P
	scenario <<'END'
gap_alpha() { echo $$ >"$P/pids"; hang; }
END
	interrupt_t
	equal "$(verdicts)" ''
	equal "${lines[-1]}" '0 passed, 0 failed, 0 skipped'
	rm pids
	scenario <<'END'
plan() { echo '1..7'; }
case_beta() { echo $$ >"$P/pids"; hang; }
END
	interrupt_t
	equal "$(verdicts)" 'alpha=ERROR'
}

# A run that is sent SIGTERM when its VMM has written its process id to `pids`.
interrupt_t() {
	./run_tests.sh >stdout 2>stderr 3>&- &
	local runner=$!
	until [[ -s pids ]]; do sleep 0.05; done
	sleep 0.1
	kill -TERM "$runner"
	status=0
	wait "$runner" || status=$?
	mapfile -t lines <stdout
	equal "$status" 130
	equal "$(<stderr)" 'run_tests.sh: interrupted'
	gone "$(<pids)"
	jq -e . logs/results.jsonl >/dev/null
	xmllint --noout logs/junit.xml
}

@test "what is done after the test that hangs is counted when interrupted" {
	image u one
	tests '[t]' '[u]'
	export P
	scenario <<'END'
case_alpha() { echo "$$" >"$P/pids"; hang; }
END
	./run_tests.sh -j2 >stdout 2>stderr 3>&- &
	local runner=$!
	sleep 1.2
	kill -TERM "$runner"
	wait "$runner" || :
	contains "$(verdicts)" one=PASS
	equal "$(tail -n 1 stdout)" '1 passed, 0 failed, 0 skipped'
	gone "$(<pids)"
}

@test "the results folder vanishes in the run: no VMM is left" {
	image u one
	tests '[t]' '[u]'
	export P
	scenario <<'END'
case_alpha() { rm -rf "$P/logs"; exit 1; }
case_one() { echo "$$" >"$P/pids"; hang; }
gap_alpha() { sleep 0.5; }
END
	TIMEOUT=5 runner -j2
	((status))
	[[ -s pids ]]
	gone "$(<pids)"
}

@test "a VMM that boots slowly: the boot may be silent for longer than a case, and the cases get more time" {
	tests '[t]' 'timeout = 1'
	scenario <<'END'
before() { sleep 1.3; }
case_alpha() { sleep 1.5; ok; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "a VMM that boots slowly and hangs: TIMEOUT, later than one that boots fast" {
	tests '[t]' 'timeout = 1'
	scenario <<'END'
before() { sleep 1.3; }
case_gamma() { hang; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
	[[ $(message gamma) =~ ^'no sign of life for '([2-9]|10)' s' ]]
}

@test "TIMEOUT is taken as it is, however slow the VMM boots" {
	scenario <<'END'
before() { sleep 0.9; printf 'BIOS\n'; sleep 0.9; }
case_gamma() { hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=PASS gamma=TIMEOUT'
	contains "$(message gamma)" 'no sign of life for 1 s'
}

@test "the time that the host sleeps is no silence of the VMM" {
	export P
	scenario <<'END'
case_beta() { echo $$ >"$P/vmm"; sleep 0.8; ok; }
END
	TIMEOUT=1 ./run_tests.sh >stdout 2>stderr 3>&- &
	local runner=$!
	until [[ -s vmm ]]; do sleep 0.02; done
	sleep 0.4 # until the runner has seen the last line
	# Both stand still and go on, as in a sleep of the host.
	kill -STOP "$runner" "$(<vmm)"
	sleep 2.6
	kill -CONT "$runner"
	sleep 0.3
	kill -CONT "$(<vmm)"
	wait "$runner"
	equal "$(verdicts)" 'alpha=PASS beta=PASS gamma=PASS'
}
