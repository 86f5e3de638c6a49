/* SPDX-License-Identifier: MIT */
/*
 * The address that ModRM and SIB make, for every form there is: LEA says what it is, and a load and a
 * store go there. The model reads the bytes as tables 2-1 to 2-3 of the manual do.
 */
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/execute.h>

SUITE("Addresses of operands");

struct address_form {
	u8 mod, rm, sib;
	u32 displacement; /* of which the form takes none, 8 or 32 bits */
	bool rex_x, rex_b;
};

/* The register that LEA's bytes name as its destination; SP is needed for the model. */
#define DESTINATION 2 /* DX */

static u64 sign_extend(u64 value, unsigned width)
{
	return value & BIT(width - 1) ? value | ~(BIT(width) - 1) : value & (BIT(width) - 1);
}

/* The number of a register as encodings have it; SP is in the middle of them. */
static u64 register_value(const struct registers *r, ulong sp, u32 number)
{
	if (number == 4)
		return sp;
	return r->general[number < 4 ? number : number - 1];
}

/* Random values in all registers. */
static void fill(struct registers *r)
{
	for (u32 i = 0; i < ARRAY_SIZE(r->general); i++)
		r->general[i] = (ulong)random_u64();
	r->flags = FLAG_1;
}

/* Writes ModRM, with DESTINATION as the register, SIB and displacement; returns their size. */
static u32 encode(const struct address_form *form, u8 *bytes)
{
	u32 size = 0;

	bytes[size++] = (u8)(form->mod << 6 | DESTINATION << 3 | form->rm);
	if (form->rm == 4)
		bytes[size++] = form->sib;
	memcpy(bytes + size, &form->displacement, 4);
	if (form->mod == 1)
		return size + 1;
	if (form->mod == 2 || (form->mod == 0 && form->rm == 5) ||
	    (form->mod == 0 && form->rm == 4 && (form->sib & 7) == 5))
		return size + 4;
	return size;
}

/* The address, with these registers, SP, and the address of the next instruction. */
static u64 address_of(const struct address_form *form, const struct registers *r, ulong sp,
		      ulong next)
{
	u64 address = form->mod == 1 ? sign_extend(form->displacement, 8)
				     : sign_extend(form->displacement, 32);
	u32 base = form->rm, index;

	if (form->mod == 0)
		address = 0;
	if (form->rm == 4) {
		base = form->sib & 7;
		index = (form->sib >> 3 & 7) | (u32)form->rex_x << 3;
		if (index != 4)
			address += register_value(r, sp, index) << (form->sib >> 6);
	}
	if (form->mod != 0 || base != 5)
		address += register_value(r, sp, base | (u32)form->rex_b << 3);
	else
		address += sign_extend(form->displacement, 32);
	/* [RIP + disp32]: table 2-7 of 2.2.1.6. */
	if (sizeof(ulong) == 8 && form->mod == 0 && form->rm == 5)
		address += next;
	return address;
}

/* LEA with these prefixes, then MOV of SP to SI, so that the model knows SP. */
static void check_lea(const struct address_form *form, const u8 *prefixes, u32 prefix_count,
		      unsigned operand_width, unsigned address_width)
{
	static const u8 mov_si_sp[] = { ONLY_64(0x48, ) 0x89, 0xe6 };
	struct registers before, r;
	u8 bytes[24];
	u32 size = prefix_count;
	const u8 *code;
	u64 address, expected;

	memcpy(bytes, prefixes, prefix_count);
	bytes[size++] = 0x8d;
	size += encode(form, bytes + size);
	memcpy(bytes + size, mov_si_sp, sizeof(mov_si_sp));
	code = code_bytes(bytes, size + sizeof(mov_si_sp));

	fill(&before);
	r = before;
	execute(code, &r);
	address = address_of(form, &before, r.si, (ulong)code + size);
	if (address_width == 32)
		address &= 0xffffffff;
	expected = operand_width == 16	 ? (before.dx & ~0xffffull) | (address & 0xffff)
		   : operand_width == 32 ? address & 0xffffffff
					 : address;
	EXPECT_EQ(r.dx, (ulong)expected, "mod %u rm %u sib %#x displacement %#x rex.x %u rex.b %u",
		  form->mod, form->rm, form->sib, form->displacement, form->rex_x, form->rex_b);
	before.dx = r.dx;
	before.si = r.si;
	EXPECT_MEM_EQ(r.general, before.general, sizeof(r.general));
	EXPECT_EQ(r.flags, before.flags);
}

