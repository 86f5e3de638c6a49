/* SPDX-License-Identifier: MIT */
/*
 * IA32_APIC_BASE: where the APIC is, and in which of its modes: SDM vol. 3A, 10.4.3-10.4.5 and 10.12.5.
 * The last CPU is the one whose APIC is disabled; between a change and the way back nothing else happens
 * there.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/apic_again.h>
#include <x86/cpuid.h>
#include <x86/msr.h>

SUITE("IA32_APIC_BASE", REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_has(X86_FEATURE_MSR)));

#define HAS_X2APIC cpu_has(X86_FEATURE_X2APIC)

#define MODE_BITS (APIC_BASE_ENABLE | APIC_BASE_EXTD)

/* Bits 0-7 and 9, and those that no physical address has: figure 10-26. */
static u64 reserved_bits(void)
{
	return BITS(7, 0) | BIT(9) | BITS(63, cpu_physical_bits()) |
	       (HAS_X2APIC ? 0 : APIC_BASE_EXTD);
}

TEST(apic_base_value, "in xAPIC mode the APIC is enabled, EXTD is 0 and reserved bits read as 0",
     SPEC("SDM vol. 3A, 10.4.4, figure 10-5"))
{
	u64 base = rdmsr(MSR_IA32_APIC_BASE);

	EXPECT_EQ(base & MODE_BITS, APIC_BASE_ENABLE);
	EXPECT_EQ(base & reserved_bits(), 0ull);
	EXPECT_EQ(base & BITS(35, 12), (u64)APIC_DEFAULT_BASE);
}

TEST(apic_base_reserved_bits,
     "setting a reserved bit of IA32_APIC_BASE is #GP(0) and changes nothing",
     SPEC("SDM vol. 3A, 10.4.4; vol. 2D, WRMSR"), BUG("qemu#330"), BUG("acrn#1626"))
{
	u64 before = rdmsr(MSR_IA32_APIC_BASE);

	for_each_set_bit(bit, reserved_bits()) {
		SUBTEST("bit-%llu", bit);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_IA32_APIC_BASE, before | BIT(bit)));
		EXPECT_EQ(rdmsr(MSR_IA32_APIC_BASE), before);
	}
}

TEST(apic_base_same_value, "writing the value that IA32_APIC_BASE has changes nothing",
     SPEC("SDM vol. 3A, 10.12.5"))
{
	u64 before = rdmsr(MSR_IA32_APIC_BASE);

	apic_write(APIC_TPR, 0x53);
	EXPECT_NO_FAULT(wrmsr_try(MSR_IA32_APIC_BASE, before));
	EXPECT_EQ(rdmsr(MSR_IA32_APIC_BASE), before);
	EXPECT_EQ(apic_read(APIC_TPR), 0x53u);
}

/* --------------------------------------------------------------------------------------- the modes */

enum apic_mode { DISABLED, XAPIC, X2APIC, INVALID, MODES };

static const u64 mode_bits[MODES] = {
	[DISABLED] = 0,
	[XAPIC] = APIC_BASE_ENABLE,
	[X2APIC] = APIC_BASE_ENABLE | APIC_BASE_EXTD,
	[INVALID] = APIC_BASE_EXTD,
};

static const char *const mode_names[MODES] = { "disabled", "xapic", "x2apic", "invalid" };

/* Figure 10-27. Without x2APIC, EXTD is a reserved bit. */
static bool is_legal(enum apic_mode from, enum apic_mode to)
{
	if (to == INVALID || (to == X2APIC && !HAS_X2APIC))
		return false;
	if (from == to)
		return true;
	return !(from == X2APIC && to == XAPIC) && !(from == DISABLED && to == X2APIC);
}

struct change {
	enum apic_mode from, to;
	struct fault fault;
	u64 before, after;
};

static u64 with_mode(enum apic_mode mode)
{
	return (rdmsr(MSR_IA32_APIC_BASE) & ~MODE_BITS) | mode_bits[mode];
}

