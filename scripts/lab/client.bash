#!/usr/bin/env bash
# Runs a command in the lab, as if it ran here: its standard output, standard error and exit status are this process's.
# Usage: client.bash FOLDER COMMAND [ARGUMENT...]; supervise.bash has what FOLDER is.
set -u
export LC_ALL=C
# shellcheck source=scripts/lab/wait.bash
source "${BASH_SOURCE[0]%/*}/wait.bash"
# shellcheck source=scripts/lab/initramfs.bash
source "${BASH_SOURCE[0]%/*}/initramfs.bash"

LOOK=0.1         # s between two looks at what has come
STATUS_LAB=125   # the lab has failed, not the command

folder=$1
shift

# lab_error WORDS...: for which the case that ran can do something, or nothing.
lab_error() {
	echo "lab error: $*" >&2
	exit "$STATUS_LAB"
}

# A client that was killed has left its command running: such a boot is of no use any more.
retire_busy() {
	local now tries
	now=$folder/$(readlink "$folder/now")
	[[ -e $now/busy ]] || return 0
	kill -KILL "$(<"$now/pid")" 2>/dev/null
	for ((tries = 0; tries < 100; tries++)); do
		[[ "$folder/$(readlink "$folder/now")" == "$now" && ! -e $folder/failed ]] || return 0
		sleep "$LOOK"
	done
}

# boot_with REQUEST: a boot that has it from its beginning on.
boot_with() {
	local before tries pid
	before=$(readlink "$folder/now")
	printf '%s\n' "$1" >"$folder/request"
	{ cpio_file lab/request "$folder/request" && cpio_end; } >"$folder/next.new" || lab_error 'the request cannot be written'
	mv "$folder/next.new" "$folder/next"
	pid=$(<"$folder/$before/pid")
	[[ -e $folder/$before/ended ]] || kill -KILL "$pid" 2>/dev/null
	for ((tries = 0; tries < 100; tries++)); do
		[[ "$(readlink "$folder/now")" == "$before" ]] || return 0
		sleep "$LOOK"
	done
	lab_error 'it does not boot again'
}

words=run
for word; do
	words+=$'\037'$word
done
[[ $words != *$'\n'* ]] || lab_error 'a word of the command has a newline in it'
if [[ -e $folder/deterministic ]]; then
	boot_with "$words"
else
	retire_busy
fi
lab_wait "$folder" || lab_error "$LAB_WHY_NOT"
cd "$LAB_NOW" || lab_error "$LAB_NOW is gone"
: >busy
exec {console}<console {errors}<errors {linux}<linux {control}<>control.out {requests}<>control.in
if [[ ! -e $folder/deterministic ]]; then
	# What was there before is another command's.
	for fd in "$console" "$errors" "$linux"; do
		cat <&"$fd" >/dev/null
	done
	printf '%s\n' "$words" >&"$requests"
fi

# show: what has come since the last time.
show() {
	cat <&"$console" || exit
}

# show_errors: of the command, then the kernel's words.
show_errors() {
	cat <&"$errors" >&2
	sed 's/^/Linux: /' <&"$linux" >&2
}

line='' part=''
while true; do
	if IFS= read -r -t "$LOOK" -u "$control" part; then
		line+=$part
		[[ $line != 'done '* ]] || break
		line=''
	else
		line+=$part
		if [[ -e ended ]]; then
			show
			cat <&"$errors" >&2
			status=$(<ended)
			words="the outer QEMU ended with status $status"
			((status <= 128)) || words="the outer QEMU died of signal $((status - 128)) (SIG$(kill -l $((status - 128))))"
			{
				echo "lab error: $words$(grep -v 'warning: ' qemu | tail -n 1 | sed 's/^/: /')"
				sed 's/^/Linux: /' <&"$linux"
			} >&2
			exit "$STATUS_LAB"
		fi
	fi
	show
done
show
show_errors
rm -f busy
status=${line#done }
exit "${status%%[!0-9]*}"