/* Every ModRM but those of registers, and every SIB, with changing displacements. */
static void for_each_form(const struct address_form *with,
			  void (*check)(const struct address_form *form, void *arg), void *arg)
{
	static const u32 displacements[] = { 0x7f, 0x80, 0x12345678, 0x89abcdef };
	struct address_form form = *with;
	u32 turn = 0;

	for (form.mod = 0; form.mod < 3; form.mod++) {
		for (form.rm = 0; form.rm < 8; form.rm++) {
			for (u32 sib = 0; sib < (form.rm == 4 ? 256 : 4); sib++) {
				form.sib = (u8)sib;
				form.displacement =
					displacements[turn++ % ARRAY_SIZE(displacements)];
				check(&form, arg);
			}
		}
	}
}

struct lea_row {
	const char *name;
	u8 prefixes[3];
	u8 prefix_count;
	u8 rex; /* W */
	unsigned operand_width, address_width;
};

static void check_row(const struct address_form *form, void *arg)
{
	const struct lea_row *row = arg;
	u8 prefixes[4];
	u32 count = row->prefix_count;
	u8 rex = (u8)(row->rex | (form->rex_x ? 2 : 0) | (form->rex_b ? 1 : 0));

	memcpy(prefixes, row->prefixes, count);
	if (rex)
		prefixes[count++] = 0x40 | rex;
	check_lea(form, prefixes, count, row->operand_width, row->address_width);
}

#define NATIVE_WIDTH (sizeof(ulong) * 8)

TEST(lea_forms, "LEA gives the address of every form of ModRM and SIB, at every width",
     SPEC("SDM vol. 2A, LEA; vol. 2A, 2.1.5, tables 2-2 and 2-3; 2.2.1"))
{
	struct lea_row table[] = {
		{ "r32", { 0 }, 0, 0, 32, NATIVE_WIDTH },
		{ "r16", { 0x66 }, 1, 0, 16, NATIVE_WIDTH },
		ONLY_64({ "r64", { 0 }, 0, 8, 64, 64 }, )
			ONLY_64({ "r64_address_32", { 0x67 }, 1, 8, 64, 32 }, )
				ONLY_64({ "r32_address_32", { 0x67 }, 1, 0, 32, 32 }, ) ONLY_64(
					{ "r16_address_32", { 0x67, 0x66 }, 2, 0, 16, 32 }, )
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		for (u32 rex = 0; rex < (sizeof(ulong) == 8 ? 4 : 1); rex++) {
			struct address_form with = { .rex_x = rex & 1, .rex_b = rex >> 1 };

			for_each_form(&with, check_row, &table[i]);
		}
	}
}

TEST(lea_ignores_segments, "LEA takes no segment's base into account, whatever the prefix",
     SPEC("SDM vol. 2A, LEA; vol. 3A, 3.4.4"))
{
	static const u8 prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
	const struct address_form forms[] = { { .mod = 1, .rm = 3, .displacement = 5 },
					      { .mod = 1, .rm = 5, .displacement = 5 } };

	for (u32 i = 0; i < ARRAY_SIZE(prefixes); i++) {
		SUBTEST("prefix_%02x", prefixes[i]);
		for (u32 j = 0; j < ARRAY_SIZE(forms); j++)
			check_lea(&forms[j], &prefixes[i], 1, 32, NATIVE_WIDTH);
	}
}
