#!/usr/bin/env bash
# Style and static analysis: clang-format, shellcheck, cppcheck; and whether the page that a script writes is up to date.
# Names every finding; exit status 1 if any.
set -u
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2
status=0
mapfile -t c_files < <(git ls-files '*.c' '*.h')
mapfile -t shell_files < <(git ls-files 'configure' '*.sh' '*.bash' '.ci/run' 'scripts/tests/fake-*')

clang-format --dry-run --Werror "${c_files[@]}" || status=1
# The runner's parts use each other's variables, which shellcheck sees only one file at a time (SC2004, SC2031, SC2034,
# SC2153, SC2154); SC2054 takes the commas of QEMU's options for array separators.
shellcheck -e SC2004,SC2031,SC2034,SC2153,SC2154,SC2054 "${shell_files[@]}" || status=1
scripts/known-deviations.sh --check || status=1
# cppcheck sees neither what inline assembly writes (uninitvar) nor that the linker's start and end symbols are
# of one object (comparePointers), nor that a variable has a register (constStatement). TEST() is beyond it: the compilers look at the tests.
check() {
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --suppress=uninitvar \
		--suppress=nullPointer --suppress=comparePointers --suppress=constStatement:lib/arm/psci.c --enable=warning,portability -Ilib -Ilib/libc \
		-j"$(nproc)" "$@" || status=1
}
mapfile -t sources < <(git ls-files 'lib/*.c' ':!lib/selftest' ':!lib/arm')
check -Ilib/x86 -D__x86_64__ "${sources[@]}"
mapfile -t sources < <(git ls-files 'lib/arm/*.c' | grep -v '_32\.c$')
check -Ilib/arm -D__aarch64__ "${sources[@]}"
mapfile -t sources < <(git ls-files 'lib/arm/*.c' | grep -v '_64\.c$')
check -Ilib/arm -D__arm__ "${sources[@]}"
scripts/state-docs.sh --check || status=1
# shellcheck disable=SC2016 # awk's own
# Readers of KTAP take the result of a row that has the name of its case for that of the case.
# shellcheck disable=SC2016 # awk's $0
git ls-files '*.c' | xargs awk '
	match($0, /^TEST[A-Z_]*\([a-z0-9_]+/) { test = substr($0, RSTART, RLENGTH); sub(/.*\(/, "", test) }
	/^}/ { test = "" }
	test != "" && index($0, "SUBTEST(\"" test "\")") { print FILENAME ":" FNR ": the row has the name of its case"; found = 1 }
	END { exit found }' || status=1
scripts/circles.sh || status=1
((status)) || echo "lint: ${#c_files[@]} C files, ${#shell_files[@]} shell scripts: nothing to say"
exit "$status"
