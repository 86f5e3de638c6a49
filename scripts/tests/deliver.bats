#!/usr/bin/env bats
# What leaves the tree: the files of `make standalone`, and `make install`.
load helper

# Makes build/x86_64/standalone/ in the project, whose images are fakes.
standalone() {
	ln -sf "$TOP/scripts/standalone.sh" scripts/standalone.sh
	run bash scripts/standalone.sh x86_64 3>&-
	equal "$status" 0
	cp build/x86_64/standalone/* .
	rm -f starts
}

# alone FILE ARGUMENT...: runs it from a folder where there is nothing else.
alone() {
	local file=$1
	shift
	mkdir -p "$BATS_TEST_TMPDIR/away"
	mv "$P/$file" "$BATS_TEST_TMPDIR/away/"
	run --separate-stderr timeout -k 1 15 env -C "$BATS_TEST_TMPDIR/away" "./$file" "$@" 3>&-
	mv "$BATS_TEST_TMPDIR/away/$file" "$P/"
}

# The project is not there any more, nor is anything of it.
hide_project() {
	mkdir hidden
	mv run_tests.sh scripts build unittests.cfg hidden/
}

two_tests() {
	image u one two
	image big alpha
	tests '[t]' 'smp = 3' 'memory = 64M' 'test_args = seed=5' '[u]' 'groups = nodefault' '[other]' 'image = t.elf' '[w]' 'image = u.elf' \
		'groups = destructive'
}

@test "standalone: a file for each test, that prints what the runner prints" {
	local file without='s/[0-9.]* s$//; s/([^)]* ms)//; /^only what failed: /d; /^one of them in gdb/d'
	two_tests
	scenario <<'END'
case_beta() { row ok one; row 'not ok' two; not_ok; }
case_two() { skip no such CPU; }
END
	standalone
	equal "$(cd build/x86_64/standalone && echo *)" 'other t u w'
	hide_project
	for file in t u other w; do
		run --separate-stderr timeout 15 hidden/run_tests.sh -v "$file" 3>&-
		local wanted=$output wanted_status=$status
		alone "$file" -v
		equal "$status" "$wanted_status"
		equal "$(sed "$without" <<<"$output")" "$(sed "$without" <<<"$wanted")"
		equal "$stderr" ''
	done
	contains "$(grep ' seed=5$' starts | tail -n 1)" '-smp 3 -m 64M'
	# Nothing stays behind.
	equal "$(ls "$BATS_TEST_TMPDIR/away")" ''
}

@test "standalone: cases are chosen as by the runner" {
	standalone
	hide_project
	alone t alpha
	equal "${lines[-1]}" '1 passed, 0 failed, 0 skipped'
	alone t 'a*' gamma
	equal "${lines[-1]}" '2 passed, 0 failed, 0 skipped'
	alone t t:alpha,beta
	equal "${lines[-1]}" '2 passed, 0 failed, 0 skipped'
	alone t -v -- 't:[!a]*'
	equal "${lines[-1]}" '2 passed, 0 failed, 0 skipped'
	alone t nosuch
	equal "$status" 2
	contains "$stderr" "'t:nosuch' matches no case"
	alone t --frobnicate
	equal "$status" 2
	contains "$stderr" "unknown option '--frobnicate'"
}

@test "standalone: options, with their values" {
	standalone
	hide_project
	alone t --list 'b*'
	equal "$output" 't:beta  the rule of beta  [SDM vol. 3A, 6.11]'
	alone t -t alpha
	equal "${lines[0]}" 'TAP version 13'
	alone t --repeat 2 -j 1 alpha
	equal "${lines[-1]}" '2 passed, 0 failed, 0 skipped'
	alone t --isolate
	equal "${lines[-1]}" '3 passed, 0 failed, 0 skipped'
	alone t --help
	equal "$status" 0
	contains "${lines[0]}" 'Usage of this file: t [options] [CASE-GLOB ...]'
	alone t --out results alpha
	equal "$(verdicts "$BATS_TEST_TMPDIR/away/results")" 'alpha=PASS'
	rm -r "$BATS_TEST_TMPDIR/away/results"
	# Of every option, the file knows as well as the runner whether a value follows.
	equal "$(grep -a -o -- '-g | --group | .*value=true' t | sed 's/) .*//')" \
		"$(grep -- '-g | --group | .*)$' "$TOP/scripts/runner/options.bash" | tr -d '\t)')"
}

