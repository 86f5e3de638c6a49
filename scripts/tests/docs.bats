#!/usr/bin/env bats
# What stands in the documentation as code is code: C compiles, commands have the options that they are given.
load helper

setup() {
	cd "$TOP" || return 1
	blocks=$BATS_TEST_TMPDIR/blocks
	mkdir "$blocks"
}

teardown() { :; }

# code_blocks FILE...: each block of indented lines, without the four spaces, into a file of its own.
code_blocks() {
	awk -v "out=$blocks" '
		FNR == 1 { after_blank = 1; inside = 0 }
		/^    / && (inside || after_blank) {
			if (!inside) {
				name = FILENAME
				gsub(/[^A-Za-z0-9]/, "_", name)
				file = sprintf("%s/%s.%03d", out, name, FNR)
			}
			inside = 1
			print substr($0, 5) >file
			next
		}
		/^$/ { if (inside) print "" >file; after_blank = 1; next }
		{ inside = after_blank = 0 }' "$@"
}

# is_c FILE: statements or declarations of C.
is_c() {
	grep -q '^#include\|;$\|; */\*' "$1"
}

# compile FILE.c: as a test of x86_64 is compiled, but for its warnings about what is not used.
compile() {
	local command
	command=$(jq -r '[.[] | select(.file | test("^x86/sys/"))][0].command' build/x86_64/compile_commands.json)
	command=${command%% -c *}
	# shellcheck disable=SC2086 # the words of a command
	eval "$command -Wno-unused -fsyntax-only \"\$1\""
}

@test "every block of C in the documentation compiles" {
	local block count=0
	[[ -f build/x86_64/compile_commands.json ]] || skip 'x86_64 is not built'
	code_blocks README.md docs/*.md
	for block in "$blocks"/*; do
		is_c "$block" || continue
		count=$((count + 1))
		if grep -q '^#include' "$block"; then
			cp "$block" "$block.c"
		else
			# Statements: with what they take for granted around them.
			{
				echo '#include <test.h>'
				echo '#include <sys/landing.h>'
				echo '#include <x86/insn.h>'
				echo '#include <x86/msr.h>'
				echo 'void write_byte(void *), halt(void *), add_one(void *), leave_guest(struct landing *), run_the_guest(void);'
				echo 'void statements(void *page, u64 value, int counter);'
				echo 'void statements(void *page, u64 value, int counter) {'
				cat "$block"
				echo '}'
			} >"$block.c"
		fi
		compile "$block.c" || {
			cat "$block.c"
			return 1
		}
	done
	# If none was found, the test looks for them in the wrong way.
	((count >= 3))
}

@test "the compiler sees what is wrong with a block" {
	[[ -f build/x86_64/compile_commands.json ]] || skip 'x86_64 is not built'
	code_blocks docs/writing-a-test.md
	local block=("$blocks"/*)
	grep -q '^TEST(' "${block[0]}"
	sed 's/BITS(63, 32)/efer_reserved_mask()/' "${block[0]}" >"$blocks/bad.c"
	run compile "$blocks/bad.c"
	((status))
	contains "$output" efer_reserved_mask
}

@test "options in the documentation are options" {
	local word words help
	help=$(./run_tests.sh --help)
	words=$(grep -hE '^    .*(run_tests\.sh|assay) ' README.md docs/*.md | sed "s/'[^']*'//g; s/^ *\$(\([^)]*\)).*/\1/" | grep -oE -- ' --?[a-z][a-z0-9-]*' | sort -u)
	[[ -n $words ]]
	for word in $words; do
		case $word in
		# Of configure, of make and of QEMU, in the same lines.
		--install-deps) continue ;;
		esac
		grep -q -- "$word\\b" <<<"$help" || {
			echo "no option of run_tests.sh: $word"
			return 1
		}
	done
}

# Every name in docs/$1-coverage.md is that of a case of the image, or a pattern that at least one case has.
names_cases_of() {
	local name base list=build/x86_64/$1.list doc=docs/$1-coverage.md
	[[ -f $list ]] || skip "x86_64 is not built"
	for name in $(grep -o '`[a-z_0-9]*_[a-z_0-9*]*`' "$doc" | tr -d '`' | sort -u); do
		cut -f1 "$list" | grep -qx -- "${name//\*/.*}" || { echo "no case: $name"; return 1; }
	done
}

@test "docs/vmx-coverage.md names cases that there are, with * for several" {
	names_cases_of vmx
}

@test "docs/svm-coverage.md names cases that there are, and all of them" {
	local name
	names_cases_of svm
	while IFS= read -r name; do
		# A case of a mode is named with the others of its kind.
		grep -qE -- "\`($name|${name%_*}_\*)\`" docs/svm-coverage.md || { echo "not in the table: $name"; return 1; }
	done < <(cut -f1 build/x86_64/svm.list)
}
