#!/usr/bin/env bats
# A VMM that does not have what a test asks for: the test is skipped, or booted without it; nothing else is.
load helper

# lacks_option WORDS MESSAGE: a VMM that does not start with these words in its command line.
lacks_option() {
	local words=$P/words.$((++refusals))
	echo "qemu-system-x86_64: $2" >"$words"
	cat >>"$P/scenario" <<END
if [[ " \$* " == *"$1"* ]]; then
	echo "qemu-system-x86_64: warning: something else" >&2
	cat "$words" >&2
	exit 1
fi
END
	export FAKE=$P/scenario
}

@test "optional parameters: left out for the whole run, with a note, where the VMM does not have them" {
	image u one
	image v two
	tests '[t]' 'qemu_params_optional = -device VGA' '[u]' 'qemu_params_optional = -device VGA' 'qemu_params = -foo x' '[v]'
	lacks_option '-device VGA' "-device VGA: 'VGA' is not a valid device model name"
	runner -j1
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS'
	equal "$stderr" "run_tests.sh: x86_64 is booted without -device VGA: -device VGA: 'VGA' is not a valid device model name"
	equal "$(boots)" 4
	lacks "$(tail -n 1 starts)" VGA
	contains "$(grep u.elf starts)" '-foo x'
	rm starts
	runner -j3
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS'
	equal "${#stderr_lines[@]}" 1
}

@test "optional parameters are there where the VMM has them" {
	tests '[t]' 'qemu_params_optional = -device VGA'
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(tail -n 1 starts)" '-device VGA -kernel'
	runner --print-command t
	contains "$output" '-device VGA -kernel'
}

@test "what the test cannot do without: SKIP, with the VMM's words" {
	local keys words
	while IFS='|' read -r keys words; do
		rm -f scenario starts
		tests '[t]' "$keys"
		lacks_option '-kernel' "$words"
		runner
		judged 'alpha=SKIP beta=SKIP gamma=SKIP'
		equal "$(message beta)" "the VMM does not have what the test needs: $words"
		equal "$(boots)" 1
		runner --isolate t:alpha,beta
		judged 'alpha=SKIP beta=SKIP'
	done <<'END'
machine = nosuch|unsupported machine type: "nosuch"
machine = nosuch|-machine nosuch: unsupported machine type
machine = q35,foo=on|Property 'pc-q35-7.2-machine.foo' not found
machine = q35,foo=9|Invalid foo value
cpu = nosuch,-umip|unable to find CPU model 'nosuch'
cpu = max,-foo|Property 'max-x86_64-cpu.foo' not found
cpu = max,foo=3|can't apply global max-x86_64-cpu.foo=3: Property 'max-x86_64-cpu.foo' not found
qemu_params = -device foo,x=1|-device foo,x=1: 'foo' is not a valid device model name
qemu_params = -device foo,x=1|-device foo,x=1: Property 'foo.x' not found
qemu_params = -device foo,x=1|-device foo,x=1: failed to find romfile "x"
qemu_params = -foo 3|-foo: invalid option
END
}

@test "what it does not refuse, or what is not the test's, is an ERROR" {
	local keys words
	while IFS='|' read -r keys words; do
		rm -f scenario
		tests '[t]' "$keys"
		lacks_option '-kernel' "$words"
		runner t:alpha
		judged alpha=ERROR
	done <<'END'
machine = q35|Property 'pc-q35-7.2-machine.bar' not found
machine =|unsupported machine type: "q35"
cpu = max,-foo|Property 'max-x86_64-cpu.fo' not found
cpu = max,-foo|unable to find CPU model 'max2'
cpu =|unable to find CPU model 'max'
without = avx2|Property 'max-x86_64-cpu.avx' not found
cpu =|Property 'isa-debug-exit.iobase' not found
qemu_params = -device foo|-device foo: PCI: slot 3 is in use
qemu_params = -device foo|-device isa-debug-exit: 'isa-debug-exit' is not a valid device model name
qemu_params_optional = -device foo|Property 'foo.x' not found
memory = 2G|cannot set up guest memory 'pc.ram': Cannot allocate memory
END
	rm scenario
	tests '[t]' 'machine = q35'
	lacks_option '-machine nosuch' 'unsupported machine type'
	MACHINE=nosuch runner t:alpha
	judged alpha=ERROR
}

