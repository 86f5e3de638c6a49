/* SPDX-License-Identifier: MIT */
/* Entries that are absent, have reserved bits, or say what the unit does not have: VT-d 5.10, 7.1.3, 9.1-9.8. */
#include "remap.h"

SUITE("DMA remapping: absent and reserved entries", REQUIRES(HAS_REMAPPING));

static void transfer_faults(u32 reason)
{
	remap_forget();
	remap_transfer(DMA_IDS);
	remap_expect_fault(reason, true, COMMANDS_AT);
}

static void transfer_works(void)
{
	remap_forget();
	remap_transfer(DMA_IDS);
	EXPECT_TRANSFERRED(DMA_IDS);
}

TEST(root_absent, "a bus whose root entry has P clear has no translation: reason 1",
     SPEC("VT-d 5.10, 7.1.3, LRT.2; 9.1"))
{
	remap_begin(0);
	remap_root_entry()[0] &= ~VTD_PRESENT;
	transfer_faults(VTD_FR_ROOT_ABSENT);
	SUBTEST("others-ignored");
	remap_root_entry()[0] = ~VTD_PRESENT;
	remap_root_entry()[1] = ~0ull;
	transfer_faults(VTD_FR_ROOT_ABSENT);
}

TEST(context_absent, "a device whose context entry has P clear has no translation: reason 2",
     SPEC("VT-d 5.10, 7.1.3, LCT.2; 9.3"))
{
	remap_begin(0);
	remap_context_entry()[0] &= ~VTD_PRESENT;
	transfer_faults(VTD_FR_CONTEXT_ABSENT);
	SUBTEST("others-ignored");
	remap_context_entry()[0] = ~(VTD_PRESENT | VTD_CONTEXT_FPD);
	remap_context_entry()[1] = ~0ull;
	transfer_faults(VTD_FR_CONTEXT_ABSENT);
}

TEST(context_is_of_its_device, "the device's own entry counts, not those of other functions",
     SPEC("VT-d 5.10, 3.4.2, 3.4.3"))
{
	remap_begin(0);
	for (u32 i = 0; i < 256; i++)
		if (&remap.context[2 * i] != remap_context_entry())
			remap.context[2 * i] = ~VTD_CONTEXT_FPD;
	for (u32 i = 0; i < 256; i++)
		if (&remap.root[2 * i] != remap_root_entry())
			remap.root[2 * i] = ~0ull;
	transfer_works();
}

TEST(root_reserved, "each reserved bit of a root entry is refused with reason 10",
     SPEC("VT-d 5.10, 7.1.3, LRT.3; 9.1"))
{
	for (u32 bit = 1; bit < 128; bit += bit < 11 ? 1 : bit == 11 ? 53 : 9) {
		SUBTEST("bit-%u", bit);
		remap_begin(0);
		remap_root_entry()[bit / 64] |= BIT(bit % 64);
		transfer_faults(VTD_FR_ROOT_RESERVED);
	}
}

TEST(context_reserved, "each reserved bit of a context entry is refused with reason 11",
     SPEC("VT-d 5.10, 7.1.3, LCT.3; 9.3"))
{
	static const u8 bits[] = { 4, 5, 6, 7, 8, 9, 10, 11, 71, 88, 89, 100, 111, 126, 127 };

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		SUBTEST("bit-%u", bits[i]);
		remap_begin(0);
		remap_context_entry()[bits[i] / 64] |= BIT(bits[i] % 64);
		transfer_faults(VTD_FR_CONTEXT_RESERVED);
	}
}

TEST(context_ignored, "bits 70-67 of a context entry are ignored", SPEC("VT-d 5.10, 9.3, IGN"))
{
	for (u32 bit = 67; bit <= 70; bit++) {
		SUBTEST("bit-%u", bit);
		remap_begin(0);
		remap_context_entry()[1] |= BIT(bit - 64);
		transfer_works();
	}
}

TEST(context_width, "an address width that the unit does not have is refused with reason 3",
     SPEC("VT-d 5.10, 7.1.3, LCT.4.1; 9.3, AW"))
{
	for (u32 width = 0; width < 8; width++) {
		if (VTD_CAP_SAGAW(vtd_read(VTD_CAP)) >> width & 1)
			continue;
		SUBTEST("%u", width);
		remap_begin(0);
		remap_context_entry()[1] = width | VTD_CONTEXT_DID(OUR_DOMAIN);
		transfer_faults(VTD_FR_CONTEXT_INVALID);
	}
}

