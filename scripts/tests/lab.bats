#!/usr/bin/env bats
# --lab: the VMMs of a run in a Linux under QEMU, which a fake plays; what goes wrong with it.
load helper

# A lab with a kernel of somebody's, and our own VMM, which the fake VMM plays.
prepare() {
	unset ACCEL QEMU
	mkdir -p scripts/lab scripts/vmm/kvm build/x86_64/lab
	ln -s "$TOP/scripts/lab/"*.bash scripts/lab/ # known.cfg would be about other tests
	ln -s "$TOP/scripts/vmm/kvm/driver.bash" scripts/vmm/kvm/
	printf '#!/bin/sh\n' >build/x86_64/lab/agent
	chmod +x build/x86_64/lab/agent
	echo kernel >vmlinuz
	export KVM=$TOP/scripts/tests/fake-vmm LAB_QEMU=$TOP/scripts/tests/fake-lab FAKE_LAB_STARTS=$P/lab-starts
}

lab() {
	runner --lab x86_64 --lab-kernel ./vmlinuz "$@"
}

lab_boots() {
	[[ ! -e lab-starts ]] || wc -l <lab-starts
}

# Nothing runs any more, and nothing is left that is large or a pipe.
ended() {
	# shellcheck disable=SC2046 # several
	gone $(cut -d ' ' -f 1 lab-starts)
	equal "$(find logs/lab -type p -o -type l ! -name now -o -name initrd)" ''
}

@test "every test in one boot; the first line, the results and the console are as ever" {
	prepare
	image u one
	tests '[t]' 'smp = 2' '[u]'
	lab
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS'
	contains "${lines[0]}" 'kvm 6.1.0, accelerator kvm (in the lab: Linux 6.1.0-fake under QEMU 10.0.13), x86_64, 1 at a time'
	equal "$(lab_boots)" 1
	equal "$(boots)" 2
	contains "$(head -n 1 starts)" '--cpus 2 --memory 128 --arguments debug-exit=0xf4'
	contains "$(head -n 1 logs/results.jsonl)" 'Linux 6.1.0-fake under QEMU 10.0.13, kvm.enable_pmu=N, kvm_amd.npt=Y'
	contains "$(<logs/x86_64/t.log)" '# totals: pass=3'
	contains "$(cat lab-starts)" '-accel tcg,thread=single -machine q35 -cpu EPYC -smp 1'
	ended
}

@test "what fails, crashes and hangs there is judged as anywhere" {
	prepare
	scenario <<'END'
case_alpha() { not_ok; }
case_beta() { echo 'assay-kvm: CPU 0: KVM internal error: words' >&2; exit 1; }
END
	lab
	judged 'alpha=FAIL beta=CRASH gamma=PASS'
	contains "$(message beta)" 'assay-kvm: CPU 0: KVM internal error: words'
	equal "$(lab_boots)" 1
	scenario <<'END'
case_beta() { hang; }
END
	rm lab-starts
	TIMEOUT=1 lab
	judged 'alpha=PASS beta=TIMEOUT gamma=PASS'
	equal "$(lab_boots)" 2
	ended
}

@test "a lab that dies: charged to the case that ran, and the rest runs in a new one" {
	prepare
	scenario <<'END'
case_beta() { : >"$P/beta-ran"; sleep 1; ok; }
END
	cat >dies <<'END'
#!/bin/sh
# The outer QEMU dies while beta runs, the first time.
if [ "$1" != --version ] && [ ! -e "$P/died" ]; then
	: >"$P/died"
	(until [ -e "$P/beta-ran" ]; do sleep 0.05; done; sleep 0.2; kill -ABRT $$) >/dev/null 2>&1 &
fi
exec "$TOP/scripts/tests/fake-lab" "$@"
END
	chmod +x dies
	export P TOP LAB_QEMU=$P/dies
	lab
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	contains "$(message beta)" 'the lab failed, not the VMM; lab error: the outer QEMU died of signal 6 (SIGABRT)'
	equal "$(lab_boots)" 2
	ended
}

@test "a lab that dies of every test" {
	prepare
	FAKE_LAB_DIES='*arguments*' lab
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message alpha)" 'lab error: the outer QEMU died of signal 6 (SIGABRT)'
	contains "$(message alpha)" 'BUG: unable to handle page fault'
	ended
}

@test "a kernel without KVM, one that does not come up, a QEMU that does not start: one line each" {
	prepare
	FAKE_LAB_READY='failed Linux 6.1.0 has no /dev/kvm: kvm_amd: Operation not supported' lab
	refused '--lab: Linux 6.1.0 has no /dev/kvm: kvm_amd: Operation not supported; '
	ended
	FAKE_LAB_READY=dies lab
	refused '--lab: QEMU ended with status 1 before Linux was up; '
	equal "$(lab_boots)" 3
	LAB_QEMU=/nosuch/qemu lab
	refused '--lab: /nosuch/qemu not found'
}

