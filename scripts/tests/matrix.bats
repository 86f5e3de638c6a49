#!/usr/bin/env bats
# --matrix: the same tests on several VMMs, each a run of its own, side by side.
load helper

# vmm NAME VERSION: a VMM, with the scenario on standard input.
vmm() {
	mkdir -p "$1"
	cat >"$1/scenario"
	cat >"$1/qemu-system-x86_64" <<END
#!/usr/bin/env bash
export FAKE=$P/$1/scenario FAKE_VERSION='QEMU emulator version $2'
exec $TOP/scripts/tests/fake-vmm "\$@"
END
	chmod +x "$1/qemu-system-x86_64"
}

two() {
	vmm old 7.2.22 <<'END'
case_beta() { row ok one; row ok two; row 'not ok' three; not_ok; }
END
	vmm new 10.0.13 <<'END'
case_beta() { row ok one; row 'not ok' two; row ok three; not_ok; }
case_gamma() { not_ok; }
END
}

@test "two programs: a run each, and the cases and rows that they do not agree about" {
	two
	runner --matrix old/qemu-system-x86_64,new=new/qemu-system-x86_64 -j1 --verbose
	equal "$status" 1
	contains "$output" '== qemu-system-x86_64'
	contains "$output" '== new'
	equal "$(sed -n '/^== side/,$p' <<<"$output")" '== side by side
          qemu-system-x86_64      new
passed                     2        1
known                      0        0
fixed                      0        0
failed                     1        2
skipped                    0        0

  qemu-system-x86_64  new      2 of 3 cases differ
  FAIL                FAIL     x86_64/t:beta
  PASS                FAIL       two
  FAIL                PASS       three
  PASS                FAIL     x86_64/t:gamma

new, after qemu-system-x86_64: 2 broke, 1 fixed
  broke:
    x86_64/t:beta (1 row)
    x86_64/t:gamma
  fixed:
    x86_64/t:beta (1 row)

3 passed, 3 failed, 0 skipped'
	equal "$(verdicts logs/new)" 'alpha=PASS beta=FAIL gamma=FAIL'
	[[ -s logs/new/x86_64/t.log && -s logs/qemu-system-x86_64/junit.xml ]]
	equal "$(jq -c '[.runs[] | [.label, .vmm_version, .counts.PASS, .counts.FAIL]]' logs/matrix.json)" \
		'[["qemu-system-x86_64","7.2.22",2,1],["new","10.0.13",1,2]]'
	equal "$(jq -c .changes logs/matrix.json)" \
		'[{"from":"qemu-system-x86_64","to":"new","broke":["x86_64/t:beta/two","x86_64/t:gamma"],"fixed":["x86_64/t:beta/three"]}]'
	equal "$(jq -c '.differ[] | [.suite, .case, .row, .spec, .verdicts]' logs/matrix.json)" \
		'["x86_64/t","beta",null,"SDM vol. 3A, 6.11",["FAIL","FAIL"]]
["x86_64/t","beta","two","SDM vol. 3A, 6.11",["PASS","FAIL"]]
["x86_64/t","beta","three","SDM vol. 3A, 6.11",["FAIL","PASS"]]
["x86_64/t","gamma",null,"SDM vol. 3A, 6.12",["PASS","FAIL"]]'
	contains "$(jq -r '.differ[3].messages[1]' logs/matrix.json)" $'EXPECT_EQ(one, two)\n  actual   0x1'
	# The page has the same in it.
	equal "$(sed -n '/id="data">/,/<\/script>/p' logs/matrix.html | sed '1d;$d' | jq -c .)" "$(jq -c . logs/matrix.json)"
	lacks "$(cat logs/matrix.html)" @DATA@
}

@test "folders with programs; nothing differs: exit status 0" {
	vmm a/bin 7.2 </dev/null
	vmm b/bin 7.2 </dev/null
	unset QEMU
	runner --matrix a/bin,b/bin t:alpha --out m
	equal "$status" 0
	contains "$output" 'no case of 1 differs'
	equal "${lines[-1]}" '2 passed, 0 failed, 0 skipped'
	equal "$(cd m && echo *)" 'b-bin bin matrix.html matrix.json'
	runner --matrix a/bin,b/bin t:alpha --out=m
	[[ -f m.old/matrix.json && -f m/matrix.json && ! -e logs ]]
}

