# shellcheck shell=bash
# shellcheck disable=SC2034 # the DRIVER_ variables are read by the runner
# Releases of QEMU, from Debian's archive, fetched into a cache. A release runs with the libraries that it was built for.
# docs/releases.md is for people.

# shellcheck source=scripts/runner/debian.bash
source "$ROOT/scripts/runner/debian.bash"

# The suites that a release is taken from: the last has QEMU, the others what it depends on.
declare -gA RELEASE_SUITES=(
	[5.2]=bullseye
	[7.2]=bookworm
	[10.0]=trixie
	[11.1]='trixie trixie-backports'
)
RELEASE_NEWEST=11.1
# Where one is looked for that is newer, or has left where it was for the next.
RELEASE_OTHERS=('trixie trixie-backports' testing sid)
# The packages of a family, of which one has it: in which, that depends on the release.
declare -gA RELEASE_PACKAGES=([x86]=qemu-system-x86 [arm]=qemu-system-arm [s390x]='qemu-system-s390x qemu-system-misc')
declare -gA RELEASE_TARGETS=([x86]='x86_64 i386' [arm]='aarch64 arm' [s390x]=s390x)

declare -gA RELEASE_BINARY=() # by architecture

# driver_release RELEASE ARCH...: the binaries into RELEASE_BINARY, fetched if need be, or why not into DRIVER_ERROR.
driver_release() {
	local release=$1 arch family cache missing=()
	shift
	DRIVER_ERROR='' RELEASE_BINARY=()
	[[ $release =~ ^[0-9]+\.[0-9]+(\.[0-9]+)?$ ]] || {
		DRIVER_ERROR="releases of QEMU are named like 10.0, not '$release'"
		return
	}
	if [[ -n ${QEMU-} ]]; then
		DRIVER_ERROR="QEMU=$QEMU is set, too: one of them"
		return
	fi
	debian_cache 'releases of QEMU' || return
	for arch; do
		release_family "$arch" || return
		if ! release_of_host "$release" "$arch"; then
			RELEASE_BINARY[$arch]=$cache/qemu-$release/$family/bin/$DRIVER_BINARY
			[[ -x ${RELEASE_BINARY[$arch]} || " ${missing[*]-} " == *" $family "* ]] || missing+=("$family")
		fi
	done
	if ((${#missing[@]})); then
		DRIVER_ERROR=$(release_get "$release" "${missing[@]}")
	fi
}

# release_family ARCH: its family into the caller's `family`, the name of its binary into DRIVER_BINARY; false if the
# driver does not know it.
release_family() {
	local QEMU=''
	case $1 in
	x86_64 | i386) family=x86 ;;
	arm64 | arm) family=arm ;;
	*) family=$1 ;;
	esac
	DRIVER_BINARY=''
	driver_find "$1"
	[[ -n $DRIVER_BINARY ]] || return
	DRIVER_ERROR='' # it need not be installed
}

