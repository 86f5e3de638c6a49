#!/usr/bin/env bats
# report.html, in a real browser, Chromium, and without one: its data. And the end of what the terminal shows.
load helper

# chromium: the browser into CHROMIUM; ASSAY_CHROMIUM is one elsewhere.
chromium() {
	local name
	for name in "${ASSAY_CHROMIUM-}" chromium chromium-browser google-chrome; do
		CHROMIUM=$(type -P "$name") && return
	done
	skip 'no Chromium here (package chromium)'
}

# in_browser: standard input is JavaScript that runs in the page after it has drawn itself, and says what it sees by say().
# Prints that; what the console says in red as well.
in_browser() {
	{
		# Before the page's own script.
		sed '/^<script>$/,$d' logs/report.html
		cat <<'END'
<script>
const said = [];
const say = (...words) => said.push(words.join(" "));
addEventListener("error", e => say("error:", e.message));
const wait = ms => new Promise(done => setTimeout(done, ms));
const key = k => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: k, bubbles: true }));
const text = selector => [...document.querySelectorAll(selector)].map(e => e.textContent.replace(/\s+/g, " ").trim());
const search = async words => { byId("filter").value = words; byId("filter").dispatchEvent(new Event("input")); await wait(400); };
</script>
END
		sed -n '/^<script>$/,$p' logs/report.html
		echo '<script>(async () => { try {'
		cat
		echo '} catch (e) { say("error:", e); } document.body.replaceChildren(element("pre", { id: "said", textContent: said.join("\n") + "\n" })); })();</script>'
	} >page.html
	timeout 60 "$CHROMIUM" --headless --no-sandbox --disable-gpu --user-data-dir="$BATS_TEST_TMPDIR/chromium" --enable-logging=stderr \
		--virtual-time-budget=20000 --dump-dom "file://$P/page.html" 2>browser 3>&- | sed -n '/id="said"/,/<\/pre>/{s/.*id="said">//;s/<\/pre>.*//;p}' |
		sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' | grep -v '^$'
	grep 'CONSOLE' browser || :
}

everything() {
	image t passes fails skips known crashes
	image u one two
	tests '[t]' '[u]'
	printf '%s\n' '[d]' 'confirmed = 7.2' 'manual = SDM: "<&>"' 'actual = otherwise' 'cases =' ' t:known/b' >scripts/vmm/qemu/known.cfg
	scenario <<'END'
case_fails() { echo '# "<b>" </script>'; not_ok; }
case_skips() { skip 'no such <CPU>'; }
case_known() { row ok a; row 'not ok' b; not_ok; }
case_crashes() { die SEGV; }
END
}

@test "the page in a browser: counts, causes, changes, filter, folding, keys, no errors" {
	chromium
	everything
	FAKE='' runner
	runner
	in_browser <<'END' >said
say("totals", text("#totals button").join(","));
say("overview", text("#overview tbody tr").join(" | "));
say("changes", text("#changes summary").join(" | "));
say("causes", text("#causes > details > summary").join(" | "));
say("folded", document.querySelectorAll("#images details[open]").length);
const image = document.querySelector("#images details");
image.open = true;
await wait(100);
say("unfolded", text("#images details details summary").join(" | "));
const one = image.querySelector("details");
one.open = true;
await wait(100);
say("case", one.querySelector(".more").textContent);
await search("u:two");
say("filtered", text("#images > details > summary").join(" | "), document.querySelectorAll("#images details details").length);
await search("no such thing");
say("none", text("#images p"));
await search("");
document.querySelectorAll("#totals button")[1].click();
say("verdict", text("#images > details > summary").join(" | "));
document.querySelectorAll("#totals button")[1].click();
key("/");
say("slash", document.activeElement.id);
key("Escape");
key("j");
const at = document.activeElement;
say("j", at.tagName);
key("j");
key("k");
say("k", document.activeElement === at);
key("f");
say("f", document.querySelectorAll("details[open]").length);
END
	equal "$(grep '^totals' said)" 'totals 3PASS,1KNOWN,1FAIL,1CRASH,1SKIP'
	contains "$(grep '^overview' said)" 'x86_64/t1211'
	contains "$(grep '^overview' said)" 'x86_64/u2'
	contains "$(grep '^changes' said)" 'PASS → CRASH'
	contains "$(grep '^causes' said)" 'KNOWN SDM: "<&>" Actual: otherwise1 case'
	contains "$(grep '^causes' said)" 'SKIP no such <CPU>1 case'
	equal "$(grep '^folded' said)" 'folded 0'
	contains "$(grep '^unfolded' said)" 'PASS x86_64/t:passes'
	contains "$(grep '^case' said)" 'the rule of passesSDM vol. 3A, 6.10x86/t/a.c:10 · console x86_64/t.log:5'
	[[ $(grep '^filtered' said) =~ ^'filtered x86_64/u1 case · '[0-9.]+' s 1'$ ]]
	contains "$(grep '^none' said)" 'No case matches.'
	contains "$(grep '^verdict' said)" 'x86_64/t1 case'
	equal "$(grep '^slash\|^j\|^k\|^f ' said)" $'slash filter\nj SUMMARY\nk true\nf 0'
	! grep -i 'error\|CONSOLE' said
	timeout 60 "$CHROMIUM" --headless --no-sandbox --disable-gpu --user-data-dir="$BATS_TEST_TMPDIR/chromium" --window-size=400,800 \
		--screenshot="$P/shot.png" "file://$P/logs/report.html" 2>/dev/null 3>&-
	(($(wc -c <shot.png) > 10000))
}

