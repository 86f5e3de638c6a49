# Judges the console of one boot; ktap.awk says what each line is, and stream.awk what follows from it.
#
# Standard input: what is expected, fields separated by tabs, in order:
#	case NAME                       a case that this boot was to run
#	known NAME ROW VERDICT WORDS SOMETIMES
#	                                a deviation of this VMM that known.cfg explains: ROW may be empty, or have *;
#	                                VERDICT is what it leads to, FAIL, CRASH or TIMEOUT; SOMETIMES is 1 if a pass
#	                                says nothing against it, else 0
# Then the console, the file named by CONSOLE. Variables: how = ended, died, timeout, interrupted (of the VMM);
# said = what its exit status claims, passed, failed or nothing; words = that in words, for people;
# STDERR = the file that has what the VMM said there; before = the boot of this test before this one: nothing
# (this is the first), "barren" (it came to no case) or "fertile".
#
# Prints, fields separated by tabs, newlines in messages as \n:
#	VERDICT CASE ROW MS MESSAGE     the rows of a case come before it
#	counts VERDICT N VERDICT N ...  of the cases, not the rows
#	resume INDEX BOOT               cases from the INDEXth on were not judged: boot again from there; BOOT is what
#	                                `before` is to be then
#
# A case passes only if the stream says so without contradicting itself anywhere: results in the order
# of the plan, each after its start mark, a plan of the right length, totals that agree, nothing that
# is not KTAP in between, and a VMM that ended as it should. A line that is lost, or that something else
# was printed into, costs the case that it belongs to, and no other.

BEGIN {
	FS = "\t"
	expected = 0; judged = 0; in_case = 0; reading_console = 0
	boot = "fertile"
}

function escape(text) {
	gsub(/\\/, "\\\\&", text)
	gsub(/\t/, " ", text)
	gsub(/[^\001-\377]/, "?", text) # the runner's shell knows no NUL
	return text
}

function add_note(text) {
	if (++note_count <= 60)
		notes = notes (notes == "" ? "" : "\\n") escape(text)
}

function emit(verdict, name, row, ms, message) {
	if (row == "")
		emitted[verdict]++
	printf "%s\t%s\t%s\t%s\t%s\n", verdict, name, row, ms, message
}

# A contradiction: in the running case, else in the one that had its result last; before the first case, in that one.
function object(text) {
	if (in_case) {
		if (objection == "")
			objection = text
	} else if (totals_seen) {
		object_to_stream(text)
	} else if (judged) {
		demote("FAIL", text)
	} else if (early_objection == "") {
		early_objection = text
	}
}

function object_to_stream(text) {
	if (stream_objection == "")
		stream_objection = text
}

# The last case's verdict is none to keep: what came before the next start mark or the totals speaks against it.
function demote(verdict, text, more,    part) {
	split(kept[kept_count], part, "\t")
	if (part[1] ~ /^(PASS|SKIP|KNOWN|FIXED)$/ || (verdict != "FAIL" && part[1] == "FAIL")) {
		kept[kept_count] = verdict "\t" part[2] "\t\t" part[4] "\t" escape(text) (part[5] == "" ? "" : "\\n" part[5]) more
	}
}

# The words of known.cfg on a row, and in matched the entry that has them; '' if there is none.
function known_words(name, row,    i) {
	matched = (name, row) in known_exact ? known_exact[name, row] : 0
	for (i = 1; !matched && i <= wild_count[name]; i++)
		if (row ~ known_pattern[wild[name, i]])
			matched = wild[name, i]
	if (matched) {
		known_seen[matched] = 1
		return known_text[matched]
	}
	return (name, "FAIL") in known_case ? known_case[name, "FAIL"] : ""
}

# A row's name with * for anything, as an expression for all of it.
function pattern(row) {
	gsub(/[][\\.^$()|+?{}]/, "\\\\&", row)
	gsub(/\*/, ".*", row)
	return "^" row "$"
}

# After a SKIP directive. One without a reason is a skip all the same, and no pass.
function reason(text) {
	return text == "" ? "no reason given" : text
}

function row_result(    verdict, words) {
	if (name == "") {
		object("a row without a name")
		name = "?"
	}
	if (rows >= 10000) {
		object("more than 10000 rows")
		row_notes = ""; row_note_count = 0
		return
	}
	if (number != ++rows)
		object("row " number " where row " rows " was due")
	if (name in row_seen)
		object("two rows named '" name "'")
	row_seen[name] = 1
	words = known_words(names[judged + 1], name)
	if (ok && directive == "SKIP")
		verdict = "SKIP"
	else if (ok)
		verdict = matched && !known_sometimes[matched] ? "FIXED" : "PASS"
	else
		verdict = words != "" ? "KNOWN" : "FAIL"
	if (!ok) bad_rows++
	if (verdict == "FAIL") unknown_rows++
	if (verdict == "FIXED") fixed_rows++
	pending_rows[++pending] = verdict "\t" names[judged + 1] "\t" escape(name) "\t\t" \
		(verdict == "KNOWN" ? words : verdict == "SKIP" ? escape(reason(detail)) : row_notes)
	row_notes = ""; row_note_count = 0
}

