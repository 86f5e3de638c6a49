/* SPDX-License-Identifier: MIT */
/* What every case starts from: <harness/state.h>. */
#include <harness/state.h>

#include <mm/space.h>
#include <s390x/clock.h>
#include <s390x/cr.h>
#include <s390x/facility.h>
#include <s390x/machine.h>
#include <sys/cpu.h>

extern u8 trap_entry_restart[], trap_entry_external[], trap_entry_svc[], trap_entry_program[],
	trap_entry_mcheck[], trap_entry_io[];

u64 reset_cr0(void)
{
	/* Emergency signals end arch_wait_for_kick(). */
	u64 cr0 = CR0_EMERGENCY;

	if (has_facility(FACILITY_EDAT_1))
		cr0 |= CR0_EDAT;
	if (has_facility(FACILITY_IEP))
		cr0 |= CR0_IEP;
	return cr0;
}

static u64 reset_asce(void)
{
	return ASCE_OF(arch_kernel_root());
}

struct psw reset_new_psw(u32 class)
{
	static u8 *const entries[TRAP_CLASSES] = {
		[TRAP_RESTART] = trap_entry_restart, [TRAP_EXTERNAL] = trap_entry_external,
		[TRAP_SVC] = trap_entry_svc,	     [TRAP_PROGRAM] = trap_entry_program,
		[TRAP_MCHECK] = trap_entry_mcheck,   [TRAP_IO] = trap_entry_io,
	};

	return (struct psw){ PSW_64, (ulong)entries[class] };
}

void lowcore_init(struct lowcore *area, const struct cpu *cpu)
{
	u8 *base = (u8 *)area;

	for (u32 class = 0; class < TRAP_CLASSES; class ++)
		area->new_psw[class] = reset_new_psw(class);
	*(ulong *)(base + LC_TRAP_STACK) = (ulong)cpu->arch.trap_stack_top;
	*(ulong *)(base + LC_STACK) = (ulong)cpu->arch.stack_top;
	*(u32 *)(base + LC_CPU_NUMBER) = cpu->number;
}

/* --------------------------------------------------------------------------- registers by number */

static u64 zero(void)
{
	return 0;
}

static u64 reset_cr14(void)
{
	return CR14_INITIAL;
}

/* LCTLG and STCTG have the number in the instruction. */
#define CONTROL_REGISTER(n)                         \
	static u64 read_cr_##n(u32 id)              \
	{                                           \
		(void)id;                           \
		return read_cr(n);                  \
	}                                           \
	static void write_cr_##n(u32 id, u64 value) \
	{                                           \
		(void)id;                           \
		write_cr(n, value);                 \
	}

CONTROL_REGISTER(0)
CONTROL_REGISTER(1)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)
CONTROL_REGISTER(5)
CONTROL_REGISTER(6)
CONTROL_REGISTER(7)
CONTROL_REGISTER(8)
CONTROL_REGISTER(9)
CONTROL_REGISTER(10)
CONTROL_REGISTER(11)
CONTROL_REGISTER(12)
CONTROL_REGISTER(13)
CONTROL_REGISTER(14)
CONTROL_REGISTER(15)

static u64 read_psw_mask(u32 id)
{
	(void)id;
	return psw_mask();
}

static void write_psw_mask(u32 id, u64 value)
{
	(void)id;
	psw_load_mask(value);
}

static u64 reset_psw_mask(void)
{
	return PSW_KERNEL;
}

static u64 read_prefix(u32 id)
{
	(void)id;
	return store_prefix();
}

static void write_prefix(u32 id, u64 value)
{
	(void)id;
	set_prefix((u32)value);
}

/* By STORE CPU ADDRESS: this_cpu() asks the prefix area. */
static u64 reset_prefix(void)
{
	return cpu_by_number(cpu_number_of(store_cpu_address()))->arch.prefix;
}

static u64 read_comparator(u32 id)
{
	(void)id;
	return store_clock_comparator();
}

static void write_comparator(u32 id, u64 value)
{
	(void)id;
	set_clock_comparator(value);
}

static u64 reset_comparator(void)
{
	return CLOCK_COMPARATOR_NEVER;
}

/* Through real addresses, because a test may have taken the alias away. */
static u64 read_new_psw(u32 class)
{
	return load_real(LC_NEW_PSW(class) + 8);
}

static void write_new_psw(u32 class, u64 address)
{
	store_real(LC_NEW_PSW(class), PSW_64);
	store_real(LC_NEW_PSW(class) + 8, address);
}

#define NEW_PSW_VALUE(class_)                      \
	static u64 reset_new_psw_##class_(void)    \
	{                                          \
		return reset_new_psw(class_).addr; \
	}

NEW_PSW_VALUE(TRAP_RESTART)
NEW_PSW_VALUE(TRAP_EXTERNAL)
NEW_PSW_VALUE(TRAP_SVC)
NEW_PSW_VALUE(TRAP_PROGRAM)
NEW_PSW_VALUE(TRAP_MCHECK)
NEW_PSW_VALUE(TRAP_IO)

/* ------------------------------------------------------------------------------------------ the rows */