@test "50,000 cases: drawn and filtered in no time" {
	local took
	chromium
	runner
	# The same case over and over, under other names.
	awk '/^\{"s":0/ && !done { done = 1; for (i = 0; i < 50000; i++) { line = $0; sub(/"case":"alpha"/, "\"case\":\"case_" i "\"", line); print line } next } { print }' \
		logs/report.html >big.html
	mv big.html logs/report.html
	in_browser <<'END' >said
say("cases", cases.length);
let before = performance.now();
await search("case_4999");
say("found", text("#images > details > summary").join(" "));
draw();
say("took", Math.round(performance.now() - before));
document.querySelector("#images details").open = true;
await wait(100);
say("drawn", document.querySelectorAll("#images details details").length);
END
	equal "$(grep '^cases' said)" 'cases 50002'
	contains "$(grep '^found' said)" '11 cases'
	took=$(grep '^took' said)
	((${took#* } < 5000))
	! grep -i 'error\|CONSOLE' said
}

@test "what the page is made of: sentence, place in the console, the last run's verdict" {
	everything
	FAKE='' runner
	runner
	data() { sed -n '/^<script type="application\/json"/,/^<\/script>/p' logs/report.html | sed '1d;$d'; }
	data | while IFS= read -r line; do jq -e . <<<"$line" >/dev/null; done
	equal "$(data | jq -c 'select(.case == "fails") | [.s, .sentence, .at, .old]')" '[0,"the rule of fails",7,"PASS"]'
	equal "$(data | jq -c 'select(.case == "one") | [.s, .at, .old]')" '[1,5,null]'
	equal "$(data | jq -c 'select(.suites) | [.compared, .suites[1].name, .suites[1].log]')" '[true,"x86_64/u","x86_64/u.log"]'
	equal "$(sed -n 7p logs/x86_64/t.log)" '# start 2 fails'
	# Rows that pass are not on it.
	equal "$(data | jq -r 'select(.row).row')" b
	lacks "$(data)" '</script>'
	runner --out fresh
	equal "$(sed -n 's/.*"compared":\([a-z]*\).*/\1/p' fresh/report.html)" false
}

@test "the terminal ends with what to do next" {
	everything
	FAKE='' runner
	ACCEL=tcg runner -j1 --strict
	equal "$status" 1
	contains "$output" 'did not fail in the last run: x86_64/t:fails, x86_64/t:crashes'
	contains "$output" "run_tests.sh -j 1 --strict --rerun-failed"
	contains "$output" '--print-command x86_64/t:fails) -s -S'
	equal "${lines[-1]}" '3 passed, 2 failed, 1 skipped'
	# They are commands.
	run bash -c "$(sed -n 's/^only what failed: //p' <<<"$output")" 3>&-
	contains "$output" '0 passed, 2 failed, 0 skipped'
	lacks "$output" 'did not fail in the last run'
	runner
	lacks "$output" 'did not fail in the last run'
	[[ ! -e logs/.new-failures ]]
	FAKE='' runner
	lacks "$output" --rerun-failed
	runner -t
	lacks "$output" --rerun-failed
}
