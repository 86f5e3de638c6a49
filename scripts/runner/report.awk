# Writes results.jsonl, junit.xml, results.ktap and report.html, as out/*.new, from the events of a run, which
# results.bash describes. mawk's sprintf() has a limit of 8 KiB: no message goes through it. report.html is the template with the lines of results.jsonl in it. json.awk goes with it.

BEGIN {
	FS = "\t"
	out = ENVIRON["RUN_out"]; template = ENVIRON["RUN_template"]
	jsonl = out "/results.jsonl.new"; junit = out "/junit.xml.new"; ktap = out "/results.ktap.new"
	html = out "/report.html.new"
	job = "none"
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
		manual[file, field[1]] = field[3]; bugs[file, field[1]] = field[4]
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
		ktap_body = ktap_body "    KTAP version 1\n    # Subtest: " name "\n    1.." ktap_row_count "\n" ktap_rows
	ktap_body = ktap_body ktap_notes("  ", verdict, message) "  " ktap_line(suite_cases, verdict, name, message) "\n"
	ktap_rows = ""; ktap_row_count = 0
}

# A row is a test case of its own for JUnit if that is wanted, of the class arch/test.case.
function junit_case(verdict, class, name, ms, message,    line) {
	tests++
	line = "<testcase classname=\"" xml(class) "\" name=\"" xml(name) "\"" sprintf(" time=\"%.4f\"", ms / 1000)
	if (verdict == "PASS" || verdict == "FIXED") {
		body = body line "/>\n"
		return
	}
	body = body line ">"
	if (verdict == "SKIP" || verdict == "KNOWN") {
		skipped++
		body = body "<skipped message=\"" xml(first_line(message)) "\"/>"
	} else if (verdict == "FAIL") {
		failures++
		body = body "<failure type=\"FAIL\" message=\"" xml(first_line(message)) "\">" xml(message) "</failure>"
	} else {
		errors++
		body = body "<error type=\"" verdict "\" message=\"" xml(first_line(message)) "\">" xml(message) "</error>"
	}
	body = body "</testcase>\n"
}

function end_suite(    arch) {
	if (suite == "")
		return
	suite_count++
	ktap_suites = ktap_suites "  KTAP version 1\n  # Subtest: " suite "\n  1.." suite_cases "\n" ktap_body \
		(suite_failed ? "not ok " : "ok ") suite_count " " suite "\n"
	ktap_body = ""
	arch = suite
	sub(/\/.*/, "", arch)
	suites = suites "<testsuite name=\"" xml(suite) "\" package=\"" xml(arch) "\"" sprintf(" id=\"%d\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%.3f\"", \
		suite_count - 1, tests, failures, errors, skipped, suite_ms[job] / 1000) " timestamp=\"" suite_started[job] "\" hostname=\"" \
		xml(ENVIRON["RUN_hostname"]) "\">\n<properties>\n" properties "</properties>\n" body "<system-out/>\n<system-err/>\n</testsuite>\n"
	all_cases += suite_cases
	tests = failures = errors = skipped = suite_cases = suite_failed = 0
	body = ""
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
	suite_ms[$2] = $3; suite_started[$2] = $4
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
	if (row == "" || verdict != "PASS")
		lines[++line_count] = line # the page does not show rows that pass, of which there are most
	# The same job again is a suite of its own, with --repeat.
	if (job "" != $1 "") {
		end_suite()
		suite = $2 "/" $3
		job = $1
	}
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
	print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n" suites "</testsuites>" >junit
	printf "KTAP version 1\n%s1..%d\n%s", ktap_about, suite_count, ktap_suites >ktap
	if (ENVIRON["RUN_annotate"] == "github")
		printf "%s", annotations >(out "/annotations.new")
	else if (ENVIRON["RUN_annotate"] == "gitlab")
		print "[" annotations "]" >(out "/codequality.json.new")
	print html_safe("{\"commands\":{" commands "}}") >html
	for (i = 1; i <= line_count; i++)
		print html_safe(lines[i]) >html
	while ((getline line <template) > 0)
		print line >html
	if (close(jsonl) || close(junit) || close(ktap) || close(html))
		exit 1
}
