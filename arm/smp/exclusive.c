/* SPDX-License-Identifier: MIT */
/* Exclusives: what makes a store-exclusive fail. */
#include <test.h>

#include <arm/exclusive.h>
#include <sys/atomic.h>
#include <sys/cpu.h>

SUITE("Exclusive monitors", REQUIRES(cpu_count() >= 2));

TEST(store_without_load, "a store-exclusive after CLREX fails and stores nothing",
     SPEC("DDI 0487, B2.9.2, the local monitor in the Open Access state"))
{
	u32 word = 1;

	EXPECT_EQ(load_exclusive(&word), 1);
	clear_exclusive();
	EXPECT(!store_exclusive(&word, 2));
	EXPECT_EQ(word, 1);
}

TEST(store_once, "a second store-exclusive without a load-exclusive in between fails",
     SPEC("DDI 0487, B2.9.2, the local monitor after a Store-Exclusive"))
{
	u32 word = 1;
	bool stored = false;

	/* The first may fail without a reason. */
	for (u32 attempt = 0; attempt < 100 && !stored; attempt++) {
		load_exclusive(&word);
		stored = store_exclusive(&word, 1);
	}
	ASSERT(stored);
	/* Not that the value has changed makes the second one fail. */
	EXPECT(!store_exclusive(&word, 2));
	EXPECT_EQ(word, 1);
}

static u32 shared;

static void overwrite(void *arg)
{
	(void)arg;
	atomic_store(&shared, 7);
}

TEST(monitor_sees_others, "a store of another CPU makes the store-exclusive fail",
     SPEC("DDI 0487, B2.9.3, the global monitor"))
{
	u32 seen;

	/*
	 * Exclusive load, then what another CPU does, then the store: with the message to it in between
	 * the monitor may also be lost to an exception, which is the same result.
	 */
	run_on_cpu(1, overwrite, NULL);
	atomic_store(&shared, 1);
	seen = load_exclusive(&shared);
	run_on_cpu(1, overwrite, NULL);
	EXPECT_EQ(seen, 1);
	EXPECT(!store_exclusive(&shared, 2));
	EXPECT_EQ(atomic_load(&shared), 7);
}
