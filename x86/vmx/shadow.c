/* SPDX-License-Identifier: MIT */
/* VMCS shadowing: SDM vol. 3C, 24.10, 24.6.15, 25.1.3, 26.3.1.5, 30.3. */
#include "checks.h"

#include <string.h>

SUITE("VMX: VMCS shadowing",
      REQUIRES(vmx_available() && vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_SHADOWING)));

struct shadow {
	struct vmx_guest *g;
	u32 *vmcs; /* the shadow */
	u8 *read_bitmap, *write_bitmap;
};

static struct shadow shadow_new(void)
{
	struct shadow s = { vmx_new(), vmx_region(), page_alloc(), page_alloc() };

	s.vmcs[0] |= (u32)BIT(31);
	/* A shadow VMCS is made clear as any other. */
	EXPECT_VMX(vmclear_try((ulong)s.vmcs), VMX_SUCCEED);
	return s;
}

static void set_up(struct shadow *s)
{
	vmx_reset(s->g);
	memset(s->read_bitmap, 0, PAGE_SIZE);
	memset(s->write_bitmap, 0, PAGE_SIZE);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_SHADOWING);
	vmcs_write(VMCS_VMREAD_BITMAP, (ulong)s->read_bitmap);
	vmcs_write(VMCS_VMWRITE_BITMAP, (ulong)s->write_bitmap);
	vmcs_write(VMCS_VMCS_LINK_POINTER, (ulong)s->vmcs);
}

/* A field of the shadow VMCS, by the host. */
static u64 shadow_read(struct shadow *s, enum vmcs_field field)
{
	u64 value;

	EXPECT_VMX(vmptrld_try((ulong)s->vmcs), VMX_SUCCEED);
	value = vmcs_read(field);
	EXPECT_VMX(vmptrld_try((ulong)s->g->vmcs), VMX_SUCCEED);
	return value;
}

static void shadow_write(struct shadow *s, enum vmcs_field field, u64 value)
{
	EXPECT_VMX(vmptrld_try((ulong)s->vmcs), VMX_SUCCEED);
	vmcs_write(field, value);
	EXPECT_VMX(vmptrld_try((ulong)s->g->vmcs), VMX_SUCCEED);
}

static const enum vmcs_field fields[] = {
	VMCS_GUEST_ES_SELECTOR, VMCS_HOST_TR_SELECTOR, VMCS_TSC_OFFSET, VMCS_GUEST_IA32_PAT,
	VMCS_EXCEPTION_BITMAP,	VMCS_GUEST_ES_LIMIT,   VMCS_GUEST_RIP,	VMCS_HOST_RSP,
	VMCS_CR0_READ_SHADOW,	VMCS_GUEST_CR3,
};

#define VMREAD_AX  "\x0f\x78\xc8" /* VMREAD AX, CX */
#define VMWRITE_AX "\x0f\x79\xc8" /* VMWRITE CX, AX */

TEST(shadow_vmread, "VMREAD in the guest reads the shadow VMCS, and does not exit",
     SPEC("SDM vol. 3C, 25.1.3; 30.3, VMREAD"))
{
	struct shadow s = shadow_new();

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		SUBTEST("%s", vmcs_field_name(fields[i]));
		set_up(&s);
		shadow_write(&s, fields[i], 0x1230 + i);
		vmx_code(s.g, VMREAD_AX, 3);
		s.g->registers.cx = fields[i];
		s.g->registers.ax = (ulong)~0ull;
		vmx_run(s.g);
		EXPECT_VMX_DONE(s.g);
		EXPECT_EQ(s.g->registers.ax, 0x1230ul + i);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & VMX_FLAGS, 0ull);
	}
}

TEST(shadow_vmwrite, "VMWRITE in the guest writes the shadow VMCS, and not the current one",
     SPEC("SDM vol. 3C, 25.1.3; 30.3, VMWRITE"))
{
	struct shadow s = shadow_new();

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		u64 own;

		SUBTEST("%s", vmcs_field_name(fields[i]));
		set_up(&s);
		shadow_write(&s, fields[i], 0);
		own = vmcs_read(fields[i]);
		vmx_code(s.g, VMWRITE_AX, 3);
		s.g->registers.cx = fields[i];
		s.g->registers.ax = 0x4560 + i;
		vmx_run(s.g);
		EXPECT_VMX_DONE(s.g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & VMX_FLAGS, 0ull);
		if (fields[i] != VMCS_GUEST_RIP && fields[i] != VMCS_HOST_RSP)
			EXPECT_EQ(vmcs_read(fields[i]), own);
		EXPECT_EQ(shadow_read(&s, fields[i]), 0x4560ull + i);
	}
}

