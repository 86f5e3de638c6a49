#!/usr/bin/env bats
# The driver of Bochs: what it asks for, what it says that it cannot do, how it tells what has happened.
load helper

bats_setup=$(declare -f setup)
eval "common_${bats_setup}"

setup() {
	common_setup
	unset FAKE_BOCHS_VERSION FAKE_BOCHS_HELP FAKE_DISPLAYS FAKE_PANIC
	export BOCHS=$TOP/scripts/tests/fake-bochs
	mkdir -p scripts/vmm/bochs build/x86_64/vmm/bochs/x86
	ln -s "$TOP/scripts/vmm/bochs/driver.bash" "$TOP/scripts/vmm/bochs/boot.bash" scripts/vmm/bochs/
	head -c 65536 /dev/zero | tr '\0' L >build/x86_64/vmm/bochs/x86/loader.bin
	echo "$P/build/x86_64/t.elf" >build/x86_64/t.bin
}

bochs() {
	runner --vmm bochs "$@"
}

# The bytes of the last ROM from this offset on, so many, in hexadecimal.
rom_bytes() {
	od -An -v -tx1 -j "$1" -N "$2" rom | tr -d ' \n'
}

# Nothing is left of the temporary folders.
no_folder() {
	equal "$(find logs -name '*.tmp')" ''
}

@test "an honest guest: every case has its verdict, and nothing is left behind" {
	bochs
	judged 'alpha=PASS beta=PASS gamma=PASS'
	equal "$(jq -r 'select(.run).run | .vmm + " " + .vmm_version + " " + .accel' logs/results.jsonl)" 'bochs:intel 2.7 none'
	lacks "$(cat logs/x86_64/t.log)" banner
	no_folder
	contains "$(cat options)" 'cpu: model=tigerlake, count=1,'
}

@test "the ROM: CPUs, memory, command line, image, loader" {
	tests '[t]' 'smp = 3' 'memory = 1G' 'test_args = seed=7'
	bochs t:al*
	judged alpha=PASS
	equal "$(stat -c %s rom)" $((2 << 20))
	equal "$(rom_bytes 0 8)" 0300000000040000
	equal "$(tail -c +9 rom | tr '\0' '\n' | head -n 1)" 'seed=7 case=al*'
	equal "$(tail -c +36865 rom | head -n 1)" "$P/build/x86_64/t.elf"
	equal "$(rom_bytes $((0x1f0000 - 1)) 2)" 204c
	equal "$(rom_bytes $((0x1fffff)) 1)" 4c
	contains "$(cat options)" 'memory: guest=1024, host=1024'
	contains "$(cat options)" 'count=3,'
}

@test "the guest's clock is not the host's time zone's, nor summer time's" {
	TZ=America/New_York bochs t:al*
	judged alpha=PASS
	for day in 2024-01-10 2024-05-10 2024-11-10; do
		equal "$(TZ=$(cat zone) date -d "$day 12:34:56" '+%s %z')" "$(date -u -d "$day 12:34:56" '+%s %z')"
	done
	# There has to be a summer time for mktime() to find.
	contains "$(cat zone)" UTC0UTC0
}

@test "configurations: a vendor, or any model" {
	runner --vmm bochs:amd
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(cat options)" 'cpu: model=ryzen,'
	equal "$(jq -r 'select(.run).run.vmm' logs/results.jsonl)" bochs:amd
	runner --vmm=bochs:zambezi
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(cat options)" 'cpu: model=zambezi,'
	equal "$(jq -r 'select(.run).run.vmm' logs/results.jsonl)" bochs:zambezi
}

@test "configurations that there are not" {
	runner --vmm bochs:vax
	refused "has no CPU model 'vax'"
	runner --vmm bochs:
	refused "--vmm bochs:: '' is no configuration's name"
	runner --vmm 'bochs:a b'
	refused "is no configuration's name"
	runner --vmm qemu:amd
	refused 'qemu has no configurations'
}

@test "ACCEL is not for a VMM that has only one way" {
	ACCEL=kvm bochs
	judged 'alpha=PASS beta=PASS gamma=PASS'
	tests '[t]' 'accel = kvm'
	ACCEL=kvm bochs
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
	contains "$(message alpha)" 'needs accelerator kvm, this is none'
}

@test "the vendor that a test asks for" {
	tests '[t]' 'vendor = intel'
	bochs
	judged 'alpha=PASS beta=PASS gamma=PASS'
	runner --vmm bochs:core2_penryn_t9600
	judged 'alpha=PASS beta=PASS gamma=PASS'
	rm "$FAKE_STARTS"
	runner --vmm bochs:zambezi
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
	contains "$(message alpha)" 'needs a CPU of vendor intel, this one is of amd'
	equal "$(boots)" 0
	runner --vmm bochs:amd --print-command t
	refused 'needs a CPU of vendor intel'
}

@test "features to be taken away" {
	tests '[t]' 'without = abm avx2 xsave mpx'
	bochs
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
	contains "$(message alpha)" 'needs a CPU without abm, and before 3.0 Bochs takes no features away'
	FAKE_BOCHS_VERSION=3.0 bochs
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(cat options)" 'exclude_features="lzcnt,avx2,avx512,'
	contains "$(cat options)" ',xsave,xsaveopt,xsavec,xsaves"'
}

