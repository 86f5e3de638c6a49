/* SPDX-License-Identifier: MIT */
/* Exits while an event is delivered, double and triple faults, RFLAGS.RF: SDM vol. 3C, 25.2; 27.2.3; 27.3.3. */
#include "checks.h"

#include <string.h>

SUITE("VMX: exits of exceptions while an event is delivered", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1

#define HARD INTR_HARDWARE_EXCEPTION
#define SOFT INTR_SOFTWARE_EXCEPTION

TEST(double_fault,
     "a double fault exits by bit 8, as an event that is not during another's delivery",
     SPEC("SDM vol. 3C, 25.2; 27.2.2; 27.2.3"))
{
	static const struct {
		const char *name, *bytes;
		u32 size, cx;
	} rows[] = {
		/* Their gates are absent: #NP while a contributory exception is delivered. */
		{ "gp-np", BYTES("\x8e\xd9"), 0xff8 },
		{ "de-np", BYTES("\xf7\xf1"), 0 },
		{ "pf-np", BYTES("\x8a\x01"), 0x10 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 exits = 0; exits < 2; exits++) {
			SUBTEST("%s-%s", rows[i].name, exits ? "exits" : "delivered");
			vmx_reset(g);
			vmx_code(g, rows[i].bytes, rows[i].size);
			g->registers.cx = rows[i].cx;
			for (u32 vector = 0; vector < VEC_PF + 1; vector++)
				if (vector != VEC_DF)
					g->idt[vector * sizeof(struct idt_gate) + 5] &= 0x7f;
			vmcs_write(VMCS_EXCEPTION_BITMAP, exits ? BIT(VEC_DF) : 0);
			vmx_run(g);
			if (!exits) {
				EXPECT_EQ(vmx_delivered(g), VEC_DF);
				continue;
			}
			EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & ~0x1000ull,
				  INTR_VALID | HARD | INTR_ERROR_CODE | VEC_DF);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), 0ull);
			EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		}
}

TEST(double_page_fault, "a page fault while a page fault is delivered is a double fault",
     SPEC("SDM vol. 3A, 6.15, table 6-5; vol. 3C, 25.2"))
{
	struct vmx_guest *g = vmx_new();
	struct space *space = space_create();
	const u32 gate = (u32)sizeof(struct idt_gate);
	/* All gates up to that of #GP are in this page, which is the last that is mapped there. */
	u8 *page = page_alloc();
	const ulong address = (ulong)(sizeof(ulong) == 8 ? BIT(39) : 0xc0000000);
	const ulong base = address + PAGE_SIZE - VEC_PF * gate;

	space_map(space, address, (ulong)page, PAGE_SIZE, PROT_ALL);
	space_unmap(space, address + PAGE_SIZE, PAGE_SIZE);
	for (u32 exits = 0; exits < 2; exits++) {
		SUBTEST("%s", exits ? "exits" : "delivered");
		vmx_reset(g);
		vmx_code(g, "\x8a\x01", 2);
		g->registers.cx = 0x10;
		memcpy(page + PAGE_SIZE - VEC_PF * gate, g->idt, VEC_PF * gate);
		vmcs_write(VMCS_GUEST_CR3, (ulong)space->root);
		vmcs_write(VMCS_GUEST_IDTR_BASE, base);
		vmcs_write(VMCS_EXCEPTION_BITMAP, exits ? BIT(VEC_DF) : 0);
		vmx_run(g);
		if (exits) {
			EXPECT_VMX_EXCEPTION(g, VEC_DF);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), 0ull);
			EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
		} else {
			EXPECT_EQ(vmx_delivered(g), VEC_DF);
		}
		EXPECT_EQ(read_cr2(), base + VEC_PF * gate);
	}
}

