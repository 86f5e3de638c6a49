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
	local file=$1 line lines section='' name key='' value number=0 known lists indented
	shift
	known=" ${*#+} "
	lists=" $* "
	INI_KEYS=() INI_SECTIONS=() INI=() INI_LINE=()
	[[ -r $file && ! -d $file ]] || usage_error "$file: cannot be read"
	mapfile -t lines <"$file"
	for line in ${lines[@]+"${lines[@]}"}; do
		number=$((number + 1))
		[[ -n $line && $line != '#'* ]] || continue
		# As most lines are written. Any other is taken apart bit by bit.
		name=${line%%' = '*} value=${line#*' = '}
		if [[ $name != *[!a-z_]* && $value != "$line" && $known == *" $name "* && -n $section &&
			$value == [![:space:]]* && $value != *[[:space:]] ]]; then
			key=$name
			ini_store
			continue
		fi
		line=${line%$'\r'}
		indented=false
		[[ $line != [[:space:]]* ]] || indented=true
		line=${line#"${line%%[![:space:]]*}"}
		line=${line%"${line##*[![:space:]]}"}
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
			key=${line%%=*}
			key=${key%"${key##*[![:space:]]}"}
			value=${line#*=}
			value=${value#"${value%%[![:space:]]*}"}
			[[ -n $key && $known == *" $key "* ]] ||
				usage_error "$file:$number: unknown key '$key'; known: ${*#+}"
			ini_store
			;;
		esac
	done
}

# ini_store: a key of a section and its value, of ini_read's line.
ini_store() {
	[[ -z ${INI_LINE["$section|$key"]+x} ]] ||
		usage_error "$file:$number: key '$key' again in [$section]; it first stands in line ${INI_LINE["$section|$key"]}"
	INI["$section|$key"]=$value
	INI_KEYS+=("$section|$key")
	INI_LINE["$section|$key"]=$number
}
