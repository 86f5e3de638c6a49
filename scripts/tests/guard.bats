#!/usr/bin/env bats
# A runner that is killed leaves no VMM behind.
load helper

# A VMM that hangs, with a child of its own whose process id is in the file `child`.
hanging() {
	scenario <<'END'
case_beta() { sleep 1000 & echo $! >child; hang; }
END
}

# start ARGUMENT...: the runner in the background, its process id in $pid; returns when the VMM hangs.
start() {
	rm -f child
	setsid ./run_tests.sh "$@" >out.txt 2>&1 3>&- &
	pid=$!
	until [[ -s child ]]; do sleep 0.05; done
	vmm=$(awk '/-kernel/ { print $1 }' starts)
	# shellcheck disable=SC2086 # may be several
	kill -0 $vmm
}

@test "killed by SIGKILL: no VMM is left, nor what it has started" {
	hanging
	start
	kill -KILL "$pid"
	gone "$vmm" "$(<child)"
}

@test "killed with its whole process group, as by the OOM killer of a service" {
	hanging
	start
	kill -KILL -- "-$pid"
	gone "$vmm" "$(<child)"
}

@test "several VMMs, of which some have ended" {
	image u one
	image v beta
	tests '[u]' '[t]' '[v]'
	scenario <<'END'
case_alpha() { sleep 0.2; ok; }
case_beta() { sleep 1000 & echo $! >>child; hang; }
END
	start -j 3
	until (($(wc -l <child) == 2)); do sleep 0.05; done
	kill -KILL "$pid"
	# shellcheck disable=SC2046 # several
	gone $(awk '/-kernel/ { print $1 }' starts) $(<child)
}

@test "so it is with --matrix, and the runs of it end, too" {
	local runs
	hanging
	mkdir a
	ln -s "$QEMU" a/qemu-system-x86_64
	start --matrix a/,b=a/
	runs=$(pgrep -P "$pid")
	kill -KILL "$pid"
	# shellcheck disable=SC2086 # several
	gone "$vmm" "$(<child)" $runs
}

@test "a run that ends leaves no guard, and says nothing of it" {
	local before
	hanging
	runner t:alpha
	judged alpha=PASS
	equal "$stderr" ''
	before=$SECONDS
	run --separate-stderr bash -c './run_tests.sh t:alpha | cat' 3>&-
	((SECONDS - before < 5))
	[[ -z $(pgrep -f "$P/run_tests.sh") ]]
}

@test "without its guard a run goes on" {
	scenario <<'END'
case_alpha() { sleep 1; ok; }
END
	./run_tests.sh >out.txt 2>&1 3>&- &
	until grep -q -- -kernel starts 2>/dev/null; do sleep 0.05; done
	# The guard is the one child that is a runner, too.
	kill -KILL "$(pgrep -P "$!" -f run_tests.sh | head -n 1)"
	wait "$!"
	equal "$(verdicts)" 'alpha=PASS beta=PASS gamma=PASS'
}
