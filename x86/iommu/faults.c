/* SPDX-License-Identifier: MIT */
/* How faults are recorded and reported: VT-d 5.10, 7.2.1, 7.3, 11.4.7. */
#include "remap.h"

#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/irq.h>
#include <x86/pci.h>

SUITE("DMA remapping: faults", REQUIRES(HAS_REMAPPING));

#define EVENT_VECTOR 0x61u
#define OTHER_VECTOR 0x62u
#define WATCH_NS     2000000ull

/* A transfer that faults at the read and at this address. */
static void fault_at(u64 address)
{
	ASSERT(dma_transfer(address, RESPONSES_AT));
}

TEST(fault_recorded,
     "a fault is recorded with source, reason, address and kind, and PPF set, until cleared",
     SPEC("VT-d 5.10, 7.2.1; 11.4.7.1, 11.4.7.6"))
{
	u32 n;

	remap_begin(0);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, 0u);
	fault_at(0x12345000);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, VTD_FSTS_PPF);
	n = VTD_FSTS_FRI(vtd_read32(VTD_FSTS));
	EXPECT_LT(n, VTD_CAP_NFR(vtd_read(VTD_CAP)));
	EXPECT_EQ(vtd_fault(n) >> 62, 3ull, "F and T1");
	EXPECT_EQ(VTD_FRCD_FR(vtd_fault(n)), (u32)VTD_FR_READ);
	EXPECT_EQ(VTD_FRCD_SID(vtd_fault(n)), dma_source());
	EXPECT_EQ(vtd_fault_address(n), 0x12345000ull);
	SUBTEST("status-not-cleared-by-1");
	vtd_write32(VTD_FSTS, VTD_FSTS_PPF);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, VTD_FSTS_PPF);
	SUBTEST("cleared");
	vtd_fault_clear(n);
	EXPECT_EQ(vtd_fault(n) & VTD_FRCD_F, 0ull);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, 0u);
	SUBTEST("next");
	ASSERT(dma_transfer(COMMANDS_AT, 0x23456000));
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, VTD_FSTS_PPF);
	n = VTD_FSTS_FRI(vtd_read32(VTD_FSTS));
	EXPECT_EQ(vtd_fault(n) >> 62, 2ull, "F without T1");
	EXPECT_EQ(VTD_FRCD_FR(vtd_fault(n)), (u32)VTD_FR_WRITE);
	EXPECT_EQ(vtd_fault_address(n), 0x23456000ull);
}

TEST(fault_not_overwritten, "a recording register with F set keeps its fault",
     SPEC("VT-d 5.10, 7.2.1"))
{
	u32 n;

	remap_begin(0);
	fault_at(0x12345000);
	n = VTD_FSTS_FRI(vtd_read32(VTD_FSTS));
	for (u32 i = 0; i < VTD_CAP_NFR(vtd_read(VTD_CAP)) + 1; i++)
		fault_at(0x23456000);
	EXPECT_EQ(vtd_fault_address(n), 0x12345000ull);
	EXPECT_EQ(VTD_FSTS_FRI(vtd_read32(VTD_FSTS)), n);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & VTD_FSTS_PPF, VTD_FSTS_PPF);
}

TEST(fault_disabled,
     "FPD of a context entry keeps qualified faults from being recorded, and no others",
     SPEC("VT-d 5.10, 7.1.1, 7.1.3; 9.3, FPD"))
{
	static const struct {
		const char *name;
		u32 index; /* word of the entry */
		u64 clear, set;
	} rows[] = {
		{ "read", 0, 0, 0 },
		{ "absent", 0, VTD_PRESENT, 0 },
		{ "reserved", 0, 0, BIT(4) },
		{ "width", 1, 7, 7 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		remap_begin(0);
		remap_context_entry()[rows[i].index] &= ~rows[i].clear;
		remap_context_entry()[rows[i].index] |= rows[i].set;
		remap_context_entry()[0] |= VTD_CONTEXT_FPD;
		remap_forget();
		fault_at(0x12345000);
		EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, 0u);
		EXPECT(dma_untouched(remap.responses));
	}
	SUBTEST("works");
	remap_begin(0);
	remap_context_entry()[0] |= VTD_CONTEXT_FPD;
	remap_forget();
	remap_transfer(DMA_IDS);
	EXPECT_TRANSFERRED(DMA_IDS);
	SUBTEST("not-qualified");
	remap_root_entry()[0] &= ~VTD_PRESENT;
	remap_forget();
	remap_transfer(DMA_IDS);
	remap_expect_fault(VTD_FR_ROOT_ABSENT, true, COMMANDS_AT);
}

