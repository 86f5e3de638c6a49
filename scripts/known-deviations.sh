#!/usr/bin/env bash
# Writes docs/known-deviations.md from the known.cfg of every VMM, for people. With --check, says instead whether it is
# up to date.
set -eu
export LC_ALL=C
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
page=docs/known-deviations.md
# What most people have comes first.
files=(scripts/vmm/qemu/known.cfg)
for file in scripts/vmm/*/known.cfg; do
	[[ $file == "${files[0]}" ]] || files+=("$file")
done

case ${1-} in
'') awk -f scripts/known-deviations.awk "${files[@]}" >"$page.new" && mv "$page.new" "$page" ;;
--check)
	awk -f scripts/known-deviations.awk "${files[@]}" | cmp -s - "$page" || {
		echo "$page is not what scripts/known-deviations.sh writes now: run it (make docs)" >&2
		exit 1
	}
	;;
*)
	echo "known-deviations.sh: takes --check or nothing, not '$1'" >&2
	exit 2
	;;
esac
