/* SPDX-License-Identifier: MIT */
/* Lists of MSRs that VM entry and VM exit load and store: SDM vol. 3C, 24.7.2, 24.8.2, 26.4, 26.7, 27.4, 27.6. */
#include "checks.h"

#include <string.h>

SUITE("VMX: lists of MSRs", REQUIRES(vmx_available()));

struct entry {
	u32 index, reserved;
	u64 value;
};

static void set_list(enum vmcs_field address, enum vmcs_field count, const struct entry *list,
		     u32 n)
{
	vmcs_write(address, (ulong)list);
	vmcs_write(count, n);
}

#define ENTRY_LOAD(list, n) \
	set_list(VMCS_ENTRY_MSR_LOAD_ADDRESS, VMCS_ENTRY_MSR_LOAD_COUNT, list, n)
#define EXIT_STORE(list, n) \
	set_list(VMCS_EXIT_MSR_STORE_ADDRESS, VMCS_EXIT_MSR_STORE_COUNT, list, n)
#define EXIT_LOAD(list, n) set_list(VMCS_EXIT_MSR_LOAD_ADDRESS, VMCS_EXIT_MSR_LOAD_COUNT, list, n)

/* MSRs that take any value of `mask` and that nothing here uses. */
static const struct msr {
	const char *name;
	u32 index;
	u64 first, second;
	bool only_64;
} msrs[] = {
	{ "star", MSR_STAR, 0x0010000800000000ull, 0x0023000800000000ull, true },
	{ "lstar", MSR_LSTAR, 0xffff800012345678ull, 0x12345678, true },
	{ "cstar", MSR_CSTAR, 0xffff800087654321ull, 0x7654321, true },
	{ "sfmask", MSR_SFMASK, 0x700, 0x300, true },
	{ "kernel-gs-base", MSR_KERNEL_GS_BASE, 0xffff800000001000ull, 0x2000, true },
	{ "tsc-aux", MSR_TSC_AUX, 0x11112222, 0x33334444, false },
	{ "sysenter-cs", MSR_IA32_SYSENTER_CS, 0x1234, 0x5678, false },
	{ "sysenter-esp", MSR_IA32_SYSENTER_ESP, 0x12345678, 0x7654321, false },
	{ "sysenter-eip", MSR_IA32_SYSENTER_EIP, 0x12345678, 0x7654321, false },
};

static bool exists(const struct msr *msr)
{
	u64 value = 0;

	if (msr->only_64 && sizeof(ulong) == 4)
		return false;
	return !rdmsr_try(msr->index, &value).kind;
}

/* The row of this MSR; false if the CPU has none. */
static bool begin_row(const struct msr *msr)
{
	SUBTEST("%s", msr->name);
	if (exists(msr))
		return true;
	SKIP_ROW("the MSR does not exist");
	return false;
}

/* A guest that reads the MSR, CX, and may write DX:AX into it. */
static void set_up(struct vmx_guest *g, const struct msr *msr, bool write)
{
	vmx_reset(g);
	if (write)
		vmx_code(g, "\x0f\x30\x90\x90", 4); /* WRMSR */
	else
		vmx_code(g, "\x0f\x32\x90\x90", 4);
	g->registers.cx = msr->index;
	if (vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS))
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
}

static u64 seen(const struct vmx_guest *g)
{
	return (u64)(u32)g->registers.dx << 32 | (u32)g->registers.ax;
}

#define HAS_BITMAPS vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS)

TEST(entry_load, "VM entry loads the MSRs of its list",
     SPEC("SDM vol. 3C, 26.4"), REQUIRES(HAS_BITMAPS))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		u64 before;

		if (!begin_row(&msrs[i]))
			continue;
		set_up(g, &msrs[i], false);
		before = rdmsr(msrs[i].index);
		list[0] = (struct entry){ msrs[i].index, 0, msrs[i].first };
		ENTRY_LOAD(list, 1);
		vmx_run(g);
		wrmsr(msrs[i].index, before);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(seen(g), msrs[i].first);
	}
}

TEST(entry_load_order, "the list is loaded in order, and only as many entries as the count says",
     SPEC("SDM vol. 3C, 26.4"), REQUIRES(HAS_BITMAPS))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc();
	static const struct msr eip = { "", MSR_IA32_SYSENTER_EIP, 0, 0, false };

	for (u32 count = 0; count < 4; count++) {
		SUBTEST("count-%u", count);
		set_up(g, &eip, false);
		vmcs_write(VMCS_GUEST_IA32_SYSENTER_EIP, 0x100);
		for (u32 i = 0; i < 3; i++)
			list[i] = (struct entry){ MSR_IA32_SYSENTER_EIP, 0, 0x100 * (i + 2) };
		/* An entry that could not be loaded. */
		list[3] = (struct entry){ MSR_FS_BASE, 1, 0 };
		ENTRY_LOAD(list, count);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(seen(g), 0x100ull * (count + 1));
	}
}

