# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are the caller's
# Packages of Debian's archive: fetched into a cache, with a state of apt that is its own, so that nothing of the host's
# packages is asked or changed and nobody has to be root; apt checks what it fetches against Debian's keys.
#
# The caller has: `cache`, from debian_cache; `what` it is, for people; `suites`, of which the last has it and the others what
# it depends on; `updated`, an associative array, empty; `new`; and `debian_arch`, if it is not for the host's architecture.

# After the host's own mirror. The archive has the suites that have gone from the mirrors.
DEBIAN_MIRRORS=(http://deb.debian.org/debian http://archive.debian.org/debian)
DEBIAN_KEYS=${ASSAY_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# debian_cache WHAT: the folder that they are kept in into the caller's `cache`; or why there is none into DRIVER_ERROR.
debian_cache() {
	if [[ -n ${ASSAY_CACHE-} ]]; then
		cache=$ASSAY_CACHE
	elif [[ ${XDG_CACHE_HOME-} == /* ]]; then
		cache=$XDG_CACHE_HOME/assay
	elif [[ -n ${HOME-} ]]; then
		cache=$HOME/.cache/assay
	else
		DRIVER_ERROR="there is no place to keep $1: neither ASSAY_CACHE nor HOME is set"
		return 1
	fi
	[[ $cache == /* ]] || cache=$PWD/$cache
	# What separates the folders that a dynamic linker looks into, and what ends a value of apt's.
	if [[ $cache == *[:';"']* ]]; then
		DRIVER_ERROR="$cache: $1 cannot be kept in a folder with : ; or \" in its name (ASSAY_CACHE names another)"
		return 1
	fi
}

# ----------------------------------------------------------------------------------------------------- fetching
# In a subshell: what is wrong is said on standard output, nothing if all went well; standard error is for those who wait.

# debian_open OTHERWISE: the cache is this run's until the subshell ends, and `new` a folder's name in it, which is removed
# then. OTHERWISE is what can be done where there are no tools of Debian's.
debian_open() {
	local tool lock
	for tool in apt-get apt-cache dpkg dpkg-deb flock; do
		type -P "$tool" >/dev/null || {
			echo "$what is fetched with Debian's tools, and there is no $tool here; $1"
			return 1
		}
	done
	[[ -r $DEBIAN_KEYS ]] || {
		echo "$what cannot be checked: there is no $DEBIAN_KEYS (package debian-archive-keyring)"
		return 1
	}
	if ! { mkdir -p "$cache" && : >>"$cache/lock"; } 2>/dev/null; then
		echo "$cache cannot be written, where $what is to be kept (ASSAY_CACHE names another folder)"
		return 1
	fi
	exec {lock}>>"$cache/lock"
	if ! flock -n "$lock"; then
		debian_say "another run is fetching into $cache; waiting for it"
		flock "$lock"
	fi
	rm -rf "$cache"/new.* # of a run that was killed
	new=$cache/new.$BASHPID
	# shellcheck disable=SC2064 # what it is now: there is no such variable when the subshell ends
	trap "rm -rf ${new@Q}" EXIT
	trap 'exit 130' INT TERM HUP
	debian_arch=${debian_arch:-$(dpkg --print-architecture)}
}

# debian_folder: where apt's state is for `suites`, into the caller's `folder`.
debian_folder() {
	folder=$cache/apt/${suites##* }-$debian_arch
}

debian_say() {
	echo "run_tests.sh: $*" >&2
}

# debian_update: the lists of `suites`, from the first mirror that has them all.
debian_update() {
	local mirror mirrors suite options words first='' folder
	[[ -z ${updated[$suites]-} ]] || return 0
	debian_folder
	mapfile -t mirrors < <(debian_host_mirror)
	if ! { mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial" && : >"$folder/status"; } 2>/dev/null; then
		echo "$folder cannot be written"
		return 1
	fi
	# What the host's apt does besides, and prefers, is not for these lists.
	printf '#clear %s;\n' APT::Update::{Pre-Invoke,Post-Invoke,Post-Invoke-Success} DPkg::Post-Invoke APT::Default-Release \
		>"$folder/apt.conf"
	for mirror in "${mirrors[@]}" "${DEBIAN_MIRRORS[@]}"; do
		options="arch=$debian_arch target=Packages signed-by=$DEBIAN_KEYS"
		# The lists of old suites are not signed again.
		[[ $mirror != *//archive.debian.org/* ]] || options+=' check-valid-until=no'
		for suite in $suites; do
			echo "deb [$options] $mirror $suite main"
		done >"$folder/sources.list"
		if words=$(debian_run "cannot be fetched from $mirror" apt-get update); then
			updated[$suites]=true
			return
		fi
		first=${first:-$words}
	done
	echo "$first"
	return 1
}

# debian_host_mirror: the mirror of Debian's archive that the host uses, if it does.
debian_host_mirror() {
	# shellcheck disable=SC2016 # apt's own words
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		sed -n 's|^Debian \([a-z+]*:.*[^/]\)/*$|\1|p' | grep -v ^cdrom: | sort | uniq -c | sort -k1,1nr | sed -n '1s/^ *[0-9]* //p'
}

# debian_apt COMMAND ARGUMENT...: apt-get or apt-cache, on the state of `suites` alone.
debian_apt() {
	local folder command=$1
	shift
	debian_folder
	"$command" -c "$folder/apt.conf" -o "Dir::State=$folder/state" -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder/cache" \
		-o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null -o "Dir::Log=$folder" -o APT::Sandbox::User=root -o APT::Install-Recommends=false \
		-o APT::Update::Error-Mode=any -o "APT::Architecture=$debian_arch" -o Acquire::Languages=none -o Acquire::Retries=2 \
		-o Acquire::http::Timeout=30 -o "APT::Default-Release=${suites##* }" -qq "$@" </dev/null
}

# debian_run WHAT COMMAND ARGUMENT...: as debian_apt; if it fails, that it WHAT, and apt's first words about it.
debian_run() {
	local failed=$1 words
	shift
	words=$(debian_apt "$@" 2>&1 >/dev/null) && return
	words=$(sed -n '/^E: /{s/^E: //p;q}' <<<"$words")
	echo "$what $failed: ${words:-$1 failed}"
	return 1
}
