#!/usr/bin/env bats
# make check: what it adds up, and what it goes on without.
load helper

setup() {
	P=$BATS_TEST_TMPDIR/project
	mkdir -p "$P/scripts/tests/fuzz" "$P/bin" "$P/build/x86_64" "$P/build/arm" "$P/logs"
	cp "$TOP/scripts/check.sh" "$P/scripts/"
	cd "$P" || return 1
	touch build/{x86_64,arm}/config.mak
	printf '%s\n' '#!/bin/sh' 'echo "ok 1 of the runner"' >bin/bats
	printf '%s\n' '#!/bin/sh' 'exit 0' >scripts/tests/fuzz/fuzz.sh
	echo '{"run":{"vmm_version":"7.2.22 (Debian)"}}' >logs/results.jsonl
	# The VMMs and labs in $MISSING are not here, those in $BROKEN fail a case; labs in $DEAD do not start, in $VARYING are not
	# the same twice.
	cat >run_tests.sh <<'END'
#!/usr/bin/env bash
echo "$*" >>starts
words=$* vmm=qemu
[[ $words != *--vmm* ]] || vmm=${words#*--vmm } vmm=${vmm%% *}
if [[ $words == *--lab* ]]; then
	vmm=${words#*--lab } vmm=${vmm%% *} folder=${words#*--out } folder=${folder%% *}
	mkdir -p "$folder"
	printf '{"run":{"vmm":"kvm","started":"%s","seconds":1}}\n{"case":"one"}\n' "$RANDOM" >"$folder/results.jsonl"
	[[ " ${VARYING-} " != *" $vmm "* ]] || echo "{\"case\":\"$folder\"}" >>"$folder/results.jsonl"
	if [[ " ${DEAD-} " == *" $vmm "* ]]; then
		mkdir -p "$folder/lab/1"
		echo "run_tests.sh: --lab: Linux has not come up in 120 s" >&2
		exit 2
	fi
fi
if [[ " ${MISSING-} " == *" $vmm "* ]]; then
	echo "run_tests.sh: $vmm not found (a package)" >&2
	exit 2
fi
[[ $words != *--print-command* ]] || exit 0
if [[ " ${BROKEN-} " == *" $vmm "* ]]; then
	echo '3 passed, 1 failed, 0 skipped'
	exit 1
fi
echo '4 passed, 0 failed, 2 skipped'
END
	# The part that is built by clang passes: its run is one more of run_tests.sh, in a copy.
	printf '%s\n' '#!/bin/sh' 'exit 0' | tee bin/clang bin/make >configure
	chmod +x bin/* scripts/tests/fuzz/fuzz.sh configure run_tests.sh
	unset SECOND_OPINIONS RELEASES LABS MISSING BROKEN DEAD VARYING
}

teardown() { :; }

check() {
	PATH=$P/bin:$PATH run scripts/check.sh "$@"
}

@test "the sum of all parts" {
	check
	equal "$status" 0
	equal "${lines[-1]}" '11 passed, 0 failed, 4 skipped'
	equal "$(cat starts)" --strict
}

@test "second opinions: of x86 alone, each with results of its own" {
	SECOND_OPINIONS='bochs:intel bochs:amd' check -j1
	equal "$status" 0
	equal "${lines[-1]}" '19 passed, 0 failed, 8 skipped'
	equal "$(grep -v print-command starts)" '--strict -j1
--strict --vmm bochs:intel --arch x86_64 --out logs-bochs-intel -j1
--strict --vmm bochs:amd --arch x86_64 --out logs-bochs-amd -j1'
}

@test "a second opinion that is not here is named, skipped, and no failure" {
	MISSING='bochs:intel' SECOND_OPINIONS='bochs:intel bochs:amd' check
	equal "$status" 0
	contains "$output" 'not run: run_tests.sh: bochs:intel not found (a package)'
	equal "${lines[-1]}" '15 passed, 0 failed, 7 skipped'
}

@test "a second opinion that fails is a failure" {
	BROKEN='bochs:amd' SECOND_OPINIONS='bochs:intel bochs:amd' check
	equal "$status" 1
	equal "${lines[-1]}" '18 passed, 1 failed, 6 skipped'
}

@test "without x86 there are no second opinions" {
	rm build/x86_64/config.mak
	SECOND_OPINIONS='bochs:intel' check
	equal "$status" 0
	equal "$(cat starts)" --strict
}

@test "a lab: twice, with the same results, whenever it was" {
	LABS='x86_64 arm64' check
	equal "$status" 0
	equal "${lines[-1]}" '19 passed, 0 failed, 8 skipped'
	equal "$(grep -e --lab starts)" '--strict --lab x86_64 --deterministic --out logs-lab-x86_64 exc pic
--strict --lab x86_64 --deterministic --out logs-lab-x86_64-again exc pic
--strict --lab arm64 --deterministic --out logs-lab-arm64 exc cpu
--strict --lab arm64 --deterministic --out logs-lab-arm64-again exc cpu'
}

@test "a lab whose kernel or QEMU cannot be had is named, skipped, and no failure" {
	mkdir -p logs-lab-x86_64/lab/1 # of an earlier run
	MISSING=x86_64 LABS=x86_64 check
	equal "$status" 0
	contains "$output" 'not run: run_tests.sh: x86_64 not found (a package)'
	equal "${lines[-1]}" '11 passed, 0 failed, 5 skipped'
}

@test "a lab that does not start, that fails a case, that is not the same twice: failures" {
	DEAD=x86_64 LABS=x86_64 check
	equal "$status" 1
	contains "$output" 'run_tests.sh: --lab: Linux has not come up in 120 s'
	equal "${lines[-1]}" '11 passed, 1 failed, 4 skipped'
	BROKEN=x86_64 LABS=x86_64 check
	equal "$status" 1
	equal "${lines[-1]}" '14 passed, 1 failed, 4 skipped'
	VARYING=x86_64 LABS=x86_64 check
	equal "$status" 1
	contains "$output" 'two runs with --deterministic are not the same'
	equal "${lines[-1]}" '11 passed, 1 failed, 4 skipped'
}

@test "what is shown stands in its order in a file, too" {
	PATH=$P/bin:$PATH scripts/check.sh >"$P/file"
	equal "$(head -n 2 "$P/file")" "== the runner's own tests
ok 1 of the runner"
	equal "$(tail -n 1 "$P/file")" '11 passed, 0 failed, 4 skipped'
	equal "$(grep -c '^== ' "$P/file")" 4
}
