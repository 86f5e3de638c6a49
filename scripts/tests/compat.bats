#!/usr/bin/env bats
# What runs and reads test suites of KVM elsewhere, read its way: small programs of our own do what those wrappers do.
load helper

# A run with a bit of everything: two tests that pass, one that fails, one that is skipped, and a known deviation.
mixed() {
	image good one two
	image bad three four
	image away five
	image dev six
	tests '[good]' '[bad]' '[away]' 'accel = kvm' '[dev]' '[nodef]' 'image = good.elf' 'groups = nodefault'
	rm build/x86_64/t.elf
	printf '%s\n' '[d]' 'arch = x86_64' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' dev:six' >scripts/vmm/qemu/known.cfg
	scenario <<'END'
case_four() { not_ok; }
case_six() { not_ok; }
case_two() { skip 'no such CPU'; }
END
}

# lkft_tap: as LKFT's parser of TAP: "ok N - name", where "# skip" anywhere is a skip. Prints NAME RESULT.
lkft_tap() {
	awk '
		/^(not )?ok/ {
			if (!match($0, / [0-9]+ - /)) { print "invalid"; exit 1 }
			result = substr($0, 1, RSTART - 1) == "ok" ? "pass" : "fail"
			name = substr($0, RSTART + RLENGTH)
			if (tolower(name) ~ /# skip/) { result = "skip"; sub(/ *# skip.*/, "", name) }
			gsub(/ /, "-", name); gsub(/[^a-zA-Z0-9_-]/, "", name)
			print name, result
		}'
}

# lkft_lines: as LKFT's older one: PASS, SKIP and FAIL anywhere in a line, without colours, the second word is the name.
lkft_lines() {
	grep -e PASS -e SKIP -e FAIL | sed 's/\x1b\[[0-9;]*m//g' | awk '{ print $2, tolower($1) }'
}

# lisa: as LISA's tool: words with one space between; the first has the status in it, the second is the name.
lisa() {
	local line parts
	while IFS= read -r line; do
		IFS=' ' read -ra parts <<<"${line// / .}"
		((${#parts[@]} >= 2)) || continue
		case ${parts[0]} in
		*PASS*) echo "${parts[1]#.} passed" ;;
		*FAIL*) echo "${parts[1]#.} failed" ;;
		*SKIP*) echo "${parts[1]#.} skipped" ;;
		esac
	done
}

@test "LKFT: -a -t, a known deviation is no failure" {
	mixed
	ASSAY_FORMAT=kut runner -a -t
	equal "$status" 1
	equal "${lines[0]}" 'TAP version 13'
	run lkft_tap <<<"$output"
	equal "$output" 'x86_64goodone pass
x86_64goodtwo skip
x86_64badthree pass
x86_64badfour fail
x86_64awayfive skip
x86_64devsix skip
x86_64nodefone pass
x86_64nodeftwo skip'
}

@test "LKFT: -a -v, a line for each test and each case, words of status nowhere else" {
	mixed
	ASSAY_FORMAT=kut runner -a -v
	run lkft_lines <<<"$output"
	equal "$output" 'good pass
good:one pass
good:two skip
bad fail
bad:three pass
bad:four fail
away skip
away:five skip
dev pass
dev:six skip
nodef pass
nodef:one pass
nodef:two skip'
}

@test "LISA: no option, PASS name (...), and logs/name.log" {
	local name
	mixed
	ASSAY_FORMAT=kut runner
	equal "$(lisa <<<"$output")" 'good passed
bad failed
away skipped
dev passed'
	contains "$output" 'PASS good (2 cases, 1 skipped)'
	contains "$output" 'SKIP away (1 case, 1 skipped: needs accelerator kvm, this is tcg)'
	for name in good bad dev; do
		contains "$(<"logs/$name.log")" 'KTAP version 1'
	done
	# Not the other way round: another format has no such files.
	runner --format text
	[[ ! -e logs/good.log ]]
	# With several architectures the names say which.
	ARCH=i386 image good one two
	ASSAY_FORMAT=kut runner good
	equal "$(lisa <<<"$output")" $'x86_64-good passed\ni386-good passed'
	[[ -s logs/i386-good.log ]]
}

@test "avocado: files in tests/, status 77 for a test that is skipped" {
	local file name
	mixed
	ln -s "$TOP/scripts/standalone.sh" scripts/standalone.sh
	sed 's/^cd .*/cd "$P"/' "$TOP/scripts/standalone.sh" >standalone.sh
	export P
	bash standalone.sh x86_64 >/dev/null
	[[ -d tests ]]
	# It runs what is there, and looks at nothing but the status.
	for file in tests/*; do
		name=${file##*/}
		status=0
		"./$file" >/dev/null 2>&1 3>&- || status=$?
		case $status in
		0) echo "$name PASS" ;;
		77) echo "$name SKIP" ;;
		*) echo "$name FAIL" ;;
		esac
	done >words
	equal "$(<words)" $'away SKIP\nbad FAIL\ndev PASS\ngood PASS\nnodef PASS'
}

