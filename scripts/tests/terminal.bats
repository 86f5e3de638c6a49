#!/usr/bin/env bats
# On a terminal, whatever its width; and what the runner says of this machine.
load helper

# on_terminal COLUMNS ARGUMENT...: the runner's output on a terminal so wide, into $output.
on_terminal() {
	type -P script >/dev/null || skip 'no script(1) here'
	output=$(TERM=xterm script -qec "stty cols $1; ./run_tests.sh ${*:2}" /dev/null </dev/null 3>&-) || :
}

# Each line that is written over and over is narrower than so many columns: one that is as wide or wider leaves its
# beginning behind. Those that stay are no progress.
progress_fits() {
	local text seen=0
	while IFS= read -r text; do
		[[ $text == '['[0-9]* ]] || continue
		seen=$((seen + 1))
		((${#text} < $1)) || {
			echo "${#text} columns of $1: $text"
			return 1
		}
	done < <(sed 's/\r\x1b\[K/\n/g' <<<"$output" | tr -d '\r')
	((seen))
}

long_names() {
	image a_test_with_a_name_that_is_rather_long a_case_with_a_name_that_is_as_long two
	tests '[a_test_with_a_name_that_is_rather_long]'
	rm build/x86_64/t.elf
	scenario <<'END'
case_a_case_with_a_name_that_is_as_long() { sleep 0.5; not_ok; }
END
}

@test "40 columns: the progress stays on its line, all else is whole" {
	long_names
	on_terminal 40
	progress_fits 40
	contains "$output" $'\e[31mFAIL\e[0m    x86_64/a_test_with_a_name_that_is_rather_long'
	contains "$output" '        x86/fake/a.c:7: EXPECT_EQ(one, two)'
	equal "$(tail -n 1 <<<"$output" | tr -d '\r' | sed 's/.*\x1b\[K//')" '1 passed, 1 failed, 0 skipped'
}

@test "a few columns, and 1" {
	long_names
	on_terminal 10
	progress_fits 10
	on_terminal 1
	equal "$(tail -n 1 <<<"$output" | tr -d '\r' | sed 's/.*\x1b\[K//')" '1 passed, 1 failed, 0 skipped'
}

@test "a terminal that does not know its width has 80 columns" {
	long_names
	on_terminal 0
	progress_fits 80
}

@test "the width is the terminal's, not what the environment says, and that is not evaluated" {
	long_names
	# shellcheck disable=SC2016 # not to be expanded
	COLUMNS=500 on_terminal 40
	progress_fits 40
	# shellcheck disable=SC2016
	COLUMNS='a[$(touch hacked)]' on_terminal 0
	progress_fits 80
	[[ ! -e hacked ]]
	on_terminal 40 '2>errors'
	progress_fits 40
	equal "$(<errors)" ''
}

# ------------------------------------------------------------------------------------------------- /dev/kvm

# without_kvm: the runner where /dev/kvm is there, but not for us.
without_kvm() {
	[[ -e /dev/kvm ]] || skip 'no /dev/kvm here'
	: >kvm
	cat >without_kvm <<'END'
chmod 000 kvm
mount --bind kvm /dev/kvm || exit 99
exec setpriv --inh-caps=-all --bounding-set=-all timeout -k 1 15 ./run_tests.sh
END
	unshare -rm true 2>/dev/null || skip 'no user namespaces here'
	run --separate-stderr unshare -rm bash without_kvm 3>&-
	((status != 99)) || skip 'no mount here'
}

@test "no permission for /dev/kvm: TCG, and the first line says why" {
	unset ACCEL
	mv build/x86_64 "build/$(host_arch)" 2>/dev/null || :
	without_kvm
	equal "$status" 0
	contains "${lines[0]}" 'accelerator tcg (no permission for /dev/kvm)'
	contains "$(tail -n 1 "$FAKE_STARTS")" '-accel tcg'
}

# This machine's architecture, as the runner calls it: only that has KVM.
host_arch() {
	# shellcheck source=/dev/null
	(source "$TOP/scripts/runner/machine.bash" && host_describe && echo "$HOST_ARCH")
}

@test "no permission for /dev/kvm, but KVM was asked for: ERROR with the VMM's words, never TCG" {
	scenario <<'END'
before() { echo 'Could not access KVM kernel module: Permission denied' >&2; exit 1; }
END
	ACCEL=kvm without_kvm
	equal "$status" 1
	equal "$(verdicts)" 'alpha=ERROR beta=ERROR gamma=ERROR'
	contains "$(message alpha)" 'Permission denied'
	contains "$(tail -n 1 "$FAKE_STARTS")" '-accel kvm'
	lacks "$(<"$FAKE_STARTS")" 'accel tcg'
	contains "${lines[0]}" 'accelerator kvm (ACCEL says so)'
}
