# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are used by the other parts
# The lab: a Linux with KVM under QEMU's TCG, in which the VMMs of this run are started one after the other. docs/lab.md
# is for people; scripts/lab/ has what runs there and what leads there.

# By the lab's name: which architectures run there, on a Linux for which, under which releases of QEMU; the first is fetched
# where the host's is none of them. Under 7.2, some tests end QEMU; but 10.0 is the first that loses intercepts of CR3 reads
# (svm:intercept_cr_dr_*), which shadow paging lives on.
declare -A LAB_ARCHS=([x86_64]=x86_64 [i386]=i386 [arm64]='arm64 arm')
declare -A LAB_HOSTS=([x86_64]=x86_64 [i386]=x86_64 [arm64]=arm64)
declare -A LAB_QEMU_RELEASES=([x86_64]=10.0.. [i386]=7.2..9 [arm64]=10.0..)
LAB_MIB=1024
LAB_STATUS=125        # of client.bash: the lab has failed, not the VMM
# The last: nothing that only costs time, and messages from warnings on.
LAB_LINUX='panic=-1 loglevel=5 nokaslr mitigations=off random.trust_cpu=on'
LAB_USUAL_MS=5000
LAB_BOOT_MS=0
LAB_PID=0             # of supervise.bash

# lab_parse VALUE: NAME[:OPTION=VALUE,...] into LAB and LAB_OPTIONS, what Linux there is for into LAB_ARCH.
lab_parse() {
	local option
	LAB=${1%%:*} LAB_OPTIONS=()
	[[ -n ${LAB_ARCHS[$LAB]-} ]] || usage_error "--lab $1: there is a lab for ${!LAB_ARCHS[*]}"
	LAB_ARCH=${LAB_HOSTS[$LAB]}
	[[ $1 != *:* ]] || IFS=, read -ra LAB_OPTIONS <<<"${1#*:}"
	for option in ${LAB_OPTIONS[@]+"${LAB_OPTIONS[@]}"}; do
		[[ $option =~ ^([a-z_-]+\.)?[a-z_0-9]+=[A-Za-z0-9_-]+$ ]] ||
			usage_error "--lab $1: options of KVM's modules are like npt=0 or kvm_amd.npt=0, not '$option'"
	done
	# TCG sets bits in PDPTEs that KVM finds reserved, with nested paging.
	if [[ $LAB == i386 && " ${LAB_OPTIONS[*]-}" != *[\ .]npt=* ]]; then
		LAB_OPTIONS+=(npt=0 kvm_amd.npt=0)
	fi
}

