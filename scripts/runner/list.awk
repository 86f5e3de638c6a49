# The cases of the jobs that show.bash describes, as a list of JSON. json.awk goes with it.

BEGIN { FS = "\t" }

$1 == "job" {
	arch = $2; test = $3; groups = $4
	gsub(/[ ,]+/, ";", groups)
	split("", wanted)
	next
}
$1 == "case" { wanted[$2] = 1; next }
$1 == "list" {
	file = $2
	while ((getline line <file) > 0) {
		split(line, field, "\t")
		if (!(field[1] in wanted))
			continue
		print (count++ ? "," : "[") "{\"arch\":" json(arch) ",\"test\":" json(test) ",\"case\":" json(field[1]) ",\"sentence\":" json(field[2]) \
			",\"spec\":" json(field[3]) ",\"bugs\":" json_list(field[4]) ",\"groups\":" json_list(groups == "" ? "" : groups ";") \
			",\"file\":" json(field[5]) ",\"line\":" json_number(field[6]) "}"
	}
	close(file)
}

END { print count ? "]" : "[]" }
