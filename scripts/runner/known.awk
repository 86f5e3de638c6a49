# Reads a known.cfg and prints what it says of the tests of a run, as known.bash describes; one that is wrong: "error" and
# words. The rules of the file are in docs/adding-a-vmm.md, those of INI files in ini.bash.
#
# Standard input, fields separated by tabs, comes first, then the file, FILE:
#	arch NAME ACCEL VERSION VENDOR OPTIONS   an architecture of the run; VERSION is of what the file is about, OPTIONS are the
#	                                   accelerator's, with commas between
#	test ARCH NAME LIST CPU VENDOR RUN a test that is configured; LIST may be missing; RUN: it is one of this run, 2: not
#	                                   all of its cases
#	case ARCH NAME CASE                of such a test, a case of this run
#
# Prints a block for each test about which it says something, each after a byte 1EH: ARCH/TEST, then what judge.awk is to know
# of it, a line for each case or row.

BEGIN {
	FS = "\t"
	keys = "arch versions confirmed accel unless kernel cpu vendor nested verdict sometimes manual actual link cases"
	split(keys, words, " ")
	for (i in words)
		known_key[words[i]] = 1
	arch_names = ENVIRON["KNOWN_ARCHS"]
	accel_names = ENVIRON["KNOWN_ACCELS"]
	number = "[0-9]+(\\.[0-9]+)*"
	FILE = ENVIRON["FILE"]
}

function fail(where, text) {
	if (failed)
		return
	failed = 1
	print "\036error\n" ENVIRON["FILE_SHOWN"] ":" where ": " text
}

function trim(text) {
	sub(/^[ \t\v\f\r]+/, "", text); sub(/[ \t\v\f\r]+$/, "", text)
	return text
}

# 7.2.22 is in ..7.2: only as many numbers are compared as the bound has.
function at_least(a, b, prefix,    x, y, n, i, na, nb) {
	na = split(a, x, "."); nb = split(b, y, ".")
	n = prefix ? na : nb
	for (i = 1; i <= n; i++) {
		if (x[i] + 0 > y[i] + 0) return 1
		if (x[i] + 0 < y[i] + 0) return 0
	}
	return 1
}

# Entries have few different values: what is found of one is kept.
function version_in(version, range) {
	if (!((version, range) in is_in))
		is_in[version, range] = range == "" || within(version, range)
	return is_in[version, range]
}

function within(version, range,    at, low, high) {
	at = index(range, "..")
	low = substr(range, 1, at - 1); high = substr(range, at + 2)
	return (low == "" || at_least(version, low, 0)) && (high == "" || at_least(high, version, 1))
}

function is_range(text) {
	if (!(text in ranges))
		ranges[text] = text ~ "^(" number ")?\\.\\.(" number ")?$"
	return ranges[text]
}

# No words mean all.
function is_for(list, word,    words) {
	if (!((list, word) in is_of)) {
		words = list
		gsub(/,/, " ", words)
		is_of[list, word] = words ~ /^ *$/ || index(" " words " ", " " word " ")
	}
	return is_of[list, word]
}

