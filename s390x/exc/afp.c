/* SPDX-License-Identifier: MIT */
/* Which floating-point and vector instructions and registers there are without the controls of CR0. */
#include <test.h>

#include <s390x/cr.h>
#include <s390x/execute.h>
#include <s390x/facility.h>

SUITE("Floating-point and vector controls");

#define DXC_AFP	   1
#define DXC_BFP	   2
#define DXC_VECTOR 0xfe

static u64 area[2] __aligned(16);

static struct fault run(const u8 *code, u32 size)
{
	struct execution e = { .cc = 0 };

	e.gpr[5] = (ulong)area;
	return execute(code, size, &e);
}

/* Registers 0, 2, 4 and 6 are there always. */
static bool is_there(u32 r)
{
	return r < 8 && r % 2 == 0;
}

static const struct {
	const char *name;
	u8 bytes[6];
	u8 size;
	bool two; /* R1 and R2 in the last byte of RR */
} moves[] = {
	{ "LDR", { 0x28, 0x00 }, 2, true },
	{ "LER", { 0x38, 0x00 }, 2, true },
	{ "LD", { 0x68, 0x00, 0x50, 0x00 }, 4, false },
	{ "LE", { 0x78, 0x00, 0x50, 0x00 }, 4, false },
	{ "STD", { 0x60, 0x00, 0x50, 0x00 }, 4, false },
	{ "STE", { 0x70, 0x00, 0x50, 0x00 }, 4, false },
	{ "LDY", { 0xed, 0x00, 0x50, 0x00, 0x00, 0x65 }, 6, false },
	{ "LEY", { 0xed, 0x00, 0x50, 0x00, 0x00, 0x64 }, 6, false },
	{ "STDY", { 0xed, 0x00, 0x50, 0x00, 0x00, 0x67 }, 6, false },
	{ "STEY", { 0xed, 0x00, 0x50, 0x00, 0x00, 0x66 }, 6, false },
};

static void expect_register(const u8 *code, u32 size, bool allowed, u32 r)
{
	struct fault fault = run(code, size);

	if (allowed) {
		EXPECT_NO_FAULT(fault, "register %u", r);
	} else {
		EXPECT_FAULT(WITH_ILC(PGM_DATA, size), fault, "register %u", r);
		EXPECT_EQ(trap_last_frame()->info.dxc, DXC_AFP, "register %u", r);
	}
}

TEST(afp_registers,
     "without the AFP-register control there are floating-point registers 0, 2, 4 and 6 alone",
     SPEC("PoP SA22-7832-13, chapter 4, CR0 bit 45; chapter 6, Data-Exception Code 1"))
{
	u64 cr0 = read_cr(0);

	for (u32 n = 0; n < ARRAY_SIZE(moves); n++) {
		SUBTEST("%s", moves[n].name);
		for (u32 on = 0; on < 2; on++) {
			write_cr(0, on ? cr0 | CR0_AFP : cr0 & ~CR0_AFP);
			for (u32 r = 0; r < 16; r++) {
				u8 code[6];

				for (u32 k = 0; k < 6; k++)
					code[k] = moves[n].bytes[k];
				code[1] = (u8)(r << 4);
				expect_register(code, moves[n].size, on || is_there(r), r);
				if (!moves[n].two)
					continue;
				code[1] = (u8)r;
				expect_register(code, moves[n].size, on || is_there(r), r);
			}
		}
	}
	write_cr(0, cr0);
}

TEST(afp_instructions,
     "without the AFP-register control no BFP instruction is there, whatever its registers are",
     SPEC("PoP SA22-7832-13, chapter 4, CR0 bit 45; chapter 6, Data-Exception Code 2"))
{
	static const u8 codes[][4] = {
		{ 0xb3, 0x1a, 0x00, 0x02 }, /* ADBR */
		{ 0xb3, 0x0a, 0x00, 0x02 }, /* AEBR */
		{ 0xb3, 0x19, 0x00, 0x02 }, /* CDBR */
		{ 0xb3, 0x95, 0x00, 0x05 }, /* CDFBR */
		{ 0xb3, 0x99, 0x50, 0x52 }, /* CFDBR */
		{ 0xb3, 0x84, 0x00, 0x40 }, /* SFPC */
		{ 0xb3, 0x8c, 0x00, 0x40 }, /* EFPC */
		{ 0xb2, 0x9c, 0x50, 0x00 }, /* STFPC */
		{ 0xb2, 0x9d, 0x50, 0x00 }, /* LFPC */
		{ 0xb2, 0x99, 0x00, 0x00 }, /* SRNM */
	};
	u64 cr0 = read_cr(0);

	area[0] = area[1] = 0;
	for (u32 n = 0; n < ARRAY_SIZE(codes); n++) {
		SUBTEST("%02x%02x", codes[n][0], codes[n][1]);
		write_cr(0, cr0 & ~CR0_AFP);
		EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), run(codes[n], 4));
		EXPECT_EQ(trap_last_frame()->info.dxc, DXC_BFP);
		write_cr(0, cr0 | CR0_AFP);
		EXPECT_NO_FAULT(run(codes[n], 4));
	}
	write_cr(0, cr0);
}

TEST(vector_controls,
     "vector instructions need both the vector control and the AFP-register control",
     SPEC("PoP SA22-7832-13, chapter 4, CR0 bits 45 and 46; chapter 6, Data-Exception Code FE"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static const u8 codes[][6] = {
		{ 0xe7, 0x23, 0x40, 0x00, 0x00, 0xf3 }, /* VA */
		{ 0xe7, 0x20, 0x50, 0x00, 0x00, 0x06 }, /* VL */
		{ 0xe7, 0x20, 0x50, 0x00, 0x00, 0x0e }, /* VST */
		{ 0xe7, 0x23, 0x40, 0x00, 0x30, 0xe3 }, /* VFA, long */
		{ 0xe7, 0x23, 0x50, 0x00, 0x00, 0x21 }, /* VLGV */
	};
	u64 cr0 = read_cr(0) & ~(CR0_AFP | CR0_VECTOR);

	for (u32 n = 0; n < ARRAY_SIZE(codes); n++) {
		for (u32 controls = 0; controls < 4; controls++) {
			SUBTEST("%02x%02x, AFP %s, vector %s", codes[n][0], codes[n][5],
				controls & 1 ? "on" : "off", controls & 2 ? "on" : "off");
			write_cr(0, cr0 | (controls & 1 ? CR0_AFP : 0) |
					    (controls & 2 ? CR0_VECTOR : 0));
			if (controls == 3) {
				EXPECT_NO_FAULT(run(codes[n], 6));
			} else {
				EXPECT_FAULT(WITH_ILC(PGM_DATA, 6), run(codes[n], 6));
				EXPECT_EQ(trap_last_frame()->info.dxc, DXC_VECTOR);
			}
		}
	}
	write_cr(0, cr0);
}
