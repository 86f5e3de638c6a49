/* SPDX-License-Identifier: MIT */
/*
 * The ways in which a CPU tells who it is agree. SDM vol. 3A, 8.4 and 8.9: the APIC ID
 * is in the local APIC, in CPUID leaves 1 and 0BH, and in the ACPI tables.
 */
#include <test.h>

#include <dev/acpi.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/msr.h>

SUITE("Identity of every CPU", REQUIRES(cpu_has(X86_FEATURE_APIC)));

/* What each CPU says of itself. */
static struct {
	u32 apic_id, leaf_1_id, leaf_b_id, leaf_b_id_of_level_1, leaf_1f_id;
	bool is_bsp, is_enabled;
	struct cpuid leaf_1, leaf_7, leaf_80000001;
} said[MAX_CPUS];

static u32 madt_ids[MAX_CPUS], madt_count;

static void say(void *arg)
{
	u32 number = this_cpu()->number;
	u64 base = rdmsr(MSR_IA32_APIC_BASE);

	(void)arg;
	said[number].apic_id = apic_id();
	said[number].leaf_1 = cpuid(1, 0);
	said[number].leaf_1_id = said[number].leaf_1.ebx >> 24;
	said[number].leaf_b_id = cpuid(0xb, 0).edx;
	said[number].leaf_b_id_of_level_1 = cpuid(0xb, 1).edx;
	said[number].leaf_1f_id = cpuid(0x1f, 0).edx;
	said[number].leaf_7 = cpuid(7, 0);
	said[number].leaf_80000001 = cpuid(0x80000001, 0);
	said[number].is_bsp = base & APIC_BASE_BSP;
	said[number].is_enabled = base & APIC_BASE_ENABLE;
}

static void ask_all(void)
{
	run_on_all_cpus(say, NULL);
}

static bool has_leaf(u32 leaf)
{
	return cpuid(0, 0).eax >= leaf && cpuid(leaf, 0).ebx;
}

TEST(apic_ids_are_unique, "no two CPUs have the same local APIC ID", SPEC("SDM vol. 3A, 8.4.5"))
{
	ask_all();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		for (u32 other = 0; other < cpu; other++)
			EXPECT_NE(said[cpu].apic_id, said[other].apic_id, "CPUs %u and %u", other,
				  cpu);
		EXPECT_LT(said[cpu].apic_id, 0xff, "0xff is the broadcast ID");
	}
}

TEST(apic_id_is_cpuid_1, "CPUID.1:EBX[31:24] is the ID that the CPU's local APIC has after reset",
     SPEC("SDM vol. 3A, 8.4.5"), BUG("linux 49bd29ba1dbd"))
{
	ask_all();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT_EQ(said[cpu].leaf_1_id, said[cpu].apic_id, "CPU %u", cpu);
}

TEST(apic_id_is_cpuid_b, "CPUID.0BH:EDX is the CPU's x2APIC ID whatever the sub-leaf",
     SPEC("SDM vol. 2A, CPUID, leaf 0BH"), BUG("cloud-hypervisor#7495"),
					       BUG("firecracker#222"), REQUIRES(has_leaf(0xb)))
{
	ask_all();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		EXPECT_EQ(said[cpu].leaf_b_id & 0xff, said[cpu].apic_id, "CPU %u", cpu);
		EXPECT_EQ(said[cpu].leaf_b_id_of_level_1, said[cpu].leaf_b_id, "CPU %u", cpu);
	}
}

TEST(apic_id_is_cpuid_1f, "CPUID.1FH:EDX is the CPU's x2APIC ID",
     SPEC("SDM vol. 2A, CPUID, leaf 1FH"), BUG("cloud-hypervisor#7495"), REQUIRES(has_leaf(0x1f)))
{
	ask_all();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT_EQ(said[cpu].leaf_1f_id & 0xff, said[cpu].apic_id, "CPU %u", cpu);
}

static void note_madt_id(u64 id)
{
	if (madt_count < MAX_CPUS)
		madt_ids[madt_count++] = (u32)id;
}

TEST(apic_id_is_in_madt, "the MADT names each CPU's APIC ID exactly once",
     SPEC("ACPI 6.4, 5.2.12.2"), REQUIRES(acpi_find_table("APIC")))
{
	ask_all();
	madt_count = 0;
	acpi_for_each_local_apic(note_madt_id);
	EXPECT_EQ(madt_count, cpu_count());
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		u32 named = 0;

		for (u32 i = 0; i < madt_count; i++)
			named += madt_ids[i] == said[cpu].apic_id;
		EXPECT_EQ(named, 1, "CPU %u", cpu);
	}
}

TEST(one_bootstrap_processor, "IA32_APIC_BASE.BSP is set on the CPU that booted and on no other",
     SPEC("SDM vol. 3A, 8.4.1"), BUG("haxm#7"))
{
	ask_all();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		EXPECT_EQ(said[cpu].is_bsp, cpu == 0, "CPU %u", cpu);
		EXPECT(said[cpu].is_enabled, "CPU %u", cpu);
	}
}

TEST(features_are_symmetric, "CPUID enumerates the same features on every CPU",
     SPEC("SDM vol. 3A, 8.1"), REQUIRES(cpu_count() > 1))
{
	ask_all();
	for (u32 cpu = 1; cpu < cpu_count(); cpu++) {
		EXPECT_EQ(said[cpu].leaf_1.eax, said[0].leaf_1.eax, "CPU %u", cpu);
		EXPECT_EQ(said[cpu].leaf_1.ecx, said[0].leaf_1.ecx, "CPU %u", cpu);
		EXPECT_EQ(said[cpu].leaf_1.edx, said[0].leaf_1.edx, "CPU %u", cpu);
		EXPECT_EQ(said[cpu].leaf_7.ebx, said[0].leaf_7.ebx, "CPU %u", cpu);
		EXPECT_EQ(said[cpu].leaf_7.ecx, said[0].leaf_7.ecx, "CPU %u", cpu);
		EXPECT_EQ(said[cpu].leaf_80000001.ecx, said[0].leaf_80000001.ecx, "CPU %u", cpu);
		EXPECT_EQ(said[cpu].leaf_80000001.edx, said[0].leaf_80000001.edx, "CPU %u", cpu);
	}
}