/* From xAPIC mode to `from`, by legal changes; then the change; then back. */
static void change_mode(void *arg)
{
	struct change *change = arg;

	if (change->from != XAPIC)
		wrmsr(MSR_IA32_APIC_BASE, with_mode(change->from));
	change->before = rdmsr(MSR_IA32_APIC_BASE);
	change->fault = wrmsr_try(MSR_IA32_APIC_BASE, with_mode(change->to));
	change->after = rdmsr(MSR_IA32_APIC_BASE);
	apic_reset();
}

TEST(apic_enabled_again, "an APIC that was disabled by IA32_APIC_BASE can be enabled again",
     SPEC("SDM vol. 3A, 10.4.3, 10.12.5, figure 10-27"), REQUIRES(cpu_count() > 1))
{
	EXPECT(apic_enables_again());
}

TEST(apic_mode_changes, "each change of the APIC's mode is done, or is #GP(0) and not done",
     SPEC("SDM vol. 3A, 10.12.5, figure 10-27, tables 10-5 and 10-7"),
	  REQUIRES(cpu_count() > 1 && apic_enables_again()))
{
	for (enum apic_mode from = DISABLED; from <= X2APIC; from++)
		for (enum apic_mode to = DISABLED; to < MODES; to++) {
			struct change change = { .from = from, .to = to };

			if (from == X2APIC && !HAS_X2APIC)
				continue;
			SUBTEST("%s-to-%s", mode_names[from], mode_names[to]);
			run_on_cpu(APIC_VICTIM, change_mode, &change);
			if (!EXPECT_EQ(change.before & MODE_BITS, mode_bits[from]))
				continue;
			EXPECT_FAULT(is_legal(from, to) ? NO_FAULT : GP(0), change.fault);
			EXPECT_EQ(change.after & MODE_BITS,
				  mode_bits[is_legal(from, to) ? to : from]);
			EXPECT_EQ(change.after & ~MODE_BITS, change.before & ~MODE_BITS);
		}
}

struct seen_by_cpuid {
	u32 before, disabled, after;
};

static void read_cpuid_in_each_mode(void *arg)
{
	struct seen_by_cpuid *seen = arg;

	seen->before = cpuid(1, 0).edx;
	wrmsr(MSR_IA32_APIC_BASE, with_mode(DISABLED));
	seen->disabled = cpuid(1, 0).edx;
	wrmsr(MSR_IA32_APIC_BASE, with_mode(XAPIC));
	seen->after = cpuid(1, 0).edx;
	apic_reset();
}

TEST(apic_cpuid_bit, "CPUID.1:EDX.APIC is 0 while the APIC is disabled, and 1 while it is enabled",
     SPEC("SDM vol. 3A, 10.4.3"), REQUIRES(cpu_count() > 1 && apic_enables_again()))
{
	const u32 bit = BIT(X86_FEATURE_APIC % 32);
	struct seen_by_cpuid seen;

	run_on_cpu(APIC_VICTIM, read_cpuid_in_each_mode, &seen);
	SUBTEST("enabled");
	EXPECT_EQ(seen.before & bit, bit);
	SUBTEST("disabled");
	EXPECT_EQ(seen.disabled & bit, 0u);
	SUBTEST("enabled-again");
	EXPECT_EQ(seen.after & bit, bit);
}

static void disable_and_enable(void *arg)
{
	u32 *ids = arg;

	ids[0] = apic_id();
	wrmsr(MSR_IA32_APIC_BASE, with_mode(DISABLED));
	wrmsr(MSR_IA32_APIC_BASE, with_mode(XAPIC));
	ids[1] = apic_id();
	if (HAS_X2APIC) {
		apic_enter_x2apic();
		ids[2] = apic_id();
		wrmsr(MSR_IA32_APIC_BASE, with_mode(DISABLED));
		wrmsr(MSR_IA32_APIC_BASE, with_mode(XAPIC));
		ids[3] = apic_id();
	} else {
		ids[2] = ids[3] = ids[0];
	}
	apic_reset();
}

TEST(apic_id_kept,
     "the APIC ID is the same after disabling, in x2APIC mode, and back in xAPIC mode",
     SPEC("SDM vol. 3A, 10.12.5.1"), BUG("linux 49bd29ba1dbd"),
					 BUG("linux a92e2543d6a8"),
					     REQUIRES(cpu_count() > 1 && apic_enables_again()))
{
	u32 ids[4];

	run_on_cpu(APIC_VICTIM, disable_and_enable, ids);
	SUBTEST("enabled-again");
	EXPECT_EQ(ids[1], ids[0]);
	SUBTEST("x2apic");
	EXPECT_EQ(ids[2], ids[0]);
	SUBTEST("xapic-after-x2apic");
	EXPECT_EQ(ids[3], ids[0]);
}

