# Writes results.jsonl, junit.xml, results.ktap and report.html, into out/.new/, from the events of a run, which
# results.bash describes. mawk's sprintf() has a limit of 8 KiB: no message goes through it. report.html is the template with the lines of results.jsonl in it. json.awk goes with it.

BEGIN {
	FS = "\t"
	out = ENVIRON["RUN_out"]; template = ENVIRON["RUN_template"]
	jsonl = out "/.new/results.jsonl"; junit = out "/.new/junit.xml"; ktap = out "/.new/results.ktap"
	html = out "/.new/report.html"
	job = "none"
	read_old(ENVIRON["RUN_old"])
	for (i in old) {
		compared = 1
		break
	}
	about_count = split("vmm vmm_version vmm_path accel arch host host_kernel host_cpu nested guest_of commit started seconds", about, " ")
	for (i = 1; i <= about_count; i++) {
		value = ENVIRON["RUN_" about[i]]
		header = header (i > 1 ? "," : "") "\"" about[i] "\":" (about[i] ~ /^(nested|seconds)$/ ? value : json(value))
		properties = properties "<property name=\"" about[i] "\" value=\"" xml(value) "\"/>\n"
		ktap_about = ktap_about "# " about[i] ": " printable(value) "\n"
	}
	header = "{\"run\":{" header "}}"
	print header >jsonl
	while ((getline line <template) > 0 && line != "@DATA@")
		print line >html
	print html_safe(header) >html
}

# What the list of an image's cases says of them, read once.
function read_list(file,    line, field) {
	lists[file] = 1
	while ((getline line <file) > 0) {
		split(line, field, "\t")
		sentence[file, field[1]] = field[2]; manual[file, field[1]] = field[3]; bugs[file, field[1]] = field[4]
		source[file, field[1]] = field[5]; source_line[file, field[1]] = field[6]
	}
	close(file)
}

function xml(text) {
	gsub(/[^\t\n -~]/, "?", text)
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	return text
}

function first_line(text) {
	return index(text, "\n") ? substr(text, 1, index(text, "\n") - 1) : text
}

function printable(text) {
	gsub(/[^ -~]/, "?", text)
	return text
}

