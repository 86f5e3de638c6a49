/* SPDX-License-Identifier: MIT */
/*
 * Registers across VM entry and VM exit: SDM vol. 3C, 26.3.2.1, 27.3.1, 27.5.1. A guest reads each register,
 * which has the value of the guest-state area, and writes another, which comes back in it; the host then
 * has what the host-state area says, or what is fixed. Where a control decides, its other setting leaves the
 * register as it was.
 */
#include "checks.h"

#include <mm/space.h>

SUITE("VMX: registers across VM entry and VM exit", REQUIRES(vmx_available()));

struct reg {
	u32 msr; /* or 0, and these two */
	u64 (*read)(void);
	void (*write)(u64 value);
	u32 guest, host; /* fields; host 0: the register is `host_is` after every exit */
	/* Controls that decide, or 0. */
	u64 entry_load, exit_save, exit_load;
	u64 host_before, entry_value, guest_writes, host_is;
};

struct run {
	const struct reg *reg;
	u64 seen;
};

static u64 get(const struct reg *reg)
{
	return reg->msr ? rdmsr(reg->msr) : reg->read();
}

static void set(const struct reg *reg, u64 value)
{
	if (reg->msr)
		wrmsr(reg->msr, value);
	else
		reg->write(value);
}

static void guest(void *arg)
{
	struct run *run = arg;

	run->seen = get(run->reg);
	set(run->reg, run->reg->guest_writes);
}

/* Sets or clears a control; false if the processor does not have it so. */
static bool control(enum vmcs_field field, u64 bit, bool on)
{
	struct vmx_allowed allowed = vmx_allowed(field);

	if (!bit)
		return true;
	if (on ? !(allowed.may & bit) : allowed.must & bit)
		return false;
	if (on)
		vmcs_set(field, bit);
	else
		vmcs_clear(field, bit);
	return true;
}

static void transfer(struct vmx_guest *g, const struct reg *reg, bool load, bool save, bool host)
{
	struct run run = { .reg = reg };

	vmx_reset(g);
	if (!control(VMCS_ENTRY_CONTROLS, reg->entry_load, load) ||
	    !control(VMCS_EXIT_CONTROLS, reg->exit_save, save) ||
	    !control(VMCS_EXIT_CONTROLS, reg->exit_load, host)) {
		SKIP_ROW("the capability MSR does not allow the control");
		return;
	}
	if (vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS))
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
	vmcs_write(reg->guest, reg->entry_value);
	if (reg->host)
		vmcs_write(reg->host, reg->host_is);
	set(reg, reg->host_before);
	vmx_call(g, guest, &run);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(run.seen, load ? reg->entry_value : reg->host_before);
	EXPECT_EQ(vmcs_read(reg->guest), save ? reg->guest_writes : reg->entry_value);
	EXPECT_EQ(get(reg), host ? reg->host_is : reg->guest_writes);
	set(reg, reg->host_before);
}

static void transfers(const struct reg *reg)
{
	struct vmx_guest *g = vmx_new();
	const u64 before = get(reg);

	for (u32 bits = 0; bits < 8; bits++) {
		bool load = bits & 1, save = bits & 2, host = bits & 4;

		/* Without a control there is only the one way. */
		if ((!reg->entry_load && !load) || (!reg->exit_save && !save) ||
		    (!reg->exit_load && !host))
			continue;
		SUBTEST("entry-%s-exit-%s-host-%s", load ? "loads" : "keeps",
			save ? "saves" : "does-not-save", host ? "loads" : "keeps");
		transfer(g, reg, load, save, host);
	}
	set(reg, before);
}

static bool has_msr(u32 msr)
{
	u64 value = 0;

	return !rdmsr_try(msr, &value).kind;
}

#define DEFINE_ACCESS(name)                 \
	static u64 get_##name(void)         \
	{                                   \
		return read_##name();       \
	}                                   \
	static void set_##name(u64 value)   \
	{                                   \
		write_##name((ulong)value); \
	}

DEFINE_ACCESS(cr0)
DEFINE_ACCESS(cr3)
DEFINE_ACCESS(cr4)
DEFINE_ACCESS(dr7)

#define STATE "SDM vol. 3C, 26.3.2.1, 27.3.1, 27.5.1"

