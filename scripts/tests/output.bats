#!/usr/bin/env bats
# What a run leaves: lines on the terminal, TAP, results.jsonl, junit.xml, logs.
load helper

all_sorts() {
	scenario <<'END'
case_beta() { row ok one; row 'not ok' two; not_ok; }
case_gamma() { skip no nested paging; }
case_delta() { echo 'qemu: oh' >&2; exit 1; }
END
	image t alpha beta gamma delta epsilon
}

@test "a line for each test, the failed cases below it, the sum at the end" {
	all_sorts
	runner
	judged 'alpha=PASS beta=FAIL gamma=SKIP delta=CRASH epsilon=PASS'
	contains "$output" 'FAIL    x86_64/t '
	contains "$output" 'FAIL    x86_64/t:beta'
	contains "$output" 'CRASH   x86_64/t:delta'
	contains "$output" 'rule: the rule of beta'
	lacks "$output" 't:alpha'
	equal "$stderr" ''
}

@test "-v: a line for each case" {
	all_sorts
	runner -v
	contains "$output" 'PASS    x86_64/t:alpha (0.5 ms)'
	contains "$output" 'SKIP    x86_64/t:gamma'
	contains "$output" 'no nested paging'
}

@test "-t: TAP 13, every case once" {
	all_sorts
	runner -t
	equal "$status" 1
	equal "${lines[0]}" 'TAP version 13'
	equal "$(grep -v '^#' <<<"$output" | tail -n +2)" "1..5
ok 1 - x86_64/t:alpha
not ok 2 - x86_64/t:beta
ok 3 - x86_64/t:gamma # SKIP no nested paging
not ok 4 - x86_64/t:delta
ok 5 - x86_64/t:epsilon"
	equal "${lines[-1]}" '# 2 passed, 2 failed, 1 skipped'
}

@test "-t: a known deviation is a TODO" {
	all_sorts
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	runner -t t:beta
	equal "$status" 0
	contains "$output" 'not ok 1 - x86_64/t:beta # TODO'
}

@test "results.jsonl has the keys of its format, no more and no less" {
	all_sorts
	runner
	equal "$(jq -c 'if .run then (.run | keys_unsorted) else keys_unsorted end' logs/results.jsonl | LC_ALL=C sort | uniq -c |
		sed 's/^ *//')" \
		'2 ["arch","test","case","row","verdict","ms","message","spec","bugs","file","line"]
5 ["arch","test","case","verdict","ms","message","spec","bugs","file","line"]
1 ["vmm","vmm_version","vmm_path","accel","arch","host","host_kernel","host_cpu","nested","guest_of","commit","started","seconds"]'
	equal "$(head -n 1 logs/results.jsonl | jq -r '.run | [.vmm, .vmm_version, .accel, .arch] | join(" ")')" \
		'qemu 7.2.22 (Debian 1:7.2+dfsg) tcg x86_64'
	equal "$(jq -c 'select(.case == "alpha")' logs/results.jsonl)" \
		'{"arch":"x86_64","test":"t","case":"alpha","verdict":"PASS","ms":0.5,"message":"","spec":"SDM vol. 3A, 6.10","bugs":[],"file":"x86/t/a.c","line":10}'
	equal "$(jq -r 'select(.run).run.seconds | type' logs/results.jsonl)" number
}

@test "bugs of a case" {
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' alpha rule SDM 'CVE-2021-3653;CVE-2021-3656;' f.c 1 >build/x86_64/t.list
	runner
	equal "$(jq -c 'select(.case).bugs' logs/results.jsonl)" '["CVE-2021-3653","CVE-2021-3656"]'
}

@test "results.jsonl: quotes, backslashes, tabs, control and other bytes" {
	scenario <<'END'
case_beta() {
	printf '# "quoted" \\ back\\nslash \\\\ a\ttab \x01\x1b[31m <&> %%s $x\n'
	printf '# caf\xc3\xa9 \xff\xfe\n'
	echo 'not ok 2 beta # time=0.1ms'
	failed=1
}
END
	runner -v
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	contains "$(message beta)" '"quoted" \ back\nslash \\ a tab '$'\x01\x1b''[31m <&> %s $x'
	xmllint --noout logs/junit.xml
	lacks "$output" $'\x1b'
}

@test "results.jsonl: characters outside ASCII come through" {
	scenario <<'END'
case_beta() { echo '# café — 6.13 § 2'; not_ok; }
END
	runner
	contains "$(message beta)" 'café — 6.13 § 2'
}

