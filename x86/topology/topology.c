/* SPDX-License-Identifier: MIT */
/* Topology and caches in CPUID: SDM vol. 2A, CPUID, 04H, 0BH, 1FH; vol. 3A, 8.9. */
#include <test.h>

#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cpuid.h>

SUITE("Topology in CPUID");

static const u32 leaves[] = { 0xb, 0x1f };

static bool has_leaf(u32 leaf)
{
	return cpuid(0, 0).eax >= leaf && cpuid(leaf, 0).ebx;
}

/* Leaves of the CPU that runs it. */
struct seen {
	struct cpuid one, extended, sub[2][5];
	u32 apic_id;
};

#define INVALID_SUBLEAF 0xc3

static void look(void *arg)
{
	struct seen *seen = arg;

	seen->one = cpuid(1, 0);
	seen->apic_id = apic_read(APIC_ID) >> 24;
	for (u32 i = 0; i < 2; i++)
		for (u32 j = 0; j < 5; j++)
			seen->sub[i][j] = cpuid(leaves[i], j < 4 ? j : INVALID_SUBLEAF);
}

static struct seen seen_on(u32 number)
{
	static struct seen seen;

	run_on_cpu(number, look, &seen);
	return seen;
}

TEST(topology_apic_id, "leaf 1 has the CPU's initial APIC ID, on every CPU",
     SPEC("SDM vol. 2A, CPUID, 01H; vol. 3A, 8.4.5"), BUG("haxm 7"))
{
	for (u32 number = 0; number < cpu_count(); number++) {
		struct seen seen = seen_on(number);

		SUBTEST("cpu%u", number);
		EXPECT_EQ(seen.one.ebx >> 24, seen.apic_id);
		EXPECT_EQ(seen.one.ebx >> 24, (u32)cpu_by_number(number)->hardware_id);
	}
}

TEST(topology_subleaves,
     "leaves 0BH and 1FH have the sub-leaf in ECX and the x2APIC ID in EDX, always",
     SPEC("SDM vol. 2A, CPUID, 0BH, 1FH"), BUG("cloud-hypervisor 7495"),
					       BUG("firecracker 222"),
						   REQUIRES(has_leaf(0xb) || has_leaf(0x1f)))
{
	for (u32 i = 0; i < 2; i++)
		for (u32 number = 0; number < cpu_count(); number++) {
			struct seen seen = seen_on(number);

			if (!has_leaf(leaves[i]))
				continue;
			for (u32 j = 0; j < 5; j++) {
				SUBTEST("%#x-cpu%u-subleaf-%s%u", leaves[i], number,
					j < 4 ? "" : "invalid-", j);
				EXPECT_EQ(seen.sub[i][j].ecx & 0xff,
					  j < 4 ? j : (u32)INVALID_SUBLEAF);
				EXPECT_EQ(seen.sub[i][j].edx,
					  (u32)cpu_by_number(number)->hardware_id);
				EXPECT_EQ(seen.sub[i][j].ecx >> 16, 0u);
			}
		}
}

TEST(topology_levels, "levels of leaves 0BH and 1FH widen, until one of type 0 with nothing in it",
     SPEC("SDM vol. 2A, CPUID, 0BH, 1FH; vol. 3A, 8.9.1"),
	  REQUIRES(has_leaf(0xb) || has_leaf(0x1f)))
{
	for (u32 i = 0; i < 2; i++) {
		u32 shift = 0, count = 1, previous = 0;
		bool ended = false;

		if (!has_leaf(leaves[i]))
			continue;
		SUBTEST("%#x", leaves[i]);
		for (u32 j = 0; j < 16; j++) {
			struct cpuid r = cpuid(leaves[i], j);
			u32 type = r.ecx >> 8 & 0xff;

			if (j == 0)
				EXPECT_EQ(type, 1u);
			if (ended)
				EXPECT_EQ(type, 0u);
			if (type == 0) {
				ended = true;
				EXPECT_EQ(r.eax, 0u);
				EXPECT_EQ(r.ebx, 0u);
				continue;
			}
			EXPECT_GT(type, previous);
			EXPECT_GE(r.eax & 0x1f, shift);
			EXPECT_EQ(r.eax & ~0x1fu, 0u);
			EXPECT_GE(r.ebx & 0xffff, count);
			EXPECT_EQ(r.ebx >> 16, 0u);
			/* A level's processors have IDs that fit its shift. */
			EXPECT_LE((u64)(r.ebx & 0xffff), BIT(r.eax & 0x1f));
			previous = type;
			shift = r.eax & 0x1f;
			count = r.ebx & 0xffff;
		}
		EXPECT(ended);
	}
}

