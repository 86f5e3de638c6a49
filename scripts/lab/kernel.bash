# shellcheck shell=bash
# The lab's kernel: Debian's, fetched into the cache, or one that somebody has built. docs/lab.md is for people.
#
# A folder has it as the lab wants it: `kernel`, `modules` (files to be loaded, in this order, one a line), those files,
# uncompressed, and `version`.

# shellcheck source=scripts/runner/debian.bash
source "$ROOT/scripts/runner/debian.bash"

declare -A KERNEL_SUITES=(
	[5.10]=bullseye
	[6.1]=bookworm
	[6.12]=trixie
	[7.3]='trixie trixie-backports'
)
KERNEL_DEFAULT=6.1
KERNEL_NEWEST=7.3
KERNEL_OTHERS=('trixie trixie-backports' testing sid)
declare -A KERNEL_PACKAGES=([x86_64]=linux-image-cloud-amd64 [arm64]=linux-image-cloud-arm64)
declare -A KERNEL_DEBIAN_ARCH=([x86_64]=amd64 [arm64]=arm64)
# What has to be loaded, where it is not built in; what they depend on comes before them.
declare -A KERNEL_MODULES=([x86_64]='virtio_pci virtio_console kvm_amd' [arm64]='virtio_pci virtio_console')

# kernel_find ARCH WANTED FOLDER: the kernel's folder into KERNEL_FOLDER, or why there is none into DRIVER_ERROR. WANTED is a
# version, '' or a path; FOLDER is for what is made of a path.
kernel_find() {
	local arch=$1 wanted=${2:-$KERNEL_DEFAULT} cache
	DRIVER_ERROR='' KERNEL_FOLDER=''
	if [[ $wanted == */* || -e $wanted ]]; then
		KERNEL_FOLDER=$3
		DRIVER_ERROR=$(kernel_of_path "$wanted" "$3")
	elif [[ $wanted =~ ^[0-9]+\.[0-9]+(\.[0-9]+)?$ ]]; then
		debian_cache "the lab's kernels" || return
		KERNEL_FOLDER=$cache/linux-$wanted/$arch
		[[ -d $KERNEL_FOLDER ]] || DRIVER_ERROR=$(kernel_get "$wanted")
	else
		DRIVER_ERROR="kernels are a version like 6.1, or a path with a / in it, not '$wanted'"
	fi
}

# kernel_of_path PATH FOLDER: a kernel image with everything built in; or a folder, where one was installed to or built in.
kernel_of_path() {
	local image=$1 words
	if [[ -d $1 ]]; then
		for image in "$1"/boot/vmlinuz-* "$1"/arch/x86/boot/bzImage "$1"/arch/arm64/boot/Image ''; do
			[[ ! -f $image ]] || break
		done
	fi
	[[ -f $image && -r $image ]] || {
		echo "$1: there is no kernel, and none in it (boot/vmlinuz-*, arch/*/boot/)"
		return
	}
	words=$(mkdir -p "$2" 2>&1 && cp "$image" "$2/kernel" 2>&1) || {
		echo "${words##*$'\n'}"
		return
	}
	: >"$2/modules"
	[[ ! -d $1 ]] || kernel_modules "$1" "$2"
}

# ----------------------------------------------------------------------------------------------------- fetching
# In a subshell, as debian.bash has it.

# kernel_get VERSION: of `arch`, into the cache.
kernel_get() {
	local version=$1 new='' suites='' what="Linux $1" found='' debian_arch=${KERNEL_DEBIAN_ARCH[$arch]}
	local -A updated=()
	debian_open '--lab-kernel takes any kernel by its path' || return
	if [[ ! -d $KERNEL_FOLDER ]]; then # no other run has
		kernel_fetch && kernel_unpack || return
		if ! { mkdir -p "${KERNEL_FOLDER%/*}" && mv "$new/kept" "$KERNEL_FOLDER"; } 2>/dev/null; then
			echo "$KERNEL_FOLDER cannot be written"
			return
		fi
	fi
	rm -rf "$cache/apt"
}

# kernel_depends PACKAGE: those of its dependencies that have the kernel, or parts of it.
kernel_depends() {
	debian_apt apt-cache depends "$1" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-\(image\|binary\|modules\)-[0-9][^ ]*\)$/\1/p'
}

