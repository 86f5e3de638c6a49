# shellcheck shell=bash
# --bisect: one verdict for `git bisect run`, inside a VMM's or a kernel's tree.

# bisect_prepare: what cannot be built cannot be judged. A deviation that is known is bad all the same: it is what is
# being looked for.
bisect_prepare() {
	OPT_KNOWN=none
	if [[ -n $OPT_BUILD ]] && ! bash -c "$OPT_BUILD" >&2; then
		usage_error "--build: '$OPT_BUILD' failed"
	fi
}

# bisect_judge: exits with what git bisect is to hear: bad if anything failed, else good if everything was judged.
bisect_judge() {
	if ((VERDICTS[FAIL] + VERDICTS[CRASH] + VERDICTS[TIMEOUT])); then
		exit 1
	elif $OPT_START_JUDGED && ((VERDICTS[ERROR])); then
		exit 1
	elif ((VERDICTS[ERROR] || !VERDICTS[PASS])); then
		exit 125
	fi
	exit 0
}

# bisect_no_version WORDS: of a VMM that is there and does not say which it is; one that has not started either.
bisect_no_version() {
	$OPT_START_JUDGED && [[ $1 == *' does not say which '* ]] || return 0
	printf 'run_tests.sh: %s\n' "$1" >&2
	exit 1
}
