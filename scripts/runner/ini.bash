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
	local file=$1 line lines section='' key='' value number known lists indented place
	shift
	known=" ${*#+} "
	lists=" $* "
	INI_KEYS=() INI_SECTIONS=() INI=() INI_LINE=()
	[[ -r $file && ! -d $file ]] || usage_error "$file: cannot be read"
	mapfile -t -O 1 lines <"$file"
	for number in "${!lines[@]}"; do
		line=${lines[number]}
		indented=false
		# Most lines have nothing to take off.
		if [[ $line != [![:space:]]*[![:space:]] ]]; then
			line=${line%$'\r'}
			[[ $line != [[:space:]]* ]] || indented=true
			ini_trim line
		fi
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
			if $indented && [[ -n $key && $lists == *" +$key "* ]]; then
				INI["$section|$key"]+=${INI["$section|$key"]:+$'\n'}$line
				continue
			fi
			[[ $line == *=* ]] ||
				usage_error "$file:$number: expected '[section]' or 'key = value', not '$line'"
			[[ -n $section ]] || usage_error "$file:$number: expected a [section] before '$line'"
			key=${line%%=*} value=${line#*=}
			key=${key% } value=${value# }
			[[ $key != *[[:space:]] ]] || ini_trim key
			[[ $value != [[:space:]]* ]] || ini_trim value
			[[ -n $key && $known == *" $key "* ]] ||
				usage_error "$file:$number: unknown key '$key'; known: ${*#+}"
			place="$section|$key"
			[[ -z ${INI_LINE[$place]+x} ]] ||
				usage_error "$file:$number: key '$key' again in [$section]; it first stands in line ${INI_LINE[$place]}"
			INI[$place]=$value
			INI_KEYS+=("$place")
			INI_LINE[$place]=$number
			;;
		esac
	done
}

# ini_trim NAME: takes the white space off both ends of what the variable has.
ini_trim() {
	local -n text=$1
	text=${text#"${text%%[![:space:]]*}"}
	text=${text%"${text##*[![:space:]]}"}
}