TEST(shadow_wide_fields,
     "VMREAD and VMWRITE in the guest have all bits of a field, and the high half of one of 64",
     SPEC("SDM vol. 3C, 24.11.2; 25.1.3"))
{
	static const struct {
		const char *name;
		enum vmcs_field field;
		u32 high; /* 1: by the encoding of the high half */
	} rows[] = {
		{ "64", VMCS_TSC_OFFSET, 0 },	    { "64-high", VMCS_TSC_OFFSET, 1 },
		{ "natural", VMCS_GUEST_CR3, 0 },   { "16", VMCS_GUEST_ES_SELECTOR, 0 },
		{ "32", VMCS_EXCEPTION_BITMAP, 0 },
	};
	const u64 value = 0x89abcdef12345678ull, written = 0x7654321089abcdefull;
	struct shadow s = shadow_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const enum vmcs_field field = rows[i].field;
		const u32 width = VMCS_WIDTH(field);
		const u64 mask = width == VMCS_WIDTH_16	       ? 0xffff
				 : width == VMCS_WIDTH_32      ? 0xffffffff
				 : width == VMCS_WIDTH_NATURAL ? (ulong)-1
							       : ~0ull;
		u64 expected = written & mask;

		SUBTEST("%s", rows[i].name);
		set_up(&s);
		shadow_write(&s, field, value);
		vmx_code(s.g, VMREAD_AX, 3);
		s.g->registers.cx = field + rows[i].high;
		vmx_run(s.g);
		EXPECT_VMX_DONE(s.g);
		EXPECT_EQ(s.g->registers.ax, (ulong)(rows[i].high ? value >> 32 : value & mask));
		set_up(&s);
		vmx_code(s.g, VMWRITE_AX, 3);
		s.g->registers.cx = field + rows[i].high;
		s.g->registers.ax = (ulong)written;
		vmx_run(s.g);
		EXPECT_VMX_DONE(s.g);
		if (rows[i].high)
			expected = (value & 0xffffffff) | (written & 0xffffffff) << 32;
		else if (sizeof(ulong) == 4 && width == VMCS_WIDTH_64)
			expected = written & 0xffffffff;
		EXPECT_EQ(shadow_read(&s, field) & (sizeof(ulong) == 4 ? 0xffffffff : ~0ull),
			  expected & (sizeof(ulong) == 4 ? 0xffffffff : ~0ull));
	}
}

TEST(shadow_bitmaps,
     "a field's bit of the VMREAD or VMWRITE bitmap makes the access exit, and no other's does",
     SPEC("SDM vol. 3C, 24.6.15; 25.1.3"))
{
	struct shadow s = shadow_new();

	for (u32 write = 0; write < 2; write++)
		for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
			for (u32 own = 0; own < 2; own++) {
				u8 *bitmap = write ? s.write_bitmap : s.read_bitmap;
				u8 *other = write ? s.read_bitmap : s.write_bitmap;
				u32 bit = fields[i] & 0x7fff;

				SUBTEST("%s-%s-%s", write ? "vmwrite" : "vmread",
					vmcs_field_name(fields[i]),
					own ? "own-bit" : "all-other-bits");
				set_up(&s);
				if (!own) {
					memset(bitmap, 0xff, PAGE_SIZE);
					memset(other, 0xff, PAGE_SIZE);
				}
				bitmap[bit / 8] ^= (u8)BIT(bit % 8);
				vmx_code(s.g, write ? VMWRITE_AX : VMREAD_AX, 3);
				s.g->registers.cx = fields[i];
				vmx_run(s.g);
				if (own) {
					EXPECT_VMX_EXIT(s.g,
							write ? VMX_EXIT_VMWRITE : VMX_EXIT_VMREAD);
					EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 3ull);
				} else {
					EXPECT_VMX_DONE(s.g);
				}
			}
}

TEST(shadow_high_bits, "a field with a bit above 14 set exits", SPEC("SDM vol. 3C, 25.1.3"))
{
	struct shadow s = shadow_new();

	for (u32 write = 0; write < 2; write++)
		for (u32 bit = 15; bit < 8 * sizeof(ulong); bit += 4) {
			SUBTEST("%s-bit-%u", write ? "vmwrite" : "vmread", bit);
			set_up(&s);
			vmx_code(s.g, write ? VMWRITE_AX : VMREAD_AX, 3);
			s.g->registers.cx = (ulong)(VMCS_GUEST_RIP | BIT(bit));
			vmx_run(s.g);
			EXPECT_VMX_EXIT(s.g, write ? VMX_EXIT_VMWRITE : VMX_EXIT_VMREAD);
		}
}

TEST(shadow_cpl3,
     "VMREAD and VMWRITE that do not exit are #GP(0) at CPL 3, and exit where they would",
     SPEC("SDM vol. 3C, 30.3, VMREAD, VMWRITE"))
{
	struct shadow s = shadow_new();

	for (u32 write = 0; write < 2; write++)
		for (u32 exits = 0; exits < 2; exits++) {
			SUBTEST("%s-%s", write ? "vmwrite" : "vmread",
				exits ? "exiting" : "not-exiting");
			set_up(&s);
			vmx_set_user(s.g);
			memset(s.read_bitmap, exits ? 0xff : 0, PAGE_SIZE);
			memset(s.write_bitmap, exits ? 0xff : 0, PAGE_SIZE);
			vmx_code(s.g, write ? VMWRITE_AX : VMREAD_AX, 3);
			s.g->registers.cx = VMCS_GUEST_RIP;
			vmx_run(s.g);
			if (exits)
				EXPECT_VMX_EXIT(s.g, write ? VMX_EXIT_VMWRITE : VMX_EXIT_VMREAD);
			else
				EXPECT_VMX_EXCEPTION(s.g, VEC_GP);
		}
}