/* ------------------------------------------------------------------------------------- relocation */

/* Nothing of a PC's is here: between the APICs' page and the firmware. */
#define OTHER_BASE 0xfef00000u

static volatile u32 *at(ulong base, u32 reg)
{
	return (volatile u32 *)(base + reg);
}

struct relocated {
	struct fault fault;
	u64 base;
	u32 version, version_there, tpr_there, tpr_by_old, tpr_back;
};

static void relocate(void *arg)
{
	struct relocated *seen = arg;
	u64 before = rdmsr(MSR_IA32_APIC_BASE);

	seen->version = *at(APIC_DEFAULT_BASE, APIC_VERSION);
	*at(APIC_DEFAULT_BASE, APIC_TPR) = 0x30;
	seen->fault = wrmsr_try(MSR_IA32_APIC_BASE, (before & ~BITS(35, 12)) | OTHER_BASE);
	seen->base = rdmsr(MSR_IA32_APIC_BASE);
	seen->version_there = *at(OTHER_BASE, APIC_VERSION);
	*at(OTHER_BASE, APIC_TPR) = 0x40;
	seen->tpr_there = *at(OTHER_BASE, APIC_TPR);
	*at(APIC_DEFAULT_BASE, APIC_TPR) = 0x50;
	seen->tpr_by_old = *at(OTHER_BASE, APIC_TPR);
	wrmsr(MSR_IA32_APIC_BASE, before);
	seen->tpr_back = *at(APIC_DEFAULT_BASE, APIC_TPR);
	apic_reset();
}

TEST(apic_relocated, "a CPU's APIC is at the address in IA32_APIC_BASE and not where it was before",
     SPEC("SDM vol. 3A, 10.4.5"), REQUIRES(cpu_count() > 2))
{
	struct relocated seen;

	run_on_cpu(1, relocate, &seen);
	ASSERT_NO_FAULT(seen.fault);
	SUBTEST("address-reads-back");
	EXPECT_EQ(seen.base & BITS(35, 12), (u64)OTHER_BASE);
	SUBTEST("registers-at-new-address");
	EXPECT_EQ(seen.version_there, seen.version);
	EXPECT_EQ(seen.tpr_there, 0x40u);
	SUBTEST("no-registers-at-old-address");
	EXPECT_EQ(seen.tpr_by_old, 0x40u);
	SUBTEST("and-back");
	EXPECT_EQ(seen.tpr_back, 0x40u);
}

static u32 read_version(ulong base)
{
	return *at(base, APIC_VERSION);
}

static u32 moved, done;

static void relocate_to_stay(void *arg)
{
	u64 before = rdmsr(MSR_IA32_APIC_BASE);

	(void)arg;
	wrmsr(MSR_IA32_APIC_BASE, (before & ~BITS(35, 12)) | OTHER_BASE);
	atomic_store(&moved, 1);
	while (!atomic_load(&done))
		arch_relax();
	wrmsr(MSR_IA32_APIC_BASE, before);
	apic_reset();
}

TEST(apic_relocation_is_own, "moving the registers of one CPU's APIC does not move another's",
     SPEC("SDM vol. 3A, 10.4.5, 10.4.1"), REQUIRES(cpu_count() > 2))
{
	u32 version = read_version(APIC_DEFAULT_BASE), there, tpr;

	moved = done = 0;
	cpu_start_work(1, relocate_to_stay, NULL);
	while (!atomic_load(&moved))
		arch_relax();
	there = read_version(APIC_DEFAULT_BASE);
	*at(APIC_DEFAULT_BASE, APIC_TPR) = 0x60;
	tpr = *at(APIC_DEFAULT_BASE, APIC_TPR);
	*at(APIC_DEFAULT_BASE, APIC_TPR) = 0;
	atomic_store(&done, 1);
	cpu_wait(1);
	EXPECT_EQ(there, version);
	EXPECT_EQ(tpr, 0x60u);
}
