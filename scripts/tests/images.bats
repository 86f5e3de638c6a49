#!/usr/bin/env bats
# Real images under the real QEMU: what a guest gets wrong on purpose is seen, by every part of the chain.
load helper

setup() {
	unset MACHINE TIMEOUT NO_COLOR QEMU CDPATH
	export ACCEL=tcg
	type -P qemu-system-x86_64 >/dev/null || skip 'no qemu-system-x86_64 here'
	[[ -f $TOP/build/x86_64/negative.elf && -f $TOP/build/x86_64/exc.elf ]] || skip 'no images of x86_64 are built'
	cd "$BATS_TEST_TMPDIR" || return 1
	printf '%s\n' '[negative]' 'smp = 2' 'groups = nodefault' 'timeout = 3' >negative.cfg
}

teardown() { :; }

# negative CASES OPTION...: runs these cases of the image whose cases all do something wrong, on $arch.
negative() {
	run --separate-stderr timeout -k 1 300 "$TOP/run_tests.sh" --arch "${arch:-x86_64}" --config "$PWD/negative.cfg" --known none \
		"${@:2}" "negative:$1" 3>&-
}

# Standard input: lines of cases and their verdicts. Runs them in one boot and what follows from it.
negative_verdicts() {
	local cases verdict wanted case
	while read -r verdict cases; do
		for case in $cases; do
			wanted+=$case=$verdict$'\n'
		done
	done
	cases=${wanted//=+([A-Z])/}
	cases=${cases//$'\n'/,}
	negative "${cases%,}"
	diff -U 0 --label wanted --label found <(sort <<<"${wanted%$'\n'}") <(verdicts | tr ' ' '\n' | sort) || {
		grep -vE '^(PASS|SKIP)' <<<"$output"
		return 1
	}
	equal "$status" 1
}

@test "what a case gets wrong is seen, and costs no other case its verdict" {
	shopt -s extglob
	negative_verdicts <<'END'
PASS passes leaves_cpus_hanging leaks_cr4 leaks_flags still_here
SKIP skips skips_by_requires skips_rows
FAIL fails_true fails_eq fails_fault fails_mem_eq fails_str_eq fails_often fails_long_text assert_ends_case
FAIL fails_in_row row_named_like_case assert_in_row skips_after_failure asserts_nothing writes_null faults faults_in_row
FAIL faults_on_other_cpu asserts_on_other_cpu fails_under_lock overflows_stack overflows_stack_of_other_cpu
FAIL corrupts_return_address frees_page_twice frees_foreign_page frees_block_twice frees_foreign_block
FAIL frees_overrun_block runs_out_of_memory faults_in_kernel faults_at_user faults_in_exception_handler
FAIL faults_in_interrupt_handler unexpected_interrupt interrupts_idle_cpu breaks_stack breaks_stack_of_other_cpu
TIMEOUT hangs hangs_in_row hangs_on_other_cpu hangs_at_user halts halts_on_other_cpu
CRASH exits_as_passed exits_as_failed triple_faults triple_faults_on_other_cpu resets powers_off
END
	equal "$(row_verdicts | tr ' ' '\n' | grep -c =FAIL)" 4
}

# The same on arm64 and arm, $1.
arm_verdicts() {
	local arch=$1
	[[ -f $TOP/build/$arch/negative.elf ]] || skip "no images of $arch are built"
	[[ $arch == arm ]] || set -- arm64 aarch64
	type -P "qemu-system-${2:-arm}" >/dev/null || skip "no qemu-system-${2:-arm} here"
	shopt -s extglob
	negative_verdicts <<'END'
PASS passes leaves_cpus_hanging leaves_cpu_off leaks_sctlr leaks_masks still_here
SKIP skips skips_by_requires skips_rows
FAIL fails_true fails_eq fails_fault fails_mem_eq fails_str_eq fails_often fails_long_text assert_ends_case
FAIL fails_in_row row_named_like_case assert_in_row skips_after_failure asserts_nothing writes_null faults faults_in_row
FAIL faults_on_other_cpu asserts_on_other_cpu fails_under_lock overflows_stack overflows_stack_of_other_cpu
FAIL corrupts_return_address frees_page_twice frees_foreign_page frees_block_twice frees_foreign_block
FAIL frees_overrun_block runs_out_of_memory faults_in_kernel faults_at_user faults_in_interrupt_handler
FAIL unexpected_interrupt breaks_stack breaks_stack_of_other_cpu
TIMEOUT hangs hangs_in_row hangs_on_other_cpu hangs_at_user halts halts_on_other_cpu switches_off_other_cpu
CRASH exits_as_passed exits_as_failed resets powers_off
END
}

@test "what a case gets wrong is seen on arm64" {
	arm_verdicts arm64
}

@test "what a case gets wrong is seen on arm" {
	arm_verdicts arm
}

@test "a case that forges KTAP never passes" {
	negative 'forges_*,prints_*,bails_out' --isolate
	equal "$(jq -s '.[1:] | length' logs/results.jsonl)" 10
	lacks "$(verdicts)" PASS
	lacks "$(verdicts)" SKIP
	contains "$(verdicts)" 'prints_garbage=FAIL'
	contains "$(verdicts)" 'forges_and_hangs=TIMEOUT'
	contains "$(verdicts)" 'bails_out=ERROR'
	equal "$status" 1
}

@test "a case that forges KTAP does not cost the others their verdicts" {
	negative 'forges_totals,passes,still_here'
	contains "$(verdicts)" 'passes=PASS still_here=PASS'
	lacks "$(verdicts)" forges_totals=PASS
}

# boot IMAGE [WORDS]: the console of this image, booted as the runner does.
boot() {
	run timeout -k 1 10 qemu-system-x86_64 -nodefaults -no-user-config -display none -serial stdio -no-reboot -accel tcg \
		-machine q35 -cpu max -m 128M -bios qboot.rom -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$1" \
		-append "debug-exit=0xf4 $2" </dev/null 3>&-
}

@test "an image boots by its PVH note, without the Multiboot header" {
	local at
	cp "$TOP/build/x86_64/exc.elf" pvh.elf
	at=$(head -c 8192 pvh.elf | LC_ALL=C grep -obUaP '\x02\xb0\xad\x1b' | cut -d: -f1)
	[[ $at =~ ^[0-9]+$ ]]
	printf '\0\0\0\0' | dd of=pvh.elf bs=1 seek="$at" conv=notrunc status=none
	boot pvh.elf 'case=int3_pushes_next_ip'
	equal "$status" 33
	contains "$output" 'KTAP version 1'
	contains "$output" 'ok 1 int3_pushes_next_ip'
}

@test "an unknown word on the kernel's command line bails out" {
	boot "$TOP/build/x86_64/exc.elf" 'frobnicate'
	equal "$status" 35
	contains "$output" "Bail out! unknown argument 'frobnicate'"
	lacks "$output" 'ok 1'
	boot "$TOP/build/x86_64/exc.elf" 'case=nosuch'
	equal "$status" 35
	contains "$output" 'Bail out! no case matches'
}

@test "an unknown word in unittests.cfg: every case is an ERROR" {
	printf '%s\n' '[negative]' 'test_args = frobnicate' >negative.cfg
	negative passes
	equal "$(verdicts)" passes=ERROR
	contains "$(message passes)" "unknown argument 'frobnicate'"
}

# In the guest there is no SVM; the cases are those of exc all the same.
@test "an image runs as a guest of the hypervisor that it has in it" {
	local kind
	for kind in svm svm-npt; do
		boot "$TOP/build/x86_64/exc.elf" "case=int3_pushes_next_ip nested=$kind"
		contains "$output" "# nested: $kind"
		contains "$output" 'ok 1 int3_pushes_next_ip'
		boot "$TOP/build/x86_64/svm.elf" "case=efer_in_guest nested=$kind"
		contains "$output" 'ok 1 efer_in_guest # SKIP'
	done
	boot "$TOP/build/x86_64/exc.elf" 'case=int3_pushes_next_ip nested=vmx'
	contains "$output" 'ok 1 int3_pushes_next_ip # SKIP nested=vmx needs VMX'
	boot "$TOP/build/x86_64/exc.elf" 'case=int3_pushes_next_ip nested=nonsense'
	contains "$output" 'ok 1 int3_pushes_next_ip # SKIP nested=nonsense needs a hypervisor of this name'
}

@test "a command line has room for the names of all cases, and the guest says so where it has not" {
	local others
	printf -v others ',a_case_of_another_image%.0s' {1..1300}
	boot "$TOP/build/x86_64/exc.elf" "case=int3_pushes_next_ip$others"
	equal "$status" 33
	contains "$output" 'ok 1 int3_pushes_next_ip'
	boot "$TOP/build/x86_64/exc.elf" "case=int3_pushes_next_ip$others$others"
	equal "$status" 35
	contains "$output" 'Bail out! the command line has more than 32767 bytes'
}
