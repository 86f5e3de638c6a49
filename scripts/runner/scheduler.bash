# shellcheck shell=bash
# Runs the jobs: starts VMMs, watches them, has their consoles judged, boots again after a crash.

TICK=0.2                    # seconds between two looks at the running VMMs
AGAIN_LIMIT=20              # so often a VMM is started again with less, of what it does not have
CONSOLE_LIMIT=$((8 << 10))  # KiB that a VMM may print; the kernel ends it there (SIGXFSZ)

# By process id of a running VMM: its job, console's descriptor, when it last gave a sign of life, the case
# that it is in, and since when; how often the guest has started; why it had to be ended.
declare -A RUN_JOB=() RUN_FD=() RUN_ALIVE=() RUN_CASE=() RUN_SINCE=() RUN_STARTS=() RUN_ENDED_FOR=()
declare -A RUN_FD_ERR=() # of its standard error
declare -A RUN_GAVE_UP=() # what it said, of a VMM that does not go on
declare -A RUN_STARTED=() RUN_BOOT_MS=() # when it was started; how long it took to the first case, 0: not yet known
JOB_FROM=()    # by job: which of its cases the present boot starts with, from 1
JOB_BEFORE=()  # by job: what the judge is to know of the boot before
JOB_RESULTS=() # by job: what the judge said of the boots so far
JOB_COUNTS=()  # by job: how many cases have which verdict: VERDICT N ...
JOB_DONE=()    # by job: ended or interrupted
JOB_AGAIN=()   # by job: how often the VMM was started again with less
JOB_MS=() JOB_STARTED=()
TICKER=0
RUN_MARK='' # in the environment of each VMM
JOBS_OF_ROUND=0 # with --repeat and --until-fail there are more jobs than these, the same again
FAILED_BEFORE='not run, because something has failed before (--fail-fast, --until-fail)'
STARTING=false INTERRUPTED='' # a VMM is being started, and is not yet one to be ended: what came meanwhile
RUNNING=false # the jobs run, and the shell's words go to a file
ANY_RAN=false # a VMM was started: another round would start it again
ANY_FAILED=false # known before the job's results are shown

# Where the job's console goes, into LOG; with --repeat, each round has its own.
job_log() {
	local round=$(($1 / JOBS_OF_ROUND + 1))
	LOG=$OUT/${JOB_ARCH[$1]}/${JOB_TEST[$1]}
	if ((round > 1)); then
		LOG+=.round$round
	fi
	LOG+=.log
}

UPTIME=${ASSAY_UPTIME:-/proc/uptime} # the runner's tests have another

