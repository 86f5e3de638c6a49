/* SPDX-License-Identifier: MIT */
/* Which exceptions make a double fault of an injected event: SDM vol. 3C, 26.5.1.1; vol. 3A, 6.15, interrupt 8. */
#include "checks.h"

SUITE("VMX: double faults of injected events", REQUIRES(vmx_available()));

static void inject(struct vmx_guest *g, u32 info)
{
	vmx_deliver(g);
	vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1 | FLAG_IF);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | info);
	vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 2);
	vmx_run(g);
}

TEST(inject_then_exception,
     "an exception in the handler of an injected one is no double fault: the injected one has been delivered",
     SPEC("SDM vol. 3C, 26.5.1.1; vol. 3A, 6.15"))
{
	static const struct {
		const char *name;
		u32 vector;
		bool error;
	} first[] = {
		{ "de", VEC_DE, false },
		{ "ts", VEC_TS, true },
		{ "gp", VEC_GP, true },
		{ "pf", VEC_PF, true },
	};
	/* XOR ECX, ECX; DIV ECX. MOV EAX, [BX], where nothing is. */
	static const struct {
		const char *name, *bytes;
		u32 vector;
	} second[] = {
		{ "de", "\x31\xc9\xf7\xf1", VEC_DE },
		{ "pf", "\x90\x90\x8b\x03", VEC_PF },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(first); i++)
		for (u32 j = 0; j < ARRAY_SIZE(second); j++) {
			SUBTEST("%s-then-%s", first[i].name, second[j].name);
			if (first[i].vector == second[j].vector) {
				SKIP_ROW("the handler of the second one is the first one's");
				continue;
			}
			vmx_reset(g);
			vmx_code(g, second[j].bytes, 4);
			g->registers.bx = 0x123;
			vmx_set_gate(g, first[i].vector, SEL_KERNEL_CODE, (ulong)vmx_start(g),
				     DESC_INTERRUPT_GATE, 0);
			inject(g, INTR_HARDWARE_EXCEPTION | first[i].vector |
					  (first[i].error ? INTR_ERROR_CODE : 0));
			EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
			EXPECT_EQ(vmx_delivered(g), (s32)second[j].vector);
		}
}

TEST(inject_not_exception,
     "an interrupt with the vector of an exception is none: a fault in its delivery is that fault",
     SPEC("SDM vol. 3C, 26.5.1.1; vol. 3A, 6.15, table 6-4"))
{
	static const struct {
		const char *name;
		u32 type;
	} types[] = {
		{ "external", INTR_EXTERNAL },
		{ "int-n", INTR_SOFTWARE_INTERRUPT },
	};
	static const u32 vectors[] = { VEC_DE, VEC_TS, VEC_SS, VEC_GP, VEC_PF };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		for (u32 j = 0; j < ARRAY_SIZE(vectors); j++) {
			SUBTEST("%s-%u", types[i].name, vectors[j]);
			vmx_reset(g);
			((u64 *)g->idt)[vectors[j] * (sizeof(ulong) / 4)] &= ~DESC_P;
			inject(g, types[i].type | vectors[j]);
			EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
			EXPECT_EQ(vmx_delivered(g), VEC_NP);
			EXPECT_EQ(*(const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP),
				  (ulong)(vectors[j] * 8 | ERR_IDT |
					  (types[i].type == INTR_EXTERNAL ? ERR_EXT : 0)));
		}
}
