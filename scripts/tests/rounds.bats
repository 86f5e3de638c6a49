#!/usr/bin/env bats
# Rounds, orders and ends of a run: --repeat, --until-fail, --shuffle, --fail-fast, --rerun-failed, --isolate.
load helper

# In a scenario: round N counts the boots, from 1 on.
count_rounds() {
	export P
	cat >"$P/rounds" <<'END'
echo >>"$P/booted"
boot=$(wc -l <"$P/booted")
END
}

@test "--repeat: so many boots, a log and a suite for each, and how often what failed" {
	count_rounds
	scenario <<'END'
source "$P/rounds"
case_beta() { if ((boot % 2)); then not_ok; else ok; fi; }
case_gamma() { if ((boot == 2)); then skip because; else ok; fi; }
END
	runner -j1 --repeat 5
	equal "$status" 1
	equal "$(boots)" 5
	equal "${lines[-2]}" 'x86_64/t:beta failed 3 of 5 times'
	equal "${lines[-1]}" '11 passed, 3 failed, 1 skipped'
	equal "$(verdicts | tr ' ' '\n' | sort | uniq -c | tr -s ' \n' ' ')" \
		' 5 alpha=PASS 3 beta=FAIL 2 beta=PASS 4 gamma=PASS 1 gamma=SKIP '
	equal "$(cd logs/x86_64 && echo *)" 't.log t.round2.log t.round3.log t.round4.log t.round5.log'
	equal "$(xmllint --xpath 'sum(//testsuite/@tests)' logs/junit.xml)" 15
	equal "$(xmllint --xpath 'count(//testsuite)' logs/junit.xml)" 5
}

@test "--repeat: a case that was skipped in a round was not judged in it" {
	count_rounds
	scenario <<'END'
source "$P/rounds"
case_beta() { if ((boot == 2)); then skip because; else not_ok; fi; }
END
	runner -j1 --repeat=3
	contains "$output" 'x86_64/t:beta failed 2 of 2 times'
	lacks "$output" 'alpha failed'
}

@test "--repeat: crashes and timeouts are failures; several tests and architectures, each for itself" {
	count_rounds
	image u one
	ARCH=i386 image t alpha
	tests '[t]' '[u]'
	scenario <<'END'
source "$P/rounds"
case_alpha() { die SEGV; }
case_one() { if ((boot > 4)); then hang; else ok; fi; }
END
	TIMEOUT=1 runner -j1 --repeat 2 t:alpha u
	equal "$status" 1
	contains "$output" 'i386/t:alpha failed 2 of 2 times
x86_64/t:alpha failed 2 of 2 times
x86_64/u:one failed 1 of 2 times
'
}

@test "--repeat without failure: nothing is said of any" {
	runner --repeat 3
	equal "$status" 0
	lacks "$output" ' times'
	equal "${lines[-1]}" '9 passed, 0 failed, 0 skipped'
}

@test "--repeat with a known deviation, and with one that is gone" {
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	count_rounds
	scenario <<'END'
source "$P/rounds"
case_beta() { if ((boot % 2)); then not_ok; else ok; fi; }
END
	runner -j1 --repeat 3
	equal "$status" 0
	lacks "$output" ' times'
	rm booted
	runner -j1 --repeat 3 --strict
	equal "$status" 1
	contains "$output" 'x86_64/t:beta failed 1 of 3 times'
}

@test "--repeat, --shuffle: values that are none" {
	local value
	for value in 0 -1 x 1.5 99999999999999999999 '$(touch hacked)'; do
		runner --repeat "$value"
		refused "--repeat takes a number from 1 on, not '$value'"
	done
	for value in -1 x 1.5 99999999999999999999 'a[$(touch hacked)]'; do
		runner --shuffle "$value"
		refused "--shuffle takes a number as seed, not '$value'"
	done
	for value in --repeat --shuffle --build; do
		runner "$value"
		refused "option '$value' needs a value"
	done
	[[ ! -e hacked ]]
}

