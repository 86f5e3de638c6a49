#!/usr/bin/env bats
# The driver of our own VMM on KVM; the fake VMM plays it.
load helper

prepare() {
	[[ $HOSTTYPE == x86_64 ]] || skip 'this is about hosts of x86_64'
	mkdir -p scripts/vmm/kvm
	ln -s "$TOP/scripts/vmm/kvm/driver.bash" scripts/vmm/kvm/
	echo 6.12.1-test >osrelease
	: >kvm
	printf 'flags\t\t: fpu svm sse2\n' >cpuinfo
	export KVM=$TOP/scripts/tests/fake-vmm ASSAY_OSRELEASE=$P/osrelease ASSAY_KVM_DEVICE=$P/kvm ASSAY_CPUINFO=$P/cpuinfo
	unset ACCEL QEMU
}

@test "the version is the kernel's, the accelerator KVM" {
	prepare
	tests '[t]' 'smp = 12' 'topology = sockets=2,cores=3,threads=2' 'memory = 2G' 'test_args = exhaustive'
	runner --vmm kvm
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "${lines[0]}" "kvm 6.12.1, accelerator kvm ($P/kvm opens and the CPU virtualises in hardware), x86_64"
	contains "$(tail -n 1 starts)" "--cpus 12 --topology 2,3,2 --memory 2048 --arguments debug-exit=0xf4 exhaustive $P/build/x86_64/t.elf"
}

@test "a host without KVM, one that is no Linux, an old one, a VMM that is not built" {
	prepare
	rm kvm
	runner --vmm kvm
	refused "--vmm kvm: no $P/kvm"
	echo 4.19.0 >osrelease
	runner --vmm kvm
	refused 'this is Linux 4.19.0; at least 5.10 is needed'
	rm osrelease
	runner --vmm kvm
	refused 'KVM is a part of Linux, and this is another system'
	unset KVM
	runner --vmm kvm
	refused 'vmm/kvm/assay-kvm: ./configure says why, else run make'
	ARCH=s390x image t alpha
	runner --vmm kvm --arch s390x
	refused 'the kvm driver does not know s390x'
}

@test "what it cannot do is skipped" {
	local keys words
	prepare
	while IFS='|' read -r keys words; do
		tests '[t]' "$keys"
		runner --vmm kvm t:alpha
		judged alpha=SKIP
		contains "$(message alpha)" "$words"
	done <<'END'
machine = q35|needs machine q35, and this VMM has one of its own
cpu = max|needs CPU max, this is the host's
END
	tests '[t]'
	scenario <<'END'
before() { echo 'assay-kvm: KVM does not have 900 CPUs: KVM_CREATE_VCPU: Invalid argument' >&2; exit 1; }
END
	runner --vmm kvm t:alpha
	judged alpha=SKIP
	contains "$(message alpha)" 'KVM does not have 900 CPUs'
}

@test "features that a test wants a CPU without" {
	prepare
	tests '[t]' 'without = smap pku'
	runner --vmm kvm
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "$(tail -n 1 starts)" '--without smap,pku'
	scenario <<'END'
before() { echo 'assay-kvm: KVM does not have a way to take sse3 from the CPU' >&2; exit 1; }
END
	runner --vmm kvm t:alpha
	judged alpha=SKIP
	contains "$(message alpha)" 'KVM does not have a way to take sse3 from the CPU'
}

@test "KVM's words begin the message of a crash" {
	prepare
	scenario <<'END'
case_beta() {
	echo 'assay-kvm: CPU 0: KVM internal error: it cannot emulate an instruction, at 0x1234' >&2
	echo 'rip 0000000000001234' >&2
	exit 1
}
END
	runner --vmm kvm
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta | head -n 1)" 'assay-kvm: CPU 0: KVM internal error: it cannot emulate an instruction, at 0x1234'
	contains "$(message beta)" 'rip 0000000000001234'
}
