#!/usr/bin/env bats
# known.cfg: what a VMM is known to fail.
load helper

# known CASES [LINE...]: the VMM's known.cfg, with one deviation. These lines come second, `cases` last.
known() {
	local cases=$1
	shift
	{
		# shellcheck disable=SC2086 # one or several
		printf '%s\n' '[a deviation]' "$@" 'manual = SDM vol. 3A, 6.13: "thus"' 'actual = otherwise' 'confirmed = 7.2' 'cases ='
		printf '\t%s\n' $cases
	} >scripts/vmm/qemu/known.cfg
}

beta_fails() {
	scenario <<'END'
case_beta() { not_ok; }
END
}

rows_fail() {
	scenario <<'END'
case_beta() { row ok one; row 'not ok' two; row ok three; not_ok; }
END
}

@test "a known case is KNOWN, with the manual's words" {
	known t:beta
	beta_fails
	runner
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
	contains "$(message beta)" 'SDM vol. 3A, 6.13: "thus"'
	contains "$(message beta)" otherwise
	contains "$(message beta)" 'actual   0x1'
	equal "${lines[-2]}" '1 known deviation: failed as known.cfg says of this VMM, and counted neither as passed nor as failed'
}

@test "a case that is not in it still fails" {
	known t:alpha
	beta_fails
	runner
	judged 'alpha=FIXED beta=FAIL gamma=PASS'
}

@test "a known row: the case is KNOWN" {
	known t:beta/two
	rows_fail
	runner
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
	equal "$(row_verdicts)" 'beta/one=PASS beta/two=KNOWN beta/three=PASS'
	contains "$(message beta/two)" otherwise
}

