# shellcheck shell=bash
# The results folder, and the reports written there.

MARKER=.assay-results # says that a folder is ours to rotate

LOCKED=false # this run has the results folder
EVENTS_CASES=0 # so many cases are in events.tsv

# results_lock: one run at a time in a folder. The kernel frees a lock with the last process that has it open, whatever
# ended it; that is the runner, or its guard while that still ends VMMs.
results_lock() {
	local words holder
	type -P flock >/dev/null || usage_error 'there is no flock here (package util-linux)'
	if [[ ! -d ${OUT%/*}/ ]]; then
		mkdir -p "${OUT%/*}/" 2>/dev/null || out_failed "${OUT%/*}/"
	fi
	while true; do
		[[ ! -L $OUT.lock ]] || rm -f "$OUT.lock" # it would be made where the link leads
		{ exec {LOCK}<>"$OUT.lock"; } 2>/dev/null || out_failed "$OUT"
		if ! words=$(flock -n "$LOCK" 2>&1); then
			[[ -z $words ]] || usage_error "--out $OUT: $OUT.lock: $words"
			results_wait
		fi
		# Not one that its last holder has removed meanwhile.
		[[ /dev/fd/$LOCK -ef $OUT.lock ]] && break
		exec {LOCK}<&-
	done
	printf '%-60s\n' "$$ ${HOSTNAME-} ${STARTED-}" >"$OUT.lock"
	LOCKED=true
}

# results_wait: another run has the lock. If its process is gone, what is left of it is about to end.
results_wait() {
	local pid host started
	read -r pid host started 2>/dev/null <"$OUT.lock"
	if [[ $pid =~ ^[0-9]+$ && $host == "${HOSTNAME-}" ]] && ! process_lives "$pid"; then
		if flock -w 3 "$LOCK"; then
			return
		fi
		usage_error "--out $OUT: process $pid has left something that runs and holds $OUT.lock; if that is of no interest, remove the file"
	fi
	[[ $host == "${HOSTNAME-}" ]] || host=", on ${host:-another machine}"
	usage_error "--out $OUT: another run writes there, process $pid${host#"${HOSTNAME-}"}${started:+, since $started}; --out DIR names another folder"
}

# process_lives PID: also one of another user, which may not be sent a signal.
process_lives() {
	[[ -d /proc/$1 ]] || kill -0 "$1" 2>/dev/null
}

# out_failed FILE: it cannot be made: says why.
out_failed() {
	local words
	words=$({ : >>"$1.try"; } 2>&1)
	rm -f "$1.try"
	usage_error "--out $OUT: cannot be written${words:+ (${words##*: })}; --out DIR names another folder"
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
		exec {LOCK}<&-
	fi
}

# results_open: makes OUT again, empty, for the reports of a run.
results_open() {
	results_folder
	mkdir -p "$OUT/.new" "${ARCHS[@]/#/"$OUT/"}" 2>/dev/null || out_failed "$OUT/${ARCHS[0]}"
	{ : >"$OUT/events.tsv"; } 2>/dev/null || out_failed "$OUT/events.tsv"
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
	{ mkdir -p "$OUT" && : >"$OUT/$MARKER"; } 2>/dev/null || out_failed "$OUT"
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

# results_write: every report, whole or not at all: they are written beside their places and then moved.
results_write() {
	local reports=(results.jsonl junit.xml results.ktap report.html)
	case $OPT_ANNOTATE in
	github) reports+=(annotations) ;;
	gitlab) reports+=(codequality.json) ;;
	esac
	if ! (results_report); then
		rm -rf "${reports[@]/#/"$OUT/"}" "$OUT/.new"
		results_failed 'the reports'
	fi
	mv -f "${reports[@]/#/"$OUT/.new/"}" "$OUT/" || results_failed 'the reports'
	find "$OUT" \( -name '*.stderr' -empty -o -path "$OUT/.new" -o -path "$OUT/events.tsv" \) -delete
}

# results_report: writes them into the folder .new. What the run was is in the environment: -v would take \ for more than it is.
results_report() {
	local tenths
	set -o pipefail # half of the events would make reports that look whole
	now_ms
	tenths=$((NOW > STARTED_MS ? (NOW - STARTED_MS) / 100 : 0))
	host_about
	commit_find
	export RUN_out=$OUT RUN_template=$ROOT/scripts/runner/report.html RUN_vmm=$VMM_NAME RUN_arch=${ARCHS[*]} RUN_commit=$COMMIT
	export RUN_vmm_version RUN_vmm_path RUN_accel RUN_host RUN_host_kernel=$HOST_RELEASE
	export RUN_host_cpu=$HOST_CPU RUN_nested=$HOST_NESTED RUN_guest_of=$OPT_NESTED RUN_started=$STARTED RUN_seconds=$((tenths / 10)).$((tenths % 10))
	unique '; ' "${VERSION_LINE_OF[@]}"
	RUN_vmm_version=$UNIQUE
	vmm_paths
	unique '; ' "${VMM_PATHS[@]}"
	RUN_vmm_path=$UNIQUE
	unique ' ' "${ACCEL_OF[@]}"
	RUN_accel=$UNIQUE RUN_host="$HOST_ARCH, $HOST_CPUS CPUs, $OSTYPE"
	[[ -z $OPT_LAB ]] || RUN_host="lab: $LAB_WORDS$LAB_PARAMETERS"
	export RUN_old=/dev/null
	[[ ! -f $OUT.old/results.jsonl ]] || RUN_old=$OUT.old/results.jsonl
	export RUN_hostname=${HOSTNAME:-localhost} RUN_junit_rows=$OPT_JUNIT_ROWS RUN_annotate=$OPT_ANNOTATE
	[[ -d $OUT/.new ]] || mkdir -p "$OUT/.new"
	[[ $OPT_ANNOTATE != github ]] || : >"$OUT/.new/annotations"
	{ results_jobs && sort -s -n -k1,1 "$OUT/events.tsv" && results_commands; } |
		"$AWK" -f "$ROOT/scripts/runner/json.awk" -f "$ROOT/scripts/runner/report.awk" -v "cases=$EVENTS_CASES"
}

# commit_find: which commit of the suite this is into COMMIT, with -dirty if files have changed since. An installed suite
# has it in a file; the folders around it may be another project's.
commit_find() {
	local words
	COMMIT=''
	if [[ -e $ROOT/.git ]]; then
		# In one process, and without a walk through the history, as `git describe` would do it.
		words=$(git -C "$ROOT" --no-optional-locks status --porcelain=v2 --branch --untracked-files=no 2>/dev/null)
		[[ ! $words =~ ^'# branch.oid '([0-9a-f]{12}) ]] || COMMIT=${BASH_REMATCH[1]}
		[[ $words != *$'\n'[!#]* ]] || COMMIT+=-dirty
	elif [[ -r $ROOT/commit ]]; then
		COMMIT=$(<"$ROOT/commit")
	fi
}

# vmm_paths: where the VMM's programs are, into VMM_PATHS.
vmm_paths() {
	local arch
	VMM_PATHS=()
	for arch in "${ARCHS[@]}"; do
		if [[ ${BINARY_OF[$arch]} == /* ]]; then
			VMM_PATHS+=("${BINARY_OF[$arch]}")
		else
			VMM_PATHS+=("$(type -P "${BINARY_OF[$arch]}" || echo "${BINARY_OF[$arch]}")")
		fi
	done
}

# Each job's time by the clock, in ms, and when it began, in UTC.
results_jobs() {
	local job started LOG TZ=UTC0
	for job in "${!JOB_MS[@]}"; do
		printf -v started '%(%Y-%m-%dT%H:%M:%S)T' $((STARTED_EPOCH + (${JOB_STARTED[job]:-$STARTED_MS} - STARTED_MS) / 1000))
		job_log "$job"
		[[ -f $LOG ]] || LOG=''
		printf 'job\t%s\t%s\t%s\t%s\n' "$job" "${JOB_MS[job]}" "$started" "$LOG"
	done
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

# unique BETWEEN WORD...: the words, each once, into UNIQUE.
unique() {
	local between=$1 word
	local -A seen=()
	shift
	UNIQUE=''
	for word; do
		[[ -n $word && -z ${seen["$word"]-} ]] || continue
		seen["$word"]=true
		UNIQUE+=${UNIQUE:+$between}$word
	done
}
