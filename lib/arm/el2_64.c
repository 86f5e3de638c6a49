/* SPDX-License-Identifier: MIT */
#include <arm/el2.h>

#include <arm/boot.h>
#include <arm/trap.h>
#include <harness/expect.h>
#include <mm/space.h>

#define KERNEL_HPFAR 14 /* in registers->kernel, where el2_64.S puts it */
#define INSN_SIZE    4

#define SCTLR_EL2_ON 0x30c51835ull /* RES1; I, C, M */
#define TCR_EL2_RES1 0x80800000ull
#define PSTATE_EL2T  0x8ull
#define PSTATE_SVC   0x13ull /* in AArch32 */
#define EC_HVC_A32   0x12

/* SCTLR_EL1 as SCTLR of AArch32: RES1, CP15BEN, nTWI, nTWE; stage 1 off. */
#define SCTLR_A32 0x30d50878ull

/* As el2_first_call() takes it. */
struct el2_translation {
	u64 ttbr0, tcr, mair, sctlr;
};

u64 el2_first_call(void *translation);
void el2_regime(u64 hcr, u64 sctlr, u64 tcr, u64 ttbr0);
void el2_enter(struct arm_registers *r, u64 spsr);
extern const u8 el2_guest_vectors_a32[];

bool el2_is_there(void)
{
	return boot_el == 2;
}

static u64 raw_call(u64 (*fn)(void *arg), void *arg, u64 *esr, u64 *far)
{
	register u64 x0 __asm__("x0") = (u64)fn;
	register u64 x1 __asm__("x1") = (u64)arg;
	register u64 x2 __asm__("x2");

	__asm__ volatile("hvc %3"
			 : "+r"(x0), "+r"(x1), "=r"(x2)
			 : "i"(EL2_CALL_IMM)
			 : "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
			   "x14", "x15", "x16", "x17", "x18", "x30", "cc", "memory");
	*esr = x1;
	*far = x2;
	return x0;
}

/* 1 GiB blocks, one to one. AP[1] is RES1 where there is one privilege level. */
static void first_call(void)
{
	static u64 root[512] __aligned(4096), gigabytes[512] __aligned(4096);
	static struct el2_translation translation;
	u64 base = ALIGN_DOWN((u64)image_start, 512 * GiB), esr, far;

	root[base >> 39 & 511] = (u64)gigabytes | BOOT_TABLE;
	for (u64 i = 0; i < 512; i++) {
		u64 at = base + i * GiB;
		bool image = at == ALIGN_DOWN((u64)image_start, GiB);

		gigabytes[i] = at | BOOT_BLOCK | PTE_USER |
			       PTE_ATTR(image ? ATTR_NORMAL : ATTR_DEVICE) | (image ? 0 : PTE_UXN);
	}
	translation = (struct el2_translation){
		.ttbr0 = (u64)root,
		.tcr = (read_sys(TCR) & BITS(15, 0)) | (read_sys(TCR) >> 32 & 7) << 16 |
		       TCR_EL2_RES1,
		.mair = MAIR_VALUE,
		.sctlr = SCTLR_EL2_ON,
	};
	flush_data(root, sizeof(root));
	flush_data(gigabytes, sizeof(gigabytes));
	flush_data(&translation, sizeof(translation));
	raw_call(el2_first_call, &translation, &esr, &far);
}

u64 el2_call(u64 (*fn)(void *arg), void *arg, struct fault *fault)
{
	static bool called;
	u64 esr, far, result;

	if (!called)
		first_call();
	called = true;
	result = raw_call(fn, arg, &esr, &far);
	*fault = NO_FAULT;
	if (esr) {
		struct trap_frame frame = { .esr = esr, .far = far, .vector = VECTOR_SYNC };

		*fault = trap_fault(&frame);
	}
	return result;
}

/* ------------------------------------------------------------------------------- at EL2 */

#define REGISTER_(encoding)  REGISTER__(encoding)
#define REGISTER__(encoding) #encoding

static u64 get(enum el2_register reg)
{
	u64 value = 0;

	switch (reg) {
#define GET(name, encoding)                                                     \
	case EL2_##name:                                                        \
		__asm__ volatile("mrs %0, " REGISTER_(encoding) : "=r"(value)); \
		break;
		EL2_REGISTERS(GET)
	default:
		break;
	}
	return value;
}

static void set(enum el2_register reg, u64 value)
{
	switch (reg) {
#define SET(name, encoding)                                                                    \
	case EL2_##name:                                                                       \
		__asm__ volatile("msr " REGISTER_(encoding) ", %0" : : "r"(value) : "memory"); \
		break;
		EL2_REGISTERS(SET)
	default:
		break;
	}
}