TEST(entry_load_after_state, "the list is loaded after the guest-state area",
     SPEC("SDM vol. 3C, 26.4"),
	  REQUIRES(HAS_BITMAPS &&vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_PAT)))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc();
	static const struct msr pat = { "", MSR_IA32_PAT, 0, 0, false };
	const u64 now = rdmsr(MSR_IA32_PAT);

	set_up(g, &pat, false);
	vmcs_set(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_PAT);
	vmcs_write(VMCS_GUEST_IA32_PAT, (u32)now | 0x0101010100000000ull);
	list[0] = (struct entry){ MSR_IA32_PAT, 0, (u32)now | 0x0404040400000000ull };
	ENTRY_LOAD(list, 1);
	vmx_run(g);
	wrmsr(MSR_IA32_PAT, now);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(seen(g), (u32)now | 0x0404040400000000ull);
}

TEST(entry_load_failure,
     "after a list that fails, the host's state is that of an exit, and the launch state clear",
     SPEC("SDM vol. 3C, 26.7; 26.4"))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc();
	const u64 cs = rdmsr(MSR_IA32_SYSENTER_CS);

	vmx_code(g, "\xff\xc3", 2);
	g->registers.bx = 5;
	list[0] = (struct entry){ MSR_FS_BASE, 0, 0 };
	ENTRY_LOAD(list, 1);
	vmcs_write(VMCS_GUEST_IA32_SYSENTER_CS, 0x77);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_HARDWARE_EXCEPTION | VEC_UD);
	vmcs_write(VMCS_HOST_IA32_SYSENTER_CS, 0x66);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_MSR_LOADING);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 1ull);
	SUBTEST("nothing-executed");
	EXPECT_EQ(g->registers.bx, 5ul);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	SUBTEST("host-state-loaded");
	EXPECT_EQ(rdmsr(MSR_IA32_SYSENTER_CS), 0x66ull);
	EXPECT_EQ(g->exit_gdtr.limit, 0xffff);
	wrmsr(MSR_IA32_SYSENTER_CS, cs);
	SUBTEST("injection-kept");
	/* 26.7: "The valid bit in the VM-entry interruption-information field is not cleared". */
	EXPECT_EQ(vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO) & INTR_VALID, INTR_VALID);
	SUBTEST("guest-state-not-saved");
	EXPECT_EQ(vmcs_read(VMCS_GUEST_IA32_SYSENTER_CS), 0x77ull);
	SUBTEST("launch-state-clear");
	vmcs_write(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, 0);
	EXPECT_VMX(vmresume_try(), VMX_FAIL_VALID(VMX_ERROR_VMRESUME_NOT_LAUNCHED));
}

TEST(exit_load_on_failure, "a VM entry that fails late loads the exit's MSRs",
     SPEC("SDM vol. 3C, 26.7"))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc(), *stored = page_alloc();
	const u64 before = rdmsr(MSR_IA32_SYSENTER_EIP);

	list[0] = (struct entry){ MSR_IA32_SYSENTER_EIP, 0, 0x123456 };
	stored[0] = (struct entry){ MSR_IA32_SYSENTER_EIP, 0, 0x55 };
	EXIT_LOAD(list, 1);
	EXIT_STORE(stored, 1);
	vmcs_write(VMCS_GUEST_ACTIVITY, 5);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_INVALID_GUEST_STATE);
	EXPECT_EQ(rdmsr(MSR_IA32_SYSENTER_EIP), 0x123456ull);
	wrmsr(MSR_IA32_SYSENTER_EIP, before);
	/* "No MSRs are saved into the VM-exit MSR-store area." */
	EXPECT_EQ(stored[0].value, 0x55ull);
}

TEST(exit_store, "VM exit stores the guest's MSRs of its list",
     SPEC("SDM vol. 3C, 27.4"), REQUIRES(HAS_BITMAPS))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		u64 before;

		if (!begin_row(&msrs[i]))
			continue;
		set_up(g, &msrs[i], true);
		before = rdmsr(msrs[i].index);
		g->registers.ax = (u32)msrs[i].second;
		g->registers.dx = (u32)(msrs[i].second >> 32);
		memset(list, 0x77, 3 * sizeof(*list));
		list[0] = (struct entry){ msrs[i].index, 0, ~0ull };
		list[1] = (struct entry){ msrs[i].index, 0, ~0ull };
		EXIT_STORE(list, 2);
		vmx_run(g);
		wrmsr(msrs[i].index, before);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(list[0].value, msrs[i].second);
		EXPECT_EQ(list[1].value, msrs[i].second);
		EXPECT_EQ(list[0].index, msrs[i].index);
		EXPECT_EQ(list[2].value, 0x7777777777777777ull);
	}
}