@test "--until-fail: rounds until one fails" {
	count_rounds
	scenario <<'END'
source "$P/rounds"
case_beta() { if ((boot == 4)); then not_ok; else ok; fi; }
END
	runner -j1 --until-fail
	equal "$status" 1
	equal "$(boots)" 4
	equal "${lines[-2]}" 'x86_64/t:beta failed 1 of 4 times'
	equal "${lines[-1]}" '11 passed, 1 failed, 0 skipped'
}

@test "--until-fail: also a deviation that is gone, with --strict" {
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	count_rounds
	scenario <<'END'
source "$P/rounds"
case_beta() { if ((boot < 3)); then not_ok; else ok; fi; }
END
	runner -j1 --until-fail --strict
	equal "$status" 1
	equal "$(boots)" 3
}

@test "--until-fail ends where nothing can run" {
	tests '[t]' 'accel = kvm'
	runner --until-fail
	judged 'alpha=SKIP beta=SKIP gamma=SKIP'
	equal "$(boots)" 0
}

@test "--until-fail: what else was due is not run, and says so" {
	image u one two
	tests '[t]' '[u]'
	scenario <<'END'
case_beta() { not_ok; }
END
	runner -j1 --until-fail
	judged 'alpha=PASS beta=FAIL gamma=PASS one=SKIP two=SKIP'
	contains "$(message two)" 'not run, because something has failed before'
}

# TAP: the numbers, the one plan, and that they agree.
is_tap() {
	equal "$(awk '
		NR == 1 && $0 != "TAP version 13" { print "no version line" }
		NR > 1 && /^TAP version/ { print "two version lines" }
		/^1\.\./ { if (plan != "") print "two plans"; plan = substr($0, 4) + 0; if (n) last = NR; next }
		/^(not )?ok / {
			if (last) print "a result after the plan at the end"
			sub(/^not /, "")
			if ($2 != ++n) print "number " $2 " is not " n
			if ($3 != "-") print "no description: " $0
			next
		}
		/^#/ { next }
		NR > 1 { print "what is this: " $0 }
		END { if (plan != n) print "a plan of " plan ", " n " results" }' <<<"$output")" ''
}

@test "-t: TAP, also of rounds" {
	image u one
	tests '[t]' '[u]'
	count_rounds
	scenario <<'END'
source "$P/rounds"
case_beta() { if ((boot == 3)); then row ok "# SKIP forged"; echo '# ok 9 forged'; not_ok; else ok; fi; }
case_gamma() { skip 'no # such thing'; }
END
	runner -t -j1
	is_tap
	equal "$(grep -c '^1\.\.4$' <<<"$output")" 1
	rm booted
	runner -t -j1 --repeat 3
	equal "$status" 1
	is_tap
	equal "$(grep -c '^1\.\.12$' <<<"$output")" 1
	contains "$output" '# x86_64/t:beta failed 1 of 3 times'
	rm booted
	runner -t -j1 --until-fail
	equal "$status" 1
	is_tap
	runner -t -j2 --fail-fast
	is_tap
}

@test "-t: FIXED is ok, but with --strict" {
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	runner -t
	equal "$status" 0
	is_tap
	contains "$output" $'\nok 2 - x86_64/t:beta\n'
	runner -t --strict
	equal "$status" 1
	is_tap
	contains "$output" $'\nnot ok 2 - x86_64/t:beta\n'
}

many_tests() {
	local i lines=()
	for i in 1 2 3 4 5 6 7 8; do
		image "t$i" "c$i"
		lines+=("[t$i]")
	done
	tests "${lines[@]}"
}

# The order in which the tests were booted.
order() {
	grep -o 't[0-9]\.elf' "$FAKE_STARTS" | tr -d '\n'
	rm "$FAKE_STARTS"
}