TEST(context_type, "a translation type that the unit does not have is refused with reason 3",
     SPEC("VT-d 5.10, 7.1.3, LCT.4.2; 9.3, TT"))
{
	u64 ecap = vtd_read(VTD_ECAP);

	for (u64 type = 1; type < 4; type++) {
		if ((type == 1 && (ecap & VTD_ECAP_DT)) || (type == 2 && (ecap & VTD_ECAP_PT)))
			continue;
		SUBTEST("%llu", type);
		remap_begin(0);
		remap_context_entry()[0] |= type << 2;
		transfer_faults(VTD_FR_CONTEXT_INVALID);
	}
}

/* ---------------------------------------------------------------------------- second-stage entries */

/* An entry at this level, with tables down to the page where it is no page itself. */
static u64 *entry_at(u32 levels, u32 level, bool large)
{
	u64 *entry;

	remap_begin(levels);
	if (large) {
		entry = remap_entry(COMMANDS_AT, level);
		*entry = VTD_LARGE | RW;
		return entry;
	}
	return remap_entry(COMMANDS_AT, level);
}

/*
 * Bits that are reserved in every unit of the address widths there are. 51 is above any host address
 * width; 62 is reserved without device TLBs and second-stage I/O bits; 11 in pages, without snoop control.
 */
static u64 reserved_bits(u32 level, bool large)
{
	u64 ecap = vtd_read(VTD_ECAP), bits = BIT(51);

	if (level > 1 && !large)
		bits |= BIT(11);
	else if (!(ecap & VTD_ECAP_SC))
		bits |= BIT(11);
	if (level == 4 || (level == 3 && !(vtd_read(VTD_CAP) & VTD_CAP_1G)) ||
	    (level == 2 && !(vtd_read(VTD_CAP) & VTD_CAP_2M)))
		bits |= BIT(7);
	if (large)
		bits |= level == 2 ? BITS(20, 12) : BITS(29, 12);
	return bits;
}

static bool has_large(u32 level)
{
	u64 cap = vtd_read(VTD_CAP);

	return (level == 2 && (cap & VTD_CAP_2M)) || (level == 3 && (cap & VTD_CAP_1G));
}

TEST(entry_reserved, "each reserved bit of a second-stage entry is refused with reason 12",
     SPEC("VT-d 5.10, 7.1.3, LSS.2; 9.8, tables 42 to 47"))
{
	for (u32 large = 0; large < 2; large++)
		for_each_set_bit(levels, remap_levels())
			for (u32 level = 1; level <= levels; level++) {
				if (large && !has_large(level))
					continue;
				for_each_set_bit(bit, reserved_bits(level, large)) {
					SUBTEST("%llu-levels-%s-%u-bit-%llu", levels,
						large ? "page" : "entry", level, bit);
					*entry_at((u32)levels, level, large) |= BIT(bit);
					transfer_faults(VTD_FR_ENTRY_RESERVED);
				}
			}
}

/* What is accessed and dirty in scalable mode, memory types: 9.8. */
static u64 ignored_bits(u32 level)
{
	u64 bits = BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(10) |
		   BITS(60, 52) | BIT(63);

	/* Bit 7 of a page's entry is no size there. */
	return level == 1 ? bits | BIT(7) : bits;
}

TEST(entry_ignored, "each ignored bit of a second-stage entry is ignored",
     SPEC("VT-d 5.10, 9.8, tables 42 to 47"))
{
	for (u32 level = 1; level <= (remap_levels() & BIT(4) ? 4u : 3u); level++)
		for_each_set_bit(bit, ignored_bits(level)) {
			SUBTEST("entry-%u-bit-%llu", level, bit);
			*entry_at(0, level, false) |= BIT(bit);
			transfer_works();
		}
}

TEST(entry_absent_ignored, "reserved bits of an entry with R and W clear do not matter",
     SPEC("VT-d 5.10, 7.1.3, LSS.2: with at least one of the Read (R), or Write (W) fields set"))
{
	for (u32 level = 1; level <= (remap_levels() & BIT(4) ? 4u : 3u); level++) {
		SUBTEST("entry-%u", level);
		*entry_at(0, level, false) = ~RW;
		transfer_faults(VTD_FR_READ);
	}
}