# now_ms: milliseconds into NOW, of a clock that nobody sets, where there is one.
now_ms() {
	if IFS=. read -r NOW CENTISECONDS _ <"$UPTIME"; then
		NOW=$((10#$NOW * 1000 + 10#${CENTISECONDS%% *} * 10))
	else
		NOW=$((${EPOCHREALTIME/[.,]/} / 1000))
	fi
} 2>/dev/null

# start_boot JOB: starts the VMM for the cases from JOB_FROM on.
start_boot() {
	local job=$1 fd fd_err pid
	job_log "$job"
	if ((JOB_FROM[job] > 1)); then
		LOG+=.part
	fi
	if $OPT_ISOLATE; then
		job_cases "$job"
		job_command "$job" "$CASES" 1
	else
		job_command "$job" "${JOB_GLOB[job]}" "${JOB_FROM[job]}"
	fi
	[[ -z $OPT_LAB ]] || lab_wrap
	now_ms
	{ : >"$LOG" && : >"$LOG.stderr"; } || usage_error "cannot write $LOG"
	if [[ -n ${DRIVER_WANTS_FOLDER-} ]]; then
		mkdir -p "$LOG.tmp" || usage_error "cannot write $LOG.tmp"
	fi
	exec {fd}<"$LOG" {fd_err}<"$LOG.stderr"
	STARTING=true
	(
		exec {LOCK}<&- {ERR}>&- {fd}<&- {fd_err}<&- # it would have the folder for as long as it lives
		ulimit -c 0
		ulimit -f "$CONSOLE_LIMIT"
		export ASSAY_RUN=$RUN_MARK
		[[ -z ${DRIVER_WANTS_FOLDER-} ]] || export TMPDIR=$LOG.tmp
		exec "${DRIVER_ARGV[@]}"
	) </dev/null >>"$LOG" 2>>"$LOG.stderr" &
	pid=$!
	guard_tell begun "$pid"
	RUN_JOB[$pid]=$job RUN_FD[$pid]=$fd RUN_FD_ERR[$pid]=$fd_err RUN_ALIVE[$pid]=$NOW RUN_CASE[$pid]='' RUN_ENDED_FOR[$pid]=''
	RUN_STARTED[$pid]=$NOW RUN_BOOT_MS[$pid]=0 RUN_SINCE[$pid]=$NOW RUN_STARTS[$pid]=0
	JOB_STARTED[job]=${JOB_STARTED[job]:-$NOW}
	STARTING=false
	[[ -z $INTERRUPTED ]] || interrupted "$INTERRUPTED"
}

# kill_vmm PID: ends the VMM and what it started; each is a process group of its own.
kill_vmm() {
	kill -KILL -- "-$1" 2>/dev/null || kill -KILL "$1" 2>/dev/null || :
}

# vmm_verdict PID STATUS: how the VMM ended, into DRIVER_HOW, DRIVER_SAID and DRIVER_WORDS.
vmm_verdict() {
	local signal arch=${JOB_ARCH[${RUN_JOB[$1]}]}
	if [[ -n ${RUN_GAVE_UP[$1]-} ]]; then
		DRIVER_HOW=died DRIVER_SAID='' DRIVER_WORDS=${RUN_GAVE_UP[$1]}
	elif [[ -n ${RUN_ENDED_FOR[$1]} ]]; then
		DRIVER_HOW=timeout DRIVER_SAID='' DRIVER_WORDS=${RUN_ENDED_FOR[$1]}
	elif lab_verdict "$2"; then
		:
	elif (($2 > 128 && $2 <= 192)); then
		signal=$(kill -l $(($2 - 128)))
		DRIVER_HOW=died DRIVER_SAID='' DRIVER_WORDS="the VMM died of signal $(($2 - 128)) (SIG$signal)"
		case $signal in
		XFSZ) DRIVER_WORDS="more than $((CONSOLE_LIMIT >> 10)) MiB on the console" ;;
		KILL) DRIVER_WORDS+=', from outside, as by the OOM killer' ;;
		esac
	else
		DRIVER_VERSION=${VERSION_OF[$arch]}
		driver_status "$2" "$arch"
	fi
}

# The VMM's own words, of which the first say most that are no warning, after DRIVER_WORDS; the judge has the others.
add_stderr() {
	local line='' first='' count=0
	[[ -s $1 ]] || return 0
	while ((count++ < 30)) && { IFS= read -r line || [[ -n $line ]]; }; do
		first=${first:-$line}
		[[ $line == *'warning: '* ]] || break
	done <"$1"
	[[ $line != *'warning: '* && -n $line ]] || line=$first
	line=${line:0:200}
	[[ $DRIVER_WORDS == *"$line"* ]] || DRIVER_WORDS+="${line:+; $line}"
} 2>/dev/null

# end_boot PID STATUS: has the console judged; goes on with the job's next boot or ends the job.
end_boot() {
	local pid=$1 job=${RUN_JOB[$1]} resume=0 part='' results
	# What the VMM has left behind in its process group would write on into a console that is judged.
	kill -KILL -- "-$pid" 2>/dev/null || :
	guard_tell ended "$pid"
	log_keep "$pid"
	if refused_boot "$pid"; then
		return
	fi
	vmm_verdict "$pid" "$2"
	job_log "$job"
	if ((JOB_FROM[job] > 1)); then
		part=.part
	fi
	if [[ $DRIVER_HOW != ended || $DRIVER_SAID != passed ]]; then
		add_stderr "$LOG$part.stderr"
	fi
	results=$(judge "$job" "$LOG$part")
	if [[ $results == *$'\n'resume$'\t'* ]]; then
		read -r resume "JOB_BEFORE[job]" <<<"${results##*$'\n'resume$'\t'}"
		results=${results%$'\n'resume$'\t'*}
	fi
	if ! judged_all "$job" "$results" "$resume"; then
		judge_failed "$job"
		resume=0
	fi
	remove_folder "$LOG$part"
	# Not earlier: what is interrupted until here is judged then.
	forget_boot "$pid"
	count_cases "$job" "${results##*$'\n'counts$'\t'}"
	if $BOOT_FAILED; then
		results_room
	fi
	JOB_RESULTS[job]+=${results%$'\n'counts$'\t'*}$'\n'
	join_logs "$part"
	if ((resume)); then
		JOB_FROM[job]=$((JOB_FROM[job] + resume - 1))
		if stops_here; then
			skip_rest "$job" "$FAILED_BEFORE"
			resume=0
		fi
	fi
	if ((resume)); then
		start_boot "$job"
	else
		end_job "$job" ended
	fi
}

