#!/usr/bin/env bash
# Style and static analysis: clang-format, shellcheck, cppcheck. Names every finding; exit status 1 if any.
set -u
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2
status=0
mapfile -t c_files < <(git ls-files '*.c' '*.h')
mapfile -t shell_files < <(git ls-files 'configure' '*.sh' '*.bash' '.ci/run' 'scripts/tests/fake-*')

clang-format --dry-run --Werror "${c_files[@]}" || status=1
# The runner's parts use each other's variables, which shellcheck sees only one file at a time (SC2031, SC2034,
# SC2153, SC2154); SC2054 takes the commas of QEMU's options for array separators.
shellcheck -e SC2031,SC2034,SC2153,SC2154,SC2054 "${shell_files[@]}" || status=1
# cppcheck sees neither what inline assembly writes (uninitvar) nor that the linker's start and end symbols are
# of one object (comparePointers). TEST() is beyond it: the compilers look at the tests.
mapfile -t sources < <(git ls-files 'lib/*.c' ':!lib/selftest')
cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --suppress=uninitvar \
	--suppress=nullPointer --suppress=comparePointers --enable=warning,portability -Ilib -Ilib/libc -Ilib/x86 -D__x86_64__ \
	-j"$(nproc)" "${sources[@]}" || status=1
((status)) || echo "lint: ${#c_files[@]} C files, ${#shell_files[@]} shell scripts: nothing to say"
exit "$status"
