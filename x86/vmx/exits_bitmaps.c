/* SPDX-License-Identifier: MIT */
/* Exits that bitmaps, masks and lists select: SDM vol. 3C, 25.1.3. */
#include "checks.h"

#include <string.h>

SUITE("VMX: bitmaps, masks and shadows", REQUIRES(vmx_available()));

TEST(io_bitmaps, "an access exits if the bit of one of its ports is set",
     SPEC("SDM vol. 3C, 24.6.4; 25.1.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS)))
{
	static const struct {
		const char *bytes;
		u32 size;
	} insns[] = { { "\xee", 1 }, { "\x66\xef", 2 }, { "\xef", 1 } }; /* OUT DX */
	static const u32 ports[] = { 0x80, 0x84, 0x7ffe, 0x8000, 0xfff8 };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++)
		for (u32 j = 0; j < ARRAY_SIZE(ports); j++)
			for (s32 bit = -1; bit < 5; bit++) {
				u32 marked = ports[j] + bit;
				bool exits = bit >= 0 && bit < (1 << i);

				SUBTEST("size-%u-port-%#x-bit-%d", 1 << i, ports[j], bit);
				vmx_reset(g);
				vmx_code(g, insns[i].bytes, insns[i].size);
				vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS);
				g->registers.dx = ports[j];
				g->io_bitmaps[marked / 8] = (u8)BIT(marked % 8);
				vmx_run(g);
				g->io_bitmaps[marked / 8] = 0;
				if (!exits) {
					EXPECT_VMX_DONE(g);
					continue;
				}
				EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
					  (u64)ports[j] << 16 | ((1u << i) - 1));
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH),
					  (u64)insns[i].size);
			}
}

TEST(io_bitmaps_boundary,
     "an access across ports 7FFFH and 8000H goes by both bitmaps, wherever they are",
     SPEC("SDM vol. 3C, 24.6.4; 25.1.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS)))
{
	struct vmx_guest *g = vmx_new();
	/* B before A in memory. */
	u8 *b = g->io_bitmaps, *a = b + PAGE_SIZE;

	for (u32 port = 0x7ffd; port < 0x8001; port++)
		for (u32 marked = 0x7ffc; marked < 0x8004; marked++) {
			u8 *byte = marked < 0x8000 ? &a[marked / 8] : &b[(marked - 0x8000) / 8];

			SUBTEST("port-%#x-marked-%#x", port, marked);
			vmx_reset(g);
			vmx_code(g, "\xed", 1); /* IN EAX, DX */
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS);
			vmcs_write(VMCS_IO_BITMAP_A, (ulong)a);
			vmcs_write(VMCS_IO_BITMAP_B, (ulong)b);
			g->registers.dx = port;
			*byte = (u8)BIT(marked % 8);
			vmx_run(g);
			*byte = 0;
			if (marked >= port && marked < port + 4)
				EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
			else
				EXPECT_VMX_DONE(g);
		}
}

TEST(io_bitmaps_only, "with I/O bitmaps used, unconditional I/O exiting is ignored",
     SPEC("SDM vol. 3C, 25.1.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 bitmaps = 0; bitmaps < 2; bitmaps++) {
		SUBTEST("%s", bitmaps ? "both" : "unconditional");
		vmx_reset(g);
		vmx_code(g, "\xec", 1);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO | (bitmaps ? CPU_IO_BITMAPS : 0));
		g->registers.dx = 0x80;
		vmx_run(g);
		if (bitmaps)
			EXPECT_VMX_DONE(g);
		else
			EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
	}
}

TEST(io_wraps, "an access that wraps around the port space exits, whatever the bitmaps have",
     SPEC("SDM vol. 3C, 25.1.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS)))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\xed", 1); /* IN EAX, DX */
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_IO_BITMAPS);
	g->registers.dx = 0xfffe;
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_IO);
}

