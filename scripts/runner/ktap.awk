# What one line of a guest's console is; docs/output-formats.md has the grammar. parse(TEXT) sets
#
#	kind       header, plan, start, result, totals, bail, note; row_header, row_plan, row, row_note; blank; or text, which
#	           is what is none of them
#	number     of a plan, start mark, result or row
#	name       of a start mark, result, row, or the case that row_subtest names
#	ok         whether a result or row is "ok"
#	directive  SKIP, time or nothing; detail: the reason, or the milliseconds
#	body       of a note or row_note, and what follows "Bail out!"

function parse(text,    rest) {
	kind = "text"; number = 0; name = directive = detail = body = ""; ok = 0
	if (text ~ /^[ \t]*$/)
		kind = "blank"
	else if (text ~ /^  /)
		parse_row(substr(text, 3))
	else if (text == "KTAP version 1")
		kind = "header"
	else if (text ~ /^1\.\./)
		parse_plan(text, "plan")
	else if (text ~ /^# start [0-9]/) {
		if (parse_numbered(substr(text, 9)) && name != "")
			kind = "start"
	} else if (text ~ /^# totals: /)
		kind = "totals"
	else if (text ~ /^#( |$)/) {
		kind = "note"
		body = substr(text, 3)
	} else if (text ~ /^Bail out!/) {
		kind = "bail"
		body = substr(text, 10)
	} else if (parse_result(text) && directive_fits("^time=[0-9]+\\.[0-9]ms$"))
		kind = "result"
}

# A line two spaces further in.
function parse_row(text) {
	if (text == "KTAP version 1")
		kind = "row_header"
	else if (text ~ /^1\.\./)
		parse_plan(text, "row_plan")
	else if (text ~ /^(# |  )/) {
		kind = "row_note"
		body = text ~ /^# / ? substr(text, 3) : text
	} else if (parse_result(text) && directive_fits("")) {
		gsub(/\\#/, "#", name)
		gsub(/\\\\/, "\\", name)
		kind = "row"
	}
}

# A number is written in one way only: no sign, no zeros before it, and not so large that arithmetic would round it.
function is_number(text) {
	return text ~ /^(0|[1-9][0-9]*)$/ && length(text) < 10
}

function parse_plan(text, as) {
	text = substr(text, 4)
	if (is_number(text)) {
		kind = as
		number = text + 0
	}
}

# "NUMBER NAME"
function parse_numbered(text,    space) {
	space = index(text, " ")
	if (!space || !is_number(substr(text, 1, space - 1)))
		return 0
	number = substr(text, 1, space - 1) + 0
	name = substr(text, space + 1)
	return name !~ /[\001-\037\177]/
}

# "ok NUMBER NAME" or "not ok ...", with a directive or without.
function parse_result(text,    at) {
	if (text ~ /^ok /) {
		ok = 1
		text = substr(text, 4)
	} else if (text ~ /^not ok /) {
		text = substr(text, 8)
	} else {
		return 0
	}
	if ((at = index(text, " # ")) > 0) {
		directive = substr(text, at + 3)
		text = substr(text, 1, at - 1)
	}
	return parse_numbered(text)
}

# Splits the directive. It is SKIP, which nothing that failed can be, with a reason or without, or what `other` matches.
function directive_fits(other) {
	if (ok && directive ~ /^SKIP( |$)/ && directive !~ /[\001-\037\177]/) {
		detail = substr(directive, 6)
		directive = "SKIP"
	} else if (other != "" && directive ~ other) {
		detail = substr(directive, 6, length(directive) - 7)
		directive = "time"
	}
	return directive == "" || directive == "SKIP" || directive == "time"
}