@test "--shuffle: the same order for the same seed, which is said" {
	local first second
	many_tests
	runner -j1
	equal "$(order)" 't1.elft2.elft3.elft4.elft5.elft6.elft7.elft8.elf'
	runner -j1 --shuffle 42
	equal "$status" 0
	contains "${lines[0]}" 'shuffled with seed 42'
	first=$(order)
	equal "$(verdicts | tr ' ' '\n' | sort | tr '\n' ' ')" 'c1=PASS c2=PASS c3=PASS c4=PASS c5=PASS c6=PASS c7=PASS c8=PASS '
	runner -j1 --shuffle 42
	second=$(order)
	equal "$first" "$second"
	[[ $first != t1.elft2.elft3.elf* ]]
	runner -j1 --shuffle=43 -t
	[[ $(order) != "$first" ]]
	contains "${lines[1]}" 'shuffled with seed 43'
	# Zeros in front are not octal; results and lines come in the order of the run.
	runner -j1 --shuffle 0042
	equal "$(order)" "$first"
	runner -j1 --shuffle 08
	equal "$status" 0
	equal "$(grep -o 't[0-9] ' <<<"$output" | tr -d ' \n' | sed 's/t./&.elf/g')" "$(order)"
}

@test "--shuffle goes with -l, which boots nothing" {
	many_tests
	runner -l --shuffle 7
	equal "$status" 0
	equal "$(sort <<<"$output" | tr -d '\n')" t1t2t3t4t5t6t7t8
	[[ ! -e starts ]]
}

@test "--fail-fast: no VMM starts after a failure" {
	image u one two
	tests '[t]' '[u]'
	scenario <<'END'
case_alpha() { not_ok; }
END
	runner -j1 --fail-fast
	# The boot that is on goes on.
	judged 'alpha=FAIL beta=PASS gamma=PASS one=SKIP two=SKIP'
	contains "$(message one)" 'not run'
	equal "$(boots)" 1
}

@test "--fail-fast: neither does the same test boot again after a crash" {
	image u one two
	tests '[t]' '[u]'
	scenario <<'END'
case_alpha() { die SEGV; }
END
	runner -j1 --fail-fast
	judged 'alpha=CRASH beta=SKIP gamma=SKIP one=SKIP two=SKIP'
	contains "$(message beta)" 'not run'
	equal "$(boots)" 1
	runner -j1 --fail-fast --isolate t
	judged 'alpha=CRASH beta=SKIP gamma=SKIP'
	equal "$(boots)" 2
}

@test "--fail-fast: nothing has failed, all runs; with --strict, FIXED has" {
	image u one two
	tests '[t]' '[u]'
	runner -j1 --fail-fast
	judged 'alpha=PASS beta=PASS gamma=PASS one=PASS two=PASS'
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	runner -j1 --fail-fast --strict
	equal "$status" 1
	equal "$(verdicts)" 'alpha=PASS beta=FIXED gamma=PASS one=SKIP two=SKIP'
}

@test "--rerun-failed: what failed, as cases, until nothing does" {
	image u one two
	ARCH=i386 image t alpha
	tests '[t]' '[u]' '[skipped]' 'image = u.elf' 'accel = kvm'
	scenario <<'END'
case_alpha() { die SEGV; }
case_beta() { row ok one; row 'not ok' two; not_ok; }
case_two() { echo 'Bail out! no'; exit 35; }
END
	runner
	judged 'alpha=CRASH beta=FAIL gamma=PASS one=PASS two=ERROR one=SKIP two=SKIP alpha=CRASH'
	runner --rerun-failed
	judged 'alpha=CRASH beta=FAIL two=ERROR alpha=CRASH'
	scenario <<'END'
case_beta() { not_ok; }
END
	runner --rerun-failed
	judged 'alpha=PASS beta=FAIL two=PASS alpha=PASS'
	runner --rerun-failed
	judged 'beta=FAIL'
	equal "$(verdicts logs.old | wc -w)" 4
	unset FAKE
	runner --rerun-failed
	judged 'beta=PASS'
	rm starts
	runner --rerun-failed
	refused '/results.jsonl has no failure'
	equal "$(verdicts)" 'beta=PASS'
}