struct one {
	enum el2_register reg;
	u64 value;
};

static u64 read_at_el2(void *arg)
{
	return get(((struct one *)arg)->reg);
}

static u64 write_at_el2(void *arg)
{
	const struct one *one = arg;

	set(one->reg, one->value);
	isb();
	return 0;
}

u64 el2_read(enum el2_register reg)
{
	struct one one = { reg, 0 };
	struct fault fault;
	u64 value = el2_call(read_at_el2, &one, &fault);

	ASSERT_NO_FAULT(fault, "register %u", reg);
	return value;
}

void el2_write(enum el2_register reg, u64 value)
{
	struct one one = { reg, value };
	struct fault fault;

	el2_call(write_at_el2, &one, &fault);
	ASSERT_NO_FAULT(fault, "register %u", reg);
}

#define MAX_SETTINGS 24

struct run {
	const struct el2_setting *settings;
	u32 count;
	struct arm_registers *r;
	u64 spsr;
	struct el2_exit *exit;
	u64 old[MAX_SETTINGS];
	u64 esr1, far1, elr1, spsr1;
	bool a32, ran;
};

/* The value that a setting of `reg` has, or what the register has. */
static u64 wanted(const struct run *run, enum el2_register reg)
{
	for (u32 i = 0; i < run->count; i++)
		if (run->settings[i].reg == reg)
			return run->settings[i].value;
	return get(reg);
}

static bool is_regime(enum el2_register reg)
{
	return reg == EL2_HCR || reg == EL2_SCTLR || reg == EL2_TCR || reg == EL2_TTBR0;
}

static u64 run_at_el2(void *arg)
{
	struct run *run = arg;
	u64 hcr = get(EL2_HCR), sctlr = get(EL2_SCTLR), tcr = get(EL2_TCR), ttbr0 = get(EL2_TTBR0);
	u64 sctlr1 = get(EL2_SCTLR1);
	bool regime = (wanted(run, EL2_HCR) ^ hcr) & HCR_E2H;
	u32 i;

	for (i = 0; i < run->count; i++) {
		const struct el2_setting *s = &run->settings[i];

		run->old[i] = get(s->reg);
		if (!regime || !is_regime(s->reg))
			set(s->reg, s->value);
	}
	if (regime)
		el2_regime(wanted(run, EL2_HCR), wanted(run, EL2_SCTLR), wanted(run, EL2_TCR),
			   wanted(run, EL2_TTBR0));
	if (run->a32) {
		set(EL2_SCTLR1, SCTLR_A32);
		set(EL2_HCR, get(EL2_HCR) & ~HCR_RW);
	}
	isb();
	el2_enter(run->r, run->spsr);
	run->exit->hcr = get(EL2_HCR);
	if (run->a32)
		set(EL2_SCTLR1, sctlr1);
	if (run->exit->after)
		for (i = 0; i < run->count; i++)
			run->exit->after[i] = get(run->settings[i].reg);
	if (regime)
		el2_regime(hcr, sctlr, tcr, ttbr0);
	if (run->a32)
		set(EL2_HCR, hcr);
	while (i--)
		if (!regime || !is_regime(run->settings[i].reg))
			set(run->settings[i].reg, run->old[i]);
	isb();
	run->esr1 = read_sys(ESR);
	run->far1 = read_sys(FAR);
	run->elr1 = read_sys(ELR);
	run->spsr1 = read_sys(SPSR);
	run->ran = true;
	return 0;
}

/* ------------------------------------------------------------------------------- at EL1 */

static u64 entry_state(enum arm_el el, const struct arm_registers *r)
{
	u64 kept = r->pstate & ~(PSTATE_MODE | PSTATE_DAIF);

	switch (el) {
	case ARM_EL0_A32:
		return kept | (PSTATE_DAIF & ~PSTATE_D & ~r->unmasked) | PSTATE_AARCH32;
	case ARM_EL0:
		return kept | (PSTATE_DAIF & ~r->unmasked) | PSTATE_EL0;
	case ARM_EL1_A32:
		return kept | (PSTATE_DAIF & ~PSTATE_D & ~r->unmasked) | PSTATE_SVC;
	case ARM_EL1:
		return kept | (PSTATE_DAIF & ~r->unmasked) | PSTATE_EL1T;
	default:
		return kept | (PSTATE_DAIF & ~r->unmasked) | PSTATE_EL2T;
	}
}