# kernel_fetch: the packages into `new`; `found` (their version) and `suites` say which.
kernel_fetch() {
	local candidates=() seen='' words package packages
	[[ -z ${KERNEL_SUITES[$version]-} ]] || candidates=("${KERNEL_SUITES[$version]}")
	if version_at_least "$version" "$KERNEL_NEWEST"; then
		candidates+=("${KERNEL_OTHERS[@]}")
	fi
	for suites in ${candidates[@]+"${candidates[@]}"}; do
		debian_update || return
		found=$(debian_apt apt-cache policy "${KERNEL_PACKAGES[$arch]}" 2>/dev/null | sed -n 's/^ *Candidate: *//p')
		found=${found%%[!0-9.]*}
		if [[ $found != "$version" && $found != "$version".* ]]; then
			seen+=", $found in ${suites##* }"
			continue
		fi
		mapfile -t packages < <(kernel_depends "${KERNEL_PACKAGES[$arch]}" | while read -r package; do
			echo "$package"
			kernel_depends "$package" # since 7.0
		done)
		debian_say "fetching Linux $found for $arch from Debian's ${suites##* } into $cache"
		words=$(mkdir -p "$new" 2>&1) || {
			echo "${words##*$'\n'}"
			return 1
		}
		(cd "$new" && debian_run 'cannot be fetched' apt-get download "${packages[@]}")
		return
	done
	rm -rf "$cache/apt"
	words=$(printf '%s\n' "${!KERNEL_SUITES[@]}" | sort -V)
	echo "Debian's archive has no Linux $version; there are ${words//$'\n'/, }${seen:+; looked at: ${seen#, }}"
	return 1
}

# kernel_unpack: the packages in `new` to new/kept, as the lab wants them.
kernel_unpack() {
	local words image deb
	for deb in "$new"/*.deb; do
		words=$(mkdir -p "$new/root" "$new/kept" 2>&1 && dpkg-deb -x "$deb" "$new/root" 2>&1) || {
			echo "Linux $found cannot be unpacked in $cache: ${words##*$'\n'}"
			return 1
		}
	done
	image=$(find "$new/root" -name 'vmlinu[xz]*' -type f | head -n 1)
	words=$(cp "$image" "$new/kept/kernel" 2>&1) || {
		echo "Debian's package of Linux $found has no kernel: ${words##*$'\n'}"
		return 1
	}
	echo "$found" >"$new/kept/version"
	kernel_modules "$new/root" "$new/kept"
}

# kernel_modules ROOT FOLDER: what KERNEL_MODULES and those they depend on are below ROOT, to FOLDER.
kernel_modules() {
	local builtin name
	local -A copied=()
	builtin=$(find "$1" -name modules.builtin -exec cat {} + 2>/dev/null)
	builtin=${builtin//-/_}
	: >"$2/modules"
	for name in ${KERNEL_MODULES[$arch]}; do
		kernel_module "$1" "$2" "$name" || return
	done
}

# kernel_module ROOT FOLDER NAME: with those it depends on before it. One that is nowhere is built in: where modules.builtin does
# not say so, Linux will.
kernel_module() {
	local file needed words name
	[[ -z ${copied[$3]-} && $builtin != *"/$3.ko"* ]] || return 0
	copied[$3]=true
	file=$(find "$1" \( -name "$3.ko*" -o -name "${3//_/-}.ko*" \) ! -name '*.o' -type f 2>/dev/null | head -n 1)
	[[ -n $file ]] || return 0
	words=$(
		exec 2>&1
		case $file in
		*.xz) xz -dc "$file" >"$2/$3.ko" ;;
		*.zst) zstd -qdc "$file" >"$2/$3.ko" ;;
		*.gz) gzip -dc "$file" >"$2/$3.ko" ;;
		*) cp "$file" "$2/$3.ko" ;;
		esac
	) || {
		echo "$file: ${words##*$'\n'}"
		return 1
	}
	needed=$(tr '\0' '\n' <"$2/$3.ko" | sed -n 's/^depends=//p')
	for name in ${needed//,/ }; do
		kernel_module "$1" "$2" "${name//-/_}" || return
	done
	echo "$3.ko" >>"$2/modules"
}
