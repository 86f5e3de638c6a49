/* SPDX-License-Identifier: MIT */
/*
 * Registers of the APIC as operands of other instructions than MOV: the values and flags are those that
 * the instruction has with any memory (SDM vol. 2), and the accesses are aligned ones of 32 bits, as 10.4.1
 * of vol. 3A wants them. 8 bytes (PUSH in 64-bit mode), less than 4, and MMX and SSE are undefined there.
 */
#include <test.h>

#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/execute.h>

SUITE("Registers of the local APIC as operands", REQUIRES(cpu_has(X86_FEATURE_APIC)));

/* TPR before each row. DI has its address, AX and CX what the row says. */
#define TPR_BEFORE 0xa5u

#define ARITHMETIC (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)
#define LOGICAL	   (ARITHMETIC & ~FLAG_AF) /* AF is undefined */
#define CARRY	   FLAG_CF

struct row {
	const char *name;
	const void *code;
	u32 ax, cx;	   /* before */
	u32 ax_after, tpr; /* after */
	ulong flags, defined;
	enum x86_feature feature;
};

static void expect_row(const struct row *row)
{
	struct registers r = {
		.ax = row->ax, .cx = row->cx, .di = APIC_DEFAULT_BASE + APIC_TPR, .flags = FLAG_1
	};

	if (row->feature && !cpu_has(row->feature)) {
		SKIP_ROW("not in CPUID");
		return;
	}
	apic_write(APIC_TPR, TPR_BEFORE);
	if (!EXPECT_NO_FAULT(execute_try(row->code, &r)))
		return;
	EXPECT_EQ((u32)r.ax, row->ax_after, "EAX");
	EXPECT_EQ(apic_read(APIC_TPR), row->tpr, "TPR");
	EXPECT_EQ(r.flags & row->defined, row->flags, "flags");
	EXPECT_EQ(r.di, (ulong)APIC_DEFAULT_BASE + APIC_TPR, "DI");
	apic_write(APIC_TPR, 0);
}

#define M AT("di")

