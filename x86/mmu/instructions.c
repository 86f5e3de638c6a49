/* SPDX-License-Identifier: MIT */
/* Every kind of instruction that accesses memory: general, string, stack, state images, system. */
#include "operands.h"

#include <string.h>
#include <x86/desc.h>

SUITE("Accesses of instructions");

/* ------------------------------------------------------------------------------ general, strings */

OPERAND_CODE(load8, "movb " OPERAND_DI ", %al");
OPERAND_CODE(load32, "movl " OPERAND_DI ", %eax");
OPERAND_CODE(movzx, "movzwl " OPERAND_DI ", %eax");
OPERAND_CODE(cmp, "cmpl %eax, " OPERAND_DI);
OPERAND_CODE(test, "testl %eax, " OPERAND_DI);
OPERAND_CODE(bt, "btl $3, " OPERAND_DI);
OPERAND_CODE(imul, "imull " OPERAND_DI ", %eax");
OPERAND_CODE(store8, "movb %al, " OPERAND_DI);
OPERAND_CODE(store32, "movl %eax, " OPERAND_DI);
OPERAND_CODE(store_imm, "movl $5, " OPERAND_DI);
OPERAND_CODE(setcc, "setz " OPERAND_DI);
OPERAND_CODE(movnti, "movnti %eax, " OPERAND_DI);
OPERAND_CODE(add, "addl %eax, " OPERAND_DI);
OPERAND_CODE(lock_add, "lock addl %eax, " OPERAND_DI);
OPERAND_CODE(inc, "incl " OPERAND_DI);
OPERAND_CODE(not, "notl " OPERAND_DI);
OPERAND_CODE(shl, "shll $1, " OPERAND_DI);
OPERAND_CODE(shld, "shldl $1, %eax, " OPERAND_DI);
OPERAND_CODE(bts, "btsl $3, " OPERAND_DI);
OPERAND_CODE(lock_bts, "lock btsl $3, " OPERAND_DI);
OPERAND_CODE(xchg, "xchgl %eax, " OPERAND_DI);
OPERAND_CODE(xadd, "xaddl %eax, " OPERAND_DI);
OPERAND_CODE(cmpxchg_fails, "cmpxchgl %ecx, " OPERAND_DI);
OPERAND_CODE(lock_cmpxchg_fails, "lock cmpxchgl %ecx, " OPERAND_DI);
OPERAND_CODE(cmpxchg, "xorl %eax, %eax; cmpxchgl %ecx, " OPERAND_DI);
OPERAND_CODE(cmpxchg8b_fails, "cmpxchg8b " OPERAND_DI);
OPERAND_CODE(cmpxchg8b, "xorl %eax, %eax; lock cmpxchg8b " OPERAND_DI);
OPERAND_CODE(lods, "cld; lodsl");
OPERAND_CODE(stos, "cld; stosl");
OPERAND_CODE(movs_from, "cld; movsl");
OPERAND_CODE(movs_to, "cld; movsl");
OPERAND_CODE(scas, "cld; scasl");
OPERAND_CODE(cmps_si, "cld; cmpsl");
OPERAND_CODE(cmps_di, "cld; cmpsl");
OPERAND_CODE(rep_stos_none, "cld; xorl %ecx, %ecx; rep stosl");
OPERAND_CODE(lea, "lea " OPERAND_DI ", %eax");
OPERAND_CODE(nop_memory, "nopl " OPERAND_DI);
OPERAND_CODE(prefetch, "prefetcht0 " OPERAND_DI);

