# Two runs after each other, an empty line after each; compare.bash has the fields. Status 1: regressed.

BEGIN { FS = "\t"; run = 1 }

function bad(verdict) {
	return verdict ~ /^(FAIL|CRASH|TIMEOUT|ERROR)$/
}

function good(verdict) {
	return verdict ~ /^(PASS|FIXED)$/
}

# Sorted into a list by what happened; a line shows both verdicts.
function list(what, text) {
	lines[what] = lines[what] text "\n"
	count[what]++
}

# What happened to the Ith name, '' if nothing.
function change(i,    name, old, new) {
	name = names[i]
	old = verdict[1, name]; new = verdict[2, name]
	if (old == "" || new == "") {
		# The rows of a case that is not there are nothing to tell besides it.
		if (case_of[name] != "" && verdict[old == "" ? 1 : 2, case_of[name]] == "")
			return ""
		return old != "" ? "vanished" : bad(new) ? "appeared, and failed" : "appeared"
	}
	if (bad(new) && !bad(old))
		return "regressed"
	if (good(new) && !good(old) && old != "SKIP")
		return "fixed"
	if (new == "SKIP" && old != "SKIP")
		return "skipped now"
	if (old != new)
		return "changed"
	if (ms[2, name] > factor * busier * ms[1, name] && ms[2, name] - busier * ms[1, name] >= \
			(rounds[1, name] >= 3 && rounds[2, name] >= 3 ? least / 5 : least))
		return "slower"
	return ""
}

# How many times as long the cases took, half of them more and half of them less: 1 or more. Of those that take too little to
# tell, none counts.
function usual_ratio(    i, j, gap, name, count, value, ratio) {
	for (i = 1; i <= n; i++) {
		name = names[i]
		if (ms[1, name] >= 0.5 && ms[2, name] >= 0.5)
			ratio[++count] = ms[2, name] / ms[1, name]
	}
	for (gap = int(count / 2); gap > 0; gap = int(gap / 2))
		for (i = gap + 1; i <= count; i++) {
			value = ratio[i]
			for (j = i - gap; j > 0 && ratio[j] > value; j -= gap)
				ratio[j + gap] = ratio[j]
			ratio[j + gap] = value
		}
	return count >= 10 && ratio[int((count + 1) / 2)] > 1 ? ratio[int((count + 1) / 2)] : 1
}

function shown(verdict) {
	return verdict == "" ? "-" : verdict
}

$0 == "" { run++; next }
{ gsub(/[^\t -~]/, "?") } # the guest's words
$1 == "run" {
	header[run] = $2 " " $3 ", " $4 ", " $5 ", " $6
	vmm[run] = $2; accel[run] = $4
	next
}
{
	name = $1 ($2 == "" ? "" : "/" $2)
	if (!(name in case_of)) {
		case_of[name] = $2 == "" ? "" : $1
		names[++n] = name
	}
	rounds[run, name]++
	# With --repeat the same again: one round that failed is one too many; the fastest is the truest.
	if (!bad(verdict[run, name] "") || bad($3)) {
		verdict[run, name] = $3; message[run, name] = $5
	}
	if (ms[run, name] == "" || $4 + 0 < ms[run, name])
		ms[run, name] = $4 + 0
}

END {
	busier = usual_ratio()
	print "old: " header[1]
	print "new: " header[2]
	for (i = 1; i <= n; i++) {
		what = change(i)
		name = names[i]
		line = sprintf("  %-8s %-8s ", shown(verdict[1, name] ""), shown(verdict[2, name] "")) name
		if (what == "regressed" && message[2, name] != "")
			line = line "\n                    " message[2, name]
		else if (what == "slower")
			line = line sprintf("  %.1f ms, was %.1f ms", ms[2, name], ms[1, name])
		if (what != "")
			list(what, line)
	}
	if (vmm[1] accel[1] != vmm[2] accel[2])
		across_vmms()
	else
		over_time()
	exit count["regressed"] > 0 || (strict == "true" && count["vanished"] + count["skipped now"] > 0)
}

# The same VMM at two times.
function over_time(    i, m, order) {
	m = split("regressed|appeared, and failed|fixed|skipped now|changed|appeared|vanished|slower", order, "|")
	for (i = 1; i <= m; i++)
		if (count[order[i]] && (order[i] != "slower" || verbose == "true"))
			printf "%s:\n%s", order[i], lines[order[i]]
	printf "%d regressed, %d fixed, %d skipped now, %d changed, %d appeared, %d vanished, %d slower%s\n", count["regressed"], \
		count["fixed"], count["skipped now"], count["changed"], count["appeared"] + count["appeared, and failed"], count["vanished"], \
		count["slower"], (count["slower"] && verbose != "true" ? " (-v lists them)" : "")
}

# Two VMMs, or accelerators, side by side: a table of what they do not agree about.
function across_vmms(    i, name, what, left, right, width, differ, only) {
	left = vmm[1]; right = vmm[2]
	if (left == right) {
		left = accel[1]; right = accel[2]
	}
	width = length(left) > 8 ? length(left) : 8
	for (i = 1; i <= n; i++) {
		name = names[i]
		what = change(i)
		if (what == "" || what == "slower")
			continue
		if (!differ++)
			printf "  %-" width "s %s\n", left, right
		printf "  %-" width "s %-" (length(right) > 8 ? length(right) : 8) "s %s\n", shown(verdict[1, name] ""), \
			shown(verdict[2, name] ""), name
		only += bad(verdict[1, name] "") && verdict[2, name] != "" && !bad(verdict[2, name] "")
	}
	printf "%d differ: %d fail only with %s, %d fail only with %s, %d are there only in one\n", differ, only, left, \
		count["regressed"], right, count["appeared"] + count["appeared, and failed"] + count["vanished"]
}