# A row that known.cfg names but that did not come is as wrong there as one that passes.
function missing_known_rows(    i) {
	for (i = 1; i <= known_count; i++)
		if (known_name[i] == names[judged + 1] && known_row[i] != "" && !(i in known_seen))
			return known_row[i]
	return ""
}

# Ends the running case with this verdict of the stream's, after what known.cfg says of it.
function end_case(verdict, ms,    i, name, words, missing) {
	name = names[judged + 1]
	if (objection != "" && (verdict == "PASS" || verdict == "SKIP" || verdict == "FAIL")) {
		verdict = "FAIL"
		notes = escape(objection) (notes == "" ? "" : "\\n" notes)
		words = ""
	} else {
		words = (name, verdict) in known_case ? known_case[name, verdict] : ""
		if (verdict == "FAIL" && words == "" && bad_rows && !unknown_rows && !case_notes)
			words = "only in rows that are known"
	}
	if (words != "") {
		verdict = "KNOWN"
		notes = words (notes == "" ? "" : "\\n" notes)
	} else if (verdict == "PASS") {
		missing = missing_known_rows()
		if (name in known_always)
			notes = "known.cfg lists this case as failing"
		else if (fixed_rows)
			notes = "known.cfg lists rows as failing that pass"
		else if (missing != "")
			notes = "known.cfg lists a row '" escape(missing) "' that does not exist"
		else
			notes = ""
		if (notes != "") verdict = "FIXED"
	}
	for (i = 1; i <= pending; i++)
		kept[++kept_count] = pending_rows[i]
	pending = 0; row_notes = ""; row_note_count = 0
	kept[++kept_count] = verdict "\t" name "\t\t" ms "\t" notes
	in_case = 0
	judged++
}

!reading_console && FILENAME != CONSOLE {
	if ($1 == "case")
		names[++expected] = $2
	else if ($1 == "known" && $3 == "") {
		# Several entries may each have a verdict of their own.
		known_case[$2, $4] = $5
		if (!$6)
			known_always[$2] = 1
	} else if ($1 == "known") {
		known_name[++known_count] = $2; known_row[known_count] = $3
		known_text[known_count] = $5; known_sometimes[known_count] = $6
		if (index($3, "*")) {
			wild[$2, ++wild_count[$2]] = known_count
			known_pattern[known_count] = pattern($3)
		} else {
			known_exact[$2, $3] = known_count
		}
	}
	next
}

!reading_console { reading_console = 1 }

{ sub(/\r$/, "") }

# The harness writes no line half as long; a flood without newlines is not worth more.
length($0) > 1024 { $0 = substr($0, 1, 1024) }

/[^ \t]/ { tail[++tail_count % 10] = $0 }

# Firmware may have begun the line. A plan without a first line: that one is lost.
!header {
	if ($0 ~ /KTAP version 1$/)
		header = 1
	else if ($0 ~ /^1\.\.[0-9]+$/) {
		header = 1
		object("no 'KTAP version 1' before the plan")
		take($0)
	} else if (first_line == "" && $0 ~ /[^ \t]/)
		first_line = $0
	next
}

{ take($0) }

# A line as it is shown: bounded, with no half of an address at its end, and without what would disturb its reader.
function shown(text) {
	if (length(text) > 200) {
		text = substr(text, 1, 200)
		sub(/ [^ ]*$/, " ...", text)
	}
	gsub(/[^\t -~\200-\377]/, "?", text)
	return "\\n  " escape(text)
}

# The end of the console and what the VMM said, registers it may be, after a message on a boot that ended early.
function last_words(    i, count, text, line, lines) {
	text = ""
	for (i = tail_count > 10 ? tail_count - 9 : 1; i <= tail_count; i++)
		text = text shown(tail[i % 10])
	if (text != "")
		text = "\\nthe console ends with:" text
	# The first 30 lines and the last 10.
	count = 0
	while (STDERR != "" && (getline line <STDERR) > 0)
		if (line ~ /[^ \t\r]/)
			lines[++count <= 30 ? count : 31 + count % 10] = line
	if (count > 1 || (count == 1 && !index(words, lines[1])))
		text = text "\\nthe VMM's standard error:"
	else
		count = 0
	for (i = 1; i <= count && i <= 30; i++)
		text = text shown(lines[i])
	if (count > 40)
		text = text "\\n  ..."
	for (i = count > 40 ? count - 9 : 31; i <= count; i++)
		text = text shown(lines[31 + i % 10])
	return text
}

# The rest of the cases of this boot, from the one that would be next.
function rest(verdict, message, more) {
	while (judged < expected) {
		begin_case()
		notes = message more
		end_case(verdict, "")
		more = "" # once is enough
	}
}