TEST(shadow_no_vmcs, "without a shadow VMCS, VMREAD and VMWRITE are VMfailInvalid in the guest",
     SPEC("SDM vol. 3C, 30.3, VMREAD, VMWRITE"))
{
	struct shadow s = shadow_new();

	for (u32 write = 0; write < 2; write++) {
		SUBTEST("%s", write ? "vmwrite" : "vmread");
		set_up(&s);
		vmcs_write(VMCS_VMCS_LINK_POINTER, ~0ull);
		vmx_code(s.g, write ? VMWRITE_AX : VMREAD_AX, 3);
		s.g->registers.cx = VMCS_GUEST_RIP;
		s.g->registers.ax = 0x77;
		vmcs_set(VMCS_GUEST_RFLAGS, VMX_FLAGS);
		vmx_run(s.g);
		EXPECT_VMX_DONE(s.g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & VMX_FLAGS, FLAG_CF);
		EXPECT_EQ(s.g->registers.ax, 0x77ul);
	}
}

TEST(shadow_no_field, "a field that does not exist is VMfailValid in the guest",
     SPEC("SDM vol. 3C, 30.2; 30.3, VMREAD, VMWRITE"))
{
	struct shadow s = shadow_new();

	for (u32 write = 0; write < 2; write++) {
		SUBTEST("%s", write ? "vmwrite" : "vmread");
		set_up(&s);
		vmx_code(s.g, write ? VMWRITE_AX : VMREAD_AX, 3);
		s.g->registers.cx = 0x7ffe;
		vmcs_set(VMCS_GUEST_RFLAGS, VMX_FLAGS);
		vmx_run(s.g);
		EXPECT_VMX_DONE(s.g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & VMX_FLAGS, FLAG_ZF);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_end(s.g));
	}
}

TEST(shadow_link_checks, "with shadowing, the VMCS link pointer is to a shadow VMCS",
     SPEC("SDM vol. 3C, 26.3.1.5"))
{
	struct shadow s = shadow_new();
	u32 *ordinary = vmx_region();

	SUBTEST("shadow");
	set_up(&s);
	vmx_code(s.g, "\xff\xc3", 2);
	s.g->registers.bx = 0x1000;
	check_expect(s.g, CHECK_LINK_POINTER, false);
	SUBTEST("ordinary");
	set_up(&s);
	s.g->registers.bx = 0x1000;
	vmcs_write(VMCS_VMCS_LINK_POINTER, (ulong)ordinary);
	check_expect(s.g, CHECK_LINK_POINTER, true);
	SUBTEST("none");
	set_up(&s);
	s.g->registers.bx = 0x1000;
	vmcs_write(VMCS_VMCS_LINK_POINTER, ~0ull);
	check_expect(s.g, CHECK_LINK_POINTER, false);
	SUBTEST("revision");
	set_up(&s);
	s.g->registers.bx = 0x1000;
	s.vmcs[0] ^= 1;
	check_expect(s.g, CHECK_LINK_POINTER, true);
	s.vmcs[0] ^= 1;
}

TEST(shadow_launch, "VMLAUNCH and VMRESUME with a shadow VMCS current are VMfailInvalid",
     SPEC("SDM vol. 3C, 24.10; 26.1"))
{
	struct shadow s = shadow_new();

	EXPECT_VMX(vmptrld_try((ulong)s.vmcs), VMX_SUCCEED);
	SUBTEST("vmlaunch");
	EXPECT_VMX(vmlaunch_try(), VMX_FAIL_INVALID);
	SUBTEST("vmresume");
	EXPECT_VMX(vmresume_try(), VMX_FAIL_INVALID);
	EXPECT_VMX(vmptrld_try((ulong)s.g->vmcs), VMX_SUCCEED);
}

TEST(shadow_bitmap_checks, "the addresses of the VMREAD and VMWRITE bitmaps are aligned and exist",
     SPEC("SDM vol. 3C, 26.2.1.1"))
{
	struct shadow s = shadow_new();
	static const enum vmcs_field addresses[] = { VMCS_VMREAD_BITMAP, VMCS_VMWRITE_BITMAP };

	for (u32 i = 0; i < 2; i++)
		for_each_set_bit(bit, BITS(11, 0) | BITS(63, cpu_physical_bits())) {
			SUBTEST("%s-bit-%llu", vmcs_field_name(addresses[i]), bit);
			set_up(&s);
			vmx_code(s.g, "\xff\xc3", 2);
			s.g->registers.bx = 0x1000;
			vmcs_set(addresses[i], BIT(bit));
			check_expect(s.g, CHECK_CONTROLS, true);
		}
}