TEST(state_cr0, "VM entry loads CR0, VM exit saves it and loads the host's", SPEC(STATE))
{
	const u64 now = read_cr0();

	transfers(&(struct reg){ .read = get_cr0,
				 .write = set_cr0,
				 .guest = VMCS_GUEST_CR0,
				 .host = VMCS_HOST_CR0,
				 .host_before = now,
				 .entry_value = now ^ CR0_AM,
				 .guest_writes = now ^ CR0_WP,
				 .host_is = now ^ CR0_AM ^ CR0_WP });
}

TEST(state_cr3, "VM entry loads CR3, VM exit saves it and loads the host's", SPEC(STATE))
{
	transfers(&(struct reg){ .read = get_cr3,
				 .write = set_cr3,
				 .guest = VMCS_GUEST_CR3,
				 .host = VMCS_HOST_CR3,
				 .host_before = read_cr3(),
				 /* PWT and PCD are of CR3, too. */
				 .entry_value = (ulong)space_create()->root | BITS(4, 3),
				 .guest_writes = (ulong)space_create()->root | BIT(4),
				 .host_is = (ulong)space_create()->root | BIT(3) });
}

TEST(state_cr4, "VM entry loads CR4, VM exit saves it and loads the host's", SPEC(STATE))
{
	u64 now;

	vmx_enable();
	now = read_cr4();
	transfers(&(struct reg){ .read = get_cr4,
				 .write = set_cr4,
				 .guest = VMCS_GUEST_CR4,
				 .host = VMCS_HOST_CR4,
				 .host_before = now,
				 .entry_value = now ^ CR4_TSD,
				 .guest_writes = now ^ CR4_DE,
				 .host_is = now ^ CR4_DE ^ CR4_TSD });
}

TEST(state_cr4_each_bit, "VM exit loads each bit of CR4, set or clear",
     SPEC("SDM vol. 3C, 27.3.1; 27.5.1"))
{
	/* The guest can do without each of these, and with it; PCIDE is for IA-32e mode. */
	const u64 possible = CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_MCE | CR4_PGE | CR4_PCE |
			     CR4_UMIP | CR4_FSGSBASE | CR4_OSXSAVE | CR4_PKE |
			     (sizeof(ulong) == 8 ? CR4_PCIDE : 0);
	const u64 bits = possible & rdmsr(MSR_IA32_VMX_CR4_FIXED1) &
			 ~rdmsr(MSR_IA32_VMX_CR4_FIXED0);
	struct vmx_guest *g = vmx_new();
	const u64 now = read_cr4();

	for_each_set_bit(bit, bits) {
		SUBTEST("bit-%llu", bit);
		vmx_reset(g);
		vmcs_write(VMCS_GUEST_CR4, now ^ BIT(bit));
		vmx_run(g);
		EXPECT_EQ(read_cr4(), (ulong)now);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_CR4), now ^ BIT(bit));
	}
}

TEST(state_dr7, "DR7 goes by the controls of debug registers; after an exit it is 0x400",
     SPEC(STATE))
{
	transfers(&(struct reg){ .read = get_dr7,
				 .write = set_dr7,
				 .guest = VMCS_GUEST_DR7,
				 .entry_load = ENTRY_LOAD_DEBUG,
				 .exit_save = EXIT_SAVE_DEBUG,
				 .host_before = 0x700,
				 .entry_value = 0x500,
				 .guest_writes = 0x600,
				 .host_is = 0x400 });
}

TEST(state_dr7_fixed,
     "VM entry loads bits 12, 14 and 15 of DR7 as 0 and bit 10 as 1, whatever the field has",
     SPEC("SDM vol. 3C, 26.3.2.1"))
{
	static const u32 bits[] = { 10, 12, 14, 15 };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		SUBTEST("bit-%u", bits[i]);
		vmx_reset(g);
		vmx_code(g, "\x0f\x21\xf8", 3); /* MOV rAX, DR7 */
		vmcs_write(VMCS_GUEST_DR7, 0x700 ^ BIT(bits[i]));
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(g->registers.ax, 0x700ul);
	}
}

TEST(state_debugctl, "IA32_DEBUGCTL goes by the controls of debug registers; after an exit it is 0",
     SPEC(STATE), REQUIRES(has_msr(MSR_IA32_DEBUGCTL)))
{
	transfers(&(struct reg){ .msr = MSR_IA32_DEBUGCTL,
				 .guest = VMCS_GUEST_IA32_DEBUGCTL,
				 .entry_load = ENTRY_LOAD_DEBUG,
				 .exit_save = EXIT_SAVE_DEBUG,
				 .host_before = BIT(0) | BIT(1),
				 .entry_value = BIT(0),
				 .guest_writes = BIT(1),
				 .host_is = 0 });
}

