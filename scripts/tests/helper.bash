# shellcheck shell=bash
# shellcheck disable=SC2034,SC2119,SC2120 # bats and the tests read variables that are set here
# What the runner's tests share: a small project around the real runner, and a VMM that plays its part.
bats_require_minimum_version 1.5.0

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# A project with one test, `t`, of the cases alpha, beta and gamma, in the folder $P, which is entered.
setup() {
	unset MACHINE TIMEOUT NO_COLOR FAKE FAKE_CONSOLE FAKE_STATUS FAKE_VERSION CDPATH
	export ACCEL=tcg QEMU=$TOP/scripts/tests/fake-vmm
	P=$BATS_TEST_TMPDIR/project
	export FAKE_STARTS=$P/starts
	mkdir -p "$P/scripts/vmm/qemu"
	ln -s "$TOP/run_tests.sh" "$P/run_tests.sh"
	ln -s "$TOP/scripts/runner" "$P/scripts/runner"
	# Not the whole folder: known.cfg is the test's own.
	ln -s "$TOP/scripts/vmm/qemu/"*.bash "$P/scripts/vmm/qemu/"
	cd "$P" || return 1
	image t alpha beta gamma
	tests '[t]'
}

teardown() {
	local pid
	# A test that fails must not leave its fakes behind.
	while read -r pid _; do
		kill -KILL -- "-$pid" 2>/dev/null || :
	done < <(cat "$FAKE_STARTS" 2>/dev/null)
}

# image NAME CASE...: an image and its list of cases, for the architecture $ARCH.
image() {
	local folder=$P/build/${ARCH:-x86_64} name=$1 line=10 case
	shift
	mkdir -p "$folder"
	: >>"$folder/config.mak"
	: >"$folder/$name.elf"
	for case; do
		printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$case" "the rule of $case" "SDM vol. 3A, 6.$line" '' \
			"x86/$name/a.c" "$line"
		line=$((line + 1))
	done >"$folder/$name.list"
}

# tests LINE...: unittests.cfg.
tests() {
	printf '%s\n' "$@" >"$P/unittests.cfg"
}

# Standard input: what the fake VMM does otherwise than an honest one; see fake-vmm.
scenario() {
	cat >"$P/scenario"
	export FAKE=$P/scenario
}

# Standard input: the console of the VMM; the argument: its exit status.
console() {
	cat >"$P/console"
	export FAKE_CONSOLE=$P/console FAKE_STATUS=${1:-33}
}

# runner ARGUMENT...: into $status, $output, $stderr, as bats's run does.
runner() {
	# 3 is bats's own; what a VMM leaves behind must not keep it open. No test may hang the others.
	run --separate-stderr timeout -k 1 15 ./run_tests.sh "$@" 3>&-
}

# The verdicts of all cases, in the order of the results: alpha=PASS beta=FAIL ...
verdicts() {
	jq -rs '[.[1:][] | select(has("row") | not) | .case + "=" + .verdict] | join(" ")' "${1:-logs}/results.jsonl"
}

row_verdicts() {
	jq -rs '[.[1:][] | select(has("row")) | .case + "/" + .row + "=" + .verdict] | join(" ")' \
		"${1:-logs}/results.jsonl"
}

# The message of a case, or of CASE/ROW.
message() {
	jq -rs --arg name "$1" \
		'.[1:][] | select(.case + (if has("row") then "/" + .row else "" end) == $name).message' logs/results.jsonl
}

# equal ACTUAL EXPECTED, and the like; they show both if not.
equal() {
	[[ $1 == "$2" ]] || {
		printf 'actual:   %s\nexpected: %s\n' "$1" "$2"
		return 1
	}
}

contains() {
	[[ $1 == *"$2"* ]] || {
		printf '%s\nhas nothing like: %s\n' "$1" "$2"
		return 1
	}
}

lacks() {
	[[ $1 != *"$2"* ]] || {
		printf '%s\nhas: %s\n' "$1" "$2"
		return 1
	}
}

# judged VERDICTS: every case has this verdict, and exit status and last line agree with that.
judged() {
	local word passed=0 failed=0 skipped=0
	[[ -f logs/results.jsonl ]] || {
		printf 'no results; status %s\n%.2000s\n%.2000s\n' "$status" "$output" "$stderr"
		return 1
	}
	equal "$(verdicts)" "$1" || {
		head -c 4000 logs/results.jsonl
		return 1
	}
	for word in $1; do
		case ${word#*=} in
		PASS | FIXED) passed=$((passed + 1)) ;;
		SKIP) skipped=$((skipped + 1)) ;;
		KNOWN) ;;
		*) failed=$((failed + 1)) ;;
		esac
	done
	equal "${lines[-1]}" "$passed passed, $failed failed, $skipped skipped" || return 1
	equal "$status" "$((failed ? 1 : 0))"
}

# refused WORDS: exit status 2, one line on stderr that has these words, nothing on stdout, no VMM booted.
refused() {
	equal "$status" 2 || return 1
	equal "$output" '' || return 1
	contains "$stderr" "$1" || return 1
	equal "${#stderr_lines[@]}" 1 || return 1
	equal "$(boots)" 0
}

# How often a VMM was booted; versions: asked for its version.
boots() {
	if [[ -f $FAKE_STARTS ]]; then
		awk '$2 != "--version" { n++ } END { print n + 0 }' "$FAKE_STARTS"
	else
		echo 0
	fi
}

versions() {
	awk '$2 == "--version" { n++ } END { print n + 0 }' "$FAKE_STARTS"
}

# gone PID...: waits for these processes to end; false if one is still there after two seconds.
gone() {
	local pid tries
	for pid; do
		tries=0
		while kill -0 "$pid" 2>/dev/null; do
			((tries++ < 40)) || {
				echo "process $pid is still there"
				return 1
			}
			sleep 0.05
		done
	done
}
