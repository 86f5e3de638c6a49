# docs/known-deviations.md from known.cfg of each VMM: docs/adding-a-vmm.md has their form. Entries are grouped by
# accelerator, architecture and area; an area is what the names of tests begin with.

BEGIN {
	add_area("exc", "Exceptions and interrupts"); add_area("storm", "Exceptions and interrupts")
	add_area("debug", "Breakpoints and single steps"); add_area("seg", "Segmentation")
	add_area("mode", "Real mode, virtual-8086 mode, tasks, SMM"); add_area("mmu", "Paging and translation")
	add_area("sys", "System registers, MSRs and CPUID"); add_area("cpu", "Instructions and system registers")
	add_area("insn", "Instructions"); add_area("simd", "SSE and AVX"); add_area("x87", "x87 and MMX")
	add_area("fp", "Floating point and SIMD"); add_area("smp", "Several CPUs and interprocessor interrupts")
	add_area("seqcst", "Memory order"); add_area("gic", "Interrupt controller"); add_area("timer", "Timers and clocks")
	add_area("tod", "Timers and clocks"); add_area("skey", "Storage keys"); add_area("selftest", "The library's own tests")
	add_area("apic", "Local APIC"); add_area("ioapic", "I/O APIC"); add_area("pic", "8259 interrupt controllers")
	add_area("step", "Instructions that a VMM completes"); add_area("svm", "Nested SVM"); add_area("vmx", "Nested VMX")
	add_area("topology", "System registers, MSRs and CPUID")
	vmm_name["qemu"] = "QEMU"; vmm_name["bochs"] = "Bochs"; vmm_name["kvm"] = "KVM"; vmm_name["kvmtool"] = "kvmtool"
	family["x86_64"] = family["i386"] = "x86"; family["arm64"] = family["arm"] = "Arm"; family["s390x"] = "s390x"
	FEW = 20 # a release that has less than one in so many of what another has was not gone through
	all_archs = "x86_64 i386 arm64 arm s390x"
}

function add_area(prefix, title) {
	area_title[prefix] = title
	if (!(title in area_order))
		area_order[title] = ++area_count
}

# ------------------------------------------------------------------------------------------------ reading