@test "reasons and names with escape sequences do not reach the terminal" {
	scenario <<'END'
case_alpha() { skip $'because \x1b[31mred\x07'; }
case_beta() { row 'not ok' $'r\x1b[31m'; not_ok; }
case_gamma() { printf '\x1b[2Joh\n' >&2; exit 1; }
END
	runner -v
	lacks "$output$stderr" $'\x1b'
	runner -t
	lacks "$output$stderr" $'\x1b'
}

@test "a reason cannot forge a line of TAP" {
	scenario <<'END'
case_alpha() { echo '# first # SKIP x'; skip 'a # TODO b'; }
END
	runner -t
	equal "$(grep -c '^ok\|^not ok' <<<"$output")" 3
}

@test "junit.xml is valid, and its counts are right" {
	all_sorts
	image u one
	tests '[t]' '[u]'
	runner
	xmllint --noout logs/junit.xml
	# count XPATH
	count() { xmllint --xpath "string($1)" logs/junit.xml; }
	equal "$(count 'sum(//testsuite/@tests)')" 6
	equal "$(count 'sum(//testsuite/@failures)')" 1
	equal "$(count 'sum(//testsuite/@errors)')" 1
	equal "$(count '//testsuite[@name="x86_64/t"]/@tests')" 5
	equal "$(count '//testsuite[@name="x86_64/t"]/@skipped')" 1
	equal "$(count 'count(//testcase)')" 6
	equal "$(count 'count(//failure)')" 1
	equal "$(count 'count(//error)')" 1
	equal "$(count 'count(//skipped)')" 1
	equal "$(count '//error/@type')" CRASH
}

@test "a run without failure: exit status 0, also of junit" {
	runner
	equal "$(xmllint --xpath 'sum(//testsuite/@failures)' logs/junit.xml)" 0
	equal "$status" 0
}

@test "raw consoles are kept" {
	runner
	contains "$(cat logs/x86_64/t.log)" $'# start 1 alpha\nok 1 alpha'
	equal "$(find logs -type f | sort | tr '\n' ' ')" 'logs/.assay-results logs/junit.xml logs/report.html logs/results.jsonl logs/results.ktap logs/x86_64/t.log '
}

@test "nothing of the environment is in the results" {
	all_sorts
	export SECRET_TOKEN=canary-4711
	runner -v
	lacks "$output$stderr" canary-4711
	[[ -z $(grep -rl 'canary-4711\|SECRET_TOKEN' logs) ]]
}

@test "not a terminal: no escape sequences, no carriage returns" {
	all_sorts
	TERM=xterm runner -v
	lacks "$output$stderr" $'\x1b'
	lacks "$output$stderr" $'\r'
}

# on_terminal ARGUMENT...: the runner's output on a terminal, into $output.
on_terminal() {
	output=$(TERM=xterm script -qec "./run_tests.sh $*" /dev/null </dev/null 3>&-) || :
}

@test "on a terminal: progress with the running case, colours" {
	type -P script >/dev/null || skip 'no script(1) here'
	scenario <<'END'
case_beta() { sleep 0.5; not_ok; }
END
	on_terminal
	contains "$output" '[0/1]  x86_64/t:beta'
	contains "$output" $'\e[31mFAIL\e[0m    x86_64/t '
	contains "$output" $'\r\e[K'
	equal "$(tail -n 1 <<<"$output" | tr -d '\r' | sed 's/.*\x1b\[K//')" '2 passed, 1 failed, 0 skipped'
}

@test "on a terminal with NO_COLOR: progress, no colours" {
	type -P script >/dev/null || skip 'no script(1) here'
	scenario <<'END'
case_beta() { sleep 0.5; not_ok; }
END
	NO_COLOR=1 on_terminal
	contains "$output" 'x86_64/t:beta'
	lacks "$output" $'\e[3'
}

@test "on a terminal: a start mark cannot carry escape sequences there" {
	type -P script >/dev/null || skip 'no script(1) here'
	scenario <<'END'
case_beta() { printf '# start 2 \x1b]0;title\x07\x1b[2J\n'; sleep 0.5; ok; }
END
	on_terminal
	lacks "$output" $'\e]0'
	lacks "$output" $'\e[2J'
}

