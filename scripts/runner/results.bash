# shellcheck shell=bash
# The results folder, and the reports written there.

MARKER=.assay-results # says that a folder is ours to rotate

LOCKED=false # this run has the results folder

# results_lock: one run at a time in a folder; the lock goes with the process that holds it. A link is made or not,
# with nothing in between, and says whose it is.
results_lock() {
	local holder
	mkdir -p "$(dirname "$OUT")" 2>/dev/null || usage_error "--out $OUT: cannot be written"
	while ! ln -s "$$" "$OUT.lock" 2>/dev/null; do
		holder=$(readlink "$OUT.lock") || usage_error "--out $OUT: $OUT.lock cannot be made"
		if [[ $holder =~ ^[0-9]+$ ]] && kill -0 "$holder" 2>/dev/null; then
			usage_error "--out $OUT: another run writes there, process $holder"
		fi
		rm -f "$OUT.lock" # left behind by a run that was killed
	done
	LOCKED=true
}

# results_unlock: frees the folder if it is this run that has it.
results_unlock() {
	if $LOCKED; then
		rm -f "$OUT.lock"
	fi
}

# results_open: makes OUT anew; the previous run is kept beside it.
results_open() {
	local arch
	OUT=${OPT_OUT%/}
	[[ -n $OUT ]] || usage_error "--out $OPT_OUT: not a folder for results"
	if [[ $OUT != /* ]]; then
		OUT=$PWD/$OUT
	fi
	results_lock
	if [[ -e $OUT ]]; then
		[[ -d $OUT ]] || usage_error "--out $OUT: is not a folder"
		[[ -f $OUT/$MARKER || -z $(ls -A "$OUT") ]] ||
			usage_error "--out $OUT: has something else in it than results; choose another folder"
		if [[ -f $OUT/$MARKER ]]; then
			if [[ -f $OUT.old/$MARKER ]]; then
				rm -rf "$OUT.old"
			fi
			[[ ! -e $OUT.old ]] || usage_error "--out $OUT: $OUT.old is in the way of the previous run"
			mv "$OUT" "$OUT.old" 2>/dev/null || usage_error "--out $OUT: cannot be renamed to $OUT.old"
		fi
	fi
	for arch in "${ARCHS[@]}"; do
		mkdir -p "$OUT/$arch" 2>/dev/null || usage_error "--out $OUT: cannot be written"
	done
	{ : >"$OUT/$MARKER" && : >"$OUT/events.tsv"; } 2>/dev/null || usage_error "--out $OUT: cannot be written"
}

# results_add JOB: the job's results go to events.tsv, as they come; the reports are made from it. Fields: job, arch, test,
# list of the image's cases, then the judge's: verdict, case, row, ms, message.
results_add() {
	local prefix
	test_list "${JOB_ARCH[$1]}" "${JOB_TEST[$1]}"
	prefix=$1$'\t'${JOB_ARCH[$1]}$'\t'${JOB_TEST[$1]}$'\t'$LIST$'\t'
	: "${JOB_RESULTS[$1]%$'\n'}"
	printf '%s\n' "$prefix${_//$'\n'/$'\n'"$prefix"}" >>"$OUT/events.tsv" ||
		usage_error "cannot write $OUT/events.tsv"
}

# results_write: every report, whole or not at all: each is written beside its place and then renamed.
results_write() {
	local commit='' report reports=(results.jsonl junit.xml results.ktap report.html)
	# An installed suite has it in a file; the folders around it may be another project's.
	if [[ -e $ROOT/.git ]]; then
		commit=$(git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null)
	elif [[ -r $ROOT/commit ]]; then
		commit=$(<"$ROOT/commit")
	fi
	now_ms
	if ! { sort -s -n -k1,1 "$OUT/events.tsv" && results_commands; } | awk -f "$ROOT/scripts/runner/report.awk" \
		-v "out=${OUT//\\/\\\\}" -v "template=$ROOT/scripts/runner/report.html" -v "vmm=$OPT_VMM" \
		-v "vmm_version=$(unique "${VERSION_OF[@]}")" -v "accel=$(unique "${ACCEL_OF[@]}")" -v "arch=${ARCHS[*]}" \
		-v "host=$HOST_ARCH, $HOST_CPUS CPUs, $OSTYPE" -v "commit=$commit" -v "started=$STARTED" \
		-v "seconds=$(((NOW - STARTED_MS) / 1000)).$(((NOW - STARTED_MS) / 100 % 10))"; then
		rm -f "${reports[@]/#/"$OUT/"}" "$OUT"/*.new
		usage_error "the reports could not be written to $OUT; what was judged is in $OUT/events.tsv"
	fi
	for report in "${reports[@]}"; do
		mv -f "$OUT/$report.new" "$OUT/$report"
	done
	find "$OUT" -name '*.stderr' -empty -delete
	rm -f "$OUT/events.tsv"
}

# How each test can be booted by hand, for the HTML report: "command", test, command line with @CASE@ for a case.
results_commands() {
	local job
	for job in "${!JOB_TEST[@]}"; do
		((job < JOBS_OF_ROUND)) || break
		job_command "$job" @CASE@ 1
		command_line
		printf 'command\t%s\t%s\n' "${JOB_ARCH[job]}/${JOB_TEST[job]}" "$COMMAND_LINE"
	done
}

# The words, each once.
unique() {
	local word words=''
	for word; do
		[[ " $words " == *" $word "* ]] || words+=${words:+ }$word
	done
	echo "$words"
}