#define CR(n, words_, value_, flips_)                                                         \
	{                                                                                     \
		.name = "CR" #n, .words = words_, .read = read_cr_##n, .write = write_cr_##n, \
		.value = value_, .flips = flips_                                              \
	}
#define NEW_PSW(name_, class_)                                                                \
	{                                                                                     \
		.name = name_ " new PSW", .words = "leads to the harness", .id = class_,      \
		.read = read_new_psw, .write = write_new_psw, .value = reset_new_psw_##class_ \
	}

const struct state_row state_rows[] = {
	{ .name = "PSW",
	  .words =
		  "DAT on, 64-bit addresses, key 0, primary space, nothing enabled, program mask 0",
	  .read = read_psw_mask,
	  .write = write_psw_mask,
	  .value = reset_psw_mask,
	  .ignored = PSW_CC },
	{ .name = "prefix",
	  .words = "the CPU's own prefix area; CPU 0's is at absolute 0",
	  .read = read_prefix,
	  .write = write_prefix,
	  .value = reset_prefix },
	CR(0, "the emergency-signal mask, EDAT and IEP where there are these facilities", reset_cr0,
	   CR0_LOW_PROTECTION | CR0_AFP | CR0_EXTERNAL_CALL),
	CR(1, "the kernel's ASCE", reset_asce, 0),
	CR(2, "0", zero, 0x12340),
	CR(3, "0", zero, BITS(31, 16)),
	CR(4, "0", zero, 0x1234),
	CR(5, "0", zero, 0x12340),
	CR(6, "0", zero, 0x80000000),
	CR(7, "the kernel's ASCE", reset_asce, 0x1000),
	CR(8, "0", zero, 0x12340000),
	CR(9, "0", zero, 0),
	CR(10, "0", zero, 0x1000),
	CR(11, "0", zero, 0x1000),
	CR(12, "0", zero, 0),
	CR(13, "the kernel's ASCE", reset_asce, 0x1000),
	CR(14, "0xc2000000", reset_cr14, 0),
	CR(15, "0", zero, 0x1000),
	{ .name = "clock comparator",
	  .words = "all ones",
	  .read = read_comparator,
	  .write = write_comparator,
	  .value = reset_comparator,
	  .flips = BIT(20) },
	NEW_PSW("restart", TRAP_RESTART),
	NEW_PSW("external", TRAP_EXTERNAL),
	NEW_PSW("supervisor-call", TRAP_SVC),
	NEW_PSW("program", TRAP_PROGRAM),
	NEW_PSW("machine-check", TRAP_MCHECK),
	NEW_PSW("I/O", TRAP_IO),
};
const u32 state_row_count = ARRAY_SIZE(state_rows);

/* ----------------------------------------------------------------------------------------- the hooks */

/* Prefix area, address space, then the PSW that has DAT on, then what interruptions load. */
static void reset_tables(void)
{
	set_prefix((u32)reset_prefix());
	write_cr(0, reset_cr0());
	write_cr(1, reset_asce());
	write_cr(7, reset_asce());
	write_cr(13, reset_asce());
	write_cr(9, 0);
	purge_tlb();
	psw_load_mask(PSW_KERNEL);
	for (u32 class = 0; class < TRAP_CLASSES; class ++)
		write_new_psw(class, reset_new_psw(class).addr);
}

static void reset_rest(void)
{
	static const u32 zeroes[16];

	__asm__ volatile("lam 0,15,%0" : : "Q"(zeroes));
	/* The floating-point-control register can be written only with the AFP registers. */
	write_cr(0, reset_cr0() | CR0_AFP);
	__asm__ volatile("sfpc %0" : : "d"(0));
	write_cr(0, reset_cr0());
	set_cpu_timer(CPU_TIMER_NEVER);
}

static void discard_external(void)
{
	external_discard(CR0_EMERGENCY | CR0_EXTERNAL_CALL | CR0_MALFUNCTION);
}

static void discard_floating(void)
{
	external_discard(CR0_SERVICE | CR0_INTERRUPT_KEY);
}

const struct state_hook state_hooks[] = {
	{ .stage = STATE_TABLES,
	  .name = "prefix area, address space, PSW",
	  .words = "new PSWs lead to the harness; DAT on",
	  .reset = reset_tables },
	{ .stage = STATE_CPU,
	  .name = "access registers, FPC, CPU timer",
	  .words = "0; 0; 0x7fffffffffffffff",
	  .reset = reset_rest },
	{ .stage = STATE_DEVICES,
	  .name = "handlers",
	  .words = "none of a test's",
	  .reset = trap_clear_handlers,
	  .cpu_0_only = true },
	{ .stage = STATE_DEVICES,
	  .name = "floating external interruptions",
	  .words = "none pending",
	  .reset = discard_floating,
	  .cpu_0_only = true },
	{ .stage = STATE_DEVICES,
	  .name = "the CPU's external interruptions",
	  .words = "no emergency signal, external call or malfunction alert pending",
	  .reset = discard_external },
};
const u32 state_hook_count = ARRAY_SIZE(state_hooks);
