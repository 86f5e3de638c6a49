# Writes results.jsonl and junit.xml from the events of a run; results.bash has the fields.

BEGIN {
	FS = "\t"
	for (i = 0; i < 256; i++)
		code[sprintf("%c", i)] = i
	printf "{\"run\":{\"vmm\":%s,\"vmm_version\":%s,\"accel\":%s,\"arch\":%s,\"host\":%s,\"commit\":%s,\"started\":%s,\"seconds\":%s}}\n", \
		json(vmm), json(vmm_version), json(accel), json(arch), json(host), json(commit), json(started), seconds >jsonl
}

# The message as it was: the judge's \n and \\ undone.
function unescape(text,    out, at) {
	out = ""
	while ((at = index(text, "\\")) > 0) {
		out = out substr(text, 1, at - 1) (substr(text, at + 1, 1) == "n" ? "\n" : substr(text, at + 1, 1))
		text = substr(text, at + 2)
	}
	return out text
}

function json(text,    out, i, c) {
	if (text !~ /[^ !#-\[\]-~]/)
		return "\"" text "\""
	out = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\"" || c == "\\")
			out = out "\\" c
		else if (c == "\n")
			out = out "\\n"
		else if (c < " " || c > "~")
			out = out sprintf("\\u%04x", code[c])
		else
			out = out c
	}
	return "\"" out "\""
}

# "a;b;" as ["a","b"].
function json_list(text,    part, n, i, out) {
	n = split(text, part, ";")
	out = ""
	for (i = 1; i < n; i++)
		out = out (i > 1 ? "," : "") json(part[i])
	return "[" out "]"
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

function end_suite() {
	if (suite == "")
		return
	suites = suites sprintf("<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%.3f\">\n", \
		xml(suite), tests, failures, errors, skipped, time) body "</testsuite>\n"
	all_tests += tests; all_failures += failures; all_errors += errors; all_time += time
	tests = failures = errors = skipped = time = 0
	body = ""
}

{
	message = unescape($8)
	printf "{\"arch\":%s,\"test\":%s,\"case\":%s,%s\"verdict\":\"%s\",\"ms\":%s,\"message\":%s,\"spec\":%s,\"bugs\":%s,\"file\":%s,\"line\":%s}\n", \
		json($2), json($3), json($5), $6 == "" ? "" : "\"row\":" json($6) ",", $4, $7 == "" ? "null" : $7, \
		json(message), json($10), json_list($11), json($12), $13 == "" ? "null" : $13 >jsonl
	if ($6 != "")
		next # JUnit knows cases only; what failed in a row is in its case's message
	if (suite != $2 "/" $3) {
		end_suite()
		suite = $2 "/" $3
	}
	tests++
	time += $7 / 1000
	line = sprintf("<testcase classname=\"%s\" name=\"%s\" file=\"%s\" line=\"%s\" time=\"%.4f\"", xml(suite), xml($5), \
		xml($12), $13, $7 / 1000)
	if ($4 == "PASS" || $4 == "FIXED") {
		body = body line "/>\n"
		next
	}
	body = body line ">"
	if ($4 == "SKIP" || $4 == "KNOWN") {
		skipped++
		body = body sprintf("<skipped message=\"%s\"/>", xml(first_line(message)))
	} else if ($4 == "FAIL") {
		failures++
		body = body sprintf("<failure type=\"FAIL\" message=\"%s\">%s</failure>", xml(first_line(message)), xml(message))
	} else {
		errors++
		body = body sprintf("<error type=\"%s\" message=\"%s\">%s</error>", $4, xml(first_line(message)), xml(message))
	}
	body = body "</testcase>\n"
}

END {
	end_suite()
	printf "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\" tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"%.3f\">\n%s</testsuites>\n", \
		all_tests, all_failures, all_errors, all_time, suites >junit
	if (close(jsonl) || close(junit))
		exit 1
}
