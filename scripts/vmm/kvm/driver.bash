# shellcheck shell=bash
# shellcheck disable=SC2034 # the DRIVER_ variables are read by the runner
# A small VMM of our own on Linux's KVM, whose sources are in src/. What is tested is the kernel: its release is the version.
# docs/adding-a-vmm.md explains the functions of a driver.

# The oldest kernel that was tried.
KVM_OLDEST=5.10

# The binary for architecture $1 into DRIVER_BINARY, or why there is none into DRIVER_ERROR. A family has one.
driver_find() {
	local arch archs host
	DRIVER_ERROR='' DRIVER_BINARY=''
	case $1 in
	x86_64 | i386) archs=(x86_64 i386) ;;
	arm64 | arm) archs=(arm64) ;;
	*)
		DRIVER_ERROR="the kvm driver does not know $1"
		return
		;;
	esac
	for arch in "${archs[@]}"; do
		DRIVER_BINARY=${KVM:-$ROOT/build/$arch/vmm/kvm/assay-kvm}
		[[ ! -x $DRIVER_BINARY ]] || break
	done
	host=${archs[0]}
	[[ $HOST_ARCH == "$host" ]] || DRIVER_ERROR="KVM for $1 wants a host of $host, this one is $HOST_ARCH"
	if [[ -z $DRIVER_ERROR && ! -x $DRIVER_BINARY ]]; then
		DRIVER_ERROR="there is no $DRIVER_BINARY: ./configure says why, else run make"
	fi
}

# The version of the kernel into DRIVER_VERSION.
driver_version() {
	DRIVER_VERSION=$HOST_KERNEL
	if [[ -z $DRIVER_VERSION ]]; then
		DRIVER_ERROR='KVM is a part of Linux, and this is another system'
	elif ! version_at_least "$DRIVER_VERSION" "$KVM_OLDEST"; then
		DRIVER_ERROR="this is Linux $DRIVER_VERSION; at least $KVM_OLDEST is needed"
	fi
}

driver_accels() {
	DRIVER_ACCELS=kvm
}

# The vendor of the CPU that a test gets, the host's, into DRIVER_VENDOR.
driver_vendor() {
	host_vendor
	DRIVER_VENDOR=$HOST_VENDOR
}

# The command line for a test into DRIVER_ARGV, or into DRIVER_WHY_NOT why it cannot run: what is wanted is in VM_*, ''
# where the driver chooses. The console is standard output.
driver_argv() {
	local machine=${MACHINE:-$VM_MACHINE} memory=${VM_MEMORY:-128M} image=$VM_IMAGE arguments=$VM_ARGS
	DRIVER_ARGV=("$DRIVER_BINARY" --cpus "${VM_SMP:-1}")
	case $VM_ARCH in
	x86_64 | i386) arguments=debug-exit=0xf4${VM_ARGS:+ $VM_ARGS} ;;
	arm64 | arm)
		image=${image%.elf}.bin
		# Of QEMU's machine it has what there is in the kernel, too.
		if [[ $machine == virt,gic-version=[23] ]]; then
			DRIVER_ARGV+=(--gic "${machine##*=}")
			machine=''
		fi
		;;
	esac
	driver_vendor "$VM_ARCH" kvm
	if [[ -n $machine ]]; then
		DRIVER_WHY_NOT="needs machine $machine, and this VMM has one of its own"
	elif [[ -n $VM_CPU ]]; then
		DRIVER_WHY_NOT="needs CPU $VM_CPU, this is the host's"
	elif [[ -n $VM_VENDOR && $VM_VENDOR != "$DRIVER_VENDOR" ]]; then
		DRIVER_WHY_NOT="needs a CPU of vendor $VM_VENDOR, this is the host's, of ${DRIVER_VENDOR:-another}"
	elif [[ -n $VM_WITHOUT && $VM_ARCH == arm* ]]; then
		DRIVER_WHY_NOT="needs a CPU without ${VM_WITHOUT%% *}, this is the host's"
	fi
	[[ -z $VM_WITHOUT ]] || DRIVER_ARGV+=(--without "${VM_WITHOUT// /,}")
	[[ $memory != *G ]] || memory=$((${memory%G} * 1024))M
	if [[ -n $VM_TOPOLOGY ]]; then
		DRIVER_ARGV+=(--topology "${VM_TOPOLOGY//[a-z=]/}")
	fi
	DRIVER_ARGV+=(--memory "${memory%M}" --arguments "$arguments" ${VM_PARAMS[@]+"${VM_PARAMS[@]}"} "$image")
}

# What exit status $1 means, into DRIVER_HOW (ended, died), DRIVER_SAID (what the guest claims: passed, failed or nothing)
# and DRIVER_WORDS.
driver_status() {
	DRIVER_HOW=ended DRIVER_SAID='' DRIVER_WORDS="the VMM ended with status $1"
	case $1 in
	33) DRIVER_SAID=passed ;; # the value for isa-debug-exit * 2 + 1, as under QEMU
	35) DRIVER_SAID=failed ;;
	0) DRIVER_WORDS='the guest ended the machine' ;;
	*) DRIVER_HOW=died ;;
	esac
}

# driver_refusal LINE...: what the VMM has said, which did not start: what this KVM does not have into DRIVER_REFUSED.
driver_refusal() {
	local line
	for line; do
		[[ $line != 'assay-kvm: KVM does not have '* ]] || DRIVER_REFUSED=${line#assay-kvm: }
	done
}
