/* SPDX-License-Identifier: MIT */
/* SMIs that come while a guest runs or GIF is clear: APM vol. 2, 15.13.3, 15.22. */
#include "intercept.h"

#include <sys/time.h>
#include <x86/smi.h>

SUITE("SVM: SMI", REQUIRES(svm_available() && smi_works()));

TEST(gif_holds_smi, "CLGI holds an SMI pending, STGI lets it in",
     SPEC("APM vol. 2, 15.17, table 15-10; 15.22.2, table 15-14"))
{
	svm_enable();
	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "gif-set" : "gif-clear");
		smi_prepare();
		if (!i)
			clgi();
		smi_send();
		delay_us(200);
		EXPECT_EQ(smi_count(), i);
		stgi();
		delay_us(200);
		EXPECT_EQ(smi_count(), 1u);
	}
}

TEST(smi_intercept,
     "an SMI exits where its intercept is set and stays pending for the host; else SMM is entered from the guest",
     SPEC("APM vol. 2, 15.13.3; 15.22.2, table 15-14"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 intercept = 0; intercept < 2; intercept++) {
		SUBTEST("%s", intercept ? "intercept" : "no-intercept");
		smi_prepare();
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, "\x90\x90\x90", 3);
		intercept_patterns(g);
		svm_intercept(g, SVM_EXIT_SMI, intercept);
		clgi();
		smi_send();
		delay_us(100);
		EXPECT_EQ(smi_count(), 0u);
		svm_run(g);
		if (intercept) {
			EXPECT_EXIT(g, SVM_EXIT_SMI);
			EXPECT_EQ(g->save->rip, svm_start(g));
		} else {
			EXPECT_DONE(g);
		}
		delay_us(200);
		EXPECT_EQ(smi_count(), 1u);
	}
}
