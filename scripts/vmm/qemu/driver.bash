# shellcheck shell=bash
# shellcheck disable=SC2034 # the DRIVER_ variables are read by the runner
# QEMU. docs/adding-a-vmm.md explains the five functions of a driver.

QEMU_OLDEST=4.2
# The oldest whose exit status can tell a guest's panic from its shutdown.
QEMU_TELLS_PANIC=7.1

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

# The version of DRIVER_BINARY into DRIVER_VERSION, or what is wrong with it into DRIVER_ERROR.
driver_version() {
	local text
	{ text=$("$DRIVER_BINARY" --version 2>&1 </dev/null); } 2>/dev/null # bash complains of NUL bytes
	if [[ $text =~ version\ ([0-9]+(\.[0-9]+)+) ]]; then
		DRIVER_VERSION=${BASH_REMATCH[1]}
		version_at_least "$DRIVER_VERSION" "$QEMU_OLDEST" ||
			DRIVER_ERROR="$DRIVER_BINARY is version $DRIVER_VERSION; at least $QEMU_OLDEST is needed"
	else
		DRIVER_ERROR="$DRIVER_BINARY --version does not say which QEMU it is"
	fi
}

# The accelerators that there are for architecture $1 on a host of architecture $2, into DRIVER_ACCELS.
driver_accels() {
	DRIVER_ACCELS=tcg
	if [[ $1 == "$2" || "$1 $2" == 'i386 x86_64' ]]; then
		DRIVER_ACCELS+=' kvm'
	fi
}

# The command line for a test into DRIVER_ARGV: what is wanted is in VM_*, '' where the driver chooses.
# The console is standard output.
driver_argv() {
	local machine=${MACHINE:-$VM_MACHINE} cpu=$VM_CPU image=$VM_IMAGE
	local -a console=(-serial stdio)
	# How the guest tells passed from failed.
	local -a end=(-device isa-debug-exit,iobase=0xf4,iosize=4)
	if [[ -z $cpu ]]; then
		case $VM_ACCEL in
		kvm*) cpu=host ;;
		*) cpu=max ;;
		esac
	fi
	case $VM_ARCH in
	x86_64 | i386) machine=${machine:-q35} ;;
	arm64 | arm)
		machine=${machine:-virt} image=${image%.elf}.bin end=()
		case $VM_ACCEL in
		# A host with GICv3 need not be able to do GICv2, which is the default.
		kvm*) [[ $machine == *gic-version=* ]] || machine+=,gic-version=host ;;
		*) end=(-semihosting-config 'enable=on,target=native') ;;
		esac
		# The `max` of a QEMU for 64 bits starts in AArch64 state, and there is no other CPU of 32 bits like it.
		if [[ $VM_ARCH == arm && $cpu == max && ${DRIVER_BINARY##*/} == *aarch64* ]]; then
			cpu=cortex-a15
		fi
		# The architecture's algorithm for pointer authentication takes a third of the emulator's time.
		if [[ $VM_ARCH == arm64 && $cpu == max ]]; then
			cpu=max,pauth-impdef=on
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
		-machine "$machine" -accel "$VM_ACCEL" -cpu "$cpu" -smp "${VM_SMP:-1}" -m "${VM_MEMORY:-128M}"
		${end[@]+"${end[@]}"})
	case $machine in
	# qboot does what these images need of a firmware in a quarter of SeaBIOS's time.
	q35* | pc | pc-*) [[ " ${VM_PARAMS[*]} " == *' -bios '* ]] || DRIVER_ARGV+=(-bios qboot.rom) ;;
	esac
	DRIVER_ARGV+=(${VM_PARAMS[@]+"${VM_PARAMS[@]}"} -kernel "$image")
	if [[ -n $VM_ARGS ]]; then
		DRIVER_ARGV+=(-append "$VM_ARGS")
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
