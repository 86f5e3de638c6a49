# Reads KTAP as strictly as the Linux kernel's Documentation/dev-tools/ktap.rst has it, and stricter where that only
# recommends: names each line that is not so, and exits with 1 if there is any. At the end, with -v dump=1, it prints each
# result with its level, verdict, and name.
#
# - A version line comes first, at every level; then, besides diagnostic lines, the plan, always.
# - Results are `ok` or `not ok`, number, description, and perhaps ` # ` with a directive or diagnostic data; they are
#   numbered from 1 on and as many as the plan says. A description has no `#`.
# - Nested results stand two spaces further in, before the result of the test that they belong to, which fails if one of
#   them does. `# Subtest: ` has that one's description.
# - Directives are SKIP, TODO, XFAIL, TIMEOUT and ERROR; `not ok` belongs to the last two, and they say what happened.

function wrong(text) {
	printf "%d: %s: %s\n", NR, text, $0
	faults++
}

# Ends the nested results deeper than this level.
function leave(to) {
	for (; level > to; level--) {
		if (plan[level] == "")
			wrong("level " level " had no plan")
		else if (plan[level] != count[level])
			wrong("a plan of " plan[level] ", but " count[level] " results at level " level)
		nested_failed = bad[level]
		nested_name = subtest[level]
		nested = 1
	}
}

function result(ok, text,    number, name, data, at, directive, failed) {
	if (plan[level] == "")
		wrong("a result before the plan")
	if (text !~ /^[0-9]+( |$)/) {
		wrong("a result without a number")
		return
	}
	number = text
	sub(/[^0-9].*/, "", number)
	name = substr(text, length(number) + 2)
	if (number != ++count[level] "")
		wrong("number " number " where " count[level] " was due")
	data = ""
	if (at = index(name, " # ")) {
		data = substr(name, at + 3)
		name = substr(name, 1, at - 1)
	}
	if (name ~ /#/)
		wrong("# in a description")
	if (name ~ /^ | $|^$/)
		wrong("spaces around the description, or none")
	directive = data
	sub(/ .*/, "", directive)
	if (directive !~ /^(SKIP|TODO|XFAIL|TIMEOUT|ERROR)$/) {
		directive = ""
		if (toupper(data) ~ /^(SKIP|TODO|XFAIL|TIMEOUT|ERROR)/)
			wrong("a directive, or not")
	} else if (data !~ /^[A-Z]+ [^ ]/)
		wrong("a directive without a reason")
	if (ok && directive ~ /^(TIMEOUT|ERROR)$/)
		wrong(directive " is not ok")
	failed = !ok && directive !~ /^(SKIP|TODO)$/
	if (nested) {
		if (nested_name != "" && nested_name != name)
			wrong("the results before it are of '" nested_name "'")
		if (nested_failed && ok && directive !~ /^(XFAIL|TODO|SKIP)$/)
			wrong("ok, but nested results are not")
		nested = 0
	}
	bad[level] += failed
	if (dump)
		results = results level " " (ok ? "ok" : "not ok") (directive == "" ? "" : " " directive) " " name "\n"
}

/[^\t -~]/ { wrong("a byte that is no printable character") }

{
	match($0, /^ */)
	indent = RLENGTH
	text = substr($0, indent + 1)
	if (indent % 2) {
		wrong("not indented by twos")
		next
	}
	deep = indent / 2 + 1
}

text == "KTAP version 1" {
	if (deep != level + 1)
		wrong("a version line at level " deep " within level " level)
	level = deep
	plan[level] = ""; count[level] = 0; bad[level] = 0; subtest[level] = ""
	nested = 0
	next
}
!level { wrong("before the version line"); next }
deep > level && text ~ /^(ok|not ok|1\.\.)/ { wrong("nested results without a version line"); next }
text ~ /^# Subtest: ./ && deep == level && plan[level] == "" { subtest[level] = substr(text, 12); next }
# Of the level that it stands at: a note on a test of this level, after its nested results.
text ~ /^#( |$)/ { if (deep < level) leave(deep); next }
text ~ /^1\.\.(0|[1-9][0-9]*)$/ {
	if (deep != level || plan[level] != "" || count[level])
		wrong("a plan where none belongs")
	plan[level] = substr(text, 4) + 0
	next
}
text ~ /^ok / { leave(deep); result(1, substr(text, 4)); next }
text ~ /^not ok / { leave(deep); result(0, substr(text, 8)); next }
{ wrong("no line of KTAP") }

END {
	if (!level) {
		print "nothing of KTAP"
		faults++
	}
	leave(0)
	if (faults)
		exit 1
	printf "%s", results
}
