# shellcheck shell=bash
# --compare: two runs, case by case and row by row.

# Slower is a case that takes so many times as long, and so many ms more, beyond what the cases of the run have become slower
# for the most part: hosts are more or less busy, and a case may meet a busy moment. Of three rounds that happens to all of them
# seldom: then a fifth of that is enough.
SLOWER_FACTOR=5
SLOWER_MS=1000

# compare_results OLD NEW: each a folder or a results.jsonl. Prints what differs; status 1 if anything regressed; with
# --strict also if something is not tested any more.
compare_results() {
	local file text runs=''
	type -P jq >/dev/null || usage_error '--compare needs jq (package jq)'
	for file; do
		if [[ -d $file ]]; then
			file=${file%/}/results.jsonl
		fi
		[[ -f $file && -r $file ]] || usage_error "--compare: $file: no such results"
		text=$(compare_fields "$file" 2>/dev/null) || usage_error "--compare: $file: is no results.jsonl"
		runs+=$text$'\n\n'
	done
	"$AWK" -f "$ROOT/scripts/runner/compare.awk" -v "factor=$SLOWER_FACTOR" -v "least=$SLOWER_MS" -v "strict=$OPT_STRICT" \
		-v "verbose=$OPT_VERBOSE" <<<"${runs%$'\n'}"
}

# compare_fields FILE: a line for the run, then one for each result, fields separated by tabs; fails for what is none.
compare_fields() {
	jq -rn '
		def text: if type == "string" then split("\t") | join(" ") | split("\n") | join(" ") else error("a string is missing") end;
		(input.run | ["run", (.vmm, .vmm_version, .accel, .arch, .started | text)] | join("\t")),
		(inputs | (.arch + "/" + .test + ":" + .case) as $case
			| [$case, (.row // "" | text), (.verdict | text), (.ms // 0 | tostring),
				(.message + "\n" | split("\n")[0] | text)] | join("\t"))' "$1"
}
