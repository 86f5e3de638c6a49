# Several runs, one after the other, whose fields matrix.bash describes: prints what they differ in and writes
# out/matrix.json.new and matrix.html.new, the template with the same in it. json.awk goes with it.

BEGIN {
	FS = "\t"
	runs = split(labels, label, " ")
	verdicts = split("PASS KNOWN FIXED FAIL CRASH TIMEOUT ERROR SKIP", verdict_name, " ")
}

function bad(verdict) {
	return verdict ~ /^(FAIL|CRASH|TIMEOUT|ERROR)$/
}

# Does otherwise than the manual says, whether that is known or not.
function deviates(verdict) {
	return verdict == "KNOWN" || bad(verdict)
}

function conforms(verdict) {
	return verdict == "PASS" || verdict == "FIXED"
}

$1 == "run" {
	about[++run] = sprintf("\"vmm\":%s,\"vmm_version\":%s,\"accel\":%s,\"arch\":%s,\"commit\":%s,\"started\":%s,\"seconds\":%s", \
		json($2), json($3), json($4), json($5), json($6), json($7), json_number($8))
	vmm[run] = $2
	next
}

{
	$3 = unescape($3)
	name = $1 ":" $2 ($3 == "" ? "" : "/" $3)
	if (!(name in seen)) {
		seen[name] = 1
		suite[name] = $1; case_name[name] = $2; row[name] = $3
		parent = $1 ":" $2
		# Rows come before their case in the results, and after it here.
		if ($3 != "")
			rows[parent] = rows[parent] name "\n"
		else
			cases[++n] = name
	}
	# With --repeat, a round that failed is one too many.
	if (!bad(got[run, name] "") || bad($4)) {
		if ($3 == "") {
			if ((run, name) in got)
				count[run, got[run, name]]--
			count[run, $4]++
		}
		got[run, name] = $4; message[run, name] = $6
	}
	spec[name] = unescape($5)
}

# Whether the runs do not agree about it. That one lacks a row is only of interest where it fails in another.
function differs(name,    i, first, gap, deviating) {
	for (i = 1; i <= runs; i++) {
		if (deviates(got[i, name] ""))
			deviating = 1
		if (got[i, name] == "") {
			gap = 1
			continue
		}
		if (first != "" && got[i, name] != first)
			return 1
		first = got[i, name]
	}
	return gap && (deviating || row[name] == "")
}

# What run I did to it, relative to the run before: broke, fixed or nothing.
function change(i, name) {
	if (conforms(got[i - 1, name] "") && deviates(got[i, name] ""))
		return "broke"
	if (deviates(got[i - 1, name] "") && conforms(got[i, name] ""))
		return "fixed"
	return ""
}

# Notes the changes of a case: its rows, or, where none of them has changed, itself.
function note_changes(name, part, m,    i, j, what, number) {
	for (i = 2; i <= runs; i++) {
		number["broke"] = number["fixed"] = 0
		for (j = 1; j <= m; j++)
			if ((what = change(i, part[j])) != "") {
				number[what]++
				add_change(what, i, part[j])
			}
		if (number["broke"] + number["fixed"] == 0 && (what = change(i, name)) != "") {
			add_change(what, i, name)
			words[what, i] = words[what, i] "    " name "\n"
			changed[what, i]++
		}
		for (what in number)
			if (number[what]) {
				words[what, i] = words[what, i] "    " name " (" number[what] (number[what] == 1 ? " row" : " rows") ")\n"
				changed[what, i]++
			}
	}
}

function add_change(what, i, name) {
	names[what, i] = names[what, i] (names[what, i] == "" ? "" : ",") json(name)
}

function shown(verdict) {
	return verdict == "" ? "-" : verdict
}

# A line of the table, and the same as JSON.
function list(name, indent,    i, line, verdicts_json, messages_json) {
	line = ""
	for (i = 1; i <= runs; i++) {
		line = line sprintf("  %-" width[i] "s", shown(got[i, name] ""))
		verdicts_json = verdicts_json (i > 1 ? "," : "") (got[i, name] == "" ? "null" : json(got[i, name]))
		messages_json = messages_json (i > 1 ? "," : "") json(got[i, name] == "PASS" ? "" : unescape(message[i, name]))
	}
	table[++lines] = line "  " indent (indent == "" ? name : row[name])
	gsub(/[^ -~]/, "?", table[lines]) # the guest's words
	data[lines] = "{\"suite\":" json(suite[name]) ",\"case\":" json(case_name[name]) ",\"row\":" (row[name] == "" ? "null" : json(row[name])) \
		",\"spec\":" json(spec[name]) ",\"verdicts\":[" verdicts_json "],\"messages\":[" messages_json "]}"
}

