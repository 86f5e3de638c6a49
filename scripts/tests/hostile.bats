#!/usr/bin/env bats
# VMMs, environments and machines that do what nobody expects of them.
load helper

# ------------------------------------------------------------------------------------- the VMM

@test "a VMM whose --version hangs" {
	mkdir bin
	printf '#!/bin/sh\nsleep 1000\n' >bin/vmm
	chmod +x bin/vmm
	export ASSAY_SAYS_SECONDS=1
	QEMU=$P/bin/vmm runner
	refused 'bin/vmm --version does not say which QEMU it is'
}

@test "a VMM whose --version floods, on one line or many, with NUL bytes" {
	local what
	mkdir bin
	for what in 'yes' 'cat /dev/zero' 'yes QEMU emulator version 7.2.1 | tr -d "\n"'; do
		printf '#!/bin/sh\n%s\n' "$what" >bin/vmm
		chmod +x bin/vmm
		export ASSAY_SAYS_SECONDS=2
		QEMU=$P/bin/vmm runner -l
		equal "$status" 0
		QEMU=$P/bin/vmm runner --print-command t
		((${#stderr} < 400))
		((${#stderr_lines[@]} <= 1))
		if [[ $what == yes ]]; then
			refused 'does not say which QEMU it is: y'
		fi
	done
}

@test "a VMM that removes, replaces or truncates its log" {
	local what
	export P
	for what in 'rm -f' 'ln -sf /dev/null' 'cp --remove-destination forged' 'rm -rf FILE; mkdir'; do
		printf '%s\n' 'KTAP version 1' 1..3 '# start 1 alpha' 'ok 1 alpha' '# start 2 beta' 'ok 2 beta' '# start 3 gamma' 'ok 3 gamma' \
			'# totals: pass=3 fail=0 skip=0' >forged
		scenario <<END
case_beta() { local log=\$P/logs/x86_64/t.log; ${what//FILE/\"\$log\"} "\$log"; not_ok; }
END
		runner
		judged 'alpha=PASS beta=FAIL gamma=PASS'
		contains "$(<logs/x86_64/t.log)" 'not ok 2 beta'
		contains "$(<logs/x86_64/t.log)" 'KTAP version 1'
	done
	# What is gone is gone: no pass. What came later is not at the old place, with a hole before it.
	scenario <<'END'
case_beta() { : >"$P/logs/x86_64/t.log"; ok; }
END
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	equal "$(head -c 9 logs/x86_64/t.log)" 'ok 2 beta'
}

@test "a VMM that dies of a signal: the runner's shell says nothing" {
	local signal
	for signal in SEGV ABRT BUS KILL; do
		scenario <<END
case_beta() { die $signal; }
END
		runner
		judged 'alpha=PASS beta=CRASH gamma=PASS'
		equal "$stderr" ''
		lacks "$output" ulimit
	done
	[[ ! -e logs/.shell ]]
}

@test "a child of a VMM in a session of its own ends with the run" {
	export P
	type -P setsid >/dev/null || skip 'no setsid here'
	scenario <<'END'
case_beta() { setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >>"$P/child"; ok; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	# shellcheck disable=SC2046 # several
	gone $(<child)
	scenario <<'END'
case_beta() { setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >>"$P/child"; hang; }
END
	TIMEOUT=1 runner
	judged 'alpha=PASS beta=TIMEOUT gamma=PASS'
	# shellcheck disable=SC2046
	gone $(<child)
	rm child starts
	./run_tests.sh >out.txt 2>&1 3>&- &
	until [[ -s child ]]; do sleep 0.05; done
	kill -KILL $!
	# shellcheck disable=SC2046
	gone $(<child) $(awk '/-kernel/ { print $1 }' starts)
}

@test "a case that prints very much has its words in every report" {
	scenario <<'END'
case_beta() { for i in {1..70}; do printf '# %s %0900d\n' "$i" 0; done; row 'not ok' "$(printf '%0900d' 7)"; not_ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	equal "$stderr" ''
	((${#output} > 20000))
	jq -e . logs/results.jsonl >/dev/null
	(($(message beta | wc -c) > 20000))
	(($(wc -c <logs/junit.xml) > 20000 && $(wc -c <logs/results.ktap) > 20000 && $(wc -c <logs/report.html) > 20000))
	mkdir a b
	ln -s "$QEMU" a/qemu-system-x86_64
	runner --matrix a/,b=a/
	equal "$status" 1
	equal "$stderr" ''
}

# ------------------------------------------------------------------------------------- signals and clocks

@test "SIGQUIT is an interruption like any" {
	scenario <<'END'
case_beta() { kill -QUIT "$PPID"; hang; }
END
	runner
	equal "$status" 130
	contains "$(verdicts)" alpha=PASS
	contains "$stderr" interrupted
	# shellcheck disable=SC2046 # several
	gone $(awk '/-kernel/ { print $1 }' starts)
}

@test "a clock that is set does not matter: times are those of one that nobody sets" {
	# It stands still, so that everything takes no time, whatever the other clock says.
	echo '1000.00 2000.00' >uptime
	scenario <<'END'
case_beta() { sleep 0.4; ok; }
END
	ASSAY_UPTIME=$P/uptime runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$output" '3 cases, 0.00 s'
	equal "$(jq -r 'select(.run).run.seconds == 0' logs/results.jsonl)" true
	ASSAY_UPTIME=/no/such/file runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

# ------------------------------------------------------------------------------------- the caller's environment

@test "options of the caller's shell change nothing" {
	local option
	scenario <<'END'
case_beta() { not_ok; }
END
	for option in noexec errexit noclobber noglob nounset xtrace pipefail posix allexport errtrace:functrace; do
		run --separate-stderr env SHELLOPTS="$option" timeout -k 1 15 ./run_tests.sh 3>&-
		judged 'alpha=PASS beta=FAIL gamma=PASS'
		equal "$stderr" ''
	done
	run --separate-stderr env BASHOPTS=nullglob:dotglob:nocasematch:failglob:lastpipe POSIXLY_CORRECT=1 GLOBIGNORE='*' ./run_tests.sh 3>&-
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	equal "$stderr" ''
	for option in 3.1 32 4.0 50; do
		run --separate-stderr env BASH_COMPAT="$option" ./run_tests.sh 3>&-
		judged 'alpha=PASS beta=FAIL gamma=PASS'
		equal "$stderr" ''
	done
}

@test "functions and start-up files of the caller's shell change nothing" {
	local name
	scenario <<'END'
case_beta() { not_ok; }
END
	# The VMM here is a script of bash, too.
	printf '#!%s -p\nsource %q "$@"\n' "$(type -P bash)" "$QEMU" >vmm
	chmod +x vmm
	export QEMU=$P/vmm
	for name in awk sort cat read printf echo mapfile kill wait jq find git rm mv sleep; do
		run --separate-stderr env "BASH_FUNC_$name%%=() { return 0; }" ./run_tests.sh 3>&-
		judged 'alpha=PASS beta=FAIL gamma=PASS'
	done
	echo 'awk() { return 0; }; set -e; shopt -s nullglob' >startup
	run --separate-stderr env BASH_ENV="$P/startup" ENV="$P/startup" ./run_tests.sh 3>&-
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	run --separate-stderr bash -e "$P/run_tests.sh" t:alpha 3>&-
	judged 'alpha=PASS'
}

# ------------------------------------------------------------------------------------- output that goes nowhere

@test "output that cannot be written is an error, also of what boots nothing" {
	local option
	for option in -l --list '--print-command t' --help -h; do
		# shellcheck disable=SC2016 # for the inner shell
		run --separate-stderr bash -c './run_tests.sh $1 >/dev/full' - "$option" 3>&-
		equal "$status" 2
		equal "$stderr" 'run_tests.sh: standard output cannot be written'
	done
}

@test "a reader that goes away sees nothing of the runner's insides" {
	local i cases=()
	for ((i = 0; i < 300; i++)); do cases+=("case_$i"); done
	image t "${cases[@]}"
	for i in '-v' '-t' ''; do
		# shellcheck disable=SC2016
		run --separate-stderr bash -c './run_tests.sh $1 | head -n 1' - "$i" 3>&-
		equal "${#lines[@]}" 1
		[[ $stderr == '' || $stderr == 'run_tests.sh: interrupted' ]]
	done
	for i in -l --list --help; do
		# shellcheck disable=SC2016
		run --separate-stderr bash -c './run_tests.sh $1 | head -n 1' - "$i" 3>&-
		equal "$stderr" ''
	done
}

@test "a tree that is read-only: that, and --out" {
	((UID)) || unshare --user --map-root-user --mount true 2>/dev/null || skip 'no mount namespaces here'
	# shellcheck disable=SC2016
	run --separate-stderr unshare --mount --map-root-user bash -c '
		mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" && QEMU=$2 ./run_tests.sh' - "$P" "$QEMU" 3>&-
	[[ $stderr != *unshare* ]] || skip 'no mount namespaces here'
	equal "$status" 2
	contains "$stderr" 'Read-only file system'
	contains "$stderr" '--out DIR'
	equal "${#stderr_lines[@]}" 1
}

@test "an error in the runner itself is no run that looks whole" {
	rm scripts/runner
	cp -rL "$TOP/scripts/runner" scripts/runner
	# shellcheck disable=SC2016 # it is to be evaluated there
	echo 'job_log() { : $((RUN_JOB[1 2])); }' >>scripts/runner/scheduler.bash
	runner
	equal "$status" 2
	contains "$stderr" 'run_tests.sh: the runner itself has failed: '
	lacks "$output" passed
}
