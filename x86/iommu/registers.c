/* SPDX-License-Identifier: MIT */
/* The registers of a remapping unit: VT-d 5.10, chapter 11. */
#include "remap.h"

SUITE("Registers of the DMA remapping unit", REQUIRES(vtd_is_there()));

static const u32 values[] = { 0, 0xffffffff, 0x5a5a5a5a };

static const struct {
	const char *name;
	u32 offset;
} read_only[] = {
	{ "VER", VTD_VER },	  { "CAP-low", VTD_CAP },	 { "CAP-high", VTD_CAP + 4 },
	{ "ECAP-low", VTD_ECAP }, { "ECAP-high", VTD_ECAP + 4 }, { "GSTS", VTD_GSTS },
	{ "IQH-low", VTD_IQH },	  { "IQH-high", VTD_IQH + 4 },
};

TEST(vtd_read_only, "capabilities, status and the queue's head cannot be written",
     SPEC("VT-d 5.10, 11.4.1-11.4.3, 11.4.4.2, 11.4.9.1"))
{
	for (u32 i = 0; i < ARRAY_SIZE(read_only); i++) {
		u32 before = vtd_read32(read_only[i].offset);

		SUBTEST("%s", read_only[i].name);
		for (u32 v = 0; v < ARRAY_SIZE(values); v++) {
			vtd_write32(read_only[i].offset, values[v]);
			EXPECT_EQ(vtd_read32(read_only[i].offset), before);
		}
	}
}

TEST(vtd_capabilities, "capabilities are legal ones, and structures are where they can be",
     SPEC("VT-d 5.10, 11.4.2, 11.4.3"))
{
	u64 cap = vtd_read(VTD_CAP), ecap = vtd_read(VTD_ECAP);

	EXPECT_GE(vtd_read32(VTD_VER) >> 4 & 0xf, 1u);
	EXPECT_EQ(vtd_read32(VTD_VER) >> 8, 0u);
	/* Bits 0 and 4 of SAGAW are reserved. */
	EXPECT_EQ(VTD_CAP_SAGAW(cap) & 0x11, 0u);
	EXPECT_GE(VTD_CAP_MGAW(cap), 39u);
	EXPECT_GE(VTD_CAP_FRO(cap), 0xc0u);
	EXPECT_GE(VTD_ECAP_IRO(ecap), 0xc0u);
	if (ecap & VTD_ECAP_IR)
		EXPECT_EQ(ecap & VTD_ECAP_QI, VTD_ECAP_QI);
	if (ecap & VTD_ECAP_EIM)
		EXPECT_EQ(ecap & VTD_ECAP_IR, VTD_ECAP_IR);
}

/* Of the bits that are R/W in every unit; addresses below 4 GiB are in any host address width. */
static const struct {
	const char *name;
	u32 offset, bits;
} read_write[] = {
	{ "RTADDR", VTD_RTADDR, 0xfffff000 }, { "FEDATA", VTD_FEDATA, 0x0000ffff },
	{ "FEADDR", VTD_FEADDR, 0xfffffffc }, { "FECTL", VTD_FECTL, 0x80000000 },
	{ "IQA", VTD_IQA, 0xfffff007 },	      { "IEDATA", VTD_IEDATA, 0x0000ffff },
	{ "IEADDR", VTD_IEADDR, 0xfffffffc }, { "IECTL", VTD_IECTL, 0x80000000 },
	{ "IRTA", VTD_IRTA, 0xfffff00f },
};

static bool is_there(u32 offset)
{
	u64 ecap = vtd_read(VTD_ECAP);

	if (offset == VTD_IRTA)
		return ecap & VTD_ECAP_IR;
	return offset < VTD_IQH || (ecap & VTD_ECAP_QI);
}

/* IQA reads what is in use while the queue is enabled; before that, what was written. */
TEST(vtd_register_bits, "each bit that software may write can be set and cleared alone",
     SPEC("VT-d 5.10, 11.4.5, 11.4.7.2-11.4.7.4, 11.4.9.3, 11.4.9.5-11.4.9.7, 11.4.10"))
{
	for (u32 i = 0; i < ARRAY_SIZE(read_write); i++) {
		u32 offset = read_write[i].offset, bits = read_write[i].bits;

		if (!is_there(offset))
			continue;
		SUBTEST("%s", read_write[i].name);
		for_each_set_bit(bit, bits) {
			vtd_write32(offset, (u32)BIT(bit));
			EXPECT_EQ(vtd_read32(offset) & bits, BIT(bit), "bit %llu set", bit);
			vtd_write32(offset, bits & ~(u32)BIT(bit));
			EXPECT_EQ(vtd_read32(offset) & bits, bits & ~BIT(bit), "bit %llu clear",
				  bit);
		}
		vtd_write32(offset,
			    offset == VTD_FECTL || offset == VTD_IECTL ? (u32)VTD_EVENT_MASKED : 0);
	}
}

