# shellcheck shell=bash
# shellcheck disable=SC2034 # the DRIVER_ variables are read by the runner
# QEMU. docs/adding-a-vmm.md explains the functions of a driver.

# The first that has qboot.rom; the oldest that was tried.
QEMU_OLDEST=5.2
# The oldest whose exit status can tell a guest's panic from its shutdown.
QEMU_TELLS_PANIC=7.1
# qboot does what these images need of a firmware in a quarter of SeaBIOS's time.
QEMU_FIRMWARE=(-bios qboot.rom)

# At these QEMU stops the machine, and waits for ever.
DRIVER_GAVE_UP='^(KVM internal error|KVM: entry failed|error: kvm run failed)'

# The binary for architecture $1 into DRIVER_BINARY, or why there is none into DRIVER_ERROR.
driver_find() {
	local package=qemu-system-x86
	DRIVER_ERROR=''
	case $1 in
	x86_64) DRIVER_BINARY=${QEMU:-qemu-system-x86_64} ;;
	i386) DRIVER_BINARY=${QEMU:-qemu-system-i386} ;;
	arm64) DRIVER_BINARY=${QEMU:-qemu-system-aarch64} package=qemu-system-arm ;;
	arm) DRIVER_BINARY=${QEMU:-qemu-system-arm} package=qemu-system-arm ;;
	s390x) DRIVER_BINARY=${QEMU:-qemu-system-s390x} package=qemu-system-misc ;;
	*) DRIVER_ERROR="the qemu driver does not know $1" ;;
	esac
	if [[ -z $DRIVER_ERROR ]] && ! type -P "$DRIVER_BINARY" >/dev/null; then
		DRIVER_ERROR="$DRIVER_BINARY not found (package $package, or set QEMU)"
	fi
}

# The version of DRIVER_BINARY into DRIVER_VERSION and DRIVER_VERSION_LINE, or what is wrong with it into DRIVER_ERROR.
driver_version() {
	vmm_says "$DRIVER_BINARY" --version
	if [[ $VMM_SAYS =~ version\ ([0-9]+(\.[0-9]+)+) ]]; then
		DRIVER_VERSION=${BASH_REMATCH[1]}
		DRIVER_VERSION_LINE=${BASH_REMATCH[1]}${VMM_SAYS#*"${BASH_REMATCH[0]}"}
		DRIVER_VERSION_LINE=${DRIVER_VERSION_LINE%%$'\n'*}
		version_at_least "$DRIVER_VERSION" "$QEMU_OLDEST" ||
			DRIVER_ERROR="$DRIVER_BINARY is version $DRIVER_VERSION; at least $QEMU_OLDEST is needed"
	else
		DRIVER_ERROR="$DRIVER_BINARY --version does not say which QEMU it is${VMM_SAYS:+: ${VMM_SAYS:0:60}}"
		DRIVER_ERROR=${DRIVER_ERROR//[^[:print:]]/?}
	fi
}

# The accelerators that there are for architecture $1 on a host of architecture $2, into DRIVER_ACCELS.
driver_accels() {
	DRIVER_ACCELS=tcg
	if [[ $1 == "$2" || "$1 $2" == 'i386 x86_64' ]]; then
		DRIVER_ACCELS+=' kvm'
	fi
}

# The vendor of the CPU that a test on architecture $1 gets with accelerator $2, if it does not ask for one, into
# DRIVER_VENDOR. TCG's `max` says that it is AMD's.
driver_vendor() {
	DRIVER_VENDOR=''
	case "$1 $2" in
	'x86_64 kvm' | 'i386 kvm')
		host_vendor
		DRIVER_VENDOR=$HOST_VENDOR
		;;
	x86_64* | i386*) DRIVER_VENDOR=amd ;;
	esac
}

# qemu_feature WORD: a feature of Linux's as QEMU names it, into FEATURE.
qemu_feature() {
	FEATURE=${1/#sse4_/sse4.}
	FEATURE=${FEATURE//_/-}
}

# qemu_cpu: what VM_CPU, VM_VENDOR and VM_WITHOUT want, as -cpu has it, into CPU; or into DRIVER_WHY_NOT why it cannot be had.
qemu_cpu() {
	local word FEATURE
	case $VM_ACCEL in
	kvm*) CPU=${VM_CPU:-host} ;;
	*) CPU=${VM_CPU:-max} ;;
	esac
	# Hardware does what its vendor's does, and many features cannot be taken away from it.
	if [[ $CPU == host && -n $VM_WITHOUT ]]; then
		DRIVER_WHY_NOT="needs a CPU without ${VM_WITHOUT%% *}, this is the host's"
	elif [[ $CPU == host && -n $VM_VENDOR ]]; then
		driver_vendor "$VM_ARCH" kvm
		[[ $VM_VENDOR == "$DRIVER_VENDOR" ]] ||
			DRIVER_WHY_NOT="needs a CPU of vendor $VM_VENDOR, this is the host's, of ${DRIVER_VENDOR:-another}"
	else
		case $VM_VENDOR in
		intel) CPU+=,vendor=GenuineIntel ;;
		amd) CPU+=,vendor=AuthenticAMD ;;
		esac
		for word in $VM_WITHOUT; do
			qemu_feature "$word"
			[[ $QEMU_UNKNOWN == *" $FEATURE "* ]] || CPU+=,-$FEATURE
			# Which extended leaves there are goes by the features, but any CPU with long mode has 80000008H.
			[[ $word != svm ]] || CPU+=,xlevel=0x80000008
		done
	fi
}

