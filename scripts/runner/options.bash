# shellcheck shell=bash
# shellcheck disable=SC2034 # the OPT_ variables are used by the other parts
# The command line.

usage() {
	cat <<'EOF'
Usage: ./run_tests.sh [options] [[ARCH/]TEST[:CASE-GLOB[,CASE-GLOB]] ...]

Boots test images under a VMM and says, case by case, whether it did what the manual says. TEST may have * ? and [ ], too,
and TEST:CASE/ROW, as rows are printed, stands for the case. Short options go together: -av.

  -a, --all             also tests of the group nodefault
  -g, --group GROUP     only tests of this group (may be repeated); with names, of those named
  -j, --jobs N          so many VMMs at the same time (default: the machine's cores); also --parallel N
  -l                    list the tests
      --list            list the cases, with sentence and manual reference; boots nothing; with --format json, as JSON
      --by-manual       with --list: by manual, volume and section, and the sections that no case names; with --format html,
                        as a page
  -t, --tap13           results as TAP version 13
      --format FORMAT   text, tap13, tap14 (with rows as subtests), or kut: a line for each test, and files in logs/, for
                        programs that read those of kvm-unit-tests
  -v, --verbose         a line for each case
      --isolate         boot each case alone
      --repeat N        everything N times, and how often each case failed
      --until-fail      again and again until something fails
      --shuffle SEED    the tests, and the cases of each, in an order of chance, the same for the same SEED
      --nested KIND     each image as a guest of a hypervisor that it has in it: svm, or svm-npt with nested paging, and vmx
                        (x86), el2 (arm64)
      --fail-fast       stop at the first failure: no VMM is started any more
      --rerun-failed    only the cases that failed in the last run, as DIR/results.jsonl has them; of these the
                        ones that are named, if any
      --arch A[,B]      only these of the configured architectures
      --vmm NAME[:CONFIG]  the VMM: a folder of scripts/vmm/ (default: qemu); of one that has configurations, which
                        (bochs:intel, bochs:amd)
      --vmm-release VERSION  this release of the VMM, such as 10.0, from Debian's archive: kept in ~/.cache/assay,
                        nothing is installed
      --lab ARCH[:OPTIONS]  on the KVM of a Linux that runs under QEMU's TCG, on any machine: x86_64, i386 or arm64; OPTIONS are of KVM's
                        modules, as in x86_64:npt=0,nested=0. The VMM is kvm, or qemu with --vmm qemu
      --lab-kernel VERSION|PATH  which Linux: 5.10, 6.1 (default), 6.12 or 7.3, from Debian's archive; or a kernel that you
                        have built, or the folder that you have built it in
      --deterministic   with --lab: two runs are the same, to the instruction; each test boots the lab
      --matrix A,B,...  everything on each of these, and what they do not agree about: releases as above; programs, or
                        folders with programs, by a path; VMMs by name. X=A calls A X. Results are in DIR/A, DIR/B, ...,
                        DIR/matrix.html and matrix.json. With --lab: kernels
      --out DIR         results (default: logs; the previous run is kept as DIR.old)
      --annotate WHERE  for github: what failed as annotations of its source lines; for gitlab: DIR/codequality.json
      --junit-rows      rows as test cases of their own in junit.xml
      --known FILE|none the VMM's known deviations (default: scripts/vmm/<vmm>/known.cfg)
      --strict          a known deviation that is gone is a failure
      --config FILE     instead of unittests.cfg
      --compare OLD NEW two runs, folders or results.jsonl: what regressed, got fixed, appeared, vanished, got
                        slower; of two VMMs, what they do not agree about
      --all-skipped N   exit status if nothing was run at all because everything was skipped (default: 0)
      --bisect          judge for "git bisect run": 0 good, 1 bad, 125 cannot be judged; known deviations count as bad
      --start-is-judged with --bisect: a VMM that does not start is bad, not one that cannot be judged
      --build CMD       with --bisect: run this first; if it fails, 125
      --print-command TEST...   print the VMM's command lines for these tests, and stop
  -h, --help            this text

Environment: ACCEL (kvm, tcg, ...), MACHINE, QEMU and BOCHS (the binary), TIMEOUT (how long a case may give
no sign of life: seconds, or 1.5, 90s, 5m, 2h; 0: for ever), ASSAY_CACHE (a folder instead of ~/.cache/assay),
LAB_QEMU (the one under which the lab's Linux runs), ASSAY_FORMAT (as --format), NO_COLOR.

Exit status: 0 nothing unexpected; 1 FAIL, CRASH, TIMEOUT or ERROR; 2 usage or configuration; 130
interrupted; with --compare, 1: something regressed; with --bisect, 125.

Examples:
  ./run_tests.sh                           all that runs by default
  ./run_tests.sh exc insn:'alu_*,shift_*'    one test, and some cases of another
  ./run_tests.sh --list exc                what exc checks, and where the manual says so
  ./run_tests.sh --compare logs.old logs   what changed since the run before
  ./run_tests.sh --matrix 7.2,10.0,11.1 exc    three releases of QEMU, side by side
  git bisect run .../run_tests.sh --bisect --build 'make -C build' exc:int3_checks_gate_dpl
  ACCEL=kvm MACHINE=pc ./run_tests.sh -j1  with KVM, on another machine type
EOF
}

ERR=2 # where people see messages

# usage_error WORDS...: bad input or configuration: one line, exit status 2.
usage_error() {
	RUNNING=false # this is why it ends
	printf 'run_tests.sh: %s\n' "$*" >&"$ERR"
	# git bisect takes 2 for "bad".
	if $OPT_BISECT; then
		exit 125
	fi
	exit 2
}

# time_ms TIME: a number of seconds, or with a unit, as milliseconds into MS; false if it is none.
time_ms() {
	local digits
	[[ $1 =~ ^([0-9]{1,9})(\.([0-9]{1,3}))?(ms|s|m|h)?$ ]] || return
	digits=${BASH_REMATCH[3]}000
	MS=$((10#${BASH_REMATCH[1]} * 1000 + 10#${digits:0:3}))
	case ${BASH_REMATCH[4]} in
	ms) MS=$((MS / 1000)) ;;
	m) MS=$((MS * 60)) ;;
	h) MS=$((MS * 3600)) ;;
	esac
}

# time_words MS: in seconds, into TIME_WORDS: 90, or 1.5.
time_words() {
	TIME_WORDS=$(($1 / 1000))
	if (($1 % 1000)); then
		printf -v TIME_WORDS '%d.%03d' "$TIME_WORDS" $(($1 % 1000))
		TIME_WORDS=${TIME_WORDS%%*(0)}
	fi
}

# Those with a value, and those without.
OPTIONS_WITH=' -g --group -j --jobs --parallel --arch --repeat --shuffle --nested --build --lab --lab-kernel --vmm --vmm-release --matrix --out --known --config --print-command --format --all-skipped --annotate '
OPTIONS_WITHOUT=' -a --all -l --list -t --tap13 -v --verbose --isolate --until-fail --fail-fast --rerun-failed --compare --bisect --strict --deterministic --junit-rows -h --help --start-is-judged --by-manual '

option_takes_value() {
	[[ $OPTIONS_WITH == *" $1 "* ]]
}

option_is_known() {
	[[ $OPTIONS_WITH$OPTIONS_WITHOUT == *" $1 "* ]]
}

option_unknown() {
	local words=$OPTIONS_WITH$OPTIONS_WITHOUT
	suggest "$1" <<<"${words// /$'\n'}"
	usage_error "unknown option '$1'; try --help$SUGGESTION"
}

# print_all COMMAND...: what it prints, whole or with an error.
print_all() {
	local text
	text=$("$@") || exit
	[[ -z $text ]] || { printf '%s\n' "$text"; } 2>/dev/null || usage_error 'standard output cannot be written'
}

OPT_ALL=false OPT_GROUPS=() OPT_JOBS='' OPT_LIST='' OPT_TAP=false OPT_TAP14=false OPT_KUT=false OPT_LIST_JSON=false OPT_LIST_HTML=false
OPT_BY_MANUAL=false OPT_ANNOTATE='' OPT_START_JUDGED=false OPT_ALL_SKIPPED=0 OPT_VERBOSE=false OPT_ARCHS=''
OPT_ISOLATE=false OPT_REPEAT=1 OPT_UNTIL_FAIL=false OPT_SHUFFLE='' OPT_NESTED='' OPT_FAIL_FAST=false OPT_RERUN=false
OPT_COMPARE=() OPT_BISECT=false OPT_BUILD=''
OPT_VMM='' OPT_VMM_CONFIG='' OPT_LAB='' OPT_LAB_KERNEL='' OPT_DETERMINISTIC=false OPT_RELEASE='' OPT_MATRIX='' OPT_OUT=logs
OPT_KNOWN='' OPT_STRICT=false OPT_JUNIT_ROWS=false OPT_PRINT_COMMAND='' OPT_PATTERNS=()
OPT_REST=() # the options as they were given, but for --matrix and --out
CONFIG=$ROOT/unittests.cfg

# format_parse WHERE FORMAT: what is printed.
format_parse() {
	OPT_TAP=false OPT_TAP14=false OPT_KUT=false OPT_LIST_JSON=false OPT_LIST_HTML=false
	case $2 in
	text) ;;
	tap13) OPT_TAP=true ;;
	tap14) OPT_TAP=true OPT_TAP14=true ;;
	json) OPT_LIST_JSON=true ;;
	html) OPT_LIST_HTML=true ;;
	kut) OPT_KUT=true ;;
	*)
		suggest "$2" <<<$'text\ntap13\ntap14\nkut\njson'
		usage_error "$1: there is no format '$2'; known: text tap13 tap14 kut, and json or html with --list$SUGGESTION"
		;;
	esac
}

