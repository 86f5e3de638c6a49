/* SPDX-License-Identifier: MIT */
/*
 * Far RET to the same and to outer privilege levels: where it goes, what it refuses, both stacks, and
 * the data segments that it takes away. SDM vol. 2B, RET.
 */
#include "transfer.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("Far returns");

#define IS_64 (sizeof(ulong) == 8)

/* Spare entries: the code that is returned to, its SS, a data segment; then what is free. */
#define CODE_ENTRY 0
#define SS_ENTRY   1
#define DATA_ENTRY 2

/* One transfer and what is on its stack. */
struct ret {
	struct transfer t;
	ulong *frame; /* IP, CS, SP, SS */
	ulong outer;  /* the SP in the frame */
};

/* A RET from this CPL to transfer_target, at the RPL of `cs`, with SS fit for that. */
static struct ret prepare(u32 cpl, u16 cs)
{
	u8 *stack = transfer_stack(), *outer = transfer_stack();
	struct ret r = {
		.t = { .cpl = cpl,
		       .sp = (ulong)stack,
		       .insn = transfer_ret,
		       .stack0 = (ulong)transfer_stack() },
		.frame = (ulong *)stack,
		.outer = (ulong)outer,
	};

	for (u32 i = 0; i < 4; i++)
		r.t.data[i] = SEL_USER_DATA;
	r.frame[0] = (ulong)transfer_target;
	r.frame[1] = cs;
	r.frame[2] = (ulong)outer;
	r.frame[3] = gdt_set_spare(SS_ENTRY, DATA_SEG | DESC_DPL(cs & 3u)) | (cs & 3u);
	return r;
}

static void release(struct ret *r)
{
	page_free((void *)ALIGN_DOWN(r->t.sp, PAGE_SIZE));
	page_free((void *)ALIGN_DOWN(r->outer, PAGE_SIZE));
	page_free((void *)ALIGN_DOWN(r->t.stack0, PAGE_SIZE));
}

/* The target was reached with this CS and the stack that belongs to it. */
static bool expect_returned(const struct ret *r, ulong dropped)
{
	/* The frame is overwritten by what is pushed later. */
	const ulong *outer = (const ulong *)((ulong)&r->frame[2] + dropped);
	ulong cs = r->frame[1], sp = outer[0], ss = outer[1];
	struct state s = transfer_run(&r->t);
	bool ok;

	ok = EXPECT_EQ(s.vector, (u32)VEC_UD);
	ok &= EXPECT_EQ(s.ip, (ulong)transfer_target);
	ok &= EXPECT_EQ(s.cs, cs);
	ok &= EXPECT_EQ(s.flags, raise_flags);
	if ((cs & 3) == r->t.cpl) {
		ok &= EXPECT_EQ(s.sp, r->t.sp + 2 * sizeof(ulong) + dropped);
		ok &= EXPECT_EQ(s.ss, (ulong)ring_data_selector(r->t.cpl));
	} else {
		ok &= EXPECT_EQ(s.sp, sp + dropped);
		ok &= EXPECT_EQ(s.ss, ss);
	}
	return ok;
}

static struct fault model_ret(u32 cpl, u16 selector, u64 descriptor)
{
	u32 kind = desc_kind(descriptor), dpl = desc_dpl(descriptor), rpl = selector & 3;
	u32 error = ERR_SEL(selector);

	if (!kind_is_code(kind) || rpl < cpl)
		return GP(error);
	if (kind_is_conforming(kind) ? dpl > rpl : dpl != rpl)
		return GP(error);
	return descriptor & DESC_P ? NO_FAULT : NP(error);
}

TEST(ret_every_descriptor,
     "RET goes to code whose DPL and RPL allow it, of its own level or an outer one; #GP, #NP else",
     SPEC("SDM vol. 2B, RET; vol. 3A, 5.8.6"))
{
	for (u32 cpl = 0; cpl <= 3; cpl++)
		for (u32 kind = 0; kind < TYPES; kind++) {
			/* With A set: that it is set is another case's. */
			if (kind_is_segment(kind) && !(kind & 1))
				continue;
			SUBTEST("cpl%u-%s-%u", cpl, kind_is_segment(kind) ? "segment" : "system",
				kind & 15);
			for (u32 bits = 0; bits < 32; bits++) {
				u64 descriptor = DESC_LIMIT(0xfffff) | DESC_G | CODE_SIZE |
						 DESC_KIND(kind) | DESC_DPL(bits & 3) |
						 (bits & 16 ? DESC_P : 0);
				u16 cs = gdt_set_spare(CODE_ENTRY, descriptor) |
					 (u16)(bits >> 2 & 3);
				struct ret r = prepare(cpl, cs);
				struct fault expected = model_ret(cpl, cs, descriptor);
				bool ok = expected.kind ? expect_refused(&r.t, expected)
							: expect_returned(&r, 0);

				release(&r);
				if (!ok)
					break;
			}
		}
}

