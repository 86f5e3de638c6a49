# JSON, for programs that write it.

BEGIN {
	for (i = 0; i < 256; i++)
		code[sprintf("%c", i)] = i
}

# Nothing in data ends the script element that it stands in. Not by gsub(), as awks differ about a \ in what it puts in; nor
# at "<", as original-awk then splits at newlines, too.
function html_safe(text,    part, count, i) {
	count = split(text, part, /[<]/)
	text = part[1]
	for (i = 2; i <= count; i++)
		text = text "\\u003c" part[i]
	return text
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

# The length of the UTF-8 character beyond ASCII that `text` starts with, 0 if it is none: only those of
# RFC 3629's table, as readers of JSON may refuse the whole file for another.
function utf8_length(text) {
	if (text ~ /^[\302-\337][\200-\277]/)
		return 2
	if (text ~ /^(\340[\240-\277]|[\341-\354\356\357][\200-\277]|\355[\200-\237])[\200-\277]/)
		return 3
	if (text ~ /^(\360[\220-\277]|[\361-\363][\200-\277]|\364[\200-\217])[\200-\277][\200-\277]/)
		return 4
	return 0
}

function json(text,    out, i, c, n) {
	if (text !~ /[^ -~]/ && !index(text, "\"") && !index(text, "\\"))
		return "\"" text "\""
	out = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\"" || c == "\\")
			out = out "\\" c
		else if (c == "\n")
			out = out "\\n"
		else if (c > "~" && (n = utf8_length(substr(text, i, 4)))) {
			out = out substr(text, i, n)
			i += n - 1
		} else if (c < " " || c > "~")
			out = out sprintf("\\u%04x", code[c])
		else
			out = out c
	}
	return "\"" out "\""
}

# A number as JSON writes it: what a guest or a list calls one need not be one.
function json_number(text) {
	return text ~ /^[0-9]+(\.[0-9]+)?$/ ? text + 0 : "null"
}

# "a;b;" as ["a","b"].
function json_list(text,    part, n, i, out) {
	n = split(text, part, ";")
	out = ""
	for (i = 1; i < n; i++)
		out = out (i > 1 ? "," : "") json(part[i])
	return "[" out "]"
}
