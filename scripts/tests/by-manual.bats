#!/usr/bin/env bats
# --list --by-manual: which cases stand on which section of which manual, and what no case names.
load helper

# spec CASE REFERENCE: a case of the image t that cites this.
spec() {
	printf '%s\tthe rule of %s\t%s\t\tx86/t/a.c\t1\n' "$1" "$1" "$2" >>build/x86_64/t.list
}

setup_list() {
	: >build/x86_64/t.list
	spec one 'SDM vol. 3A, 10.4.1'
	spec two 'SDM vol. 3A, 10.4.10, table 10-1; vol. 2B, WRMSR; APM vol. 2, 16.4.6'
	spec three 'SDM vol. 3A, 10.4.3 and 10.4.1, figure 10-8; 10.6.2'
	spec four 'SDM vol. 3C, 26.3.1.2; A.3.1'
	spec five 'DDI 0487, D8.4.1.2, D8.4.3'
	spec six 'lib/harness/ktap.h, ktap_result()'
	spec seven 'PoP SA22-7832-13, chapter 7, ADD (A)'
	spec eight ''
}

@test "cases by manual, volume and section, in their order, and the sections of their chapters that no case names" {
	setup_list
	runner --list --by-manual
	equal "$status" 0
	equal "$output" "$(cat <<'END'
APM vol. 2 (1 case)
  16.4.6
    t:two  the rule of two
  of chapter 16, no case names: 16.1, 16.2, 16.3, 16.4.1, 16.4.2, 16.4.3, 16.4.4, 16.4.5, 16.4.7
DDI 0487 (1 case)
  D8.4.1.2
    t:five  the rule of five
  D8.4.3
    t:five  the rule of five
  of chapter D8, no case names: D8.1, D8.2, D8.3, D8.4.1.1, D8.4.2
PoP SA22-7832-13 (1 case)
  ADD (A)
    t:seven  the rule of seven
  chapter 7
    t:seven  the rule of seven
SDM vol. 2B (1 case)
  WRMSR
    t:two  the rule of two
SDM vol. 3A (3 cases)
  10.4.1
    t:one  the rule of one
    t:three  the rule of three
  10.4.3
    t:three  the rule of three
  10.4.10
    t:two  the rule of two
  10.6.2
    t:three  the rule of three
  of chapter 10, no case names: 10.1, 10.2, 10.3, 10.4.2, 10.4.4, 10.4.5, 10.4.6, 10.4.7, 10.4.8, 10.4.9, 10.5, 10.6.1, 10.6.3, 10.7, 10.8, 10.9, 10.10, 10.11, 10.12, 10.13
SDM vol. 3C (1 case)
  26.3.1.2
    t:four  the rule of four
  of chapter 26, no case names: 26.1, 26.2, 26.3.1.1, 26.3.1.3, 26.3.1.4, 26.3.1.5, 26.3.1.6, 26.3.2, 26.3.3, 26.4, 26.5, 26.6, 26.7, 26.8
  A.3.1
    t:four  the rule of four
  of chapter A, no case names: A.1, A.2
lib/harness/ktap.h (1 case)
  ktap_result()
    t:six  the rule of six
END
)"
	equal "$(boots)" 0
}

@test "of some tests, of several architectures, and the options that do not go together" {
	setup_list
	runner --list --by-manual t:one
	equal "$output" $'SDM vol. 3A (1 case)\n  10.4.1\n    t:one  the rule of one\n  of chapter 10, no case names: 10.1, 10.2, 10.3, 10.4.2, 10.4.3, 10.4.4, 10.4.5, 10.4.6, 10.4.7, 10.4.8, 10.5, 10.6, 10.7, 10.8, 10.9, 10.10, 10.11, 10.12, 10.13'
	ARCH=i386 image t alpha
	runner --list --by-manual
	contains "$output" '    x86_64/t:one  the rule of one'
	contains "$output" '    i386/t:alpha  the rule of alpha'
	runner --by-manual
	refused '--by-manual goes with --list'
	runner --list --format html
	refused '--format html goes with --list --by-manual'
}

@test "the same as a page" {
	local page
	setup_list
	runner --list --by-manual --format html
	equal "$status" 0
	page=$(sed -n '/^<script type="application\/json"/,/^<\/script>/p' <<<"$output" | sed '1d;$d')
	equal "$(jq -c '.[] | select(.name == "SDM vol. 3C") | .places[0]' <<<"$page")" \
		'["26.3.1.2",[["t:four","the rule of four"]],"26.1, 26.2, 26.3.1.1, 26.3.1.3, 26.3.1.4, 26.3.1.5, 26.3.1.6, 26.3.2, 26.3.3, 26.4, 26.5, 26.6, 26.7, 26.8"]'
	equal "$(jq -r '[.[].name] | join(", ")' <<<"$page")" \
		'APM vol. 2, DDI 0487, PoP SA22-7832-13, SDM vol. 2B, SDM vol. 3A, SDM vol. 3C, lib/harness/ktap.h'
	contains "$output" '</html>'
}
