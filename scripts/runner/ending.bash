# shellcheck shell=bash
# shellcheck disable=SC2034 # the other parts read what is set here
# The end of a run, also before its time: no VMM stays, and what was judged until then is reported.

# kill_strays MARK: what VMMs of this run have started in sessions of their own, of which their environment tells.
kill_strays() {
	local file pids=()
	while IFS= read -r file; do
		file=${file#/proc/}
		pids+=("${file%/environ}")
	done < <(grep -lzFx "ASSAY_RUN=$1" /proc/[0-9]*/environ 2>/dev/null)
	((!${#pids[@]})) || kill -KILL "${pids[@]}" 2>/dev/null
}

# end_vmms: every VMM that runs is gone, with what it has started.
end_vmms() {
	local pid
	for pid in "${!RUN_JOB[@]}"; do
		kill_vmm "$pid"
		wait "$pid" 2>/dev/null
	done
	stop_ticker
	[[ -z $RUN_MARK ]] || kill_strays "$RUN_MARK"
	guard_tell gone
}

# end_all: no VMM is left and the results folder is free again, however the runner ends.
end_all() {
	# A child that a signal meets before it has put off the runner's traps is none to end anything.
	[[ $BASHPID == "$$" ]] || return 0
	end_vmms
	lab_end
	results_unlock
	! $RUNNING || runner_failed
}

# interrupt_boot PID: of a VMM that the interrupted runner has ended, what its cases had said until then is judged. The
# case that was running and those after it get no verdict.
interrupt_boot() {
	local job=${RUN_JOB[$1]} part='' results
	log_keep "$1"
	job_log "$job"
	if ((JOB_FROM[job] > 1)); then
		part=.part
	fi
	DRIVER_HOW=interrupted DRIVER_SAID='' DRIVER_WORDS=''
	results=$'\n'$(judge "$job" "$LOG$part")
	results=${results%$'\n'resume$'\t'*}
	if [[ $results == *$'\n'counts$'\t'* ]]; then
		count_cases "$job" "${results##*$'\n'counts$'\t'}"
		results=${results%$'\n'counts$'\t'*}
		JOB_RESULTS[job]+=${results#$'\n'}$'\n'
	fi
	remove_folder "$LOG$part"
	join_logs "$part"
	if [[ -n ${JOB_RESULTS[job]} ]]; then
		end_job "$job" interrupted
	fi
}

# interrupted [PIPE]: every VMM gone, results so far written and shown, also those after a test that is not done. With
# PIPE, standard output has lost its reader.
interrupted() {
	local pid
	[[ $BASHPID == "$$" ]] || exit 130
	if $STARTING; then
		INTERRUPTED=${1:-signal}
		return
	fi
	trap '' INT TERM HUP QUIT PIPE
	RUNNING=false
	exec 2>/dev/null
	[[ ${1-} != PIPE ]] || exec >/dev/null
	end_vmms
	for pid in "${!RUN_JOB[@]}"; do
		interrupt_boot "$pid"
	done
	clear_progress
	while ((SHOW_NEXT < ${#JOB_TEST[@]})); do
		show_done
		SHOW_NEXT=$((SHOW_NEXT + 1))
	done
	results_write
	show_summary
	rm -f "$OUT/.shell"
	echo 'run_tests.sh: interrupted' >&"$ERR"
	exit 130
}