@test "CKI: another unittests.cfg in the place of ours, with fewer tests" {
	mixed
	printf '%s\n' '[good]' >unittests.cfg
	runner good
	equal "$status" 0
	judged 'one=PASS two=SKIP'
}

@test "everything was skipped: 0, or what --all-skipped says" {
	image u one
	tests '[t]' 'accel = kvm' '[u]'
	runner t
	equal "$status" 0
	runner --all-skipped 77 t
	equal "$status" 77
	runner --all-skipped 77
	equal "$status" 0
	scenario <<'END'
case_one() { not_ok; }
END
	runner --all-skipped 77
	equal "$status" 1
	rm starts
	runner --all-skipped 256
	refused "--all-skipped takes an exit status, not '256'"
	runner --format kvm
	refused "--format kvm: there is no format 'kvm'"
	ASSAY_FORMAT=tap12 runner
	refused "ASSAY_FORMAT: there is no format 'tap12'; known: text tap13 tap14 kut, and json or html with --list; did you mean 'tap13'?"
}

# What TAP's own readers make of it: passed, failed, skipped and so on, from prove's last words.
@test "prove reads -t and --format tap14" {
	local option
	type -P prove >/dev/null || skip 'no prove here'
	mixed
	for option in -t '--format tap14'; do
		scenario <<'END'
case_two() { row ok 'a # b \ c'; row 'not ok' d; row ok 'e # SKIP f'; not_ok; }
case_six() { not_ok; }
END
		# shellcheck disable=SC2086 # two words
		runner $option good dev
		echo "$output" >tap
		# prove of Perl 5.36 does not know the number 14, and reads it as 13.
		sed -i '1s/14/13/' tap
		run prove --exec cat tap
		contains "$output" 'Failed 1/3 subtests'
		unset FAKE
		rm -f scripts/vmm/qemu/known.cfg
		# shellcheck disable=SC2086
		runner $option good
		sed '1s/14/13/' <<<"$output" >tap
		run prove --exec cat tap
		contains "$output" 'Result: PASS'
		printf '%s\n' '[d]' 'arch = x86_64' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' dev:six' >scripts/vmm/qemu/known.cfg
	done
}

@test "TAP 14 has rows as subtests, with what the format wants escaped" {
	image t alpha beta
	tests '[t]'
	scenario <<'END'
case_alpha() { row ok 'plain'; row 'not ok' 'a \# b'; row ok 'c # SKIP why'; not_ok; }
END
	runner --format tap14
	equal "$(grep -v '^# [^S]' <<<"$output")" 'TAP version 14
1..2
# Subtest: x86_64/t:alpha
    ok 1 - plain
    not ok 2 - a \# b
    ok 3 - c # SKIP why
    1..3
not ok 1 - x86_64/t:alpha
ok 2 - x86_64/t:beta'
}