#define SYSENTER(name_, field, first, second, third, before)                                    \
	TEST(state_##name_, "VM entry loads " #field ", VM exit saves it and loads the host's", \
	     SPEC(STATE))                                                                       \
	{                                                                                       \
		transfers(&(struct reg){ .msr = MSR_##field,                                    \
					 .guest = VMCS_GUEST_##field,                           \
					 .host = VMCS_HOST_##field,                             \
					 .host_before = before,                                 \
					 .entry_value = first,                                  \
					 .guest_writes = second,                                \
					 .host_is = third });                                   \
	}

SYSENTER(sysenter_cs, IA32_SYSENTER_CS, 0x1234, 0x8765, 0x4321, 0x5678)
SYSENTER(sysenter_esp, IA32_SYSENTER_ESP, (ulong)0xffff80007fffffffull,
	 (ulong)0xffff900012345678ull, (ulong)0xffff8000a0000000ull, 0x1000)
SYSENTER(sysenter_eip, IA32_SYSENTER_EIP, (ulong)0xffff800000000000ull,
	 (ulong)0xffff910012345678ull, (ulong)0xffffa0007ffffff0ull, 0x2000)

#define BASES(name_, words, field)                                                          \
	TEST(state_##name_,                                                                 \
	     "VM entry loads the base of " words ", VM exit saves it and loads the host's", \
	     SPEC("SDM vol. 3C, 26.3.2.1, 26.3.2.2, 27.3.2, 27.5.2"),                       \
		  REQUIRES(sizeof(ulong) == 8))                                             \
	{                                                                                   \
		transfers(&(struct reg){ .msr = MSR_##field,                                \
					 .guest = VMCS_GUEST_##field,                       \
					 .host = VMCS_HOST_##field,                         \
					 .host_before = 0x1111000,                          \
					 .entry_value = 0x7fffffffffff,                     \
					 .guest_writes = 0xffff800000000000,                \
					 .host_is = 0x123456789abc });                      \
	}

BASES(fs_base, "FS", FS_BASE)
BASES(gs_base, "GS", GS_BASE)

TEST(state_pat, "IA32_PAT goes by its three controls", SPEC(STATE))
{
	const u64 now = rdmsr(MSR_IA32_PAT);

	/* Entries 4 to 7, which nothing here uses. */
	transfers(&(struct reg){ .msr = MSR_IA32_PAT,
				 .guest = VMCS_GUEST_IA32_PAT,
				 .host = VMCS_HOST_IA32_PAT,
				 .entry_load = ENTRY_LOAD_PAT,
				 .exit_save = EXIT_SAVE_PAT,
				 .exit_load = EXIT_LOAD_PAT,
				 .host_before = now,
				 .entry_value = (u32)now | 0x0106070400000000ull,
				 .guest_writes = (u32)now | 0x0405060700000000ull,
				 .host_is = (u32)now | 0x0504010000000000ull });
}

static void efer_transfers(u64 host, u64 guest)
{
	transfers(&(struct reg){ .msr = MSR_EFER,
				 .guest = VMCS_GUEST_IA32_EFER,
				 .host = VMCS_HOST_IA32_EFER,
				 .entry_load = ENTRY_LOAD_EFER,
				 .exit_save = EXIT_SAVE_EFER,
				 .exit_load = EXIT_LOAD_EFER,
				 .host_before = host,
				 .entry_value = guest,
				 .guest_writes = host,
				 .host_is = guest });
}

TEST(state_efer, "IA32_EFER goes by its three controls", SPEC(STATE))
{
	const u64 now = rdmsr(MSR_EFER) & ~(u64)EFER_SCE;

	efer_transfers(now, now | EFER_SCE);
}

TEST(state_efer_clear, "a bit of IA32_EFER is cleared as it is set", SPEC(STATE))
{
	const u64 now = rdmsr(MSR_EFER) & ~(u64)EFER_SCE;

	efer_transfers(now | EFER_SCE, now);
}