# log_keep PID: what the VMM has printed stands where it is looked for, even if the VMM has put another file there.
log_keep() {
	local job=${RUN_JOB[$1]} fd=${RUN_FD[$1]} fd_err=${RUN_FD_ERR[$1]} part=''
	job_log "$job"
	((JOB_FROM[job] == 1)) || part=.part
	[[ /dev/fd/$fd -ef $LOG$part ]] || log_restore "$fd" "$LOG$part"
	[[ /dev/fd/$fd_err -ef $LOG$part.stderr ]] || log_restore "$fd_err" "$LOG$part.stderr"
	exec {fd}<&- {fd_err}<&-
}

log_restore() {
	rm -rf "$2"
	cat "/dev/fd/$1" >"$2" || results_failed "$2"
}

# remove_folder LOG: the VMM's temporary files go with it.
remove_folder() {
	[[ -z ${DRIVER_WANTS_FOLDER-} ]] || rm -rf "$1.tmp"
}

forget_boot() {
	unset "RUN_JOB[$1]" "RUN_FD[$1]" "RUN_FD_ERR[$1]" "RUN_ALIVE[$1]" "RUN_CASE[$1]" "RUN_ENDED_FOR[$1]" \
		"RUN_GAVE_UP[$1]" "RUN_STARTED[$1]" "RUN_BOOT_MS[$1]" "RUN_SINCE[$1]" "RUN_STARTS[$1]"
}

# refused_boot PID: whether the VMM did not start at all, as it does not have what the test asks for. It is started again
# without that where it may be, else the test is skipped.
refused_boot() {
	local job=${RUN_JOB[$1]}
	job_log "$job"
	((JOB_FROM[job] == 1)) && [[ ! -s $LOG && -s $LOG.stderr && -z ${RUN_ENDED_FOR[$1]} ]] || return
	job_refused "$LOG.stderr" "$job" || return
	# What was started before its like had been refused is refused once more.
	! $DRIVER_AGAIN || ((++JOB_AGAIN[job] <= AGAIN_LIMIT)) || return
	remove_folder "$LOG"
	forget_boot "$1"
	if $DRIVER_AGAIN; then
		start_boot "$job"
	else
		skip_rest "$job" "the VMM does not have what the test needs: $DRIVER_REFUSED"
		end_job "$job" ended
	fi
}

# join_logs PART: a later boot's console and standard error go after those of the first, LOG.
join_logs() {
	[[ -n $1 ]] || return 0
	{ cat "$LOG$1" >>"$LOG" && cat "$LOG$1.stderr" >>"$LOG.stderr"; } || results_failed "$LOG"
	rm -f "$LOG$1" "$LOG$1.stderr"
}

# end_job JOB HOW: ended or interrupted.
end_job() {
	now_ms
	JOB_MS[$1]=$((NOW - JOB_STARTED[$1]))
	JOB_DONE[$1]=$2
	symbolise "$1"
	results_add "$1"
}

# count_cases JOB WORDS: adds VERDICT N ... to the job's counts, which are of the same form. BOOT_FAILED: one is bad.
count_cases() {
	local verdict number
	BOOT_FAILED=false
	JOB_COUNTS[$1]+=" ${2//$'\t'/ }"
	read -ra number <<<"$2"
	for verdict in "${number[@]}"; do
		! fails "$verdict" || BOOT_FAILED=true
	done
	! $BOOT_FAILED || ANY_FAILED=true
}