TEST(msr_bitmaps, "RDMSR and WRMSR exit by the bit of the MSR in the bitmap of its range",
     SPEC("SDM vol. 3C, 24.6.9; 25.1.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS)))
{
	static const struct {
		const char *name;
		u32 msr;
		u32 offset; /* of the range's bitmap for reads; that for writes is 0x800 on */
	} msrs[] = {
		{ "sysenter-cs", MSR_IA32_SYSENTER_CS, 0 },
		{ "sysenter-eip", MSR_IA32_SYSENTER_EIP, 0 },
		{ "star", MSR_STAR, 0x400 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		for (u32 write = 0; write < 2; write++)
			for (u32 bits = 0; bits < 4; bits++) {
				u32 bit = msrs[i].msr & 0x1fff;
				u8 *read_map = g->msr_bitmap + msrs[i].offset + bit / 8;

				SUBTEST("%s-%s-bits-%u", msrs[i].name, write ? "write" : "read",
					bits);
				vmx_reset(g);
				vmx_code(g, write ? "\x0f\x30" : "\x0f\x32", 2);
				vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
				g->registers.cx = msrs[i].msr;
				read_map[0] = (u8)(bits & 1 ? BIT(bit % 8) : 0);
				read_map[0x800] = (u8)(bits & 2 ? BIT(bit % 8) : 0);
				vmx_run(g);
				read_map[0] = read_map[0x800] = 0;
				if (!(bits & BIT(write))) {
					EXPECT_VMX_DONE(g);
					continue;
				}
				EXPECT_VMX_EXIT(g, write ? VMX_EXIT_WRMSR : VMX_EXIT_RDMSR);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 2ull);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
			}
}

TEST(msr_outside_bitmaps, "RDMSR and WRMSR of an MSR outside both ranges, or without bitmaps, exit",
     SPEC("SDM vol. 3C, 25.1.3"))
{
	static const u32 outside[] = { 0x2000, 0x40000000, 0xbfffffff, 0xc0002000, 0xffffffff };
	struct vmx_guest *g = vmx_new();

	for (u32 write = 0; write < 2; write++) {
		for (u32 i = 0; i < ARRAY_SIZE(outside); i++) {
			SUBTEST("%s-%#x", write ? "write" : "read", outside[i]);
			if (!vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS)) {
				SKIP_ROW("no MSR bitmaps");
				continue;
			}
			vmx_reset(g);
			vmx_code(g, write ? "\x0f\x30" : "\x0f\x32", 2);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
			g->registers.cx = outside[i];
			vmx_run(g);
			EXPECT_VMX_EXIT(g, write ? VMX_EXIT_WRMSR : VMX_EXIT_RDMSR);
		}
		SUBTEST("%s-without-bitmaps", write ? "write" : "read");
		vmx_reset(g);
		vmx_code(g, write ? "\x0f\x30" : "\x0f\x32", 2);
		g->registers.cx = MSR_IA32_SYSENTER_CS;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, write ? VMX_EXIT_WRMSR : VMX_EXIT_RDMSR);
	}
}

TEST(msr_bitmap_edges,
     "the first and the last MSR of each range have bits of their own, for reads and for writes",
     SPEC("SDM vol. 3C, 24.6.9; 25.1.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS)))
{
	static const u32 edges[] = { 0,		 1,	     0x1ffe,	 0x1fff,
				     0xc0000000, 0xc0000001, 0xc0001ffe, 0xc0001fff };
	struct vmx_guest *g = vmx_new();

	for (u32 write = 0; write < 2; write++)
		for (u32 i = 0; i < ARRAY_SIZE(edges); i++)
			for (u32 own = 0; own < 2; own++) {
				u32 bit = edges[i] & 0x1fff;
				u8 *byte = g->msr_bitmap + (write ? 0x800 : 0) +
					   (edges[i] & 0x80000000 ? 0x400 : 0) + bit / 8;
				u64 value = 0;

				SUBTEST("%s-%#x-%s", write ? "write" : "read", edges[i],
					own ? "own-bit" : "all-other-bits");
				/* What does not exit must be #GP. */
				if (!own && !rdmsr_try(edges[i], &value).kind) {
					SKIP_ROW("the MSR exists");
					continue;
				}
				vmx_reset(g);
				memset(g->msr_bitmap, own ? 0 : 0xff, PAGE_SIZE);
				*byte ^= (u8)BIT(bit % 8);
				vmx_code(g, write ? "\x0f\x30" : "\x0f\x32", 2);
				vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
				g->registers.cx = edges[i];
				vmx_run(g);
				memset(g->msr_bitmap, 0, PAGE_SIZE);
				if (own)
					EXPECT_VMX_EXIT(g, write ? VMX_EXIT_WRMSR : VMX_EXIT_RDMSR);
				else
					EXPECT_VMX_EXCEPTION(g, VEC_GP);
			}
}

TEST(cr_masks, "MOV to CR0 and CR4 exits if a bit in the mask is not as in the read shadow",
     SPEC("SDM vol. 3C, 24.6.6; 25.1.3; 27.2.1"))
{
	static const struct {
		const char *name, *load;
		enum vmcs_field mask, shadow, guest;
		u64 bit, qualification;
	} registers[] = {
		{ "cr0-ts", "\x0f\x22\xc0", VMCS_CR0_MASK, VMCS_CR0_READ_SHADOW, VMCS_GUEST_CR0,
		  CR0_TS, 0 },
		{ "cr0-am", "\x0f\x22\xc0", VMCS_CR0_MASK, VMCS_CR0_READ_SHADOW, VMCS_GUEST_CR0,
		  CR0_AM, 0 },
		{ "cr4-tsd", "\x0f\x22\xe0", VMCS_CR4_MASK, VMCS_CR4_READ_SHADOW, VMCS_GUEST_CR4,
		  CR4_TSD, 4 },
		{ "cr4-de", "\x0f\x22\xe0", VMCS_CR4_MASK, VMCS_CR4_READ_SHADOW, VMCS_GUEST_CR4,
		  CR4_DE, 4 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(registers); i++)
		for (u32 bits = 0; bits < 8; bits++) {
			bool mask = bits & 1, shadow = bits & 2, value = bits & 4;
			u64 bit = registers[i].bit, now;

			SUBTEST("%s-mask-%u-shadow-%u-value-%u", registers[i].name, mask, shadow,
				value);
			vmx_reset(g);
			vmx_code(g, registers[i].load, 3);
			now = vmcs_read(registers[i].guest) & ~bit;
			vmcs_write(registers[i].mask, mask ? bit : 0);
			vmcs_write(registers[i].shadow, shadow ? bit : 0);
			g->registers.ax = (ulong)(now | (value ? bit : 0));
			vmx_run(g);
			if (mask && shadow != value) {
				EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
					  registers[i].qualification);
				EXPECT_EQ(vmcs_read(registers[i].guest), now);
			} else {
				EXPECT_VMX_DONE(g);
				/* A bit of the mask stays as it is. */
				EXPECT_EQ(vmcs_read(registers[i].guest),
					  now | (value && !mask ? bit : 0));
			}
		}
}

TEST(cr_shadows,
     "MOV from CR0 and CR4 gives bits of the mask from the read shadow, the others from the register",
     SPEC("SDM vol. 3C, 25.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 cr4 = 0; cr4 < 2; cr4++)
		for (u32 bits = 0; bits < 4; bits++) {
			u64 bit = cr4 ? CR4_TSD : CR0_AM, now;
			bool mask = bits & 1, shadow = bits & 2;

			SUBTEST("%s-mask-%u-shadow-%u", cr4 ? "cr4" : "cr0", mask, shadow);
			vmx_reset(g);
			vmx_code(g, cr4 ? "\x0f\x20\xe0" : "\x0f\x20\xc0", 3);
			now = vmcs_read(cr4 ? VMCS_GUEST_CR4 : VMCS_GUEST_CR0) & ~bit;
			vmcs_write(cr4 ? VMCS_CR4_MASK : VMCS_CR0_MASK, mask ? bit : 0);
			vmcs_write(cr4 ? VMCS_CR4_READ_SHADOW : VMCS_CR0_READ_SHADOW,
				   shadow ? bit : 0);
			vmx_run(g);
			EXPECT_VMX_DONE(g);
			EXPECT_EQ((u64)g->registers.ax, now | (mask && shadow ? bit : 0));
		}
}

TEST(cr3_targets, "MOV to CR3 of one of the CR3-target values that count does not exit",
     SPEC("SDM vol. 3C, 24.6.7; 25.1.3"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_CR3_LOAD)))
{
	const u32 most = rdmsr(MSR_IA32_VMX_MISC) >> 16 & 0x1ff;
	struct vmx_guest *g = vmx_new();

	for (u32 target = 0; target < MIN(most, 4u); target++)
		for (u32 count = 0; count <= MIN(most, 4u); count++) {
			SUBTEST("target-%u-count-%u", target, count);
			vmx_reset(g);
			vmx_code(g, "\x0f\x22\xd8", 3);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_CR3_LOAD);
			vmcs_write(VMCS_CR3_TARGET_COUNT, count);
			vmcs_write(VMCS_CR3_TARGET0 + 2 * target, read_cr3());
			g->registers.ax = read_cr3();
			vmx_run(g);
			if (target < count)
				EXPECT_VMX_DONE(g);
			else
				EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
		}
	/* All bits count. */
	for (u32 bit = 3; bit < 20 && most; bit++) {
		SUBTEST("other-bit-%u", bit);
		vmx_reset(g);
		vmx_code(g, "\x0f\x22\xd8", 3);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_CR3_LOAD);
		vmcs_write(VMCS_CR3_TARGET_COUNT, 1);
		vmcs_write(VMCS_CR3_TARGET0, read_cr3());
		g->registers.ax = read_cr3() ^ (ulong)BIT(bit);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
	}
}
