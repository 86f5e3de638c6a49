/* SPDX-License-Identifier: MIT */
/*
 * Instructions that cause VM exits: SDM vol. 3C, 25.1. Each with its control set exits before it has done
 * anything, with its reason, qualification and length; with the control clear it does not.
 */
#include "insns.h"

#include <string.h>

SUITE("VMX: exits of instructions", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1
#define PRIMARY	 VMCS_PRIMARY_CONTROLS

TEST(exit_insn,
     "an instruction whose control is set, or that always does, exits before it has done anything",
     SPEC("SDM vol. 3C, 25.1.2, 25.1.3; 27.2.1; 27.2.4; appendix C"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < exit_insn_count; i++) {
		const struct exit_insn *insn = &exit_insns[i];
		const char *why = exit_insn_missing(insn);

		if (insn->flags & INSN_LONG && VMX_NATIVE != VMX_LONG)
			continue;
		SUBTEST("%s", insn->name);
		if (why) {
			SKIP_ROW("%s", why);
			continue;
		}
		exit_insn_set_up(g, insn, VMX_NATIVE, 0);
		exit_insn_turn_on(insn);
		exit_insn_expect(g, insn);
	}
}

TEST(no_exit_insn, "an instruction whose control is clear does not exit",
     SPEC("SDM vol. 3C, 25.1.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < exit_insn_count; i++) {
		const struct exit_insn *insn = &exit_insns[i];
		const char *why = exit_insn_missing(insn);

		if (!(insn->primary | insn->secondary) || insn->flags & INSN_NO_RUN ||
		    (insn->flags & INSN_LONG && VMX_NATIVE != VMX_LONG))
			continue;
		SUBTEST("%s", insn->name);
		if (why) {
			SKIP_ROW("%s", why);
			continue;
		}
		if (vmx_allowed(PRIMARY).must & insn->primary) {
			SKIP_ROW("the control cannot be clear");
			continue;
		}
		exit_insn_set_up(g, insn, VMX_NATIVE, 0);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
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
