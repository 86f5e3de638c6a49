# shellcheck shell=bash
# The results folder, and the reports written there.

MARKER=.assay-results # says that a folder is ours to rotate

LOCKED=false # this run has the results folder
EVENTS_CASES=0 # so many cases are in events.tsv

# results_lock: one run at a time in a folder; the lock goes with the process that holds it. A link is made or not,
# with nothing in between, and says whose it is.
results_lock() {
	local holder tries=0
	mkdir -p "$(dirname "$OUT")" 2>/dev/null || usage_error "--out $OUT: cannot be written"
	while ! ln -s "$$" "$OUT.lock" 2>/dev/null; do
		((++tries < 20)) || usage_error "--out $OUT: $OUT.lock cannot be made, or does not go away"
		holder=$(readlink "$OUT.lock") || continue # just freed
		if [[ $holder =~ ^[0-9]+$ ]] && process_lives "$holder"; then
			usage_error "--out $OUT: another run writes there, process $holder"
		fi
		# Left behind by a run that was killed. Of those who see that, one removes it, and only while it is still that one's.
		if ln -s "$$" "$OUT.lock.dead" 2>/dev/null; then
			[[ $(readlink "$OUT.lock") != "$holder" ]] || rm -f "$OUT.lock"
			rm -f "$OUT.lock.dead"
		else
			sleep 0.05
		fi
	done
	LOCKED=true
}

# process_lives PID: also one of another user, which may not be sent a signal.
process_lives() {
	[[ -d /proc/$1 ]] || kill -0 "$1" 2>/dev/null
}

# results_failed WHAT: it was to be kept and cannot be written.
results_failed() {
	local words
	words=$(room_why_not)
	usage_error "$1 cannot be written${words:+: $words}; what was judged is in $OUT/events.tsv"
}

# Why there is no room in the results folder, '' if there is.
room_why_not() {
	local words
	words=$({ printf '%65536s' '' >"$OUT/.room"; } 2>&1) || echo "${words##*: }"
	rm -f "$OUT/.room"
}

# results_room: a console that could not be written to its end speaks against a VMM that may have done nothing wrong.
results_room() {
	[[ -z $(room_why_not) ]] || results_failed "$OUT"
}

# results_unlock: frees the folder if it is this run that has it.
results_unlock() {
	if $LOCKED; then
		rm -f "$OUT.lock"
	fi
}

# results_open: makes OUT again, empty, for the reports of a run.
results_open() {
	local arch
	results_folder
	for arch in "${ARCHS[@]}"; do
		mkdir -p "$OUT/$arch" 2>/dev/null || usage_error "--out $OUT: cannot be written"
	done
	{ : >"$OUT/events.tsv"; } 2>/dev/null || usage_error "--out $OUT: cannot be written"
}

# results_folder: makes OUT again, empty; the previous one is kept beside it.
results_folder() {
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
	{ mkdir -p "$OUT" && : >"$OUT/$MARKER"; } 2>/dev/null || usage_error "--out $OUT: cannot be written"
}

# results_add JOB: the job's results go to events.tsv, as they come; the reports are made from it. Fields: job, arch, test,
# list of the image's cases, then the judge's: verdict, case, row, ms, message.
results_add() {
	local prefix count
	test_list "${JOB_ARCH[$1]}" "${JOB_TEST[$1]}"
	prefix=$1$'\t'${JOB_ARCH[$1]}$'\t'${JOB_TEST[$1]}$'\t'$LIST$'\t'
	for count in ${JOB_COUNTS[$1]//[!0-9 ]/}; do
		EVENTS_CASES=$((EVENTS_CASES + count))
	done
	: "${JOB_RESULTS[$1]%$'\n'}"
	printf '%s\n' "$prefix${_//$'\n'/$'\n'"$prefix"}" 2>/dev/null >>"$OUT/events.tsv" || results_failed "$OUT/events.tsv"
}

# results_write: every report, whole or not at all: each is written beside its place and then renamed.
results_write() {
	local report reports=(results.jsonl junit.xml results.ktap report.html)
	if ! (results_report); then
		rm -f "${reports[@]/#/"$OUT/"}" "$OUT"/*.new
		results_failed 'the reports'
	fi
	for report in "${reports[@]}"; do
		mv -f "$OUT/$report.new" "$OUT/$report" || results_failed "$OUT/$report"
	done
	find "$OUT" -name '*.stderr' -empty -delete
	rm -f "$OUT/events.tsv"
}

# results_report: writes them as *.new.
results_report() {
	local commit='' tenths
	set -o pipefail # half of the events would make reports that look whole
	# An installed suite has it in a file; the folders around it may be another project's.
	if [[ -e $ROOT/.git ]]; then
		commit=$(git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null)
	elif [[ -r $ROOT/commit ]]; then
		commit=$(<"$ROOT/commit")
	fi
	now_ms
	tenths=$((NOW > STARTED_MS ? (NOW - STARTED_MS) / 100 : 0))
	{ sort -s -n -k1,1 "$OUT/events.tsv" && results_commands; } | awk -f "$ROOT/scripts/runner/json.awk" -f "$ROOT/scripts/runner/report.awk" \
		-v "out=${OUT//\\/\\\\}" -v "template=${ROOT//\\/\\\\}/scripts/runner/report.html" -v "vmm=$VMM_NAME" -v "cases=$EVENTS_CASES" \
		-v "vmm_version=$(unique "${VERSION_OF[@]}")" -v "accel=$(unique "${ACCEL_OF[@]}")" -v "arch=${ARCHS[*]}" \
		-v "host=$(results_host)" -v "commit=$commit" -v "started=$STARTED" \
		-v "seconds=$((tenths / 10)).$((tenths % 10))"
}

# Where the VMM ran.
results_host() {
	if [[ -n $OPT_LAB ]]; then
		echo "lab: $LAB_WORDS$LAB_PARAMETERS"
	else
		echo "$HOST_ARCH, $HOST_CPUS CPUs, $OSTYPE${HOST_KERNEL:+ $HOST_KERNEL}"
	fi
}

# How each test can be booted by hand, for the HTML report: "command", test, command line with @CASE@ for a case.
results_commands() {
	local job
	for job in "${!JOB_TEST[@]}"; do
		((job < JOBS_OF_ROUND)) || break
		job_command "$job" @CASE@ 1
		[[ -z $DRIVER_WHY_NOT ]] || continue
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
