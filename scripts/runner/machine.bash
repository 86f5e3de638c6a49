# shellcheck shell=bash
# What there is to run on: configured architectures, the VMM, its accelerator.

# archs_find: the architectures of this run into ARCHS, this machine's own first.
archs_find() {
	local file arch
	ARCHS=()
	if [[ -f $ROOT/build/$HOST_ARCH/config.mak ]]; then
		ARCHS=("$HOST_ARCH")
	fi
	for file in "$ROOT"/build/*/config.mak; do
		[[ -f $file ]] || continue
		file=${file%/config.mak}
		if [[ ${file##*/} != "$HOST_ARCH" ]]; then
			ARCHS+=("${file##*/}")
		fi
	done
	if [[ -n $OPT_ARCHS ]]; then
		for arch in $OPT_ARCHS; do
			arch_check --arch "$arch"
			[[ " ${ARCHS[*]-} " == *" $arch "* ]] ||
				usage_error "--arch $arch: not configured (build/$arch/config.mak); run ./configure --arch=$arch && make"
		done
		# shellcheck disable=SC2086 # several words
		unique ' ' $OPT_ARCHS
		read -ra ARCHS <<<"$UNIQUE"
	fi
	((${#ARCHS[@]})) || usage_error 'nothing is configured; run ./configure && make'
}

OSRELEASE=${ASSAY_OSRELEASE:-/proc/sys/kernel/osrelease} # the runner's tests have another

# host_describe: HOST_ARCH, HOST_CPUS, the kernel's release in HOST_RELEASE, and of Linux's the numbers in HOST_KERNEL, '' on
# another system.
host_describe() {
	HOST_KERNEL=''
	if [[ -r $OSRELEASE ]]; then
		IFS= read -r HOST_RELEASE <"$OSRELEASE" || :
		[[ $HOST_RELEASE =~ ^[0-9]+(\.[0-9]+)+ ]] || :
		HOST_KERNEL=${BASH_REMATCH[0]-}
	else
		HOST_RELEASE=$(uname -r)
	fi
	HOST_ARCH=$HOSTTYPE
	case $HOST_ARCH in
	i?86) HOST_ARCH=i386 ;;
	aarch64) HOST_ARCH=arm64 ;;
	esac
	HOST_CPUS=$(nproc 2>/dev/null || echo 1)
}

# host_about: what KVM's verdicts hang on besides: the CPU's vendor and model into HOST_CPU, and into HOST_NESTED whether this
# host is a virtual machine itself, true or false, or null where that is not to be seen.
host_about() {
	local line key value vendor='' model=''
	HOST_CPU='' HOST_NESTED=null
	while IFS= read -r line; do
		# No pattern with *( ) here: bash takes the square of the line's length for it, and flags are a long line.
		key=${line%%:*} value=${line#*:}
		ini_trim key
		value=${value# }
		case $key in
		vendor_id | 'CPU implementer') vendor=$value ;;
		'model name' | 'CPU part' | 'processor 0') model=$value ;;
		flags)
			HOST_NESTED=false
			[[ " $value " != *' hypervisor '* ]] || HOST_NESTED=true
			;;
		esac
		# The first CPU's lines are enough; those of s390x have one for all.
		[[ -n $line || -z $vendor ]] || break
	done <"$CPUINFO"
	HOST_CPU=$vendor${model:+, $model}
} 2>/dev/null

KVM_DEVICE=${ASSAY_KVM_DEVICE:-/dev/kvm} CPUINFO=${ASSAY_CPUINFO:-/proc/cpuinfo} # the runner's tests have others
KVM_SECONDS=10                                                                  # a first image says something by then

# kvm_why_not: why this host is not to be used with KVM, or ''. Only hardware virtualisation counts.
kvm_why_not() {
	local line
	KVM_WHY_NOT=''
	if [[ ! -e $KVM_DEVICE ]]; then
		KVM_WHY_NOT="no $KVM_DEVICE"
	elif [[ ! -r $KVM_DEVICE || ! -w $KVM_DEVICE ]]; then
		KVM_WHY_NOT="no permission for $KVM_DEVICE"
	elif ! { : <>"$KVM_DEVICE"; } 2>/dev/null; then
		KVM_WHY_NOT="$KVM_DEVICE cannot be opened"
	elif [[ $HOST_ARCH == x86_64 || $HOST_ARCH == i386 ]]; then
		while IFS= read -r line; do
			if [[ $line == flags*:* ]]; then
				[[ "$line " == *' vmx '* || "$line " == *' svm '* ]] ||
					KVM_WHY_NOT="$KVM_DEVICE opens, but $CPUINFO has neither vmx nor svm"
				break
			fi
		done <"$CPUINFO"
	fi
}

