/* SPDX-License-Identifier: MIT */
/* CR0: what reads and writes it beside MOV, and the selective intercept of writes. */
#include "intercept.h"

SUITE("SVM: CR0", REQUIRES(svm_available()));

static const u8 mov_cr0_bx[] = { 0x0f, 0x22, 0xc3 };
static const u8 lmsw_bx[] = { 0x0f, 0x01, 0xf3 };
static const u8 smsw_bx[] = { 0x0f, 0x01, 0xe3 };
static const u8 clts[] = { 0x0f, 0x06 };
static const u8 lmsw_memory[] = { 0x0f, 0x01, 0x33 };
static const u8 smsw_memory[] = { 0x0f, 0x01, 0x23 };

#define INSN(bytes) bytes, sizeof(bytes)
#define READ	    SVM_EXIT_CR_READ(0)
#define WRITE	    SVM_EXIT_CR_WRITE(0)
#define SELECTIVE   SVM_EXIT_CR0_SEL_WRITE
#define NONE	    0x10000 /* and no intercept */

struct row {
	const char *name;
	const u8 *code;
	u32 size;
	u64 change; /* bits of CR0 that are written differently */
	u32 intercepts[2];
	u64 exit; /* NONE: the code is executed */
};

static void run(struct svm_guest *g, const struct row *row, enum svm_mode mode, bool forced)
{
	svm_reset(g, mode);
	svm_code_bytes(g, row->code, row->size);
	if (forced)
		intercept_force_emulation(g);
	intercept_patterns(g);
	g->save->cr0 |= CR0_CD; /* so that NW may be changed */
	g->registers.bx = (ulong)(g->save->cr0 ^ row->change);
	if (row->code == lmsw_memory || row->code == smsw_memory) {
		*(u16 *)g->data = (u16)(g->save->cr0 ^ row->change);
		g->registers.bx = (ulong)g->data;
	}
	for (u32 i = 0; i < 2; i++)
		if (row->intercepts[i] != NONE)
			svm_intercept(g, row->intercepts[i], true);
	if (row->exit != NONE) {
		intercept_run_and_expect(g, row->exit);
		return;
	}
	svm_run(g);
	EXPECT_DONE(g);
}

static void check(enum svm_mode mode, const struct row *rows, u32 count)
{
	struct svm_guest *g = svm_new(mode);

	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", rows[i].name);
		run(g, &rows[i], mode, false);
		if (!INTERCEPT_FORCED)
			continue;
		SUBTEST("%s-forced", rows[i].name);
		run(g, &rows[i], mode, true);
	}
}

static void cr0_other_instructions(enum svm_mode mode)
{
	static const struct row rows[] = {
		{ "lmsw", INSN(lmsw_bx), 0, { WRITE, NONE }, WRITE },
		{ "lmsw-memory", INSN(lmsw_memory), 0, { WRITE, NONE }, WRITE },
		{ "lmsw-read-bit", INSN(lmsw_bx), 0, { READ, NONE }, NONE },
		{ "smsw", INSN(smsw_bx), 0, { READ, NONE }, READ },
		{ "smsw-memory", INSN(smsw_memory), 0, { READ, NONE }, READ },
		{ "smsw-write-bit", INSN(smsw_bx), 0, { WRITE, SELECTIVE }, NONE },
		{ "clts", INSN(clts), 0, { WRITE, NONE }, WRITE },
		{ "clts-read-bit", INSN(clts), 0, { READ, NONE }, NONE },
	};

	check(mode, rows, ARRAY_SIZE(rows));
}

TEST_IN_FLAT_MODES(cr0_other_instructions,
		   "LMSW, SMSW and CLTS read and write CR0 for its intercepts",
		   SPEC("APM vol. 2, 15.9, table 15-7"))