# The command line for a test into DRIVER_ARGV, or into DRIVER_WHY_NOT why it cannot run: what is wanted is in VM_*, ''
# where the driver chooses. The console is standard output.
driver_argv() {
	local machine=${MACHINE:-$VM_MACHINE} CPU image=$VM_IMAGE smp=${VM_SMP:-1}${VM_TOPOLOGY:+,$VM_TOPOLOGY}
	local -a console=(-serial stdio)
	# How the guest tells passed from failed.
	local -a end=(-device isa-debug-exit,iobase=0xf4,iosize=4)
	local arguments=$VM_ARGS
	qemu_cpu
	case $VM_ARCH in
	x86_64 | i386) machine=${machine:-q35} arguments=debug-exit=0xf4${VM_ARGS:+ $VM_ARGS} ;;
	arm64 | arm)
		machine=${machine:-virt} image=${image%.elf}.bin end=()
		case $VM_ACCEL in
		# A host with GICv3 need not be able to do GICv2, which is the default.
		kvm*) [[ $machine == *gic-version=* ]] || machine+=,gic-version=host ;;
		*) end=(-semihosting-config 'enable=on,target=native') ;;
		esac
		if [[ " $arguments " == *' nested=el2 '* && $machine != *virtualization=* ]]; then
			machine+=,virtualization=on
		fi
		# The `max` of a QEMU for 64 bits starts in AArch64 state, and there is no other CPU of 32 bits like it.
		if [[ $VM_ARCH == arm && $CPU == max && ${DRIVER_BINARY##*/} == *aarch64* ]]; then
			CPU=cortex-a15
		fi
		# The architecture's algorithm for pointer authentication takes a third of the emulator's time.
		if [[ $VM_ARCH == arm64 && $CPU == max ]]; then
			CPU=max,pauth-impdef=on
		fi
		;;
	s390x)
		# A disabled wait PSW is a panic, except with the address that both sides know as a shutdown.
		machine=${machine:-s390-ccw-virtio} end=()
		if version_at_least "$DRIVER_VERSION" "$QEMU_TELLS_PANIC"; then
			end=(-action panic=exit-failure)
		fi
		console=(-chardev stdio,id=console -device sclpconsole,chardev=console)
		;;
	esac
	DRIVER_ARGV=("$DRIVER_BINARY" -nodefaults -no-user-config -display none "${console[@]}" -no-reboot
		-machine "$machine" -accel "$VM_ACCEL" -cpu "$CPU" -smp "$smp" -m "${VM_MEMORY:-128M}"
		${end[@]+"${end[@]}"})
	case $machine in
	q35* | pc | pc-*)
		[[ " ${VM_PARAMS[*]} " == *' -bios '* ]] || DRIVER_ARGV+=(${QEMU_FIRMWARE[@]+"${QEMU_FIRMWARE[@]}"})
		;;
	esac
	DRIVER_ARGV+=(${VM_PARAMS[@]+"${VM_PARAMS[@]}"} -kernel "$image")
	if [[ -n $arguments ]]; then
		DRIVER_ARGV+=(-append "$arguments")
	fi
}

# What exit status $1 means, for architecture $2 and DRIVER_VERSION, into DRIVER_HOW (ended, died), DRIVER_SAID (what the
# guest claims: passed, failed or nothing) and DRIVER_WORDS.
driver_status() {
	local guest=$2
	DRIVER_HOW=ended DRIVER_SAID='' DRIVER_WORDS="QEMU ended with status $1"
	if [[ $2 == s390x ]] && ! version_at_least "$DRIVER_VERSION" "$QEMU_TELLS_PANIC"; then
		guest='mute s390x'
	fi
	case $guest/$1 in
	# By a disabled wait PSW. Whatever else ends QEMU in these ways does not print the end of KTAP.
	s390x/0) DRIVER_SAID=passed DRIVER_WORDS+=', as for a reset or shutdown by the guest' ;;
	s390x/1) DRIVER_SAID=failed DRIVER_WORDS+=', as for a panic of the guest' ;;
	*/33) DRIVER_SAID=passed ;; # isa-debug-exit: value * 2 + 1; the same by semihosting on arm
	*/35) DRIVER_SAID=failed ;;
	*/0) DRIVER_WORDS+=', as for a reset or shutdown by the guest' ;;
	*) DRIVER_HOW=died ;;
	esac
}