@test "a VMM that has printed something, or that hangs, has not refused" {
	tests '[t]' 'qemu_params = -device foo'
	scenario <<'END'
before() {
	echo 'firmware'
	echo "qemu: -device foo: 'foo' is not a valid device model name" >&2
	exit 1
}
END
	runner t:alpha
	judged alpha=ERROR
	scenario <<'END'
echo "qemu: -device foo: 'foo' is not a valid device model name" >&2
hang
END
	TIMEOUT=1 runner t:alpha
	judged alpha=TIMEOUT
}

@test "a feature to be taken away that the VMM does not know at all is not there anyway" {
	image u one
	tests '[t]' 'without = avx2 sse4_1 lahf_lm nx' '[u]' 'without = lahf_lm'
	lacks_option '-sse4.1' "Property 'max-x86_64-cpu.sse4.1' not found"
	lacks_option '-lahf-lm' "can't apply global max-x86_64-cpu.lahf-lm=off: Property 'max-x86_64-cpu.lahf-lm' not found"
	runner -j1
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS'
	equal "$stderr" ''
	equal "$(boots)" 4
	contains "$(grep t.elf starts | tail -n 1)" '-cpu max,-avx2,-nx '
	contains "$(grep u.elf starts)" '-cpu max '
}

@test "without qboot it is booted with the VMM's own firmware, in all tests" {
	image u one
	tests '[t]' '[u]'
	lacks_option '-bios qboot.rom' "could not load PC BIOS 'qboot.rom'"
	runner -j1
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS'
	equal "$stderr" ''
	equal "$(boots)" 3
}

@test "two optional things of which it has neither, with qboot missing as well" {
	tests '[t]' 'qemu_params_optional = -device VGA -device foo'
	lacks_option '-bios qboot.rom' "could not load PC BIOS 'qboot.rom'"
	lacks_option '-device VGA' "-device VGA: 'VGA' is not a valid device model name"
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	equal "$(boots)" 3
}

@test "a VMM that goes on refusing what it is not asked for any more is an ERROR, not a loop" {
	tests '[t]' 'qemu_params_optional = -device VGA'
	lacks_option '-kernel' "-device VGA: 'VGA' is not a valid device model name"
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	rm scenario
	lacks_option '-kernel' "could not load PC BIOS 'qboot.rom'"
	runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
}

@test "what this KVM cannot do: SKIP; under TCG the same words are an error" {
	local keys words
	while IFS='|' read -r keys words; do
		rm -f scenario starts
		tests '[t]' "$keys"
		lacks_option '-kernel' "$words"
		ACCEL=kvm runner
		judged 'alpha=SKIP beta=SKIP gamma=SKIP'
		contains "$(message beta)" "the VMM does not have what the test needs: $words"
		runner t:alpha
		judged alpha=ERROR
	done <<'END'
machine = virt,gic-version=2|Initialization of device kvm-arm-gic failed: error creating in-kernel VGIC: No such device
machine = virt,gic-version=2|KVM does not support GICv2 emulation
cpu = cortex-a57|kvm_init_vcpu: kvm_arch_init_vcpu failed (0): Invalid argument
smp = 900|Number of SMP cpus requested (900) exceeds the maximum cpus supported by KVM (288)
END
	tests '[t]'
	rm -f scenario
	lacks_option '-kernel' 'kvm_init_vcpu: kvm_arch_init_vcpu failed (0): Invalid argument'
	ACCEL=kvm runner t:alpha
	judged alpha=ERROR
}
