# Mutations of a text, the same for the same seed: -v seed=N -v count=N -v out=PREFIX, text on standard input. Writes
# PREFIX.1 to PREFIX.count.

{ text[++lines] = $0 }

function below(n) {
	return int(rand() * n)
}

# Bytes that parsers dislike, and words that they like.
function morsel(    pick) {
	pick = below(22)
	if (pick < 8)
		return sprintf("%c", below(255) + 1)
	return part[pick - 7]
}

function mutate_line(i,    s, at, pick) {
	s = text_now[i]
	at = below(length(s) + 1)
	pick = below(5)
	if (pick == 0)
		return substr(s, 1, at) morsel() substr(s, at + 1)
	if (pick == 1)
		return substr(s, 1, at)
	if (pick == 2)
		return substr(s, 1, at) substr(s, at + 1 + below(6))
	if (pick == 3)
		return substr(s, at + 1)
	return s s
}

function mutate(    pick, i, j, swap) {
	if (!now)
		return
	pick = below(6)
	i = below(now) + 1; j = below(now) + 1
	if (pick == 0) { # a line goes
		for (; i < now; i++)
			text_now[i] = text_now[i + 1]
		now--
	} else if (pick == 1) { # a line twice, or somewhere else's
		for (swap = now; swap >= i; swap--)
			text_now[swap + 1] = text_now[swap]
		text_now[i] = text_now[j]
		now++
	} else if (pick == 2) {
		swap = text_now[i]; text_now[i] = text_now[j]; text_now[j] = swap
	} else if (pick == 3) { # the end is missing
		now = i
		text_now[now] = substr(text_now[now], 1, below(length(text_now[now]) + 1))
		open_end = 1
	} else {
		text_now[i] = mutate_line(i)
	}
}

END {
	split("ok 2 b|not ok 1 a|# start 2 b|1..4|# totals: pass=4 fail=0 skip=0|KTAP version 1|Bail out!|  ok 1 x|[f]|[|]|=|key = value|$(touch pwned)", part, "|")
	srand(seed)
	for (n = 1; n <= count; n++) {
		now = lines; open_end = 0
		for (i = 1; i <= lines; i++)
			text_now[i] = text[i]
		for (rounds = below(4) + 1; rounds > 0; rounds--)
			mutate()
		file = out "." n
		printf "" >file
		for (i = 1; i <= now; i++)
			printf "%s%s", text_now[i], i == now && open_end ? "" : "\n" >file
		close(file)
	}
}