# What QEMU needs besides itself to run x86's images in the lab: libraries, firmware.
QEMU_FIRMWARE_FILES=(qboot.rom bios-256k.bin bios.bin kvmvapic.bin linuxboot.bin linuxboot_dma.bin multiboot.bin multiboot_dma.bin pvh.bin
	vgabios-stdvga.bin efi-virtio.rom)

# The files that DRIVER_BINARY needs into DRIVER_FILES, or why it cannot run where only these are into DRIVER_ERROR.
driver_files() {
	local folder file
	DRIVER_BINARY=$(type -P "$DRIVER_BINARY")
	mapfile -t DRIVER_FILES < <(ldd "$DRIVER_BINARY" 2>/dev/null | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p')
	((${#DRIVER_FILES[@]})) || DRIVER_ERROR="$DRIVER_BINARY is no program that ldd knows, and cannot be taken into the lab"
	while IFS= read -r folder; do
		for file in "${QEMU_FIRMWARE_FILES[@]}"; do
			[[ ! -f $folder/$file ]] || DRIVER_FILES+=("$folder/$file")
		done
	done < <("$DRIVER_BINARY" -L help 2>/dev/null </dev/null | xargs -r -d "\n" realpath -qe)
}

# Features that QEMU does not know, spaces around each: no CPU of it has them.
QEMU_UNKNOWN=' '

# driver_refusal LINE...: what QEMU has said, which did not start. A line that says that it does not have something that
# the test asks for into DRIVER_REFUSED. It can be started again if that was qboot, or a feature to be taken away.
driver_refusal() {
	local line
	for line; do
		line=${line#*: } # the name of the program
		if [[ $line == "could not load PC BIOS 'qboot.rom'"* ]]; then
			QEMU_FIRMWARE=() DRIVER_AGAIN=true
			DRIVER_REFUSED=$line
		elif [[ $line =~ Property\ \'[^\']*-cpu\.([^\']*)\'\ not\ found ]] && qemu_is_without "${BASH_REMATCH[1]}"; then
			QEMU_UNKNOWN+="${BASH_REMATCH[1]} " DRIVER_AGAIN=true
			DRIVER_REFUSED=$line
		elif qemu_refuses "$line"; then
			DRIVER_REFUSED=$line
		fi
	done
}

# qemu_is_without NAME: whether VM_WITHOUT has it, as qemu_feature names it.
qemu_is_without() {
	local word FEATURE
	for word in $VM_WITHOUT; do
		qemu_feature "$word"
		[[ $FEATURE != "$1" ]] || return 0
	done
	return 1
}

# qemu_kvm_cannot LINE: whether it says that this KVM cannot do what the test asks for.
qemu_kvm_cannot() {
	case $1 in
	*'exceeds the maximum cpus supported by KVM'*) [[ -n $VM_SMP ]] ;;
	*'error creating in-kernel VGIC'* | *'does not support GICv'[234]' emulation'*) [[ $VM_MACHINE == *gic-version=* && -z ${MACHINE-} ]] ;;
	*'kvm_arch_init_vcpu failed'*) [[ -n $VM_CPU ]] ;;
	*) return 1 ;;
	esac
}

# qemu_refuses LINE: whether it is about VM_PARAMS, VM_MACHINE or VM_CPU, and says that there is no such thing.
qemu_refuses() {
	local i name asked=",$VM_MACHINE,$VM_CPU,"
	for ((i = 0; i < ${#VM_PARAMS[@]}; i++)); do
		[[ $1 != "${VM_PARAMS[i]}: invalid option"* ]] || return 0
		[[ $1 == "${VM_PARAMS[i]} ${VM_PARAMS[i + 1]-}: "* ]] || continue
		[[ $1 == *@('is not a valid'|'not found'|'failed to find romfile'|[Ii]'nvalid parameter'|'does not accept value'|'invalid object type'|'is unexpected')* ]]
		return
	done
	if [[ $VM_ACCEL == kvm* ]] && qemu_kvm_cannot "$1"; then
		return 0
	elif [[ $1 == *'unsupported machine type'* ]]; then
		[[ -n $VM_MACHINE && -z ${MACHINE-} ]]
	elif [[ $1 == *"unable to find CPU model '"* ]]; then
		[[ -n $VM_CPU && $1 == *"'${VM_CPU%%,*}'"* ]]
	elif [[ $1 =~ Property\ \'[^\']*-(cpu|machine)\.([^\']*)\'\ not\ found ]]; then
		name=${BASH_REMATCH[2]}
		[[ $asked == *,?([+-])"$name"[,=]* ]]
	elif [[ $1 =~ ^Invalid\ ([a-z-]+)\ value ]]; then
		[[ $asked == *,"${BASH_REMATCH[1]}"=* ]]
	else
		return 1
	fi
}
