#!/usr/bin/env bats
# --bisect: what `git bisect run` is to hear of a case, and that it finds the commit with it.
load helper

# bisect STATUS [ARGUMENT...]: the runner's exit status with --bisect and these arguments.
bisect() {
	runner --bisect "${@:2}"
	equal "$status" "$1"
}

@test "good: 0; bad: 1" {
	scenario <<'END'
case_beta() { not_ok; }
END
	bisect 0 t:alpha
	bisect 1 t:beta
	bisect 1 t
}

@test "CRASH and TIMEOUT are bad" {
	scenario <<'END'
case_alpha() { die SEGV; }
case_beta() { hang; }
END
	bisect 1 t:alpha
	TIMEOUT=1 bisect 1 t:beta
}

@test "cases that are skipped or do not exist cannot be judged: 125" {
	scenario <<'END'
case_beta() { skip no such CPU; }
END
	bisect 125 t:beta
	bisect 0 t:alpha,beta
	bisect 125 t:nosuch
	bisect 125 nosuch
	bisect 125 i386/t:alpha
	tests '[t]' 'accel = kvm'
	bisect 125 t:alpha
	rm build/x86_64/t.elf
	bisect 125 t:alpha
}

@test "ERROR cannot be judged: 125; bad beside it is bad" {
	scenario <<'END'
case_alpha() { echo 'Bail out! no memory'; exit 35; }
case_beta() { not_ok; }
END
	bisect 125 t:alpha
	bisect 125 t:alpha,gamma
	bisect 1 t:alpha,beta
	scenario <<<'exit 1'
	bisect 125 t:alpha
}

@test "a VMM that is missing, too old or says nothing: 125" {
	QEMU=$P/nosuch bisect 125 t:alpha
	FAKE_VERSION='QEMU emulator version 2.0' bisect 125 t:alpha
	FAKE_VERSION='' bisect 125 t:alpha
	bisect 125 --vmm nosuch t:alpha
	equal "$(boots)" 0
}

@test "mistakes in the configuration and on the command line are never bad" {
	bisect 125
	bisect 125 --frobnicate t:alpha
	bisect 125 t:alpha -j
	runner --frobnicate --bisect t:alpha
	equal "$status" 125
	runner -j --bisect t:alpha
	equal "$status" 125
	TIMEOUT=x bisect 125 t:alpha
	bisect 125 --out /proc/nothing t:alpha
	tests '[t]' 'smpp = 4'
	bisect 125 t:alpha
	# After -- it is a name.
	runner -- --bisect
	equal "$status" 2
}

@test "a known deviation is bad; one that is gone is good" {
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	bisect 0 t:beta
	bisect 0 --strict t:beta
	scenario <<'END'
case_beta() { not_ok; }
END
	bisect 1 t:beta
}

@test "--build: runs first, in the caller's folder; what does not build cannot be judged" {
	# shellcheck disable=SC2016 # for the shell of --build
	bisect 0 --build 'pwd >where; ls logs 2>/dev/null; echo "$0 building"; echo made >>built' t:alpha
	equal "$(<where)" "$P"
	equal "$(<built)" made
	bisect 125 --build 'echo no compiler; false' t:alpha
	contains "$stderr" 'no compiler'
	contains "$stderr" "'echo no compiler; false' failed"
	bisect 125 --build 'exit 3' t:alpha
	bisect 125 --build 'kill -SEGV $$' t:alpha
	bisect 125 --build 'no-such-command' t:alpha
	equal "$(boots)" 1
	# The verdict of the VMM that was built, not of the one before.
	cp "$QEMU" vmm
	printf '%s\n' 'case_alpha() { not_ok; }' >bad
	QEMU=$P/vmm bisect 1 --build "sed -i 's|^before\$|source $P/bad; before|' vmm" t:alpha
}

@test "--build without --bisect" {
	runner --build true t:alpha
	refused '--build goes with --bisect'
}

@test "a run that is interrupted ends the bisection" {
	scenario <<'END'
case_alpha() { echo $$ >"$P/pid"; hang; }
END
	export P
	./run_tests.sh --bisect t:alpha >stdout 2>stderr 3>&- &
	local runner=$! tries=0
	while [[ ! -s pid ]] && ((tries++ < 100)); do
		sleep 0.05
	done
	kill -TERM "$runner"
	status=0
	wait "$runner" || status=$?
	equal "$status" 130 # git bisect run ends above 127
	gone "$(<pid)"
}

# commit N LINE...: a commit of the little VMM, whose source is vmm.in.
commit() {
	printf '%s\n' "${@:2}" "exec $TOP/scripts/tests/fake-vmm \"\$@\"" >vmm.in
	echo "$1" >number
	git add vmm.in number Makefile
	git commit -qm "commit $1"
}

# A repository of a VMM with ten commits: beta fails from 6 on, 3 and 8 do not build, 9 does not start.
vmm_repository() {
	local n words
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b \
		GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	mkdir repository
	cd repository || return
	git init -q
	echo "case_beta() { not_ok; }" >../bad
	printf 'vmm: vmm.in\n\tbash -n vmm.in\n\tcp vmm.in vmm.new && chmod +x vmm.new && mv vmm.new vmm\n' >Makefile
	for n in 1 2 3 4 5 6 7 8 9 10; do
		words=('#!/usr/bin/env bash' "# $n")
		((n < 6)) || words+=("export FAKE=$P/bad")
		case $n in
		3 | 8) words+=('if then') ;;
		9) words+=('[[ $1 == --version ]] || exit 1') ;;
		esac
		commit "$n" "${words[@]}"
	done
}

@test "git bisect run finds the commit" {
	type -P git make >/dev/null || skip 'no git or make here'
	vmm_repository
	git bisect start HEAD HEAD~9
	QEMU=$PWD/vmm run git bisect run "$P/run_tests.sh" --bisect --build make t:beta
	equal "$status" 0
	contains "$output" 'is the first bad commit'
	equal "$(git log -1 --format=%s refs/bisect/bad)" 'commit 6'
	# What nothing ever broke is not blamed on a commit: 8 and 9 say nothing, and that 10 is bad was never judged.
	git bisect reset
	git bisect start HEAD HEAD~9
	QEMU=$PWD/vmm run git bisect run "$P/run_tests.sh" --bisect --build make t:alpha
	contains "$output" 'cannot bisect more'
	lacks "$output" 'is the first bad commit'
}

@test "git bisect run: where what cannot be judged hides the commit, no other is blamed" {
	type -P git make >/dev/null || skip 'no git or make here'
	vmm_repository
	git bisect start HEAD HEAD~9
	QEMU=$PWD/vmm run git bisect run "$P/run_tests.sh" --bisect --build 'grep -q "^[129]\|10" number && make' t:beta
	contains "$output" "cannot bisect more"
	lacks "$output" 'is the first bad commit'
}
