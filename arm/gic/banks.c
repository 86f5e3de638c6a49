/* SPDX-License-Identifier: MIT */
/* The state of SGIs and PPIs that each CPU has for itself. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("Banked registers", REQUIRES(gic_version()), REQUIRES(cpu_count() >= 2));

#define PPI GIC_PPI(8) /* of no device that is known here */
#define SGI 5

/* A word of a register of SGIs and PPIs, by this CPU. */
static u32 word(u32 reg)
{
	return read32(gic_frame(0) + reg);
}

static const struct {
	const char *name;
	u32 set, clear; /* clear: 0 if a plain write does it */
	u32 bit;
} rows[] = {
	{ "enable-ppi", GICD_ISENABLER, GICD_ICENABLER, BIT(PPI) },
	{ "enable-sgi", GICD_ISENABLER, GICD_ICENABLER, BIT(SGI) },
	{ "active-ppi", GICD_ISACTIVER, GICD_ICACTIVER, BIT(PPI) },
	{ "active-sgi", GICD_ISACTIVER, GICD_ICACTIVER, BIT(SGI) },
	{ "pending-ppi", GICD_ISPENDR, GICD_ICPENDR, BIT(PPI) },
	{ "group-ppi", GICD_IGROUPR, 0, BIT(PPI) },
	{ "group-sgi", GICD_IGROUPR, 0, BIT(SGI) },
};

static u32 row;

static void set(bool value)
{
	u32 bit = rows[row].bit, old = word(rows[row].set);

	if (rows[row].clear)
		write32(gic_frame(0) + (value ? rows[row].set : rows[row].clear), bit);
	else
		write32(gic_frame(0) + rows[row].set, value ? old | bit : old & ~bit);
	dsb();
}

/* What each of two CPUs does with its bit, one after the other, and what they have after that. */
static const struct step {
	u32 cpu;
	bool value, expected[2];
} steps[] = {
	{ 0, false, { false, true } }, { 1, false, { false, false } }, { 0, true, { true, false } },
	{ 1, true, { true, true } },   { 0, false, { false, true } },  { 0, true, { true, true } },
	{ 1, false, { true, false } }, { 0, false, { false, false } },
};

static struct cpu_barrier barrier;
static bool got[ARRAY_SIZE(steps)][2];

/* On both CPUs at the same time: after its work, a CPU's registers are reset. */
static void go_through_steps(void *arg)
{
	u32 number = this_cpu()->number;

	(void)arg;
	if (number > 1)
		return;
	set(true);
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		cpu_barrier_wait(&barrier, 2);
		if (steps[i].cpu == number)
			set(steps[i].value);
		cpu_barrier_wait(&barrier, 2);
		got[i][number] = word(rows[row].set) & rows[row].bit;
	}
}

TEST(private_bits, "a bit of an SGI or PPI that one CPU sets or clears no other CPU has",
     SPEC("IHI 0048, 4.1.4, 4.3.4 to 4.3.9; IHI 0069, 12.10, the redistributors' registers"))
{
	for (row = 0; row < ARRAY_SIZE(rows); row++) {
		if (rows[row].set == GICD_IGROUPR && !gic_has_group0())
			continue;
		SUBTEST("%s", rows[row].name);
		set(false);
		if (word(rows[row].set) & rows[row].bit) {
			SKIP_ROW("it cannot be cleared"); /* an SGI's enable: 4.3.5 */
			continue;
		}
		barrier = (struct cpu_barrier){ 0 };
		run_on_all_cpus(go_through_steps, NULL);
		for (u32 i = 0; i < ARRAY_SIZE(steps); i++)
			for (u32 cpu = 0; cpu < 2; cpu++)
				EXPECT_EQ(got[i][cpu], steps[i].expected[cpu], "step %u, CPU %u", i,
					  cpu);
	}
}

static u32 wrong[MAX_CPUS];

static void check_priorities(void *arg)
{
	u32 number = this_cpu()->number;

	(void)arg;
	for (u32 intid = 16; intid < 32; intid++)
		gic_set_priority(intid, (u8)((intid ^ number) << 4));
	cpu_barrier_wait(&barrier, cpu_count());
	wrong[number] = 0;
	for (u32 intid = 16; intid < 32; intid++)
		wrong[number] += gic_priority(intid) != (u8)((intid ^ number) << 4);
}

TEST(private_priorities_of_each_cpu, "the priorities of SGIs and PPIs are each CPU's own",
     SPEC("IHI 0048, 4.3.11; IHI 0069, 12.11.20, GICR_IPRIORITYR<n>"))
{
	barrier = (struct cpu_barrier){ 0 };
	run_on_all_cpus(check_priorities, NULL);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT_EQ(wrong[cpu], 0, "CPU %u", cpu);
}

TEST(priorities_by_word,
     "a word is the priorities of four SGIs or PPIs, the lowest INTID in bits 7-0",
     SPEC("IHI 0048, 4.3.11; IHI 0069, 12.11.20, GICR_IPRIORITYR<n>"))
{
	ulong at = gic_frame(16) + GICD_IPRIORITYR + 16;

	write32(at, 0x20c040e0);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(gic_priority(16 + i), 0x20c040e0u >> 8 * i & 0xff);
	gic_set_priority(18, 0x50);
	EXPECT_EQ(read32(at), 0x205040e0);
	EXPECT_EQ(read32(at + 4), GIC_PRIORITY_DEFAULT * 0x01010101u);
}
