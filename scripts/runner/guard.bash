# shellcheck shell=bash
# A process that outlives the runner, to end what it has started: the runner can do that itself only while it lives, and
# SIGKILL, as by the OOM killer, leaves it no time.

# guard_start: it knows by the end of its input that the runner is gone. Needs `set -m`, so that it is no part of the
# runner's process group, which may be killed as a whole. Nothing that the runner starts inherits the other end.
guard_start() {
	[[ -z ${GUARD[1]-} ]] || return 0
	coproc GUARD {
		trap '' INT TERM HUP QUIT
		guard_wait
	} >/dev/null 2>&1
}

guard_wait() {
	local word pid
	local -A groups=()
	while read -r word pid; do
		case $word in
		begun) groups[$pid]=true ;;
		ended) unset "groups[$pid]" ;;
		gone) RUN_MARK='' ;;
		esac
	done
	for pid in "${!groups[@]}"; do
		kill -KILL -- "-$pid"
	done
	[[ -z $RUN_MARK ]] || kill_strays "$RUN_MARK"
}

# guard_tell begun|ended PID: of a process group; gone: nothing of the run is left. Without a guard, as when it was killed itself, nobody needs to know.
guard_tell() {
	[[ -z ${GUARD[1]-} ]] || echo "$*" >&"${GUARD[1]}"
} 2>/dev/null
