#!/usr/bin/env bats
# Which tests and cases run, on what, and how often a VMM is started for that.
load helper

four_tests() {
	image u one two
	image v eins
	image w uno
	tests '[t]' 'groups = svm' '[u]' 'groups = svm, vmx' '[v]' 'groups = nodefault slow' '[w]' 'groups = destructive svm'
}

@test "by default: neither nodefault nor destructive" {
	four_tests
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS'
}

@test "-a: nodefault, never destructive" {
	four_tests
	runner -a
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS eins=PASS'
}

@test "-g: only this group, never destructive" {
	four_tests
	runner -g svm
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS'
	runner -g vmx
	judged 'one=PASS two=PASS'
	runner -g slow
	judged 'eins=PASS'
	runner -gvmx --group=slow
	judged 'one=PASS two=PASS eins=PASS'
}

@test "destructive when named, or its group is, never else" {
	four_tests
	runner -a -g svm
	lacks "$(verdicts)" uno
	runner -a -l
	lacks "$output" w
	runner -g destructive
	judged 'uno=PASS'
	runner w
	judged 'uno=PASS'
	runner w:u*
	judged 'uno=PASS'
}

@test "tests by name, several patterns" {
	four_tests
	runner v u:two
	judged 'two=PASS eins=PASS'
	runner t:alpha t:g* u:one,two
	judged 'alpha=PASS gamma=PASS one=PASS two=PASS'
	runner t 't:alpha'
	judged 'alpha=PASS beta=PASS gamma=PASS'
	runner 't:[ab]*'
	judged 'alpha=PASS beta=PASS'
	runner 't:[!a]*'
	judged 'beta=PASS gamma=PASS'
	runner 't:????'
	judged 'beta=PASS'
}

@test "patterns are not file names" {
	: >alpha
	: >beta
	runner 't:*a'
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(tail -n 1 "$FAKE_STARTS")" '-append debug-exit=0xf4 case=*a'
}

@test "two architectures, and arch/TEST" {
	ARCH=i386 image t alpha small
	runner
	equal "$status" 0
	equal "$(jq -rs '[.[1:][] | .arch + ":" + .case] | join(" ")' logs/results.jsonl)" \
		'x86_64:alpha x86_64:beta x86_64:gamma i386:alpha i386:small'
	runner i386/t
	judged 'alpha=PASS small=PASS'
	runner i386/t:small x86_64/t:beta
	judged 'beta=PASS small=PASS'
	runner t:small
	judged 'small=PASS'
	runner --arch i386
	judged 'alpha=PASS small=PASS'
	runner --arch i386,x86_64 t:alpha
	judged 'alpha=PASS alpha=PASS'
}

@test "arch of unittests.cfg" {
	ARCH=i386 image t alpha
	ARCH=i386 image u one
	tests '[t]' '[u]' 'arch = i386'
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS alpha=PASS one=PASS'
}

@test "an image for two tests" {
	tests '[t]' '[big]' 'image = t.elf' 'smp = 8'
	runner
	equal "$(jq -rs '[.[1:][] | .test + ":" + .case] | join(" ")' logs/results.jsonl)" \
		't:alpha t:beta t:gamma big:alpha big:beta big:gamma'
}

@test "-l and --list start nothing" {
	four_tests
	QEMU=/no/such/qemu runner -l
	equal "$status" 0
	equal "$output" $'t\nu'
	QEMU=/no/such/qemu runner -l -a
	equal "$output" $'t\nu\nv'
	QEMU=/no/such/qemu runner --list u
	equal "$status" 0
	equal "$output" $'u:one  the rule of one  [SDM vol. 3A, 6.10]\nu:two  the rule of two  [SDM vol. 3A, 6.11]'
	runner --list
	[[ ! -e starts && ! -e logs ]]
}

@test "one start for a test, one for the version of each architecture" {
	four_tests
	runner -a
	equal "$(boots)" 3
	equal "$(versions)" 1
	ARCH=i386 image t alpha
	rm starts
	runner t
	equal "$(boots)" 2
	equal "$(versions)" 2
}

