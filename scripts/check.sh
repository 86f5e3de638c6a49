#!/usr/bin/env bash
# make check: the runner's own tests, the fuzzer on its parsers, then every case of every configured architecture, with
# KNOWN and FIXED taken seriously; then a build by clang; then every case on each of SECOND_OPINIONS, a selection in each of
# LABS, and every case on each of RELEASES of QEMU: names with spaces between, if there are any.
# The last line is the sum of all: N passed, N failed, N skipped.
set -u
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2

passed=0 failed=0 skipped=0 status=0

# Adds a line "N passed, N failed, N skipped"; a part that ends without one has failed.
add() {
	if [[ $1 =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
	else
		failed=$((failed + 1))
	fi
}

# What is read, to the caller's standard output, too, whatever that is.
exec {out}>&1
shown() {
	local line
	while IFS= read -r line; do
		printf '%s\n' "$line" >&"$out"
		printf '%s\n' "$line"
	done
}

echo "== the runner's own tests"
tap=$(bats --tap scripts/tests | shown; exit "${PIPESTATUS[0]}") || status=1
add "$(awk '/^ok .*# skip/ { s++; next } /^ok / { p++ } /^not ok / { f++ }
	END { print p + 0 " passed, " f + 0 " failed, " s + 0 " skipped" }' <<<"$tap")"

echo "== mutations of consoles and of unittests.cfg"
scripts/tests/fuzz/fuzz.sh judge &
fuzzers=($!)
scripts/tests/fuzz/fuzz.sh config &
fuzzers+=($!)
for fuzzer in "${fuzzers[@]}"; do
	if wait "$fuzzer"; then
		add '1 passed, 0 failed, 0 skipped'
	else
		add ''
	fi
done

# every_case ARGUMENT...: with the runner's arguments.
every_case() {
	local last
	last=$(./run_tests.sh --strict "$@" | shown | tail -n 1; exit "${PIPESTATUS[0]}") || status=1
	add "$last"
}

# lab_results NAME: what a run has found, without the time of day.
lab_results() {
	sed '1s/"started":.*//' "logs-lab-$1/results.jsonl"
}

echo "== every case"
every_case "$@"

# The same sources by the other compiler, in a copy of the tree; of the cases, those that look at code most closely.
echo "== every architecture built by clang"
if type -P clang >/dev/null; then
	copy=$(mktemp -d)
	trap 'rm -rf "$copy"' EXIT
	tar --exclude=./build --exclude='./logs*' --exclude=./.git -cf - . | tar -xf - -C "$copy"
	built=(build/*/config.mak)
	built=("${built[@]#build/}")
	built=("${built[@]%/config.mak}")
	if (cd "$copy" && ./configure --cc=clang --arch="$(IFS=, && echo "${built[*]}")" && make -s -j"$(nproc)"); then
		(cd "$copy" && ./run_tests.sh --strict selftest debug exc) >"$copy/output" 2>&1 || status=1
		tail -n 20 "$copy/output"
		add "$(tail -n 1 "$copy/output")"
	else
		status=1
		add ''
	fi
else
	echo 'not run: there is no clang'
	add '0 passed, 0 failed, 1 skipped'
fi

# Second opinions on x86: SECOND_OPINIONS='bochs:intel bochs:amd' has CPUs of both vendors.
x86=()
for arch in x86_64 i386; do
	[[ ! -f build/$arch/config.mak ]] || x86+=("$arch")
done
for vmm in ${SECOND_OPINIONS-}; do
	((${#x86[@]})) || break
	echo "== every case of x86 on $vmm"
	wanted=$(IFS=, && echo "${x86[*]}")
	# That it is not on this machine says nothing about the suite.
	if words=$(./run_tests.sh --vmm "$vmm" --arch "$wanted" --print-command selftest 2>&1 >/dev/null); then
		every_case --vmm "$vmm" --arch "$wanted" --out "logs-${vmm/:/-}" "$@"
	else
		echo "not run: ${words##*$'\n'}"
		add '0 passed, 0 failed, 1 skipped'
	fi
done

# A short selection in the lab, however busy the host is, and again, with the same results: LABS='x86_64 arm64'. That the kernel or
# the QEMU cannot be had says nothing about the suite; but a lab that does not start does.
for lab in ${LABS-}; do
	echo "== a selection in the lab, $lab, twice"
	case $lab in
	arm64) selection=(exc cpu) ;;
	*) selection=(exc pic) ;;
	esac
	for again in '' -again; do
		folder=logs-lab-$lab$again status_of_lab=0
		rm -rf "$folder"
		words=$(env -u ACCEL ./run_tests.sh --strict --lab "$lab" --deterministic --out "$folder" "${selection[@]}" 2>&1 | shown | tail -n 1
			exit "${PIPESTATUS[0]}") || status_of_lab=$?
		((status_of_lab == 0)) || break
	done
	if ((status_of_lab == 2)) && [[ ! -e logs-lab-$lab/lab/1 ]]; then
		echo "not run: $words"
		words='0 passed, 0 failed, 1 skipped'
	elif ((status_of_lab)); then
		status=1
	elif ! cmp <(lab_results "$lab") <(lab_results "$lab-again"); then
		echo 'two runs with --deterministic are not the same'
		words=''
	fi
	add "$words"
done

here=$(sed -n '1s/.*"vmm_version":"\([0-9.]*\)[^"]*".*/\1/p' logs/results.jsonl)
for release in ${RELEASES-}; do
	echo "== every case on QEMU $release"
	if [[ $here == "$release".* ]]; then
		echo "QEMU $release is this machine's, where every case has just run"
	# It is fetched now. That it is not to be had says nothing about the suite.
	elif words=$(./run_tests.sh --vmm-release "$release" --print-command selftest 2>&1 >/dev/null); then
		every_case --vmm-release "$release" --out "logs-$release" "$@"
	else
		echo "not run: ${words##*$'\n'}"
		add '0 passed, 0 failed, 1 skipped'
	fi
done

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && status == 0))
