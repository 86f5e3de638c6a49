#!/usr/bin/env bats
# What people and their tools ask for: lists as JSON, annotations, bisections, memory that is too small.
load helper

@test "--list --format json: every case with all that is known of it, and nothing booted" {
	image u one 'two'
	tests '[t]' 'groups = svm, slow' '[u]'
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' alpha 'a "rule" \ of <it>' 'SDM vol. 3A, 6.10' 'CVE-1;XSA-2;' x86/t/a.c 10 beta rule '' '' '' '' >build/x86_64/t.list
	runner --list --format json
	equal "$status" 0
	jq -e 'length == 4' <<<"$output"
	equal "$(jq -c '.[0]' <<<"$output")" '{"arch":"x86_64","test":"t","case":"alpha","sentence":"a \"rule\" \\ of <it>","spec":"SDM vol. 3A, 6.10","bugs":["CVE-1","XSA-2"],"groups":["svm","slow"],"file":"x86/t/a.c","line":10}'
	equal "$(jq -c '.[1].line' <<<"$output")" null
	runner --list --format json 'u:t*'
	equal "$(jq -r '[.[].case] | join(" ")' <<<"$output")" two
	equal "$(boots)" 0
	runner --format json
	refused '--format json goes with --list'
}

@test "--annotate github: what failed, where it failed" {
	scenario <<'END'
case_alpha() { echo '# x86/t/b.c:77: EXPECT_EQ(a, b): 100%'; failed=1; echo "not ok 1 alpha # time=0.1ms"; }
case_beta() { die SEGV; }
END
	runner --annotate github
	equal "$status" 1
	equal "$(grep -c '^::error' <<<"$output")" 2
	contains "$output" '::error file=x86/t/b.c,line=77,title=FAIL x86_64/t%3Aalpha::x86/t/b.c:77: EXPECT_EQ(a, b): 100%25'
	contains "$output" '::error file=x86/t/a.c,line=11,title=CRASH x86_64/t%3Abeta::the VMM died of signal 11 (SIGSEGV)%0A'
	equal "${lines[-1]}" '1 passed, 2 failed, 0 skipped'
	unset FAKE
	runner --annotate github
	equal "$status" 0
	lacks "$output" '::'
	rm starts
	runner --annotate svn
	refused '--annotate takes github or gitlab'
}

@test "--annotate gitlab: a code quality report" {
	scenario <<'END'
case_beta() { echo '# "quoted" <&>'; not_ok; }
END
	runner --annotate gitlab
	equal "$(jq -r '.[0] | .location.path + ":" + (.location.lines.begin | tostring) + " " + .severity + " " + .fingerprint' logs/codequality.json)" \
		'x86/t/a.c:11 major x86_64/t:beta'
	equal "$(jq 'length' logs/codequality.json)" 1
	unset FAKE
	runner --annotate gitlab
	equal "$(jq -c . logs/codequality.json)" '[]'
}

@test "--bisect --start-is-judged: a VMM that does not start is bad" {
	scenario <<<'echo "qemu: cannot start" >&2; exit 1'
	runner --bisect t:alpha
	equal "$status" 125
	runner --bisect --start-is-judged t:alpha
	equal "$status" 1
	unset FAKE
	runner --bisect --start-is-judged t:alpha
	equal "$status" 0
	mkdir bin
	printf '#!/bin/sh\nkill -SEGV $$\n' >bin/vmm
	chmod +x bin/vmm
	QEMU=$P/bin/vmm runner --bisect --start-is-judged t:alpha
	equal "$status" 1
	QEMU=$P/bin/vmm runner --bisect t:alpha
	equal "$status" 125
	# But one that is not there at all, or mistakes, cannot be judged.
	QEMU=$P/bin/nosuch runner --bisect --start-is-judged t:alpha
	equal "$status" 125
	runner --bisect --start-is-judged t:nosuch
	equal "$status" 125
	rm starts
	runner --start-is-judged t:alpha
	refused '--start-is-judged goes with --bisect'
}

@test "memory into which the image does not fit: at once, with the line" {
	local arch
	for arch in x86_64 i386; do
		[[ -f $TOP/build/$arch/selftest.elf ]] || continue
		cp "$TOP/build/$arch/selftest.elf" build/x86_64/t.elf
		tests '' '[t]' 'memory = 1M'
		runner
		refused 'unittests.cfg:2: [t]: memory = 1M, but the image build/x86_64/t.elf alone needs 2M'
		tests '[t]' 'memory = 16M'
		runner --print-command t
		equal "$status" 0
		rm -f starts
	done
}