@test "--print-command prints the command line and boots nothing" {
	tests '[t]' 'smp = 3' 'memory = 1G' 'cpu = qemu64' 'test_args = seed=7' 'qemu_params = -device edu'
	runner --print-command t:al*
	equal "$status" 0
	equal "${#lines[@]}" 1
	equal "$(boots)" 0
	contains "$output" "-smp 3 -m 1G"
	contains "$output" "-device edu -kernel $P/build/x86_64/t.elf -append 'debug-exit=0xf4 seed=7 case=al*'"
	[[ ! -e logs ]]
	# What it prints can be run.
	run bash -c "$output"
	equal "$status" 33
	contains "$output" 'ok 1 alpha'
}

@test "vendor, features and topology in QEMU's words" {
	tests '[t]' 'smp = 4' 'topology = sockets=1,cores=2,threads=2' 'vendor = intel' 'without = abm sse4_2 lahf_lm svm'
	runner --print-command t
	contains "$output" '-cpu max,vendor=GenuineIntel,-abm,-sse4.2,-lahf-lm,-svm,xlevel=0x80000008 -smp 4,sockets=1,cores=2,threads=2 '
	tests '[t]' 'vendor = amd'
	runner --print-command t
	contains "$output" '-cpu max,vendor=AuthenticAMD '
	tests '[t]' 'cpu = qemu64' 'without = nx'
	ACCEL=kvm runner --print-command t
	contains "$output" '-cpu qemu64,-nx '
}

@test "what hardware cannot do is skipped with the reason" {
	tests '[t]' 'without = abm nx'
	ACCEL=kvm runner
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
	contains "$(message alpha)" "needs a CPU without abm, this is the host's"
	equal "$(boots)" 0
	tests '[t]' 'vendor = amd' '[u]' 'image = t.elf' 'vendor = intel'
	ACCEL=kvm runner
	# The host is of one vendor at most.
	contains "$(message alpha)" 'needs a CPU of vendor'
}

@test "values of vendor, without and topology that are none" {
	tests '[t]' 'vendor = via'
	runner
	refused "unittests.cfg:2: vendor is intel or amd, not 'via'"
	tests '[t]' 'without = -nx'
	runner
	refused "unittests.cfg:2: without is a list of features"
	tests '[t]' 'topology = 1,2,2'
	runner
	refused "unittests.cfg:2: topology is like sockets=1,cores=2,threads=2"
}

@test "results come in the order of the tests, whatever ends first" {
	image u one
	image v eins
	tests '[t]' '[u]' '[v]'
	scenario <<'END'
case_alpha() { sleep 0.5; ok; }
case_one() { sleep 0.2; ok; }
END
	runner -j3
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS eins=PASS'
	equal "$(grep -o 'x86_64/[tuv]' <<<"$output" | tr '\n' ' ')" 'x86_64/t x86_64/u x86_64/v '
}

@test "-j: no more than so many at a time" {
	local i lines=()
	export P
	for i in 1 2 3 4 5 6; do
		image "t$i" "c$i"
		lines+=("[t$i]")
	done
	tests "${lines[@]}"
	scenario <<'END'
before() {
	echo + >>"$P/running"
	sleep 0.2
	echo - >>"$P/running"
}
END
	runner -j2
	equal "$status" 0
	equal "$(awk '/\+/ { if (++n > most) most = n } /-/ { n-- } END { print most }' running)" 2
	rm running
	runner -j1
	equal "$(awk '/\+/ { if (++n > most) most = n } /-/ { n-- } END { print most }' running)" 1
}

