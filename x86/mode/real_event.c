/* SPDX-License-Identifier: MIT */
/*
 * Interrupts and exceptions in real mode: FLAGS, CS and IP are pushed, 16 bits each, and no error code;
 * the vector is four bytes of the table that IDTR describes. SDM vol. 3B, 20.1.4.
 */
#include <test.h>

#include <x86/cr.h>
#include <x86/mode.h>

SUITE("Real-mode interrupts");

#define INT_VECTOR 0x41

static void real(struct mode *m, u32 flags)
{
	mode_init(m, MODE_REAL);
	m->eflags = FLAG_1 | flags;
	m->esp = 0x12340000 | MODE_SP;
}

TEST(real_int,
     "INT n pushes FLAGS, CS, IP and clears IF, TF and AC; nothing else is pushed or changed",
     SPEC("SDM vol. 2A, INT n: REAL-ADDRESS-MODE; vol. 3B, 20.1.4"))
{
	struct mode m;

	real(&m, FLAG_CF | FLAG_ZF | FLAG_DF | FLAG_IF | FLAG_NT | FLAG_IOPL | FLAG_AC);
	m.eax = 0xa1a2a3a4;
	m.edi = 0xb1b2b3b4;
	EXPECT_FAULT(VECTOR(INT_VECTOR), mode_run(&m, CODE16("nop; int $0x41")));
	EXPECT_EQ(m.handler_ss, MODE_SS >> 4);
	EXPECT_EQ(m.handler_esp, (0x12340000 | MODE_SP) - 6);
	EXPECT_EQ(m.frame[0], 3);
	EXPECT_EQ(m.frame[1], MODE_CODE >> 4);
	EXPECT_EQ(m.frame[2], FLAG_1 | FLAG_CF | FLAG_ZF | FLAG_DF | FLAG_IF | FLAG_NT | FLAG_IOPL);
	EXPECT_EQ(m.handler_flags & ~FLAG_AC,
		  FLAG_1 | FLAG_CF | FLAG_ZF | FLAG_DF | FLAG_NT | FLAG_IOPL);
	EXPECT_EQ(m.eax, 0xa1a2a3a4);
	EXPECT_EQ(m.edi, 0xb1b2b3b4);
	EXPECT_EQ(m.ds, MODE_DS >> 4);
	EXPECT_EQ(m.es, MODE_ES >> 4);
	EXPECT_EQ(m.fs, MODE_FS >> 4);
	EXPECT_EQ(m.gs, MODE_GS >> 4);
}

TEST(real_int_clears_ac, "an interrupt in real mode clears AC",
     SPEC("SDM vol. 2A, INT n: REAL-ADDRESS-MODE"))
{
	struct mode m;

	real(&m, FLAG_AC);
	EXPECT_FAULT(VECTOR(INT_VECTOR), mode_run(&m, CODE16("int $0x41")));
	EXPECT_EQ(m.handler_flags & FLAG_AC, 0);
}

TEST(real_int_vectors, "each vector is an entry of its own, segment above offset",
     SPEC("SDM vol. 3B, 20.1.4"))
{
	static const u32 vectors[] = { 0, 3, 8, 13, 14, 0x20, 0x7f, 0x80, 0xfe, 0xff };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		const u32 n = vectors[i];
		struct mode m;

		SUBTEST("%#x", n);
		real(&m, 0);
		low8(MODE_CODE)[0] = 0xcd;
		low8(MODE_CODE)[1] = (u8)n;
		/* A far jump to the stub, which wants its own CS. */
		low8(MODE_CODE + 0x200)[0] = 0xea;
		low16(MODE_CODE + 0x201)[0] = mode_real_stub(n);
		low16(MODE_CODE + 0x203)[0] = MODE_LOW >> 4;
		mode_set_ivt(n, (MODE_CODE >> 4) - 0x123, 0x200 + 0x123 * 16);
		EXPECT_FAULT(VECTOR(n), mode_run_at(&m));
		EXPECT_EQ(m.frame[0], 2);
		EXPECT_EQ(m.frame[1], MODE_CODE >> 4);
	}
}