@test "a known row, and another that fails: FAIL" {
	known t:beta/two
	scenario <<'END'
case_beta() { row 'not ok' one; row 'not ok' two; not_ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	equal "$(row_verdicts)" 'beta/one=FAIL beta/two=KNOWN'
}

@test "a known row, and something else that fails in the case: FAIL" {
	known t:beta/two
	scenario <<'END'
case_beta() { row 'not ok' two; echo '# x86/t/a.c:30: EXPECT_EQ(outside, rows)'; not_ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
}

@test "two known rows" {
	known 't:beta/one t:beta/two'
	scenario <<'END'
case_beta() { row 'not ok' one; row 'not ok' two; echo '# spec: SDM'; echo "not ok 2 beta # time=1.0ms"; failed=1; }
END
	runner
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
}

@test "a known case covers its rows" {
	known t:beta
	rows_fail
	runner
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
	lacks "$(row_verdicts)" FAIL
}

@test "FIXED: a known case that passes; --strict makes it an error" {
	known t:beta
	runner
	judged 'alpha=PASS beta=FIXED gamma=PASS'
	equal "${lines[-2]}" '1 known deviation is gone: take it out of known.cfg'
	runner --strict
	equal "$status" 1
	equal "$(verdicts)" 'alpha=PASS beta=FIXED gamma=PASS'
	equal "${lines[-1]}" '2 passed, 1 failed, 0 skipped'
}

@test "FIXED: a known row that passes" {
	known t:beta/two
	scenario <<'END'
case_beta() { row ok one; row ok two; ok; }
END
	runner
	judged 'alpha=PASS beta=FIXED gamma=PASS'
	equal "$(row_verdicts)" 'beta/one=PASS beta/two=FIXED'
	runner --strict
	equal "$status" 1
}

@test "a known row that there is not is not true either" {
	known t:beta/nosuch
	runner --strict
	equal "$status" 1
	contains "$(verdicts)" beta=FIXED
	contains "$(message beta)" nosuch
}

@test "a known case that is skipped is SKIP" {
	known t:beta
	scenario <<'END'
case_beta() { skip no such CPU; }
END
	runner --strict
	judged 'alpha=PASS beta=SKIP gamma=PASS'
}

@test "CRASH, TIMEOUT and ERROR are never KNOWN" {
	known 't:alpha t:beta t:gamma'
	scenario <<'END'
case_alpha() { exit 1; }
case_beta() { hang; }
case_gamma() { echo 'Bail out! no'; exit 35; }
END
	TIMEOUT=1 runner
	judged 'alpha=CRASH beta=TIMEOUT gamma=ERROR'
}

@test "a known case whose output contradicts itself is not KNOWN" {
	known t:beta
	scenario <<'END'
case_beta() { echo garbage; not_ok; }
END
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
}

@test "version ranges" {
	local range wanted verdict
	beta_fails
	# shellcheck source=scripts/runner/known.bash
	source "$TOP/scripts/runner/known.bash"
	while read -r range wanted; do
		verdict=FAIL
		if version_in 7.2.22 "$range"; then
			verdict=KNOWN
		fi
		equal "$range $verdict" "$range $wanted"
	done <<'END'
.. KNOWN
..7.2 KNOWN
..7.2.22 KNOWN
..7.2.21 FAIL
..7.1 FAIL
..7 KNOWN
..6 FAIL
..10.0 KNOWN
7.2.. KNOWN
7.2.22.. KNOWN
7.2.23.. FAIL
7.10.. FAIL
8.0.. FAIL
6.2..7.1 FAIL
6.2..7.2 KNOWN
7.2.22..7.2.22 KNOWN
7..7 KNOWN
8.0..9.0 FAIL
END
	known t:beta 'versions = ..7.2'
	FAKE_VERSION='QEMU emulator version 8.0.0' runner t:beta
	judged beta=FAIL
	FAKE_VERSION='QEMU emulator version 7.3' runner t:beta
	judged beta=FAIL
	FAKE_VERSION='QEMU emulator version 7.2' runner t:beta
	judged beta=KNOWN
}

@test "versions that are no range" {
	local range
	# shellcheck disable=SC2016 # not to be expanded
	for range in 7.2 '7.2...' 'a..b' '..7.x' '7.2..8.0..9.0' '....' '$(touch hacked)..'; do
		known t:beta "versions = $range"
		runner
		refused 'known.cfg:2: '
	done
}

@test "confirmed: a list of releases, which bounds nothing" {
	local list
	beta_fails
	for list in 7.2 '10.0 11.1.3 12'; do
		known t:beta
		sed -i "s/^confirmed.*/confirmed = $list/" scripts/vmm/qemu/known.cfg
		FAKE_VERSION='QEMU emulator version 9.0.0' runner t:beta
		judged beta=KNOWN
	done
	rm starts
	for list in 7.2, '7.2,10.0' ..7.2 'a list' 7. '7.2  10.0' -1 'everywhere'; do
		known t:beta
		sed -i "s/^confirmed.*/confirmed = $list/" scripts/vmm/qemu/known.cfg
		runner
		refused "known.cfg:4: confirmed is a list of releases with spaces between, not '$list'"
	done
}

@test "without an upper bound an entry is for every later version, with one it is not" {
	beta_fails
	known t:beta 'versions = 7.2..'
	FAKE_VERSION='QEMU emulator version 99.1.0' runner t:beta
	judged beta=KNOWN
	known t:beta 'versions = ..9.2'
	FAKE_VERSION='QEMU emulator version 9.2.4' runner t:beta
	judged beta=KNOWN
	FAKE_VERSION='QEMU emulator version 10.0.0' runner t:beta
	judged beta=FAIL
}

@test "accel and arch" {
	beta_fails
	known t:beta 'accel = kvm'
	runner t:beta
	judged beta=FAIL
	ACCEL=kvm runner t:beta
	judged beta=KNOWN
	known t:beta 'accel = kvm,tcg'
	runner t:beta
	judged beta=KNOWN
	known t:beta 'arch = i386'
	runner t:beta
	judged beta=FAIL
	known t:beta 'arch = i386, x86_64'
	runner t:beta
	judged beta=KNOWN
}

@test "the host's kernel bounds an entry about KVM" {
	export ASSAY_OSRELEASE=$P/osrelease
	beta_fails
	known t:beta 'accel = kvm' 'kernel = 5.10..6.8'
	for release in 5.10.0-33-cloud-amd64=KNOWN 6.8.12=KNOWN 6.8-rc3+=KNOWN 5.4.0=FAIL 6.10.2=FAIL words=FAIL; do
		echo "${release%=*}" >osrelease
		ACCEL=kvm runner t:beta
		judged "beta=${release#*=}"
	done
	echo 6.1.0 >osrelease
	runner t:beta
	judged beta=FAIL
}

@test "an entry with an option of the accelerator is for runs without it" {
	beta_fails
	known t:beta 'accel = tcg' 'unless = thread=single'
	ACCEL=tcg runner t:beta
	judged beta=KNOWN
	ACCEL=tcg,thread=multi runner t:beta
	judged beta=KNOWN
	ACCEL=tcg,thread=single runner t:beta
	judged beta=FAIL
}

@test "several options of the accelerator in one entry" {
	known t:beta 'unless = thread=single,tb-size=8'
	runner t:beta
	refused "known.cfg:2: unless is one option of the accelerator, not 'thread=single,tb-size=8'"
}

@test "sometimes: a failure is KNOWN, and a pass is a pass" {
	scenario <<'END'
case_alpha() { row 'not ok' one; row ok two; not_ok; }
case_beta() { not_ok; }
END
	known 't:alpha/one t:alpha/two t:beta t:gamma' 'sometimes = 3 of 200 runs'
	runner --strict t:alpha t:beta t:gamma
	[ "$status" -eq 0 ]
	judged 'alpha=KNOWN beta=KNOWN gamma=PASS'
	[[ $output != *'out of known.cfg'* ]]
}

@test "sometimes says how often" {
	local value
	for value in yes '' '0 of 3 runs' '1 of 3'; do
		known t:beta "sometimes = $value"
		runner t:beta
		refused "known.cfg:2: sometimes is 'N of M runs', how often it was seen, not '$value'"
	done
}

@test "an entry for runs as guests is for them alone, and one for others is not for them" {
	beta_fails
	known t:beta 'nested = svm svm-npt'
	runner t:beta
	judged beta=FAIL
	runner --nested svm t:beta
	judged beta=KNOWN
	known t:beta 'nested = no'
	runner t:beta
	judged beta=KNOWN
	runner --nested svm-npt t:beta
	judged beta=FAIL
}

@test "two entries for one case: a verdict of either is known" {
	local verdict
	printf '%s\n' '[a]' 'confirmed = 7.2' 'manual = m' 'actual = a' 'verdict = CRASH' 'cases = t:beta' \
		'[b]' 'confirmed = 7.2' 'manual = m' 'actual = b' 'cases = t:beta' >scripts/vmm/qemu/known.cfg
	for verdict in not_ok 'exit 1'; do
		scenario <<<"case_beta() { $verdict; }"
		runner t:beta
		judged beta=KNOWN
	done
	scenario <<<'case_beta() { ok; }'
	runner t:beta
	judged beta=FIXED
}

@test "a kind of run as guests that there is not" {
	known t:beta 'nested = yes'
	runner t:beta
	refused "known.cfg:2: there is no kind of nested run 'yes'; known: no svm svm-npt vmx el2"
}

@test "a bound by the kernel that is none, and one of what has nothing to do with it" {
	known t:beta 'accel = kvm' 'kernel = 6.8'
	runner t:beta
	refused "known.cfg:3: kernel is LOW..HIGH, not '6.8'"
	known t:beta 'kernel = ..6.8'
	runner t:beta
	refused 'known.cfg:2: kernel is the host'
}

@test "what KVM does is known of every VMM that uses it, by the kernel's release" {
	export ASSAY_OSRELEASE=$P/osrelease
	echo 6.1.0-50-amd64 >osrelease
	mkdir -p scripts/vmm/kvm
	known t:beta 'versions = ..6.8'
	mv scripts/vmm/qemu/known.cfg scripts/vmm/kvm/
	beta_fails
	ACCEL=kvm runner t:beta
	judged beta=KNOWN
	runner t:beta
	judged beta=FAIL
	echo 6.12.1 >osrelease
	ACCEL=kvm runner t:beta
	judged beta=FAIL
}

@test "an entry that names no case: file and line" {
	tests '[*]' 'groups = svm' '[t]'
	known 'x*:beta'
	runner
	refused 'known.cfg:5: there is no case x*:beta'
	known 't:beta t:nosuch'
	runner
	refused 'known.cfg:5: there is no case t:nosuch'
	known 'nosuch:alpha'
	runner
	refused 'known.cfg:5: there is no case nosuch:alpha'
	known 't'
	runner
	refused 'known.cfg:5: '
	known 't:nosuch/row'
	runner
	refused 'known.cfg:5: '
}

@test "a file of --config need not have the tests that known.cfg names" {
	printf '[t]\n' >mine.cfg
	known nosuch:alpha
	runner --config mine.cfg
	judged 'alpha=PASS beta=PASS gamma=PASS'
	known 'x*:alpha'
	runner --config mine.cfg
	judged 'alpha=PASS beta=PASS gamma=PASS'
	# But a case that a test does not have is as wrong as ever.
	rm starts
	known t:nosuch
	runner --config mine.cfg
	refused 'known.cfg:5: there is no case t:nosuch'
}

@test "an architecture or an accelerator that does not exist: file and line" {
	known t:beta 'arch = x86-64'
	runner
	refused "there is no architecture 'x86-64'"
	known t:beta 'accel = tgc'
	runner
	refused "there is no accelerator 'tgc'"
	[[ $stderr == *known.cfg:[0-9]* ]]
}

@test "an entry for a case that is not selected is none to complain about" {
	image u one
	tests '[t]' '[u]'
	known u:one
	runner t
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "an entry without manual, actual, confirmed or cases" {
	local key
	for key in manual actual confirmed cases; do
		known t:beta
		sed -i "/^$key/d" scripts/vmm/qemu/known.cfg
		[[ $key != cases ]] || sed -i '/t:beta/d' scripts/vmm/qemu/known.cfg
		runner
		refused "known.cfg:1: [a deviation] has no '$key'"
	done
	known t:beta
	sed -i 's/^manual.*/manual =/' scripts/vmm/qemu/known.cfg
	runner
	refused 'known.cfg:1: '
}

@test "an unknown key, and an entry twice" {
	known t:beta 'version = ..7.2'
	runner
	refused "known.cfg:2: unknown key 'version'"
	known t:beta
	cat scripts/vmm/qemu/known.cfg scripts/vmm/qemu/known.cfg >twice
	runner --known twice
	refused "twice:$(($(wc -l <twice) / 2 + 1)): section [a deviation] again; it first stands in line 1"
}

@test "--known none, and --known FILE" {
	beta_fails
	known t:beta
	runner --known none
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	mv scripts/vmm/qemu/known.cfg mine.cfg
	runner
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	runner --known mine.cfg
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
	rm starts
	runner --known nosuch.cfg
	refused '--known nosuch.cfg: no such file'
}

@test "the manual's words with quotes, backslashes and shell words" {
	beta_fails
	# shellcheck disable=SC2016 # not to be expanded
	printf '%s\n' '[$(touch hacked)]' 'manual = "a\nb" \ $(touch hacked) `touch hacked`' 'actual = c\d' 'confirmed = 7.2' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	runner -v
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
	# shellcheck disable=SC2016
	contains "$(message beta)" '"a\nb" \ $(touch hacked) `touch hacked`'
	contains "$(message beta)" 'c\d'
	[[ ! -e hacked ]]
}

@test "cpu: patterns of the CPU model that the test asks for, max where it asks for none" {
	local cpu pattern wanted
	beta_fails
	while IFS=: read -r cpu pattern wanted; do
		tests '[t]' "${cpu:+cpu = $cpu}"
		known t:beta "cpu = $pattern"
		runner t:beta
		equal "$cpu:$pattern:$(verdicts)" "$cpu:$pattern:beta=$wanted"
	done <<'END'
:max:KNOWN
:max*:KNOWN
:qemu64:FAIL
:qemu64 m?x:KNOWN
max,-umip:max:FAIL
max,-umip:max*:KNOWN
max,-umip:max,-umip:KNOWN
max,-umip:max,-smep:FAIL
max,-umip:*,-umip host:KNOWN
Skylake-Client:max*:FAIL
Skylake-Client:[S]*:KNOWN
:host:FAIL
END
}

@test "cpu: each of an entry's cases goes by its own test" {
	image u beta
	tests '[t]' '[u]' 'cpu = max,-umip'
	known 't:beta u:beta' 'cpu = *,-umip'
	beta_fails
	runner t:beta u:beta
	equal "$(verdicts)" 'beta=FAIL beta=KNOWN'
}

@test "cpu: shell words in it do nothing, and an empty one is for all" {
	beta_fails
	# shellcheck disable=SC2016 # not to be expanded
	known t:beta 'cpu = $(touch hacked) `touch hacked` [ @('
	runner t:beta
	judged beta=FAIL
	[[ -z $(find . -name hacked) ]]
	known t:beta 'cpu ='
	runner t:beta
	judged beta=KNOWN
}

@test "a * in a test's name is for all tests that match and have the case" {
	image u beta
	tests '[t]' '[u]'
	known '*:beta'
	beta_fails
	runner t:beta u:beta
	equal "$(verdicts)" 'beta=KNOWN beta=KNOWN'
}

# cpu_ms COMMAND...: its user time, that of its children included, in ms, into $ms.
cpu_ms() {
	local TIMEFORMAT=%U
	ms=$({ time "$@" >/dev/null 2>&1; } 2>&1)
	ms=$((10#${ms/./}))
}

# many_entries N: a known.cfg with so many, about rows.
many_entries() {
	local i
	for ((i = 0; i < $1; i++)); do
		printf '[entry %d]\nmanual = SDM vol. 3A, 6.13: words\nconfirmed = 7.2\nactual = others\ncases =\n\tt:alpha/row %d\n\tt:b*\n' "$i" "$i"
	done >scripts/vmm/qemu/known.cfg
	sed -i 's/^\tt:b\*$//' scripts/vmm/qemu/known.cfg
}

@test "5,000 entries cost little, and twice as many not four times as much" {
	local few
	many_entries 5000
	runner t:beta
	judged beta=PASS
	cpu_ms ./run_tests.sh t:beta
	few=$ms
	# Without any load it is below 100 ms; before there was one awk for all, it was some seconds.
	((ms < 600)) || { echo "$ms ms"; return 1; }
	many_entries 10000
	cpu_ms ./run_tests.sh t:beta
	((ms < 3 * few + 100)) || { echo "$ms ms, and $few ms"; return 1; }
}

@test "a known.cfg whose name looks like an assignment" {
	known t:beta
	mv scripts/vmm/qemu/known.cfg a=b.cfg
	beta_fails
	runner --known a=b.cfg
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
}