static const struct accessor general[] = {
	{ "load8", operand_load8, OPERAND_READ, 1, 1, 0, 0, NULL },
	{ "load32", operand_load32, OPERAND_READ, 4, 1, 0, 0, NULL },
	{ "movzx", operand_movzx, OPERAND_READ, 2, 1, 0, 0, NULL },
	{ "cmp", operand_cmp, OPERAND_READ, 4, 1, 0, 0, NULL },
	{ "test", operand_test, OPERAND_READ, 4, 1, 0, 0, NULL },
	{ "bt", operand_bt, OPERAND_READ, 4, 1, 0, 0, NULL },
	{ "imul", operand_imul, OPERAND_READ, 4, 1, 0, 0, NULL },
	{ "store8", operand_store8, OPERAND_WRITE, 1, 1, 0, 0, NULL },
	{ "store32", operand_store32, OPERAND_WRITE, 4, 1, 0, 0, NULL },
	{ "store-immediate", operand_store_imm, OPERAND_WRITE, 4, 1, 0, 0, NULL },
	{ "setcc", operand_setcc, OPERAND_WRITE, 1, 1, 0, 0, NULL },
	{ "movnti", operand_movnti, OPERAND_WRITE, 4, 1, 0, X86_FEATURE_SSE2, NULL },
	{ "add", operand_add, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "lock-add", operand_lock_add, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "inc", operand_inc, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "not", operand_not, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "shl", operand_shl, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "shld", operand_shld, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "bts", operand_bts, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "lock-bts", operand_lock_bts, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "xchg", operand_xchg, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "xadd", operand_xadd, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "cmpxchg", operand_cmpxchg, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "cmpxchg8b", operand_cmpxchg8b, OPERAND_UPDATE, 8, 1, 0, X86_FEATURE_CX8, NULL },
	{ "lods", operand_lods, OPERAND_READ, 4, 1, OPERAND_SI, 0, NULL },
	{ "stos", operand_stos, OPERAND_WRITE, 4, 1, 0, 0, NULL },
	{ "movs-from", operand_movs_from, OPERAND_READ, 4, 1, OPERAND_SI, 0, NULL },
	{ "movs-to", operand_movs_to, OPERAND_WRITE, 4, 1, 0, 0, NULL },
	{ "scas", operand_scas, OPERAND_READ, 4, 1, 0, 0, NULL },
	{ "cmps-si", operand_cmps_si, OPERAND_READ, 4, 1, OPERAND_SI, 0, NULL },
	{ "cmps-di", operand_cmps_di, OPERAND_READ, 4, 1, 0, 0, NULL },
	{ "rep-stos-none", operand_rep_stos_none, OPERAND_NONE, 4, 1, 0, 0, NULL },
	{ "lea", operand_lea, OPERAND_NONE, 4, 1, 0, 0, NULL },
	{ "nop", operand_nop_memory, OPERAND_NONE, 4, 1, 0, 0, NULL },
	{ "prefetch", operand_prefetch, OPERAND_NONE, 1, 1, 0, X86_FEATURE_SSE, NULL },
};

TEST(operand_access, "general instructions read and write as the privilege level that they run at",
     SPEC("SDM vol. 3A, 4.6; vol. 2"))
{
	check_operands(general, ARRAY_SIZE(general));
}

/* Their comparison failed, and still the destination is written: its own value. */
static const struct accessor written_anyway[] = {
	{ "cmpxchg", operand_cmpxchg_fails, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "lock-cmpxchg", operand_lock_cmpxchg_fails, OPERAND_UPDATE, 4, 1, 0, 0, NULL },
	{ "cmpxchg8b", operand_cmpxchg8b_fails, OPERAND_UPDATE, 8, 1, 0, X86_FEATURE_CX8, NULL },
};

TEST(failed_cmpxchg_writes, "a CMPXCHG that fails is a write of its destination nevertheless",
     SPEC("SDM vol. 2A, CMPXCHG: the processor never produces a locked read without also producing a "
	  "locked write; CMPXCHG8B"))
{
	check_operands(written_anyway, ARRAY_SIZE(written_anyway));
}

/* ---------------------------------------------------------------------------------------- the stack */