TEST(state_perf_global_ctrl, "IA32_PERF_GLOBAL_CTRL goes by its two controls",
     SPEC(STATE), REQUIRES(has_msr(MSR_IA32_PERF_GLOBAL_CTRL)))
{
	/* There is no control that saves it: the field keeps its value. */
	const struct reg reg = { .msr = MSR_IA32_PERF_GLOBAL_CTRL,
				 .guest = VMCS_GUEST_IA32_PERF_GLOBAL_CTRL,
				 .host = VMCS_HOST_IA32_PERF_GLOBAL_CTRL,
				 .entry_load = ENTRY_LOAD_PERF_GLOBAL_CTRL,
				 .exit_load = EXIT_LOAD_PERF_GLOBAL_CTRL,
				 .host_before = 0,
				 .entry_value = 1,
				 .guest_writes = 2,
				 .host_is = 3 };
	struct vmx_guest *g = vmx_new();

	for (u32 bits = 0; bits < 4; bits++) {
		SUBTEST("entry-%s-host-%s", bits & 1 ? "loads" : "keeps",
			bits & 2 ? "loads" : "keeps");
		transfer(g, &reg, bits & 1, false, bits & 2);
	}
}

TEST(state_cr0_not_loaded, "VM entry and VM exit leave the cache bits of CR0 and ET as they are",
     SPEC("SDM vol. 3C, 26.3.2.1, 27.5.1"))
{
	struct vmx_guest *g = vmx_new();
	const u64 now = read_cr0();
	struct run run = { .reg = &(struct reg){
				   .read = get_cr0, .write = set_cr0, .guest_writes = now } };

	SUBTEST("entry");
	vmcs_write(VMCS_GUEST_CR0, now | CR0_CD | CR0_NW);
	vmx_call(g, guest, &run);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(run.seen, now);
	SUBTEST("exit");
	vmx_reset(g);
	vmcs_write(VMCS_HOST_CR0, now | CR0_CD | CR0_NW);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ((u64)read_cr0(), now);
	SUBTEST("entry-et");
	vmx_reset(g);
	vmcs_clear(VMCS_GUEST_CR0, CR0_ET);
	vmx_call(g, guest, &run);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(run.seen, now);
}

/* ------------------------------------------------------------- what neither entry nor exit changes */

static u64 get_cr2(void)
{
	return read_cr2();
}

static void set_cr2(u64 value)
{
	write_cr2((ulong)value);
}

DEFINE_ACCESS(dr0)
DEFINE_ACCESS(dr1)
DEFINE_ACCESS(dr2)
DEFINE_ACCESS(dr3)
DEFINE_ACCESS(dr6)

TEST(state_shared, "a register that is not in the VMCS is the same in the host and the guest",
     SPEC("SDM vol. 3C, 26.3.2, 27.3, 27.5"))
{
	static const struct {
		const char *name;
		struct reg reg;
		bool only_64;
	} rows[] = {
		{ "cr2", { .read = get_cr2, .write = set_cr2, .guest_writes = 0x5000 }, false },
		{ "dr0", { .read = get_dr0, .write = set_dr0, .guest_writes = 0x5000 }, false },
		{ "dr1", { .read = get_dr1, .write = set_dr1, .guest_writes = 0x5000 }, false },
		{ "dr2", { .read = get_dr2, .write = set_dr2, .guest_writes = 0x5000 }, false },
		{ "dr3", { .read = get_dr3, .write = set_dr3, .guest_writes = 0x5000 }, false },
		{ "dr6",
		  { .read = get_dr6, .write = set_dr6, .guest_writes = DR6_RESET | 5 },
		  false },
		{ "kernel-gs-base", { .msr = MSR_KERNEL_GS_BASE, .guest_writes = 0x5000 }, true },
		{ "star", { .msr = MSR_STAR, .guest_writes = 0x0010000800000000ull }, true },
		{ "lstar", { .msr = MSR_LSTAR, .guest_writes = 0x5000 }, true },
		{ "sfmask", { .msr = MSR_SFMASK, .guest_writes = 0x200 }, true },
		{ "tsc-aux", { .msr = MSR_TSC_AUX, .guest_writes = 0x55 }, true },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct reg *reg = &rows[i].reg;
		struct run run = { .reg = reg };
		u64 before;

		if (rows[i].only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s", rows[i].name);
		if (reg->msr && !has_msr(reg->msr)) {
			SKIP_ROW("the MSR does not exist");
			continue;
		}
		vmx_reset(g);
		if (vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS))
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
		before = get(reg);
		vmx_call(g, guest, &run);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(run.seen, before);
		EXPECT_EQ(get(reg), reg->guest_writes);
		set(reg, before);
	}
}