@test "accel of unittests.cfg: SKIP with the reason, no start" {
	tests '[t]' 'accel = kvm'
	runner
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
	equal "$(message beta)" 'needs accelerator kvm, this is tcg'
	equal "$(boots)" 0
	ACCEL=kvm runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "check of unittests.cfg: SKIP with the reason, no start" {
	echo Y >nested
	echo N >other
	tests '[t]' "check = $P/nested=Y"
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	tests '[t]' "check = $P/nested=Y | $P/other=Y"
	runner
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
	equal "$(message alpha)" "needs $P/other=Y, it is 'N'"
	equal "$(boots)" 1
	tests '[t]' "check = $P/other=Y | $P/nested=N | $P/nested=Y"
	runner
	equal "$(message alpha)" "needs $P/other=Y, it is 'N'"
	tests '[t]' "check = $P/nested=Y|$P/other=N"
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "check of a file that is not there, cannot be read, is empty, or is none" {
	local file reason
	mkdir folder
	mkfifo pipe
	: >empty
	printf '\n' >newline
	for file in /no/such/file folder pipe empty newline; do
		[[ $file == /* ]] || file=$P/$file
		case $file in
		*empty | *newline) reason="needs $file=1, it is ''" ;;
		*) reason="needs $file=1, there is no such file to read" ;;
		esac
		tests '[t]' "check = $file=1"
		runner
		judged 'alpha=SKIP beta=SKIP gamma=SKIP'
		equal "$(message alpha)" "$reason"
		equal "$stderr" ''
	done
	equal "$(boots)" 0
	# Nothing there where nothing is wanted.
	tests '[t]' "check = $P/empty="
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "check is shown with -v and counts as skipped; so in TAP" {
	tests '[t]' 'check = /no/such/file=1'
	runner -v
	contains "$output" 'SKIP    x86_64/t '
	contains "$output" 'needs /no/such/file=1, there is no such file to read'
	runner -t
	contains "$output" 'ok 1 - x86_64/t:alpha # SKIP needs /no/such/file=1'
}

@test "check of a file with odd bytes in it" {
	printf 'a\tb\\n"c"\x01\n' >odd
	tests '[t]' "check = $P/odd=Y"
	runner
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
	equal "$(message alpha)" "needs $P/odd=Y, it is 'a b\\n\"c\""$'\x01'"'"
}

@test "ACCEL, MACHINE and QEMU" {
	tests '[t]' 'machine = q35'
	ACCEL=hvf MACHINE=microvm runner
	equal "$status" 0
	contains "$(tail -n 1 "$FAKE_STARTS")" '-machine microvm -accel hvf'
	equal "$(jq -r 'select(.run).run.accel' logs/results.jsonl)" hvf
	contains "${lines[0]}" 'accelerator hvf (ACCEL says so)'
	runner
	contains "$(tail -n 1 "$FAKE_STARTS")" '-machine q35 -accel tcg'
}

@test "without ACCEL the first line says which and why" {
	unset ACCEL
	runner
	equal "$status" 0
	[[ ${lines[0]} =~ ^qemu\ 7\.2\.22,\ accelerator\ (kvm|tcg)\ \(.+\),\ x86_64 ]]
}

@test "variables that are empty are as if they were not there" {
	unset QEMU
	mkdir bin
	ln -s "$TOP/scripts/tests/fake-vmm" bin/qemu-system-x86_64
	# shellcheck disable=SC2123 # only for the runner
	PATH=$P/bin:$PATH QEMU='' ACCEL=tcg MACHINE='' TIMEOUT='' runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(tail -n 1 "$FAKE_STARTS")" '-machine q35 -accel tcg'
	PATH=$P/bin:$PATH ACCEL='' runner
	equal "$status" 0
}

@test "QEMU is one word, whatever is in it, and a path from where one is" {
	mkdir 'my vmm'
	cp "$TOP/scripts/tests/fake-vmm" 'my vmm/qemu $(touch hacked); *'
	QEMU='./my vmm/qemu $(touch hacked); *' runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	QEMU='./my vmm/qemu $(touch hacked); *' runner --print-command t:alpha
	run bash -c "$output"
	contains "$output" 'ok 1 alpha'
	rm starts
	QEMU='./my vmm' runner
	refused './my vmm not found'
	QEMU=$P/nosuch runner
	refused "$P/nosuch not found (package qemu-system-x86, or set QEMU)"
	[[ -z $(find . -name hacked) ]]
}

@test "-h and --help start nothing; -v, -t, -j and -a together" {
	runner -h
	equal "$status" 0
	contains "${lines[0]}" 'Usage: ./run_tests.sh'
	[[ ! -e starts && ! -e logs ]]
	runner -a -v -j2
	judged 'alpha=PASS beta=PASS gamma=PASS'
	runner -a -v -t -j 2 t
	equal "${lines[-1]}" '# 3 passed, 0 failed, 0 skipped'
}

@test "short options together, and --parallel" {
	four_tests
	runner -av
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS eins=PASS'
	contains "$output" 'PASS    x86_64/v:eins'
	runner -tvj2 t
	equal "${lines[0]}" 'TAP version 13'
	runner -avgsvm
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS'
	runner -ag slow
	judged 'eins=PASS'
	runner -al
	equal "$output" $'t\nu\nv'
	runner --parallel 3 t
	contains "${lines[0]}" '3 at a time'
	runner --parallel=2 t
	contains "${lines[0]}" '2 at a time'
	rm starts
	runner -tz
	refused "unknown option '-z'"
	runner -j
	refused "option '-j' needs a value"
	runner -verbose
	refused "unknown option '-verbose'; try --help; did you mean '--verbose'?"
}

@test "-g together with names: of those named, the ones in the group" {
	four_tests
	runner -g vmx 'u' 't*'
	refused "'t*' is in no group of -g vmx"
	runner -g vmx -g svm u t:alpha
	judged 'alpha=PASS one=PASS two=PASS'
	runner -g svm '?'
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS'
	runner -g svm w
	judged 'uno=PASS'
	rm starts
	runner -g vmx t
	refused "'t' is in no group of -g vmx"
}

@test "globs in the names of tests: nodefault ones too, destructive ones never" {
	four_tests
	image ta alpha other
	printf '[ta]\n' >>unittests.cfg
	runner 't*'
	judged 'alpha=PASS beta=PASS gamma=PASS alpha=PASS other=PASS'
	runner 't*:alpha,oth*'
	judged 'alpha=PASS alpha=PASS other=PASS'
	runner '[uv]'
	judged 'one=PASS two=PASS eins=PASS'
	runner 'x86_64/?'
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS eins=PASS'
	runner '*' -l
	lacks "$output" w
	runner '*' -g destructive -l
	equal "$output" w
}

@test "a row, pasted back as it was printed, is its case" {
	runner 'x86_64/t:beta/at CPL 3, or: not'
	judged 'beta=PASS'
	runner 't:al*/x' t:gamma/y
	judged 'alpha=PASS gamma=PASS'
	rm starts
	runner t:nosuch/row
	refused "'t:nosuch/row' matches no case"
}

@test "--print-command for several tests" {
	image u one
	tests '[t]' '[u]'
	runner --print-command t:alpha u
	equal "$status" 0
	equal "${#lines[@]}" 2
	contains "${lines[0]}" "t.elf -append 'debug-exit=0xf4 case=alpha'"
	contains "${lines[1]}" "u.elf -append debug-exit=0xf4"
}

@test "TIMEOUT and timeout with units and points" {
	scenario <<'END'
case_beta() { hang; }
END
	TIMEOUT=0.7 runner
	judged 'alpha=PASS beta=TIMEOUT gamma=PASS'
	contains "$(message beta)" 'no sign of life for 0.7 s'
	TIMEOUT=900ms runner t:beta
	contains "$(message beta)" 'no sign of life for 0.9 s'
	unset FAKE
	for TIMEOUT in 5m 1h 90s 1.5 0; do
		export TIMEOUT
		runner
		judged 'alpha=PASS beta=PASS gamma=PASS'
	done
	unset TIMEOUT
	tests '[t]' 'timeout = 2m'
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "a test of another architecture is no mistyped one" {
	tests '[t]' '[u]' 'image = t.elf' 'arch = arm64'
	runner u
	refused "'u' matches no test of x86_64; u is one of arm64"
}

@test "did you mean: tests, cases, options" {
	image insn mov_reg add_carry
	tests '[t]' '[insn]' 'groups = insn'
	runner isnn
	refused "'isnn' matches no test of x86_64; try -l; did you mean 'insn'?"
	runner insn:mov_rge
	refused "did you mean 'mov_reg'?"
	runner add_carry
	refused "did you mean 'insn:add_carry'?"
	runner --repaet 3
	refused "unknown option '--repaet'; try --help; did you mean '--repeat'?"
	runner --verbos
	refused "did you mean '--verbose'?"
	runner --paralel=4
	refused "unknown option '--paralel'; try --help; did you mean '--parallel'?"
	runner --frobnicate=yes
	refused "unknown option '--frobnicate'"
	runner completely_else
	refused 'matches no test of x86_64; try -l'
	lacks "$stderr" 'did you mean'
}