# KTAP (Documentation/dev-tools/ktap.rst of the Linux kernel): a suite is a test of the top level, its cases are subtests,
# their rows are subtests of those, two spaces further in. A name has no #, which would start the directive.
function ktap_name(text) {
	gsub(/[^ -~]/, "?", text)
	gsub(/#/, "", text)
	return text
}

function ktap_line(number, verdict, name, message) {
	message = first_line(message)
	gsub(/[^ -~]/, "?", message)
	if (verdict == "SKIP")
		return "ok " number " " name " # SKIP " message
	if (verdict == "KNOWN")
		return "ok " number " " name " # XFAIL " message
	if (verdict == "PASS" || verdict == "FIXED")
		return "ok " number " " name
	if (verdict == "FAIL")
		return "not ok " number " " name
	# KTAP knows TIMEOUT and ERROR; of a crash its words say what it is.
	return "not ok " number " " name " # " (verdict == "CRASH" ? "CRASH:" : verdict) " " message
}

function ktap_notes(indent, verdict, message,    part, n, i, text) {
	if (message == "" || verdict == "SKIP" || verdict == "KNOWN" || verdict == "FIXED")
		return ""
	n = split(message, part, "\n")
	text = ""
	for (i = 1; i <= n; i++) {
		gsub(/[^ -~]/, "?", part[i])
		text = text indent "# " part[i] "\n"
	}
	return text
}

function ktap_row(verdict, name, message) {
	ktap_row_count++
	ktap_rows = ktap_rows ktap_notes("    ", verdict, message) "    " \
		ktap_line(ktap_row_count, verdict, ktap_name(name), message) "\n"
}

function ktap_case(verdict, name, message) {
	if (ktap_row_count)
		ktap_part[++ktap_parts] = "    KTAP version 1\n    # Subtest: " name "\n    1.." ktap_row_count "\n" ktap_rows
	ktap_part[++ktap_parts] = ktap_notes("  ", verdict, message) "  " ktap_line(suite_cases, verdict, name, message) "\n"
	ktap_rows = ""; ktap_row_count = 0
}

# A row is a test case of its own for JUnit if that is wanted, of the class arch/test.case.
function junit_case(verdict, class, name, ms, message,    line) {
	tests++
	line = "<testcase classname=\"" xml(class) "\" name=\"" xml(name) "\"" sprintf(" time=\"%.4f\"", ms / 1000)
	if (verdict == "PASS" || verdict == "FIXED") {
		junit_part[++junit_parts] = line "/>\n"
		return
	}
	line = line ">"
	if (verdict == "SKIP" || verdict == "KNOWN") {
		skipped++
		line = line "<skipped message=\"" xml(first_line(message)) "\"/>"
	} else if (verdict == "FAIL") {
		failures++
		line = line "<failure type=\"FAIL\" message=\"" xml(first_line(message)) "\">" xml(message) "</failure>"
	} else {
		errors++
		line = line "<error type=\"" verdict "\" message=\"" xml(first_line(message)) "\">" xml(message) "</error>"
	}
	junit_part[++junit_parts] = line "</testcase>\n"
}

function end_suite(    arch) {
	if (suite == "")
		return
	suite_count++
	ktap_part[ktap_head] = "  KTAP version 1\n  # Subtest: " suite "\n  1.." suite_cases "\n"
	ktap_part[++ktap_parts] = (suite_failed ? "not ok " : "ok ") suite_count " " suite "\n"
	arch = suite
	sub(/\/.*/, "", arch)
	junit_part[junit_head] = "<testsuite name=\"" xml(suite) "\" package=\"" xml(arch) "\"" sprintf(" id=\"%d\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%.3f\"", \
		suite_count - 1, tests, failures, errors, skipped, suite_ms[job] / 1000) " timestamp=\"" suite_started[job] "\" hostname=\"" \
		xml(ENVIRON["RUN_hostname"]) "\">\n<properties>\n" properties "</properties>\n"
	junit_part[++junit_parts] = "<system-out/>\n<system-err/>\n</testsuite>\n"
	all_cases += suite_cases
	tests = failures = errors = skipped = suite_cases = suite_failed = 0
}

# The verdicts of the run before this, as this program wrote them.
function read_old(file,    line, name, verdict) {
	while ((getline line <file) > 0) {
		if (line !~ /^\{"arch":"[^"]*","test":"[^"]*","case":"[^"]*","verdict":"[A-Z]*"/)
			continue
		split(line, field, "\"")
		name = field[4] "/" field[8] ":" field[12]; verdict = field[16]
		# With --repeat, one round that failed is one too many.
		if (!(name in old) || verdict ~ /^(FAIL|CRASH|TIMEOUT|ERROR)$/)
			old[name] = verdict
		old_suite[field[4] "/" field[8]] = 1
	}
	close(file)
}

# Where each case begins in the console, into begins: the line of its last start mark.
function read_console(file,    line, n) {
	split("", begins)
	if (file == "")
		return
	while ((getline line <file) > 0) {
		n++
		if (line ~ /^# start [0-9]+ /) {
			sub(/\r$/, "", line); sub(/^# start [0-9]+ /, "", line)
			begins[line] = n
		}
	}
	close(file)
}

# A line of the report's page: what results.jsonl has, and more. Of rows, those that are not as they should be.
function page_line(line, name, row, verdict,    more, full) {
	if (row != "") {
		if (verdict != "PASS")
			lines[++line_count] = "{\"s\":" suite_index "," substr(line, 2)
		return
	}
	full = suite ":" name
	more = ",\"sentence\":" json(sentence[$4, name])
	if (name in begins)
		more = more ",\"at\":" begins[name]
	if (full in old) {
		if (old[full] != verdict)
			more = more ",\"old\":\"" old[full] "\""
	} else if (suite in old_suite) {
		more = more ",\"old\":\"\""
	}
	if (verdict ~ /^(FAIL|CRASH|TIMEOUT|ERROR)$/ && full in old && old[full] !~ /^(FAIL|CRASH|TIMEOUT|ERROR)$/)
		new_failures = new_failures full "\n"
	lines[++line_count] = "{\"s\":" suite_index "," substr(line, 2, length(line) - 2) more "}"
}

# What failed, at its place in the source: where its message says so, else where the case stands. For GitHub a line of the
# workflow's log, for GitLab an entry of its code quality report.
function annotate(verdict, message,    where, place, at, title) {
	if (ENVIRON["RUN_annotate"] == "" || verdict !~ /^(FAIL|CRASH|TIMEOUT|ERROR)$/)
		return
	place = file; at = line_number
	where = first_line(message)
	if (match(where, /^[A-Za-z0-9_.\/-]+\.[chS]:[0-9]+:/)) {
		split(substr(where, 1, RLENGTH - 1), part, ":")
		place = part[1]; at = part[2]
	}
	title = verdict " " $2 "/" $3 ":" name
	if (ENVIRON["RUN_annotate"] == "github")
		annotations = annotations "::error" (place == "" ? " " : " file=" github(place, 1) ",line=" at + 0 ",") "title=" github(title, 1) "::" \
			github(message == "" ? verdict : message, 0) "\n"
	else
		annotations = annotations (annotations == "" ? "" : ",\n") "{\"description\":" json(title ": " where) ",\"check_name\":" json(verdict) \
			",\"fingerprint\":" json($2 "/" $3 ":" name) ",\"severity\":\"major\",\"location\":{\"path\":" json(place) \
			",\"lines\":{\"begin\":" (at + 0 > 0 ? at + 0 : 1) "}}}"
}

# Words in a command of a GitHub workflow; what separates its properties is one of them only there.
function github(text, is_property) {
	gsub(/[^\n\t -~]/, "?", text)
	gsub(/%/, "%25", text); gsub(/\n/, "%0A", text); gsub(/\r/, "%0D", text)
	if (is_property) {
		gsub(/:/, "%3A", text); gsub(/,/, "%2C", text)
	}
	return text
}

$1 == "job" {
	suite_ms[$2] = $3; suite_started[$2] = $4; suite_log[$2] = $5
	next
}

$1 == "command" {
	commands = commands (commands == "" ? "" : ",") json($2) ":" json($3)
	next
}

{
	if (!($4 in lists))
		read_list($4)
	verdict = $5; name = $6; row = $7; ms = $8; message = unescape($9)
	file = source[$4, name]; line_number = source_line[$4, name]
	line = "{\"arch\":" json($2) ",\"test\":" json($3) ",\"case\":" json(name) (row == "" ? "" : ",\"row\":" json(row)) \
		",\"verdict\":\"" verdict "\",\"ms\":" json_number(ms) ",\"message\":" json(message) ",\"spec\":" json(manual[$4, name]) \
		",\"bugs\":" json_list(bugs[$4, name]) ",\"file\":" json(file) ",\"line\":" json_number(line_number) "}"
	print line >jsonl
	# The same job again is a suite of its own, with --repeat.
	if (job "" != $1 "") {
		end_suite()
		suite = $2 "/" $3
		job = $1
		suite_index = suites_seen++
		# What begins a suite is known when it is over.
		ktap_head = ++ktap_parts
		junit_head = ++junit_parts
		read_console(suite_log[job])
		suites_json = suites_json (suites_json == "" ? "" : ",") "{\"name\":" json(suite) ",\"ms\":" suite_ms[job] + 0 ",\"log\":" \
			json(substr(suite_log[job], length(out) + 2)) "}"
	}
	page_line(line, name, row, verdict)
	if (row != "") {
		ktap_row(verdict, row, message)
		# Else what failed in a row is in its case's message alone.
		if (ENVIRON["RUN_junit_rows"] == "true")
			junit_case(verdict, suite "." name, row, "", message)
		next
	}
	suite_cases++
	suite_failed = suite_failed || verdict ~ /^(FAIL|CRASH|TIMEOUT|ERROR)$/
	ktap_case(verdict, name, message)
	junit_case(verdict, suite, name, ms, message)
	annotate(verdict, message)
}

END {
	end_suite()
	if (all_cases + 0 != cases) {
		print "report.awk: " all_cases + 0 " cases in the list of events, where " cases " were judged" >"/dev/stderr"
		exit 1
	}
	print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>" >junit
	for (i = 1; i <= junit_parts; i++)
		printf "%s", junit_part[i] >junit
	print "</testsuites>" >junit
	printf "KTAP version 1\n%s1..%d\n", ktap_about, suite_count >ktap
	for (i = 1; i <= ktap_parts; i++)
		printf "%s", ktap_part[i] >ktap
	if (ENVIRON["RUN_annotate"] == "github")
		printf "%s", annotations >(out "/.new/annotations")
	else if (ENVIRON["RUN_annotate"] == "gitlab")
		print "[" annotations "]" >(out "/.new/codequality.json")
	if (new_failures != "")
		printf "%s", new_failures >(out "/.new-failures")
	print html_safe("{\"commands\":{" commands "},\"suites\":[" suites_json "],\"compared\":" (compared ? "true" : "false") "}") >html
	for (i = 1; i <= line_count; i++)
		print html_safe(lines[i]) >html
	while ((getline line <template) > 0)
		print line >html
	if (close(jsonl) || close(junit) || close(ktap) || close(html))
		exit 1
}
