#!/usr/bin/env bash
# Keeps the lab's outer QEMU running: starts it again whenever it has ended. Usage: supervise.bash FOLDER QEMU-ARGUMENT...
#
# Each boot is a folder FOLDER/N, in which QEMU runs, and FOLDER/now leads to the latest: control.in and control.out (pipes;
# agent.c has what goes through them), console, errors, linux (the kernel's console), qemu (what QEMU says), pid, and
# ended, with QEMU's exit status, once it has. Whoever saw Linux come up makes FOLDER/N/ready. Two boots without that are the
# end: FOLDER/failed says why.
#
# If there is FOLDER/deterministic, each boot waits for FOLDER/next, the rest of its initramfs, whose first part is
# FOLDER/initrd.first; so that all it does is determined before it begins.
set -u
export LC_ALL=C

ATTEMPTS=2

folder=$1 failures=0 boot=0
shift
while true; do
	boot=$((boot + 1))
	if [[ -e $folder/deterministic ]]; then
		until [[ -e $folder/next ]]; do sleep 0.05; done
		cat "$folder/initrd.first" "$folder/next" >"$folder/initrd" && rm "$folder/next" || exit 1
	fi
	mkdir "$folder/$boot" && cd "$folder/$boot" && mkfifo control.in control.out && touch console errors linux || exit 1
	status=0
	"$@" </dev/null >qemu 2>&1 &
	echo $! >pid
	ln -sfn "$boot" "$folder/now"
	wait $! || status=$?
	echo "$status" >ended
	if [[ -e ready ]]; then
		failures=0
	elif ((++failures == ATTEMPTS)); then
		echo "QEMU ended with status $status before Linux was up" >"$folder/failed"
		exit 1
	fi
	[[ ! -e $folder/off ]] || exit 0
done