@test "bad input: one line each" {
	prepare
	runner --lab sparc
	refused '--lab sparc: there is a lab for'
	runner --lab x86_64:npt
	refused "options of KVM's modules are like npt=0 or kvm_amd.npt=0, not 'npt'"
	runner --lab x86_64 --lab-kernel ./nosuch
	refused './nosuch: there is no kernel'
	runner --lab x86_64 --lab-kernel latest
	refused "kernels are a version like 6.1, or a path with a / in it, not 'latest'"
	runner --lab-kernel 6.1
	refused '--lab-kernel goes with --lab'
	runner --deterministic
	refused '--deterministic goes with --lab'
	runner --lab x86_64 --vmm-release 10.0
	refused '--vmm-release does not go with --lab'
	ACCEL=tcg lab
	refused 'ACCEL=tcg and --lab: what runs in the lab is KVM; one of them'
	lab --arch s390x
	refused '--arch s390x: not configured'
	ARCH=s390x image t alpha
	lab --arch s390x
	refused '--lab x86_64: s390x does not run there'
	runner --lab arm64
	refused '--lab arm64: none of arm64 arm is configured'
	rm build/x86_64/lab/agent
	lab
	refused 'lab/agent: ./configure says why, else run make'
	[[ ! -e lab-starts ]]
}

@test "the results folder cannot take the lab's files" {
	prepare
	((EUID)) || [[ -w /dev/full ]] || skip 'no /dev/full'
	ln -s /dev/full full
	mkdir -p bin
	printf '#!/bin/sh\necho "cat: write error: No space left on device" >&2\nexit 1\n' >bin/cat
	chmod +x bin/cat
	PATH=$P/bin:$PATH lab
	refused 'initrd cannot be written: cat: write error: No space left on device'
}

@test "interrupted, and killed: nothing is left running" {
	local pid
	prepare
	export P
	scenario <<'END'
case_beta() { : >"$P/beta-runs"; hang; }
END
	for signal in HUP TERM KILL; do
		rm -f beta-runs lab-starts
		# Under nohup HUP is ignored, and no shell can trap it again.
		env --default-signal=HUP ./run_tests.sh --lab x86_64 --lab-kernel ./vmlinuz >out.txt 2>&1 3>&- &
		pid=$!
		until [[ -e beta-runs ]] || ! kill -0 "$pid"; do sleep 0.05; done
		kill -"$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		[[ $signal == KILL ]] || equal "$signal $status" "$signal 130" || {
			cat out.txt
			return 1
		}
		# shellcheck disable=SC2046 # several
		gone $(cut -d ' ' -f 1 lab-starts)
	done
}

@test "i386 has a lab of its own, with shadow paging unless somebody says otherwise" {
	prepare
	ARCH=i386 image t alpha
	runner --lab i386 --lab-kernel ./vmlinuz
	equal "$(jq -rs '[.[1:][] | .arch + "/" + .verdict] | unique | join(" ")' logs/results.jsonl)" i386/PASS
	contains "$(tail -n 1 lab-starts)" 'kvm_amd.npt=0'
	runner --lab i386:kvm_amd.npt=1 --lab-kernel ./vmlinuz
	lacks "$(tail -n 1 lab-starts)" 'npt=0'
}

@test "--print-command boots nothing; --list neither" {
	prepare
	lab --print-command t
	equal "$status" 0
	contains "$output" '--arguments debug-exit=0xf4'
	lab --list
	equal "${#lines[@]}" 3
	[[ ! -e lab-starts ]]
}

@test "--matrix: several kernels, side by side" {
	prepare
	cp vmlinuz other
	cat >which <<'END'
#!/bin/sh
# What the lab says depends on the kernel.
for word; do last=$word; done
[ "$1" = --version ] || case $(cat ../linux) in
other) FAKE_LAB_READY='ready 6.12.1-fake'; export FAKE_LAB_READY ;;
esac
exec "$TOP/scripts/tests/fake-lab" "$@"
END
	echo other >other
	chmod +x which
	export TOP LAB_QEMU=$P/which
	runner --lab x86_64 --matrix old=./vmlinuz,new=./other
	equal "$status" 0
	contains "$output" 'kvm 6.1.0, accelerator kvm'
	contains "$output" 'kvm 6.12.1, accelerator kvm'
	equal "$(lab_boots)" 2
	rm -r logs lab-starts starts
	runner --lab x86_64 --matrix 6.1,bochs
	refused "'bochs' is neither a kernel's release like 6.1, nor a path"
	runner --lab x86_64 --matrix ./vmlinuz,./nosuch
	refused './nosuch: there is no such kernel'
}

@test "--bisect: what cannot be judged is 125" {
	prepare
	runner --bisect --lab x86_64 --lab-kernel ./vmlinuz t:alpha
	equal "$status" 0
	scenario <<'END'
case_alpha() { not_ok; }
END
	runner --bisect --lab x86_64 --lab-kernel ./vmlinuz t:alpha
	equal "$status" 1
	FAKE_LAB_READY='failed Linux 6.1.0 has no /dev/kvm' runner --bisect --lab x86_64 --lab-kernel ./vmlinuz t:alpha
	equal "$status" 125
	runner --bisect --build false --lab x86_64 --lab-kernel ./vmlinuz t:alpha
	equal "$status" 125
}

@test "--deterministic: each test has a boot that has its request from the beginning" {
	prepare
	image u one
	tests '[t]' '[u]'
	lab --deterministic
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS'
	equal "$(lab_boots)" 3
	contains "$(cat lab-starts)" '-icount shift=2,sleep=off'
	ended
}
