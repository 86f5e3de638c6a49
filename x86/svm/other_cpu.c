/* SPDX-License-Identifier: MIT */
/* What another CPU sends while the guest runs: INIT, NMI, interrupts. APM vol. 2, 15.13, 15.21.8, 15.21.9. */
#include "intercept.h"

#include <string.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>

SUITE("SVM: events from another CPU", REQUIRES(svm_available() && cpu_count() > 1));

#define VECTOR_1  0x52
#define NO_EXIT	  0x7777 /* in EXITCODE while the guest runs */
#define SETTLE_US 3000

/* INC dword [BX]; JMP */
static const u8 count_loop[] = { 0xff, 0x03, 0xeb, 0xfc };

static void run_guest(void *arg)
{
	struct svm_guest *g = arg;

	svm_enable();
	svm_run(g);
}

static u32 count_of(const struct svm_guest *g)
{
	return READ_ONCE(*(u32 *)g->data);
}

/* Starts the guest on CPU 1 and waits until it runs. */
static struct svm_guest *start(u32 intercept)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_code_bytes(g, count_loop, sizeof(count_loop));
	g->registers.bx = (ulong)g->data;
	*(u32 *)g->data = 0;
	g->control->exitcode = NO_EXIT;
	if (intercept)
		svm_intercept(g, intercept, true);
	g->save->rflags |= FLAG_IF;
	cpu_start_work(1, run_guest, g);
	ASSERT(wait_until(count_of(g) >= 100));
	return g;
}

/* True if there is an exit. */
static bool wait_for_exit(const struct svm_guest *g)
{
	return wait_until(READ_ONCE(g->control->exitcode) != NO_EXIT);
}

static void send(u32 low)
{
	apic_send(low | ICR_ASSERT, (u32)cpu_by_number(1)->hardware_id);
}

TEST(init_intercepted, "an INIT that another CPU sends exits where its intercept is set",
     SPEC("APM vol. 2, 15.13.4; 15.21.8, table 15-12"))
{
	struct svm_guest *g = start(SVM_EXIT_INIT);

	send(ICR_INIT);
	EXPECT(wait_for_exit(g));
	EXPECT_EXIT(g, SVM_EXIT_INIT);
	EXPECT_GE(g->save->rip, svm_start(g));
	EXPECT_LE(g->save->rip, svm_end(g));
}

TEST(init_pending, "an INIT that was intercepted stays pending, and takes effect when GIF is set",
     SPEC("APM vol. 2, 15.13.4; 15.21.8, table 15-12"))
{
	struct svm_guest *g = start(SVM_EXIT_INIT);

	send(ICR_INIT);
	EXPECT(wait_for_exit(g));
	delay_us(SETTLE_US);
	/* svm_run() has set GIF: had it returned, the CPU would be without work. */
	EXPECT_EQ(READ_ONCE(cpu_by_number(1)->state), (u32)CPU_WORKING);
}

TEST(init_not_intercepted, "an INIT that is not intercepted stops the CPU without an exit",
     SPEC("APM vol. 2, 15.21.8, table 15-12"))
{
	struct svm_guest *g = start(0);
	const u64 end = clock_ns() + WAIT_PATIENCE_NS;
	bool stopped = false;

	send(ICR_INIT);
	while (!stopped && clock_ns() < end) {
		u32 before = count_of(g);

		delay_us(SETTLE_US);
		stopped = count_of(g) == before;
	}
	EXPECT(stopped);
	EXPECT_EQ(g->control->exitcode, (u64)NO_EXIT);
}

static struct {
	u32 count;   /* counts while GIF is clear */
	bool set;    /* GIF is to be set */
	bool passed; /* and has been, without effect */
} gif;

static void count_without_gif(void *arg)
{
	(void)arg;
	svm_enable();
	clgi();
	while (!READ_ONCE(gif.set))
		WRITE_ONCE(gif.count, gif.count + 1);
	stgi();
	delay_us(SETTLE_US);
	WRITE_ONCE(gif.passed, true);
}

TEST(gif_holds_init, "an INIT that comes while GIF is clear waits until it is set",
     SPEC("APM vol. 2, 15.17, table 15-10; 15.21.8, table 15-12"))
{
	u32 before;

	memset(&gif, 0, sizeof(gif));
	cpu_start_work(1, count_without_gif, NULL);
	ASSERT(wait_until(READ_ONCE(gif.count) >= 100));
	send(ICR_INIT);
	delay_us(SETTLE_US);
	before = READ_ONCE(gif.count);
	EXPECT(wait_until(READ_ONCE(gif.count) - before >= 1000));
	WRITE_ONCE(gif.set, true);
	delay_us(10 * SETTLE_US);
	EXPECT(!READ_ONCE(gif.passed));
}

static u32 nmis;

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	nmis++;
}

TEST(nmi_from_other,
     "an NMI that another CPU sends exits where its intercept is set, and then comes in the host",
     SPEC("APM vol. 2, 15.13.2; 15.21.9"))
{
	struct svm_guest *g;

	nmis = 0;
	trap_set_handler(VEC_NMI, count_nmi);
	g = start(SVM_EXIT_NMI);
	send(ICR_NMI);
	EXPECT(wait_for_exit(g));
	cpu_wait(1);
	EXPECT_EXIT(g, SVM_EXIT_NMI);
	EXPECT_EQ(READ_ONCE(nmis), 1u);
}

TEST(nmi_from_other_delivered,
     "an NMI that another CPU sends is the guest's where its intercept is clear",
     SPEC("APM vol. 2, 15.21.9, table 15-13"))
{
	struct svm_guest *g;

	nmis = 0;
	trap_set_handler(VEC_NMI, count_nmi);
	g = start(0);
	send(ICR_NMI);
	EXPECT(wait_for_exit(g));
	cpu_wait(1);
	EXPECT_DELIVERED(g, VEC_NMI);
	EXPECT_EQ(READ_ONCE(nmis), 0u);
}

TEST(intr_from_other, "an interrupt that another CPU sends exits where its intercept is set",
     SPEC("APM vol. 2, 15.13.1"))
{
	struct svm_guest *g = start(SVM_EXIT_INTR);

	send(ICR_FIXED | VECTOR_1);
	EXPECT(wait_for_exit(g));
	cpu_wait(1);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
}

TEST(intr_from_other_delivered,
     "an interrupt that another CPU sends is the guest's where its intercept is clear",
     SPEC("APM vol. 2, 15.13.1; 15.21.1"))
{
	struct svm_guest *g = start(0);

	send(ICR_FIXED | VECTOR_1);
	EXPECT(wait_for_exit(g));
	cpu_wait(1);
	EXPECT_DELIVERED(g, VECTOR_1);
}

TEST(guests_on_two_cpus, "two CPUs run guests at the same time, each with its own VMCB and ASID",
     SPEC("APM vol. 2, 15.5.1; 15.16"))
{
	struct svm_guest *g = start(SVM_EXIT_INTR), *mine = svm_new(SVM_NATIVE);

	svm_code_bytes(mine, "\x90", 1);
	for (u32 round = 0; round < 100; round++) {
		mine->save->rip = svm_start(mine);
		svm_run(mine);
		if (!EXPECT_DONE(mine))
			break;
	}
	EXPECT_EQ(g->control->exitcode, (u64)NO_EXIT);
	send(ICR_FIXED | VECTOR_1);
	EXPECT(wait_for_exit(g));
	cpu_wait(1);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
}
