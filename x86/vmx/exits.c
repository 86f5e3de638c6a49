/* SPDX-License-Identifier: MIT */
/*
 * Instructions that cause VM exits: SDM vol. 3C, 25.1. Each with its control set exits before it has done
 * anything, with its reason, qualification and length; with the control clear it does not.
 */
#include "checks.h"

#include <string.h>

SUITE("VMX: exits of instructions", REQUIRES(vmx_available()));

struct row {
	const char *name;
	u32 reason;
	const char *bytes;
	u32 size;
	enum vmcs_field controls;
	u64 bits; /* 0: the exit is unconditional */
	u64 qualification;
	u32 feature; /* enum x86_feature; 0: every processor with VMX */
	bool no_run; /* not executed with the control clear */
};

#define PRIMARY	  VMCS_PRIMARY_CONTROLS
#define SECONDARY VMCS_SECONDARY_CONTROLS
#define NONE	  VMCS_PRIMARY_CONTROLS, 0
#define BYTES(b)  b, sizeof(b) - 1

/* Memory operands are (BX), which points to the guest's data page; AX, CX and DX are 0. */
static const struct row rows[] = {
	/* clang-format off */
	{ "cpuid", VMX_EXIT_CPUID, BYTES("\x0f\xa2"), NONE, 0, 0, false },
	{ "invd", VMX_EXIT_INVD, BYTES("\x0f\x08"), NONE, 0, 0, false },
	{ "vmcall", VMX_EXIT_VMCALL, BYTES("\x0f\x01\xc1"), NONE, 0, 0, false },
	{ "vmclear", VMX_EXIT_VMCLEAR, BYTES("\x66\x0f\xc7\x33"), NONE, 0, 0, false },
	{ "vmptrld", VMX_EXIT_VMPTRLD, BYTES("\x0f\xc7\x33"), NONE, 0, 0, false },
	{ "vmptrst", VMX_EXIT_VMPTRST, BYTES("\x0f\xc7\x3b"), NONE, 0, 0, false },
	{ "vmread", VMX_EXIT_VMREAD, BYTES("\x0f\x78\xc3"), NONE, 0, 0, false },
	{ "vmwrite", VMX_EXIT_VMWRITE, BYTES("\x0f\x79\xc3"), NONE, 0, 0, false },
	{ "vmlaunch", VMX_EXIT_VMLAUNCH, BYTES("\x0f\x01\xc2"), NONE, 0, 0, false },
	{ "vmresume", VMX_EXIT_VMRESUME, BYTES("\x0f\x01\xc3"), NONE, 0, 0, false },
	{ "vmxoff", VMX_EXIT_VMXOFF, BYTES("\x0f\x01\xc4"), NONE, 0, 0, false },
	{ "vmxon", VMX_EXIT_VMXON, BYTES("\xf3\x0f\xc7\x33"), NONE, 0, 0, false },
	{ "hlt", VMX_EXIT_HLT, BYTES("\xf4"), PRIMARY, CPU_HLT, 0, 0, true },
	{ "rdtsc", VMX_EXIT_RDTSC, BYTES("\x0f\x31"), PRIMARY, CPU_RDTSC, 0, X86_FEATURE_TSC, false },
	{ "rdpmc", VMX_EXIT_RDPMC, BYTES("\x0f\x33"), PRIMARY, CPU_RDPMC, 0, 0, true },
	{ "mwait", VMX_EXIT_MWAIT, BYTES("\x0f\x01\xc9"), PRIMARY, CPU_MWAIT, 0, X86_FEATURE_MONITOR, true },
	{ "pause", VMX_EXIT_PAUSE, BYTES("\xf3\x90"), PRIMARY, CPU_PAUSE, 0, 0, false },
	{ "mov-cr3-load", VMX_EXIT_CR_ACCESS, BYTES("\x0f\x22\xdf"), PRIMARY, CPU_CR3_LOAD, 0x703, 0, false },
	{ "mov-cr3-store", VMX_EXIT_CR_ACCESS, BYTES("\x0f\x20\xd9"), PRIMARY, CPU_CR3_STORE, 0x113, 0, false },
	{ "mov-dr7-store", VMX_EXIT_MOV_DR, BYTES("\x0f\x21\xfa"), PRIMARY, CPU_MOV_DR, 0x217, 0, false },
	{ "mov-dr0-load", VMX_EXIT_MOV_DR, BYTES("\x0f\x23\xc1"), PRIMARY, CPU_MOV_DR, 0x100, 0, false },
	{ "mov-dr6-load", VMX_EXIT_MOV_DR, BYTES("\x0f\x23\xf2"), PRIMARY, CPU_MOV_DR, 0x206, 0, false },
	{ "in-80-byte", VMX_EXIT_IO, BYTES("\xe4\x80"), PRIMARY, CPU_IO, 0x800048, 0, false },
	{ "out-80-byte", VMX_EXIT_IO, BYTES("\xe6\x80"), PRIMARY, CPU_IO, 0x800040, 0, false },
	{ "in-80-word", VMX_EXIT_IO, BYTES("\x66\xe5\x80"), PRIMARY, CPU_IO, 0x800049, 0, false },
	{ "out-80-word", VMX_EXIT_IO, BYTES("\x66\xe7\x80"), PRIMARY, CPU_IO, 0x800041, 0, false },
	{ "in-80-long", VMX_EXIT_IO, BYTES("\xe5\x80"), PRIMARY, CPU_IO, 0x80004b, 0, false },
	{ "out-80-long", VMX_EXIT_IO, BYTES("\xe7\x80"), PRIMARY, CPU_IO, 0x800043, 0, false },
	{ "sgdt", VMX_EXIT_GDTR_IDTR, BYTES("\x0f\x01\x03"), SECONDARY, CPU2_DESCRIPTOR_TABLE, 0, 0, false },
	{ "sidt", VMX_EXIT_GDTR_IDTR, BYTES("\x0f\x01\x0b"), SECONDARY, CPU2_DESCRIPTOR_TABLE, 0, 0, false },
	{ "lgdt", VMX_EXIT_GDTR_IDTR, BYTES("\x0f\x01\x13"), SECONDARY, CPU2_DESCRIPTOR_TABLE, 0, 0, false },
	{ "lidt", VMX_EXIT_GDTR_IDTR, BYTES("\x0f\x01\x1b"), SECONDARY, CPU2_DESCRIPTOR_TABLE, 0, 0, false },
	{ "sldt", VMX_EXIT_LDTR_TR, BYTES("\x0f\x00\xc0"), SECONDARY, CPU2_DESCRIPTOR_TABLE, 0, 0, false },
	{ "str", VMX_EXIT_LDTR_TR, BYTES("\x0f\x00\xc8"), SECONDARY, CPU2_DESCRIPTOR_TABLE, 0, 0, false },
	{ "lldt", VMX_EXIT_LDTR_TR, BYTES("\x0f\x00\xd0"), SECONDARY, CPU2_DESCRIPTOR_TABLE, 0, 0, false },
	{ "ltr", VMX_EXIT_LDTR_TR, BYTES("\x0f\x00\xd8"), SECONDARY, CPU2_DESCRIPTOR_TABLE, 0, 0, true },
	{ "wbinvd", VMX_EXIT_WBINVD, BYTES("\x0f\x09"), SECONDARY, CPU2_WBINVD, 0, 0, false },
	{ "rdrand", VMX_EXIT_RDRAND, BYTES("\x0f\xc7\xf0"), SECONDARY, CPU2_RDRAND, 0, X86_FEATURE_RDRAND, false },
	{ "rdseed", VMX_EXIT_RDSEED, BYTES("\x0f\xc7\xf8"), SECONDARY, CPU2_RDSEED, 0, X86_FEATURE_RDSEED, false },
	/* clang-format on */
};