# lab_prepare: what the run knows of its host is the lab's.
lab_prepare() {
	[[ -z ${ACCEL-} || $ACCEL == kvm ]] || usage_error "ACCEL=$ACCEL and --lab: what runs in the lab is KVM; one of them"
	HOST_ARCH=$LAB_ARCH
	HOST_KERNEL=${OPT_LAB_KERNEL##*/} # until it is up
	[[ $HOST_KERNEL =~ ^[0-9]+(\.[0-9]+)+$ ]] || HOST_KERNEL=999
	HOST_VENDOR=''
	[[ $LAB_ARCH != x86_64 ]] || HOST_VENDOR=amd # as the outer QEMU's CPU model
	[[ -n $OPT_ARCHS ]] || lab_archs
	OPT_JOBS=1
}

# lab_archs: of the configured architectures, those that run in the lab.
lab_archs() {
	local arch
	OPT_ARCHS=''
	for arch in ${LAB_ARCHS[$LAB]}; do
		[[ ! -f $ROOT/build/$arch/config.mak ]] || OPT_ARCHS+="${OPT_ARCHS:+ }$arch"
	done
	[[ -n $OPT_ARCHS ]] || usage_error "--lab $LAB: none of ${LAB_ARCHS[$LAB]} is configured; run ./configure --arch=$LAB && make"
}

# lab_start: Linux is up, and HOST_KERNEL and HOST_VENDOR are its.
lab_start() {
	local arch words
	for arch in "${ARCHS[@]}"; do
		[[ " ${LAB_ARCHS[$LAB]} " == *" $arch "* ]] || usage_error "--lab $LAB: $arch does not run there"
	done
	LAB_FOLDER=$OUT/lab
	mkdir "$LAB_FOLDER" 2>/dev/null || usage_error "--lab: $LAB_FOLDER cannot be made"
	# shellcheck source=scripts/lab/kernel.bash
	source "$ROOT/scripts/lab/kernel.bash"
	# shellcheck source=scripts/lab/wait.bash
	source "$ROOT/scripts/lab/wait.bash"
	lab_find_qemu
	kernel_find "$LAB_ARCH" "$OPT_LAB_KERNEL" "$LAB_FOLDER/kernel"
	[[ -z $DRIVER_ERROR ]] || usage_error "--lab: $DRIVER_ERROR"
	words=$(lab_initramfs 2>&1 >"$LAB_FOLDER/initrd") || usage_error "--lab: $LAB_FOLDER/initrd cannot be written: ${words##*$'\n'}"
	lab_argv
	if $OPT_DETERMINISTIC; then
		# The first boot is to see what there is; then there is one for each test.
		: >"$LAB_FOLDER/deterministic"
		mv "$LAB_FOLDER/initrd" "$LAB_FOLDER/initrd.first"
		: >"$LAB_FOLDER/next"
	fi
	set -m
	guard_start
	bash "$ROOT/scripts/lab/supervise.bash" "$LAB_FOLDER" "${LAB_ARGV[@]}" </dev/null >"$LAB_FOLDER/log" 2>&1 &
	LAB_PID=$!
	guard_tell begun "$LAB_PID"
	now_ms
	LAB_BOOT_MS=-$NOW
	lab_wait "$LAB_FOLDER" || usage_error "--lab: $LAB_WHY_NOT; $LAB_FOLDER has what QEMU and Linux said"
	now_ms
	LAB_BOOT_MS=$((LAB_BOOT_MS + NOW))
	lab_describe
}

# lab_find_qemu: the outer QEMU into LAB_QEMU_BINARY: LAB_QEMU, or the host's if it will do, or a release of Debian's.
lab_find_qemu() {
	local words
	words=$(
		if [[ -n ${LAB_QEMU-} ]]; then
			QEMU=$LAB_QEMU
		else
			unset QEMU
		fi
		source "$ROOT/scripts/vmm/qemu/driver.bash"
		driver_find "$LAB_ARCH"
		[[ -n $DRIVER_ERROR ]] || driver_version
		if [[ -z ${LAB_QEMU-} ]] && { [[ -n $DRIVER_ERROR ]] || ! version_in "$DRIVER_VERSION" "${LAB_QEMU_RELEASES[$LAB]}"; }; then
			source "$ROOT/scripts/vmm/qemu/release.bash"
			driver_release "${LAB_QEMU_RELEASES[$LAB]%%..*}" "$LAB_ARCH"
			DRIVER_BINARY=${RELEASE_BINARY[$LAB_ARCH]-}
			[[ -n $DRIVER_ERROR ]] || driver_version
		fi
		echo "${DRIVER_ERROR:-ok $DRIVER_VERSION $(type -P "$DRIVER_BINARY")}"
	)
	[[ $words == 'ok '* ]] || usage_error "--lab: $words"
	read -r _ LAB_QEMU_VERSION LAB_QEMU_BINARY <<<"$words"
	LAB_QEMU_BINARY=$(realpath -s -- "$LAB_QEMU_BINARY")
}

# lab_agent: what is Linux's first process, into AGENT.
lab_agent() {
	local arch
	for arch in ${LAB_ARCHS[$LAB]} "$LAB_ARCH"; do
		AGENT=$ROOT/build/$arch/lab/agent
		[[ ! -x $AGENT ]] || return 0
	done
	echo "there is no $AGENT: ./configure says why, else run make" >&2
	return 1
}

# lab_initramfs: to standard output. The files of this run have the names that they have here.
lab_initramfs() {
	local AGENT module file job
	local -A files=()
	source "$ROOT/scripts/lab/initramfs.bash"
	lab_agent || return
	cpio_folder dev && cpio_folder tmp && cpio_folder lab && cpio_file init "$AGENT" || return
	while read -r module; do
		cpio_file "lab/$module" "$KERNEL_FOLDER/$module" || return
	done <"$KERNEL_FOLDER/modules"
	lab_modules >"$LAB_FOLDER/modules" && cpio_file lab/modules "$LAB_FOLDER/modules" || return
	for job in "${!JOB_TEST[@]}"; do
		test_image "${JOB_TEST[job]}"
		file=$ROOT/build/${JOB_ARCH[job]}/$IMAGE
		[[ $LAB_ARCH == x86_64 ]] || file=${file%.elf}.bin
		files[$file]=true
	done
	for job in "${ARCHS[@]}"; do
		lab_vmm "$job" || return
		for file in "$DRIVER_BINARY" ${DRIVER_FILES[@]+"${DRIVER_FILES[@]}"}; do
			files[$file]=true
		done
	done
	for file in "${!files[@]}"; do
		cpio_file "$file" "$file" || return
	done
	cpio_end
}

# lab_vmm ARCH: the VMM into DRIVER_BINARY, by its path, and what it needs besides into DRIVER_FILES.
lab_vmm() {
	DRIVER_FILES=()
	vmm_driver
	driver_find "$1"
	if [[ -z $DRIVER_ERROR ]] && declare -F driver_files >/dev/null; then
		driver_files
	fi
	[[ -z $DRIVER_ERROR ]] || {
		echo "$DRIVER_ERROR" >&2
		return 1
	}
}

# lab_modules: each of the modules with its options, as the agent wants them.
lab_modules() {
	local module option options name
	while read -r module; do
		options=''
		[[ $module != kvm.ko ]] || options=' force_emulation_prefix=1'
		for option in ${LAB_OPTIONS[@]+"${LAB_OPTIONS[@]}"}; do
			name=${option%%=*}
			if [[ $name == *.* ]]; then
				[[ $name != "${module%.ko}".* ]] || options+=" ${option#*.}"
			elif grep -aq "parmtype=$name:" "$KERNEL_FOLDER/$module"; then
				options+=" $option"
			fi
		done
		echo "/lab/$module$options"
	done <"$KERNEL_FOLDER/modules"
}

# lab_argv: the outer QEMU's command line, in one of supervise.bash's folders, into LAB_ARGV.
lab_argv() {
	local machine port option append=$LAB_LINUX
	case $LAB_ARCH in
	x86_64)
		machine=(-machine q35 -cpu EPYC)
		# Under QEMU 7.2, XSETBV is not intercepted, so that KVM does not know a guest's XCR0.
		[[ $LAB != i386 ]] || machine[3]+=,-xsave,-avx,-avx2,-fma,-f16c
		append+=' console=ttyS0 no_timer_check tsc=reliable kvm.force_emulation_prefix=1'
		;;
	arm64)
		machine=(-machine 'virt,virtualization=on,gic-version=3' -cpu 'max,pauth-impdef=on')
		append+=' console=ttyAMA0'
		;;
	esac
	for option in ${LAB_OPTIONS[@]+"${LAB_OPTIONS[@]}"}; do
		[[ $option != *.*=* ]] || append+=" $option"
	done
	LAB_ARGV=("$LAB_QEMU_BINARY" -accel 'tcg,thread=single' "${machine[@]}" -smp 1 -m "${LAB_MIB}M" -nodefaults -no-user-config
		-display none -no-reboot -serial 'file:linux' -device virtio-serial-pci
		-chardev 'pipe,id=control,path=control' -chardev 'file,id=console,path=console' -chardev 'file,id=errors,path=errors')
	if $OPT_DETERMINISTIC; then
		LAB_ARGV+=(-icount 'shift=2,sleep=off' -rtc 'base=2024-01-01,clock=vm' -seed 1 -global virtio-serial-pci.ioeventfd=off)
	fi
	for port in control console errors; do
		LAB_ARGV+=(-device "virtserialport,chardev=$port,name=$port")
	done
	ln -s "$KERNEL_FOLDER/kernel" "$LAB_FOLDER/linux"
	LAB_ARGV+=(-kernel ../linux -initrd ../initrd -append "$append")
}

