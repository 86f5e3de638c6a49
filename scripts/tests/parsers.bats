#!/usr/bin/env bats
# Results and raw consoles, read by other people's parsers. The Linux kernel's kunit.py is not part of this project:
# scripts/tests/get-kunit.sh fetches it.
load helper

# kunits: the folders that have a kunit.py, into KUNITS; or skips.
kunits() {
	local folder
	KUNITS=()
	type -P python3 >/dev/null || skip 'no python3 here'
	for folder in ${ASSAY_KUNIT-} "${ASSAY_CACHE:-${XDG_CACHE_HOME:-${HOME-}/.cache}/assay}"/kunit-*; do
		[[ ! -f $folder/tools/testing/kunit/kunit.py ]] || KUNITS+=("$folder")
	done
	((${#KUNITS[@]})) || skip 'no kunit.py of the Linux kernel here; scripts/tests/get-kunit.sh fetches it'
}

# kunit FILE: its last words on it, by each of KUNITS, without the time and colours, a line each.
kunit() {
	local folder
	for folder in "${KUNITS[@]}"; do
		python3 "$folder/tools/testing/kunit/kunit.py" parse "$1" 2>&1 | sed 's/\x1b\[[0-9;]*m//g; s/^\[[0-9:]*\] //' | grep '^Testing complete'
	done
}

# kunit_has_no_errors FILE: nothing crashed, nothing that it did not understand; so many results as there are.
kunit_has_no_errors() {
	local line seen=0
	while IFS= read -r line; do
		seen=$((seen + 1))
		[[ $line =~ ^'Testing complete. Ran '([0-9]+)' tests: ' && $line != *crashed* && $line != *errors* ]] || {
			echo "$1: $line"
			return 1
		}
	done < <(kunit "$1")
	equal "$seen" "${#KUNITS[@]}"
}

@test "kunit.py reads results.ktap: everything, and no error" {
	kunits
	image u one
	tests '[t]' '[u]'
	scenario <<'END'
case_alpha() { row ok first; row ok 'second #2'; row ok alpha-3; ok; }
case_beta() { skip 'no such CPU'; }
END
	runner
	judged 'alpha=PASS beta=SKIP gamma=PASS one=PASS'
	kunit_has_no_errors "$P/logs/results.ktap"
	# alpha's three rows, gamma and u's case pass; beta is skipped.
	contains "$(kunit "$P/logs/results.ktap" | head -n 1)" 'Ran 6 tests: passed: 5, skipped: 1'
	scenario <<'END'
case_alpha() { row ok first; row 'not ok' second; not_ok; }
case_beta() { die SEGV; }
END
	runner
	contains "$(kunit "$P/logs/results.ktap" | head -n 1)" 'failed: '
	lacks "$(kunit "$P/logs/results.ktap")" errors
}

@test "kunit.py reads what images print, rows and all" {
	local test
	kunits
	type -P qemu-system-x86_64 >/dev/null || skip 'no qemu-system-x86_64 here'
	[[ -f $TOP/build/x86_64/exc.elf ]] || skip 'no images of x86_64 are built'
	unset QEMU
	for test in exc seg timer; do
		timeout 120 "$TOP/run_tests.sh" --arch x86_64 --out "$P/logs" "$test" 3>&- || :
		kunit_has_no_errors "$P/logs/x86_64/$test.log"
		kunit_has_no_errors "$P/logs/results.ktap"
	done
}