static bool is_end(const struct arm_registers *r)
{
	u64 class = r->esr >> 26 & 0x3f;

	return (r->vector & 3) == VECTOR_SYNC && (class == EC_SVC || class == EC_SVC_A32) &&
	       (r->esr & 0xffff) == EXECUTE_END_IMM;
}

struct fault el2_run(const struct el2_setting *settings, u32 count, enum arm_el el, ulong at,
		     struct arm_registers *r, struct el2_exit *exit)
{
	struct run run = { .settings = settings, .count = count, .r = r, .exit = exit };
	ulong vbar = read_sys(VBAR), daif = read_sys(DAIF);
	struct fault fault;
	u32 imm;

	ASSERT_LE(count, MAX_SETTINGS);
	r->pc = at;
	run.a32 = el == ARM_EL1_A32;
	run.spsr = entry_state(el, r);
	write_sys(DAIF, PSTATE_DAIF);
	write_sys(VBAR, (ulong)(run.a32 ? el2_guest_vectors_a32 : el2_guest_vectors));
	isb();
	el2_call(run_at_el2, &run, &fault);
	write_sys(VBAR, vbar);
	isb();
	write_sys(DAIF, daif);
	ASSERT(run.ran, "settings");
	exit->level = 2;
	exit->hpfar = r->kernel[KERNEL_HPFAR];
	imm = (u32)r->esr & 0xffff;
	if (r->esr >> 26 == EC_HVC && (imm & ~15u) == EL2_TAKEN_IMM &&
	    (r->vector & 3) == VECTOR_SYNC) {
		exit->level = 1;
		r->vector = imm & 15;
		r->esr = run.esr1;
		r->far = run.far1;
		r->pc = run.elr1;
		r->pstate = run.spsr1;
	}
	if (r->esr >> 26 == EC_HVC_A32 && (imm & ~15u) == EL2_TAKEN_IMM_A32) {
		exit->level = 1;
		r->vector = 0x100 + (imm & 15);
		r->esr = 0;
		if (r->vector == VECTOR_A32_SVC)
			return NO_FAULT;
		return UNDEFINED;
	}
	if (is_end(r)) {
		r->pc -= INSN_SIZE;
		return NO_FAULT;
	}
	return trap_fault(
		&(struct trap_frame){ .esr = r->esr, .far = r->far, .vector = r->vector });
}

ulong el2_code(ulong at)
{
	phys_t phys = at;

	space_translate(space_kernel(), at, &phys);
	return (ulong)phys;
}

struct fault el2_execute(const struct el2_setting *settings, u32 count, enum arm_el el,
			 const u32 *code, u32 words, struct arm_registers *r, struct el2_exit *exit)
{
	ulong at = arm_code(code, words);

	return el2_run(settings, count, el, el == ARM_EL2 ? el2_code(at) : at, r, exit);
}

static u64 reset_at_el2(void *arg)
{
	(void)arg;
	set(EL2_CNTHP_CTL, 0);
	if (read_sys(ID_AA64MMFR1) >> 8 & 0xf)
		set(EL2_CNTHV_CTL, 0);
	set(EL2_CNTVOFF, 0);
	isb();
	return 0;
}

void el2_reset(void)
{
	struct fault fault;

	if (el2_is_there())
		el2_call(reset_at_el2, NULL, &fault);
}

/* ------------------------------------------------------------------------------- always under stage 2 */

#define S2_BLOCK     0x7fdull /* valid, AF, inner shareable, read and write, Normal Write-Back */
#define VTCR_39_BITS 0x80003559ull /* T0SZ 25, from level 1; walks as those of TCR_VALUE */

void el2_nest(void)
{
	static u64 gigabytes[512] __aligned(4096);
	extern u64 el2_stage2[3];

	if (!el2_is_there())
		return;
	for (u64 i = 0; i < 512; i++)
		gigabytes[i] = i * GiB | S2_BLOCK;
	flush_data(gigabytes, sizeof(gigabytes));
	el2_stage2[0] = VTCR_39_BITS | MIN(read_sys(ID_AA64MMFR0) & 7, 5ull) << 16;
	el2_stage2[1] = (u64)gigabytes | 1ull << 48;
	el2_stage2[2] = HCR_VM;
	flush_data(el2_stage2, sizeof(el2_stage2));
	el2_write(EL2_VTCR, el2_stage2[0]);
	el2_write(EL2_VTTBR, el2_stage2[1]);
	el2_write(EL2_HCR, EL2_HCR_DEFAULT | HCR_VM);
}