@test "releases, all fetched before anything runs; a VMM by its name" {
	two
	cat >scripts/vmm/release.bash <<'END'
driver_release() {
	DRIVER_ERROR=''
	[[ $1 != 9.9 ]] || DRIVER_ERROR='there is no 9.9'
	RELEASE_BINARY[x86_64]=$ROOT/new/qemu-system-x86_64
}
END
	rm scripts/vmm/qemu/release.bash
	mv scripts/vmm/release.bash scripts/vmm/qemu/
	runner --matrix qemu,10.0 t:gamma
	equal "$status" 1
	contains "$output" '  PASS     FAIL     x86_64/t:gamma'
	contains "$(head -n 1 logs/10.0/results.jsonl)" '"vmm_version":"10.0.13"'
	runner --matrix qemu,qemu:fast t:gamma
	equal "$status" 2
	contains "$output" '== qemu-fast'
	contains "$stderr" '--vmm qemu:fast: qemu has no configurations'
	rm starts
	runner --matrix qemu,10.0,9.9 t:gamma
	refused '--vmm-release 9.9: there is no 9.9'
}

@test "known deviations: one that is gone is fixed, and counts as passed but with --strict" {
	two
	printf '%s\n' '[d]' 'versions = ..7.2' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:gamma' >scripts/vmm/qemu/known.cfg
	runner --matrix o=old/,n=new/ t:gamma
	equal "$status" 1
	contains "$output" '  FIXED    FAIL     x86_64/t:gamma'
	equal "${lines[-1]}" '1 passed, 1 failed, 0 skipped'
	runner --strict --matrix o=old/,n=new/ t:gamma
	equal "${lines[-1]}" '0 passed, 2 failed, 0 skipped'
	sed -i 's/^versions.*/versions = 10.0../' scripts/vmm/qemu/known.cfg
	runner --matrix o=old/,n=new/ t:gamma
	equal "$status" 0
	contains "$output" '  PASS     KNOWN    x86_64/t:gamma'
	contains "$output" 'n, after o: 1 broke, 0 fixed'
	contains "${lines[-2]}" '1 known deviation: failed as known.cfg says'
	equal "${lines[-1]}" '1 passed, 0 failed, 0 skipped'
}

@test "rows that are not there in a run are told only where they fail in another" {
	vmm a 7.2 <<'END'
case_alpha() { row ok one; row ok two; ok; }
case_beta() { skip no such CPU; }
END
	vmm b 8.2 <<'END'
case_alpha() { row ok one; row ok three; row 'not ok' four; not_ok; }
case_beta() { row ok one; ok; }
END
	runner --matrix a/,b/
	equal "$(grep -A4 differ <<<"$output")" '  a        b        2 of 3 cases differ
  PASS     FAIL     x86_64/t:alpha
  -        FAIL       four
  SKIP     PASS     x86_64/t:beta'
}

@test "what guests have said is no HTML, and does not reach the terminal as it is" {
	vmm a 7.2 </dev/null
	vmm b 8.2 <<'END'
case_alpha() { row 'not ok' $'a</script>"\\x'; echo $'# \e[2J'; not_ok; }
END
	runner --matrix a/,b/ t:alpha
	lacks "$output" $'\e'
	equal "$(grep -c '</script>' logs/matrix.html)" 2
	equal "$(jq -r '.differ[1].row' logs/matrix.json | od -c)" "$(jq -r 'select(.row).row' logs/b/results.jsonl | od -c)"
}

@test "a run that cannot start ends it, with its status" {
	two
	printf '#!/bin/sh\necho no QEMU\n' >new/qemu-system-x86_64
	runner --matrix old/,new/
	equal "$status" 2
	contains "$stderr" 'does not say which QEMU it is'
	[[ ! -e logs/matrix.json ]]
}

@test "interrupted: no VMM is left, and nothing else runs" {
	local pid status=0
	two
	echo 'case_alpha() { hang; }' >old/scenario
	./run_tests.sh --matrix old/,new/ >out.txt 2>&1 3>&- &
	pid=$!
	until grep -q -- -kernel starts 2>/dev/null; do sleep 0.05; done
	kill -TERM "$pid"
	wait "$pid" || status=$?
	equal "$status" 130
	equal "$(boots)" 1
	gone "$(awk '/-kernel/ { print $1 }' starts)"
	[[ ! -e logs.lock && ! -e logs/old.lock && ! -e logs/new ]]
}

@test "what is no matrix" {
	local list
	vmm a 7.2 </dev/null
	for list in "a/:takes two or more" "a/,/nosuch/qemu:/nosuch/qemu: there is no such program" "a/,latest:'latest' is neither" \
		"a/,a=a/:a twice; LABEL=" "a/,../x=a/:'../x' cannot be" ",:'' is neither" "a/,.x=a/:'.x' cannot"; do
		runner --matrix "${list%%:*}"
		refused "${list#*:}"
	done
	for list in --bisect --rerun-failed -t --until-fail '--print-command=t' '--vmm-release=1.0' '--compare a a'; do
		# shellcheck disable=SC2086 # several words
		runner --matrix a/,b=a/ t $list
		((status == 2 || status == 125))
	done
	runner --matrix
	refused "needs a value"
}

@test "-l and --list boot and fetch nothing" {
	vmm a 7.2 </dev/null
	runner --matrix a/,10.0 -l
	equal "$output" t
	[[ ! -e logs ]]
}