@test "standalone: known deviations go with it, those of its own cases" {
	two_tests
	printf '%s\n' '# c' '[d1]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' u*:one' ' *:beta' '' '[d2]' 'cases = t:alpha' 'confirmed = 7.2' 'manual = only "d2"' \
		'actual = z' '[d3]' 'manual = x' 'confirmed = 7.2' 'cases =' '	u:two' 'actual = y' >scripts/vmm/qemu/known.cfg
	scenario <<'END'
case_beta() { not_ok; }
END
	standalone
	hide_project
	alone t -v
	equal "$status" 0
	contains "$output" 'KNOWN   x86_64/t:beta'
	contains "$output" 'FIXED   x86_64/t:alpha'
	# The pattern is for every test that has the case: u and w have none such.
	alone other -v
	equal "$status" 0
	contains "$output" 'KNOWN   x86_64/other:beta'
	alone u
	equal "$status" 0
	alone t --known none
	equal "$status" 1
	alone t --strict alpha
	equal "$status" 1
}

@test "standalone: from any folder, by any name, through a link and by PATH" {
	standalone
	hide_project
	mkdir -p "a b/c" bin
	mv t "a b/it's t"
	ln -s "../a b/it's t" bin/t
	cd "a b/c"
	run --separate-stderr "../it's t" alpha 3>&-
	equal "${lines[-1]}" '1 passed, 0 failed, 0 skipped'
	PATH=$P/bin:$PATH run --separate-stderr t alpha 3>&-
	equal "${lines[-1]}" '1 passed, 0 failed, 0 skipped'
	CDPATH=$P run --separate-stderr bash "../it's t" alpha 3>&-
	equal "${lines[-1]}" '1 passed, 0 failed, 0 skipped'
	equal "$stderr" ''
	equal "$(ls)" ''
}

@test "standalone: with bash and the usual tools alone" {
	local tool
	standalone
	hide_project
	mkdir bin
	for tool in awk bash cat chmod cp cut date dirname env find flock grep gzip head ln ls mkdir mktemp mv nproc readlink rm rmdir \
		sed sh sleep sort tail tar timeout tr wc uname; do
		ln -s "$(type -P "$tool")" "bin/$tool"
	done
	run --separate-stderr env "PATH=$P/bin" ./t -v 3>&-
	equal "$status" 0
	equal "$stderr" ''
	equal "${lines[-1]}" '3 passed, 0 failed, 0 skipped'
}