# Whether no VMM is to be started any more, because something has failed.
stops_here() {
	$ANY_FAILED && { $OPT_FAIL_FAST || $OPT_UNTIL_FAIL; }
}

# skip_rest JOB WHY: the job's cases from JOB_FROM on do not run.
skip_rest() {
	local name why=${2//\\/\\\\} # as the judge's messages are
	job_rest "$1"
	while IFS= read -r name; do
		JOB_RESULTS[$1]+=SKIP$'\t'$name$'\t\t\t'${why//$'\t'/ }$'\n'
		JOB_COUNTS[$1]+=' SKIP 1'
	done <<<"$CASES"
}

# job_rest JOB: the names of the cases from JOB_FROM on into CASES, a line each.
job_rest() {
	local skip=$((JOB_FROM[$1] - 1))
	CASES=${JOB_CASES[$1 % JOBS_OF_ROUND]%$'\n'}
	while ((skip-- > 0)); do
		CASES=${CASES#*$'\n'}
	done
}

# job_cases JOB: the names of the cases of the present boot into CASES, a line each.
job_cases() {
	job_rest "$1"
	if $OPT_ISOLATE; then
		CASES=${CASES%%$'\n'*}
	fi
}

# judge JOB CONSOLE: judge.awk's verdict on one boot.
judge() {
	local prefix=case$'\t'
	job_cases "$1"
	LC_ALL=C "$AWK" -f "$ROOT/scripts/runner/ktap.awk" -f "$ROOT/scripts/runner/stream.awk" -f "$ROOT/scripts/runner/judge.awk" "CONSOLE=${2//\\/\\\\}" "how=$DRIVER_HOW" "said=$DRIVER_SAID" \
		"words=${DRIVER_WORDS//\\/\\\\}" "STDERR=${2//\\/\\\\}.stderr" "before=${JOB_BEFORE[$1]}" - "$2" \
		<<<"$prefix${CASES//$'\n'/$'\n'"$prefix"}"$'\n'"${KNOWN["${JOB_ARCH[$1]}/${JOB_TEST[$1]}"]-}"
	if $OPT_ISOLATE && [[ $'\n'${JOB_CASES[$1 % JOBS_OF_ROUND]%$'\n'} != *$'\n'"$CASES" ]]; then
		printf 'resume\t2\tfertile\n'
	fi
}

# judged_all JOB RESULTS RESUME: whether the judge has come to its end, with a verdict on each of the boot's cases, up to
# the one to resume with.
judged_all() {
	local words sum=$(($3 ? 1 - $3 : 0)) i
	[[ $2 == *$'\n'counts$'\t'* ]] || return 1
	if ((!$3)); then
		job_cases "$1"
		: "${CASES//[!$'\n']/}"
		sum=$((-1 - ${#_}))
	fi
	read -ra words <<<"${2##*$'\n'counts$'\t'}"
	for ((i = 1; i < ${#words[@]}; i += 2)); do
		sum=$((sum + words[i]))
	done
	((!sum))
}

# judge_failed JOB: no verdict is one, too: every case of the boot is an ERROR, in `results`.
judge_failed() {
	local name count=0
	job_cases "$1"
	results=''
	while IFS= read -r name; do
		results+=ERROR$'\t'$name$'\t\t\t'"the judge of the console failed (awk)"$'\n'
		count=$((count + 1))
	done <<<"$CASES"
	results+=counts$'\t'ERROR$'\t'$count
}

# Why the job cannot run on this machine at all, into WHY_NOT; '' if it can.
job_why_not() {
	local accel=${TEST["${JOB_TEST[$1]}|accel"]-} check=${TEST["${JOB_TEST[$1]}|check"]-} one path value
	local have=${ACCEL_OF[${JOB_ARCH[$1]}]%%,*}
	WHY_NOT=''
	if [[ -n $accel && " ${accel//,/ } " != *" $have "* ]]; then
		WHY_NOT="needs accelerator $accel, this is $have"
	else
		job_command "$1" '' 1
		WHY_NOT=$DRIVER_WHY_NOT
	fi
	while [[ -n $check && -z $WHY_NOT ]]; do
		one=${check%%|*}
		if [[ $check == *'|'* ]]; then
			check=${check#*|}
		else
			check=''
		fi
		read -r one <<<"$one"
		path=${one%%=*} value=''
		if [[ ! -f $path || ! -r $path ]]; then
			WHY_NOT="needs $one, there is no such file to read"
			continue
		fi
		IFS= read -r value <"$path" || :
		if [[ $value != "${one#*=}" ]]; then
			WHY_NOT="needs $one, it is '$value'"
		fi
	done
}

# The next job that is not started, its number into JOB; false if there is none.
next_job() {
	if $OPT_UNTIL_FAIL && $ANY_RAN && ! $ANY_FAILED && ((NEXT_JOB == ${#JOB_TEST[@]})); then
		jobs_again "$JOBS_OF_ROUND"
	fi
	while ((NEXT_JOB < ${#JOB_TEST[@]})); do
		JOB=$((NEXT_JOB++))
		JOB_FROM[JOB]=1 JOB_BEFORE[JOB]='' JOB_RESULTS[JOB]='' JOB_COUNTS[JOB]='' JOB_MS[JOB]=0 JOB_AGAIN[JOB]=0
		WHY_NOT=$FAILED_BEFORE
		stops_here || job_why_not "$JOB"
		if [[ -z $WHY_NOT ]]; then
			ANY_RAN=true
			return 0
		fi
		skip_rest "$JOB" "$WHY_NOT"
		JOB_DONE[JOB]=ended
		results_add "$JOB"
	done
	return 1
}

# wait_for_event: until a VMM ends, or a tick has passed. Into ENDED (its process id or '') and STATUS.
wait_for_event() {
	local pid=''
	ENDED=''
	if ((!TICKER)); then
		sleep "$TICK" &
		TICKER=$!
	fi
	STATUS=0
	wait -n -p pid "${!RUN_JOB[@]}" "$TICKER" 2>/dev/null || STATUS=$?
	if [[ $pid == "$TICKER" ]]; then
		TICKER=0
	else
		ENDED=$pid
	fi
}

# run_jobs: all of them, at most OPT_JOBS at a time. Results are shown in the order of the jobs.
run_jobs() {
	local round
	NEXT_JOB=0
	JOBS_OF_ROUND=${#JOB_TEST[@]}
	for ((round = 1; round < OPT_REPEAT; round++)); do
		jobs_again "$JOBS_OF_ROUND"
	done
	now_ms
	WATCHED=$NOW
	RUN_MARK=$$.$NOW.$RANDOM
	set -m
	guard_start
	# The shell says in its own words what a VMM has died of, which is nobody's business; and what is wrong with the runner.
	exec {ERR}>&2
	: >"$OUT/.shell" || results_failed "$OUT"
	exec 2>"$OUT/.shell"
	RUNNING=true
	while true; do
		while ((${#RUN_JOB[@]} < OPT_JOBS)) && next_job; do
			start_boot "$JOB"
		done
		show_done
		((${#RUN_JOB[@]})) || break
		wait_for_event
		if [[ -n $ENDED ]]; then
			end_boot "$ENDED" "$STATUS"
		else
			watch_all
		fi
		show_progress
	done
	stop_ticker
	exec 2>&"$ERR"
}

# jobs_all_done: an error of the shell's may have ended run_jobs before its end: no run that looks whole.
jobs_all_done() {
	exec 2>&"$ERR"
	((SHOW_NEXT == ${#JOB_TEST[@]} && ${#RUN_JOB[@]} == 0)) || runner_failed
	RUNNING=false
	rm -f "$OUT/.shell"
}

# runner_failed: what the shell has said last, but for what VMMs have died of.
runner_failed() {
	usage_error "the runner itself has failed: $(grep -v ': line [0-9]*: *[0-9][0-9]* [A-Z]' "$OUT/.shell" 2>/dev/null | tail -n 1)"
}

stop_ticker() {
	if ((TICKER)); then
		kill "$TICKER" 2>/dev/null
		wait "$TICKER" 2>/dev/null
		TICKER=0
	fi
}
