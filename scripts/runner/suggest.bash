# shellcheck shell=bash
# "Did you mean": what a mistyped word may have been meant to be.

# suggest WORD: of the words on standard input, a line each, the nearest into SUGGESTION, as "; did you mean 'x'?"; ''
# if none is near. Case does not matter, a letter that is missing, too much, another or swapped with the next counts 1.
suggest() {
	# shellcheck disable=SC2016 # awk's own
	SUGGESTION=$(WORD=$1 "$AWK" '
		function least(a, b) { return a < b ? a : b }
		function distance(a, b,    i, j, m, n, d, cost) {
			m = length(a); n = length(b)
			for (i = 0; i <= m; i++) d[i, 0] = i
			for (j = 0; j <= n; j++) d[0, j] = j
			for (i = 1; i <= m; i++)
				for (j = 1; j <= n; j++) {
					cost = substr(a, i, 1) != substr(b, j, 1)
					d[i, j] = least(least(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost)
					if (cost && i > 1 && j > 1 && substr(a, i, 1) == substr(b, j - 1, 1) && substr(a, i - 1, 1) == substr(b, j, 1))
						d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1)
				}
			return d[m, n]
		}
		BEGIN {
			word = tolower(substr(ENVIRON["WORD"], 1, 60))
			best = int((length(word) + 2) / 3) + 1
		}
		{
			gap = length(word) - length($0)
			if (gap < best && -gap < best && (found = distance(word, tolower($0))) < best) {
				best = found
				nearest = $0
			}
		}
		END { if (nearest != "") printf "; did you mean \047%s\047?", nearest }')
}
