#!/usr/bin/env bats
# Which accelerator is taken where nobody says which, and what the first line says of it.
load helper

# A host with KVM that works, but for what the arguments say: KEY=VALUE of the environment.
host() {
	[[ $HOSTTYPE == x86_64 ]] || skip 'this is about hosts of x86_64'
	unset ACCEL
	: >kvm
	printf 'processor\t: 0\nflags\t\t: fpu %s sse2\n' "${1-svm}" >cpuinfo
	export ASSAY_KVM_DEVICE=$P/kvm ASSAY_CPUINFO=$P/cpuinfo
}

@test "KVM is taken where it runs an image" {
	host vmx
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "${lines[0]}" "accelerator kvm ($P/kvm opens and the CPU virtualises in hardware), x86_64"
	equal "$(boots)" 2
	contains "$(tail -n 1 starts)" '-accel kvm'
	contains "$(grep case=- starts)" '-accel kvm'
}

@test "no /dev/kvm, no hardware, no permission: TCG, and why" {
	host ''
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "${lines[0]}" "accelerator tcg ($P/kvm opens, but $P/cpuinfo has neither vmx nor svm)"
	equal "$(boots)" 1
	host
	rm kvm
	runner
	contains "${lines[0]}" "accelerator tcg (no $P/kvm)"
	host
	rm kvm
	mkdir kvm
	runner
	contains "${lines[0]}" "accelerator tcg ($P/kvm cannot be opened)"
	((EUID)) || return 0 # nothing is forbidden to root
	rmdir kvm
	host
	chmod 0 kvm
	runner
	contains "${lines[0]}" "accelerator tcg (no permission for $P/kvm)"
}

@test "a KVM that runs no image: TCG, and the VMM's words" {
	host
	scenario <<'END'
if [[ " $* " == *' -accel kvm '* ]]; then
	echo 'KVM internal error. Suberror: 1' >&2
	exit 1
fi
END
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "${lines[0]}" "accelerator tcg ($P/kvm opens, but no image runs with it: KVM internal error. Suberror: 1), x86_64"
	equal "$(boots)" 2
	contains "$(head -n 1 logs/results.jsonl)" '"accel":"tcg"'
}

@test "a KVM on which an image says nothing" {
	host
	scenario <<'END'
[[ " $* " != *' -accel kvm '* ]] || hang
END
	run --separate-stderr timeout 30 ./run_tests.sh 3>&-
	equal "$status" 0
	contains "${lines[0]}" 'no image runs with it: nothing came for 10 s), x86_64'
}

@test "with ACCEL=kvm nothing is tried, and a KVM that does not run is an error" {
	host
	echo 'exit 1' >scenario
	FAKE=$P/scenario ACCEL=kvm runner
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	equal "$(grep -c case=- starts || :)" 0
}

@test "each architecture has its own" {
	ARCH=s390x image t alpha
	ARCH=i386 image t alpha
	host
	runner t:alpha
	equal "$status" 0
	contains "${lines[0]}" "accelerator kvm for x86_64 i386 ($P/kvm opens and the CPU virtualises in hardware), tcg for s390x (no KVM for this architecture here), x86_64"
	rm kvm
	runner t:alpha
	contains "${lines[0]}" "accelerator tcg for x86_64 i386 (no $P/kvm), tcg for s390x (no KVM"
}

@test "a test for TCG alone is no reason not to look; printing a command boots nothing" {
	tests '[t]' 'accel = tcg'
	host
	runner --print-command t
	contains "$output" '-accel kvm'
	equal "$(boots)" 0
	runner
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
}

@test "ACCEL=kvm is for the architectures that the host has it for" {
	ARCH=s390x image t alpha
	host
	ACCEL=kvm runner t:alpha
	equal "$status" 0
	contains "${lines[0]}" 'accelerator kvm for x86_64 (ACCEL says so), tcg for s390x (ACCEL says kvm, which this host has not'
}
