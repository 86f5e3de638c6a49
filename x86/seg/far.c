/* SPDX-License-Identifier: MIT */
/*
 * Far JMP and CALL straight to code segments, of every kind at every privilege level, against a model:
 * the fault, CS afterwards, what was pushed, and the accessed bit. Gates are gate.c's.
 */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/insn.h>

SUITE("Far jumps and calls");

/*
 * DI: the pointer to the target, whose offset is filled in; SI: that back to CS as it was. BX becomes
 * CS at the target. Its code means the same in compatibility mode, so no 64-bit operands; and DS is null
 * above CPL 0 there, so that the way back is read through SS.
 */
#define FAR_JMP                                                                                   \
	CODE_AROUND(                                                                              \
		"movl $1f, " AT("di") "; movl $2f, " AT("si"),                                    \
		"ljmpl *" AT("di") "; 1: mov %%cs, %%ebx; .byte 0x36; ljmpl *" AT("si") "; 2:\n", \
		"")

/*
 * DI: the pointer to the target, which becomes the address after the CALL. BX: CS at the target, CX: SP
 * there; DX and AX: the words that were pushed. SI is SP before, BP after the return.
 */
#define FAR_CALL                                                                              \
	CODE_AROUND("movl $1f, " AT("di") "; mov " NATIVE("sp") ", " NATIVE("si"),            \
		    "lcalll *" AT("di") "; 2: jmp 3f; 1: mov %%cs, %%ebx; mov %%esp, %%ecx; " \
					"mov (" NATIVE("sp") "), %%edx; mov 4(" NATIVE(       \
						"sp") "), %%eax; lretl; 3:\n",                \
		    "mov " NATIVE("sp") ", " NATIVE("bp") "; mov " NATIVE("si") ", " NATIVE(  \
			    "sp") "; movl $2b, " AT("di"))

/* Call gates, and in 32-bit mode what switches tasks. */
static bool leads_on(u32 kind)
{
	if (sizeof(ulong) == 8)
		return kind == DESC_CALL_GATE;
	return kind == DESC_TSS_AVAILABLE_16 || kind == DESC_CALL_GATE_16 ||
	       kind == DESC_TASK_GATE || kind == DESC_TSS_AVAILABLE || kind == DESC_CALL_GATE;
}

/* Where a gate or TSS that is good would lead is not this file's question. */
#define ANOTHER_CASE VECTOR(0xff)

/* SDM vol. 2A, JMP and CALL: what a direct far transfer to this descriptor raises. */
static struct fault model_transfer(u32 cpl, u16 selector, u64 descriptor)
{
	u32 kind = desc_kind(descriptor), dpl = desc_dpl(descriptor), rpl = selector & 3;
	u32 error = ERR_SEL(selector);

	if (leads_on(kind) && rpl <= dpl && cpl <= dpl)
		return descriptor & DESC_P ? ANOTHER_CASE : NP(error);
	if (!kind_is_code(kind))
		return GP(error);
	if (sizeof(ulong) == 8 && (descriptor & DESC_L) && (descriptor & DESC_DB))
		return GP(error);
	if (kind_is_conforming(kind) ? dpl > cpl : rpl > cpl || dpl != cpl)
		return GP(error);
	return descriptor & DESC_P ? NO_FAULT : NP(error);
}

static bool check_jmp(u32 cpl, u16 selector, u64 descriptor)
{
	struct fault expected = model_transfer(cpl, selector, descriptor);
	struct far_pointer to = { 0, selector }, back = { 0, ring_code_selector(cpl) };
	struct registers r = { .di = (ulong)&to,
			       .si = (ulong)&back,
			       .flags = FLAG_1 | STATUS_FLAGS };
	bool ok;

	gdt_set_spare(0, descriptor);
	ok = EXPECT_FAULT(expected, execute_in(at_cpl(cpl), FAR_JMP, &r),
			  "descriptor %#llx selector %#x", descriptor, selector);
	ok &= EXPECT_EQ(r.bx, expected.kind ? 0 : (ulong)((selector & ~3u) | cpl));
	ok &= EXPECT_EQ(gdt_entries()[SEL_SPARE / 8], descriptor);
	ok &= EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
	return ok;
}

