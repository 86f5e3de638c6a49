/* SPDX-License-Identifier: MIT */
/* Ports: the permissions map, and what an exit says of the instruction. APM vol. 2, 15.10. */
#include "intercept.h"

#include <string.h>

SUITE("SVM: IOIO intercepts", REQUIRES(svm_available()));

#define IOPM_BITS (0x10000 + 3)

/* Ports that nothing minds: the POST code's. */
#define PORT 0x80

static u32 operand_size(const struct svm_guest *g)
{
	return g->mode == SVM_REAL || g->mode == SVM_VM86 || g->mode == SVM_PROTECTED16 ? 2 : 4;
}

static u64 address_size(const struct svm_guest *g, bool prefix)
{
	if (g->mode == SVM_LONG)
		return prefix ? IOIO_A32 : IOIO_A64;
	return (operand_size(g) == 2) != prefix ? IOIO_A16 : IOIO_A32;
}

static void set_up(struct svm_guest *g, enum svm_mode mode, const u8 *code, size_t size)
{
	svm_reset(g, mode);
	svm_code_bytes(g, code, size);
	intercept_patterns(g);
	g->registers.dx = PORT;
	g->registers.cx = 1;
	g->registers.si = g->registers.di = mode == SVM_LONG || operand_size(g) == 4
						    ? (ulong)g->data
						    : 0;
	svm_intercept(g, SVM_EXIT_IOIO, true);
}

static const struct row {
	const char *name;
	u8 code[3];
	u8 size;
	u64 info; /* with IOIO_SIZE(0) for the size that is not 1 */
	bool operand_prefix, address_prefix;
} rows[] = {
	{ "in-imm-8", { 0xe4, PORT }, 2, IOIO_IN | IOIO_SIZE(1), false, false },
	{ "in-imm", { 0xe5, PORT }, 2, IOIO_IN, false, false },
	{ "in-imm-66", { 0x66, 0xe5, PORT }, 3, IOIO_IN, true, false },
	{ "out-imm-8", { 0xe6, PORT }, 2, IOIO_SIZE(1), false, false },
	{ "out-imm", { 0xe7, PORT }, 2, 0, false, false },
	{ "out-imm-66", { 0x66, 0xe7, PORT }, 3, 0, true, false },
	{ "in-dx-8", { 0xec }, 1, IOIO_IN | IOIO_SIZE(1), false, false },
	{ "in-dx", { 0xed }, 1, IOIO_IN, false, false },
	{ "in-dx-66", { 0x66, 0xed }, 2, IOIO_IN, true, false },
	{ "in-dx-67", { 0x67, 0xed }, 2, IOIO_IN, false, true },
	{ "out-dx-8", { 0xee }, 1, IOIO_SIZE(1), false, false },
	{ "out-dx", { 0xef }, 1, 0, false, false },
	{ "out-dx-66", { 0x66, 0xef }, 2, 0, true, false },
	{ "insb", { 0x6c }, 1, IOIO_IN | IOIO_STR | IOIO_SIZE(1), false, false },
	{ "ins", { 0x6d }, 1, IOIO_IN | IOIO_STR, false, false },
	{ "ins-66", { 0x66, 0x6d }, 2, IOIO_IN | IOIO_STR, true, false },
	{ "ins-67", { 0x67, 0x6d }, 2, IOIO_IN | IOIO_STR, false, true },
	{ "rep-insb",
	  { 0xf3, 0x6c },
	  2,
	  IOIO_IN | IOIO_STR | IOIO_REP | IOIO_SIZE(1),
	  false,
	  false },
	{ "rep-ins", { 0xf3, 0x6d }, 2, IOIO_IN | IOIO_STR | IOIO_REP, false, false },
	{ "outsb", { 0x6e }, 1, IOIO_STR | IOIO_SIZE(1) | IOIO_SEG(3), false, false },
	{ "outs", { 0x6f }, 1, IOIO_STR | IOIO_SEG(3), false, false },
	{ "outs-66", { 0x66, 0x6f }, 2, IOIO_STR | IOIO_SEG(3), true, false },
	{ "outs-67", { 0x67, 0x6f }, 2, IOIO_STR | IOIO_SEG(3), false, true },
	{ "rep-outsb",
	  { 0xf3, 0x6e },
	  2,
	  IOIO_STR | IOIO_REP | IOIO_SIZE(1) | IOIO_SEG(3),
	  false,
	  false },
	{ "rep-outs", { 0xf3, 0x6f }, 2, IOIO_STR | IOIO_REP | IOIO_SEG(3), false, false },
	{ "outsb-es", { 0x26, 0x6e }, 2, IOIO_STR | IOIO_SIZE(1) | IOIO_SEG(0), false, false },
	{ "outsb-cs", { 0x2e, 0x6e }, 2, IOIO_STR | IOIO_SIZE(1) | IOIO_SEG(1), false, false },
	{ "outsb-ss", { 0x36, 0x6e }, 2, IOIO_STR | IOIO_SIZE(1) | IOIO_SEG(2), false, false },
	{ "outsb-fs", { 0x64, 0x6e }, 2, IOIO_STR | IOIO_SIZE(1) | IOIO_SEG(4), false, false },
	{ "outsb-gs", { 0x65, 0x6e }, 2, IOIO_STR | IOIO_SIZE(1) | IOIO_SEG(5), false, false },
};