# lab_describe: of LAB_READY, which is Linux's release and then the modules' parameters.
lab_describe() {
	local word
	HOST_KERNEL=''
	[[ ! -r $KERNEL_FOLDER/version ]] || HOST_KERNEL=$(<"$KERNEL_FOLDER/version")
	if [[ -z $HOST_KERNEL ]]; then
		[[ $LAB_READY =~ ^[0-9]+(\.[0-9]+)+ ]] || :
		HOST_KERNEL=${BASH_REMATCH[0]-}
	fi
	HOST_RELEASE=$HOST_KERNEL
	LAB_PARAMETERS=''
	for word in ${LAB_READY#* }; do
		[[ $word != kvm*.@(npt|nested|force_emulation_prefix|enable_pmu|avic)=* ]] || LAB_PARAMETERS+=", $word"
	done
	LAB_WORDS="Linux ${LAB_READY%% *} under QEMU $LAB_QEMU_VERSION"
}

# lab_limit PID: LIMIT is for a host that brings Linux up in LAB_USUAL_MS, and a slower one gets more in proportion. Before the
# first case, the lab may have to be started again.
lab_limit() {
	LIMIT=$((LIMIT * (LAB_BOOT_MS < 10 * LAB_USUAL_MS ? LAB_BOOT_MS + LAB_USUAL_MS : 10 * LAB_USUAL_MS) / LAB_USUAL_MS))
	((RUN_BOOT_MS[$1])) || LIMIT=$((LIMIT + LAB_BOOT_LOOKS * 100))
}

# lab_wrap: DRIVER_ARGV is run in the lab, where nobody looks for programs.
lab_wrap() {
	DRIVER_ARGV[0]=$(type -P "${DRIVER_ARGV[0]}")
	DRIVER_ARGV=(bash "$ROOT/scripts/lab/client.bash" "$LAB_FOLDER" "${DRIVER_ARGV[@]}")
}

# lab_verdict STATUS: whether it says that the lab has failed: then DRIVER_*.
lab_verdict() {
	[[ -n $OPT_LAB ]] && (($1 == LAB_STATUS)) || return
	DRIVER_HOW=died DRIVER_SAID='' DRIVER_WORDS='the lab failed, not the VMM'
}

# lab_end: nothing of it is left running, nor what nobody wants to read.
lab_end() {
	((LAB_PID)) || return 0
	kill -KILL -- "-$LAB_PID" 2>/dev/null
	wait "$LAB_PID" 2>/dev/null
	guard_tell ended "$LAB_PID"
	LAB_PID=0
	rm -rf "$LAB_FOLDER"/{next,request} "$LAB_FOLDER"/initrd* "$LAB_FOLDER/linux" "$LAB_FOLDER/kernel" "$LAB_FOLDER/modules" "$LAB_FOLDER"/*/control.*
}