@test "what was tested is in every report: the VMM's own words, its path, the host's kernel and CPU" {
	local key value
	export FAKE_VERSION='QEMU emulator version 9.1.50 (v9.1.0-1234-gdeadbeef12)\nCopyright'
	mkdir 'my vmm'
	cp "$QEMU" 'my vmm/qemu & <"x">'
	export QEMU="./my vmm/qemu & <\"x\">"
	printf '%s\n' 'processor : 0' 'vendor_id	: GenuineIntel' 'model name	: Xeon(R) \t "9"' 'flags : fpu hypervisor vmx' '' >cpuinfo
	export ASSAY_CPUINFO=$P/cpuinfo
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	value() { jq -r "select(.run).run.$1" logs/results.jsonl; }
	equal "$(value vmm_version)" '9.1.50 (v9.1.0-1234-gdeadbeef12)'
	equal "$(value vmm_path)" "$QEMU"
	equal "$(value host_kernel)" "$(uname -r)"
	equal "$(value host_cpu)" 'GenuineIntel, Xeon(R) \t "9"'
	equal "$(value nested)" true
	for key in vmm vmm_version vmm_path accel arch host host_kernel host_cpu nested commit started; do
		equal "$(xmllint --xpath "string(//testsuite[1]/properties/property[@name='$key']/@value)" logs/junit.xml)" "$(value "$key")"
		contains "$(sed -n '/^1\.\./q;p' logs/results.ktap)" "# $key: $(value "$key")"
	done
	printf '%s\n' 'processor : 0' 'vendor_id : AuthenticAMD' 'model name : EPYC' 'flags : fpu svm' '' 'vendor_id : x' >cpuinfo
	runner
	equal "$(value nested) $(value host_cpu)" 'false AuthenticAMD, EPYC'
	printf '%s\n' 'processor : 0' 'CPU implementer	: 0x41' 'CPU part	: 0xd0c' '' >cpuinfo
	runner
	equal "$(value nested) $(value host_cpu)" 'null 0x41, 0xd0c'
	ASSAY_CPUINFO=/no/such/file runner
	equal "$status" 0
	equal "$(value host_cpu)" ''
}

@test "the commit says whether files have changed since" {
	type -P git >/dev/null || skip 'no git here'
	git init -q . && git config user.email a@b && git config user.name x
	echo one >file && git add file && git commit -qm one
	runner
	equal "$(jq -r 'select(.run).run.commit' logs/results.jsonl)" "$(git rev-parse --short=12 HEAD)"
	echo two >file
	runner
	equal "$(jq -r 'select(.run).run.commit' logs/results.jsonl)" "$(git rev-parse --short=12 HEAD)-dirty"
}

@test "one case, one deviation, and a test that is skipped: the line says what happened" {
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	scenario <<'END'
case_beta() { not_ok; }
case_alpha() { skip 'no such CPU'; }
case_gamma() { skip 'no such timer'; }
END
	runner t:beta
	equal "$status" 0
	[[ ${lines[1]} =~ ^'KNOWN   x86_64/t             1 case, 1 known deviation, '[0-9.]+' s'$ ]]
	equal "${lines[2]}" '1 known deviation: failed as known.cfg says of this VMM, and counted neither as passed nor as failed'
	equal "${lines[3]}" '0 passed, 0 failed, 0 skipped'
	runner t:alpha
	[[ ${lines[1]} =~ ^'SKIP    x86_64/t             1 case, 1 skipped: no such CPU, ' ]]
	runner t:alpha,gamma
	[[ ${lines[1]} =~ ^'SKIP    x86_64/t             2 cases, 2 skipped: for several reasons (-v), ' ]]
	runner t:beta,gamma
	[[ ${lines[1]} =~ ^'KNOWN   x86_64/t             2 cases, 1 known deviation, 1 skipped, ' ]]
	tests '[t]' 'accel = kvm'
	runner
	[[ ${lines[1]} =~ ^'SKIP    x86_64/t             3 cases, 3 skipped: needs accelerator kvm, this is tcg, ' ]]
	unset FAKE
	tests '[t]'
	runner t:beta
	contains "$output" '1 known deviation is gone: take it out of known.cfg'
}

@test "a message of many kilobytes reaches every report" {
	scenario <<'END'
case_beta() {
	local i line
	printf -v line '%190s' ''
	for ((i = 0; i < 60; i++)); do echo "# note $i ${line// /x}"; done
	for ((i = 0; i < 40; i++)); do echo "words $i ${line// /y}" >&2; done
	exit 1
}
END
	runner
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	((${#lines[@]} > 60))
	contains "$(message beta)" 'words 29 yyy'
	contains "$(cat logs/junit.xml)" 'words 29 yyy'
	contains "$(cat logs/report.html)" 'words 29 yyy'
}
