/* SPDX-License-Identifier: MIT */
/* The host's segment and descriptor-table registers, and RIP, after VM exits: SDM vol. 3C, 27.5.2, 27.5.3. */
#include "checks.h"

#include <string.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("VMX: the host's segments after a VM exit", REQUIRES(vmx_available()));

static const char *const names[] = { "es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr" };

/* A base that needs all of a register. */
#define HIGH_BASE ((ulong)(sizeof(ulong) == 8 ? 0xffff912340000000ull : 0xe0000000ull))

static u16 selector_of(u32 segment)
{
	ulong value = 0;

	switch (segment) {
	case VMX_ES:
		__asm__ volatile("mov %%es, %0" : "=r"(value));
		break;
	case VMX_CS:
		__asm__ volatile("mov %%cs, %0" : "=r"(value));
		break;
	case VMX_SS:
		__asm__ volatile("mov %%ss, %0" : "=r"(value));
		break;
	case VMX_DS:
		__asm__ volatile("mov %%ds, %0" : "=r"(value));
		break;
	case VMX_FS:
		__asm__ volatile("mov %%fs, %0" : "=r"(value));
		break;
	case VMX_GS:
		__asm__ volatile("mov %%gs, %0" : "=r"(value));
		break;
	case VMX_LDTR:
		return sldt();
	default:
		return str();
	}
	return (u16)value;
}

/* A segment that the guest has. */
static void give(u32 segment, u16 selector, ulong base, u32 limit, u32 rights)
{
	vmcs_write(VMCS_SELECTOR(segment), selector);
	vmcs_write(VMCS_BASE(segment), base);
	vmcs_write(VMCS_LIMIT(segment), limit);
	vmcs_write(VMCS_ACCESS_RIGHTS(segment), rights);
}

TEST(host_segments, "after an exit, selectors are the host's, and LDTR is null",
     SPEC("SDM vol. 3C, 27.5.2"), BUG("afc8de0118be"))
{
	static const struct {
		u32 segment, host;
		u16 selector;
	} rows[] = {
		{ VMX_ES, VMCS_HOST_ES_SELECTOR, SEL_KERNEL_CS32 },
		{ VMX_DS, VMCS_HOST_DS_SELECTOR, 0x60 },
		{ VMX_FS, VMCS_HOST_FS_SELECTOR, 0x58 },
		{ VMX_GS, VMCS_HOST_GS_SELECTOR, 0xfff8 },
		{ VMX_SS, VMCS_HOST_SS_SELECTOR, SEL_KERNEL_DATA },
		{ VMX_CS, VMCS_HOST_CS_SELECTOR, SEL_KERNEL_CODE },
		{ VMX_TR, VMCS_HOST_TR_SELECTOR, SEL_TSS },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", names[rows[i].segment]);
		vmx_reset(g);
		if (rows[i].segment < VMX_LDTR)
			vmx_set_user(g);
		vmcs_write(VMCS_SELECTOR(VMX_TR), 0x1000);
		vmcs_write(rows[i].host, rows[i].selector);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(selector_of(rows[i].segment), rows[i].selector);
	}
	SUBTEST("ldtr");
	vmx_reset(g);
	give(VMX_LDTR, 0x50, (ulong)g->data, 0x7f, 0x82);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(selector_of(VMX_LDTR), 0);
}

TEST(host_ldtr_unusable, "after an exit, LDTR is unusable: a selector of the LDT is #GP",
     SPEC("SDM vol. 3C, 27.5.2"), BUG("afc8de0118be"))
{
	struct vmx_guest *g = vmx_new();
	struct fault fault;
	u16 loaded;

	((u64 *)g->data)[2] = DESC_FLAT | DESC_DB;
	give(VMX_LDTR, 0x50, (ulong)g->data, 0x7f, 0x82);
	vmx_code(g, "\x8e\xc0", 2); /* MOV ES, AX */
	g->registers.ax = 0x14;
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(vmcs_read(VMCS_SELECTOR(VMX_ES)), 0x14ull);
	fault = load_es_try(0x14, &loaded);
	EXPECT_FAULT(GP(0x14), fault);
}

