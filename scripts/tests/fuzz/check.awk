# What must hold of the judge's verdicts on fuzz.sh's mutations, of which b and d have failed: -v console=PREFIX of their
# files, -v count=N; the input has "mutation I", what the judge printed, "status S", for each. Prints the file and, after
# a tab, what is wrong with it.
#
# - The judge ends with status 0 and prints nothing but what judge.awk's head describes; its counts are true.
# - Each case has one verdict, in order, up to the one that the next boot starts with, or to the last.
# - A case that failed is neither PASS nor SKIP nor FIXED, but where the text says "ok" of it and no totals are read:
#   nothing can contradict it then.
# - A case passes only with its start mark and its result in the text; the first case of a console, with a plan of four.

BEGIN { FS = "\t" }

function wrong(text) {
	printf "%s%d\t%s\n", console, n, text
}

function begin() {
	cases = 0; resume = 0; counts = ""; passes = ""; suspects = ""
	split("", verdicts)
}

# Of the cases in `passes`, each has what makes it pass in the console; those in `suspects`, what excuses it.
function check_console(    file, line, plan, totals, headers, ended, starts, results, part, i, m) {
	file = console n
	while ((getline line <file) > 0) {
		sub(/\r$/, "", line)
		if (line == "1..4")
			plan = 1
		# What comes after these two is not read.
		if (line ~ /^Bail out!/ || (line ~ /^KTAP version / && headers++))
			ended = 1
		if (!ended && line ~ /^# totals:/)
			totals = 1
		if (match(line, /^# start [0-9]+ /))
			starts = starts " " substr(line, RLENGTH + 1) " "
		if (match(line, /^ok [0-9]+ /)) {
			line = substr(line, RLENGTH + 1)
			sub(/ #.*/, "", line)
			results = results " " line " "
		}
	}
	close(file)
	m = split(passes, part, " ")
	for (i = 1; i <= m; i++) {
		if (!plan && !resume && part[i] == "a")
			wrong(part[i] " passes without a plan")
		if (!index(starts, " " part[i] " "))
			wrong(part[i] " passes without a start mark")
		if (!index(results, " " part[i] " "))
			wrong(part[i] " passes without a result")
	}
	m = split(suspects, part, " ")
	for (i = 1; i <= m; i++)
		if (totals || !index(results, " " part[i] " "))
			wrong(part[i] " failed and is PASS, SKIP or FIXED")
}

function check_counts(    part, m, i, v) {
	m = split(counts, part, "\t")
	for (i = 2; i <= m; i += 2) {
		if (verdicts[part[i]] != part[i + 1])
			wrong("the counts say " part[i + 1] " " part[i])
		delete verdicts[part[i]]
	}
	for (v in verdicts)
		wrong("the counts say nothing of " v)
}

/^mutation [0-9]+$/ { n = substr($0, 10) + 0; seen++; begin(); next }
/^status [0-9]+$/ {
	if ($0 != "status 0")
		wrong("the judge ended with " $0)
	else if (resume ? resume != cases + 1 : cases != 4)
		wrong("verdicts on " cases " cases" (resume ? ", the next boot starts with number " resume : ""))
	if (counts == "")
		wrong("no counts")
	else
		check_counts()
	if (passes suspects != "")
		check_console()
	next
}
$1 == "counts" { counts = $0; next }
$1 == "resume" && NF == 3 && $3 ~ /^(fertile|barren)$/ { resume = $2; next }
$1 !~ /^(PASS|FAIL|SKIP|CRASH|TIMEOUT|ERROR|KNOWN|FIXED)$/ || NF != 5 { wrong("the judge says '" $0 "'"); next }
$3 != "" {
	if ($2 != substr("abcd", cases + 1, 1))
		wrong("a row of " $2 " where that of another case is due")
	next
}
{
	if ($2 != substr("abcd", ++cases, 1))
		wrong("a verdict on '" $2 "' as number " cases)
	verdicts[$1]++
	if (($2 == "b" || $2 == "d") && $1 ~ /^(PASS|SKIP|FIXED)$/)
		suspects = suspects " " $2
	if ($1 == "PASS")
		passes = passes " " $2
}

END {
	if (seen != count)
		printf "%s%d\tverdicts on %d of %d mutations\n", console, seen, seen, count
}