# A pattern of the shell as an expression for all of a name.
function expression(pattern,    out, i, c, close_at) {
	out = ""
	for (i = 1; i <= length(pattern); i++) {
		c = substr(pattern, i, 1)
		if (c == "*")
			out = out ".*"
		else if (c == "?")
			out = out "."
		else if (c == "[" && (close_at = index(substr(pattern, i + 2), "]"))) {
			c = substr(pattern, i, close_at + 2)
			sub(/^\[!/, "[^", c)
			out = out c
			i += close_at + 1
		} else if (c ~ /[A-Za-z0-9_ ,=:;<>@%&"'~!-]/)
			out = out c
		else
			out = out "[" (c == "\\" || c == "^" ? "\\" : "") c "]"
	}
	return "^" out "$"
}

function check_words(where, what, list, names,    n, part, i) {
	if (list == "" || (what, list) in good)
		return
	good[what, list] = 1
	gsub(/,/, " ", list)
	n = split(list, part, " ")
	for (i = 1; i <= n; i++)
		if (!index(" " names " ", " " part[i] " "))
			fail(where, "there is no " what " '" part[i] "'; known: " names)
}

# ------------------------------------------------------------------------------------------------ the run

$1 == "arch" && FILENAME != FILE {
	archs[++arch_count] = $2
	accel[$2] = $3; version[$2] = $4; arch_vendor[$2] = $5; options[$2] = $6
	next
}

$1 == "case" && FILENAME != FILE {
	selected[$2, $3, $4] = 1
	next
}

FILENAME != FILE {
	n = ++tests[$2]
	test_name[$2, n] = $3; list[$2, n] = $4; cpu[$2, n] = $5 == "" ? "max" : $5
	test_vendor[$2, n] = $6; wanted[$2, n] = $7
	configured[$3] = 1
	number_of[$2, $3] = n
	next
}

# ------------------------------------------------------------------------------------------------ the file

{
	sub(/\r$/, "")
	indented = /^[ \t\v\f]/
	line = $0
	if (line ~ /^[ \t\v\f]|[ \t\v\f]$/)
		line = trim(line)
}
line == "" || line ~ /^[#;]/ || failed { next }
line ~ /^\[.*\]$/ {
	end_section()
	section = substr(line, 2, length(line) - 2)
	if (section == "")
		fail(FNR, "a section without a name")
	else if (index(section, "|"))
		fail(FNR, "'|' in a section's name")
	else if (section in section_line)
		fail(FNR, "section [" section "] again; it first stands in line " section_line[section])
	section_line[section] = FNR
	key = ""
	next
}
indented && key == "cases" { item[++items] = line; next }
!index(line, "=") { fail(FNR, "expected '[section]' or 'key = value', not '" line "'"); next }
section == "" { fail(FNR, "expected a [section] before '" line "'"); next }
{
	key = trim(substr(line, 1, index(line, "=") - 1))
	value = trim(substr(line, index(line, "=") + 1))
	if (!(key in known_key))
		fail(FNR, "unknown key '" key "'; known: " keys)
	else if (key in key_line)
		fail(FNR, "key '" key "' again in [" section "]; it first stands in line " key_line[key])
	key_line[key] = FNR
	if (key != "cases")
		entry[key] = value
	else if (value != "")
		item[++items] = value
}

# ------------------------------------------------------------------------------------------------ what it says

# What every entry has to have.
function check(    i, need, n) {
	n = split("confirmed manual actual", need, " ")
	for (i = 1; i <= n; i++)
		if (entry[need[i]] == "")
			fail(section_line[section], "[" section "] has no '" need[i] "'")
	if (!items)
		fail(section_line[section], "[" section "] has no 'cases'")
	check_words(key_line["arch"], "architecture", entry["arch"], arch_names)
	check_words(key_line["accel"], "accelerator", entry["accel"], accel_names)
	check_words(key_line["nested"], "kind of nested run", entry["nested"], "no svm svm-npt vmx el2")
	if ("versions" in entry && !is_range(entry["versions"]))
		fail(key_line["versions"], "versions is LOW..HIGH, not '" entry["versions"] "'")
	if ("kernel" in entry && !is_range(entry["kernel"]))
		fail(key_line["kernel"], "kernel is LOW..HIGH, not '" entry["kernel"] "'")
	if (entry["unless"] ~ /[ ,]/)
		fail(key_line["unless"], "unless is one option of the accelerator, not '" entry["unless"] "'")
	if ("sometimes" in entry && entry["sometimes"] !~ /^[1-9][0-9]* of [1-9][0-9]* runs$/)
		fail(key_line["sometimes"], "sometimes is 'N of M runs', how often it was seen, not '" entry["sometimes"] "'")
	if (entry["kernel"] != "" && entry["accel"] != "kvm")
		fail(key_line["kernel"], "kernel is the host's, which matters to KVM: accel = kvm has to go with it")
	if (!(entry["confirmed"] in releases))
		releases[entry["confirmed"]] = entry["confirmed"] ~ "^" number "( " number ")*$"
	if (!releases[entry["confirmed"]])
		fail(key_line["confirmed"], "confirmed is a list of releases with spaces between, not '" entry["confirmed"] "'")
	if (entry["vendor"] !~ /^(intel|amd)?$/)
		fail(key_line["vendor"], "vendor is intel or amd, not '" entry["vendor"] "'")
	if (entry["verdict"] !~ /^(FAIL|CRASH|TIMEOUT)?$/)
		fail(key_line["verdict"], "verdict is FAIL, CRASH or TIMEOUT, not '" entry["verdict"] "'")
	for (i = 1; i <= items; i++)
		if (item[i] !~ /^.+:./)
			fail(key_line["cases"], "expected test:case or test:case/row, not '" item[i] "'")
}

function read_list(file,    line) {
	lists[file] = 1
	while ((getline line <file) > 0) {
		missing[file] = 0
		sub(/\t.*/, "", line)
		has[file, line] = 1
	}
	close(file)
}

# Whether the Ith test of the architecture has the case; also where its image is not built, so that there is no telling.
function has_case(arch, i, name,    file) {
	file = list[arch, i]
	if (file == "")
		return 1
	if (!(file in lists))
		read_list(file)
	return (file, name) in has
}

function is_for_cpu(patterns, model,    n, part, i) {
	n = split(patterns, part, " ")
	for (i = 1; i <= n; i++) {
		if (!(part[i] in expressions))
			expressions[part[i]] = expression(part[i])
		if (model ~ expressions[part[i]])
			return 1
	}
	return n == 0
}

# Whether a test of that name could be missed: a file of --config need not have all.
function is_missed(pattern,    name) {
	if (ENVIRON["KNOWN_COMPLETE"] == "true" || pattern in configured)
		return 1
	if (index(pattern, "*"))
		for (name in configured)
			if (name ~ expressions[pattern])
				return 1
	return 0
}

function add(where, text) {
	if (!(where in block_count))
		blocks[++count] = where
	block[where, ++block_count[where]] = text
}

# One item of the section, on one architecture.
function apply(arch, item, applies,    at, pattern, name, row, case_name, i, found) {
	at = index(item, ":")
	pattern = substr(item, 1, at - 1); name = substr(item, at + 1)
	row = ""; case_name = name
	if ((at = index(name, "/"))) {
		row = substr(name, at + 1); case_name = substr(name, 1, at - 1)
	}
	if (!index(pattern, "*")) {
		if ((arch, pattern) in number_of)
			found = apply_to(arch, number_of[arch, pattern], case_name, row, applies)
	} else {
		if (!(pattern in expressions))
			expressions[pattern] = expression(pattern)
		for (i = 1; i <= tests[arch]; i++)
			if (test_name[arch, i] ~ expressions[pattern] && apply_to(arch, i, case_name, row, applies))
				found = 1
	}
	if (!found && is_missed(pattern))
		fail(key_line["cases"], "there is no case " pattern ":" case_name " on " arch)
}

# The same for the Ith test, whose name matches. True if the test has the case, whether or not the section is for it now.
function apply_to(arch, i, case_name, row, applies,    vendor) {
	if (!has_case(arch, i, case_name))
		return 0
	if (!applies || !wanted[arch, i] || !is_for_cpu(entry["cpu"], cpu[arch, i]))
		return 1
	if (wanted[arch, i] == 2 && !((arch, test_name[arch, i], case_name) in selected))
		return 1
	vendor = test_vendor[arch, i] == "" ? arch_vendor[arch] : test_vendor[arch, i]
	if (is_for(entry["vendor"], vendor))
		add(arch "/" test_name[arch, i], "known\t" case_name "\t" row "\t" \
			(entry["verdict"] == "" ? "FAIL" : entry["verdict"]) "\t" said "\t" (entry["sometimes"] != ""))
	return 1
}

# What the section says, as soon as all of it is there.
function end_section(    i, j, arch, applies) {
	if (section == "" || failed)
		return
	check()
	said = entry["manual"] " Actual: " entry["actual"]
	if (said ~ /[\\\t\036]/) {
		gsub(/\\/, "\\\\&", said); gsub(/[\t\036]/, " ", said)
	}
	for (j = 1; j <= arch_count && !failed; j++) {
		arch = archs[j]
		if (!is_for(entry["arch"], arch) || !is_for(ENVIRON["KNOWN_ONLY"], accel[arch]))
			continue
		applies = is_for(entry["accel"], accel[arch]) && is_for(entry["nested"], ENVIRON["KNOWN_NESTED"]) && \
			!(entry["unless"] != "" && index("," options[arch] ",", "," entry["unless"] ",")) && \
			version_in(version[arch], entry["versions"]) && \
			version_in(ENVIRON["HOST_KERNEL"], entry["kernel"])
		for (i = 1; i <= items && !failed; i++)
			apply(arch, item[i], applies)
	}
	split("", entry); split("", key_line)
	items = 0
	section = ""
}

END {
	end_section()
	for (k = 1; k <= count && !failed; k++) {
		print "\036" blocks[k]
		for (i = 1; i <= block_count[blocks[k]]; i++)
			print block[blocks[k], i]
	}
	print "\036end"
}
