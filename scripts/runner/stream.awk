# The lines of a guest's console, one after the other, and what each says of its case: take(LINE). ktap.awk has said what
# the line is; judge.awk has the cases and their verdicts.

# One line of the console.
function take(line) {
	parse(line)
	if (stopped) {
	} else if (totals_seen) {
		after_totals(line)
	} else if (holding) {
		hold(line)
	} else if (kind == "result") {
		case_result(line)
	} else if (kind == "start") {
		start_case(line)
	} else if (kind == "row" && in_case) {
		row_result()
	} else if (kind == "row_note" && in_case) {
		if (body != "Subtest: " names[judged + 1]) {
			add_note(body)
			if (++row_note_count <= 60)
				row_notes = row_notes (row_notes == "" ? "" : "\\n") escape(body)
		}
	} else if (kind == "note" && in_case) {
		add_note(body)
		if (body !~ /^(spec|leaked): /)
			case_notes++
	} else if (kind == "row_plan" && in_case) {
		if (row_plan != "")
			object("two plans of the rows")
		row_plan = number
	} else if (kind == "plan") {
		if (plan == "" && !in_case && !judged)
			plan = number
		else if (in_case || judged)
			object("a plan, '" line "', where none belongs")
		else
			object_to_stream("two plans")
	} else if (kind == "totals") {
		totals_line(line)
	} else if (kind == "header" && in_case) {
		# The machine was reset and the image boots again, or the case prints this: what comes next tells.
		maybe_restarted = 1
		object("'KTAP version' within the case")
	} else if (kind == "header") {
		restarted = stopped = 1
	} else if (kind == "bail") {
		# GLib's g_assert() and g_assert_not_reached() say so on standard output: it is the VMM that died of it, not
		# the guest that gave up.
		if (how == "died" && body ~ /^ ERROR:.*: (assertion failed|code should not be reached)/)
			return
		bailed = body == "" ? "without a word" : escape(substr(body, 2))
		stopped = 1
	} else if (kind !~ /^(blank|note|row_note|row_header)$/ || (kind == "row_header" && !in_case)) {
		if (!is_glued(line))
			object(not_ktap(line))
	}
}

# A start mark, or a result, of the next case within the running one: one of the two is not what it seems. Either the
# result of the running case is lost, or its test prints this. What comes until that is known is held.
function is_next() {
	return in_case && !replaying && number == judged + 2 && name == names[judged + 2]
}

function hold(line) {
	if (!holding) {
		holding = 1
		held_count = 0
		held_start = kind == "start"
	} else if (kind == "result" && number == judged + 1 && name == names[judged + 1]) {
		# It goes on: all of that is its own.
		release(1)
		take(line)
		return
	} else if (kind == "totals" || (kind == "start" && number == judged + 3 && name == names[judged + 3]) ||
		(held_start && kind == "result" && number == judged + 2 && name == names[judged + 2])) {
		release(0)
		take(line)
		return
	} else if (kind == "header") {
		maybe_restarted = 1
	} else if (kind == "bail" || is_restart()) {
		release(1)
		take(line)
		return
	}
	held[++held_count] = line
}

# Reads again what was held, as the running case's own or as what follows it.
function release(own,    lines, count, i) {
	holding = 0
	count = held_count
	for (i = 1; i <= count; i++)
		lines[i] = held[i]
	if (!own)
		lose("no result before the start of the next case")
	replaying = own
	for (i = 1; i <= count; i++)
		take(lines[i])
	replaying = 0
}

# The running case's result is not on the console, or was not to be read.
function lose(text) {
	object(text)
	end_case("FAIL", "")
	lost++
}

function is_restart() {
	return maybe_restarted && kind == "start" && number == 1 && name == names[1]
}

function start_case(line) {
	if (is_restart()) {
		restarted = stopped = 1
	} else if (is_next()) {
		hold(line)
	} else if (in_case) {
		object("a start mark for '" number " " name "' within the case")
	} else if (number <= judged || number > expected || name != names[number]) {
		object("a start mark for '" number " " name "' instead of '" \
			(judged + 1 > expected ? "the totals" : judged + 1 " " names[judged + 1]) "'")
	} else {
		while (judged + 1 < number) {
			begin_case()
			lose("neither its start mark nor its result is on the console")
		}
		begin_case()
	}
}