OPERAND_CODE(push, "push $5");
OPERAND_CODE(push16, "pushw $5");
OPERAND_CODE(push_memory, "push " OPERAND_AT);
OPERAND_CODE(pushf, "pushf");
OPERAND_CODE(call, "call 1f\n1:");
OPERAND_CODE(enter, "enter $0, $0");
OPERAND_CODE(pop, "pop %" ONLY_64("rax") ONLY_32("eax"));
OPERAND_CODE(popf, "popf");
OPERAND_CODE(ret, "ret");
OPERAND_CODE(leave, "leave");
OPERAND_CODE(pop_memory, "pop " OPERAND_AT);
OPERAND_CODE(pop_into, "pop " OPERAND_DI);
OPERAND_CODE(jmp_memory, "jmp *" OPERAND_DI);
OPERAND_CODE(call_memory, "call *" OPERAND_DI);

static void fill_end(u8 *memory)
{
	const ulong end = (ulong)operand_end;

	memcpy(memory, &end, sizeof(end));
}

static void fill_flags(u8 *memory)
{
	const ulong flags = FLAG_1;

	memcpy(memory, &flags, sizeof(flags));
}

static const struct accessor stack[] = {
	{ "push", operand_push, OPERAND_WRITE, WORD_SIZE, 1, OPERAND_PUSH, 0, NULL },
	{ "push16", operand_push16, OPERAND_WRITE, 2, 1, OPERAND_PUSH, 0, NULL },
	{ "push-memory", operand_push_memory, OPERAND_WRITE, WORD_SIZE, 1, OPERAND_PUSH, 0, NULL },
	{ "pushf", operand_pushf, OPERAND_WRITE, WORD_SIZE, 1, OPERAND_PUSH, 0, NULL },
	{ "call", operand_call, OPERAND_WRITE, WORD_SIZE, 1, OPERAND_PUSH, 0, NULL },
	{ "enter", operand_enter, OPERAND_WRITE, WORD_SIZE, 1, OPERAND_PUSH, 0, NULL },
	{ "pop", operand_pop, OPERAND_READ, WORD_SIZE, 1, OPERAND_POP, 0, NULL },
	{ "popf", operand_popf, OPERAND_READ, WORD_SIZE, 1, OPERAND_POP, 0, fill_flags },
	{ "ret", operand_ret, OPERAND_READ, WORD_SIZE, 1, OPERAND_POP, 0, fill_end },
	{ "leave", operand_leave, OPERAND_READ, WORD_SIZE, 1, OPERAND_BP, 0, NULL },
	{ "pop-memory", operand_pop_memory, OPERAND_READ, WORD_SIZE, 1, OPERAND_POP, 0, NULL },
	{ "pop-into", operand_pop_into, OPERAND_WRITE, WORD_SIZE, 1, 0, 0, NULL },
	{ "jmp-memory", operand_jmp_memory, OPERAND_READ, WORD_SIZE, 1, 0, 0, fill_end },
	{ "call-memory", operand_call_memory, OPERAND_READ, WORD_SIZE, 1, 0, 0, fill_end },
};

TEST(stack_access,
     "pushes are writes and pops are reads, at the privilege level of the instruction",
     SPEC("SDM vol. 3A, 4.6; vol. 2"))
{
	check_operands(stack, ARRAY_SIZE(stack));
}

/* --------------------------------------------------------------------------------- state in memory */

