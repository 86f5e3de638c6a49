#!/usr/bin/env bats
# --vmm-release: QEMU of Debian's archive, with an apt that plays its part.
load helper

setup_file() {
	type -P flock >/dev/null || skip 'flock is not here'
}

# What the runner finds on PATH is the fakes', and the host's QEMU says what FAKE_HOST has.
prepare() {
	local name
	unset QEMU XDG_CACHE_HOME
	unset "${!FAKE_APT_@}"
	mkdir bin
	for name in apt-get apt-cache dpkg dpkg-deb; do
		ln -s "$TOP/scripts/tests/fake-apt" "bin/$name"
	done
	for name in x86_64 i386 aarch64 arm s390x; do
		printf '#!/bin/sh\necho "QEMU emulator version ${FAKE_HOST-8.2.1 (Debian 1:8.2)}"\n' >"bin/qemu-system-$name"
	done
	chmod +x bin/qemu*
	: >keys.gpg
	export PATH=$P/bin:$PATH HOME=$P/home ASSAY_CACHE=$P/cache ASSAY_KEYRING=$P/keys.gpg FAKE_APT_LOG=$P/apt.log
	export FAKE_VERSION='QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0)'
}

# Nothing but releases that are whole, and the lock.
clean() {
	equal "$(cd cache && printf '%s ' *)" "lock${1:+ $1} "
}

calls() {
	if [[ -e apt.log ]]; then
		grep -c -- "$1" apt.log || :
	else
		echo 0
	fi
}

@test "a release is fetched, runs, and is there for the next run without apt" {
	prepare
	runner --vmm-release 10.0
	judged 'alpha=PASS beta=PASS gamma=PASS'
	contains "${lines[0]}" 'qemu 10.0.13, '
	equal "$stderr" "run_tests.sh: fetching QEMU 10.0.13 for x86_64, i386 from Debian's trixie into $P/cache"
	contains "$(cat apt.log)" 'from http://deb.debian.org/debian'
	clean qemu-10.0
	[[ ! -e cache/qemu-10.0/x86/root/usr/share/doc ]]
	rm bin/apt-get bin/apt-cache apt.log
	PATH=$P/bin:/usr/bin:/bin runner --vmm-release=10.0
	judged 'alpha=PASS beta=PASS gamma=PASS'
	equal "$stderr" ''
	[[ ! -e apt.log ]]
}

@test "its command line has it by a name that one can start" {
	prepare
	runner --vmm-release 10.0 --print-command t
	contains "$output" "$P/cache/qemu-10.0/x86/bin/qemu-system-x86_64 -nodefaults"
	equal "$(calls 'dpkg-deb -x')" 2
	run "$P/cache/qemu-10.0/x86/bin/qemu-system-i386" --version
	equal "$status" 0
}

@test "only the targets of this run, each family once" {
	prepare
	ARCH=i386 image t alpha
	ARCH=s390x image t alpha
	ARCH=arm64 image t alpha
	runner --vmm-release 10.0 --arch i386,x86_64,s390x t
	equal "$status" 0
	equal "$(cd cache/qemu-10.0 && echo *)" 's390x x86'
	equal "$(calls update)" 1
	contains "$(grep 'download-only' apt.log)" qemu-system-misc
	runner --vmm-release 10.0 --arch arm64 t
	equal "$(cd cache/qemu-10.0 && echo *)" 'arm s390x x86'
}

@test "backports: the suite that they are for is there, too" {
	prepare
	export FAKE_APT_QEMU='trixie=10.0.13 trixie-backports=11.1.3'
	runner --vmm-release 11.1
	equal "$status" 0
	equal "$(calls from)" 2
	contains "$stderr" "fetching QEMU 11.1.3 for x86_64, i386 from Debian's trixie-backports"
}