TEST(ret_selectors, "RET to a null CS is #GP(0), to one beyond a table #GP with it",
     SPEC("SDM vol. 2B, RET"))
{
	static const u16 beyond[] = { GDT_ENTRIES * 8, 0xfff8, ERR_TI, 0x18 | ERR_TI };

	gdt_entries()[0] = CODE_SEG | DESC_C;
	for (u32 cpl = 0; cpl <= 3; cpl++)
		for (u16 rpl = 0; rpl <= 3; rpl++)
			for (u32 i = 0; i <= ARRAY_SIZE(beyond); i++) {
				u16 cs = i ? beyond[i - 1] : 0;
				struct ret r = prepare(cpl, cs | rpl);

				SUBTEST("cpl%u-%#x-rpl%u", cpl, cs, rpl);
				expect_refused(&r.t, GP(cs));
				release(&r);
			}
	gdt_entries()[0] = 0;
}

TEST(ret_bad_ss,
     "RET to an outer level with SS that is null, beyond its table, or of wrong type or privilege is #GP",
     SPEC("SDM vol. 2B, RET"))
{
	for (u16 rpl = 1; rpl <= 3; rpl++) {
		u16 cs = gdt_set_spare(CODE_ENTRY, CODE_SEG | DESC_DPL(rpl)) | rpl;

		for (u32 kind = 0; kind < TYPES; kind++) {
			SUBTEST("rpl%u-%s-%u", rpl, kind_is_segment(kind) ? "segment" : "system",
				kind & 15);
			for (u32 bits = 0; bits < 32; bits++) {
				u64 descriptor = DESC_LIMIT(0xfffff) | DESC_G | DESC_DB |
						 DESC_KIND(kind) | DESC_DPL(bits & 3) |
						 (bits & 16 ? DESC_P : 0);
				u16 ss_rpl = bits >> 2 & 3;
				struct ret r = prepare(0, cs);
				bool good = kind_is_writable(kind) && (bits & 3) == rpl &&
					    ss_rpl == rpl;
				u16 ss = gdt_set_spare(SS_ENTRY, descriptor) | ss_rpl;
				bool ok = true;

				r.frame[3] = ss;
				/* SS not present is another case's. */
				if (!good)
					ok = expect_refused(&r.t, GP(ERR_SEL(ss)));
				else if ((descriptor & DESC_P) && !(kind & 4))
					ok = expect_returned(&r, 0);
				release(&r);
				if (!ok)
					break;
			}
		}
	}
}

TEST(ret_null_ss,
     "RET to CPL 3 with a null SS is #GP(0); in 64-bit mode CPL 1 and 2 can do without",
     SPEC("SDM vol. 2B, RET"))
{
	for (u16 rpl = 1; rpl <= 3; rpl++) {
		u16 cs = gdt_set_spare(CODE_ENTRY, CODE_SEG | DESC_DPL(rpl)) | rpl;
		struct ret r = prepare(0, cs);

		SUBTEST("rpl%u", rpl);
		r.frame[3] = rpl;
		if (IS_64 && rpl < 3)
			expect_returned(&r, 0);
		else
			expect_refused(&r.t, GP(0));
		if (rpl == 3) {
			SUBTEST("rpl3-ss-0");
			r.frame[3] = 0;
			expect_refused(&r.t, GP(0));
		}
		SUBTEST("rpl%u-beyond", rpl);
		r.frame[3] = (GDT_ENTRIES * 8) | rpl;
		expect_refused(&r.t, GP(GDT_ENTRIES * 8));
		r.frame[3] = ERR_TI | rpl;
		expect_refused(&r.t, GP(ERR_TI));
		release(&r);
	}
}

