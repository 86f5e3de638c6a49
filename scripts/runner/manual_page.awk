# Prints what manual_refs.awk found, sorted: which cases stand on each place of each manual, and which sections beside those
# that are named no case names: up to the last one, where the file SECTIONS has their number, else up to the last that is
# named. HTML=template: as that page with the same in it. json.awk goes with it.

BEGIN {
	FS = "\t"
	while (SECTIONS != "" && (getline <SECTIONS) > 0)
		if (NF == 3)
			sections[$1, $2] = $3
}

{
	book = $1 ($2 == "" ? "" : " " $2)
	if (book != last_book) {
		end_book()
		start_book()
	}
	if ($4 != last_place || !places) {
		place_name[++places] = $4
		cases[places] = 0
		last_place = $4
	}
	if (cases[places] && case_name[places, cases[places]] == $5)
		next # named twice
	case_name[places, ++cases[places]] = $5
	sentence[places, cases[places]] = $6
	if (chapter_of($4) != "")
		note_section($4)
	if (!((book, $5) in counted)) {
		counted[book, $5] = 1
		book_cases++
	}
}

END { end_book(); if (HTML != "") page() }

function start_book() {
	last_book = book
	last_place = ""
	places = book_cases = 0
	split("", named); split("", highest); split("", parents); parent_count = 0
}

# A section is named, and so are those that it is in.
function note_section(text,    at, parent, number) {
	while (match(text, /\.[0-9]+$/)) {
		named[text] = 1
		parent = substr(text, 1, RSTART - 1)
		number = substr(text, RSTART + 1) + 0
		if (!(parent in highest)) {
			highest[parent] = 0
			parents[++parent_count] = parent
		}
		if (number > highest[parent])
			highest[parent] = number
		text = parent
	}
}

# Those that are not named; of a chapter with all its sections, in order.
function gaps(chapter,    i, k, n, last, list, out) {
	for (i = 1; i <= parent_count; i++)
		if (parents[i] == chapter || index(parents[i], chapter ".") == 1) {
			last = highest[parents[i]]
			if ((last_book, parents[i]) in sections && sections[last_book, parents[i]] > last)
				last = sections[last_book, parents[i]]
			for (k = 1; k <= last; k++)
				if (!((parents[i] "." k) in named))
					list[++n] = parents[i] "." k
		}
	for (i = 2; i <= n; i++)
		for (k = i; k > 1 && comes_before(list[k], list[k - 1]); k--) {
			out = list[k]; list[k] = list[k - 1]; list[k - 1] = out
		}
	out = ""
	for (i = 1; i <= n; i++)
		out = out (i > 1 ? ", " : "") list[i]
	return out
}

function comes_before(a, b,    x, y, n, m, i) {
	n = split(a, x, "."); m = split(b, y, ".")
	for (i = 2; i <= n && i <= m; i++)
		if (x[i] != y[i])
			return x[i] + 0 < y[i] + 0
	return n < m
}

function chapter_of(text) {
	if (text !~ /^([A-Z]?[0-9]+(\.[0-9]+)*|[A-Z](\.[0-9]+)+)$/)
		return ""
	sub(/\..*/, "", text)
	return text
}

function end_book(    i, j, chapter, next_chapter, missing) {
	if (last_book == "" || !places)
		return
	if (HTML != "")
		books = books (books == "" ? "" : ",\n") "{\"name\":" json(last_book) ",\"cases\":" book_cases ",\"places\":["
	else
		print last_book " (" book_cases (book_cases == 1 ? " case)" : " cases)")
	for (i = 1; i <= places; i++) {
		chapter = chapter_of(place_name[i])
		next_chapter = i < places ? chapter_of(place_name[i + 1]) : ""
		if (HTML != "") {
			books = books (i > 1 ? ",\n" : "") "[" json(place_name[i]) ",["
			for (j = 1; j <= cases[i]; j++)
				books = books (j > 1 ? "," : "") "[" json(case_name[i, j]) "," json(sentence[i, j]) "]"
			missing = chapter != "" && chapter != next_chapter ? gaps(chapter) : ""
			books = books "]," json(missing) "]"
			continue
		}
		print "  " (place_name[i] == "" ? "(no section)" : place_name[i])
		for (j = 1; j <= cases[i]; j++)
			print "    " case_name[i, j] "  " sentence[i, j]
		if (chapter != "" && chapter != next_chapter && (missing = gaps(chapter)) != "")
			print "  of chapter " chapter ", no case names: " missing
	}
	if (HTML != "")
		books = books "]}"
}

function page(    line) {
	while ((getline line <HTML) > 0) {
		if (line == "@DATA@")
			print "[" html_safe(books) "]"
		else
			print line
	}
}
