/* SPDX-License-Identifier: MIT */
/*
 * INIT in x2APIC mode: SDM vol. 3A, 10.12.5.1. The CPU stays in x2APIC mode, with its ID, and all other
 * registers are initialized. Code in real mode, put together here, writes down what it reads.
 */
#include <test.h>

#include <string.h>
#include <mm/page.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/msr.h>
#include <x86/smp.h>

#include "x2apic.h"

SUITE("INIT in x2APIC mode", REQUIRES(HAS_X2APIC &&cpu_count() > 1));

/* Conventional memory that nobody else uses. What is read goes to the page's second half, 8 bytes each. */
#define CODE_PAGE 0x30u
#define RESULTS	  0x800u
#define DONE	  0xff8u

static const struct {
	const char *name;
	u32 msr;
	u64 value; /* after INIT */
} rows[] = {
	{ "TPR", 0x808, 0 },
	{ "PPR", 0x80a, 0 },
	{ "SVR", 0x80f, 0xff },
	{ "ISR3", 0x813, 0 },
	{ "IRR2", 0x822, 0 },
	{ "TMR3", 0x81b, 0 },
	{ "LVT-timer", 0x832, APIC_LVT_MASKED },
	{ "LVT-LINT0", 0x835, APIC_LVT_MASKED },
	{ "LVT-LINT1", 0x836, APIC_LVT_MASKED },
	{ "LVT-error", 0x837, APIC_LVT_MASKED },
	{ "timer-initial-count", 0x838, 0 },
	{ "timer-current-count", 0x839, 0 },
	{ "timer-divide-configuration", 0x83e, 0 },
};

static u8 *memory(u32 offset)
{
	return (u8 *)(ulong)(CODE_PAGE << 12) + offset;
}

static u64 result(u32 index)
{
	u64 value;

	memcpy(&value, memory(RESULTS + 8 * index), sizeof(value));
	return value;
}

static u8 *emit(u8 *at, const u8 *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* MOV ECX, msr; RDMSR; MOV CS:[offset], EAX; MOV CS:[offset + 4], EDX; in a 16-bit segment. */
static u8 *emit_read(u8 *at, u32 msr, u32 index)
{
	const u32 to = RESULTS + 8 * index;
	const u8 code[] = { 0x66,
			    0xb9,
			    (u8)msr,
			    (u8)(msr >> 8),
			    0,
			    0,
			    0x0f,
			    0x32,
			    0x2e,
			    0x66,
			    0xa3,
			    (u8)to,
			    (u8)(to >> 8),
			    0x2e,
			    0x66,
			    0x89,
			    0x16,
			    (u8)(to + 4),
			    (u8)((to + 4) >> 8) };

	return emit(at, code, sizeof(code));
}

/* Without x2APIC mode, the other reads would fault where nobody handles it. */
static void prepare(void)
{
	/* TEST AH, 4; JNZ over HLT and JMP back to it. */
	static const u8 guard[] = { 0xf6, 0xc4, 0x04, 0x75, 0x0a };
	static const u8 done[] = {
		0x2e, 0xc6, 0x06, DONE & 0xff, DONE >> 8, 0x01, 0xf4, 0xeb, 0xfd
	};
	u8 *at = memory(0);

	memset(at, 0, PAGE_SIZE);
	at = emit_read(at, MSR_IA32_APIC_BASE, 0);
	at = emit(at, guard, sizeof(guard));
	at = emit(at, done, sizeof(done));
	*at++ = 0x90;
	at = emit_read(at, apic_msr(APIC_ID), 1);
	at = emit_read(at, apic_msr(APIC_LDR), 2);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		at = emit_read(at, rows[i].msr, 3 + i);
	emit(at, done, sizeof(done));
}

static u32 ready, id_before;

static void say_ready_and_stay(struct trap_frame *frame)
{
	(void)frame;
	atomic_store(&ready, 1);
	for (;;)
		arch_relax();
}

/* Ends in a handler, with another interrupt pending and the timer running. */
static void change_everything(void *arg)
{
	(void)arg;
	x2apic_enter();
	id_before = apic_id();
	apic_write(APIC_TPR, 0x15);
	apic_write(APIC_SVR, APIC_SVR_ENABLE | 0xfe);
	apic_write(APIC_LVT_LINT0, 0x31);
	apic_write(APIC_LVT_LINT1, 0x32);
	apic_write(APIC_LVT_ERROR, 0x33);
	apic_timer_start(APIC_TIMER_PERIODIC | APIC_LVT_MASKED | 0x34, 3, 0xf0000000);
	apic_write(APIC_SELF_IPI, 0x61);
	apic_write(APIC_SELF_IPI, 0x51);
	irq_window();
}

TEST(init, "INIT keeps x2APIC mode and the ID, and initializes the other registers",
     SPEC("SDM vol. 3A, 10.12.5.1, 10.12.10.2"))
{
	prepare();
	atomic_store(&ready, 0);
	trap_set_handler(0x61, say_ready_and_stay);
	cpu_start_work(1, change_everything, NULL);
	ASSERT(wait_until(atomic_load(&ready)), "CPU 1 does not run");
	cpu_take_over(1);
	cpu_send_init(1);
	cpu_send_sipi(1, CODE_PAGE);
	ASSERT(wait_until(READ_ONCE(*memory(DONE))), "CPU 1 does not start");
	SUBTEST("mode");
	ASSERT_EQ(result(0) & (APIC_BASE_ENABLE | APIC_BASE_EXTD),
		  APIC_BASE_ENABLE | APIC_BASE_EXTD);
	SUBTEST("ID");
	EXPECT_EQ(result(1), (u64)id_before);
	SUBTEST("LDR");
	EXPECT_EQ(result(2), (u64)(id_before >> 4) << 16 | BIT(id_before & 0xf));
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(result(3 + i), rows[i].value);
	}
}