OPERAND_CODE(fld, "fninit; fldt " OPERAND_DI);
OPERAND_CODE(fst, "fninit; fldz; fstpt " OPERAND_DI);
OPERAND_CODE(fnstcw, "fnstcw " OPERAND_DI);
OPERAND_CODE(fldcw, "fldcw " OPERAND_DI);
OPERAND_CODE(fnstsw, "fnstsw " OPERAND_DI);
OPERAND_CODE(fnstenv, "fnstenv " OPERAND_DI);
OPERAND_CODE(fldenv, "fldenv " OPERAND_DI);
OPERAND_CODE(fnsave, "fnsave " OPERAND_DI);
OPERAND_CODE(frstor, "frstor " OPERAND_DI);
OPERAND_CODE(fxsave, "fxsave " OPERAND_DI);
OPERAND_CODE(fxrstor, "fxrstor " OPERAND_DI);
/* Of x87 state that is not the initial one, which XSAVEOPT and XSAVEC do not write. */
OPERAND_CODE(xsave, "fninit; fld1; xsave " OPERAND_DI);
OPERAND_CODE(xrstor, "xrstor " OPERAND_DI);
OPERAND_CODE(xsaveopt, "fninit; fld1; xsaveopt " OPERAND_DI);
OPERAND_CODE(xsavec, "fninit; fld1; xsavec " OPERAND_DI);
OPERAND_CODE(stmxcsr, "stmxcsr " OPERAND_DI);
OPERAND_CODE(ldmxcsr, "ldmxcsr " OPERAND_DI);
OPERAND_CODE(movups_load, "movups " OPERAND_DI ", %xmm0");
OPERAND_CODE(movups_store, "movups %xmm0, " OPERAND_DI);

/* x87 control words and MXCSR that mask everything, wherever an image has them. */
static void fill_masks(u8 *memory)
{
	const u32 mxcsr = 0x1f80;

	memory[0] = 0x7f;
	memory[1] = 0x03;
	memcpy(memory + 24, &mxcsr, sizeof(mxcsr));
}

/* And an XSAVE header whose XSTATE_BV has x87. */
static void fill_xsave(u8 *memory)
{
	fill_masks(memory);
	memory[512] = 1;
}

static void fill_mxcsr(u8 *memory)
{
	const u32 mxcsr = 0x1f80;

	memcpy(memory, &mxcsr, sizeof(mxcsr));
}

#define LOOSE OPERAND_LOOSE

static const struct accessor loads[] = {
	{ "fld", operand_fld, OPERAND_READ, 10, 1, LOOSE, X86_FEATURE_FPU, NULL },
	{ "fldcw", operand_fldcw, OPERAND_READ, 2, 1, 0, X86_FEATURE_FPU, fill_masks },
	{ "fldenv", operand_fldenv, OPERAND_READ, 28, 1, LOOSE, X86_FEATURE_FPU, fill_masks },
	{ "frstor", operand_frstor, OPERAND_READ, 108, 1, LOOSE, X86_FEATURE_FPU, fill_masks },
	{ "fxrstor", operand_fxrstor, OPERAND_READ, 512, 16, LOOSE, X86_FEATURE_FXSR, fill_masks },
	{ "xrstor", operand_xrstor, OPERAND_READ, 576, 64, LOOSE, X86_FEATURE_XSAVE, fill_xsave },
	{ "ldmxcsr", operand_ldmxcsr, OPERAND_READ, 4, 1, 0, X86_FEATURE_SSE, fill_mxcsr },
	{ "movups", operand_movups_load, OPERAND_READ, 16, 1, LOOSE, X86_FEATURE_SSE, NULL },
};

TEST(state_loads, "loads of x87, SSE and XSAVE state are reads",
     SPEC("SDM vol. 3A, 4.6; vol. 2, FRSTOR, FXRSTOR, XRSTOR"))
{
	check_operands(loads, ARRAY_SIZE(loads));
}