function total(i, what,    j, sum) {
	for (j = 1; j <= verdicts; j++)
		if (what == "failed" ? bad(verdict_name[j] "") : verdict_name[j] == what)
			sum += count[i, verdict_name[j]]
	return sum + 0
}

function print_counts(    i, j, m, what, heads) {
	m = split("PASS passed,KNOWN known,FIXED fixed,failed failed,SKIP skipped", heads, ",")
	for (j = 0; j <= m; j++) {
		split(heads[j], what, " ")
		printf "%-8s", j ? what[2] : ""
		for (i = 1; i <= runs; i++)
			printf "  %" width[i] "s", j ? total(i, what[1]) : label[i]
		print ""
	}
}

function print_changes(i, what, title) {
	if (changed[what, i])
		printf "  %s\n%s", title, words[what, i]
}

# The whole, a line for each run and each difference, to FILE.
function write_json(file, safe,    i, j, text) {
	for (i = 1; i <= runs; i++) {
		text = "{\"label\":" json(label[i]) "," about[i] ",\"counts\":{"
		for (j = 1; j <= verdicts; j++)
			text = text (j > 1 ? "," : "") json(verdict_name[j]) ":" count[i, verdict_name[j]] + 0
		text = (i == 1 ? "{\"runs\":[\n" : "") text "}}" (i < runs ? "," : "],")
		print safe ? html_safe(text) : text >file
	}
	for (i = 2; i <= runs; i++) {
		text = (i == 2 ? "\"changes\":[\n" : "") "{\"from\":" json(label[i - 1]) ",\"to\":" json(label[i]) \
			",\"broke\":[" names["broke", i] "],\"fixed\":[" names["fixed", i] "]}" (i < runs ? "," : "],")
		print safe ? html_safe(text) : text >file
	}
	print "\"differ\":[" >file
	for (i = 1; i <= lines; i++)
		print (safe ? html_safe(data[i]) : data[i]) (i < lines ? "," : "") >file
	print "]}" >file
}

END {
	if (run != runs)
		exit 1
	for (i = 1; i <= runs; i++)
		width[i] = length(label[i]) > 7 ? length(label[i]) : 7
	for (k = 1; k <= n; k++) {
		name = cases[k]
		m = split(rows[name], part, "\n") - 1
		note_changes(name, part, m)
		some = 0
		for (j = 1; j <= m; j++)
			some += differs(part[j])
		if (!some && !differs(name))
			continue
		differing++
		list(name, "")
		for (j = 1; j <= m; j++)
			if (differs(part[j]))
				list(part[j], "  ")
	}
	print "== side by side"
	print_counts()
	if (lines) {
		print ""
		for (i = 1; i <= runs; i++)
			printf "  %-" width[i] "s", label[i]
		printf "  %d of %d cases differ\n", differing, n
		for (i = 1; i <= lines; i++)
			print table[i]
	} else
		printf "no case of %d differs\n", n
	for (i = 2; i <= runs; i++) {
		same = vmm[i] == vmm[i - 1]
		printf "\n%s, %s %s: %d %s, %d %s\n", label[i], same ? "after" : "beside", label[i - 1], changed["broke", i], \
			same ? "broke" : "wrong here alone", changed["fixed", i], same ? "fixed" : "right here alone"
		print_changes(i, "broke", same ? "broke:" : "wrong here alone:")
		print_changes(i, "fixed", same ? "fixed:" : "right here alone:")
	}
	for (i = 1; i <= runs; i++) {
		passed += total(i, "PASS") + (strict ? 0 : total(i, "FIXED"))
		failed += total(i, "failed") + (strict ? total(i, "FIXED") : 0)
		known += total(i, "KNOWN"); skipped += total(i, "SKIP")
	}
	print ""
	if (known)
		print known " known deviation" (known == 1 ? "" : "s") ": failed as known.cfg says of the VMM, and counted neither as passed nor as failed"
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	json_file = out "/matrix.json.new"; html = out "/matrix.html.new"
	write_json(json_file, 0)
	while ((getline line <template) > 0 && line != "@DATA@")
		print line >html
	write_json(html, 1)
	while ((getline line <template) > 0)
		print line >html
	if (close(json_file) || close(html))
		exit 1
}