static void set_up(struct vmx_guest *g, const struct row *row)
{
	vmx_reset(g);
	vmx_code(g, row->bytes, row->size);
	memset(g->data, 0, 16);
	g->registers = (struct registers){ .bx = (ulong)g->data,
					   .di = read_cr3(),
					   .bp = (ulong)0x1122334455667788ull,
					   .si = 0x99 };
	/* Bitmaps with nothing in them: what exits does so by another control. */
	if (vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS))
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
}

/* Why this CPU cannot run the row, or NULL. */
static const char *missing(const struct row *row)
{
	if (row->feature && !cpu_has(row->feature))
		return "CPUID has it not";
	if (!vmx_can(row->controls, row->bits))
		return "the capability MSR does not allow the control";
	return NULL;
}

static void turn_on(const struct row *row)
{
	if (row->controls == SECONDARY)
		vmcs_set(PRIMARY, CPU_SECONDARY);
	if (row->bits)
		vmcs_set(row->controls, row->bits);
}

TEST(exit_insn,
     "an instruction whose control is set, or that always does, exits before it has done anything",
     SPEC("SDM vol. 3C, 25.1.2, 25.1.3; 27.2.1; 27.2.4; appendix C"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *why = missing(&rows[i]);
		struct registers before;

		SUBTEST("%s", rows[i].name);
		if (why) {
			SKIP_ROW("%s", why);
			continue;
		}
		set_up(g, &rows[i]);
		turn_on(&rows[i]);
		before = g->registers;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, rows[i].reason);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)rows[i].size);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), rows[i].qualification);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RSP), (u64)(ulong)g->stack_top);
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
		EXPECT_MEM_EQ(&g->registers, &before, offsetof(struct registers, flags));
		/* 27.5.3: "RFLAGS is cleared, except bit 1, which is always set". */
		EXPECT_EQ((u64)g->registers.flags, FLAG_1);
	}
}