TEST(real_exceptions,
     "exceptions are interrupts without an error code; faults push the IP of the instruction",
     SPEC("SDM vol. 3B, 20.1.4, table 20-1"))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 vector, ip, flags;
	} rows[] = {
		{ "de-div", CODE16("nop; divb %%bl"), VEC_DE, 1, 0 },
		{ "de-idiv", CODE16("nop; idivw %%bx"), VEC_DE, 1, 0 },
		{ "de-aam", CODE16("aam $0"), VEC_DE, 0, 0 },
		{ "db-tf", CODE16("nop; nop"), VEC_DB, 1, FLAG_TF },
		{ "bp", CODE16("nop; int3"), VEC_BP, 2, 0 },
		{ "of", CODE16("nop; into"), VEC_OF, 2, FLAG_OF },
		{ "br", CODE16("movw $0x22, %%ax; .byte 0x62, 0x06, 0x00, 0x01"), VEC_BR, 3, 0 },
		{ "ud", CODE16("nop; ud2; nop"), VEC_UD, 1, 0 },
		{ "ud-lock", CODE16("lock; nop"), VEC_UD, 0, 0 },
		{ "ud-mov-cs", CODE16("movw %%ax, %%cs"), VEC_UD, 0, 0 },
		{ "ud-cr1", CODE16(".byte 0x0f, 0x20, 0xc8"), VEC_UD, 0, 0 },
		{ "nm", CODE16("movl %%cr0, %%ecx; orb $8, %%cl; movl %%ecx, %%cr0; fnop"), VEC_NM,
		  9, 0 },
		{ "gp-too-long", CODE16("nop; .fill 15, 1, 0x66; nop"), VEC_GP, 1, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mode m;

		SUBTEST("%s", rows[i].name);
		real(&m, rows[i].flags);
		*low32(MODE_DS + 0x100) = 0x00210010;
		EXPECT_FAULT(VECTOR(rows[i].vector), mode_run(&m, rows[i].code));
		EXPECT_EQ(m.handler_esp, (0x12340000 | MODE_SP) - 6);
		EXPECT_EQ(m.frame[0], rows[i].ip);
		EXPECT_EQ(m.frame[1], MODE_CODE >> 4);
		EXPECT_EQ(m.handler_flags & (FLAG_TF | FLAG_IF), 0);
	}
}

TEST(real_no_exception, "INTO without OF, BOUND within bounds and DIV that fits go on",
     SPEC("SDM vol. 2A, BOUND, DIV, INT n"))
{
	struct mode m;

	real(&m, 0);
	*low32(MODE_DS + 0x100) = 0x00210010;
	m.edx = 0xffff0000;
	EXPECT_NO_FAULT(mode_run(
		&m,
		CODE16("into; movw $0x21, %%ax; .byte 0x62, 0x06, 0x00, 0x01; movb $0x10, %%al; "
		       ".byte 0x62, 0x06, 0x00, 0x01; movw $1, %%bx; divw %%bx")));
	EXPECT_EQ(m.eax & 0xffff, 0x10);
}

TEST(real_iret,
     "IRET pops IP, CS and FLAGS: all of them, with 66H in 32 bits each but VM, VIF, VIP",
     SPEC("SDM vol. 2A, IRET: REAL-ADDRESS-MODE"))
{
	for (u32 wide = 0; wide < 2; wide++) {
		const u32 flags = FLAG_CF | FLAG_PF | FLAG_ZF | FLAG_DF | FLAG_OF | FLAG_IF |
				  FLAG_NT | FLAG_IOPL;
		struct mode m;

		SUBTEST("%s", wide ? "iretd" : "iretw");
		real(&m, 0);
		m.esp = 0x12340000 | (MODE_SP - (wide ? 12 : 6));
		if (wide) {
			u32 *frame = low32(MODE_SS + MODE_SP - 12);

			frame[0] = 4;
			frame[1] = 0xabcd0000 | MODE_CODE >> 4;
			frame[2] = flags | FLAG_AC | FLAG_ID | FLAG_VM | FLAG_VIF | FLAG_VIP;
		} else {
			u16 *frame = low16(MODE_SS + MODE_SP - 6);

			frame[0] = 3;
			frame[1] = MODE_CODE >> 4;
			frame[2] = (u16)flags;
		}
		EXPECT_NO_FAULT(mode_run(&m, wide ? CODE16("iretl; ud2") : CODE16("iretw; ud2")));
		EXPECT_EQ(m.esp, 0x12340000 | MODE_SP);
		EXPECT_EQ(m.eflags, FLAG_1 | flags);
		EXPECT_EQ(m.handler_flags & (FLAG_VM | FLAG_VIF | FLAG_VIP | FLAG_ID),
			  wide ? FLAG_ID : 0);
	}
}

