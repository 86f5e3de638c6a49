#!/usr/bin/env bash
# Which of the library's files use each other in a circle: none should. From the symbols of the objects that are built;
# `x.c`, `x.S`, `x_64.c` and so on are one file in this respect. Names every circle; exit status 1 if there is any.
set -u
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2

# uses ARCH: a line "USER USED" for each file that another one takes a symbol of.
uses() {
	local objects
	mapfile -t objects < <(tr ' ' '\n' <"build/$1/sources" | sed -n "/^lib\/selftest/d; s|^lib/.*|build/$1/obj/&.o|p")
	nm -A --format=posix "${objects[@]}" 2>/dev/null | awk '
		{
			file = $1
			sub(/^build\/[^\/]*\/obj\/lib\//, "", file)
			sub(/(_32|_64)?\.[cS]\.o:$/, "", file)
		}
		$3 == "U" { wanted[file, $2] = 1 }
		$3 ~ /^[A-TV-Z]$/ { owner[$2] = file }
		END {
			for (w in wanted) {
				split(w, part, SUBSEP)
				if (part[2] in owner && owner[part[2]] != part[1])
					print part[1], owner[part[2]]
			}
		}' | sort -u
}

status=0
for config in build/*/config.mak; do
	[[ -f $config ]] || continue
	arch=${config#build/}
	arch=${arch%/config.mak}
	[[ -f build/$arch/libassay.a ]] || continue
	# tsort names the members of each circle that it meets.
	if ! circles=$(uses "$arch" | tsort 2>&1 >/dev/null); then
		echo "circles.sh: $arch: files of lib/ use each other:"
		printf '%s\n' "$circles" | sed -n 's/^tsort: \([^-]\)/  \1/p'
		status=1
	fi
done
exit "$status"
