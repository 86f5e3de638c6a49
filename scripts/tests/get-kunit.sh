#!/usr/bin/env bash
# Fetches the Linux kernel's kunit.py, for parsers.bats: from Debian's package linux-source-VERSION, of which it keeps
# tools/testing/kunit, in the cache. Nothing is installed. Usage: scripts/tests/get-kunit.sh [VERSION ...] (default: those
# of 6.1 and 6.12 that this Debian has)
set -eu
cache=${ASSAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/assay}
(($#)) || set -- 6.1 6.12
mkdir -p "$cache"
work=$(mktemp -d "$cache/kunit.XXXXXX")
trap 'rm -rf "$work"' EXIT
for version; do
	target=$cache/kunit-$version
	[[ ! -d $target ]] || continue
	tar=/usr/src/linux-source-$version.tar.xz
	if [[ ! -f $tar ]]; then
		if ! (cd "$work" && apt-get download -qq "linux-source-$version") 2>/dev/null; then
			echo "get-kunit.sh: linux-source-$version is not to be had here"
			continue
		fi
		dpkg-deb -x "$work/linux-source-$version"_*.deb "$work"
		tar=$work$tar
	fi
	# It wants to be where it is in the kernel's tree.
	tar -xJf "$tar" -C "$work" "linux-source-$version/tools/testing/kunit"
	mv "$work/linux-source-$version" "$target"
	echo "get-kunit.sh: $target"
done
