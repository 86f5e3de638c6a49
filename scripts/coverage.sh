#!/usr/bin/env bash
# Writes docs/coverage.html (or FILE): the manuals' sections, and the cases of all built images that stand on them.
# Usage: scripts/coverage.sh [FILE]
set -eu
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
file=${1:-docs/coverage.html}
# A glob is not about destructive tests: they are named.
mapfile -t destructive < <(./run_tests.sh -l -g destructive 2>/dev/null)
./run_tests.sh --list --by-manual --format html '*' "${destructive[@]}" >"$file.new"
mv "$file.new" "$file"
echo "coverage.sh: $file"
