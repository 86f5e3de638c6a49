# shellcheck shell=bash
# --compare: two runs, case by case and row by row.

SLOWER_FACTOR=2 # and by SLOWER_MS at least
SLOWER_MS=10

# compare_results OLD NEW: each a folder or a results.jsonl. Prints what differs; status 1 if anything regressed.
compare_results() {
	local file files=()
	type -P jq >/dev/null || usage_error '--compare needs jq (package jq)'
	for file; do
		if [[ -d $file ]]; then
			file=${file%/}/results.jsonl
		fi
		[[ -r $file ]] || usage_error "--compare: $file: no such results"
		jq -e . "$file" >/dev/null 2>&1 || usage_error "--compare: $file: is no results.jsonl"
		files+=("$file")
	done
	for file in "${files[@]}"; do
		jq -r 'if .run then "run\t\(.run.vmm) \(.run.vmm_version), \(.run.accel), \(.run.arch), \(.run.started)"
			else [.arch + "/" + .test + ":" + .case + (if .row then "/" + .row else "" end), .verdict,
				(.ms // 0), (.message | split("\n")[0])] | @tsv end' "$file"
		echo
	done | awk -f "$ROOT/scripts/runner/compare.awk" -v "factor=$SLOWER_FACTOR" -v "least=$SLOWER_MS"
}