function begin_case() {
	if (!judged && plan == "")
		object("no plan before the first case")
	in_case = 1; objection = early_objection; early_objection = ""
	notes = ""; note_count = 0; rows = 0; row_plan = ""; bad_rows = 0; unknown_rows = 0
	fixed_rows = 0; case_notes = 0; maybe_restarted = 0
	split("", row_seen); split("", known_seen)
}

function say(what, by) {
	said_count[what] += by
	last_said = what
}

function case_result(line,    what) {
	what = !ok ? "fail" : directive == "SKIP" ? "skip" : "pass"
	if (is_next()) {
		hold(line)
		return
	}
	if (!in_case && judged && number == judged && name == names[judged]) {
		# The later one is what the guest has counted.
		object("two results")
		say(last_said, -1)
		say(what, 1)
		return
	}
	if (number != judged + 1 || name != names[judged + 1]) {
		object("a result for '" number " " name "' that is not running")
		return
	}
	if (!in_case) {
		begin_case()
		object("no start mark before the result")
	}
	if (ok && bad_rows)
		object("the case passed although rows of it failed")
	if (row_plan != "" && row_plan != rows)
		object("a plan of " row_plan " rows, and " rows " came")
	say(what, 1)
	if (what == "skip" && notes == "")
		notes = escape(reason(detail))
	end_case(what == "fail" ? "FAIL" : what == "skip" ? "SKIP" : "PASS", directive == "time" ? detail : "")
}

function totals_line(line) {
	if (in_case && judged + 1 != expected) {
		object("totals within the case")
		return
	}
	if (in_case)
		lose("no result before the totals")
	totals_seen = 1
	totals = line
}

# Whether the totals are those of the results. Of what was lost nobody knows how it was counted, and if it was.
function totals_are_true(    part, said, sum) {
	if (totals !~ /^# totals: pass=[0-9]+ fail=[0-9]+ skip=[0-9]+$/)
		return 0
	split(totals, part, /[^0-9]+/)
	sum = part[2] + part[3] + part[4]
	said = said_count["pass"] + said_count["fail"] + said_count["skip"]
	return part[2] >= said_count["pass"] && part[3] >= said_count["fail"] && part[4] >= said_count["skip"] &&
		sum <= said + lost
}

# Something else was printed into a line: if it ends with the one that is due, it is that, and its case has an objection.
# Whether a result in it is what the guest has counted, nobody knows.
function is_glued(line,    next_name, objected) {
	objected = not_ktap(line)
	next_name = (judged + 1) " " names[judged + 1]
	if (in_case && (ends_with(line, "not ok " next_name, "result") || ends_with(line, "ok " next_name, "result"))) {
		lose(objected)
		return 1
	}
	if (!in_case && judged < expected && ends_with(line, "# start " next_name, "start")) {
		take(due)
		object(objected)
		return 1
	}
	if ((judged + in_case == expected && ends_with(line, "# totals: ", "totals")) ||
		(!in_case && !judged && plan == "" && ends_with(line, "1.." expected, "plan")) ||
		ends_with(line, "KTAP version 1", "header")) {
		object(objected)
		take(due)
		return 1
	}
	return 0
}

# Whether the line's end is a whole line of that kind which begins with `text`; then it is in `due`.
function ends_with(line, text, wanted,    at) {
	at = index(line, text)
	if (at < 2)
		return 0
	due = substr(line, at)
	parse(due)
	return kind == wanted && (wanted != "result" && wanted != "start" || name == names[judged + 1])
}

function not_ktap(line) {
	gsub(/[^ -~]/, "?", line)
	return "text on the console that is not KTAP: '" substr(line, 1, 100) "'"
}

function after_totals(line) {
	if (kind ~ /^(header|plan|start|result|totals|bail)$/)
		object_to_stream("'" line "' after the totals")
	else if (kind != "blank" && text_after == "")
		text_after = line
}
