#!/usr/bin/env bats
# The results folder: what is there is whole and this run's own, or there is nothing and the runner says why.
load helper

# on_full_disk SIZE ARGUMENT...: the runner with results on a disk of this size, in a mount namespace of its own. What it
# leaves there is then in the folder `left`.
on_full_disk() {
	mkdir -p small
	unshare -rm true 2>/dev/null || skip 'no user namespaces here'
	cat >on_full_disk <<'END'
mount -t tmpfs -o "size=$1" none small || exit 99
shift
timeout -k 1 15 ./run_tests.sh --out small/logs "$@"
status=$?
cp -r small left
exit $status
END
	run --separate-stderr unshare -rm bash on_full_disk "$@" 3>&-
	((status != 99)) || skip 'no tmpfs here'
}

# no_results FOLDER: nothing there that somebody would take for the results of a run.
no_results() {
	local file
	for file in results.jsonl junit.xml results.ktap report.html; do
		[[ ! -e $1/$file ]] || {
			echo "there is $1/$file"
			return 1
		}
	done
}

long_console() {
	scenario <<'END'
case_beta() { for i in {1..4000}; do echo "# a note $i"; done 2>/dev/null; ok; }
END
}

@test "the disk is full when the console comes: no verdict, and an error that says so" {
	long_console
	on_full_disk 32k
	equal "$status" 2
	contains "$stderr" 'No space left on device'
	no_results left/logs
	lacks "$output" ' passed,'
	lacks "$output" CRASH
	[[ ! -e $P/small/logs.lock ]]
}

@test "the disk is full for the console, but not yet for the list of events: no verdict either" {
	image u one
	tests '[u]' '[t]'
	long_console
	on_full_disk 32k -j1
	equal "$status" 2
	contains "$stderr" 'No space left on device'
	no_results left/logs
	lacks "$output" CRASH
	equal "$(cut -f5,6 left/logs/events.tsv)" $'PASS\tone'
}

@test "the disk is full when the reports are written: no half of one, an error, and the verdicts are kept" {
	long_console
	on_full_disk 64k
	equal "$status" 2
	contains "$stderr" 'the reports cannot be written: No space left on device'
	no_results left/logs
	equal "$(find left -name '*.new')" ''
	equal "$(cut -f5,6 left/logs/events.tsv)" $'PASS\talpha\nPASS\tbeta\nPASS\tgamma'
}

@test "a disk that is full before the run" {
	long_console
	on_full_disk 4k
	equal "$status" 2
	contains "$stderr" 'No space left on device'
	no_results left/logs
}

# A report that the guest's VMM makes impossible to write: this needs no disk.
@test "one report cannot be written: none is there" {
	local report
	export P report
	scenario <<'END'
after() { mkdir -p "$P/logs/.new"; ln -s /dev/full "$P/logs/.new/$report"; }
END
	for report in results.jsonl junit.xml results.ktap report.html; do
		runner
		equal "$status" 2
		contains "$stderr" 'cannot be written'
		no_results logs
		equal "$(cut -f5 logs/events.tsv | sort | uniq -c | tr -d ' \n')" 3PASS
	done
}

@test "the list of events cannot be written: an error, not a run without results" {
	export P
	scenario <<'END'
after() { rm "$P/logs/events.tsv"; ln -s /dev/full "$P/logs/events.tsv"; }
END
	runner
	equal "$status" 2
	contains "$stderr" 'events.tsv cannot be written'
	no_results logs
}

@test "the list of events vanishes: an error, not reports of what is left of it" {
	image u one
	tests '[t]' '[u]'
	export P
	scenario <<'END'
case_one() { rm "$P/logs/events.tsv"; ok; }
END
	runner -j1
	# What came after is in a new list: the first test is lost, and nothing may look as if it had never been.
	equal "$status" 2
	no_results logs
}

@test "standard output that cannot be written is not a run that went well" {
	run --separate-stderr bash -c './run_tests.sh >/dev/full' 3>&-
	equal "$status" 2
	contains "$stderr" 'standard output cannot be written; the results are in'
	equal "$(verdicts)" 'alpha=PASS beta=PASS gamma=PASS'
	run --separate-stderr bash -c './run_tests.sh -t >/dev/full' 3>&-
	equal "$status" 2
}

@test "standard output that is closed" {
	run --separate-stderr bash -c './run_tests.sh >&-' 3>&-
	refused 'standard output is closed'
}

@test "standard output that nobody reads any more: as if interrupted, with the results so far" {
	image u one
	tests '[t]' '[u]'
	export P
	scenario <<'END'
case_one() { echo $$ >"$P/pids"; hang; }
case_gamma() { until [[ -s $P/pids ]]; do sleep 0.05; done; sleep 0.3; ok; }
END
	# shellcheck disable=SC2016 # for the inner shell
	run --separate-stderr bash -c './run_tests.sh -j2 | head -n 1; echo "${PIPESTATUS[0]}"' 3>&-
	equal "${lines[-1]}" 130
	contains "$stderr" interrupted
	contains "$(verdicts)" 'alpha=PASS beta=PASS gamma=PASS'
	# shellcheck disable=SC2046 # two words
	gone $(<pids)
	[[ ! -e logs.lock ]]
}

# ------------------------------------------------------------------------------------- two runs at once