/* XSAVE reads XSTATE_BV before it writes it. */
static const struct accessor stores[] = {
	{ "fst", operand_fst, OPERAND_WRITE, 10, 1, LOOSE, X86_FEATURE_FPU, NULL },
	{ "fnstcw", operand_fnstcw, OPERAND_WRITE, 2, 1, 0, X86_FEATURE_FPU, NULL },
	{ "fnstsw", operand_fnstsw, OPERAND_WRITE, 2, 1, 0, X86_FEATURE_FPU, NULL },
	{ "fnstenv", operand_fnstenv, OPERAND_WRITE, 28, 1, LOOSE, X86_FEATURE_FPU, NULL },
	{ "fnsave", operand_fnsave, OPERAND_WRITE, 108, 1, LOOSE, X86_FEATURE_FPU, NULL },
	{ "fxsave", operand_fxsave, OPERAND_WRITE, 512, 16, LOOSE, X86_FEATURE_FXSR, NULL },
	{ "xsave", operand_xsave, OPERAND_UPDATE, 576, 64, LOOSE, X86_FEATURE_XSAVE, NULL },
	{ "xsaveopt", operand_xsaveopt, OPERAND_UPDATE, 576, 64, LOOSE, X86_FEATURE_XSAVEOPT,
	  NULL },
	{ "xsavec", operand_xsavec, OPERAND_WRITE, 576, 64, LOOSE, X86_FEATURE_XSAVEC, NULL },
	{ "stmxcsr", operand_stmxcsr, OPERAND_WRITE, 4, 1, 0, X86_FEATURE_SSE, NULL },
	{ "movups", operand_movups_store, OPERAND_WRITE, 16, 1, LOOSE, X86_FEATURE_SSE, NULL },
};

TEST(state_stores, "stores of x87, SSE and XSAVE state are writes",
     SPEC("SDM vol. 3A, 4.6; vol. 2, FSAVE/FNSAVE, FXSAVE, XSAVE"))
{
	check_operands(stores, ARRAY_SIZE(stores));
}

/* ------------------------------------------------------------------------------- system registers */

OPERAND_CODE(sgdt, "sgdt " OPERAND_DI);
OPERAND_CODE(sidt, "sidt " OPERAND_DI);
OPERAND_CODE(sldt, "sldt " OPERAND_DI);
OPERAND_CODE(str, "str " OPERAND_DI);
OPERAND_CODE(smsw, "smsw " OPERAND_DI);
OPERAND_CODE(lgdt, "lgdt " OPERAND_DI);
OPERAND_CODE(lidt, "lidt " OPERAND_DI);
OPERAND_CODE(lldt, "lldt " OPERAND_DI);
OPERAND_CODE(lmsw, "lmsw " OPERAND_DI);
OPERAND_CODE(lar, "lar " OPERAND_DI ", %eax");
OPERAND_CODE(verr, "verr " OPERAND_DI);
OPERAND_CODE(mov_fs, "movw " OPERAND_DI ", %fs");

static void fill_gdtr(u8 *memory)
{
	struct desc_table_register table;

	__asm__ volatile("sgdt %0" : "=m"(table));
	memcpy(memory, &table, sizeof(table));
}

static void fill_idtr(u8 *memory)
{
	struct desc_table_register table;

	__asm__ volatile("sidt %0" : "=m"(table));
	memcpy(memory, &table, sizeof(table));
}

static void fill_msw(u8 *memory)
{
	const u16 msw = (u16)read_cr0();

	memcpy(memory, &msw, sizeof(msw));
}

#define TABLE_SIZE sizeof(struct desc_table_register)

static const struct accessor system[] = {
	{ "sgdt", operand_sgdt, OPERAND_WRITE, TABLE_SIZE, 1, LOOSE, 0, NULL },
	{ "sidt", operand_sidt, OPERAND_WRITE, TABLE_SIZE, 1, LOOSE, 0, NULL },
	{ "sldt", operand_sldt, OPERAND_WRITE, 2, 1, 0, 0, NULL },
	{ "str", operand_str, OPERAND_WRITE, 2, 1, 0, 0, NULL },
	{ "smsw", operand_smsw, OPERAND_WRITE, 2, 1, 0, 0, NULL },
	{ "lgdt", operand_lgdt, OPERAND_READ, TABLE_SIZE, 1, LOOSE | OPERAND_CPL_0, 0, fill_gdtr },
	{ "lidt", operand_lidt, OPERAND_READ, TABLE_SIZE, 1, LOOSE | OPERAND_CPL_0, 0, fill_idtr },
	{ "lldt", operand_lldt, OPERAND_READ, 2, 1, OPERAND_CPL_0, 0, NULL },
	{ "lmsw", operand_lmsw, OPERAND_READ, 2, 1, OPERAND_CPL_0, 0, fill_msw },
	{ "lar", operand_lar, OPERAND_READ, 2, 1, 0, 0, NULL },
	{ "verr", operand_verr, OPERAND_READ, 2, 1, 0, 0, NULL },
	{ "mov-fs", operand_mov_fs, OPERAND_READ, 2, 1, 0, 0, NULL },
};

