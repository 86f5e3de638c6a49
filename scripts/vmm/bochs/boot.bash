#!/usr/bin/env bash
# Runs Bochs as driver.bash wants it: puts the ROM together that starts an image, and tells how Bochs ended.
# Usage: boot.bash BOCHS LOADER IMAGE CPUS MIB ARGUMENTS [BOCHS-OPTION|CONFIGURATION-LINE ...]
#
# The console is standard output. Exit status: 0 if the guest has switched the machine off, 1 with Bochs's words on
# standard error if Bochs gave up, more if it died of a signal. What it leaves in TMPDIR when it is killed is the
# runner's to remove.
set -u
export LC_ALL=C

PANICS=5                   # so many of the log's lines are shown
ROM_SIZE=$((2 << 20))      # loader.S has the addresses that follow from it
LOADER_SIZE=$((64 << 10))
HEAD_SIZE=$((36 << 10))    # what the image is told, its command line at the end
COMMAND_LINE=$((32 << 10)) # lib/harness/command_line.h

bochs=$1 loader=$2 image=$3 cpus=$4 mib=$5 arguments=$6
shift 6

die() {
	echo "boot.bash: $*" >&2
	exit 1
}

folder=$(mktemp -d) || die 'no temporary folder'
trap 'rm -rf "$folder"' EXIT

# long NUMBER: its four bytes, the lowest first, as printf wants them, into LONG.
long() {
	printf -v LONG '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# The head has what loader.S wants to know, the others the image; the loader is at the end.
make_rom() {
	local head size
	long "$cpus"
	head=$LONG
	long "$mib"
	head+=$LONG
	((${#arguments} < COMMAND_LINE)) || die "the guest takes a command line of $((COMMAND_LINE - 1)) characters"
	size=$(wc -c <"$image") || die "$image cannot be read"
	((HEAD_SIZE + size + LOADER_SIZE <= ROM_SIZE)) || die "$image has $size bytes, too many for a ROM of $ROM_SIZE"
	{
		# shellcheck disable=SC2059 # bytes
		printf "$head"
		printf '%s\0' "$arguments"
		printf "%$((HEAD_SIZE - 8 - ${#arguments} - 1))s" ''
		cat "$image"
		printf "%$((ROM_SIZE - LOADER_SIZE - HEAD_SIZE - size))s" ''
		cat "$loader"
	} >"$folder/rom"
	# Bochs wants to have one, and has no use for it.
	printf '%32768s' '' >"$folder/vgarom"
	printf 'c\nq\n' >"$folder/commands" # for the debugger, where that is always there
}

make_rom || die 'the ROM cannot be written'
status=0
exec 3>&1
# The display library `term` does without a terminal, but not without its name. The real-time clock is the host's local time,
# and where it is set, Bochs leaves it to chance whether that is summer time (tm_isdst has no value when it calls mktime()): in
# this time zone either is the same.
TERM=vt100 TZ=UTC0UTC0,J100/0,J200/0 "$bochs" -q -f /dev/null "${@//@FOLDER@/$folder}" \
	"romimage: file=$folder/rom, address=0xffe00000" "vgaromimage: file=$folder/vgarom" \
	"log: $folder/log" "com1: enabled=1, mode=file, dev=/dev/fd/3" </dev/null >"$folder/output" 2>&1 || status=$?
words=$(grep -a -m "$PANICS" '>>PANIC<<' "$folder/log" 2>/dev/null) || :
if [[ $words == *'ACPI control: soft power off'* ]]; then
	exit 0
fi
((status > 128)) || status=1
[[ -n $words ]] || words=$(tail -n "$PANICS" "$folder/output")
printf '%s\n' "$words" >&2
exit "$status"