static u64 info_of(const struct svm_guest *g, const struct row *row)
{
	u64 info = row->info | IOIO_PORT(PORT) | address_size(g, row->address_prefix);

	if (!(row->info & IOIO_SIZE(7)))
		info |= IOIO_SIZE(row->operand_prefix ? 6 - operand_size(g) : operand_size(g));
	return info;
}

/* Calls `check` in a row for each instruction; the intercept and the port's bit are set. */
static void for_each_instruction(enum svm_mode mode,
				 void (*check)(struct svm_guest *g, const struct row *row))
{
	struct svm_guest *g = svm_new(mode);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(g, mode, rows[i].code, rows[i].size);
		svm_intercept_port(g, PORT, true);
		check(g, &rows[i]);
	}
}

static void check_info1(struct svm_guest *g, const struct row *row)
{
	const u64 mask = ~(u64)(IOIO_A16 | IOIO_A32 | IOIO_A64 | IOIO_SEG(7));

	intercept_run_and_expect(g, SVM_EXIT_IOIO);
	EXPECT_EQ(g->control->exitinfo1 & mask, info_of(g, row) & mask);
}

static void check_info(struct svm_guest *g, const struct row *row)
{
	check_info1(g, row);
	EXPECT_EQ(g->control->exitinfo2, svm_end(g));
}

static void ioio_info(enum svm_mode mode)
{
	for_each_instruction(mode, check_info);
}

TEST_IN_MODES(
	ioio_info,
	"EXITINFO1 of an I/O exit has port, size, direction, REP and string; EXITINFO2 the RIP after it",
	SPEC("APM vol. 2, 15.10.2, figure 15-2"))

static void check_forced(struct svm_guest *g, const struct row *row)
{
	intercept_force_emulation(g);
	check_info1(g, row);
}

static void forced_ioio(enum svm_mode mode)
{
	for_each_instruction(mode, check_forced);
}

TEST_IN_MODES(
	forced_ioio,
	"EXITINFO1 of the exit of an I/O instruction that KVM emulates has port, size, direction, REP and string",
	SPEC("APM vol. 2, 15.10.2, figure 15-2"), REQUIRES(INTERCEPT_FORCED))

TEST(forced_ioio_next,
     "EXITINFO2 of the exit of an I/O instruction that KVM emulates is the RIP after it",
     SPEC("APM vol. 2, 15.10.2"), REQUIRES(INTERCEPT_FORCED))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	set_up(g, SVM_NATIVE, rows[0].code, rows[0].size);
	svm_intercept_port(g, PORT, true);
	intercept_force_emulation(g);
	check_info(g, &rows[0]);
}

static void check_address_size(struct svm_guest *g, const struct row *row)
{
	const u64 mask = IOIO_A16 | IOIO_A32 | IOIO_A64;

	intercept_run_and_expect(g, SVM_EXIT_IOIO);
	EXPECT_EQ(g->control->exitinfo1 & mask, info_of(g, row) & mask);
}

static void ioio_address_size(enum svm_mode mode)
{
	for_each_instruction(mode, check_address_size);
}