@test "standalone: nothing of who made it, and the same again is the same file" {
	two_tests
	printf '%s\n' 'CC := /home/me/bin/x-gcc' 'ADDR2LINE := /home/me/bin/x-addr2line' 'USER_CFLAGS := -DCANARY_4711' >build/x86_64/config.mak
	export SECRET_TOKEN=canary-4711
	standalone
	mkdir unpacked
	tail -n +"$(($(grep -a -n '^@PAYLOAD$' t | cut -d: -f1) + 1))" t | tar -xz -C unpacked
	equal "$(<unpacked/build/x86_64/config.mak)" 'ADDR2LINE := x-addr2line'
	head -n 100 t | grep -a -B 100 '^@PAYLOAD$' >unpacked/launcher
	[[ -z $(grep -rli "canary\|home/me\|$P\|$TOP" unpacked) ]]
	equal "$(tail -n +"$(($(grep -a -n '^@PAYLOAD$' t | cut -d: -f1) + 1))" t | tar -tvz | awk '{ print $2 }' | sort -u)" 0/0
	cp t first
	sleep 1
	touch build/x86_64/*
	umask 077
	standalone
	cmp t first
}

@test "standalone: a signal ends the VMM, reports, and leaves nothing" {
	standalone
	export P
	scenario <<'END'
case_beta() { echo $$ >"$P/pid"; hang; }
END
	mkdir temporary
	TMPDIR=$P/temporary ./t --out results >stdout 2>stderr 3>&- &
	local file=$! tries=0
	while [[ ! -s pid ]] && ((tries++ < 100)); do
		sleep 0.05
	done
	kill -TERM "$file"
	status=0
	wait "$file" || status=$?
	equal "$status" 130
	gone "$(<pid)"
	head -n 1 results/results.jsonl | jq -e .run >/dev/null
	equal "$(verdicts results)" alpha=PASS
	contains "$(<stderr)" interrupted
	equal "$(ls temporary)" ''
}

@test "standalone: what is not configured" {
	ln -s "$TOP/scripts/standalone.sh" scripts/standalone.sh
	run bash scripts/standalone.sh vax
	equal "$status" 2
	contains "$output" 'vax is not configured'
}

# install_to ARGUMENT...: make install, in the project.
install_to() {
	type -P make >/dev/null || skip 'no make here'
	ln -sf "$TOP/Makefile" Makefile
	ln -sfn "$TOP/docs" docs
	: >README.md
	: >LICENSE
	echo 'all:' >scripts/build.mk
	ln -sfn "$TOP/scripts/lab" scripts/lab
	run --separate-stderr env -u MAKEFLAGS -u MAKELEVEL make -s install "$@" 3>&-
}

@test "install: the command works, also when the tree is gone and another is tested" {
	local prefix=$BATS_TEST_TMPDIR/pre\ fix
	ARCH=i386 image t alpha
	install_to "PREFIX=$prefix"
	equal "$status" 0
	equal "$stderr" ''
	contains "$output" "installed: $prefix/bin/assay"
	hide_project
	mkdir elsewhere
	cd elsewhere
	run --separate-stderr "$prefix/bin/assay" -l 3>&-
	equal "$output" $'x86_64/t\ni386/t'
	run --separate-stderr "$prefix/bin/assay" t:alpha 3>&-
	equal "$status" 0
	equal "${lines[-1]}" '2 passed, 0 failed, 0 skipped'
	equal "$(verdicts logs)" 'alpha=PASS alpha=PASS'
	# Nothing is written to where it is installed.
	[[ ! -e $prefix/share/assay/logs ]]
	run --separate-stderr "$prefix/bin/assay" --compare logs logs 3>&-
	equal "$status" 0
}

@test "install: again, without what is gone from the tree" {
	image u one
	tests '[t]' '[u]'
	install_to "PREFIX=$P/installed"
	rm build/x86_64/u.*
	tests '[t]'
	install_to "PREFIX=$P/installed"
	equal "$status" 0
	equal "$(cd installed/share/assay/build/x86_64 && echo *)" 'config.mak t.elf t.list'
	run --separate-stderr installed/bin/assay 3>&-
	equal "${lines[-1]}" '3 passed, 0 failed, 0 skipped'
}

@test "install: DESTDIR stands before all paths, and in none of the files" {
	install_to "PREFIX=/opt/assay" "DESTDIR=$P/stage"
	equal "$status" 0
	equal "$(cat stage/opt/assay/bin/assay)" $'#!/bin/sh\nexec "/opt/assay/share/assay/run_tests.sh" "$@"'
	[[ -x stage/opt/assay/bin/assay && -x stage/opt/assay/share/assay/run_tests.sh ]]
	[[ -z $(grep -rl "$P/stage" stage) ]]
	run --separate-stderr stage/opt/assay/share/assay/run_tests.sh t:beta 3>&-
	equal "$status" 0
}

@test "install: a PREFIX that would hang on the folder of its caller" {
	install_to PREFIX=here
	((status))
	contains "$stderr" "PREFIX is a path from the root on, not 'here'"
	[[ ! -e here ]]
}