TEST(real_popf, "POPF sets every flag, IOPL and NT too; VM, VIF, VIP and the reserved bits stay",
     SPEC("SDM vol. 2B, POPF; table 4-16"))
{
	struct mode m;

	real(&m, 0);
	EXPECT_NO_FAULT(mode_run(&m, CODE16("pushw $0xfeff; popfw; pushfw; popw %%ax; cli; cld")));
	EXPECT_EQ(m.eax, 0x7ed7);
	real(&m, 0);
	EXPECT_NO_FAULT(mode_run(
		&m, CODE16("pushl $0xfffffeff; popfl; pushfl; popl %%eax; pushl $2; popfl")));
	EXPECT_EQ(m.eax, 0x00247ed7);
	real(&m, FLAG_CF | FLAG_IOPL | FLAG_NT | FLAG_AC | FLAG_ID);
	EXPECT_NO_FAULT(mode_run(&m, CODE16("pushl $0; popfl; pushfl; popl %%eax")));
	EXPECT_EQ(m.eax, FLAG_1);
}

TEST(real_idtr_limit,
     "a vector whose four bytes are not within IDTR's limit is #GP, which needs only its own",
     SPEC("SDM vol. 2A, INT n: Real-Address Mode Exceptions; vol. 3B, 20.1.4"))
{
	static const struct {
		const char *name;
		u32 limit;
		bool in;
	} rows[] = {
		{ "last-byte-in", INT_VECTOR * 4 + 3, true },
		{ "last-byte-out", INT_VECTOR * 4 + 2, false },
		{ "all-out", INT_VECTOR * 4 - 1, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mode m;

		SUBTEST("%s", rows[i].name);
		real(&m, 0);
		m.idt_limit = (u16)rows[i].limit;
		EXPECT_FAULT(VECTOR(rows[i].in ? INT_VECTOR : VEC_GP),
			     mode_run(&m, CODE16("int $0x41")));
		EXPECT_EQ(m.frame[0], rows[i].in ? 2 : 0);
		EXPECT_EQ(m.handler_esp, (0x12340000 | MODE_SP) - 6);
	}
}

TEST(real_int_clears_tf, "INT n with TF set traps neither before nor in the handler, and pushes TF",
     SPEC("SDM vol. 3B, 17.3.1.4; vol. 2A, INT n"))
{
	struct mode m;

	real(&m, FLAG_TF);
	EXPECT_FAULT(VECTOR(INT_VECTOR), mode_run(&m, CODE16("int $0x41; nop")));
	EXPECT_EQ(m.frame[2] & FLAG_TF, FLAG_TF);
	EXPECT_EQ(m.handler_flags & FLAG_TF, 0);
}

TEST(real_control_registers, "SMSW and MOV from CR0 and CR4 work in real mode; PE is clear",
     SPEC("SDM vol. 2B, SMSW; vol. 3B, 20.1.1"))
{
	struct mode m;

	real(&m, 0);
	EXPECT_NO_FAULT(mode_run(&m, CODE16("smsw %%ax; movl %%cr0, %%ebx; movl %%cr4, %%ecx")));
	EXPECT_EQ(m.eax, CR0_ET | CR0_NE);
	EXPECT_EQ(m.ebx, CR0_ET | CR0_NE);
	EXPECT_EQ(m.ecx, 0);
}
