#!/usr/bin/env bash
# docs/state.md on standard output: what every case starts from, from the tables in lib/*/state*.c. With --check: whether
# docs/state.md says so.
set -u
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2

# rows FILE...: a line "| name | value |" for each row and hook, in the order of the tables.
rows() {
	awk '
		# The strings of one initialiser, joined over its lines: the first is the name, the second the value in words.
		function flush(    name, words, rest, n) {
			if (match(text, /MTRR_PAIR\([0-9]/)) {
				n = substr(text, RSTART + 10, 1)
				printf "| MTRR_PHYSBASE%s, MTRR_PHYSMASK%s | as at boot |\n", n, n
			} else if (match(text, /"[^"]*"/)) {
				name = substr(text, RSTART + 1, RLENGTH - 2)
				rest = substr(text, RSTART + RLENGTH)
				if (text ~ /CONTROL\(|CR\(/ && match(text, /(CONTROL|CR)\([0-9]+/)) {
					words = name
					name = "CR" substr(text, RSTART + index(substr(text, RSTART), "("), RLENGTH - index(substr(text, RSTART), "("))
				} else if (text ~ /DEBUG\(/ && match(text, /DEBUG\([0-9]/)) {
					words = name
					name = "DR" substr(text, RSTART + 6, 1)
				} else if (text ~ /[^_]MSR\(/) {
					words = "as at boot"
				} else if (match(rest, /"[^"]*"/)) {
					words = substr(rest, RSTART + 1, RLENGTH - 2)
				} else {
					name = name " new PSW"
					words = "leads to the harness"
				}
				printf "| %s | %s |\n", name, words
			}
			text = ""
		}
		/^const struct state_(row|hook) state_(rows|hooks)\[\]/ { on = 1; next }
		on && /^};/ { flush(); on = 0 }
		on && /^\t[^\t ]/ && !/^\t\/[*]/ { flush() }
		on && !/^#/ { text = text " " $0 }
	' "$@"
}

page() {
	cat <<'END'
# What every case starts from

Written by `scripts/state-docs.sh` from the tables in `lib/*/state*.c`, which are what the reset before each case, the report of
leaks and the selftest go by. Do not edit it.

Memory, CPUs and the address space are the same everywhere: docs/writing-a-test.md.
END
	printf '\n## x86\n\n| | |\n|---|---|\n'
	rows lib/x86/state.c
	printf '\n## arm64\n\n| | |\n|---|---|\n'
	rows lib/arm/state_64.c lib/arm/state.c
	printf '\n## arm\n\n| | |\n|---|---|\n'
	rows lib/arm/state_32.c lib/arm/state.c
	printf '\n## s390x\n\n| | |\n|---|---|\n'
	rows lib/s390x/state.c
}

if [[ ${1-} == --check ]]; then
	diff -u docs/state.md <(page) || {
		echo 'state-docs.sh: docs/state.md is not what the tables say; run scripts/state-docs.sh >docs/state.md' >&2
		exit 1
	}
	exit
fi
page
