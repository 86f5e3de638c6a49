/* SPDX-License-Identifier: MIT */
/* SMIs that come while a guest runs or GIF is clear: APM vol. 2, 15.13.3, 15.22. */
#include "intercept.h"

#include <string.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/mode.h>

#define SMBASE	  0x30000
#define SMM_ENTRY (SMBASE + 0x8000)
#define SMM_COUNT (SMBASE + 0x9000)

#define ICR_SMI (2u << 8)

static u32 count(void)
{
	return READ_ONCE(*low32(SMM_COUNT));
}

/* Where nobody has moved SMBASE and memory is there for SMM, the handler counts. */
static void prepare(void)
{
	/* INC dword CS:[9000H]; RSM. */
	static const u8 handler[] = { 0x66, 0x2e, 0xff, 0x06, 0x00, 0x90, 0x0f, 0xaa };

	memcpy(low8(SMM_ENTRY), handler, sizeof(handler));
	*low32(SMM_COUNT) = 0;
}

static void send_smi(void)
{
	apic_send(ICR_SMI | ICR_ASSERT, apic_id());
}

static bool smi_works(void)
{
	static bool known, works;

	if (!known) {
		prepare();
		send_smi();
		delay_us(200);
		works = count() == 1;
		known = true;
	}
	return works;
}

SUITE("SVM: SMI", REQUIRES(svm_available() && smi_works()));

TEST(gif_holds_smi, "CLGI holds an SMI pending, STGI lets it in",
     SPEC("APM vol. 2, 15.17, table 15-10; 15.22.2, table 15-14"))
{
	svm_enable();
	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "gif-set" : "gif-clear");
		prepare();
		if (!i)
			clgi();
		send_smi();
		delay_us(200);
		EXPECT_EQ(count(), i);
		stgi();
		delay_us(200);
		EXPECT_EQ(count(), 1u);
	}
}

TEST(smi_intercept,
     "an SMI exits where its intercept is set and stays pending for the host; else SMM is entered from the guest",
     SPEC("APM vol. 2, 15.13.3; 15.22.2, table 15-14"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 intercept = 0; intercept < 2; intercept++) {
		SUBTEST("%s", intercept ? "intercept" : "no-intercept");
		prepare();
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, "\x90\x90\x90", 3);
		intercept_patterns(g);
		svm_intercept(g, SVM_EXIT_SMI, intercept);
		clgi();
		send_smi();
		delay_us(100);
		EXPECT_EQ(count(), 0u);
		svm_run(g);
		if (intercept) {
			EXPECT_EXIT(g, SVM_EXIT_SMI);
			EXPECT_EQ(g->save->rip, svm_start(g));
		} else {
			EXPECT_DONE(g);
		}
		delay_us(200);
		EXPECT_EQ(count(), 1u);
	}
}