@test "two runs at once in the same folder: the second is refused, and the first goes on" {
	export P
	scenario <<'END'
case_beta() { until [[ -e $P/go ]]; do sleep 0.05; done; ok; }
END
	./run_tests.sh >first 2>&1 3>&- &
	local first=$!
	until [[ -s starts ]] && grep -q 'start 2' logs/x86_64/t.log 2>/dev/null; do sleep 0.05; done
	mv starts starts.first
	runner
	equal "$status" 2
	contains "$stderr" "logs: another run writes there, process $first"
	equal "${#stderr_lines[@]}" 1
	equal "$(boots)" 0
	[[ ! -e logs.old ]]
	runner --out other t:alpha
	equal "$status" 0
	touch go
	wait "$first"
	equal "$(verdicts)" 'alpha=PASS beta=PASS gamma=PASS'
	[[ ! -e logs.lock ]]
}

@test "a lock file that a run has left is none to mind: the process is dead, a zombie, another, or was never one" {
	local words
	bash -c 'echo $$' >dead
	sleep 100 3>&- &
	echo "$! $HOSTNAME" >alive
	# A zombie: its parent does not wait for it.
	sh -c 'sleep 0.2 & echo $! >zombie; exec sleep 100' 3>&- &
	local parent=$!
	until [[ -s zombie ]] && grep -q '^State:.*Z' "/proc/$(<zombie)/status"; do sleep 0.05; done
	for words in "$(<dead)" "$(<zombie) $HOSTNAME" "$(<alive)" 'no number' ''; do
		echo "$words" >logs.lock
		runner
		judged 'alpha=PASS beta=PASS gamma=PASS'
		[[ ! -e logs.lock ]]
	done
	kill "$parent" "$(cut -d ' ' -f 1 alive)"
}

@test "a link in the place of the lock is not followed" {
	ln -s elsewhere logs.lock
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	[[ ! -e elsewhere && ! -L logs.lock ]]
}

@test "a runner that is killed leaves a lock that does not matter" {
	export P
	scenario <<'END'
case_beta() { [[ -e $P/go ]] || hang; ok; }
END
	./run_tests.sh >/dev/null 2>&1 3>&- &
	local first=$!
	until grep -q 'start 2' logs/x86_64/t.log 2>/dev/null; do sleep 0.05; done
	kill -KILL "$first"
	wait "$first" || :
	[[ -e logs.lock ]]
	no_results logs
	touch go
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "many runs at once that find a dead one's lock: one has the folder at a time" {
	local i pids=() won=0
	bash -c 'echo $$' >logs.lock
	scenario <<'END'
case_beta() { sleep 1; ok; }
END
	for i in 1 2 3 4 5 6; do
		./run_tests.sh -j1 >"out.$i" 2>"err.$i" 3>&- &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6; do
		if wait "${pids[i - 1]}"; then
			won=$((won + 1))
			contains "$(<"out.$i")" '3 passed, 0 failed'
			equal "$(<"err.$i")" ''
		else
			contains "$(<"err.$i")" 'another run writes there'
		fi
	done
	((won >= 1))
	equal "$(verdicts)" 'alpha=PASS beta=PASS gamma=PASS'
	[[ ! -e logs.lock ]]
}

@test "a run in another PID namespace has the folder as well as any" {
	unshare --user --map-root-user --pid --fork true 2>/dev/null || skip 'no user namespaces here'
	export P
	scenario <<'END'
case_beta() { until [[ -e $P/go ]]; do sleep 0.05; done; ok; }
END
	unshare --user --map-root-user --pid --fork --mount-proc ./run_tests.sh >first 2>&1 3>&- &
	until grep -q 'start 2' logs/x86_64/t.log 2>/dev/null; do sleep 0.05; done
	runner
	equal "$status" 2
	contains "$stderr" 'logs'
	[[ ! -e logs.old ]]
	touch go
	wait "$!"
	equal "$(verdicts)" 'alpha=PASS beta=PASS gamma=PASS'
}

@test "what a VMM leaves behind does not hold the lock" {
	scenario <<'END'
case_beta() { setsid sleep 5 >/dev/null 2>&1 & ok; }
END
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
	runner
	judged 'alpha=PASS beta=PASS gamma=PASS'
}

@test "something that holds the lock of a dead run: which file may be removed" {
	bash -c 'echo "$$ $HOSTNAME now"' >logs.lock
	flock logs.lock sleep 8 3>&- &
	sleep 0.2
	runner
	refused "logs.lock; if that is of no interest, remove the file"
	kill %1 2>/dev/null || :
}

# ------------------------------------------------------------------------------------- names

@test "a project in a folder whose name has spaces, quotes, backslashes and more" {
	local folder=$BATS_TEST_TMPDIR/$'a  b \'c\' "d" \\n $e $(touch hacked) `touch hacked` [f] =g'
	mv "$P" "$folder"
	P=$folder
	cd "$P"
	export FAKE_STARTS=$P/starts
	cp "$QEMU" 'a fake'
	QEMU="$P/a fake"
	mkdir 'my conf'
	mv unittests.cfg 'my conf/my tests.cfg'
	printf '%s\n' '[d]' 'manual = x' 'confirmed = 7.2' 'actual = y' 'cases =' ' t:alpha' >'my conf/known cases'
	scenario <<'END'
case_alpha() { not_ok; }
case_beta() { echo '# backtrace 0x100'; echo 'oh dear' >&2; exit 1; }
END
	runner --config 'my conf/my tests.cfg' --known 'my conf/known cases' --out 'my results'
	equal "$stderr" ''
	equal "$(verdicts 'my results')" 'alpha=KNOWN beta=CRASH gamma=PASS'
	contains "$(<'my results/results.jsonl')" 'oh dear'
	xmllint --noout 'my results/junit.xml'
	contains "$(<'my results/report.html')" '</html>'
	contains "$(<"$P/starts")" "-kernel $P/build/x86_64/t.elf"
	[[ -z $(find "$P" -name hacked) ]]
	eval "set -- $(./run_tests.sh --config 'my conf/my tests.cfg' --print-command t)"
	equal "$1" "$P/a fake"
}
