# shellcheck shell=bash
# shellcheck disable=SC2034 # the DRIVER_ variables are read by the runner
# Bochs. docs/adding-a-vmm.md explains the functions of a driver.

BOCHS_OLDEST=2.7
# The oldest that takes features away from a CPU model.
BOCHS_TAKES_AWAY=3.0
# Instructions in a second of the guest's time. The serial port is as fast as a real one in the guest's time, so that this
# is what a character costs.
BOCHS_IPS=4000000

# Of others than these, only --arch asks.
DRIVER_ARCHS='x86_64 i386'

# `--vmm bochs:amd`; any CPU model that Bochs has may be named as well.
DRIVER_CONFIGS='intel amd'
# boot.bash needs room for a ROM.
DRIVER_WANTS_FOLDER=true

# The binary for architecture $1 into DRIVER_BINARY, or why there is none into DRIVER_ERROR.
driver_find() {
	DRIVER_ERROR=''
	DRIVER_BINARY=${BOCHS:-bochs}
	case $1 in
	x86_64 | i386)
		type -P "$DRIVER_BINARY" >/dev/null ||
			DRIVER_ERROR="$DRIVER_BINARY not found (packages bochs and bochs-term, or set BOCHS)"
		;;
	*) DRIVER_ERROR="the bochs driver does not know $1" ;;
	esac
}

# The version of DRIVER_BINARY into DRIVER_VERSION and DRIVER_VERSION_LINE, or what is wrong with it into DRIVER_ERROR. What else has to be known of
# this build goes into BOCHS_MODEL (of the CPU), BOCHS_DISPLAY and BOCHS_OPTIONS.
driver_version() {
	local text
	DRIVER_VERSION_LINE=${DRIVER_VERSION-}${BOCHS_BUILT:+ ($BOCHS_BUILT)}
	[[ ${BOCHS_ASKED-} != "$DRIVER_BINARY" ]] || return 0
	BOCHS_BUILT=''
	vmm_says "$DRIVER_BINARY" --help
	text=$VMM_SAYS
	if [[ ! $text =~ Bochs\ x86\ Emulator\ ([0-9]+(\.[0-9]+)+) ]]; then
		DRIVER_ERROR="$DRIVER_BINARY --help does not say which Bochs it is"
		return
	fi
	DRIVER_VERSION=${BASH_REMATCH[1]}
	[[ ! $text =~ Built\ from\ ([^$'\n']*) ]] || BOCHS_BUILT=${BASH_REMATCH[1]}
	DRIVER_VERSION_LINE=$DRIVER_VERSION${BOCHS_BUILT:+ ($BOCHS_BUILT)}
	if ! version_at_least "$DRIVER_VERSION" "$BOCHS_OLDEST"; then
		DRIVER_ERROR="$DRIVER_BINARY is version $DRIVER_VERSION; at least $BOCHS_OLDEST is needed"
		return
	fi
	# Where the debugger can be left out, it is asked for by an option; where it is always there, it wants commands.
	BOCHS_OPTIONS=()
	[[ $text != *' -rc '* || $text == *' -debugger '* ]] || BOCHS_OPTIONS=(-rc @FOLDER@/commands)
	case ${DRIVER_CONFIG:=intel} in
	intel) BOCHS_MODEL=tigerlake ;;
	amd) BOCHS_MODEL=ryzen ;;
	*)
		BOCHS_MODEL=$DRIVER_CONFIG
		vmm_says "$DRIVER_BINARY" --help cpu
		[[ $'\n'${VMM_SAYS//$'\r'}$'\n' == *$'\n'"$BOCHS_MODEL"$'\n'* ]] ||
			DRIVER_ERROR="$DRIVER_BINARY has no CPU model '$BOCHS_MODEL'; bochs --help cpu lists them"
		;;
	esac
	bochs_display
	BOCHS_ASKED=$DRIVER_BINARY
}

# A display library that needs no screen into BOCHS_DISPLAY. The second mistake is there to end Bochs at once.
bochs_display() {
	for BOCHS_DISPLAY in nogui term; do
		text=$("$DRIVER_BINARY" -q -f /dev/null "display_library: $BOCHS_DISPLAY" 'display_library: none' 2>&1 </dev/null)
		[[ $text == *"'$BOCHS_DISPLAY' not available"* ]] || return 0
	done
	DRIVER_ERROR="$DRIVER_BINARY has neither of the display libraries nogui and term (package bochs-term)"
}

# Nothing of the host's: no architecture and no accelerator makes a difference.
driver_accels() {
	DRIVER_ACCELS=none
}

# The vendor of the CPU that a test gets, into DRIVER_VENDOR.
driver_vendor() {
	case $BOCHS_MODEL in
	amd* | athlon* | turion* | phenom* | zambezi | trinity* | ryzen) DRIVER_VENDOR=amd ;;
	*) DRIVER_VENDOR=intel ;;
	esac
}

