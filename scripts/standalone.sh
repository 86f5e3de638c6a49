#!/usr/bin/env bash
# make standalone: for each test of an architecture one executable file with the image and the runner inside. It needs
# bash, the usual tools (awk, tar, gzip) and a VMM; takes the runner's options, and case patterns instead of tests; works
# from any folder. Nothing of the machine and the environment that it is made in goes into it, and the same image makes
# the same file. Usage: scripts/standalone.sh ARCH...
set -eu
export LC_ALL=C
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# The part of unittests.cfg that is about one test.
section() {
	awk -v "name=[$1]" '{ sub(/\r$/, "") } /^[ \t]*\[.*\][ \t]*$/ { ours = $1 == name } ours' unittests.cfg
}

# known_sections TEST FILE LIST: the deviations in a known.cfg that are about one test, and of their cases those that it
# has; an item's test may have * in it.
known_sections() {
	awk -v "test=$1" -v "list=$3" '
		BEGIN {
			while ((getline line <list) > 0) {
				sub(/\t.*/, "", line)
				has[line] = 1
			}
		}
		function end() {
			if (cases != "")
				printf "%scases =\n%s", keys, cases
			keys = cases = ""
		}
		function add(item,    pattern, name) {
			pattern = name = item
			sub(/:.*/, "", pattern); sub(/^[^:]*:/, "", name); sub(/\/.*/, "", name)
			gsub(/[.]/, "[.]", pattern); gsub(/[*]/, ".*", pattern)
			if (test ~ "^" pattern "$" && name in has)
				cases = cases "\t" item "\n"
		}
		{ sub(/[ \t\r]+$/, ""); indented = /^[ \t]/; sub(/^[ \t]+/, "") }
		/^$/ || /^[#;]/ { next }
		/^\[.*\]$/ { end(); in_cases = 0; keys = $0 "\n"; next }
		indented && in_cases { add($0); next }
		{ in_cases = 0 }
		/^cases[ \t]*=/ { in_cases = 1; sub(/^[^=]*=[ \t]*/, ""); add($0); next }
		{ keys = keys $0 "\n" }
		END { end() }' "$2"
}

# What runs: unpacks what follows the last line and runs it there. NAME and ARCH are put in below.
launcher() {
	cat <<'EOF_LAUNCHER'
#!/usr/bin/env bash
# @NAME@ of Assay, for @ARCH@, with all that it needs but the VMM. Usage: @NAME@ [options] [CASE-GLOB ...]; --help has
# the options. Results are kept only with --out.
set -eu
self=${BASH_SOURCE[0]}
arguments=() globs=() value=false
for word; do
	if $value; then
		arguments+=("$word") value=false
	elif [[ $word == -- ]]; then
		continue
	elif [[ $word == -* ]]; then
		arguments+=("$word")
		case $word in
		-h | --help) printf 'Usage of this file: @NAME@ [options] [CASE-GLOB ...], with the options of run_tests.sh:\n\n' ;;
		-[!-]*[gj]) value=true ;;
		*) [[ '@OPTIONS_WITH@' != *" $word "* ]] || value=true ;;
		esac
	else
		globs+=("${word#@NAME@:}")
	fi
done
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
lines=$(LC_ALL=C awk '/^@PAYLOAD$/ { print NR; exit }' "$self")
tail -n +"$((lines + 1))" "$self" | tar -xz -C "$tree"
if ((${#globs[@]})); then
	globs=("${globs[@]/#/@NAME@:}")
else
	globs=(@NAME@)
fi
# A signal to this shell is one to the runner, which ends the VMM and reports; the tree goes after it.
ASSAY_NO_NEXT=yes bash -p "$tree/run_tests.sh" --out "$tree/logs" --all-skipped 77 "${arguments[@]}" -- "${globs[@]}" &
runner=$!
trap 'again=true; kill -TERM "$runner" 2>/dev/null || :' INT TERM HUP QUIT
again=true
while $again; do
	again=false status=0
	wait "$runner" || status=$?
done
exit "$status"
@PAYLOAD
EOF_LAUNCHER
}

# put_in ARCH TEST: the tree for one test.
put_in() {
	local arch=$1 name=$2 image vmm
	image=$(section "$name" | sed -n 's/^[ \t]*image[ \t]*=[ \t]*//p')
	image=${image:-$name.elf}
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/build/$arch" "$tree/scripts/vmm"
	cp run_tests.sh "$tree/"
	cp -rL scripts/runner "$tree/scripts/"
	for vmm in scripts/vmm/*/; do
		vmm=${vmm%/}
		mkdir -p "$tree/$vmm"
		cp -rL "$vmm/." "$tree/$vmm/"
		if [[ -f $vmm/known.cfg ]]; then
			known_sections "$name" "$vmm/known.cfg" "build/$arch/${image%.elf}.list" >"$tree/$vmm/known.cfg"
		fi
	done
	section "$name" >"$tree/unittests.cfg"
	# Of this machine's tools only the name of one that the other machine may have, too.
	sed -n 's|^ADDR2LINE := \(.*/\)\{0,1\}|ADDR2LINE := |p' "build/$arch/config.mak" >"$tree/build/$arch/config.mak"
	cp "build/$arch/$image" "build/$arch/${image%.elf}.list" "$tree/build/$arch/"
	if [[ -d build/$arch/vmm ]]; then
		cp -r "build/$arch/vmm" "$tree/build/$arch/"
	fi
	if [[ -f build/$arch/${image%.elf}.bin ]]; then
		cp "build/$arch/${image%.elf}.bin" "$tree/build/$arch/"
	fi
	if [[ -n $commit ]]; then
		echo "$commit" >"$tree/commit"
	fi
}

# Those with a value.
options_with=$(sed -n "s/^OPTIONS_WITH='\(.*\)'$/\1/p" scripts/runner/options.bash)

commit=''
if [[ -e .git ]]; then
	commit=$(git describe --always --dirty --exclude='*' --abbrev=12 2>/dev/null) || commit=''
fi
for arch; do
	[[ -f build/$arch/config.mak ]] || { echo "standalone.sh: $arch is not configured" >&2; exit 2; }
	# Also those that only run when they are named: who starts the file has named it.
	names=$(./run_tests.sh --arch "$arch" -l -a)
	names+=$'\n'$(./run_tests.sh --arch "$arch" -l -g destructive 2>/dev/null) || :
	rm -rf "build/$arch/standalone"
	mkdir -p "build/$arch/standalone"
	while IFS= read -r name; do
		[[ -n $name ]] || continue
		put_in "$arch" "$name"
		file=build/$arch/standalone/$name
		{
			launcher | sed "s/@NAME@/$name/g; s/@ARCH@/$arch/g; s/@OPTIONS_WITH@/$options_with/"
			tar -c --owner=0 --group=0 --numeric-owner --mode=u+rwX,go-w,go+rX --mtime=@0 --sort=name -C "$tree" . | gzip -n
		} >"$file"
		chmod +x "$file"
	done <<<"$names"
	echo "standalone: build/$arch/standalone/"
	# Where others look for such files.
	[[ -e tests && ! -L tests ]] || ln -sfn "build/$1/standalone" tests
done
