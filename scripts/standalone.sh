#!/usr/bin/env bash
# make standalone: for each test of an architecture one executable file with the image and the runner inside. It needs
# bash, the usual tools (awk, tar, gzip) and a VMM; takes the runner's options and case patterns instead of tests;
# works from any folder. Usage: scripts/standalone.sh ARCH...
set -eu
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# The part of unittests.cfg that is about one test.
section() {
	awk -v "name=[$1]" '{ sub(/\r$/, "") } /^\[/ { ours = $0 == name } ours' unittests.cfg
}

# The part of a known.cfg that is about one test.
known_section() {
	awk -v "start=[$1:" '{ sub(/\r$/, "") } /^\[/ { ours = index($0, start) == 1 } ours' "$2"
}

# What runs: unpacks what follows the last line and runs it there. NAME and ARCH are put in below.
launcher() {
	cat <<'EOF'
#!/usr/bin/env bash
# @NAME@ of Assay, for @ARCH@, with all that it needs but the VMM. Usage: @FILE@ [options] [CASE-GLOB ...]; --help has
# the options. Results are kept only with --out.
set -eu
self=${BASH_SOURCE[0]} tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
lines=$(awk '/^@PAYLOAD$/ { print NR; exit }' "$self")
tail -n +"$((lines + 1))" "$self" | tar -xz -C "$tree"
arguments=(--out "$tree/logs") globs=() value=false
for word; do
	if $value; then
		arguments+=("$word") value=false
	elif [[ $word == -* ]]; then
		arguments+=("$word")
		case $word in
		--out=* | --*=*) ;;
		-g | --group | -j | --jobs | --vmm | --out | --known | --repeat | --shuffle) value=true ;;
		esac
	else
		globs+=("$word")
	fi
done
if ((${#globs[@]})); then
	globs=("@NAME@:$(IFS=,; echo "${globs[*]}")")
else
	globs=(@NAME@)
fi
"$tree/run_tests.sh" "${arguments[@]}" -- "${globs[@]}"
exit
@PAYLOAD
EOF
}

for arch; do
	[[ -f build/$arch/config.mak ]] || { echo "standalone.sh: $arch is not configured" >&2; exit 2; }
	mkdir -p "build/$arch/standalone"
	./run_tests.sh --arch "$arch" -l -a | while IFS= read -r name; do
		image=$(section "$name" | sed -n 's/^image *= *//p')
		image=${image:-$name.elf}
		rm -rf "${tree:?}"/*
		mkdir -p "$tree/build/$arch" "$tree/scripts/vmm"
		cp run_tests.sh "$tree/"
		cp -r scripts/runner "$tree/scripts/"
		for driver in scripts/vmm/*/driver.bash; do
			vmm=${driver%/driver.bash}
			mkdir -p "$tree/$vmm"
			cp "$driver" "$tree/$vmm/"
			if [[ -f $vmm/known.cfg ]]; then
				known_section "$name" "$vmm/known.cfg" >"$tree/$vmm/known.cfg"
			fi
		done
		section "$name" >"$tree/unittests.cfg"
		cp "build/$arch/config.mak" "build/$arch/$image" "build/$arch/${image%.elf}.list" "$tree/build/$arch/"
		if [[ -f build/$arch/${image%.elf}.bin ]]; then
			cp "build/$arch/${image%.elf}.bin" "$tree/build/$arch/"
		fi
		file=build/$arch/standalone/$name
		{
			launcher | sed "s/@NAME@/$name/g; s/@ARCH@/$arch/g; s|@FILE@|$name|g"
			tar -cz --owner=0 --group=0 --sort=name -C "$tree" .
		} >"$file.new"
		chmod +x "$file.new"
		mv "$file.new" "$file"
	done
	echo "standalone: build/$arch/standalone/"
done