TEST(system_operands, "operands of instructions for system registers are accessed at the CPL",
     SPEC("SDM vol. 3A, 4.6; vol. 2, SGDT, LGDT, LMSW"))
{
	check_operands(system, ARRAY_SIZE(system));
}

/* ------------------------------------------------------------------------------------ wide operands */

OPERAND_CODE(vmovups_load, "vmovups " OPERAND_DI ", %ymm0");
OPERAND_CODE(vmovups_store, "vmovups %ymm0, " OPERAND_DI);
OPERAND_CODE(vmovaps_load, "vmovaps " OPERAND_DI ", %ymm0");
OPERAND_CODE(vmovntps, "vmovntps %ymm0, " OPERAND_DI);
OPERAND_CODE(vaddps, "vaddps " OPERAND_DI ", %ymm0, %ymm0");
OPERAND_CODE(vbroadcastf128, "vbroadcastf128 " OPERAND_DI ", %ymm0");
OPERAND_CODE(vextractf128, "vextractf128 $1, %ymm0, " OPERAND_DI);
OPERAND_CODE(maskmov_none_load,
	     "vxorps %ymm1, %ymm1, %ymm1; vmaskmovps " OPERAND_DI ", %ymm1, %ymm0");
OPERAND_CODE(maskmov_none_store,
	     "vxorps %ymm1, %ymm1, %ymm1; vmaskmovps %ymm0, %ymm1, " OPERAND_DI);

/* VMASKMOV: "Faults occur only due to mask-bit required memory accesses", of which there are none here. */
static const struct accessor wide[] = {
	{ "vmovups-load", operand_vmovups_load, OPERAND_READ, 32, 1, LOOSE, 0, NULL },
	{ "vmovups-store", operand_vmovups_store, OPERAND_WRITE, 32, 1, LOOSE, 0, NULL },
	{ "vmovaps-load", operand_vmovaps_load, OPERAND_READ, 32, 32, LOOSE, 0, NULL },
	{ "vmovntps", operand_vmovntps, OPERAND_WRITE, 32, 32, LOOSE, 0, NULL },
	{ "vaddps", operand_vaddps, OPERAND_READ, 32, 1, LOOSE, 0, NULL },
	{ "vbroadcastf128", operand_vbroadcastf128, OPERAND_READ, 16, 1, LOOSE, 0, NULL },
	{ "vextractf128", operand_vextractf128, OPERAND_WRITE, 16, 1, LOOSE, 0, NULL },
	{ "vmaskmov-none-load", operand_maskmov_none_load, OPERAND_NONE, 32, 1, 0, 0, NULL },
	{ "vmaskmov-none-store", operand_maskmov_none_store, OPERAND_NONE, 32, 1, 0, 0, NULL },
};

TEST(wide_operands, "operands of 32 bytes are read or written in both pages that they are in",
     SPEC("SDM vol. 3A, 4.6; vol. 2C, VMASKMOV"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	write_cr4(read_cr4() | CR4_OSXSAVE);
	ASSERT_NO_FAULT(xsetbv_try(0, 7));
	check_operands(wide, ARRAY_SIZE(wide));
}
