#!/usr/bin/env bats
# Bad input: one line on stderr that says what and where, exit status 2, nothing run.
load helper

@test "unknown option" {
	runner --frobnicate
	refused "unknown option '--frobnicate'"
}

@test "unknown short option" {
	runner -z
	refused "unknown option '-z'"
}

@test "options without their value" {
	local option
	for option in -g -j --arch --vmm --out --known --config --print-command; do
		runner "$option"
		refused "option '$option' needs a value"
		runner "$option" ''
		refused "option '$option' has an empty value"
	done
}

@test "a value where none belongs" {
	runner --strict=yes
	refused "option '--strict' takes no value"
}

@test "-j with something else than a number" {
	local value
	for value in 0 x -1 1.5 99999999999999999999; do
		runner -j "$value"
		refused "'$value'"
	done
}

@test "TIMEOUT with something else than a number" {
	local value
	# shellcheck disable=SC2016 # not to be expanded
	for value in x -1 1.5.1 1. .5 5d '1 s' 's' 99999999999999999999 '$(touch hacked)' 'a[$(touch hacked)]'; do
		TIMEOUT=$value runner
		refused TIMEOUT
	done
	[[ ! -e hacked ]]
}

@test "a TIMEOUT with zeros before the number is decimal" {
	TIMEOUT=008 runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "test and case patterns that match nothing" {
	runner nosuch
	refused "'nosuch' matches no test"
	runner t:nosuch
	refused "'t:nosuch' matches no case"
	runner t:alpha t:zeta*
	refused "'t:zeta*' matches no case"
	runner t t:zeta
	refused "'t:zeta' matches no case"
	runner i386/t
	refused "'i386/t' matches no test"
	runner ''
	refused 'names no test'
	runner :alpha
	refused 'names no test'
	runner t:
	refused 'case pattern'
	runner 'x*'
	refused 'matches no test'
	runner '@'
	refused 'matches no test'
}

@test "a group that no test is in" {
	runner -g nosuch
	refused '-g nosuch: no test is in this group'
	# Also beside one that has some.
	tests '[t]' 'groups = svm, slow'
	runner -g svm -g solw
	refused "-g solw: no test is in this group; groups: svm slow; did you mean 'slow'?"
}

@test "an architecture, an accelerator or a group that does not exist: file and line" {
	local line
	tests '[t]' 'arch = x86-64'
	runner
	refused "unittests.cfg:2: there is no architecture 'x86-64'; known: x86_64 i386 arm64 arm s390x; did you mean 'x86_64'?"
	tests '[t]' '' 'accel = tcg kmv'
	runner -l
	refused "unittests.cfg:3: there is no accelerator 'kmv'"
	contains "$stderr" "did you mean 'kvm'?"
	for line in nodefualt no-default destuctive destructve; do
		tests '[t]' "groups = svm, $line"
		runner
		refused "unittests.cfg:2: there is no group '$line'; did you mean '"
	done
	tests '[*]' 'groups = svm vmx' '[t]' 'groups = svm, destructive' '[u]' 'groups = xvm' 'image = t.elf'
	runner
	refused "unittests.cfg:6: there is no group 'xvm'; known: nodefault destructive svm vmx; did you mean 'svm'?"
	tests '[t]' '[*]' 'groups = svm' 'smp = 2'
	runner
	refused 'unittests.cfg:4: [*] has the key groups and no other'
	tests '[*]' '[t]' 'groups = svm'
	runner
	refused "unittests.cfg:3: there is no group 'svm'; known: nodefault destructive"
	tests '[*]' '[t]'
	runner -l
	equal "$output" t
	runner --arch x86-64
	refused "--arch: there is no architecture 'x86-64'"
	tests '[t]'
	runner x86-64/t
	refused "'x86-64/t': there is no architecture 'x86-64'"
}

@test "an image without a section is named by the run and by -l" {
	image u one
	runner -l
	equal "$status" 0
	equal "$output" t
	equal "$stderr" 'run_tests.sh: no section of unittests.cfg boots build/x86_64/u.elf'
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	equal "$stderr" 'run_tests.sh: no section of unittests.cfg boots build/x86_64/u.elf'
	# Nobody who asks for another one needs to hear it.
	runner t
	equal "$stderr" ''
	tests '[t]' '[v]' 'image = u.elf' 'arch = i386'
	runner -l
	contains "$stderr" 'no section of unittests.cfg boots build/x86_64/u.elf'
	tests '[t]' '[v]' 'image = u.elf' 'groups = nodefault'
	runner
	equal "$stderr" ''
}

@test "this project's own unittests.cfg declares its groups" {
	grep -q '^\[\*\]$' "$TOP/unittests.cfg"
}

@test "shell words in patterns do nothing" {
	# shellcheck disable=SC2016 # not to be expanded
	local word
	# shellcheck disable=SC2016
	for word in '$(touch hacked)' 't:$(touch hacked)' 't:`touch hacked`' 'a[$(touch hacked)]' 't:x;touch hacked'; do
		runner "$word"
		equal "$status" 2
		runner --print-command "$word"
		equal "$status" 2
		runner -g "$word"
		equal "$status" 2
		runner --arch "$word"
		equal "$status" 2
		runner --vmm "$word"
		equal "$status" 2
	done
	[[ -z $(find . -name hacked) ]]
}

@test "unknown key: file and line" {
	tests '# a comment' '[t]' 'smpp = 4'
	runner
	refused "unittests.cfg:3: unknown key 'smpp'"
}

@test "a section twice" {
	tests '[t]' 'smp = 1' '[t]'
	runner
	refused 'unittests.cfg:3: section [t] again'
}

@test "a key twice" {
	tests '[t]' 'smp = 1' 'smp = 1'
	runner
	refused "unittests.cfg:3: key 'smp' again"
}

@test "a key before the first section" {
	tests 'smp = 1' '[t]'
	runner
	refused 'unittests.cfg:1: expected a [section]'
}

@test "a line that is neither section nor key" {
	tests '[t]' 'hello'
	runner
	refused 'unittests.cfg:2: expected'
}

@test "sections with names that are none" {
	local name
	# shellcheck disable=SC2016 # not to be expanded
	for name in '' 'a|b' '../t' 'a b' '$(touch hacked)' '`touch hacked`'; do
		tests "[$name]"
		runner
		refused 'unittests.cfg:1: '
	done
	[[ ! -e hacked ]]
}

@test "values with a form that they do not have" {
	local line
	# shellcheck disable=SC2016 # not to be expanded
	for line in 'smp = many' 'smp = 0' 'memory = 12' 'memory = 1T' 'timeout = soon' 'image = ../x.elf' \
		'image = t' 'timeout = 99999999999999999999' 'smp = $(touch hacked)' 'timeout = a[$(touch hacked)]' \
		'check = /sys/nested' 'check = nested=Y' 'check = /a=1 |' 'check = /a=1 | b=2' 'check = | /a=1' 'check = $(touch hacked)=1'; do
		tests '[t]' "$line"
		runner
		refused 'unittests.cfg:2: '
	done
	[[ ! -e hacked ]]
}

@test "shell words in values go to the VMM as they are, and do nothing" {
	# shellcheck disable=SC2016 # not to be expanded
	echo 'a[$(touch hacked)]' >'$(touch hacked)'
	# shellcheck disable=SC2016
	tests '[t]' 'test_args = $(touch hacked) `touch hacked` seed=1' 'qemu_params = -x $(touch${IFS}hacked) *' \
		'groups = $(touch hacked)' 'machine = `touch hacked`' 'cpu = ; touch hacked' 'check = '"$P"'/$(touch hacked)=a[$(touch hacked)]'
	runner
	equal "$status" 0
	contains "$(tail -n 1 "$FAKE_STARTS")" '$(touch hacked) `touch hacked` seed=1'
	# shellcheck disable=SC2016
	contains "$(tail -n 1 "$FAKE_STARTS")" '-x $(touch${IFS}hacked) *'
	[[ -z $(find "$P" -name 'hacked*') ]]
}

@test "CR LF, tabs, spaces, comments, and no newline at the end" {
	printf '# one\r\n\t[t]  \r\n\r\n; two\r\n\tsmp\t=\t2\t\r\n memory=64M' >unittests.cfg
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(tail -n 1 "$FAKE_STARTS")" '-smp 2 -m 64M'
}

@test "no unittests.cfg, an empty one, a folder" {
	rm unittests.cfg
	runner
	refused 'unittests.cfg: cannot be read'
	tests '# nothing'
	runner
	refused 'no test in it'
	runner --config /
	refused 'cannot be read'
	runner --config /no/such/file
	refused '/no/such/file: cannot be read'
}

@test "a missing image: file and line" {
	tests '[t]' '' '[u]'
	runner
	refused 'unittests.cfg:3: [u]: the image build/x86_64/u.elf does not exist'
}

@test "an image without its list" {
	rm build/x86_64/t.list
	runner
	refused 'unittests.cfg:1: [t]'
}

@test "architecture not configured" {
	runner --arch i386
	refused '--arch i386: not configured'
	runner --arch x86_64,i386
	refused '--arch i386: not configured'
	runner --arch ,
	equal "$status" 2
	equal "$output" ''
}

@test "the same architecture twice is once" {
	runner --arch x86_64,x86_64
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "nothing configured" {
	rm -r build
	runner
	refused 'nothing is configured'
}

@test "unknown VMM" {
	runner --vmm nosuch
	refused '--vmm nosuch'
	runner --vmm ../vmm/qemu
	refused '--vmm'
}

@test "--out that cannot be written" {
	: >file
	runner --out file
	refused '/file: is not a folder'
	runner --out file/below
	refused '/file/below: cannot be written'
	runner --out /proc/nothing
	refused '--out /proc/nothing'
	runner --out /
	refused '--out'
}

@test "--out that is somebody else's folder stays as it is" {
	mkdir mine
	echo precious >mine/thesis
	runner --out mine
	refused '/mine: has something else in it'
	equal "$(cat mine/thesis)" precious
	runner --out .
	refused 'has something else in it'
}

@test "somebody else's folder in the place of the previous run stays as it is" {
	mkdir logs.old
	echo precious >logs.old/thesis
	runner
	equal "$status" 0
	runner
	equal "$status" 2
	contains "$stderr" 'logs.old is in the way'
	equal "$(cat logs.old/thesis)" precious
}

@test "the previous run is kept as .old, the one before is gone" {
	runner t:alpha
	runner t:beta
	runner t:gamma
	equal "$(verdicts logs)" gamma=PASS
	equal "$(verdicts logs.old)" beta=PASS
	equal "$(find . -maxdepth 1 -name 'logs*' | sort | tr '\n' ' ')" './logs ./logs.old '
}

@test "an --out with spaces, backslashes, equals signs and quotes" {
	runner --out $'a=b \\n "c" d'
	equal "$status" 0
	equal "$(verdicts $'a=b \\n "c" d')" 'alpha=PASS beta=PASS gamma=PASS'
}

@test "from another folder, with CDPATH" {
	mkdir -p elsewhere/logs away
	cd away
	CDPATH=$P/elsewhere:$P run --separate-stderr bash ../run_tests.sh
	equal "$status" 0
	equal "$stderr" ''
	[[ -f logs/results.jsonl ]]
	cd ..
	CDPATH=$P/elsewhere:/tmp run --separate-stderr bash run_tests.sh
	equal "$status" 0
	[[ -f logs/results.jsonl && ! -e elsewhere/logs/results.jsonl ]]
}

@test "variables of the caller that the runner calls its own do not disturb it" {
	TEST=1 INI=2 ARCHS=3 JOB_TEST=4 KNOWN=5 OUT=6 ROOT=7 LOG=8 CONFIG=9 RUN_JOB=10 OPT_JOBS=x TICK=y runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "--help says all options, exit status 0" {
	local option
	runner --help
	equal "$status" 0
	for option in -a -g -j -l --list -t -v -h --arch --vmm --out --known --strict --config --print-command --repeat \
		--until-fail --shuffle --fail-fast --rerun-failed --isolate --compare --bisect --build ACCEL MACHINE QEMU \
		TIMEOUT NO_COLOR; do
		contains "$output" "$option"
	done
	runner -h
	equal "$status" 0
}

@test "shell words in an image's list do nothing, and results stay JSON" {
	# shellcheck disable=SC2016 # not to be expanded
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' alpha '$(touch hacked) `touch hacked`' '"quoted" \n \\' '$(touch hacked)' \
		'`touch hacked`' '$(touch hacked)' >build/x86_64/t.list
	scenario <<'END'
case_alpha() { not_ok; }
END
	runner -v
	judged alpha=FAIL
	jq -e . logs/results.jsonl >/dev/null
	xmllint --noout logs/junit.xml
	runner --list
	equal "$status" 0
	[[ -z $(find . -name hacked) ]]
}
