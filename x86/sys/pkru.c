/* SPDX-License-Identifier: MIT */
/* RDPKRU and WRPKRU: SDM vol. 2B, 2D. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/place.h>
#include <x86/xsave.h>

SUITE("RDPKRU and WRPKRU");

static const u8 rdpkru_code[] = { 0x0f, 0x01, 0xee };
static const u8 wrpkru_code[] = { 0x0f, 0x01, 0xef };

TEST(pkru_needs_pke, "without CR4.PKE RDPKRU and WRPKRU are #UD, whatever ECX and EDX",
     SPEC("SDM vol. 2B, RDPKRU; 2D, WRPKRU"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 ecx = 0; ecx <= 1; ecx++) {
			struct registers r = { .cx = ecx, .dx = ecx, .flags = FLAG_1 };

			SUBTEST("rdpkru-cpl%u-ecx%u", cpl, ecx);
			EXPECT_FAULT(UD, execute_in(at_cpl(cpl), code_bytes(rdpkru_code, 3), &r));
			SUBTEST("wrpkru-cpl%u-ecx%u", cpl, ecx);
			EXPECT_FAULT(UD, execute_in(at_cpl(cpl), code_bytes(wrpkru_code, 3), &r));
		}
}

TEST(pkru_values, "PKRU keeps each of its 32 bits, written and read at CPL 0 and 3; EDX reads as 0",
     SPEC("SDM vol. 2B, RDPKRU; 2D, WRPKRU"), REQUIRES(cpu_has(X86_FEATURE_PKU)))
{
	const ulong flags = FLAG_1 | FLAG_CF | FLAG_ZF;

	write_cr4(read_cr4() | CR4_PKE);
	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 bit = 0; bit < 32; bit++) {
			struct registers r = { .ax = (ulong)BIT(bit), .flags = flags };

			/* Key 0 is that of all pages in use. */
			if (bit < 2)
				continue;
			SUBTEST("bit-%u-cpl%u", bit, cpl);
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), code_bytes(wrpkru_code, 3), &r));
			EXPECT_EQ(r.flags, flags);
			r.ax = r.dx = ~0ul;
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), code_bytes(rdpkru_code, 3), &r));
			EXPECT_EQ(r.ax, (ulong)BIT(bit));
			EXPECT_EQ(r.dx, 0ul);
			EXPECT_EQ(r.flags, flags);
		}
	wrpkru(0);
}

TEST(pkru_operands, "RDPKRU with ECX, WRPKRU with ECX or EDX not 0 is #GP(0); PKRU stays",
     SPEC("SDM vol. 2B, RDPKRU; 2D, WRPKRU"), REQUIRES(cpu_has(X86_FEATURE_PKU)))
{
	write_cr4(read_cr4() | CR4_PKE);
	wrpkru(0x5550);
	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 bit = 0; bit < 32; bit++) {
			struct registers r = { .ax = 0x1230,
					       .cx = (ulong)BIT(bit),
					       .flags = FLAG_1 };

			SUBTEST("rdpkru-ecx-bit-%u-cpl%u", bit, cpl);
			EXPECT_FAULT(GP(0),
				     execute_in(at_cpl(cpl), code_bytes(rdpkru_code, 3), &r));
			EXPECT_EQ(trap_last_frame()->ax, 0x1230ul);
			SUBTEST("wrpkru-ecx-bit-%u-cpl%u", bit, cpl);
			EXPECT_FAULT(GP(0),
				     execute_in(at_cpl(cpl), code_bytes(wrpkru_code, 3), &r));
			SUBTEST("wrpkru-edx-bit-%u-cpl%u", bit, cpl);
			r.cx = 0;
			r.dx = (ulong)BIT(bit);
			EXPECT_FAULT(GP(0),
				     execute_in(at_cpl(cpl), code_bytes(wrpkru_code, 3), &r));
			EXPECT_EQ(rdpkru(), 0x5550u);
			/* RDPKRU does not look at EDX. */
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), code_bytes(rdpkru_code, 3), &r));
		}
	wrpkru(0);
}

TEST(pkru_prefixes, "LOCK, 66H, F2H and F3H with RDPKRU and WRPKRU are #UD",
     SPEC("SDM vol. 2B, RDPKRU; 2D, WRPKRU; table A-6"), REQUIRES(cpu_has(X86_FEATURE_PKU)))
{
	static const u8 prefixes[] = { 0xf0, 0x66, 0xf2, 0xf3 };

	/* F3 0F 01 EE and EF are CLUI and STUI, in 64-bit mode, with user interrupts. */
	write_cr4(read_cr4() | CR4_PKE);
	for (u32 i = 0; i < 2; i++)
		for (u32 j = 0; j < ARRAY_SIZE(prefixes); j++) {
			const u8 code[] = { prefixes[j], 0x0f, 0x01, i ? 0xef : 0xee };
			struct registers r = { .flags = FLAG_1 };

			SUBTEST("%s-%#x", i ? "wrpkru" : "rdpkru", prefixes[j]);
			EXPECT_FAULT(UD, execute_in(KERNEL, code_bytes(code, sizeof(code)), &r));
		}
}

/* PKRU does not go away with PKE. */
TEST(pkru_survives_pke, "PKRU keeps its value while CR4.PKE is clear",
     SPEC("SDM vol. 3A, 4.6.2"), REQUIRES(cpu_has(X86_FEATURE_PKU)))
{
	write_cr4(read_cr4() | CR4_PKE);
	wrpkru(0xabc0);
	write_cr4(read_cr4() & ~CR4_PKE);
	write_cr4(read_cr4() | CR4_PKE);
	EXPECT_EQ(rdpkru(), 0xabc0u);
	wrpkru(0);
}