TEST(host_flat, "after an exit, data segments are flat, whatever the guest's were",
     SPEC("SDM vol. 3C, 27.5.2"), REQUIRES(sizeof(ulong) == 4))
{
	struct vmx_guest *g = vmx_new();

	for (u32 segment = 0; segment < 6; segment++) {
		volatile u32 value = 0;

		if (segment == VMX_CS || segment == VMX_SS)
			continue;
		SUBTEST("%s", names[segment]);
		vmx_reset(g);
		give(segment, 0x10, 0x1000, 0x2f, 0x91);
		vmcs_write(VMCS_HOST_FS_SELECTOR, SEL_KERNEL_DATA);
		vmcs_write(VMCS_HOST_GS_SELECTOR, SEL_KERNEL_DATA);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		switch (segment) {
		case VMX_ES:
			__asm__ volatile("movl $0x1234, %%es:(%0)" : : "r"(&value) : "memory");
			break;
		case VMX_DS:
			__asm__ volatile("movl $0x1234, %%ds:(%0)" : : "r"(&value) : "memory");
			break;
		case VMX_FS:
			__asm__ volatile("movl $0x1234, %%fs:(%0)" : : "r"(&value) : "memory");
			break;
		default:
			__asm__ volatile("movl $0x1234, %%gs:(%0)" : : "r"(&value) : "memory");
			break;
		}
		EXPECT_EQ(value, 0x1234u);
	}
}

#ifdef __x86_64__
extern const u8 vmx_exit_point[];

TEST(host_rip_high, "an exit goes to all 64 bits of the host's RIP", SPEC("SDM vol. 3C, 27.5.3"))
{
	const ulong page = ALIGN_DOWN((ulong)vmx_exit_point, (ulong)PAGE_SIZE);
	struct vmx_guest *g = vmx_new();

	/* What is at vmx_exit_point may be anywhere, and returns to where it was called. */
	space_map(space_kernel(), HIGH_BASE, page, 2 * PAGE_SIZE, PROT_EXEC);
	vmcs_write(VMCS_HOST_RIP, HIGH_BASE + ((ulong)vmx_exit_point - page));
	vmx_run(g);
	EXPECT_VMX_DONE(g);
}
#endif

TEST(host_tables, "after an exit, GDTR and IDTR have the host's bases and limits of 0xffff",
     SPEC("SDM vol. 3C, 27.5.2"))
{
	struct vmx_guest *g = vmx_new();

	vmx_run(g);
	EXPECT_VMX_DONE(g);
	SUBTEST("gdtr");
	EXPECT_EQ((u64)g->exit_gdtr.base, vmcs_read(VMCS_HOST_GDTR_BASE));
	EXPECT_EQ(g->exit_gdtr.limit, 0xffff);
	SUBTEST("idtr");
	EXPECT_EQ((u64)g->exit_idtr.base, vmcs_read(VMCS_HOST_IDTR_BASE));
	EXPECT_EQ(g->exit_idtr.limit, 0xffff);
	SUBTEST("gdtr-other");
	memcpy(g->data, gdt_entries(), GDT_ENTRIES * 8);
	vmx_reset(g);
	vmcs_write(VMCS_HOST_GDTR_BASE, (ulong)g->data);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ((u64)g->exit_gdtr.base, (u64)(ulong)g->data);
	/* Nothing is loaded from it before the host has its own again. */
	SUBTEST("gdtr-high");
	vmx_reset(g);
	vmcs_write(VMCS_HOST_GDTR_BASE, HIGH_BASE + 0x5000);
	vmx_run(g);
	EXPECT_EQ(g->exit_gdtr.base, HIGH_BASE + 0x5000);
	SUBTEST("idtr-high");
	vmx_reset(g);
	vmcs_write(VMCS_HOST_IDTR_BASE, HIGH_BASE + 0x5000);
	vmx_run(g);
	EXPECT_EQ(g->exit_idtr.base, HIGH_BASE + 0x5000);
	SUBTEST("idtr-other");
	memcpy(g->code + PAGE_SIZE, idt, sizeof(idt));
	vmx_reset(g);
	vmcs_write(VMCS_HOST_IDTR_BASE, (ulong)g->code + PAGE_SIZE);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ((u64)g->exit_idtr.base, (u64)(ulong)g->code + PAGE_SIZE);
}