/* As many as share the bits of their IDs above the level's shift are of the same part of that level. */
TEST(topology_shifts,
     "no more CPUs share an ID above a level's shift than the level has processors",
     SPEC("SDM vol. 3A, 8.9.1, 8.9.3"), BUG("cloud-hypervisor 6062"), REQUIRES(has_leaf(0xb)))
{
	for (u32 level = 0; cpuid(0xb, level).ecx >> 8 & 0xff; level++) {
		struct cpuid r = cpuid(0xb, level);

		SUBTEST("level-%u", level);
		for (u32 i = 0; i < cpu_count(); i++) {
			u32 sharing = 0;

			for (u32 j = 0; j < cpu_count(); j++)
				sharing += cpu_by_number(i)->hardware_id >> (r.eax & 0x1f) ==
					   cpu_by_number(j)->hardware_id >> (r.eax & 0x1f);
			EXPECT_LE(sharing, r.ebx & 0xffff);
		}
	}
}

TEST(topology_same_on_all, "EAX, EBX and ECX of the topology leaves are the same on every CPU",
     SPEC("SDM vol. 3A, 8.9"), REQUIRES(cpu_count() > 1))
{
	struct seen first = seen_on(0);

	for (u32 number = 1; number < cpu_count(); number++) {
		struct seen seen = seen_on(number);

		SUBTEST("cpu%u", number);
		EXPECT_EQ(seen.one.eax, first.one.eax);
		EXPECT_EQ(seen.one.ebx & 0xffffff, first.one.ebx & 0xffffff);
		for (u32 i = 0; i < 2; i++)
			for (u32 j = 0; j < 5; j++) {
				EXPECT_EQ(seen.sub[i][j].eax, first.sub[i][j].eax);
				EXPECT_EQ(seen.sub[i][j].ebx, first.sub[i][j].ebx);
				EXPECT_EQ(seen.sub[i][j].ecx, first.sub[i][j].ecx);
			}
	}
}

TEST(topology_logical_count, "with HTT leaf 1 has the number of IDs in the package",
     SPEC("SDM vol. 2A, CPUID, 01H, EBX bits 23-16"))
{
	struct cpuid r = cpuid(1, 0);
	u32 count = r.ebx >> 16 & 0xff;

	if (!(r.edx & BIT(28))) {
		EXPECT_LE(count, 1u);
		return;
	}
	EXPECT_GE(count, 1u);
	if (has_leaf(0xb)) {
		u32 in_package = 1;

		for (u32 j = 0; cpuid(0xb, j).ecx >> 8 & 0xff; j++)
			in_package = cpuid(0xb, j).ebx & 0xffff;
		EXPECT_GE(count, MIN(in_package, 255u));
	}
}

/* Each cache: ways x partitions x line size x sets. */
TEST(cache_leaf_4, "leaf 4 lists caches of known types, and ends with type 0",
     SPEC("SDM vol. 2A, CPUID, 04H"), REQUIRES(cpuid(0, 0).eax >= 4 && cpu_is_intel()))
{
	u32 type = 0, index = 0;

	for (; index < 16; index++) {
		struct cpuid r = cpuid(4, index);
		u32 level = r.eax >> 5 & 7, line = (r.ebx & 0xfff) + 1;

		type = r.eax & 0x1f;
		if (!type)
			break;
		SUBTEST("%u", index);
		EXPECT_LE(type, 3u);
		EXPECT(level >= 1 && level <= 4);
		EXPECT_EQ(line & (line - 1), 0u);
		EXPECT_EQ(r.eax & BITS(13, 10), 0ull);
		EXPECT_EQ(r.edx & BITS(31, 3), 0ull);
	}
	EXPECT_EQ(type, 0u);
	EXPECT_GT(index, 0u);
}