static bool check_call(u32 cpl, u16 selector, u64 descriptor)
{
	struct fault expected = model_transfer(cpl, selector, descriptor);
	struct far_pointer to = { 0, selector };
	struct registers r = { .di = (ulong)&to, .flags = FLAG_1 | STATUS_FLAGS };
	bool ok;

	gdt_set_spare(0, descriptor);
	ok = EXPECT_FAULT(expected, execute_in(at_cpl(cpl), FAR_CALL, &r),
			  "descriptor %#llx selector %#x", descriptor, selector);
	ok &= EXPECT_EQ(r.bp, r.si, "descriptor %#llx", descriptor);
	ok &= EXPECT_EQ(gdt_entries()[SEL_SPARE / 8], descriptor);
	ok &= EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
	if (expected.kind)
		return ok;
	ok &= EXPECT_EQ(r.bx, (ulong)((selector & ~3u) | cpl));
	ok &= EXPECT_EQ(r.cx, r.si - 8);
	ok &= EXPECT_EQ(r.dx, (ulong)to.offset); /* where it returns to */
	ok &= EXPECT_EQ((u16)r.ax, ring_code_selector(cpl));
	return ok;
}

static void check_kind(bool (*check)(u32 cpl, u16 selector, u64 descriptor), u32 cpl, u32 kind)
{
	for (u32 bits = 0; bits < 32; bits++) {
		u64 descriptor = DESC_LIMIT(0xfffff) | DESC_G | CODE_SIZE | DESC_KIND(kind) |
				 DESC_DPL(bits & 3) | (bits & 16 ? DESC_P : 0);
		u16 selector = (u16)(SEL_SPARE | (bits >> 2 & 3));

		if (fault_matches(ANOTHER_CASE, model_transfer(cpl, selector, descriptor)))
			continue;
		if (!check(cpl, selector, descriptor))
			return;
	}
}

static void check_all_kinds(bool (*check)(u32 cpl, u16 selector, u64 descriptor))
{
	for (u32 cpl = 0; cpl <= 3; cpl++)
		for (u32 kind = 0; kind < TYPES; kind++) {
			/* Code whose A is clear has a case of its own. */
			if (kind_is_code(kind) && !(kind & 1))
				continue;
			SUBTEST("cpl%u-%s-%u", cpl, kind_is_segment(kind) ? "segment" : "system",
				kind & 15);
			check_kind(check, cpl, kind);
		}
}

TEST(far_jmp_every_descriptor,
     "a far JMP goes to code that DPL, CPL and RPL allow; #GP or #NP with the selector else",
     SPEC("SDM vol. 2A, JMP; vol. 3A, 5.8.1"))
{
	check_all_kinds(check_jmp);
}

TEST(far_call_every_descriptor,
     "a far CALL pushes CS and IP and goes to code that DPL, CPL and RPL allow; #GP or #NP else",
     SPEC("SDM vol. 2A, CALL; vol. 3A, 5.8.1"))
{
	check_all_kinds(check_call);
}

TEST(far_sets_accessed, "a far JMP or CALL sets A of the code segment, unless it is refused",
     SPEC("SDM vol. 3A, 3.4.5.1"))
{
	const void *const codes[] = { FAR_JMP, FAR_CALL };

	for (u32 is_call = 0; is_call < 2; is_call++)
		for (u32 kind = FIRST_CODE; kind < TYPES; kind += 2) {
			const u64 code = DESC_FLAT | CODE_SIZE;
			u64 descriptor = (code & ~(DESC_A | DESC_W)) | DESC_KIND(kind);
			struct far_pointer to = { 0, SEL_SPARE }, back = { 0, SEL_KERNEL_CODE };
			struct registers r = { .di = (ulong)&to,
					       .si = (ulong)&back,
					       .flags = FLAG_1 };

			SUBTEST("%s-%u-refused", is_call ? "call" : "jmp", kind & 15);
			gdt_set_spare(0, descriptor & ~DESC_P);
			EXPECT_FAULT(NP(SEL_SPARE), execute_try(codes[is_call], &r));
			EXPECT_EQ(gdt_entries()[SEL_SPARE / 8], descriptor & ~DESC_P);
			SUBTEST("%s-%u", is_call ? "call" : "jmp", kind & 15);
			gdt_set_spare(0, descriptor);
			EXPECT_NO_FAULT(execute_try(codes[is_call], &r));
			EXPECT_EQ(gdt_entries()[SEL_SPARE / 8], descriptor | DESC_A);
		}
}