TEST(host_tables_after_refusal, "a VM entry that fails early leaves GDTR and IDTR as they were",
     SPEC("SDM vol. 3C, 26.2, 26.7"))
{
	struct vmx_guest *g = vmx_new();
	const struct desc_table_register gdtr = sgdt(), idtr = sidt();

	SUBTEST("controls");
	vmcs_write(VMCS_CR3_TARGET_COUNT, 0xffffffff);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_FAIL_VALID(VMX_ERROR_CONTROLS));
	EXPECT_EQ(g->exit_gdtr.limit, gdtr.limit);
	EXPECT_EQ(g->exit_idtr.limit, idtr.limit);
	/* 26.7: then the host's state is loaded as by a VM exit. */
	SUBTEST("guest-state");
	vmx_reset(g);
	vmcs_write(VMCS_GUEST_ACTIVITY, 5);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_INVALID_GUEST_STATE);
	EXPECT_EQ(g->exit_gdtr.limit, 0xffff);
	EXPECT_EQ(g->exit_idtr.limit, 0xffff);
}

TEST(host_tss, "after an exit, the TSS is the one that the host's field names",
     SPEC("SDM vol. 3C, 27.5.2"), REQUIRES(sizeof(ulong) == 8))
{
	struct vmx_guest *g = vmx_new();
	struct tss *other = page_alloc();
	u8 *stack = page_alloc();

	*other = *tss_of_this_cpu();
	/* An entry of the interrupt-stack table that no other gate uses, 7, at its place: SDM vol. 3A, 7.7. */
	*(u64 *)((u8 *)other + 0x24 + 6 * 8) = (ulong)stack + PAGE_SIZE;
	vmcs_write(VMCS_HOST_TR_BASE, (ulong)other);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	idt_set_ist(VEC_UD, 7);
	EXPECT_FAULT(UD, ud2_try());
	idt_set_ist(VEC_UD, 0);
	/* SS of the frame is the first thing pushed. */
	EXPECT_EQ(*(u64 *)(stack + PAGE_SIZE - 8), (u64)SEL_KERNEL_DATA);
}

static u16 port;

static void read_port(void *arg)
{
	(void)arg;
	u8 value;

	__asm__ volatile("in %1, %0" : "=a"(value) : "d"(port) : "memory");
}

TEST(host_tss_limit,
     "after an exit, the limit of TR is 0x67: no I/O permission map beyond it counts",
     SPEC("SDM vol. 3C, 27.5.2"))
{
	struct vmx_guest *g = vmx_new();
	struct tss *tss = tss_of_this_cpu();
	const u16 before = tss->io_map_base;
	const u8 *map = (const u8 *)tss + 0x68;
	struct fault fault;

	/* A port that the memory after the TSS would permit. */
	for (port = 0; map[port / 8] || map[port / 8 + 1]; port += 8)
		;
	/* The guest's TR has a map and a limit that would do. */
	EXPECT_GE(vmcs_read(VMCS_LIMIT(VMX_TR)), 0x68ull + port / 8 + 1);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	tss->io_map_base = 0x68;
	fault = run_user(read_port, NULL);
	tss->io_map_base = before;
	EXPECT_FAULT(GP(0), fault);
}