FNR == 1 {
	vmm = FILENAME
	sub(/\/known\.cfg$/, "", vmm); sub(/.*\//, "", vmm)
	in_cases = 0
}

{ sub(/[ \t\r]+$/, ""); indented = /^[ \t]/; sub(/^[ \t]+/, "") }
/^$/ || /^[#;]/ { next }
/^\[.*\]$/ {
	n++
	title[n] = substr($0, 2, length($0) - 2)
	of_vmm[n] = vmm
	in_cases = 0
	next
}
indented && in_cases { cases[n] = cases[n] $0 "\n"; next }
{
	key = $0
	sub(/[ \t]*=.*/, "", key)
	value = $0
	sub(/^[^=]*=[ \t]*/, "", value)
	in_cases = key == "cases"
	if (in_cases)
		cases[n] = value == "" ? "" : value "\n"
	else
		entry[n, key] = value
	if (key !~ /^(arch|versions|confirmed|accel|cpu|verdict|manual|actual|link|cases)$/)
		others[n] = others[n] " · " key ": " text(value)
}

# --------------------------------------------------------------------------------------------- for people

# Words of a known.cfg in Markdown. What Markdown takes for its own is escaped.
function text(words) {
	gsub(/[\\`*<\[\]|]/, "\\\\&", words)
	return words
}

function capital(words) {
	return words ~ /^[a-z][a-z]* / ? toupper(substr(words, 1, 1)) substr(words, 2) : words
}

function area(i,    test, length_of, best, prefix) {
	test = cases[i]
	sub(/:.*/, "", test)
	for (prefix in area_title)
		if (index(test, prefix) == 1 && length(prefix) > length_of) {
			best = area_title[prefix]; length_of = length(prefix)
		}
	if (best == "") {
		best = test
		if (!(best in area_order))
			area_order[best] = ++area_count
	}
	return best
}

# A >= B, of versions; as far as B has numbers.
function at_least(a, b,    x, y, m, i) {
	m = split(b, y, "."); split(a, x, ".")
	for (i = 1; i <= m; i++)
		if (x[i] + 0 != y[i] + 0)
			return x[i] + 0 > y[i] + 0
	return 1
}

function within(release, range,    bound) {
	if (range == "")
		return 1
	split(range, bound, /\.\./)
	# 7.2.22 is within ..7.2: the bound has fewer numbers.
	return (bound[1] == "" || at_least(release, bound[1])) && (bound[2] == "" || at_least(bound[2], release) || at_least_prefix(release, bound[2]))
}

function at_least_prefix(release, bound) {
	return release == bound || index(release, bound ".") == 1
}

function seen_on(i, release) {
	return index(" " entry[i, "confirmed"] " ", " " release " ") > 0
}

function versions_words(range,    bound) {
	split(range, bound, /\.\./)
	if (bound[1] != "" && bound[2] != "")
		return ", from " bound[1] " to " bound[2]
	return bound[1] != "" ? ", since " bound[1] : bound[2] != "" ? ", gone after " bound[2] : ""
}

# Its cases, with their rows counted: `exc:gate_type` (11 rows).
function cases_words(i,    item, m, j, name, order, count, rows, words) {
	m = split(cases[i], item, "\n") - 1
	for (j = 1; j <= m; j++) {
		name = item[j]
		sub(/\/.*/, "", name)
		if (!(name in rows))
			order[++count] = name
		rows[name] += name != item[j] ? (item[j] ~ /\*/ ? 1000 : 1) : 0
	}
	for (j = 1; j <= count; j++) {
		name = order[j]
		words = words (j > 1 ? ", " : "") "`" name "`"
		if (rows[name])
			words = words (rows[name] >= 1000 ? " (rows)" : rows[name] == 1 ? " (1 row)" : " (" rows[name] " rows)")
	}
	return words
}

function print_entry(i,    rule, where, at, line, confirmed) {
	print "#### " text(capital(title[i])) "\n"
	confirmed = entry[i, "confirmed"]
	gsub(/ /, ", ", confirmed)
	line = entry[i, "arch"]
	gsub(/,? +/, ", ", line)
	if (line == "")
		line = "all architectures"
	if (entry[i, "cpu"] != "")
		line = line " · CPU " text(entry[i, "cpu"])
	line = line " · seen on " confirmed versions_words(entry[i, "versions"])
	if (entry[i, "verdict"] == "CRASH")
		line = line " · **ends the guest or the VMM**"
	else if (entry[i, "verdict"] == "TIMEOUT")
		line = line " · **hangs**"
	print line others[i] "\n"
	rule = entry[i, "manual"]
	at = index(rule, ": ")
	if (at) {
		where = substr(rule, 1, at - 1)
		rule = substr(rule, at + 2)
	}
	print "> " text(rule) (where == "" ? "" : "\n> — " text(where)) "\n"
	if (entry[i, "actual"] != title[i])
		print "Instead: " text(entry[i, "actual"]) ".\n"
	print "Shown by " cases_words(i) "." (entry[i, "link"] == "" ? "" : " Reported: <" entry[i, "link"] ">.") "\n"
}

# A line of the table: for each release, how many of the group are `what`; none where there is nothing to tell.
function print_counts(group, what, label,    r, i, number, line, sum) {
	line = "| " label " |"
	for (r = 1; r <= releases; r++) {
		number = 0
		for (i = 1; i <= n; i++) {
			if (group_of[i] != group)
				continue
			if (what == "all")
				number += seen_on(i, release[r])
			else if (what == "unseen")
				number += !seen_on(i, release[r]) && within(release[r], entry[i, "versions"])
			else if (what == "new")
				number += r > 1 && seen_on(i, release[r]) && !seen_on(i, release[r - 1]) && !within(release[r - 1], entry[i, "versions"])
			else if (what == "gone")
				number += r > 1 && seen_on(i, release[r - 1]) && !within(release[r], entry[i, "versions"])
			else
				number += seen_on(i, release[r]) && is_for(i, what)
		}
		line = line " " (number || (what != "new" && what != "gone") ? number : "") " |"
		sum += number
	}
	if (sum)
		print line
}

function is_for(i, arch,    archs) {
	archs = entry[i, "arch"]
	gsub(/,/, " ", archs)
	return archs == "" || index(" " archs " ", " " arch " ") > 0
}

# The releases that the group was confirmed on, in order, into release[]: not those on which only a few were.
function find_releases(group,    i, j, m, word, seen, new, most) {
	releases = 0
	for (i = 1; i <= n; i++) {
		if (group_of[i] != group)
			continue
		m = split(entry[i, "confirmed"], word, " ")
		for (j = 1; j <= m; j++)
			if (++seen[word[j]] > most)
				most = seen[word[j]]
	}
	for (i = 1; i <= n; i++) {
		if (group_of[i] != group)
			continue
		m = split(entry[i, "confirmed"], word, " ")
		for (j = 1; j <= m; j++)
			if (seen[word[j]] && seen[word[j]] * FEW >= most) {
				seen[word[j]] = 0
				for (new = ++releases; new > 1 && !at_least(word[j], release[new - 1]); new--)
					release[new] = release[new - 1]
				release[new] = word[j]
			}
	}
}

function anchor(words) {
	words = tolower(words)
	gsub(/[^a-z0-9 -]/, "", words)
	gsub(/ /, "-", words)
	return words
}

function print_group(group,    name, r, i, m, arch, j, k, chapters, chapter, number, of_chapter, order, line) {
	find_releases(group)
	name = group_name[group]
	print "## " name "\n"
	line = "| |"
	for (r = 1; r <= releases; r++)
		line = line " " release[r] " |"
	print line
	gsub(/[^|]+/, "---:", line)
	sub(/---:/, "---", line)
	print line
	print_counts(group, "all", "**deviations seen**")
	print_counts(group, "new", "new in this release")
	print_counts(group, "gone", "gone in this release")
	print_counts(group, "unseen", "nobody has looked yet")
	m = split(all_archs, arch, " ")
	for (j = 1; j <= m; j++)
		for (i = 1; i <= n; i++)
			if (group_of[i] == group && is_for(i, arch[j])) {
				print_counts(group, arch[j], "seen on " arch[j])
				break
			}
	print ""
	# A chapter for each area of each family, in the order of families and of areas.
	for (i = 1; i <= n; i++)
		if (group_of[i] == group) {
			chapter = chapter_of[i]
			if (!number[chapter]++) {
				for (k = ++chapters; k > 1 && chapter_order[chapter] < chapter_order[order[k - 1]]; k--)
					order[k] = order[k - 1]
				order[k] = chapter
			}
		}
	for (k = 1; k <= chapters; k++)
		print "- [" order[k] "](#" anchor(name ": " order[k]) "): " number[order[k]]
	print ""
	for (k = 1; k <= chapters; k++) {
		print "### " name ": " order[k] "\n"
		for (i = 1; i <= n; i++)
			if (group_of[i] == group && chapter_of[i] == order[k])
				print_entry(i)
	}
}

# How many deviations the last release of each group has, by area of this family.
function print_side_by_side(f,    g, i, k, m, last, line, count, areas, order, name, of_group) {
	for (g = 1; g <= groups; g++) {
		find_releases(group[g])
		last[g] = release[releases]
	}
	for (i = 1; i <= n; i++)
		if (index(chapter_of[i], f ": ") == 1)
			for (g = 1; g <= groups; g++)
				if (group[g] == group_of[i] && seen_on(i, last[g])) {
					if (!of_group[g]++)
						m++
					name = substr(chapter_of[i], length(f) + 3)
					if (!areas[name]++) {
						for (k = ++count; k > 1 && area_order[name] < area_order[order[k - 1]]; k--)
							order[k] = order[k - 1]
						order[k] = name
					}
					areas[name, g]++
				}
	if (m < 2)
		return
	print "## " f ": side by side\n"
	print "Deviations of the last release that was looked at, by area. Not every VMM runs every test.\n"
	line = "| |"
	for (g = 1; g <= groups; g++)
		if (of_group[g])
			line = line " " group_name[group[g]] " " last[g] " |"
	print line
	gsub(/[^|]+/, "---:", line)
	sub(/---:/, "---", line)
	print line
	for (k = 1; k <= count; k++) {
		line = "| " order[k] " |"
		for (g = 1; g <= groups; g++)
			if (of_group[g])
				line = line " " areas[order[k], g] + 0 " |"
		print line
	}
	line = "| **together** |"
	for (g = 1; g <= groups; g++)
		if (of_group[g])
			line = line " " of_group[g] " |"
	print line "\n"
}

END {
	print "<!-- Written by scripts/known-deviations.sh from scripts/vmm/*/known.cfg: change those, then `make docs`. -->\n"
	print "# Known deviations\n"
	print "What virtual machine monitors are known to do otherwise than the architecture's manual says. Each was found by a case of"
	print "Assay and compared with the manual's words, which are cited. To see one for yourself:\n"
	print "    ./run_tests.sh --known none exc:ac_at_cpl3                       on the VMM of this machine"
	print "    ./run_tests.sh --known none --matrix 7.2,10.0,11.1 exc:ac_at_cpl3    on three releases of QEMU\n"
	print "\"Seen on\" names the releases on which a deviation was confirmed. It is expected on every later one until one was seen to be"
	print "right, and then said to be gone after the last that was wrong. An entry is one deviation, however many cases show it."
	print "KVM's releases are those of Linux.\n"
	for (i = 1; i <= n; i++) {
		accel = entry[i, "accel"]
		gsub(/,? +/, ", ", accel)
		group_of[i] = of_vmm[i] "/" accel
		name = of_vmm[i] in vmm_name ? vmm_name[of_vmm[i]] : of_vmm[i]
		group_name[group_of[i]] = name (accel == "" || toupper(accel) == name ? "" : ", " toupper(accel))
		if (!known_group[group_of[i]]++)
			group[++groups] = group_of[i]
		arch = entry[i, "arch"]
		sub(/[ ,].*/, "", arch)
		f = arch == "" ? "all architectures" : arch in family ? family[arch] : arch
		title_of_area = area(i)
		chapter_of[i] = f ": " title_of_area
		chapter_order[chapter_of[i]] = index("x86 Arm s390x", f) * 1000 + area_order[title_of_area]
	}
	print_side_by_side("x86")
	for (g = 1; g <= groups; g++)
		print_group(group[g])
}