TEST(far_selectors, "null selectors are #GP(0), those beyond a table #GP with them",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	static const u16 beyond[] = { GDT_ENTRIES * 8, 0xfff8, ERR_TI, 0x18 | ERR_TI };

	gdt_entries()[0] = CODE_SEG | DESC_C;
	for (u32 is_call = 0; is_call < 2; is_call++)
		for (u32 cpl = 0; cpl <= 3; cpl++) {
			SUBTEST("%s-cpl%u", is_call ? "call" : "jmp", cpl);
			for (u16 rpl = 0; rpl <= 3; rpl++)
				for (u32 i = 0; i <= ARRAY_SIZE(beyond); i++) {
					u16 selector = i ? beyond[i - 1] | rpl : rpl;
					struct far_pointer to = { 0, selector };
					struct registers r = { .di = (ulong)&to,
							       .si = (ulong)&to,
							       .flags = FLAG_1 };

					/* JMP's way back is not needed. */
					EXPECT_FAULT(GP(ERR_SEL(selector)),
						     execute_in(at_cpl(cpl),
								is_call ? FAR_CALL : FAR_JMP, &r),
						     "selector %#x", selector);
				}
		}
	gdt_entries()[0] = 0;
}

TEST(far_table_limit_edge,
     "a code descriptor has to be within its table with all of its eight bytes",
     SPEC("SDM vol. 3A, 3.5.1; vol. 2A, CALL, JMP"))
{
	for (u32 is_call = 0; is_call < 2; is_call++)
		for (u16 bytes = 1; bytes <= 8; bytes++) {
			u64 *gdt = gdt_on_page((u16)(SEL_SPARE + bytes - 1));
			struct far_pointer to = { 0, SEL_SPARE }, back = { 0, SEL_KERNEL_CODE };
			struct registers r = { .di = (ulong)&to,
					       .si = (ulong)&back,
					       .flags = FLAG_1 };

			SUBTEST("%s-bytes-%u", is_call ? "call" : "jmp", bytes);
			gdt[SEL_SPARE / 8] = CODE_SEG;
			EXPECT_FAULT(bytes == 8 ? NO_FAULT : GP(SEL_SPARE),
				     execute_try(is_call ? FAR_CALL : FAR_JMP, &r));
			desc_init();
		}
}

TEST(far_code_in_ldt, "code segments of the LDT can be jumped to and called, and CS has TI set",
     SPEC("SDM vol. 3A, 3.4.2; vol. 2A, CALL, JMP"))
{
	u64 *ldt = load_new_ldt(2);

	for (u32 is_call = 0; is_call < 2; is_call++) {
		struct far_pointer to = { 0, 8 | ERR_TI }, back = { 0, SEL_KERNEL_CODE };
		struct registers r = { .di = (ulong)&to, .si = (ulong)&back, .flags = FLAG_1 };

		SUBTEST("%s", is_call ? "call" : "jmp");
		ldt[1] = CODE_SEG;
		EXPECT_NO_FAULT(execute_try(is_call ? FAR_CALL : FAR_JMP, &r));
		EXPECT_EQ(r.bx, 8ul | ERR_TI);
		ldt[1] = CODE_SEG & ~DESC_P;
		EXPECT_FAULT(NP(8 | ERR_TI), execute_try(is_call ? FAR_CALL : FAR_JMP, &r));
	}
	unload_ldt();
}