# The boot came to no case. What ended it must not be lost, so that the first case is charged with it, as a case is
# with what ends the VMM after its result; the next boot begins after it. Where that is barren as well, it is not the
# cases, and they all are charged.
function barren(verdict, message) {
	if (before == "barren" || stream_objection != "") {
		rest(verdict, message, last_words())
		return
	}
	begin_case()
	notes = message last_words()
	end_case(verdict, "")
	boot = "barren"
	if (judged < expected)
		resume = judged + 1
}

# What a sanitizer that the VMM was built with has reported on standard error, or nothing.
function sanitizer_report(    line, found) {
	while (STDERR != "" && (getline line <STDERR) > 0)
		if (found == "" && line ~ /(ERROR|WARNING): [A-Za-z]+Sanitizer|: runtime error: /)
			found = line
	close(STDERR)
	return found
}

END {
	# The boot is over, and nothing has shown what that was: the case that it came in is the one to be charged.
	if (holding)
		release(1)
	if (how == "interrupted" && !totals_seen && bailed == "" && !restarted) {
		# What has its result keeps it; of the others nothing is known.
		if (plan != "" && plan != expected)
			object_to_stream("a plan of " plan " cases instead of " expected)
	} else if (!header) {
		verdict = how == "timeout" ? "TIMEOUT" : "ERROR"
		why = words (first_line == "" ? "" : "; the console says '" substr(first_line, 1, 100) "'")
		# Nothing to go by: no boot after the first would do better. But where there was one that did, this is odd.
		if (before == "")
			rest(verdict, escape(why), last_words())
		else
			barren(verdict, escape(why))
	} else if (bailed != "") {
		# In a case, it concerns that one; before the first, all of them.
		if (in_case) {
			objection = ""
			notes = "Bail out! " bailed (notes == "" ? "" : "\\n" notes)
			end_case("ERROR", "")
		} else if (judged) {
			demote("ERROR", "Bail out! " bailed)
		} else {
			rest("ERROR", "Bail out! " bailed)
		}
		if (judged < expected)
			resume = judged + 1
	} else if (plan == "" && how != "timeout" && !judged && !in_case) {
		barren("ERROR", "no plan; " escape(words))
	} else if (!totals_seen) {
		if (plan != "" && plan != expected)
			object_to_stream("a plan of " plan " cases instead of " expected)
		why = restarted ? "the guest started again" : words
		verdict = how == "timeout" && !restarted ? "TIMEOUT" : "CRASH"
		if (in_case) {
			# What it printed last explains nothing against its not having ended.
			objection = ""
			notes = escape(why) (notes == "" ? "" : "\\n" notes) last_words()
			end_case(verdict, "")
		} else if (judged == 0) {
			barren(verdict, escape(why ", before the first case"))
		} else {
			# Nothing stands between a result and the next start mark but the end of the case.
			demote(verdict, why ", after the result" (judged == expected ? " and before the totals" : ""), last_words())
		}
		if (judged < expected && stream_objection == "")
			resume = judged + 1
		else if (judged < expected)
			rest("ERROR", escape(stream_objection))
	} else {
		if (plan != "" && plan != expected)
			object_to_stream("a plan of " plan " cases instead of " expected)
		claimed = "# totals: pass=" said_count["pass"] + 0 " fail=" said_count["fail"] + 0 " skip=" said_count["skip"] + 0
		if (judged != expected)
			object("totals after " judged " of " expected " cases")
		else if (lost ? !totals_are_true() : totals != claimed)
			object("'" substr(totals, 3) "', but the results say '" substr(claimed, 3) "'")
		else if (how == "ended" && said == "passed" && said_count["fail"] && !lost)
			object("failed cases, but the guest ended the VMM as passed")
		else if (how == "ended" && said == "failed" && !said_count["fail"] && !lost)
			object("no failed case, but the guest ended the VMM as failed")
		rest("ERROR", escape(stream_objection))
		if (how != "ended" && how != "interrupted" && stream_objection == "")
			demote(how == "timeout" ? "TIMEOUT" : "CRASH", words ", after the totals", last_words())
		else if (text_after != "")
			demote("ERROR", "text after the totals: '" substr(text_after, 1, 100) "'")
		else if ((report = sanitizer_report()) != "")
			demote("ERROR", "the VMM's standard error has '" substr(report, 1, 200) "'", last_words())
	}

	for (i = 1; i <= kept_count; i++) {
		split(kept[i], part, "\t")
		# A stream that contradicts itself can be believed in nothing good that it says.
		if (stream_objection != "" && part[1] ~ /^(PASS|SKIP|KNOWN|FIXED)$/)
			emit("ERROR", part[2], part[3], part[4], escape("the console cannot be trusted: " stream_objection))
		else
			emit(part[1], part[2], part[3], part[4], part[5])
	}
	printf "counts"
	n = split("PASS FAIL SKIP KNOWN FIXED CRASH TIMEOUT ERROR", part, " ")
	for (i = 1; i <= n; i++)
		if (part[i] in emitted)
			printf "\t%s\t%d", part[i], emitted[part[i]]
	print ""
	if (resume)
		print "resume\t" resume "\t" boot
}