TEST(exception_in_delivery,
     "an exception while another is delivered exits with that one as IDT vectoring",
     SPEC("SDM vol. 3C, 27.2.3"))
{
	static const struct {
		const char *name, *bytes;
		u32 size, cx;
		u32 vector, type, code;
		bool error;
		u32 length; /* of a software event */
	} rows[] = {
		{ "ud", BYTES("\x0f\x0b"), 0, VEC_UD, HARD, 0, false, 0 },
		{ "bp", BYTES("\xcc"), 0, VEC_BP, SOFT, 0, false, 1 },
		{ "int", BYTES("\xcd\x06"), 0, 6, INTR_SOFTWARE_INTERRUPT, 0, false, 2 },
		{ "icebp", BYTES("\xf1"), 0, VEC_DB, INTR_PRIVILEGED_SOFTWARE, 0, false, 1 },
		{ "gp", BYTES("\x8e\xd9"), 0xff8, VEC_GP, HARD, 0xff8, true, 0 },
		{ "gp-ldt", BYTES("\x8e\xd9"), 0xffc, VEC_GP, HARD, 0xffc, true, 0 },
		{ "pf", BYTES("\x8a\x01"), 0x10, VEC_PF, HARD, 0, true, 0 },
		{ "pf-write", BYTES("\x88\x01"), 0x10, VEC_PF, HARD, PF_W, true, 0 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		bool software = rows[i].type == SOFT || rows[i].type == INTR_SOFTWARE_INTERRUPT;
		u64 value = 0;

		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		g->registers.cx = rows[i].cx;
		g->idt[rows[i].vector * sizeof(struct idt_gate) + 5] &= 0x7f;
		vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_NP));
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & ~0x1000ull,
			  INTR_VALID | HARD | INTR_ERROR_CODE | VEC_NP);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
			  (u64)(rows[i].vector * 8 | ERR_IDT | (software ? 0 : ERR_EXT)));
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
			  INTR_VALID | rows[i].type | rows[i].vector |
				  (rows[i].error ? INTR_ERROR_CODE : 0));
		if (rows[i].error)
			EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_ERROR_CODE), (u64)rows[i].code);
		if (rows[i].length)
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)rows[i].length);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		/* It is over: a fault of the host is neither a double fault nor an external event's. */
		EXPECT_FAULT(GP(0), rdmsr_try(0x40000fff, &value));
		/* An event that causes an exit indirectly updates what it does before its delivery. */
		if (rows[i].vector == VEC_PF)
			EXPECT_EQ(read_cr2(), 0x10ul);
	}
}

TEST(information_cleared,
     "an exit that is no event's, or during none's delivery, clears what an earlier one has left",
     SPEC("SDM vol. 3C, 27.2.2; 27.2.3"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x0f\x0b\x0f\xa2", 4);
	g->idt[VEC_UD * sizeof(struct idt_gate) + 5] &= 0x7f;
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_NP));
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_NP);
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, INTR_VALID);
	vmcs_write(VMCS_GUEST_RIP, vmx_start(g) + 2);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
	SUBTEST("idt-vectoring");
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	SUBTEST("interruption");
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
}

TEST(triple_fault_ways, "a triple fault exits whatever led to it, with nothing told of the events",
     SPEC("SDM vol. 3C, 25.2; 26.5.1.2; 27.2.2; 27.2.3"))
{
	static const struct {
		const char *name;
		u32 inject;
	} rows[] = {
		{ "exception", 0 },
		{ "injected-exception", INTR_VALID | HARD | INTR_ERROR_CODE | VEC_GP },
		{ "injected-double-fault", INTR_VALID | HARD | INTR_ERROR_CODE | VEC_DF },
		{ "injected-interrupt", INTR_VALID | INTR_EXTERNAL | 0x30 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, "\x0f\x0b", 2);
		vmcs_write(VMCS_EXCEPTION_BITMAP, 0);
		vmcs_write(VMCS_GUEST_IDTR_LIMIT, 0);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, rows[i].inject);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_TRIPLE_FAULT);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 0ull);
	}
}

TEST(saved_rf, "RFLAGS.RF is saved as 0 by exits of instructions", SPEC("SDM vol. 3C, 27.3.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 rf = 0; rf < 2; rf++) {
		SUBTEST("cpuid-rf-%u", rf);
		vmx_reset(g);
		vmx_code(g, "\x0f\xa2", 2);
		vmcs_set(VMCS_GUEST_RFLAGS, rf ? FLAG_RF : 0);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_CPUID);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_RF, 0ull);
	}
}

TEST(loaded_rf,
     "RFLAGS.RF of VM entry holds back an instruction breakpoint of the first instruction",
     SPEC("SDM vol. 3C, 26.3.2.3; vol. 3B, 17.3.1.1"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 rf = 0; rf < 2; rf++) {
		SUBTEST("rf-%u", rf);
		vmx_reset(g);
		vmx_code(g, "\x90\x90", 2);
		vmcs_write(VMCS_GUEST_DR7, DR7_RESET | 1);
		write_dr0((ulong)vmx_start(g));
		vmcs_set(VMCS_GUEST_RFLAGS, rf ? FLAG_RF : 0);
		vmx_run(g);
		if (rf)
			EXPECT_VMX_DONE(g);
		else
			EXPECT_VMX_EXCEPTION(g, VEC_DB);
	}
}