TEST(vtd_registers_are_separate, "a write changes the register that it is for and no other",
     SPEC("VT-d 5.10, 11.1"))
{
	u32 before[ARRAY_SIZE(read_write)];

	for (u32 i = 0; i < ARRAY_SIZE(read_write); i++) {
		if (!is_there(read_write[i].offset))
			continue;
		SUBTEST("%s", read_write[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(read_write); j++)
			before[j] = vtd_read32(read_write[j].offset);
		vtd_write32(read_write[i].offset, 0x81216004 & read_write[i].bits);
		for (u32 j = 0; j < ARRAY_SIZE(read_write); j++)
			if (j != i)
				EXPECT_EQ(vtd_read32(read_write[j].offset), before[j], "%s",
					  read_write[j].name);
		vtd_write32(read_write[i].offset, before[i]);
	}
}

TEST(vtd_pending_read_only, "an event's pending bit cannot be written",
     SPEC("VT-d 5.10, 11.4.7.2, 11.4.9.5"))
{
	vtd_write32(VTD_FECTL, (u32)(VTD_EVENT_MASKED | VTD_EVENT_PENDING));
	EXPECT_EQ(vtd_read32(VTD_FECTL), VTD_EVENT_MASKED);
	if (is_there(VTD_IECTL)) {
		vtd_write32(VTD_IECTL, (u32)(VTD_EVENT_MASKED | VTD_EVENT_PENDING));
		EXPECT_EQ(vtd_read32(VTD_IECTL), VTD_EVENT_MASKED);
	}
}

TEST(vtd_status_read_only, "faults cannot be made by writing the status or the recording registers",
     SPEC("VT-d 5.10, 11.4.7.1, 11.4.7.6"))
{
	u32 recording = VTD_CAP_FRO(vtd_read(VTD_CAP));

	vtd_write32(VTD_FSTS, 0xffffffff);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, 0u);
	for (u32 n = 0; n < 4; n++)
		vtd_write32(recording + 4 * n, 0xffffffff);
	EXPECT_EQ(vtd_fault(0) & VTD_FRCD_F, 0ull);
	EXPECT_EQ(vtd_read32(VTD_FSTS) & 0xff, 0u);
}

TEST(vtd_commands, "each command shows in the global status, and leaves the other bits alone",
     SPEC("VT-d 5.10, 11.4.4"), REQUIRES(dma_is_there()))
{
	u64 ecap = vtd_read(VTD_ECAP);

	remap_begin(0);
	SUBTEST("root-table");
	EXPECT_EQ(vtd_read32(VTD_GSTS) & VTD_SRTP, VTD_SRTP);
	SUBTEST("translation");
	EXPECT_EQ(vtd_read32(VTD_GSTS) & (VTD_TE | VTD_QIE | VTD_IRE), VTD_TE);
	EXPECT(vtd_command(VTD_TE, false));
	EXPECT_EQ(vtd_read32(VTD_GSTS) & (VTD_TE | VTD_QIE | VTD_IRE), 0ull);
	if (ecap & VTD_ECAP_QI) {
		SUBTEST("queue");
		EXPECT(vtd_queue_start(page_alloc()));
		EXPECT_EQ(vtd_read32(VTD_GSTS) & (VTD_TE | VTD_QIE | VTD_IRE), VTD_QIE);
		EXPECT(vtd_command(VTD_TE, true));
		EXPECT_EQ(vtd_read32(VTD_GSTS) & (VTD_TE | VTD_QIE | VTD_IRE), VTD_TE | VTD_QIE);
	}
	if ((ecap & VTD_ECAP_QI) && (ecap & VTD_ECAP_IR)) {
		SUBTEST("interrupts");
		EXPECT(vtd_set_interrupts(page_alloc(), 8));
		EXPECT_EQ(vtd_read32(VTD_GSTS) & VTD_SIRTP, VTD_SIRTP);
		EXPECT(vtd_command(VTD_IRE, true));
		EXPECT_EQ(vtd_read32(VTD_GSTS) & (VTD_TE | VTD_QIE | VTD_IRE),
			  VTD_TE | VTD_QIE | VTD_IRE);
		EXPECT(vtd_command(VTD_IRE, false));
		EXPECT_EQ(vtd_read32(VTD_GSTS) & (VTD_TE | VTD_QIE | VTD_IRE), VTD_TE | VTD_QIE);
	}
}
