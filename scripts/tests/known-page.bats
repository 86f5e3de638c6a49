#!/usr/bin/env bats
# docs/known-deviations.md, which is written from the known.cfg of each VMM.
load helper

setup() {
	P=$BATS_TEST_TMPDIR/project
	mkdir -p "$P/scripts/vmm/qemu" "$P/docs"
	cp "$TOP"/scripts/known-deviations.* "$P/scripts/"
	cd "$P" || return 1
	cat >scripts/vmm/qemu/known.cfg <<'END'
# A comment.
[the *first*]
arch = x86_64, i386
versions = ..9.2
confirmed = 7.2
accel = tcg
manual = SDM vol. 3A, 6.13: "the rule" of [a] <b>
actual = otherwise
link = https://example.org/1
cases =
	exc:one/row
	exc:one/other
	insn*:two/r*
	sys:three

[never | seen]
arch = arm64
versions = 10.0..
confirmed = 10.0 11.1
accel = tcg
cpu = max*
verdict = CRASH
manual = words without a source
actual = never | seen
cases = nosuch-image:case
END
}

teardown() { :; }

page() {
	scripts/known-deviations.sh
	cat docs/known-deviations.md
}

@test "an entry: rule, source, what it does, where it was seen, what shows it" {
	contains "$(page)" '#### The \*first\*

x86_64, i386 · seen on 7.2, gone after 9.2

> "the rule" of \[a\] \<b>
> — SDM vol. 3A, 6.13

Instead: otherwise.

Shown by `exc:one` (2 rows), `insn*:two` (rows), `sys:three`. Reported: <https://example.org/1>.'
	contains "$(page)" '### QEMU, TCG: Arm: nosuch-image

#### Never \| seen

arm64 · CPU max\* · seen on 10.0, 11.1, since 10.0 · **ends the guest or the VMM**

> words without a source

Shown by `nosuch-image:case`.'
}

@test "counts for each release that anything was confirmed on" {
	contains "$(page)" '## QEMU, TCG

| | 7.2 | 10.0 | 11.1 |
|---|---:|---:|---:|
| **deviations seen** | 1 | 1 | 1 |
| new in this release |  | 1 |  |
| gone in this release |  | 1 |  |
| seen on x86_64 | 1 | 0 | 0 |
| seen on i386 | 1 | 0 | 0 |
| seen on arm64 | 0 | 1 | 1 |

- [x86: Exceptions and interrupts](#qemu-tcg-x86-exceptions-and-interrupts): 1
- [Arm: nosuch-image](#qemu-tcg-arm-nosuch-image): 1'
	sed -i 's/^confirmed = 10.0 11.1/confirmed = 11.1/; /^versions/d' scripts/vmm/qemu/known.cfg
	contains "$(page)" '| | 7.2 | 11.1 |
|---|---:|---:|
| **deviations seen** | 1 | 1 |
| nobody has looked yet | 1 | 1 |'
	sed -i 's/^confirmed = 7.2/confirmed = 7.2 7.10 10.0 8/' scripts/vmm/qemu/known.cfg
	contains "$(page)" '| | 7.2 | 7.10 | 8 | 10.0 | 11.1 |'
}

@test "several VMMs and accelerators, each on its own" {
	mkdir scripts/vmm/bochs
	printf '%s\n' '[d]' 'manual = m' 'confirmed = 3.0' 'actual = a' 'kernel = 6.1..' 'cases = exc:one' >scripts/vmm/bochs/known.cfg
	printf '%s\n' '' '[e]' 'accel = kvm' 'manual = m' 'confirmed = 7.2' 'actual = a' 'cases = smp:one' >>scripts/vmm/qemu/known.cfg
	equal "$(page | grep '^## ')" '## QEMU, TCG
## QEMU, KVM
## Bochs'
	contains "$(page)" 'all architectures · seen on 3.0 · kernel: 6.1..'
}

@test "VMMs side by side: the last release of each, by area" {
	lacks "$(page)" 'side by side'
	mkdir scripts/vmm/bochs
	printf '%s\n' '[d]' 'arch = i386' 'manual = m' 'confirmed = 2.7 3.0' 'actual = a' 'cases = exc:one' '' \
		'[e]' 'arch = i386' 'manual = m' 'confirmed = 2.7' 'versions = ..2.8' 'actual = a' 'cases = exc:two' '' \
		'[f]' 'arch = x86_64' 'manual = m' 'confirmed = 3.0' 'actual = a' 'cases = pic*:one' >scripts/vmm/bochs/known.cfg
	sed -i 's/^confirmed = 7.2/confirmed = 7.2 11.1/; s/^versions = ..9.2//' scripts/vmm/qemu/known.cfg
	contains "$(page)" '| | QEMU, TCG 11.1 | Bochs 3.0 |
|---|---:|---:|
| Exceptions and interrupts | 1 | 1 |
| 8259 interrupt controllers | 0 | 1 |
| **together** | 1 | 2 |'
}

@test "--check: whether it is up to date" {
	page >/dev/null
	scripts/known-deviations.sh --check
	echo >>docs/known-deviations.md
	run --separate-stderr scripts/known-deviations.sh --check
	equal "$status" 1
	contains "$stderr" 'docs/known-deviations.md is not what scripts/known-deviations.sh writes now'
	rm docs/known-deviations.md
	run scripts/known-deviations.sh --check
	equal "$status" 1
	run scripts/known-deviations.sh --frobnicate
	equal "$status" 2
}

@test "the tree's own page: every entry is in it, once" {
	local page=$TOP/docs/known-deviations.md
	equal "$(grep -c '^#### ' "$page")" "$(cat "$TOP"/scripts/vmm/*/known.cfg | grep -c '^\[')"
}
