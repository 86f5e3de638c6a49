#!/usr/bin/env bash
# Citations of Intel's manual: whether each instruction and each section stands in the volume that is named. The editions
# meant are those of docs/manuals.md. Names every finding as file:line; exit status 1 if any.
set -u
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2

# A citation may go over several lines of a comment or of a string, so a file is looked at as one text in which \1 stands
# where a line ended. A citation begins after "vol. 2A," and ends with a semicolon, a quotation, a bracket or a sentence.
# shellcheck disable=SC2016 # awk's dollar
git ls-files '*.[chS]' '*.cfg' 'docs/*.md' ':!docs/known-deviations.md' | xargs awk '
function volume_of_instruction(name) {
	return name ~ /^[A-L]/ ? "2A" : name ~ /^[M-U]/ ? "2B" : name ~ /^V/ ? "2C" : "2D"
}
function volume_of_chapter(chapter) {
	return chapter <= 13 ? "3A" : chapter <= 22 ? "3B" : chapter <= 36 ? "3C" : "3D"
}
function complain(what, right) {
	if (right != volume) {
		printf "%s:%d: %s is in vol. %s, not %s\n", file, line, what, right, volume
		wrong = 1
	}
}
function check(cited,    parts, n, i, word) {
	gsub(/[\1 \t]+/, " ", cited)
	n = split(cited, parts, /, | and | or /)
	for (i = 1; i <= n; i++) {
		word = parts[i]
		sub(/^ /, "", word)
		sub(/^chapter /, ".", word)
		sub(/[ \/].*/, "", word)
		if (volume ~ /^2/ && word ~ /^([A-Z][A-Z0-9]+(cc)?|Jcc)$/)
			complain(word, volume_of_instruction(word))
		# Neither "table 6-2" nor "methods 5 and 6": a section has a point in it.
		if (volume ~ /^3/ && word ~ /^(\.[0-9]+|[0-9]+\.[0-9.]+)$/) {
			sub(/^\./, "", word)
			complain("chapter " int(word), volume_of_chapter(int(word)))
		}
	}
}
function look(    start) {
	line = 1
	gsub(/"\1[ \t]*"/, "\1", text)
	gsub(/\1[ \t]*(\*|#)? /, "\1 ", text)
	while (match(text, /vol\.[\1 ]+[23][A-D],[\1 ]+/)) {
		start = substr(text, 1, RSTART + RLENGTH - 1)
		text = substr(text, RSTART + RLENGTH)
		volume = substr(start, RSTART)
		line += gsub(/\1/, "", start)
		gsub(/^[^23]*|,.*/, "", volume)
		match(text, /[;")]|[.:][\1 ]|\*\/|$/)
		check(substr(text, 1, RSTART - 1))
	}
	text = ""
}
FNR == 1 && NR > 1 { look() }
FNR == 1 { file = FILENAME }
{ text = text $0 "\1" }
END { look(); exit wrong }'
