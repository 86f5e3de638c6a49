# shellcheck shell=bash
# INI files, parsed with builtins alone. Nothing read from a file is ever evaluated.

# Set by ini_read.
INI_KEYS=()          # "section|key", in the order of the file
INI_SECTIONS=()      # names, in the order of the file
declare -A INI=()    # "section|key" -> value
declare -A INI_LINE=() # "section" and "section|key" -> line number

# ini_read FILE KEY...: reads sections of `key = value` lines, with no other keys than these. Lines that start with # or ;
# are comments; a carriage return at the end of a line is not part of it. A KEY that is given as +KEY is a list: an item
# in each of the lines that follow, which are indented; its value has them with newlines between.
ini_read() {
	local file=$1 line lines section='' key='' value number known lists place
	shift
	known=" ${*#+} "
	lists=" $* "
	INI_KEYS=() INI_SECTIONS=() INI=() INI_LINE=()
	[[ -r $file && ! -d $file ]] || usage_error "$file: cannot be read"
	mapfile -t -O 1 lines <"$file"
	for number in "${!lines[@]}"; do
		line=${lines[number]}
		# Most lines have nothing to take off.
		[[ $line == [![:space:]]*[![:space:]] ]] || ini_trim line
		case $line in
		'' | '#'* | ';'*) ;;
		'['*']')
			section=${line#'['}
			section=${section%']'}
			[[ -n $section ]] || usage_error "$file:$number: a section without a name"
			[[ $section != *'|'* ]] || usage_error "$file:$number: '|' in a section's name"
			[[ -z ${INI_LINE[$section]+x} ]] ||
				usage_error "$file:$number: section [$section] again; it first stands in line ${INI_LINE[$section]}"
			INI_SECTIONS+=("$section")
			key=''
			INI_LINE[$section]=$number
			;;
		*)
			if [[ ${lines[number]} == [[:space:]]* && -n $key && $lists == *" +$key "* ]]; then
				INI["$section|$key"]+=${INI["$section|$key"]:+$'\n'}$line
				continue
			fi
			key=${line%%=*} value=${line#*=}
			key=${key% } value=${value# }
			if [[ $key == *[[:space:]] || $value == [[:space:]]* ]]; then
				ini_trim key
				ini_trim value
			fi
			place="$section|$key"
			[[ $line == *=* && -n $section && -n $key && $known == *" $key "* && -z ${INI_LINE[$place]+x} ]] ||
				ini_wrong "$@"
			INI[$place]=$value INI_LINE[$place]=$number
			INI_KEYS+=("$place")
			;;
		esac
	done
}

# ini_wrong KEY...: says what is wrong with ini_read's line, which is of neither kind.
ini_wrong() {
	[[ $line == *=* ]] || usage_error "$file:$number: expected '[section]' or 'key = value', not '$line'"
	[[ -n $section ]] || usage_error "$file:$number: expected a [section] before '$line'"
	[[ -n $key && $known == *" $key "* ]] || usage_error "$file:$number: unknown key '$key'; known: ${*#+}"
	usage_error "$file:$number: key '$key' again in [$section]; it first stands in line ${INI_LINE[$place]}"
}

# ini_trim NAME: takes the white space off both ends of what the variable has.
ini_trim() {
	local -n text=$1
	text=${text#"${text%%[![:space:]]*}"}
	text=${text%"${text##*[![:space:]]}"}
}
