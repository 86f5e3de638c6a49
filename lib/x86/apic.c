/* SPDX-License-Identifier: MIT */
#include <x86/apic.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/irq.h>
#include <x86/msr.h>
#include <x86/trap.h>

static bool in_x2apic_mode(void)
{
	return cpu_has(X86_FEATURE_X2APIC) && (rdmsr(MSR_IA32_APIC_BASE) & APIC_BASE_EXTD);
}

static volatile u32 *mmio(u32 reg)
{
	return (volatile u32 *)(ulong)(APIC_DEFAULT_BASE + reg);
}

u32 apic_read(u32 reg)
{
	return in_x2apic_mode() ? (u32)rdmsr(apic_msr(reg)) : *mmio(reg);
}

void apic_write(u32 reg, u32 value)
{
	if (in_x2apic_mode())
		wrmsr(apic_msr(reg), value);
	else
		*mmio(reg) = value;
}

u32 apic_id(void)
{
	return in_x2apic_mode() ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

void apic_send(u32 low, u32 destination)
{
	if (in_x2apic_mode()) {
		wrmsr(apic_msr(APIC_ICR), (u64)destination << 32 | low);
		return;
	}
	apic_write(APIC_ICR_HIGH, destination << 24);
	apic_write(APIC_ICR, low);
	while (apic_read(APIC_ICR) & ICR_PENDING)
		arch_relax();
}

void apic_send_vector(u32 cpu_number, u32 vector)
{
	apic_send(ICR_FIXED | ICR_ASSERT | vector, (u32)cpu_by_number(cpu_number)->hardware_id);
}

void apic_make_pending(u32 vector)
{
	apic_send(ICR_FIXED | ICR_ASSERT | vector, apic_id());
	while (!apic_vector_bit(APIC_IRR, vector))
		barrier();
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

bool apic_vector_bit(u32 first_reg, u32 vector)
{
	return apic_read(first_reg + vector / 32 * 0x10) & BIT(vector % 32);
}

static bool any_vector_bit(u32 first_reg)
{
	u32 bits = 0;

	for (u32 i = 0; i < 8; i++)
		bits |= apic_read(first_reg + i * 0x10);
	return bits;
}

/* Ends an interrupt that is in service, and nothing else is done for it. */
static bool drop_interrupt(struct trap_frame *frame)
{
	if (!apic_vector_bit(APIC_ISR, (u32)frame->vector))
		return false;
	apic_eoi();
	return true;
}

static bool take_spurious(struct trap_frame *frame)
{
	(void)frame;
	return true;
}

void apic_init(void)
{
	trap_set_default(VEC_SPURIOUS, take_spurious);
}

void apic_drain(void)
{
	/* Each EOI ends one; there can be no more than one for each class and a few levels of them. */
	for (u32 i = 0; i < 256 && any_vector_bit(APIC_ISR); i++)
		apic_eoi();
	if (!any_vector_bit(APIC_IRR))
		return;
	/* Not by handlers: they are for all CPUs, and those of a case may be in use on another. */
	trap_set_filter(drop_interrupt);
	for (u32 i = 0; i < 256 && any_vector_bit(APIC_IRR); i++)
		irq_window();
	trap_set_filter(NULL);
}

static bool stays_in_x2apic;

void apic_stay_in_x2apic(void)
{
	stays_in_x2apic = true;
}

void apic_reset(void)
{
	/* In the order of the version register's count of entries: SDM vol. 3A, 10.4.8. */
	static const u16 lvts[] = { APIC_LVT_TIMER, APIC_LVT_LINT0, APIC_LVT_LINT1,
				    APIC_LVT_ERROR, APIC_LVT_PERF,  APIC_LVT_THERMAL,
				    APIC_LVT_CMCI };
	u64 base = 0, enabled;
	bool has_base;
	u32 entries;

	if (!cpu_has(X86_FEATURE_APIC))
		return;
	/* The Pentium's APIC has no MSR: it is where it is. */
	has_base = cpu_has(X86_FEATURE_MSR) && !rdmsr_try(MSR_IA32_APIC_BASE, &base).kind;
	enabled = APIC_DEFAULT_BASE | APIC_BASE_ENABLE | (base & APIC_BASE_BSP);
	if (stays_in_x2apic && (base & APIC_BASE_EXTD))
		enabled = base;
	if (has_base && base != enabled) {
		/* There is no way from x2APIC to xAPIC mode but through disabled: SDM, 10.12.5. */
		wrmsr(MSR_IA32_APIC_BASE, enabled & ~APIC_BASE_ENABLE);
		wrmsr(MSR_IA32_APIC_BASE, enabled);
	}
	apic_write(APIC_SVR, APIC_SVR_ENABLE | VEC_SPURIOUS);
	entries = (apic_read(APIC_VERSION) >> 16 & 0xff) + 1;
	for (u32 i = 0; i < MIN(entries, (u32)ARRAY_SIZE(lvts)); i++)
		apic_write(lvts[i], APIC_LVT_MASKED);
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_write(APIC_TPR, 0);
	if (!(enabled & APIC_BASE_EXTD)) {
		apic_write(APIC_DFR, 0xffffffff);
		apic_write(APIC_LDR, 0);
	}
	apic_write(APIC_ESR, 0);
	apic_drain();
	apic_write(APIC_ESR, 0);
}

void apic_enter_x2apic(void)
{
	wrmsr(MSR_IA32_APIC_BASE, rdmsr(MSR_IA32_APIC_BASE) | APIC_BASE_EXTD);
}

/* ----------------------------------------------------------------------------------------- its timer */

u32 apic_timer_divide(u32 shift)
{
	u32 code = (shift - 1) &
		   7; /* 0 divides by 2, 6 by 128, 7 by 1; its bit 2 stands in bit 3 */

	return (code & 3) | (code & 4) << 1;
}

void apic_timer_start(u32 lvt, u32 shift, u32 count)
{
	apic_write(APIC_LVT_TIMER, lvt);
	apic_write(APIC_TIMER_DIVIDE, apic_timer_divide(shift));
	apic_write(APIC_TIMER_INITIAL, count);
}

void apic_timer_stop(void)
{
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_TIMER_INITIAL, 0);
}

/* The TSC is read on either side of each of the two accesses: the truth is between the extremes. */
static struct apic_timer_rate measure_once(u64 ns)
{
	u64 before_start, after_start, before_end, after_end;
	u32 current;

	before_start = arch_ticks();
	apic_timer_start(APIC_LVT_MASKED | APIC_TIMER_ONESHOT, 0, ~0u);
	after_start = arch_ticks();
	delay_ns(ns);
	before_end = arch_ticks();
	current = apic_read(APIC_TIMER_CURRENT);
	after_end = arch_ticks();
	apic_timer_stop();
	return (struct apic_timer_rate){
		.tsc_min = before_end - after_start,
		.tsc_max = after_end - before_start,
		.counts = ~0u - current,
	};
}

struct apic_timer_rate apic_timer_measure(u64 ns)
{
	struct apic_timer_rate best = measure_once(ns);

	for (u32 round = 0; round < 5; round++) {
		struct apic_timer_rate rate;

		if (best.tsc_max - best.tsc_min < best.tsc_max / 256)
			break;
		rate = measure_once(ns);
		if (rate.tsc_max - rate.tsc_min < best.tsc_max - best.tsc_min)
			best = rate;
	}
	return best;
}

u64 apic_timer_min_tsc(const struct apic_timer_rate *rate, u64 counts)
{
	u64 per = rate->counts + 1;
	u64 ticks = counts / per * rate->tsc_min + counts % per * rate->tsc_min / per;

	return ticks - ticks / 1000;
}

u32 apic_timer_counts(const struct apic_timer_rate *rate, u64 ns, u32 shift)
{
	u64 ticks = clock_ticks_at_least(ns);
	u64 per = rate->tsc_max;
	u64 counts = (ticks / per * rate->counts + ticks % per * rate->counts / per) >> shift;

	return (u32)MAX(MIN(counts, 0xffffffffull), 2ull);
}
