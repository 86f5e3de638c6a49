# Two runs behind each other, an empty line after each; compare.bash has the fields. Status 1: regressed.

BEGIN { FS = "\t"; run = 1 }

function bad(verdict) {
	return verdict ~ /^(FAIL|CRASH|TIMEOUT|ERROR)$/
}

function good(verdict) {
	return verdict ~ /^(PASS|FIXED)$/
}

# Sorted into a list by what happened; a line shows both verdicts.
function list(what, name, text) {
	lines[what] = lines[what] text "\n"
	count[what]++
}

$0 == "" { run++; next }
$1 == "run" { header[run] = $2; next }
{
	verdict[run, $1] = $2; ms[run, $1] = $3; message[run, $1] = $4
	if (!($1 in seen)) {
		seen[$1] = 1
		names[++n] = $1
	}
}

END {
	print "old: " header[1]
	print "new: " header[2]
	for (i = 1; i <= n; i++) {
		name = names[i]
		old = verdict[1, name]; new = verdict[2, name]
		line = sprintf("  %-8s %-8s %s", old == "" ? "-" : old, new == "" ? "-" : new, name)
		if (old == "")
			list(bad(new) ? "appeared, and failed" : "appeared", name, line)
		else if (new == "")
			list("vanished", name, line)
		else if (bad(new) && !bad(old))
			list("regressed", name, line (message[2, name] == "" ? "" : "\n" sprintf("%20s", "") message[2, name]))
		else if (good(new) && !good(old) && old != "SKIP")
			list("fixed", name, line)
		else if (old != new)
			list("changed", name, line)
		else if (ms[2, name] > factor * ms[1, name] && ms[2, name] - ms[1, name] >= least)
			list("slower", name, line sprintf("  %.1f ms, was %.1f ms", ms[2, name], ms[1, name]))
	}
	m = split("regressed|appeared, and failed|fixed|changed|appeared|vanished|slower", order, "|")
	for (i = 1; i <= m; i++)
		if (count[order[i]])
			printf "%s:\n%s", order[i], lines[order[i]]
	printf "%d regressed, %d fixed, %d changed, %d appeared, %d vanished, %d slower\n", count["regressed"], count["fixed"], \
		count["changed"], count["appeared"] + count["appeared, and failed"], count["vanished"], count["slower"]
	exit count["regressed"] > 0
}