/* Parity is of bits 7-0: 0xa5, 0x5a and 0xff have an even number of ones. */
TEST(tpr_read_by, "instructions that read memory read TPR: 0xa5",
     SPEC("SDM vol. 3A, 10.4.1; vol. 2"), BUG("FreeBSD PR 238794"), BUG("xhyve#214"),
									BUG("vm-bhyve#261"))
{
	const struct row rows[] = {
		{ "mov-eax", CODE("movl " M ", %%eax"), 1, 0, 0xa5, 0xa5, 0, 0, 0 },
		{ "mov-moffs", CODE(ONLY_64("movabsl") ONLY_32("movl") " 0xfee00080, %%eax"), 1, 0,
		  0xa5, 0xa5, 0, 0, 0 },
		{ "test-imm", CODE("testl $0xa0, " M), 1, 0, 1, 0xa5, FLAG_PF, LOGICAL, 0 },
		{ "test-imm-zero", CODE("testl $0x5a, " M), 1, 0, 1, 0xa5, FLAG_ZF | FLAG_PF,
		  LOGICAL, 0 },
		{ "test-reg", CODE("testl %%eax, " M), 0x80, 0, 0x80, 0xa5, 0, LOGICAL, 0 },
		{ "cmp-imm-equal", CODE("cmpl $0xa5, " M), 1, 0, 1, 0xa5, FLAG_ZF | FLAG_PF,
		  ARITHMETIC, 0 },
		{ "cmp-imm-below", CODE("cmpl $0xa6, " M), 1, 0, 1, 0xa5,
		  FLAG_CF | FLAG_AF | FLAG_SF | FLAG_PF, ARITHMETIC, 0 },
		{ "cmp-imm8", CODE("cmpl $0x25, " M), 1, 0, 1, 0xa5, 0, ARITHMETIC, 0 },
		{ "cmp-mem-reg", CODE("cmpl %%eax, " M), 0xa5, 0, 0xa5, 0xa5, FLAG_ZF | FLAG_PF,
		  ARITHMETIC, 0 },
		{ "cmp-reg-mem", CODE("cmpl " M ", %%eax"), 0xa4, 0, 0xa4, 0xa5,
		  FLAG_CF | FLAG_AF | FLAG_SF | FLAG_PF, ARITHMETIC, 0 },
		{ "and-reg-mem", CODE("andl " M ", %%eax"), 0xf0f, 0, 5, 0xa5, FLAG_PF, LOGICAL,
		  0 },
		{ "or-reg-mem", CODE("orl " M ", %%eax"), 0x5a, 0, 0xff, 0xa5, FLAG_PF, LOGICAL,
		  0 },
		{ "xor-reg-mem", CODE("xorl " M ", %%eax"), 0xa5, 0, 0, 0xa5, FLAG_ZF | FLAG_PF,
		  LOGICAL, 0 },
		{ "add-reg-mem", CODE("addl " M ", %%eax"), 0xffffff5b, 0, 0, 0xa5,
		  FLAG_CF | FLAG_AF | FLAG_ZF | FLAG_PF, ARITHMETIC, 0 },
		{ "sub-reg-mem", CODE("subl " M ", %%eax"), 0x1a5, 0, 0x100, 0xa5, FLAG_PF,
		  ARITHMETIC, 0 },
		{ "adc-reg-mem", CODE("stc; adcl " M ", %%eax"), 1, 0, 0xa7, 0xa5, 0, ARITHMETIC,
		  0 },
		{ "sbb-reg-mem", CODE("stc; sbbl " M ", %%eax"), 0xa6, 0, 0, 0xa5,
		  FLAG_ZF | FLAG_PF, ARITHMETIC, 0 },
		{ "bt-imm-set", CODE("btl $7, " M), 1, 0, 1, 0xa5, FLAG_CF, CARRY, 0 },
		{ "bt-imm-clear", CODE("btl $6, " M), 1, 0, 1, 0xa5, 0, CARRY, 0 },
		{ "bt-reg-set", CODE("btl %%eax, " M), 5, 0, 5, 0xa5, FLAG_CF, CARRY, 0 },
		{ "bt-reg-clear", CODE("btl %%eax, " M), 1, 0, 1, 0xa5, 0, CARRY, 0 },
		{ "imul", CODE("imull " M ", %%eax"), 3, 0, 0x1ef, 0xa5, 0, FLAG_CF | FLAG_OF, 0 },
		{ "imul-imm", CODE("imull $2, " M ", %%eax"), 3, 0, 0x14a, 0xa5, 0,
		  FLAG_CF | FLAG_OF, 0 },
		{ "mul", CODE("xorl %%edx, %%edx; mull " M), 3, 0, 0x1ef, 0xa5, 0,
		  FLAG_CF | FLAG_OF, 0 },
		{ "div", CODE("xorl %%edx, %%edx; divl " M), 0x14b, 0, 2, 0xa5, 0, 0, 0 },
		{ "cmov", CODE("stc; cmovcl " M ", %%eax"), 1, 0, 0xa5, 0xa5, FLAG_CF, CARRY,
		  X86_FEATURE_CMOV },
		{ "bsf", CODE("bsfl " M ", %%eax"), 9, 0, 0, 0xa5, 0, FLAG_ZF, 0 },
		{ "bsr", CODE("bsrl " M ", %%eax"), 9, 0, 7, 0xa5, 0, FLAG_ZF, 0 },
		{ "popcnt", CODE("popcntl " M ", %%eax"), 9, 0, 4, 0xa5, 0, ARITHMETIC,
		  X86_FEATURE_POPCNT },
		{ "movbe", CODE("movbel " M ", %%eax"), 9, 0, 0xa5000000, 0xa5, 0, 0,
		  X86_FEATURE_MOVBE },
		{ "lods",
		  CODE("xchg " NATIVE("si") ", " NATIVE("di") "; lodsl; leal -4(" NATIVE(
			  "si") "), %%edi"),
		  9, 0, 0xa5, 0xa5, 0, 0, 0 },
		{ "scas", CODE("scasl; leal -4(" NATIVE("di") "), %%edi"), 0xa5, 0, 0xa5, 0xa5,
		  FLAG_ZF | FLAG_PF, ARITHMETIC, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		expect_row(&rows[i]);
	}
}

TEST(tpr_changed_by, "instructions that read and write memory change TPR as they do memory",
     SPEC("SDM vol. 3A, 10.4.1; vol. 2"), BUG("FreeBSD PR 238794"))
{
	const struct row rows[] = {
		{ "mov-reg", CODE("movl %%eax, " M), 0x12, 0, 0x12, 0x12, 0, 0, 0 },
		{ "mov-imm", CODE("movl $0x34, " M), 1, 0, 1, 0x34, 0, 0, 0 },
		{ "xchg", CODE("xchgl %%eax, " M), 0x12, 0, 0xa5, 0x12, 0, 0, 0 },
		{ "and-imm", CODE("andl $0x0f, " M), 1, 0, 1, 0x05, FLAG_PF, LOGICAL, 0 },
		{ "or-imm", CODE("orl $0x5a, " M), 1, 0, 1, 0xff, FLAG_PF, LOGICAL, 0 },
		{ "xor-imm", CODE("xorl $0xa5, " M), 1, 0, 1, 0, FLAG_ZF | FLAG_PF, LOGICAL, 0 },
		{ "and-reg", CODE("andl %%eax, " M), 0xf0, 0, 0xf0, 0xa0, FLAG_PF, LOGICAL, 0 },
		{ "add-reg", CODE("addl %%eax, " M), 0xb, 0, 0xb, 0xb0, FLAG_AF, ARITHMETIC, 0 },
		{ "sub-imm", CODE("subl $0xa5, " M), 1, 0, 1, 0, FLAG_ZF | FLAG_PF, ARITHMETIC, 0 },
		{ "inc", CODE("incl " M), 1, 0, 1, 0xa6, FLAG_PF, ARITHMETIC, 0 },
		{ "dec", CODE("decl " M), 1, 0, 1, 0xa4, 0, ARITHMETIC, 0 },
		{ "lock-or", CODE("lock orl $0x5a, " M), 1, 0, 1, 0xff, FLAG_PF, LOGICAL, 0 },
		{ "lock-dec", CODE("lock decl " M), 1, 0, 1, 0xa4, 0, ARITHMETIC, 0 },
		{ "xadd", CODE("xaddl %%eax, " M), 0xb, 0, 0xa5, 0xb0, FLAG_AF, ARITHMETIC, 0 },
		{ "cmpxchg-equal", CODE("cmpxchgl %%ecx, " M), 0xa5, 0x17, 0xa5, 0x17,
		  FLAG_ZF | FLAG_PF, ARITHMETIC, 0 },
		{ "cmpxchg-different", CODE("cmpxchgl %%ecx, " M), 0xa4, 0x17, 0xa5, 0xa5,
		  FLAG_CF | FLAG_AF | FLAG_SF | FLAG_PF, ARITHMETIC, 0 },
		{ "bts", CODE("btsl $1, " M), 1, 0, 1, 0xa7, 0, CARRY, 0 },
		{ "btr", CODE("btrl $0, " M), 1, 0, 1, 0xa4, FLAG_CF, CARRY, 0 },
		{ "btc", CODE("btcl $7, " M), 1, 0, 1, 0x25, FLAG_CF, CARRY, 0 },
		{ "shr", CODE("shrl $1, " M), 1, 0, 1, 0x52, FLAG_CF,
		  FLAG_CF | FLAG_ZF | FLAG_SF | FLAG_PF, 0 },
		{ "movbe-store", CODE("movbel %%eax, " M), 0x71000000, 0, 0x71000000, 0x71, 0, 0,
		  X86_FEATURE_MOVBE },
		{ "stos", CODE("stosl; leal -4(" NATIVE("di") "), %%edi"), 0x62, 0, 0x62, 0x62, 0,
		  0, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		expect_row(&rows[i]);
	}
}

/* --------------------------------------------------------------------------------- read-only ones */

static u32 from[2], to[2];

static ulong address_of(u32 reg)
{
	return APIC_DEFAULT_BASE + reg;
}

static const struct {
	const char *name;
	u32 reg;
} read_only[] = {
	{ "ID", APIC_ID },
	{ "version", APIC_VERSION },
	{ "ICR", APIC_ICR },
};

TEST(other_registers_read_by,
     "TEST, BT and CMP with ID, version and ICR have their value as operand",
     SPEC("SDM vol. 3A, 10.4.1; vol. 2, BT, CMP, TEST"), BUG("FreeBSD PR 238794"), BUG("xhyve#214"))
{
	for (u32 i = 0; i < ARRAY_SIZE(read_only); i++) {
		u32 value;

		if (read_only[i].reg == APIC_ICR)
			apic_send(ICR_FIXED | ICR_ASSERT | 0x51, 0xfe);
		value = apic_read(read_only[i].reg);
		SUBTEST("%s", read_only[i].name);
		for (u32 bit = 0; bit < 32; bit++) {
			struct registers bt = { .ax = bit,
						.di = address_of(read_only[i].reg),
						.flags = FLAG_1 };
			struct registers test = { .ax = BIT(bit), .di = bt.di, .flags = FLAG_1 };

			execute(CODE("btl %%eax, " M), &bt);
			EXPECT_EQ(bt.flags & FLAG_CF, value >> bit & 1 ? FLAG_CF : 0ul, "bit %u",
				  bit);
			execute(CODE("testl %%eax, " M), &test);
			EXPECT_EQ(test.flags & FLAG_ZF, value >> bit & 1 ? 0ul : FLAG_ZF, "bit %u",
				  bit);
		}
		struct registers cmp = { .ax = value,
					 .di = address_of(read_only[i].reg),
					 .flags = FLAG_1 };

		execute(CODE("cmpl " M ", %%eax"), &cmp);
		EXPECT_EQ(cmp.flags & FLAG_ZF, FLAG_ZF);
	}
}

/* Through the page by a string instruction: one element each. */
TEST(movs_and_cmps, "MOVS copies from and to registers of the APIC, and CMPS compares with them",
     SPEC("SDM vol. 3A, 10.4.1; vol. 2, MOVS, CMPS"))
{
	struct registers r = { .si = address_of(APIC_TPR), .di = (ulong)&to[0], .flags = FLAG_1 };

	SUBTEST("movs-from");
	apic_write(APIC_TPR, TPR_BEFORE);
	execute(CODE("movsl"), &r);
	EXPECT_EQ(to[0], TPR_BEFORE);
	EXPECT_EQ(r.si, address_of(APIC_TPR) + 4);
	EXPECT_EQ(r.di, (ulong)&to[1]);
	SUBTEST("movs-to");
	from[0] = 0x37;
	r.si = (ulong)&from[0];
	r.di = address_of(APIC_TPR);
	execute(CODE("movsl"), &r);
	EXPECT_EQ(apic_read(APIC_TPR), 0x37u);
	SUBTEST("rep-movs-one");
	from[0] = 0x48;
	r.si = (ulong)&from[0];
	r.di = address_of(APIC_TPR);
	r.cx = 1;
	execute(CODE("rep movsl"), &r);
	EXPECT_EQ(apic_read(APIC_TPR), 0x48u);
	EXPECT_EQ(r.cx, 0ul);
	SUBTEST("cmps-equal");
	r.si = (ulong)&from[0];
	r.di = address_of(APIC_TPR);
	execute(CODE("cmpsl"), &r);
	EXPECT_EQ(r.flags & FLAG_ZF, FLAG_ZF);
	SUBTEST("cmps-different");
	from[0] = 0x49;
	r.si = (ulong)&from[0];
	r.di = address_of(APIC_TPR);
	execute(CODE("cmpsl"), &r);
	EXPECT_EQ(r.flags & FLAG_ZF, 0ul);
	apic_write(APIC_TPR, 0);
}

TEST(clflush_of_page,
     "CLFLUSH with an address in the APIC's page raises nothing and changes nothing",
     SPEC("SDM vol. 2A, CLFLUSH; vol. 3A, 11.3"), BUG("vm-bhyve#261"),
						      REQUIRES(cpu_has(X86_FEATURE_CLFSH)))
{
	struct registers r = { .flags = FLAG_1 };

	apic_write(APIC_TPR, TPR_BEFORE);
	for (u32 reg = APIC_ID; reg <= APIC_ICR; reg += APIC_ICR - APIC_ID) {
		r.di = address_of(reg);
		EXPECT_NO_FAULT(execute_try(CODE("clflush " M), &r));
	}
	r.di = address_of(APIC_TPR);
	EXPECT_NO_FAULT(execute_try(CODE("clflush " M), &r));
	EXPECT_EQ(apic_read(APIC_TPR), TPR_BEFORE);
	apic_write(APIC_TPR, 0);
}
