# Writes results.jsonl, junit.xml, results.ktap and report.html, as out/*.new, from the events of a run, which
# results.bash describes. report.html is the template with the lines of results.jsonl in it. json.awk goes with it.

BEGIN {
	FS = "\t"
	jsonl = out "/results.jsonl.new"; junit = out "/junit.xml.new"; ktap = out "/results.ktap.new"
	html = out "/report.html.new"
	job = "none"
	header = sprintf("{\"run\":{\"vmm\":%s,\"vmm_version\":%s,\"accel\":%s,\"arch\":%s,\"host\":%s,\"commit\":%s,\"started\":%s,\"seconds\":%s}}", \
		json(vmm), json(vmm_version), json(accel), json(arch), json(host), json(commit), json(started), seconds)
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
	ktap_rows = ktap_rows ktap_notes("    ", verdict, message) "    " \
		ktap_line(++ktap_row_count, verdict, ktap_name(name), message) "\n"
}

function ktap_case(verdict, name, message) {
	if (ktap_row_count)
		ktap_body = ktap_body "    KTAP version 1\n    # Subtest: " name "\n    1.." ktap_row_count "\n" ktap_rows
	ktap_body = ktap_body ktap_notes("  ", verdict, message) "  " ktap_line(tests, verdict, name, message) "\n"
	ktap_rows = ""; ktap_row_count = 0
}

function end_suite() {
	if (suite == "")
		return
	ktap_suites = ktap_suites "  KTAP version 1\n  # Subtest: " suite "\n  1.." tests "\n" ktap_body \
		(failures + errors ? "not ok " : "ok ") ++suite_count " " suite "\n"
	ktap_body = ""
	suites = suites sprintf("<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%.3f\">\n", \
		xml(suite), tests, failures, errors, skipped, time) body "</testsuite>\n"
	all_tests += tests; all_failures += failures; all_errors += errors; all_time += time
	tests = failures = errors = skipped = time = 0
	body = ""
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
	# A message may be longer than what sprintf of mawk can make.
	line = "{\"arch\":" json($2) ",\"test\":" json($3) ",\"case\":" json(name) "," (row == "" ? "" : "\"row\":" json(row) ",") \
		"\"verdict\":\"" verdict "\",\"ms\":" json_number(ms) ",\"message\":" json(message) ",\"spec\":" json(manual[$4, name]) \
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
		next # JUnit knows cases only; what failed in a row is in its case's message
	}
	tests++
	ktap_case(verdict, name, message)
	time += ms / 1000
	line = sprintf("<testcase classname=\"%s\" name=\"%s\" file=\"%s\"%s time=\"%.4f\"", xml(suite), xml(name), xml(file), \
		line_number ~ /^[1-9][0-9]*$/ ? " line=\"" line_number "\"" : "", ms / 1000)
	if (verdict == "PASS" || verdict == "FIXED") {
		body = body line "/>\n"
		next
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

END {
	end_suite()
	if (all_tests != cases) {
		print "report.awk: " all_tests + 0 " cases in the list of events, where " cases " were judged" >"/dev/stderr"
		exit 1
	}
	printf "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\" tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"%.3f\">\n%s</testsuites>\n", \
		all_tests, all_failures, all_errors, all_time, suites >junit
	printf "KTAP version 1\n1..%d\n%s", suite_count, ktap_suites >ktap
	print html_safe("{\"commands\":{" commands "}}") >html
	for (i = 1; i <= line_count; i++)
		print html_safe(lines[i]) >html
	while ((getline line <template) > 0)
		print line >html
	if (close(jsonl) || close(junit) || close(ktap) || close(html))
		exit 1
}