TEST(no_exit_insn, "an instruction whose control is clear does not exit",
     SPEC("SDM vol. 3C, 25.1.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].bits || rows[i].no_run)
			continue;
		SUBTEST("%s", rows[i].name);
		if (rows[i].feature && !cpu_has(rows[i].feature)) {
			SKIP_ROW("CPUID has it not");
			continue;
		}
		if (rows[i].controls == PRIMARY && (vmx_allowed(PRIMARY).must & rows[i].bits)) {
			SKIP_ROW("the control cannot be clear");
			continue;
		}
		set_up(g, &rows[i]);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
	}
}

TEST(exit_insn_cpl3, "privileged instructions raise #GP(0) at CPL 3 instead of the exit",
     SPEC("SDM vol. 3C, 25.1.1"))
{
	static const char *const privileged[] = { "invd", "hlt",  "mov-cr3-load", "mov-cr3-store",
						  "lgdt", "lidt", "lldt",	  "wbinvd" };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 j = 0; j < ARRAY_SIZE(privileged); j++) {
			if (strcmp(rows[i].name, privileged[j]) || missing(&rows[i]))
				continue;
			SUBTEST("%s", rows[i].name);
			set_up(g, &rows[i]);
			turn_on(&rows[i]);
			vmx_set_user(g);
			vmx_run(g);
			EXPECT_VMX_EXCEPTION(g, VEC_GP);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), 0ull);
		}
}

TEST(exit_mov_dr_cpl3,
     "the exit of MOV DR takes priority over #GP(0) because of the privilege level",
     SPEC("SDM vol. 3C, 25.1.3, MOV DR"), REQUIRES(vmx_can(PRIMARY, CPU_MOV_DR)))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x0f\x21\xfa", 3);
	vmcs_set(PRIMARY, CPU_MOV_DR);
	vmx_set_user(g);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_MOV_DR);
}

TEST(exit_exception_bitmap,
     "an exception exits if its bit of the bitmap is set, and else goes through the guest's IDT",
     SPEC("SDM vol. 3C, 25.2; 27.2.2"))
{
	static const struct {
		const char *name;
		u32 vector, type;
		const char *bytes;
		u32 size;
		bool error;
	} events[] = {
		{ "de", VEC_DE, INTR_HARDWARE_EXCEPTION, BYTES("\xf7\xf1"), false },
		{ "bp", VEC_BP, INTR_SOFTWARE_EXCEPTION, BYTES("\xcc"), false },
		{ "ud", VEC_UD, INTR_HARDWARE_EXCEPTION, BYTES("\x0f\x0b"), false },
		{ "gp", VEC_GP, INTR_HARDWARE_EXCEPTION, BYTES("\x8e\xd9"), true },
		{ "icebp", VEC_DB, INTR_PRIVILEGED_SOFTWARE, BYTES("\xf1"), false },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(events); i++) {
		SUBTEST("%s-set", events[i].name);
		vmx_reset(g);
		vmx_code(g, events[i].bytes, events[i].size);
		vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(events[i].vector));
		/* Divided by 0; and a selector beyond the GDT. */
		g->registers.cx = events[i].error ? 0xff8 : 0;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO),
			  INTR_VALID | events[i].type | events[i].vector |
				  (events[i].error ? INTR_ERROR_CODE : 0));
		if (events[i].error)
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), 0xff8ull);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		if (events[i].type != INTR_HARDWARE_EXCEPTION)
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)events[i].size);
		SUBTEST("%s-clear", events[i].name);
		vmx_reset(g);
		vmx_code(g, events[i].bytes, events[i].size);
		vmcs_write(VMCS_EXCEPTION_BITMAP, (u32)~BIT(events[i].vector));
		g->registers.cx = events[i].error ? 0xff8 : 0;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
		EXPECT_EQ(vmx_delivered(g), (s32)events[i].vector);
	}
}

TEST(exit_page_fault_mask,
     "a page fault exits by bit 14, inverted where the masked error code is not the match",
     SPEC("SDM vol. 3C, 25.2"))
{
	static const u32 masks[] = { 0, 1, 2, 3, 0x1f };
	struct vmx_guest *g = vmx_new();

	/* A write to an absent page at CPL 0: the error code is 2. Page 0 is absent. */
	for (u32 bit = 0; bit < 2; bit++)
		for (u32 i = 0; i < ARRAY_SIZE(masks); i++)
			for (u32 match = 0; match < 4; match++) {
				bool equal = (PF_W & masks[i]) == match;

				SUBTEST("bit-%u-mask-%#x-match-%u", bit, masks[i], match);
				vmx_reset(g);
				vmx_code(g, "\x88\x03", 2); /* MOV [BX], AL */
				g->registers.bx = 0x10;
				vmcs_write(VMCS_EXCEPTION_BITMAP, bit << VEC_PF);
				vmcs_write(VMCS_PFEC_MASK, masks[i]);
				vmcs_write(VMCS_PFEC_MATCH, match);
				vmx_run(g);
				if (equal == bit) {
					EXPECT_VMX_EXCEPTION(g, VEC_PF);
					EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0x10ull);
					EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
						  PF_W);
				} else {
					EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
					EXPECT_EQ(vmx_delivered(g), VEC_PF);
				}
			}
}