TEST(exit_load, "VM exit loads the host's MSRs of its list, after the host-state area",
     SPEC("SDM vol. 3C, 27.6; 27.5"))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		u64 before;

		if (!begin_row(&msrs[i]))
			continue;
		vmx_reset(g);
		before = rdmsr(msrs[i].index);
		list[0] = (struct entry){ msrs[i].index, 0, msrs[i].first };
		list[1] = (struct entry){ msrs[i].index, 0, msrs[i].second };
		EXIT_LOAD(list, 2);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(rdmsr(msrs[i].index), msrs[i].second);
		wrmsr(msrs[i].index, before);
	}
}

TEST(exit_lists_count, "a count of 0 loads and stores nothing", SPEC("SDM vol. 3C, 24.7.2"))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc();
	const u64 before = rdmsr(MSR_IA32_SYSENTER_EIP);

	list[0] = (struct entry){ MSR_IA32_SYSENTER_EIP, 0, 0x123456 };
	EXIT_LOAD(list, 0);
	EXIT_STORE(list, 0);
	ENTRY_LOAD(list, 0);
	vmcs_write(VMCS_HOST_IA32_SYSENTER_EIP, 0x99);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(rdmsr(MSR_IA32_SYSENTER_EIP), 0x99ull);
	EXPECT_EQ(list[0].value, 0x123456ull);
	wrmsr(MSR_IA32_SYSENTER_EIP, before);
}

TEST(exit_store_tsc, "the TSC that an exit stores is that of the guest, the offset included",
     SPEC("SDM vol. 3C, 27.4; 25.3, RDMSR"), BUG("e79f245ddec1"))
{
	struct vmx_guest *g = vmx_new();
	struct entry *list = page_alloc();
	u64 before, after;

	for (u32 offset = 0; offset < 2; offset++) {
		SUBTEST("%s", offset ? "offset" : "no-offset");
		vmx_reset(g);
		list[0] = (struct entry){ MSR_IA32_TSC, 0, 0 };
		EXIT_STORE(list, 1);
		if (offset) {
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_TSC_OFFSETTING);
			vmcs_write(VMCS_TSC_OFFSET, BIT(50));
		}
		before = rdmsr(MSR_IA32_TSC);
		vmx_run(g);
		after = rdmsr(MSR_IA32_TSC);
		EXPECT_VMX_DONE(g);
		/* "as they would be read by RDMSR": whether in the guest or the host, no edition says. */
		EXPECT((list[0].value >= before && list[0].value <= after) ||
		       (offset && list[0].value - BIT(50) >= before &&
			list[0].value - BIT(50) <= after));
	}
}

/* ------------------------------------------------------------------------------ checks on the lists */

static void list_checks(enum vmcs_field address, enum vmcs_field count)
{
	struct vmx_guest *g = vmx_new();
	u64 *list = page_alloc();

	list[0] = MSR_IA32_SYSENTER_CS;
	for_each_set_bit(bit, BITS(3, 0) | BITS(63, cpu_physical_bits())) {
		SUBTEST("address-bit-%llu", bit);
		check_set_up(g);
		vmcs_write(address, (ulong)list | BIT(bit));
		vmcs_write(count, 1);
		check_expect(g, CHECK_CONTROLS, true);
	}
	SUBTEST("count-0");
	check_set_up(g);
	vmcs_write(address, ~0ull);
	check_expect(g, CHECK_CONTROLS, false);
	/* The last byte, too, is within the physical width. */
	SUBTEST("last-byte-too-high");
	check_set_up(g);
	vmcs_write(address, BIT(cpu_physical_bits()) - 16);
	vmcs_write(count, 2);
	check_expect(g, CHECK_CONTROLS, true);
	SUBTEST("good");
	check_set_up(g);
	vmcs_write(address, (ulong)list);
	vmcs_write(count, 1);
	check_expect(g, CHECK_CONTROLS, false);
}

TEST(entry_load_checks, "the address of VM entry's list of MSRs is aligned, and all of it exists",
     SPEC("SDM vol. 3C, 26.2.1.3"))
{
	list_checks(VMCS_ENTRY_MSR_LOAD_ADDRESS, VMCS_ENTRY_MSR_LOAD_COUNT);
}

TEST(exit_load_checks, "the address of VM exit's list to load is aligned, and all of it exists",
     SPEC("SDM vol. 3C, 26.2.1.2"))
{
	list_checks(VMCS_EXIT_MSR_LOAD_ADDRESS, VMCS_EXIT_MSR_LOAD_COUNT);
}

TEST(exit_store_checks, "the address of VM exit's list to store is aligned, and all of it exists",
     SPEC("SDM vol. 3C, 26.2.1.2"))
{
	list_checks(VMCS_EXIT_MSR_STORE_ADDRESS, VMCS_EXIT_MSR_STORE_COUNT);
}