TEST_IN_MODES(ioio_address_size, "EXITINFO1 of an I/O exit has the address size",
	      SPEC("APM vol. 2, 15.10.2, figure 15-2"))

static void check_segment(struct svm_guest *g, const struct row *row)
{
	intercept_run_and_expect(g, SVM_EXIT_IOIO);
	/* In 64-bit mode ES, CS and SS overrides are ignored. */
	if ((row->info & IOIO_STR) &&
	    !(g->mode == SVM_LONG &&
	      (row->code[0] == 0x26 || row->code[0] == 0x2e || row->code[0] == 0x36)))
		EXPECT_EQ(g->control->exitinfo1 & IOIO_SEG(7), row->info & IOIO_SEG(7));
}

static void ioio_segment(enum svm_mode mode)
{
	for_each_instruction(mode, check_segment);
}

TEST_IN_MODES(ioio_segment, "EXITINFO1 of an exit of INS and OUTS has the effective segment",
	      SPEC("APM vol. 2, 15.10.3"), REQUIRES(cpu_has(X86_FEATURE_DECODE_ASSISTS)))

TEST(no_ioio_intercept,
     "with the intercept clear the map means nothing; with it set, ports whose bits are clear do not exit",
     SPEC("APM vol. 2, 15.10.1, 15.10.2"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i / 2];
		const bool word = !(row->info & IOIO_SIZE(1));

		/* Word accesses go to ports beside the POST code's. */
		if (word && !(row->info & IOIO_IN))
			continue;
		SUBTEST("%s-%s", row->name, i % 2 ? "map-clear" : "intercept-clear");
		set_up(g, SVM_NATIVE, row->code, row->size);
		memset(g->iopm, 0xff, IOPM_BITS / 8 + 1);
		if (i % 2) {
			for (u32 byte = 0; byte < (word ? 4 : 1); byte++)
				svm_intercept_port(g, PORT + byte, false);
			/* The prefix may have made it shorter, not longer. */
		} else {
			svm_intercept(g, SVM_EXIT_IOIO, false);
		}
		svm_run(g);
		EXPECT_DONE(g);
	}
}

/* The bytes of an access of `size` at `port` whose bits are looked at. */
static void check_straddle(struct svm_guest *g, u32 port, u32 size, u32 bit, bool in)
{
	static const u8 codes[2][3][2] = {
		{ { 0xee }, { 0x66, 0xef }, { 0xef } },
		{ { 0xec }, { 0x66, 0xed }, { 0xed } },
	};
	const u32 index = size == 1 ? 0 : size == 2 ? 1 : 2;
	const bool hit = bit >= port && bit < port + size;

	SUBTEST("%s-%u-port-%#x-bit-%#x", in ? "in" : "out", size, port, bit);
	set_up(g, SVM_NATIVE, codes[in][index], size == 2 ? 2 : 1);
	g->registers.dx = port;
	svm_intercept_port(g, bit, true);
	if (hit) {
		intercept_run_and_expect(g, SVM_EXIT_IOIO);
		EXPECT_EQ(g->control->exitinfo1 >> 16, (u64)port);
		EXPECT_EQ(g->control->exitinfo1 & (IOIO_SIZE(7) | IOIO_IN),
			  IOIO_SIZE(size) | (in ? IOIO_IN : 0));
		EXPECT_EQ(g->control->exitinfo2, svm_end(g));
	} else {
		svm_run(g);
		EXPECT_DONE(g);
	}
	svm_intercept_port(g, bit, false);
}

TEST(ioio_straddle, "the bits of all bytes of an access are looked at, and no others",
     SPEC("APM vol. 2, 15.10.1, 15.10.2"))
{
	/* At the start of a byte of the map, at its end, at the end of a page and of the map. */
	static const u32 ports[] = { 0x8f0,  0x8f1,  0x8f6,  0x8f7,  0x7ffd, 0x7ffe, 0x7fff,
				     0x8000, 0xfff8, 0xfffc, 0xfffd, 0xfffe, 0xffff };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(ports); i++)
		for (u32 size = 1; size <= 4; size *= 2)
			for (u32 bit = ports[i] - 1; bit <= ports[i] + size && bit < IOPM_BITS;
			     bit++)
				check_straddle(g, ports[i], size, bit, true);
}

