# shellcheck shell=bash
# Looks at the running VMMs: their signs of life, and which of them has to be ended.

LOOK_MS=2000                # a longer time without a look at them was not theirs: the host slept, or was busy elsewhere
BOOT_MS=1000                # a boot to the first case that takes longer is one on a slow VMM or a loaded host
DEFAULT_TIMEOUT=30          # seconds without a sign of life from a case
STARTS_LIMIT=10             # so many version lines in one boot, or half as many for each first start mark, are a reset
CASE_LIMITS=10              # so many times that for a case that does give signs of life
WATCHED=0                   # when the VMMs were looked at last

# run_limit PID: how long this VMM may be silent, in ms, into LIMIT; 0: for ever. TIMEOUT is taken as it is; what
# unittests.cfg says is for a VMM that boots in BOOT_MS, and a slower one gets more in proportion, up to ten times. How slow
# it is its boot has to tell first, which is therefore not held to less than DEFAULT_TIMEOUT.
run_limit() {
	time_ms "${TIMEOUT:-${TEST["${JOB_TEST[${RUN_JOB[$1]}]}|timeout"]:-$DEFAULT_TIMEOUT}}"
	LIMIT=$MS
	[[ -z ${TIMEOUT-} ]] && ((LIMIT)) || return 0
	if [[ -n $OPT_LAB ]]; then
		lab_limit "$1"
		return
	fi
	if ((!RUN_BOOT_MS[$1])); then
		LIMIT=$((LIMIT > DEFAULT_TIMEOUT * 1000 ? LIMIT : DEFAULT_TIMEOUT * 1000))
	elif ((RUN_BOOT_MS[$1] > BOOT_MS)); then
		LIMIT=$((RUN_BOOT_MS[$1] < 10 * BOOT_MS ? LIMIT * RUN_BOOT_MS[$1] / BOOT_MS : LIMIT * 10))
		LIMIT=$(((LIMIT + 999) / 1000 * 1000))
	fi
}

# look PID: reads what the VMM has printed since the last look, which is its sign of life. All of it is read,
# or old words would pass for signs of life later; only the end is looked at, as a flood is long.
look() {
	local line lines
	mapfile -t -u "${RUN_FD[$1]}" lines 2>/dev/null
	((${#lines[@]})) || return 0
	RUN_ALIVE[$1]=$NOW
	if ((${#lines[@]} > 200)); then
		lines=("${lines[@]: -200}")
	fi
	for line in "${lines[@]}"; do
		case $line in
		'# start '*)
			# The first case again: the machine was reset. A case may print the other line by itself, once or twice.
			[[ $line != '# start 1 '* ]] || RUN_STARTS[$1]=$((RUN_STARTS[$1] + STARTS_LIMIT / 2))
			line=${line#'# start '}
			RUN_CASE[$1]=${line#* } RUN_SINCE[$1]=$NOW
			if ((!RUN_BOOT_MS[$1])); then
				RUN_BOOT_MS[$1]=$((NOW - RUN_STARTED[$1] + 1))
			fi
			;;
		'KTAP version '*) RUN_STARTS[$1]=$((RUN_STARTS[$1] + 1)) ;;
		esac
	done
}

# forgive_gap: where the runner could not look, as the host slept, its clock was set or something stopped the runner, the
# time without a look does not count as silence.
forgive_gap() {
	local gap=$((NOW - WATCHED)) pid
	((gap < 0 || gap > LOOK_MS)) || return 0
	for pid in "${!RUN_JOB[@]}"; do
		RUN_ALIVE[$pid]=$((RUN_ALIVE[$pid] + gap < NOW ? RUN_ALIVE[$pid] + gap : NOW))
		RUN_SINCE[$pid]=$((RUN_SINCE[$pid] + gap < NOW ? RUN_SINCE[$pid] + gap : NOW))
		RUN_STARTED[$pid]=$((RUN_STARTED[$pid] + gap < NOW ? RUN_STARTED[$pid] + gap : NOW))
	done
}

# given_up PID: whether the VMM has said, by what its driver knows, that it does not go on; what it adds then comes at once.
given_up() {
	local line lines
	[[ -n ${DRIVER_GAVE_UP-} ]] || return
	[[ -z ${RUN_GAVE_UP[$1]-} ]] || return 0
	job_log "${RUN_JOB[$1]}"
	if ((JOB_FROM[${RUN_JOB[$1]}] > 1)); then
		LOG+=.part
	fi
	[[ -s $LOG.stderr ]] || return
	mapfile -t lines <"$LOG.stderr"
	for line in "${lines[@]}"; do
		if [[ $line =~ $DRIVER_GAVE_UP ]]; then
			RUN_GAVE_UP[$1]=$line
			return 1 # it is ended at the next look
		fi
	done
	return 1
} 2>/dev/null

# A VMM is ended that has given up, that has been silent for too long, that babbles without end in one case, or whose guest starts
# again and again; its end is then seen like any other.
watch_all() {
	local pid why
	now_ms
	forgive_gap
	WATCHED=$NOW
	for pid in "${!RUN_JOB[@]}"; do
		# The shell may have noticed the end of a job elsewhere than in `wait -n`, which then does not tell of it.
		if ! kill -0 "$pid" 2>/dev/null; then
			STATUS=0
			wait "$pid" 2>/dev/null || STATUS=$?
			end_boot "$pid" "$STATUS"
			continue
		fi
		[[ -z ${RUN_ENDED_FOR[$pid]} ]] || continue
		look "$pid"
		run_limit "$pid"
		why=''
		if given_up "$pid"; then
			why=${RUN_GAVE_UP[$pid]}
		elif ((LIMIT && NOW - RUN_ALIVE[$pid] > LIMIT)); then
			time_words "$LIMIT"
			why="no sign of life for $TIME_WORDS s"
		elif ((LIMIT && NOW - RUN_SINCE[$pid] > LIMIT * CASE_LIMITS)); then
			time_words $((LIMIT * CASE_LIMITS))
			why="words, but no end of the case for $TIME_WORDS s"
		elif ((RUN_STARTS[$pid] > STARTS_LIMIT)); then
			why='the guest started again'
		fi
		if [[ -n $why ]]; then
			RUN_ENDED_FOR[$pid]=$why
			kill_vmm "$pid"
		fi
	done
}