@test "the host's own QEMU is taken where it is Debian's of that release" {
	prepare
	FAKE_HOST='7.2.22 (Debian 1:7.2+dfsg-7)' runner --vmm-release 7.2 --print-command t
	equal "${output%% *}" "$P/bin/qemu-system-x86_64"
	[[ ! -e apt.log ]]
	FAKE_HOST='7.2.22' FAKE_APT_QEMU=bookworm=7.2.22 runner --vmm-release 7.2 --print-command t
	contains "$output" cache/qemu-7.2/
	FAKE_HOST='10.0.13 (Debian 1:10.0)' FAKE_APT_QEMU=bookworm=7.2.22 runner --vmm-release 10.0.1 --print-command t
	equal "$status" 2
}

@test "a release that there is not: the known ones are named, nothing is left" {
	local release
	prepare
	runner --vmm-release 3.1
	refused "--vmm-release 3.1: Debian's archive has no QEMU 3.1; there are 5.2, 7.2, 10.0, 11.1"
	equal "$(calls update)" 0
	FAKE_APT_QEMU='trixie=10.0.13 trixie-backports=11.1.3 sid=11.2.0' runner --vmm-release 12.0
	refused 'has no QEMU 12.0; there are 5.2, 7.2, 10.0, 11.1; looked at: 11.1.3 in trixie-backports, 11.2.0 in sid'
	clean
	# shellcheck disable=SC2016 # not to be expanded
	for release in latest 10 ../x '10.0;touch hacked' '$(touch hacked).0'; do
		runner --vmm-release "$release"
		refused "releases of QEMU are named like 10.0, not '$release'"
	done
	[[ ! -e hacked ]]
	runner --vmm-release
	refused 'needs a value'
}

@test "a newer release is found where it is, and one that has moved on" {
	prepare
	export FAKE_APT_QEMU='trixie-backports=11.2.1 testing=11.1.9 sid=12.0.0'
	runner --vmm-release 12.0 --print-command t
	contains "$stderr" "QEMU 12.0.0 for x86_64, i386 from Debian's sid"
	runner --vmm-release 11.1 --print-command t
	contains "$stderr" "QEMU 11.1.9 for x86_64, i386 from Debian's testing"
}

@test "the host's mirror comes first, then Debian's own, then the archive" {
	prepare
	export FAKE_APT_MIRROR=http://mirror.example/debian
	runner --vmm-release 10.0 t
	equal "$(grep from apt.log)" 'from http://mirror.example/debian'
	rm -r cache
	FAKE_APT_DOWN='http://mirror.*' runner --vmm-release 10.0 t
	equal "$(grep -c from apt.log)" 2
	equal "$(grep from apt.log | tail -n 1)" 'from http://deb.debian.org/debian'
	rm -r cache
	FAKE_APT_DOWN='http://[md]e*' FAKE_APT_MIRROR='' runner --vmm-release 10.0 t
	equal "$(grep from apt.log | tail -n 1)" 'from http://archive.debian.org/debian'
}