TEST(ioio_straddle_out, "the bits of all bytes of an OUT are looked at",
     SPEC("APM vol. 2, 15.10.1, 15.10.2"))
{
	static const u32 ports[] = { 0x8f0, 0x8f7, 0x7fff, 0xfffd, 0xffff };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(ports); i++)
		for (u32 size = 1; size <= 4; size *= 2)
			for (u32 bit = ports[i]; bit < ports[i] + size && bit < IOPM_BITS; bit++)
				check_straddle(g, ports[i], size, bit, false);
}

TEST(ioio_each_port_bit, "each bit of the map is one port's", SPEC("APM vol. 2, 15.10.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	static const u8 in_al_dx[] = { 0xec };

	for (u32 bit = 0; bit < 16; bit++)
		for (s32 offset = -1; offset <= 1; offset++) {
			u32 port = (u32)BIT(bit) + (u32)offset;

			SUBTEST("port-2^%u%s", bit, offset < 0 ? "-1" : offset ? "+1" : "");
			set_up(g, SVM_NATIVE, in_al_dx, 1);
			g->registers.dx = port;
			svm_intercept_port(g, port, true);
			intercept_run_and_expect(g, SVM_EXIT_IOIO);
			EXPECT_EQ(g->control->exitinfo1 >> 16, (u64)port);
			svm_intercept_port(g, port, false);
		}
}

/* Who refuses OUT: the TSS's bitmap, where IOPL does not allow it. */
struct privilege {
	const char *name;
	u32 iopl;
	bool allowed; /* by the bitmap */
	u64 exit;
};

static void check_privilege(enum svm_mode mode, const struct privilege *cases, u32 count)
{
	struct svm_guest *g = svm_new(mode);
	static const u8 out_imm[] = { 0xe6, PORT };

	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", cases[i].name);
		set_up(g, mode, out_imm, sizeof(out_imm));
		if (mode != SVM_VM86)
			svm_set_cpl(g, 3);
		g->save->rflags = (g->save->rflags & ~FLAG_IOPL) | cases[i].iopl << 12;
		svm_intercept_port(g, PORT, true);
		if (!cases[i].allowed)
			memset(g->tss + g->tss[0x66], 0xff, 0x2000);
		intercept_run_and_expect(g, cases[i].exit);
	}
}

static void ioio_priority(enum svm_mode mode)
{
	static const struct privilege cases[] = {
		{ "iopl0-refused", 0, false, SVM_EXIT_EXCP(VEC_GP) },
		{ "iopl0-allowed", 0, true, SVM_EXIT_IOIO },
		{ "iopl3", 3, false, SVM_EXIT_IOIO },
	};

	check_privilege(mode, cases, ARRAY_SIZE(cases));
}

TEST_IN_FLAT_MODES(ioio_priority,
		   "at CPL 3, IOPL and the TSS's bitmap are checked before the intercept",
		   SPEC("APM vol. 2, 15.10.2"))

TEST(ioio_priority_vm86, "in virtual-8086 mode the TSS's bitmap is checked before the intercept",
     SPEC("APM vol. 2, 15.10.2"))
{
	static const struct privilege cases[] = {
		{ "refused", 3, false, SVM_EXIT_EXCP(VEC_GP) },
		{ "allowed", 3, true, SVM_EXIT_IOIO },
	};

	check_privilege(SVM_VM86, cases, ARRAY_SIZE(cases));
}

TEST(ioio_before_memory,
     "the intercept of INS and OUTS comes before the page fault of their memory",
     SPEC("APM vol. 2, 15.7, 15.10.2"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	static const u8 codes[][2] = { { 0x6c }, { 0x6e }, { 0xf3, 0x6c }, { 0xf3, 0x6e } };
	static const char *const names[] = { "ins", "outs", "rep-ins", "rep-outs" };

	if (sizeof(ulong) == 4)
		SKIP("the guest's page 0 is present");
	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		SUBTEST("%s", names[i]);
		set_up(g, SVM_NATIVE, codes[i], i < 2 ? 1 : 2);
		g->registers.si = g->registers.di = 0x123; /* absent */
		svm_intercept_port(g, PORT, true);
		intercept_run_and_expect(g, SVM_EXIT_IOIO);
	}
}