/* ------------------------------------------------------------------------------- the fault event */

static void begin(bool masked)
{
	remap_begin(0);
	vtd_write32(VTD_FEDATA, EVENT_VECTOR);
	vtd_write32(VTD_FEADDR, MSI_ADDRESS(apic_id()));
	vtd_write32(VTD_FEUADDR, 0);
	vtd_write32(VTD_FECTL, masked ? (u32)VTD_EVENT_MASKED : 0);
	irq_record(0x20, 0xef);
}

TEST(fault_event, "a fault interrupts once, and again when the status has been cleared",
     SPEC("VT-d 5.10, 7.3; 11.4.7.2-11.4.7.4"))
{
	begin(false);
	fault_at(0x12345000);
	EXPECT(irq_wait(0, EVENT_VECTOR, 1));
	EXPECT_EQ(vtd_read32(VTD_FECTL) & VTD_EVENT_PENDING, 0ull);
	SUBTEST("not-while-pending");
	fault_at(0x23456000);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 1u);
	SUBTEST("again");
	vtd_faults_clear();
	fault_at(0x23456000);
	EXPECT(irq_wait(0, EVENT_VECTOR, 2));
	SUBTEST("other-vector");
	vtd_faults_clear();
	vtd_write32(VTD_FEDATA, OTHER_VECTOR);
	fault_at(0x23456000);
	EXPECT(irq_wait(0, OTHER_VECTOR, 1));
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 2u);
}

static void do_nothing(void *arg)
{
	(void)arg;
}

TEST(fault_event_destination, "the fault event goes to the CPU of its address",
     SPEC("VT-d 5.10, 5.1.6.1, 7.3"), REQUIRES(cpu_count() > 1))
{
	run_on_cpu(1, do_nothing, NULL);
	begin(false);
	vtd_write32(VTD_FEADDR, MSI_ADDRESS(cpu_by_number(1)->hardware_id));
	fault_at(0x12345000);
	EXPECT(irq_wait(1, EVENT_VECTOR, 1));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken_by_all(EVENT_VECTOR), 1u);
}

TEST(fault_event_masked, "a masked fault event is pending, and interrupts when the mask is cleared",
     SPEC("VT-d 5.10, 7.3; 11.4.7.2"))
{
	begin(true);
	fault_at(0x12345000);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 0u);
	EXPECT_EQ(vtd_read32(VTD_FECTL), VTD_EVENT_MASKED | VTD_EVENT_PENDING);
	SUBTEST("unmasked");
	vtd_write32(VTD_FECTL, 0);
	EXPECT(irq_wait(0, EVENT_VECTOR, 1));
	EXPECT_EQ(vtd_read32(VTD_FECTL), 0u);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 1u);
}

/* All fields of FSTS are clear when the fault is, so that PPF's own register is written last here. */
TEST(fault_event_serviced, "a pending fault event is pending no longer when the status is clear",
     SPEC("VT-d 5.10, 7.3: If IP field was Set when software services all the pending interrupt conditions"))
{
	begin(true);
	fault_at(0x12345000);
	EXPECT_EQ(vtd_read32(VTD_FECTL), VTD_EVENT_MASKED | VTD_EVENT_PENDING);
	vtd_faults_clear();
	EXPECT_EQ(vtd_read32(VTD_FECTL), (u32)VTD_EVENT_MASKED);
	vtd_write32(VTD_FECTL, 0);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, EVENT_VECTOR), 0u);
}