TEST(ret_ss_not_present, "RET to an outer level with SS that is not present is #SS with it",
     SPEC("SDM vol. 2B, RET; vol. 3A, 6.15, Interrupt 12"))
{
	for (u16 rpl = 1; rpl <= 3; rpl++) {
		u16 cs = gdt_set_spare(CODE_ENTRY, CODE_SEG | DESC_DPL(rpl)) | rpl;
		struct ret r = prepare(0, cs);

		SUBTEST("rpl%u", rpl);
		gdt_set_spare(SS_ENTRY, (DATA_SEG | DESC_DPL(rpl)) & ~DESC_P);
		expect_refused(&r.t, SS(ERR_SEL(r.frame[3])));
		SUBTEST("rpl%u-refused", rpl);
		r = prepare(0, cs);
		gdt_set_spare(SS_ENTRY, (DATA_SEG | DESC_DPL(rpl)) & ~DESC_P);
		expect_refused_with(&r.t, ERR_SEL(r.frame[3]));
	}
}

TEST(ret_n, "RET n drops n bytes of the stack that it leaves, and of the outer one as well",
     SPEC("SDM vol. 2B, RET; vol. 3A, 5.8.6"))
{
	for (u32 cpl = 0; cpl <= 3; cpl++)
		for (u32 rpl = cpl; rpl <= 3; rpl++) {
			u16 cs = (u16)(gdt_set_spare(CODE_ENTRY, CODE_SEG | DESC_DPL(rpl)) | rpl);
			struct ret r = prepare(cpl, cs);
			u8 *behind = (u8 *)&r.frame[2] + 0x20;

			SUBTEST("cpl%u-to-cpl%u", cpl, rpl);
			r.t.insn = transfer_ret_n;
			memcpy(behind, &r.frame[2], 2 * sizeof(ulong));
			memset(&r.frame[2], 0x5a, 0x20);
			expect_returned(&r, 0x20);
			release(&r);
		}
}

/* A UD2 that 16 bits of offset reach. */
#define LOW_CODE 0x7000ul

TEST(ret_operand_16, "RET with 16-bit operands takes two words and an offset of 16 bits",
     SPEC("SDM vol. 2B, RET"))
{
	u8 *page = page_alloc();

	memcpy(page, "\x0f\x0b", 2);
	space_map(space_kernel(), LOW_CODE, (ulong)page, PAGE_SIZE, PROT_ALL);
	for (u32 cpl = 0; cpl <= 3; cpl++) {
		struct ret r = prepare(cpl, 0);
		u16 *frame = (u16 *)r.frame, cs = ring_code_selector(cpl);
		struct state s;

		SUBTEST("cpl%u", cpl);
		frame[0] = LOW_CODE;
		frame[1] = cs;
		r.t.insn = transfer_ret_16;
		s = transfer_run(&r.t);
		EXPECT_EQ(s.vector, (u32)VEC_UD);
		EXPECT_EQ(s.ip, LOW_CODE);
		EXPECT_EQ(s.cs, (ulong)cs);
		EXPECT_EQ(s.sp, r.t.sp + 4);
	}
}

TEST(ret_sets_accessed,
     "RET sets A of the code segment that it goes to and, to an outer level, of SS",
     SPEC("SDM vol. 3A, 3.4.5.1"))
{
	u64 code = (CODE_SEG | DESC_DPL(3)) & ~DESC_A, data = (DATA_SEG | DESC_DPL(3)) & ~DESC_A;
	struct ret r = prepare(0, gdt_set_spare(CODE_ENTRY, code) | 3);

	gdt_set_spare(SS_ENTRY, data);
	expect_returned(&r, 0);
	SUBTEST("code");
	EXPECT_EQ(gdt_entries()[SEL_SPARE / 8 + CODE_ENTRY], code | DESC_A);
	SUBTEST("ss");
	EXPECT_EQ(gdt_entries()[SEL_SPARE / 8 + SS_ENTRY], data | DESC_A);
}