TEST(far_accessed_needs_write,
     "a far transfer writes A only where it is clear: #PF on a read-only page",
     SPEC("SDM vol. 3A, 3.4.5.1"))
{
	u64 *ldt = load_new_ldt(2);

	ldt[0] = CODE_SEG;
	ldt[1] = CODE_SEG & ~DESC_A;
	space_protect(space_kernel(), (ulong)ldt, PAGE_SIZE, PROT_USER);
	for (u32 is_call = 0; is_call < 2; is_call++) {
		struct far_pointer to = { 0, ERR_TI }, back = { 0, SEL_KERNEL_CODE };
		struct registers r = { .di = (ulong)&to, .si = (ulong)&back, .flags = FLAG_1 };

		SUBTEST("%s", is_call ? "call" : "jmp");
		EXPECT_NO_FAULT(execute_try(is_call ? FAR_CALL : FAR_JMP, &r));
		to.selector |= 8;
		EXPECT_FAULT(FAULT_CODED_(VEC_PF, PF_P | PF_W),
			     execute_try(is_call ? FAR_CALL : FAR_JMP, &r));
		EXPECT_EQ(ldt[1], CODE_SEG & ~DESC_A);
	}
	unload_ldt();
}

TEST(far_pointer_absent,
     "a far JMP or CALL whose pointer is on an absent page in part is #PF, SP stays",
     SPEC("SDM vol. 2A, CALL, JMP; vol. 3A, 6.5"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	ulong end = (ulong)pages + PAGE_SIZE;
	const struct far_pointer pointer = { 0, SEL_KERNEL_CODE };

	space_unmap(space_kernel(), end, PAGE_SIZE);
	for (u32 is_call = 0; is_call < 2; is_call++)
		for (u32 inside = 1; inside <= 5; inside++) {
			struct registers r = { .di = end - inside, .flags = FLAG_1 };
			struct fault fault;

			SUBTEST("%s-inside-%u", is_call ? "call" : "jmp", inside);
			memcpy((void *)r.di, &pointer, inside);
			fault = execute_try(
				is_call ? CODE("lcalll *" AT("di")) : CODE("ljmpl *" AT("di")), &r);
			EXPECT_FAULT(FAULT_CODED_(VEC_PF, 0), fault);
			EXPECT_EQ(ALIGN_DOWN(fault.address, PAGE_SIZE), end);
		}
}

/* ----------------------------------------------------------------------------- 16-bit operands */

/* Below 64 KiB: MOV EBX, CS, and back by the far pointer at rSI. The same in both modes. */
#define LOW_CODE 0x7000u

static void map_low_code(const void *code, size_t size)
{
	u8 *page = page_alloc();

	memcpy(page, code, size);
	space_map(space_kernel(), LOW_CODE, (ulong)page, PAGE_SIZE, PROT_ALL);
}

TEST(far_jmp_16, "a far JMP with 16-bit operands takes an offset of 16 bits",
     SPEC("SDM vol. 2A, JMP"))
{
	static const u8 code[] = { 0x8c, 0xcb, 0xff, 0x2e };
	u16 to[2] = { LOW_CODE, SEL_KERNEL_CODE };
	struct far_pointer back = { 0, SEL_KERNEL_CODE };
	struct registers r = { .di = (ulong)to, .si = (ulong)&back, .flags = FLAG_1 };

	map_low_code(code, sizeof(code));
	EXPECT_NO_FAULT(execute_try(
		CODE_AROUND("movl $2f, " AT("si"), "ljmpw *" AT("di") "; 2:\n", ""), &r));
	EXPECT_EQ(r.bx, (ulong)SEL_KERNEL_CODE);
}

TEST(far_call_16, "a far CALL with 16-bit operands pushes two words of 16 bits",
     SPEC("SDM vol. 2A, CALL"))
{
	/* MOV EBX, CS; MOV ECX, ESP; MOV EDX, [rSP]; then a far JMP back. */
	static const u8 code[] = { 0x8c, 0xcb, 0x89, 0xe1, 0x8b, 0x14, 0x24, 0xff, 0x2e };
	u16 to[2] = { LOW_CODE, SEL_KERNEL_CODE };
	struct far_pointer back = { 0, SEL_KERNEL_CODE };
	struct registers r = { .di = (ulong)to, .si = (ulong)&back, .flags = FLAG_1 };

	map_low_code(code, sizeof(code));
	EXPECT_NO_FAULT(execute_try(
		CODE_AROUND("mov " NATIVE("sp") ", " NATIVE("bp") "; movl $2f, " AT("si"),
			    "lcallw *" AT("di") "; 1: nop; 2:\n",
			    "mov " NATIVE("bp") ", " NATIVE("sp") "; movl $1b, %%eax"),
		&r));
	EXPECT_EQ(r.bx, (ulong)SEL_KERNEL_CODE);
	EXPECT_EQ(r.cx, r.bp - 4);
	EXPECT_EQ((u32)r.dx, (u32)SEL_KERNEL_CODE << 16 | (r.ax & 0xffff));
}

/* ----------------------------------------------------------------------------- code of 32 bits */

TEST(far_to_other_size,
     "32-bit code can be jumped to and called; in IA-32e mode L and D both set are #GP with selector",
     SPEC("SDM vol. 3A, 5.2.1, 3.4.5; vol. 2A, CALL, JMP"))
{
	const u64 base = DESC_FLAT | DESC_CODE;

	for (u32 cpl = 0; cpl <= 3; cpl++) {
		SUBTEST("jmp-32-cpl%u", cpl);
		check_jmp(cpl, SEL_SPARE, base | DESC_DB | DESC_DPL(cpl));
		SUBTEST("call-32-cpl%u", cpl);
		check_call(cpl, SEL_SPARE, base | DESC_DB | DESC_DPL(cpl));
		SUBTEST("jmp-l-and-d-cpl%u", cpl);
		check_jmp(cpl, SEL_SPARE, base | DESC_DB | DESC_L | DESC_DPL(cpl));
		SUBTEST("call-l-and-d-cpl%u", cpl);
		check_call(cpl, SEL_SPARE, base | DESC_DB | DESC_L | DESC_DPL(cpl));
	}
}

TEST(far_limit, "a far JMP or CALL beyond the limit of 32-bit code is #GP(0); at the limit it goes",
     SPEC("SDM vol. 2A, CALL, JMP"))
{
	const u64 base = DESC_P | DESC_S | DESC_CODE | DESC_W | DESC_DB;
	const void *const codes[] = { FAR_JMP, FAR_CALL };

	for (u32 is_call = 0; is_call < 2; is_call++) {
		struct far_pointer to = { 0, SEL_SPARE }, back = { 0, SEL_KERNEL_CODE };
		struct registers r = { .di = (ulong)&to, .si = (ulong)&back, .flags = FLAG_1 };

		SUBTEST("%s-beyond", is_call ? "call" : "jmp");
		gdt_set_spare(0, base | DESC_LIMIT(0xfff));
		EXPECT_FAULT(ANY_CODE(VEC_GP), execute_try(codes[is_call], &r));
		EXPECT_EQ(r.bx, 0ul);
		SUBTEST("%s-beyond-code", is_call ? "call" : "jmp");
		EXPECT_FAULT(GP(0), execute_try(codes[is_call], &r));

		SUBTEST("%s-within", is_call ? "call" : "jmp");
		r = (struct registers){ .di = (ulong)&to, .si = (ulong)&back, .flags = FLAG_1 };
		gdt_set_spare(0, base | DESC_LIMIT(0xfff) | DESC_G);
		EXPECT_NO_FAULT(execute_try(codes[is_call], &r));
		EXPECT_EQ(r.bx, (ulong)SEL_SPARE);
	}
}