# bochs_features WORD...: what Bochs calls these features, and those that need them, into FEATURES.
bochs_features() {
	local word
	FEATURES=''
	for word; do
		case $word in
		# Not a thing that any of its models has.
		mpx) continue ;;
		abm) word=lzcnt ;;
		cx16) word=cmpxhg16b ;;
		monitor) word=mwait ;;
		lahf_lm) word=lm_lahf_sahf ;;
		sep) word=sysenter_sysexit ;;
		aes | pclmulqdq) word=aes_pclmulqdq,vaes_vpclmulqdq ;;
		fma) word=avx_fma ;;
		f16c) word=avx_f16c ;;
		xsave) word=xsave,xsaveopt,xsavec,xsaves ;;
		avx) word=avx,fma4,xop,tbm ;;
		avx2)
			word=avx2,avx512,avx512dq,avx512bw,avx512cd,avx512vbmi,avx512vbmi2,avx512ifma52,avx512vpopcnt,avx512vnni
			word+=,avx512bitalg,avx512vp2intersect,avx512bf16,avx512fp16
			;;
		esac
		FEATURES+=${FEATURES:+,}$word
	done
}

# The command line for a test into DRIVER_ARGV, or into DRIVER_WHY_NOT why it cannot run: what is wanted is in VM_*, '' where
# the driver chooses. The console is standard output.
driver_argv() {
	local machine=${MACHINE:-$VM_MACHINE} memory=${VM_MEMORY:-128M} count=${VM_SMP:-1} features='' name word
	local -a without line
	read -ra without <<<"$VM_WITHOUT"
	driver_vendor
	if [[ -n $machine ]]; then
		DRIVER_WHY_NOT="needs machine $machine, and Bochs has one of its own"
	elif [[ -n $VM_CPU ]]; then
		DRIVER_WHY_NOT="needs CPU $VM_CPU, which is another VMM's word"
	elif [[ -n $VM_VENDOR && $VM_VENDOR != "$DRIVER_VENDOR" ]]; then
		DRIVER_WHY_NOT="needs a CPU of vendor $VM_VENDOR, this one is of $DRIVER_VENDOR"
	elif ((${#without[@]})) && ! version_at_least "$DRIVER_VERSION" "$BOCHS_TAKES_AWAY"; then
		DRIVER_WHY_NOT="needs a CPU without ${without[0]}, and before $BOCHS_TAKES_AWAY Bochs takes no features away"
	fi
	[[ $memory != *G ]] || memory=$((${memory%G} * 1024))M
	if [[ -n $VM_TOPOLOGY ]]; then
		count=${VM_TOPOLOGY//[a-z=]/}
		count=${count//,/:}
	fi
	if ((${#without[@]})); then
		bochs_features "${without[@]}"
		features=", exclude_features=\"$FEATURES\""
	fi
	DRIVER_ARGV=(bash -p "$ROOT/scripts/vmm/bochs/boot.bash" "$DRIVER_BINARY" "${VM_IMAGE%/*}/vmm/bochs/x86/loader.bin"
		"${VM_IMAGE%.elf}.bin" "${VM_SMP:-1}" "${memory%M}" "$VM_ARGS" "${BOCHS_OPTIONS[@]}"
		"display_library: $BOCHS_DISPLAY" 'config_interface: textconfig'
		# Sound wants a host that has some.
		'plugin_ctrl: speaker=0, parallel=0, gameport=0, unmapped=1, biosdev=0, iodebug=0'
		"cpu: model=$BOCHS_MODEL, count=$count, ips=$BOCHS_IPS, reset_on_triple_fault=0, ignore_bad_msrs=0$features"
		"memory: guest=${memory%M}, host=${memory%M}" 'pci: enabled=1, chipset=i440fx'
		'panic: action=fatal' 'error: action=ignore' 'info: action=ignore' 'debug: action=ignore'
		# The guest's time goes by the instructions, not by the host's clock, and starts always at the same.
		'clock: sync=none, time0=1' ${VM_PARAMS[@]+"${VM_PARAMS[@]}"})
}

# What exit status $1 means, into DRIVER_HOW (ended, died), DRIVER_SAID (what the guest claims: passed, failed or nothing)
# and DRIVER_WORDS. The guest has no way to tell.
driver_status() {
	DRIVER_HOW=died DRIVER_SAID='' DRIVER_WORDS="Bochs ended with status $1"
	if (($1 == 0)); then
		DRIVER_HOW=ended DRIVER_WORDS='the guest switched the machine off'
	fi
}