TEST(ret_stack_absent, "RET whose frame is on an absent page in part is #PF and changes nothing",
     SPEC("SDM vol. 2B, RET; vol. 3A, 6.5"))
{
	/* Not from CPL 0, whose stack #PF itself would need. */
	for (u32 words = 1; words <= 4; words++) {
		u32 cpl = words == 4 ? 3 : 1;
		u16 cs = gdt_set_spare(CODE_ENTRY, CODE_SEG | DESC_DPL(3)) | 3;
		struct ret r = prepare(cpl, cs);
		u32 present = words == 4 ? 1 : words;
		u8 *pages = pages_alloc(2, PAGE_SIZE);
		ulong end = (ulong)pages + PAGE_SIZE;

		SUBTEST("cpl%u-words-%u", cpl, present);
		r.t.sp = end - present * sizeof(ulong);
		memcpy((void *)r.t.sp, r.frame, present * sizeof(ulong));
		space_unmap(space_kernel(), end, PAGE_SIZE);
		expect_refused(&r.t, FAULT_CODED_(VEC_PF, cpl == 3 ? PF_U : 0));
		EXPECT_EQ(ALIGN_DOWN(read_cr2(), PAGE_SIZE), end);
	}
}

/* ---------------------------------------------------------------------------- data segments */

static const char *const data_names[4] = { "ds", "es", "fs", "gs" };

static u16 loaded(const struct state *s, u32 reg)
{
	const u16 values[4] = { s->ds, s->es, s->fs, s->gs };

	return values[reg];
}

/* From CPL 0 to `rpl` with one of the registers holding a segment of `kind` and `dpl`. */
static void check_nulling(bool is_iret, u16 rpl, u32 reg, u32 kind, u32 dpl)
{
	u16 cs = gdt_set_spare(CODE_ENTRY, CODE_SEG | DESC_DPL(rpl)) | rpl;
	struct ret r = prepare(0, cs);
	u16 data = gdt_set_spare(DATA_ENTRY, DESC_LIMIT(0xfffff) | DESC_G | DESC_DB | DESC_P |
						     DESC_KIND(kind) | DESC_DPL(dpl) | DESC_A);
	bool nulled = !kind_is_conforming(kind) && dpl < rpl;
	struct state s;

	r.t.data[reg] = data;
	if (is_iret) {
		r.t.insn = transfer_iret;
		memmove(&r.frame[3], &r.frame[2], 2 * sizeof(ulong));
		r.frame[2] = FLAG_1;
	}
	s = transfer_run(&r.t);
	EXPECT_EQ(s.vector, (u32)VEC_UD);
	EXPECT_EQ(s.cs, (ulong)cs);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(loaded(&s, i),
			  i != reg ? SEL_USER_DATA
			  : nulled ? SEL_NULL
				   : data,
			  "register %u kind %u dpl %u", i, kind, dpl);
	release(&r);
}

/* Data up and down, code, and conforming code, all with what a load needs. */
static const u32 data_kinds[] = { 17, 19, 27, 31 };

TEST(ret_nulls_data_segments,
     "RET and IRET to an outer level null DS, ES, FS, GS whose DPL is below it; conforming code stays",
     SPEC("SDM vol. 2B, RET; vol. 2A, IRET/IRETD/IRETQ, RETURN-TO-OUTER-PRIVILEGE-LEVEL"))
{
	for (u32 is_iret = 0; is_iret < 2; is_iret++)
		for (u16 rpl = 1; rpl <= 3; rpl++)
			for (u32 reg = 0; reg < 4; reg++) {
				SUBTEST("%s-to-cpl%u-%s", is_iret ? "iret" : "ret", rpl,
					data_names[reg]);
				for (u32 i = 0; i < ARRAY_SIZE(data_kinds); i++)
					for (u32 dpl = 0; dpl <= 3; dpl++)
						check_nulling(is_iret, rpl, reg, data_kinds[i],
							      dpl);
			}
}

TEST(ret_keeps_data_segments, "RET to the same level keeps DS, ES, FS and GS, whatever they are",
     SPEC("SDM vol. 2B, RET"))
{
	struct ret r = prepare(0, gdt_set_spare(CODE_ENTRY, CODE_SEG));
	struct state s;

	for (u32 i = 0; i < 4; i++)
		r.t.data[i] = gdt_set_spare(DATA_ENTRY + i, DATA_SEG | DESC_DPL(i));
	s = transfer_run(&r.t);
	EXPECT_EQ(s.vector, (u32)VEC_UD);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(loaded(&s, i), (u16)r.t.data[i]);
}