@test "topology, machine, CPU" {
	tests '[t]' 'smp = 4' 'topology = sockets=1,cores=2,threads=2'
	bochs
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(cat options)" 'count=1:2:2,'
	tests '[t]' 'machine = pc'
	bochs t:alpha
	judged alpha=SKIP
	contains "$(message alpha)" 'needs machine pc'
	tests '[t]' 'cpu = max,+kvm'
	bochs t:alpha
	judged alpha=SKIP
	contains "$(message alpha)" "needs CPU max,+kvm, which is another VMM's word"
}

@test "bochs_params are arguments of their own" {
	tests '[t]' 'bochs_params = magic_break:enabled=1 clock:sync=slowdown'
	bochs
	contains "$(cat options)" $'magic_break:enabled=1\nclock:sync=slowdown\n'
}

@test "versions" {
	FAKE_BOCHS_VERSION=2.6.11 bochs
	refused 'is version 2.6.11; at least 2.7 is needed'
	FAKE_BOCHS_VERSION=x bochs
	refused 'does not say which Bochs it is'
	BOCHS=/nonexistent/bochs bochs
	refused '/nonexistent/bochs not found (packages bochs and bochs-term, or set BOCHS)'
	FAKE_BOCHS_VERSION=10.1 bochs
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "a debugger that is always there is told to go on; one that can be left out is left out" {
	FAKE_BOCHS_HELP='  -rc filename     execute debugger commands stored in file' bochs
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(cat options)" $'-rc\n'
	lacks "$(cat options)" '@FOLDER@'
	FAKE_BOCHS_HELP=$'  -debugger        start it\n  -rc filename     execute debugger commands' bochs
	judged 'alpha=PASS beta=PASS gamma=PASS'
	lacks "$(cat options)" '-rc'
}

@test "display libraries" {
	FAKE_DISPLAYS='x nogui term' bochs
	contains "$(cat options)" 'display_library: nogui'
	FAKE_DISPLAYS='x term' bochs
	contains "$(cat options)" 'display_library: term'
	rm "$FAKE_STARTS"
	FAKE_DISPLAYS='x sdl' bochs
	refused 'has neither of the display libraries nogui and term'
}

@test "Bochs that gives up is a CRASH with its words, and the next case runs" {
	scenario <<'END'
case_beta() { exit 1; }
END
	FAKE_PANIC='exception(): 3rd (14) exception with no resolution' bochs
	contains "$(verdicts)" 'alpha=PASS beta=CRASH'
	contains "$(message beta)" '3rd (14) exception with no resolution'
}

@test "Bochs that dies of a signal" {
	scenario <<'END'
case_beta() { die SEGV; }
END
	bochs
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" 'SIGSEGV'
	no_folder
}

@test "Bochs that hangs is ended, with all that it started, and its folder goes" {
	scenario <<'END'
case_beta() { hang; }
END
	TIMEOUT=1 bochs
	judged 'alpha=PASS beta=TIMEOUT gamma=PASS'
	no_folder
	# shellcheck disable=SC2046 # several
	gone $(awk '$2 != "--version" { print $1 }' "$FAKE_STARTS")
}

@test "a guest that switches the machine off in a case" {
	scenario <<'END'
case_beta() { exit 0; }
END
	bochs
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" 'the guest switched the machine off'
}

@test "an image that does not fit" {
	head -c 2100000 /dev/zero >>build/x86_64/t.bin
	bochs
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message alpha)" 'too many for a ROM of 2097152'
}

@test "known.cfg by vendor" {
	scenario <<'END'
case_beta() { not_ok; }
END
	printf '%s\n' '[a deviation]' 'vendor = amd' 'manual = x' 'actual = y' 'confirmed = 2.7' 'cases =' '	t:beta' \
		>scripts/vmm/bochs/known.cfg
	bochs
	judged 'alpha=PASS beta=FAIL gamma=PASS'
	runner --vmm bochs:zambezi
	judged 'alpha=PASS beta=KNOWN gamma=PASS'
	sed -i 's/= amd/= via/' scripts/vmm/bochs/known.cfg
	rm "$FAKE_STARTS"
	bochs
	refused "known.cfg:2: vendor is intel or amd, not 'via'"
}

@test "--print-command is a command that can be typed" {
	bochs --print-command t:alpha
	equal "$status" 0
	run bash -c "$output 3>&-"
	contains "$output" 'ok 1 alpha'
	lacks "$output" beta
}

@test "of the configured architectures, those that the driver knows; another one only if it is asked for" {
	ARCH=arm64 image t alpha
	runner --vmm bochs
	equal "$status" 0
	contains "${lines[0]}" ', x86_64, '
	equal "$(jq -rs '[.[1:][].arch] | unique | join(" ")' logs/results.jsonl)" x86_64
	runner --vmm bochs --arch x86_64,arm64
	equal "$status" 2
	contains "$stderr" 'the bochs driver does not know arm64'
	rm -r build/x86_64
	runner --vmm bochs
	equal "$status" 2
	contains "$stderr" 'the bochs driver knows x86_64 i386, and configured is arm64'
}