# kvm_probe: where KVM was taken because it is there, whether an image says anything on it; else it is not taken.
kvm_probe() {
	local arch job text other
	local VM_ARCH VM_IMAGE VM_MACHINE VM_SMP VM_CPU VM_MEMORY VM_ACCEL VM_ARGS VM_PARAMS VM_OPTIONAL VM_VENDOR VM_WITHOUT VM_TOPOLOGY
	[[ -z ${ACCEL-}$OPT_LAB ]] || return 0
	for job in "${!JOB_TEST[@]}"; do
		arch=${JOB_ARCH[job]}
		[[ ${ACCEL_OF[$arch]} == kvm && -z ${KVM_PROBED[$arch]-} ]] || continue
		KVM_PROBED[$arch]=true
		job_machine "$job"
		# There is no such case: the guest starts, says so and ends.
		VM_MACHINE='' VM_SMP='' VM_TOPOLOGY='' VM_CPU='' VM_VENDOR='' VM_WITHOUT='' VM_MEMORY='' VM_PARAMS=() VM_ARGS=case=-
		driver_argv
		SAYS_SECONDS=$KVM_SECONDS vmm_says "${DRIVER_ARGV[@]}"
		text=$VMM_SAYS
		[[ $text != *'KTAP version'* ]] || continue
		driver_accels "$arch" "$HOST_ARCH"
		other=" $DRIVER_ACCELS "
		read -r other _ <<<"${other/ kvm / }"
		[[ -n $other ]] || continue
		ACCEL_OF[$arch]=$other
		vmm_vendor "$arch"
		text=${text%%$'\n'*}
		text=${text//[^[:print:]]/?}
		ACCEL_WHY[$arch]="$KVM_DEVICE opens, but no image runs with it: ${text:-nothing came for $KVM_SECONDS s}"
	done
}

# accel_words: which accelerator runs which architecture and why, into ACCEL_WORDS.
accel_words() {
	local arch words archs=()
	local -A said=()
	ACCEL_WORDS=''
	for arch in "${ARCHS[@]}"; do
		words="${ACCEL_OF[$arch]} (${ACCEL_WHY[$arch]})"
		if [[ -z ${said[$words]-} ]]; then
			archs+=("$words")
		fi
		said[$words]+=${said[$words]:+ }$arch
	done
	for words in "${archs[@]}"; do
		((${#archs[@]} == 1)) || words="${words%% *} for ${said[$words]} ${words#* }"
		ACCEL_WORDS+=${ACCEL_WORDS:+, }$words
	done
}

SAYS_SECONDS=${ASSAY_SAYS_SECONDS:-10} # a VMM that only has to say something has done so by then; the runner's tests have less

# vmm_says COMMAND...: what a VMM prints that boots nothing, of which there may be 64 KiB, into VMM_SAYS; '' if it does not
# come to an end.
vmm_says() {
	VMM_SAYS=$(
		timeout -s KILL "$SAYS_SECONDS" "$@" 2>&1 </dev/null | {
			# not all of it, and without NUL bytes
			IFS= read -r -d '' -t "$SAYS_SECONDS" -n 65536 text
			printf '%s' "$text"
		}
	)
}

declare -A VERSION_LINE_OF=() # what the VMM itself says
declare -A ACCEL_OF=() ACCEL_WHY=() BINARY_OF=() VERSION_OF=() VENDOR_OF=() # by architecture
declare -A KVM_PROBED=()
declare -A RELEASE_BINARY=() # the same; with --vmm-release, the driver's

# vmm_driver: the functions of OPT_VMM's driver, and the configuration that is wanted.
vmm_driver() {
	local file=$ROOT/scripts/vmm/$OPT_VMM/driver.bash
	[[ $OPT_VMM =~ ^[A-Za-z0-9_-]+$ && -f $file ]] || usage_error "--vmm $OPT_VMM: there is no scripts/vmm/$OPT_VMM/driver.bash"
	if [[ ${DRIVER_OF-} != "$OPT_VMM" ]]; then
		# shellcheck source=scripts/vmm/qemu/driver.bash
		source "$file"
		DRIVER_OF=$OPT_VMM
	fi
	[[ -z $OPT_VMM_CONFIG || -n ${DRIVER_CONFIGS-} ]] || usage_error "--vmm $OPT_VMM:$OPT_VMM_CONFIG: $OPT_VMM has no configurations"
	DRIVER_CONFIG=$OPT_VMM_CONFIG
}

# archs_known: of the architectures that --arch does not ask for, those that the driver knows, if it says which.
archs_known() {
	local arch archs=()
	vmm_driver
	[[ -z $OPT_ARCHS && -n ${DRIVER_ARCHS-} ]] || return 0
	for arch in "${ARCHS[@]}"; do
		[[ " $DRIVER_ARCHS " != *" $arch "* ]] || archs+=("$arch")
	done
	((${#archs[@]})) || usage_error "the $OPT_VMM driver knows $DRIVER_ARCHS, and configured is ${ARCHS[*]}"
	ARCHS=("${archs[@]}")
}

# vmm_find: for each architecture binary, version, accelerator and the vendor of the CPU. The accelerator is what ACCEL
# says, else KVM where it is for real, else the first that the driver has. ACCEL_WHY has the reason. VMM_NAME is the VMM
# with its configuration.
vmm_find() {
	local arch
	vmm_driver
	if [[ -n $OPT_RELEASE ]]; then
		vmm_release
	fi
	kvm_why_not
	for arch in "${ARCHS[@]}"; do
		if [[ -n $OPT_RELEASE ]]; then
			DRIVER_BINARY=${RELEASE_BINARY[$arch]}
		else
			driver_find "$arch"
		fi
		[[ -z $DRIVER_ERROR ]] || usage_error "$DRIVER_ERROR"
		BINARY_OF[$arch]=$DRIVER_BINARY
		DRIVER_VERSION_LINE=''
		driver_version
		bisect_no_version "$DRIVER_ERROR"
		[[ -z $DRIVER_ERROR ]] || usage_error "$DRIVER_ERROR"
		VERSION_OF[$arch]=$DRIVER_VERSION VERSION_LINE_OF[$arch]=${DRIVER_VERSION_LINE:-$DRIVER_VERSION}
		driver_accels "$arch" "$HOST_ARCH"
		if [[ $DRIVER_ACCELS == none ]]; then
			ACCEL_OF[$arch]=none
			ACCEL_WHY[$arch]='this VMM has only one way'
		elif [[ -n $OPT_LAB ]]; then
			ACCEL_OF[$arch]=kvm
			ACCEL_WHY[$arch]="in the lab: ${LAB_WORDS-}"
		elif [[ ${ACCEL-} == kvm* && " $DRIVER_ACCELS " != *' kvm '* ]]; then
			ACCEL_OF[$arch]=${DRIVER_ACCELS%% *}
			ACCEL_WHY[$arch]='ACCEL says kvm, which this host has not for this architecture'
		elif [[ -n ${ACCEL-} ]]; then
			ACCEL_OF[$arch]=$ACCEL
			ACCEL_WHY[$arch]='ACCEL says so'
		elif [[ " $DRIVER_ACCELS " == *' kvm '* && -z $KVM_WHY_NOT ]]; then
			ACCEL_OF[$arch]=kvm
			ACCEL_WHY[$arch]="$KVM_DEVICE opens and the CPU virtualises in hardware"
		elif [[ $DRIVER_ACCELS == kvm ]]; then
			usage_error "--vmm $OPT_VMM: $KVM_WHY_NOT"
		else
			ACCEL_OF[$arch]=${DRIVER_ACCELS%% *}
			ACCEL_WHY[$arch]='no KVM for this architecture here'
			[[ " $DRIVER_ACCELS " != *' kvm '* || -z $KVM_WHY_NOT ]] || ACCEL_WHY[$arch]=$KVM_WHY_NOT
		fi
		vmm_vendor "$arch"
	done
	VMM_NAME=$OPT_VMM${DRIVER_CONFIG:+:$DRIVER_CONFIG}
}

# vmm_vendor ARCH: who made the CPU that its tests get into VENDOR_OF.
vmm_vendor() {
	DRIVER_VENDOR=''
	driver_vendor "$1" "${ACCEL_OF[$1]%%,*}"
	VENDOR_OF[$1]=$DRIVER_VENDOR
}

# host_vendor: who made this host's CPU, intel, amd or '', into HOST_VENDOR.
host_vendor() {
	local line
	[[ -z $OPT_LAB ]] || return 0 # it is known
	HOST_VENDOR=''
	while IFS= read -r line; do
		case $line in
		vendor_id*GenuineIntel) HOST_VENDOR=intel ;;
		vendor_id*AuthenticAMD | vendor_id*HygonGenuine) HOST_VENDOR=amd ;;
		*) continue ;;
		esac
		break
	done </proc/cpuinfo
} 2>/dev/null

# vmm_release: the VMM's binaries of OPT_RELEASE into RELEASE_BINARY, by architecture, if its driver offers releases.
vmm_release() {
	local file=$ROOT/scripts/vmm/$OPT_VMM/release.bash
	[[ -f $file ]] || usage_error "--vmm-release $OPT_RELEASE: the driver of $OPT_VMM offers no releases"
	# shellcheck source=scripts/vmm/qemu/release.bash
	source "$file"
	driver_release "$OPT_RELEASE" "${ARCHS[@]}"
	[[ -z $DRIVER_ERROR ]] || usage_error "--vmm-release $OPT_RELEASE: $DRIVER_ERROR"
}

# job_machine JOB: what its test wants of the driver into VM_*, which are the caller's.
job_machine() {
	local test=${JOB_TEST[$1]}
	VM_ARCH=${JOB_ARCH[$1]}
	test_image "$test"
	VM_IMAGE=$ROOT/build/$VM_ARCH/$IMAGE
	VM_MACHINE=${TEST["$test|machine"]-} VM_SMP=${TEST["$test|smp"]-} VM_CPU=${TEST["$test|cpu"]-}
	VM_VENDOR=${TEST["$test|vendor"]-} VM_WITHOUT=${TEST["$test|without"]-} VM_TOPOLOGY=${TEST["$test|topology"]-}
	VM_MEMORY=${TEST["$test|memory"]-} VM_ACCEL=${ACCEL_OF[$VM_ARCH]} VM_ARGS=${TEST["$test|test_args"]-}
	read -ra VM_PARAMS <<<"${TEST["$test|${OPT_VMM}_params"]-}"
	read -ra VM_OPTIONAL <<<"${TEST["$test|${OPT_VMM}_params_optional"]-}"
	if [[ -z ${OPTIONAL_GONE["$VM_ARCH ${VM_OPTIONAL[*]-}"]+x} ]]; then
		VM_PARAMS+=(${VM_OPTIONAL[@]+"${VM_OPTIONAL[@]}"})
	fi
	DRIVER_BINARY=${BINARY_OF[$VM_ARCH]} DRIVER_VERSION=${VERSION_OF[$VM_ARCH]} DRIVER_WHY_NOT=''
}

# job_command JOB CASES FROM: the VMM's command line into DRIVER_ARGV, or into DRIVER_WHY_NOT why this VMM cannot do what
# the test's section asks for; CASES is a pattern or ''.
job_command() {
	local VM_ARCH VM_IMAGE VM_MACHINE VM_SMP VM_CPU VM_MEMORY VM_ACCEL VM_ARGS VM_PARAMS VM_OPTIONAL VM_VENDOR VM_WITHOUT VM_TOPOLOGY
	job_machine "$1"
	if [[ -n $2 ]]; then
		VM_ARGS+=${VM_ARGS:+ }case=$2
	fi
	if (($3 > 1)); then
		VM_ARGS+=${VM_ARGS:+ }from=$3
	fi
	if [[ -n $OPT_SHUFFLE ]]; then
		VM_ARGS+=${VM_ARGS:+ }shuffle=$OPT_SHUFFLE
	fi
	if [[ -n $OPT_NESTED ]]; then
		VM_ARGS+=${VM_ARGS:+ }nested=$OPT_NESTED
	fi
	driver_argv
}

declare -A OPTIONAL_GONE=() # "arch parameters": optional ones that the VMM does not have

# job_refused FILE JOB: whether the VMM, which has not started and said what is in FILE, does not have something that the
# test asks for: its words into DRIVER_REFUSED. Then DRIVER_AGAIN says whether it can be started without.
job_refused() {
	local VM_ARCH VM_IMAGE VM_MACHINE VM_SMP VM_CPU VM_MEMORY VM_ACCEL VM_ARGS VM_PARAMS VM_OPTIONAL VM_VENDOR VM_WITHOUT VM_TOPOLOGY words
	declare -F driver_refusal >/dev/null || return 1
	mapfile -t -n 30 words <"$1"
	DRIVER_REFUSED='' DRIVER_AGAIN=false
	job_machine "$2"
	if ((${#VM_OPTIONAL[@]})); then
		VM_PARAMS=("${VM_OPTIONAL[@]}") VM_MACHINE='' VM_CPU='' VM_WITHOUT=''
		driver_refusal "${words[@]}"
		if [[ -n $DRIVER_REFUSED ]]; then
			$DRIVER_AGAIN || optional_gone
			DRIVER_AGAIN=true
			return
		fi
		job_machine "$2"
	fi
	driver_refusal "${words[@]}"
	[[ -n $DRIVER_REFUSED ]]
}

# optional_gone: the optional parameters of job_refused are left out from now on, and that is said once.
optional_gone() {
	local gone="$VM_ARCH ${VM_OPTIONAL[*]}"
	[[ -z ${OPTIONAL_GONE[$gone]+x} ]] || return 0
	OPTIONAL_GONE[$gone]=true
	clear_progress
	echo "run_tests.sh: $VM_ARCH is booted without ${VM_OPTIONAL[*]}: ${DRIVER_REFUSED//[^[:print:]]/?}" >&"$ERR"
}

# command_line: DRIVER_ARGV as one types it, into COMMAND_LINE.
command_line() {
	local word
	COMMAND_LINE=''
	for word in "${DRIVER_ARGV[@]}"; do
		[[ $word =~ ^[A-Za-z0-9_./=,:+@-]+$ ]] || word=${word@Q}
		COMMAND_LINE+=${COMMAND_LINE:+ }$word
	done
}
