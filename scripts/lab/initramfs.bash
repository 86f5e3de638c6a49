# shellcheck shell=bash
# Archives in cpio's format "newc", as the kernel's early userspace wants them (Documentation/driver-api/early-userspace/
# buffer-format.rst): written with builtins, as few hosts have a cpio. Several, one after the other, are one.

declare -A CPIO_HAS=() # folders that the archive has
CPIO_NUMBER=0

# cpio_head NAME MODE SIZE: to standard output; what it has of NAME begins at a multiple of four.
cpio_head() {
	CPIO_NUMBER=$((CPIO_NUMBER + 1))
	printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\0' \
		"$CPIO_NUMBER" "$2" 0 0 1 0 "$3" 0 0 0 0 $((${#1} + 1)) 0 "$1"
	cpio_pad $((110 + ${#1} + 1))
}

# cpio_pad SIZE: zeros up to a multiple of four.
cpio_pad() {
	case $(($1 % 4)) in
	1) printf '\0\0\0' ;;
	2) printf '\0\0' ;;
	3) printf '\0' ;;
	esac
}

# cpio_folder PATH: with those that it is in.
cpio_folder() {
	local path=${1#/}
	[[ -n $path && -z ${CPIO_HAS[$path]-} ]] || return 0
	[[ $path != */* ]] || cpio_folder "${path%/*}"
	CPIO_HAS[$path]=true
	cpio_head "$path" $((8#040755)) 0
}

# cpio_file PATH FILE: what is in FILE, executable.
cpio_file() {
	local path=${1#/} size
	size=$(stat -L -c %s "$2") || return
	[[ $path != */* ]] || cpio_folder "${path%/*}"
	cpio_head "$path" $((8#100755)) "$size"
	cat "$2" || return
	cpio_pad "$size"
}

cpio_end() {
	cpio_head 'TRAILER!!!' 0 0
	CPIO_HAS=() CPIO_NUMBER=0
}