# release_of_host RELEASE ARCH: whether DRIVER_BINARY is Debian's own of this release: then it is taken.
release_of_host() {
	[[ -n $(type -P "$DRIVER_BINARY") ]] || return
	vmm_says "$DRIVER_BINARY" --version
	[[ $VMM_SAYS =~ version\ ([0-9.]+)\ \(Debian\ 1: ]] && release_is "${BASH_REMATCH[1]}" "$1" || return
	RELEASE_BINARY[$2]=$(type -P "$DRIVER_BINARY")
}

# release_is VERSION RELEASE: 10.0.13 is one of 10.0.
release_is() {
	[[ $1 == "$2" || $1 == "$2".* ]]
}

# ----------------------------------------------------------------------------------------------------- fetching
# In a subshell: what is wrong is said on standard output, nothing if all went well; standard error is for those who wait.

# release_get RELEASE FAMILY...: each into the cache. It is made beside its place and renamed when whole.
release_get() {
	local release=$1 family new='' suites version package what="QEMU $1" debian_arch=''
	local -A updated=()
	shift
	debian_open 'QEMU= takes any binary' || return
	for family; do
		[[ ! -d $cache/qemu-$release/$family ]] || continue # the other run has
		release_fetch && release_unpack && release_keep || return
	done
	rm -rf "$cache/apt" # what could not be fetched or unpacked is there for the next try
}

# release_fetch: the packages of `release` and `family` into the suite's archives; `suites` and `version` say which.
release_fetch() {
	local candidates=() seen=''
	[[ -z ${RELEASE_SUITES[$release]-} ]] || candidates=("${RELEASE_SUITES[$release]}")
	if version_at_least "$release" "$RELEASE_NEWEST"; then
		candidates+=("${RELEASE_OTHERS[@]}")
	fi
	for suites in ${candidates[@]+"${candidates[@]}"}; do
		debian_update || return
		for package in ${RELEASE_PACKAGES[$family]}; do
			version=$(debian_apt apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: *//p')
			[[ $version == *[0-9]* ]] || continue
			version=${version#*:}
			version=${version%%[!0-9.]*}
			if release_is "$version" "$release"; then
				debian_say "fetching QEMU $version for ${RELEASE_TARGETS[$family]// /, } from Debian's ${suites##* } into $cache"
				debian_run 'cannot be fetched' apt-get --download-only --yes install "$package"
				return
			fi
			[[ $seen == *" ${suites##* }"* ]] || seen+=", $version in ${suites##* }"
			break
		done
	done
	rm -rf "$cache/apt"
	echo "Debian's archive has no QEMU $release; there are $(release_known)${seen:+; looked at: ${seen#, }}"
	return 1
}

# The releases whose suites are known.
release_known() {
	local names
	names=$(printf '%s\n' "${!RELEASE_SUITES[@]}" | sort -V)
	echo "${names//$'\n'/, }"
}

# release_unpack: the files of the packages just fetched, to the folder `new`, but for those that nobody needs to run it.
release_unpack() {
	local folder debs deb words part
	debian_folder
	# apt names them NAME_VERSION_ARCH.deb, a colon in it as %3a.
	mapfile -t debs < <(debian_apt apt-get --simulate install "$package" |
		sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*\[\([a-z0-9][a-z0-9]*\)\]).*$/\1_\2_\3.deb/p')
	for deb in "${debs[@]//:/%3a}"; do
		words=$(mkdir -p "$new/root" 2>&1 && dpkg-deb -x "$folder/cache/archives/$deb" "$new/root" 2>&1) || {
			echo "QEMU $version cannot be unpacked in $cache: ${words##*$'\n'}"
			return 1
		}
	done
	for part in bug doc icons info lintian locale man; do
		rm -rf "$new/root/usr/share/$part"
	done
}

# release_keep: commands that run it, into `new`; they are tried, then the folder gets its name.
release_keep() {
	local target file text loader libraries binary
	for file in "$new"/root/{usr/lib,lib}/*-linux-*/ld-*.so*; do
		if [[ -f $file && ! -L $file ]]; then
			loader=${file#"$new/"}
		fi
	done
	# Some packages have theirs in a folder of their own.
	libraries=$(cd "$new" && find root/lib root/usr/lib -maxdepth 3 -name 'lib*.so*' 2>/dev/null | sed 's|/[^/]*$||' | sort -u)
	libraries="\$here/${libraries//$'\n'/":\$here/"}"
	if ! mkdir -p "$new/bin" "$cache/qemu-$release"; then
		echo "$cache cannot be written"
		return 1
	fi
	for target in ${RELEASE_TARGETS[$family]}; do
		binary=$new/bin/qemu-system-$target
		cat >"$binary" <<END
#!/bin/sh
# QEMU $version of Debian's ${suites##* }, with the libraries that it was built for.
here=\${0%/*}/..
export QEMU_MODULE_DIR="\$here/$(cd "$new" && echo root/usr/lib/*-linux-*/qemu)"
exec "\$here/${loader-}" --library-path "$libraries" "\$here/root/usr/bin/qemu-system-$target" "\$@" \\
	-L "\$here/root/usr/share/qemu" -L "\$here/root/usr/share/seabios"
END
		chmod +x "$binary"
		text=$("$binary" --version 2>&1 </dev/null) || {
			echo "QEMU $version of Debian's ${suites##* } does not run here: ${text##*$'\n'}"
			return 1
		}
	done
	mv "$new" "$cache/qemu-$release/$family"
}