@test "no network: apt's words; what is in the cache runs" {
	prepare
	FAKE_APT_DOWN='*' runner --vmm-release 10.0
	refused 'QEMU 10.0 cannot be fetched from http://deb.debian.org/debian: Failed to fetch'
	[[ ! -e logs ]]
	runner --vmm-release 10.0
	equal "$status" 0
	FAKE_APT_DOWN='*' runner --vmm-release 10.0
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "what breaks on the way leaves no release" {
	local what words=''
	prepare
	for what in download:'cannot be fetched: Failed to fetch http://x/qemu-system-x86.deb  Hash Sum mismatch' \
		unpack:'cannot be unpacked in' run:"does not run here: wrong libraries"; do
		FAKE_APT_BREAKS=${what%%:*} runner --vmm-release 10.0
		equal "$status" 2
		contains "$stderr" "${what#*:}"
		[[ ! -e cache/qemu-10.0/x86 ]]
		[[ -z $(find cache -name 'new.*') ]]
	done
	runner --vmm-release 10.0
	judged 'alpha=PASS beta=PASS gamma=PASS'
	clean qemu-10.0
}

@test "what a killed run has left is no release, and goes" {
	prepare
	mkdir -p cache/new.123/bin cache/qemu-10.0
	: >cache/lock
	runner --vmm-release 10.0
	equal "$status" 0
	clean qemu-10.0
}

@test "two runs at once: one fetches, the other waits for it" {
	local first
	prepare
	FAKE_APT_WAITS=$P/go ./run_tests.sh --vmm-release 10.0 --out one >one.txt 2>&1 3>&- &
	first=$!
	until grep -q download apt.log 2>/dev/null; do sleep 0.05; done
	(sleep 0.5; : >go) 3>&- &
	runner --vmm-release 10.0 --out two
	equal "$status" 0
	contains "$stderr" "another run is fetching into $P/cache; waiting for it"
	lacks "$stderr" 'fetching QEMU'
	wait "$first"
	equal "$(calls download)" 1
	clean qemu-10.0
}

@test "interrupted while it fetches: 130 or the signal's, nothing half done" {
	local pid status=0
	prepare
	export FAKE_APT_WAITS=$P/never
	setsid ./run_tests.sh --vmm-release 10.0 >one.txt 2>&1 3>&- &
	pid=$!
	until grep -q download apt.log 2>/dev/null; do sleep 0.05; done
	kill -TERM -- "-$pid"
	wait "$pid" || status=$?
	((status > 128))
	[[ -z $(find cache -name 'new.*' -o -name 'qemu-*') ]]
	: >never
	runner --vmm-release 10.0
	equal "$status" 0
}

@test "no apt, no keys, no place, and a place that cannot be written to" {
	local name
	prepare
	mkdir path
	for name in bash dirname env nproc; do
		ln -s "$(type -P "$name")" path/
	done
	run --separate-stderr env "PATH=$P/path" ./run_tests.sh --vmm-release 10.0
	refused "is fetched with Debian's tools, and there is no apt-get here; QEMU= takes any binary"
	ASSAY_KEYRING=$P/nosuch runner --vmm-release 10.0
	refused "there is no $P/nosuch (package debian-archive-keyring)"
	ASSAY_CACHE='' HOME='' runner --vmm-release 10.0
	refused 'neither ASSAY_CACHE nor HOME is set'
	ASSAY_CACHE=/proc/nosuch runner --vmm-release 10.0
	refused '/proc/nosuch cannot be written, where QEMU 10.0 is to be kept'
	ASSAY_CACHE=a:b runner --vmm-release 10.0
	refused 'cannot be kept in a folder with : ; or " in its name'
	: >file
	ASSAY_CACHE=$P/file runner --vmm-release 10.0
	refused "$P/file cannot be written"
}

@test "where it is kept: ASSAY_CACHE, XDG_CACHE_HOME, HOME; names with a space" {
	prepare
	ASSAY_CACHE='my cache' runner --vmm-release 10.0
	judged 'alpha=PASS beta=PASS gamma=PASS'
	[[ -x 'my cache/qemu-10.0/x86/bin/qemu-system-x86_64' ]]
	ASSAY_CACHE='' XDG_CACHE_HOME=$P/xdg runner --vmm-release 10.0
	[[ -d xdg/assay/qemu-10.0 ]]
	ASSAY_CACHE='' XDG_CACHE_HOME=relative runner --vmm-release 10.0
	[[ -d home/.cache/assay/qemu-10.0 ]]
}

@test "with QEMU, and with a VMM that offers none, it is refused" {
	prepare
	QEMU=/bin/true runner --vmm-release 10.0
	refused 'QEMU=/bin/true is set, too: one of them'
	mkdir scripts/vmm/other
	ln -s "$TOP/scripts/vmm/qemu/driver.bash" scripts/vmm/other/
	runner --vmm other --vmm-release 10.0
	refused '--vmm-release 10.0: the driver of other offers no releases'
}