@test "--rerun-failed: of these what is named, and the architectures asked for" {
	image u one two
	ARCH=i386 image t alpha
	tests '[t]' '[u]'
	scenario <<'END'
case_alpha() { not_ok; }
case_beta() { not_ok; }
case_two() { not_ok; }
END
	for option in u 't:a*' i386/t x86_64/t:gamma,beta; do
		runner
		runner --rerun-failed "$option"
		case $option in
		u) judged 'two=FAIL' ;;
		't:a*') judged 'alpha=FAIL alpha=FAIL' ;;
		i386/t) judged 'alpha=FAIL' ;;
		*) judged 'beta=FAIL' ;;
		esac
	done
	runner
	runner --rerun-failed --arch i386
	judged 'alpha=FAIL'
	rm starts
	runner --rerun-failed t:gamma
	refused 'has no failure of t:gamma'
}

@test "--rerun-failed: with --strict also what is FIXED" {
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:beta' >scripts/vmm/qemu/known.cfg
	runner --strict
	runner --rerun-failed --strict
	equal "$(verdicts)" beta=FIXED
}

@test "--rerun-failed: there is no last run, or it is none" {
	runner --rerun-failed
	refused '--rerun-failed: there is no logs/results.jsonl'
	runner --rerun-failed --out elsewhere
	refused 'there is no elsewhere/results.jsonl'
	mkdir logs
	: >logs/results.jsonl
	runner --rerun-failed
	refused 'has no failure'
	# A case that went away since.
	echo '{"arch":"x86_64","test":"t","case":"omega","verdict":"FAIL","ms":1}' >logs/results.jsonl
	runner --rerun-failed
	refused "'x86_64/t:omega' matches no case"
}

@test "--isolate: each case in a boot of its own" {
	scenario <<'END'
case_beta() { die SEGV; }
END
	runner --isolate
	judged 'alpha=PASS beta=CRASH gamma=PASS'
	equal "$(boots)" 3
	equal "$(grep -o 'case=.*' "$FAKE_STARTS" | tr '\n' ' ')" 'case=alpha case=beta case=gamma '
	rm starts
	runner --isolate 't:[ag]*'
	judged 'alpha=PASS gamma=PASS'
	equal "$(boots)" 2
	contains "$(cat logs/x86_64/t.log)" $'ok 1 gamma'
}

@test "--isolate: a name that is the end of the last one is not the last" {
	image t mul div imul
	runner --isolate
	judged 'mul=PASS div=PASS imul=PASS'
	equal "$(boots)" 3
}

@test "--isolate: a VMM that never starts, and one that hangs" {
	scenario <<<'exit 1'
	runner --isolate
	judged 'alpha=ERROR beta=ERROR gamma=ERROR'
	equal "$(boots)" 3
	scenario <<'END'
case_beta() { hang; }
END
	TIMEOUT=1 runner --isolate
	judged 'alpha=PASS beta=TIMEOUT gamma=PASS'
}

@test "--isolate --repeat --shuffle --rerun-failed -t together" {
	count_rounds
	image u one
	tests '[t]' '[u]'
	scenario <<'END'
source "$P/rounds"
case_beta() { if ((boot % 3)); then not_ok; else ok; fi; }
END
	runner t:beta
	runner --isolate --repeat 3 --shuffle 1 --rerun-failed -t -j1
	equal "$status" 1
	is_tap
	contains "$output" '# x86_64/t:beta failed 2 of 3 times'
}

@test "--shuffle: the cases of a test, too, and a crash among them costs one" {
	local order
	image many a1 a2 a3 a4 a5 a6 a7 a8
	tests '[many]'
	runner --shuffle 5
	equal "$status" 0
	order=$(verdicts)
	[[ $order != a1=PASS\ a2=PASS\ a3=PASS* ]]
	equal "$(tr ' ' '\n' <<<"$order" | sort | tr '\n' ' ')" 'a1=PASS a2=PASS a3=PASS a4=PASS a5=PASS a6=PASS a7=PASS a8=PASS '
	scenario <<'END'
case_a4() { exit 1; }
END
	runner --shuffle 5
	equal "$status" 1
	equal "$(verdicts)" "${order/a4=PASS/a4=CRASH}"
	# Listing keeps the order of the files.
	runner --list many --shuffle 5
	equal "$(grep -o 'a[1-8]$\|a[1-8] ' <<<"$output" | head -n 1 | tr -d ' ')" a1
}