static void cr0_selective(enum svm_mode mode)
{
	static const struct row rows[] = {
		{ "same", INSN(mov_cr0_bx), 0, { SELECTIVE, NONE }, NONE },
		{ "ts", INSN(mov_cr0_bx), CR0_TS, { SELECTIVE, NONE }, NONE },
		{ "mp", INSN(mov_cr0_bx), CR0_MP, { SELECTIVE, NONE }, NONE },
		{ "ts-mp", INSN(mov_cr0_bx), CR0_TS | CR0_MP, { SELECTIVE, NONE }, NONE },
		{ "em", INSN(mov_cr0_bx), CR0_EM, { SELECTIVE, NONE }, SELECTIVE },
		{ "ne", INSN(mov_cr0_bx), CR0_NE, { SELECTIVE, NONE }, SELECTIVE },
		{ "wp", INSN(mov_cr0_bx), CR0_WP, { SELECTIVE, NONE }, SELECTIVE },
		{ "am", INSN(mov_cr0_bx), CR0_AM, { SELECTIVE, NONE }, SELECTIVE },
		{ "nw", INSN(mov_cr0_bx), CR0_NW, { SELECTIVE, NONE }, SELECTIVE },
		{ "cd", INSN(mov_cr0_bx), CR0_CD, { SELECTIVE, NONE }, SELECTIVE },
		{ "ts-em", INSN(mov_cr0_bx), CR0_TS | CR0_EM, { SELECTIVE, NONE }, SELECTIVE },
		{ "mp-wp", INSN(mov_cr0_bx), CR0_MP | CR0_WP, { SELECTIVE, NONE }, SELECTIVE },
		{ "em-not-intercepted", INSN(mov_cr0_bx), CR0_EM, { NONE, NONE }, NONE },
		{ "clts", INSN(clts), 0, { SELECTIVE, NONE }, NONE },
		{ "lmsw-same", INSN(lmsw_bx), 0, { SELECTIVE, NONE }, SELECTIVE },
		{ "lmsw-ts", INSN(lmsw_bx), CR0_TS, { SELECTIVE, NONE }, SELECTIVE },
		{ "lmsw-em", INSN(lmsw_bx), CR0_EM, { SELECTIVE, NONE }, SELECTIVE },
		{ "lmsw-memory", INSN(lmsw_memory), 0, { SELECTIVE, NONE }, SELECTIVE },
	};

	check(mode, rows, ARRAY_SIZE(rows));
}

TEST_IN_FLAT_MODES(
	cr0_selective,
	"the selective intercept of CR0 writes is for changes of bits other than TS and MP",
	SPEC("APM vol. 2, 15.9, table 15-7; appendix C"))

static void cr0_both_intercepts(enum svm_mode mode)
{
	static const struct row rows[] = {
		{ "same", INSN(mov_cr0_bx), 0, { SELECTIVE, WRITE }, WRITE },
		{ "ts", INSN(mov_cr0_bx), CR0_TS, { SELECTIVE, WRITE }, WRITE },
		{ "em", INSN(mov_cr0_bx), CR0_EM, { SELECTIVE, WRITE }, WRITE },
		{ "cd", INSN(mov_cr0_bx), CR0_CD, { SELECTIVE, WRITE }, WRITE },
		{ "lmsw", INSN(lmsw_bx), 0, { SELECTIVE, WRITE }, WRITE },
		{ "clts", INSN(clts), 0, { SELECTIVE, WRITE }, WRITE },
	};

	check(mode, rows, ARRAY_SIZE(rows));
}

TEST_IN_FLAT_MODES(
	cr0_both_intercepts,
	"where both intercepts of CR0 writes are set, the one that is not selective takes priority",
	SPEC("APM vol. 2, 15.9, table 15-7"))

TEST(cr0_exitinfo1, "EXITINFO1's bit 63 tells MOV from LMSW, SMSW and CLTS",
     SPEC("APM vol. 2, 15.8.1"), REQUIRES(cpu_has(X86_FEATURE_DECODE_ASSISTS)))
{
	static const struct {
		const char *name;
		const u8 *code;
		u32 size, exit;
		u64 info;
	} rows[] = {
		{ "mov", INSN(mov_cr0_bx), WRITE, BIT(63) | 3 },
		{ "lmsw", INSN(lmsw_bx), WRITE, 0 },
		{ "clts", INSN(clts), WRITE, 0 },
		{ "smsw", INSN(smsw_bx), READ, 0 },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, rows[i].code, rows[i].size);
		g->registers.bx = (ulong)g->save->cr0;
		svm_intercept(g, rows[i].exit, true);
		intercept_run_and_expect(g, rows[i].exit);
		EXPECT_EQ(g->control->exitinfo1 & (rows[i].info ? ~0ull : BIT(63)), rows[i].info);
	}
}

/* LMSW cannot clear PE, and bits above 3 are not its. */
TEST(cr0_lmsw_at_cpl3,
     "LMSW and CLTS at CPL 3 are #GP(0) before CR0's intercepts; SMSW is intercepted",
     SPEC("APM vol. 2, 15.9, table 15-7"))
{
	static const struct row rows[] = {
		{ "mov", INSN(mov_cr0_bx), 0, { SELECTIVE, WRITE }, SVM_EXIT_EXCP(VEC_GP) },
		{ "lmsw", INSN(lmsw_bx), 0, { SELECTIVE, WRITE }, SVM_EXIT_EXCP(VEC_GP) },
		{ "clts", INSN(clts), 0, { SELECTIVE, WRITE }, SVM_EXIT_EXCP(VEC_GP) },
		{ "smsw", INSN(smsw_bx), 0, { READ, NONE }, READ },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		svm_reset(g, SVM_NATIVE);
		svm_set_cpl(g, 3);
		svm_code_bytes(g, rows[i].code, rows[i].size);
		g->registers.bx = (ulong)g->save->cr0;
		for (u32 j = 0; j < 2; j++)
			if (rows[i].intercepts[j] != NONE)
				svm_intercept(g, rows[i].intercepts[j], true);
		intercept_run_and_expect(g, rows[i].exit);
	}
}
