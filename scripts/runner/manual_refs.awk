# The manuals' places that cases stand on, from what show.bash says of the jobs: as list.awk, and the images' lists. Prints, for
# each place that a case names, fields separated by tabs: manual, volume, a key that sorts places, the place, its case, sentence.
#
# A reference is "MANUAL vol. N, PLACE, PLACE; vol. M, PLACE; OTHER MANUAL, PLACE". A place is a section's number, or what has
# none: an instruction, a chapter, a table. Tables, figures and paragraphs after a section are within it.

BEGIN { FS = "\t" }

$1 == "job" {
	label = (ENVIRON["LABEL_ARCHS"] == "true" ? $2 "/" : "") $3
	split("", wanted)
	next
}
$1 == "case" { wanted[$2] = 1; next }
$1 == "list" {
	while ((getline line <$2) > 0) {
		split(line, field, "\t")
		if (field[1] in wanted)
			reference(field[3], label ":" field[1], field[2])
	}
	close($2)
}

function is_section(text) {
	return text ~ /^([A-Z]?[0-9]+(\.[0-9]+)*|[A-Z](\.[0-9]+)+)$/
}

# Numbers in it with zeros before them.
function sort_key(text,    out) {
	out = is_section(text) ? "" : "~"
	while (match(text, /[0-9]+/)) {
		out = out substr(text, 1, RSTART - 1) substr("00000", 1, 5 - RLENGTH) substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

function reference(text, name, sentence,    parts, part, i, at, rest, manual, volume, place) {
	parts = split(text, part, /; */)
	for (i = 1; i <= parts; i++) {
		if (part[i] ~ /^vol\. / && manual != "")
			part[i] = manual " " part[i]
		rest = part[i]
		if (manual != "" && rest ~ /^[1-5][A-D]?, /)
			rest = manual " vol. " rest
		if (i == 1 || !is_same_manual(rest)) {
			at = index(rest, ", ")
			manual = at ? substr(rest, 1, at - 1) : rest
			rest = at ? substr(rest, at + 2) : ""
			volume = ""
			if ((at = index(manual, " vol. "))) {
				volume = substr(manual, at + 1)
				manual = substr(manual, 1, at - 1)
			}
		}
		places(manual, volume, rest, name, sentence)
	}
}

# Whether what follows a semicolon goes on in the manual and volume of what stands before it.
function is_same_manual(text) {
	if (text ~ /^([A-Z]?[0-9]+\.[0-9]|[A-Z]\.[0-9]|chapter |appendix |table |figure |section )/)
		return 1
	return !index(text, ", ") && text !~ /^(IEEE|FIPS|RFC|POSIX|C[0-9]|DEN|IHI|DDI|Intel|gcc|OpenBSD|SDM|APM|PoP)|\.(h|md|rst)/
}

function places(manual, volume, rest, name, sentence,    n, item, i, number, last) {
	if (rest == "")
		place(manual, volume, "", name, sentence)
	n = split(rest, item, /, | and /)
	for (i = 1; i <= n; i++) {
		number = item[i]
		sub(/^and /, "", number); sub(/^sections? /, "", number)
		if (number ~ /^[A-Z]?[0-9]+(\.[0-9]+)* /)
			sub(/ .*/, "", number)
		if (is_section(number)) {
			place(manual, volume, number, name, sentence)
			last = number
		} else if (last == "" || number !~ /^(tables?|figures?|paragraphs?|items?|bullets?|notes?|step|[0-9]+-[0-9]+|[a-z(])/) {
			place(manual, volume, number, name, sentence)
			last = number
		}
	}
}

function place(manual, volume, text, name, sentence) {
	if (manual != "")
		printf "%s\t%s\t%s\t%s\t%s\t%s\n", manual, volume, sort_key(text), text, name, sentence
}