# options_parse ARGUMENT...: into OPT_*.
options_parse() {
	local option value given
	[[ -z ${ASSAY_FORMAT-} ]] || format_parse ASSAY_FORMAT "$ASSAY_FORMAT"
	# What git bisect is to hear of a mistake does not hang on which word comes first.
	for option; do
		[[ $option != -- ]] || break
		[[ $option != --bisect ]] || OPT_BISECT=true
	done
	while (($#)); do
		option=$1
		shift
		# -j4 and --jobs=4 are -j 4; -av is -a -v.
		case $option in
		--*=*)
			value=${option#*=}
			option=${option%%=*}
			option_takes_value "$option" || {
				option_is_known "$option" || option_unknown "$option"
				usage_error "option '$option' takes no value; try --help"
			}
			set -- "$value" "$@"
			;;
		-[gj]?*)
			set -- "${option#-?}" "$@"
			option=${option:0:2}
			;;
		-[!-]?*)
			# -list is not -l -i -s -t.
			! option_is_known "-$option" || option_unknown "$option"
			option_is_known "${option:0:2}" || option_unknown "$option"
			set -- "-${option#-?}" "$@"
			option=${option:0:2}
			;;
		esac
		given=("$option")
		if option_takes_value "$option"; then
			(($#)) || usage_error "option '$option' needs a value; try --help"
			value=$1
			[[ -n $value ]] || usage_error "option '$option' has an empty value"
			shift
			given+=("$value")
		fi
		[[ $option != -?* || $option == --@(|matrix|out) ]] || OPT_REST+=("${given[@]}")
		case $option in
		-a | --all) OPT_ALL=true ;;
		-g | --group) OPT_GROUPS+=("$value") ;;
		-j | --jobs | --parallel)
			[[ $value =~ ^[1-9][0-9]{0,5}$ ]] || usage_error "-j takes a number from 1 on, not '$value'"
			OPT_JOBS=$value
			;;
		--isolate) OPT_ISOLATE=true ;;
		--repeat)
			[[ $value =~ ^[1-9][0-9]{0,5}$ ]] || usage_error "--repeat takes a number from 1 on, not '$value'"
			OPT_REPEAT=$value
			;;
		--until-fail) OPT_UNTIL_FAIL=true ;;
		--nested)
			[[ $value == @(svm|svm-npt|vmx|el2) ]] || usage_error "--nested takes svm, svm-npt, vmx or el2, not '$value'"
			OPT_NESTED=$value
			;;
		--shuffle)
			[[ $value =~ ^[0-9]{1,9}$ ]] || usage_error "--shuffle takes a number as seed, not '$value'"
			OPT_SHUFFLE=$((10#$value))
			;;
		--fail-fast) OPT_FAIL_FAST=true ;;
		--rerun-failed) OPT_RERUN=true ;;
		--compare)
			(($# >= 2)) || usage_error '--compare takes two results, OLD and NEW'
			OPT_COMPARE=("$1" "$2")
			shift 2
			;;
		--bisect) OPT_BISECT=true ;;
		--build) OPT_BUILD=$value ;;
		-l) OPT_LIST=tests ;;
		--list) OPT_LIST=cases ;;
		-t | --tap13) OPT_TAP=true ;;
		--format) format_parse "--format $value" "$value" ;;
		--all-skipped)
			[[ $value =~ ^[0-9]{1,2}$|^1[0-9][0-9]$|^2[0-4][0-9]$|^25[0-5]$ ]] ||
				usage_error "--all-skipped takes an exit status, not '$value'"
			OPT_ALL_SKIPPED=$((10#$value))
			;;
		-v | --verbose) OPT_VERBOSE=true ;;
		--arch) OPT_ARCHS=${value//,/ } ;;
		--vmm)
			OPT_VMM=${value%%:*} OPT_VMM_CONFIG=''
			if [[ $value == *:* ]]; then
				OPT_VMM_CONFIG=${value#*:}
				[[ $OPT_VMM_CONFIG =~ ^[A-Za-z0-9_-]+$ ]] || usage_error "--vmm $value: '$OPT_VMM_CONFIG' is no configuration's name"
			fi
			;;
		--deterministic) OPT_DETERMINISTIC=true ;;
		--lab) OPT_LAB=$value ;;
		--lab-kernel) OPT_LAB_KERNEL=$value ;;
		--vmm-release) OPT_RELEASE=$value ;;
		--matrix) OPT_MATRIX=$value ;;
		--out) OPT_OUT=$value ;;
		--known) OPT_KNOWN=$value ;;
		--strict) OPT_STRICT=true ;;
		--annotate)
			[[ $value == @(github|gitlab) ]] || usage_error "--annotate takes github or gitlab, not '$value'"
			OPT_ANNOTATE=$value
			;;
		--start-is-judged) OPT_START_JUDGED=true ;;
		--by-manual) OPT_BY_MANUAL=true ;;
		--junit-rows) OPT_JUNIT_ROWS=true ;;
		--config) CONFIG=$value ;;
		--print-command) OPT_PRINT_COMMAND=$value ;;
		-h | --help)
			print_all usage
			exit 0
			;;
		--)
			OPT_PATTERNS+=("$@")
			set --
			;;
		-*) option_unknown "$option" ;;
		*) OPT_PATTERNS+=("$option") ;;
		esac
	done
	if ((${#OPT_COMPARE[@]} && ${#OPT_PATTERNS[@]})); then
		usage_error "--compare takes two results, OLD and NEW, and nothing else: '${OPT_PATTERNS[0]}'"
	fi
	if $OPT_START_JUDGED && ! $OPT_BISECT; then
		usage_error '--start-is-judged goes with --bisect'
	fi
	if $OPT_BY_MANUAL && [[ $OPT_LIST != cases ]]; then
		usage_error '--by-manual goes with --list'
	fi
	if $OPT_LIST_HTML && ! $OPT_BY_MANUAL; then
		usage_error '--format html goes with --list --by-manual; a run leaves report.html'
	fi
	if $OPT_LIST_JSON && $OPT_BY_MANUAL; then
		usage_error '--by-manual has the formats text and html'
	fi
	if $OPT_LIST_JSON && [[ $OPT_LIST != cases ]]; then
		usage_error '--format json goes with --list; a run leaves results.jsonl'
	fi
	if [[ -n $OPT_BUILD ]] && ! $OPT_BISECT; then
		usage_error '--build goes with --bisect'
	fi
	if $OPT_BISECT && ((!${#OPT_PATTERNS[@]})); then
		usage_error '--bisect needs a test or a case'
	fi
	if [[ -n $OPT_LAB ]]; then
		lab_parse "$OPT_LAB"
	elif [[ -n $OPT_LAB_KERNEL ]]; then
		usage_error '--lab-kernel goes with --lab'
	elif $OPT_DETERMINISTIC; then
		usage_error '--deterministic goes with --lab'
	fi
	if [[ -n $OPT_LAB && -n $OPT_RELEASE ]]; then
		usage_error '--vmm-release does not go with --lab, which takes the VMM of this host'
	fi
	if [[ -z $OPT_VMM ]]; then
		OPT_VMM=qemu
		[[ -z $OPT_LAB ]] || OPT_VMM=kvm
	fi
	if [[ -n $OPT_MATRIX ]]; then
		if $OPT_BISECT || $OPT_RERUN || $OPT_TAP || $OPT_UNTIL_FAIL || [[ -n ${OPT_COMPARE[*]}$OPT_PRINT_COMMAND$OPT_RELEASE$OPT_LAB_KERNEL ]]; then
			usage_error '--matrix does not go with --bisect, --compare, --lab-kernel, --print-command, --rerun-failed, --tap13, --until-fail and --vmm-release'
		fi
		matrix_parse "$OPT_MATRIX"
	fi
	if [[ -n $OPT_PRINT_COMMAND ]]; then
		OPT_PATTERNS=("$OPT_PRINT_COMMAND" "${OPT_PATTERNS[@]}")
	fi
	time_ms "${TIMEOUT:-0}" || usage_error "TIMEOUT is a time like 90, 1.5, 90s, 5m or 2h, not '$TIMEOUT'"
}
