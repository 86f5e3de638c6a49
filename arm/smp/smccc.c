/* SPDX-License-Identifier: MIT */
/* SMCCC: its version and features, unknown functions of every owner, random numbers, stolen time. */
#include <test.h>

#include <arm/psci.h>

SUITE("SMCCC", REQUIRES(psci_conduit() != PSCI_NONE));

#define NOT_REQUIRED (-2)

#define WORKAROUND_1 0x80008000u
#define WORKAROUND_2 0x80007fffu
#define WORKAROUND_3 0x80003fffu
#define SOC_ID	     0x80000002u

#define TRNG_VERSION  0x84000050u
#define TRNG_FEATURES 0x84000051u
#define TRNG_GET_UUID 0x84000052u
#define TRNG_RND32    0x84000053u
#define TRNG_RND64    0xc4000053u

#define PV_TIME_FEATURES 0xc5000020u
#define PV_TIME_ST	 0xc5000021u

static s32 call(u32 function, ulong a1)
{
	return (s32)smccc_call(function, a1, 0, 0).r[0];
}

/* DEN 0028, 7: SMCCC_VERSION may be called where PSCI_FEATURES knows it. */
static bool has_version(void)
{
	return psci_call(PSCI_VERSION, 0, 0, 0) >= 0x10000 &&
	       psci_call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) >= 0;
}

static bool has_trng(void)
{
	return call(TRNG_VERSION, 0) >= 0x10000;
}

static bool has_stolen_time(void)
{
	return has_version() && call(SMCCC_ARCH_FEATURES, PV_TIME_FEATURES) >= 0;
}

TEST(smccc_version, "SMCCC_VERSION is at least 1.1, and stays",
     SPEC("DEN 0028, 7.2, SMCCC_VERSION"), REQUIRES(has_version()))
{
	s32 version = call(SMCCC_VERSION, 0);

	EXPECT_GE(version, 0x10001);
	EXPECT_EQ(version >> 31, 0);
	EXPECT_EQ(call(SMCCC_VERSION, 0), version);
}

TEST(smccc_arch_features,
     "SMCCC_ARCH_FEATURES knows itself and SMCCC_VERSION, and not what does not exist",
     SPEC("DEN 0028, 7.3, SMCCC_ARCH_FEATURES"), REQUIRES(has_version()))
{
	SUBTEST("version");
	EXPECT_EQ(call(SMCCC_ARCH_FEATURES, SMCCC_VERSION), 0);
	SUBTEST("features");
	EXPECT_EQ(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES), 0);
	SUBTEST("unknown");
	EXPECT_EQ(call(SMCCC_ARCH_FEATURES, 0x8000abcd), PSCI_NOT_SUPPORTED);
	EXPECT_EQ(call(SMCCC_ARCH_FEATURES, 0), PSCI_NOT_SUPPORTED);
}

TEST(smccc_workarounds,
     "a workaround is there, not needed or unknown; what is there or not needed can be called",
     SPEC("DEN 0028, 7.4 to 7.6, SMCCC_ARCH_WORKAROUND_1, 2, 3"), REQUIRES(has_version()))
{
	static const struct {
		const char *name;
		u32 function;
	} rows[] = { { "workaround-1", WORKAROUND_1 },
		     { "workaround-2", WORKAROUND_2 },
		     { "workaround-3", WORKAROUND_3 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		s32 answer = call(SMCCC_ARCH_FEATURES, rows[i].function);

		SUBTEST("%s", rows[i].name);
		EXPECT(answer == 0 || answer == 1 || answer == PSCI_NOT_SUPPORTED ||
		       answer == NOT_REQUIRED);
		/* They return nothing: that the next instruction is reached is all. */
		if (answer >= 0)
			smccc_call(rows[i].function, 0, 0, 0);
		EXPECT_EQ(call(SMCCC_ARCH_FEATURES, rows[i].function), answer);
	}
}

TEST(smccc_unknown, "a function that nobody has is NOT_SUPPORTED, whoever's it were",
     SPEC("DEN 0028, 5.2, unknown function identifiers; 2.5, owners"))
{
	static const struct {
		const char *name;
		u32 owner;
	} owners[] = {
		{ "arch", 0 },
		{ "cpu", 1 },
		{ "sip", 2 },
		{ "oem", 3 },
		{ "standard", 4 },
		{ "hypervisor", 5 },
		{ "vendor-hypervisor", 6 },
		{ "reserved-7", 7 },
		{ "reserved-47", 47 },
		{ "ta-48", 48 },
		{ "ta-49", 49 },
		{ "os-50", 50 },
		{ "os-63", 63 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(owners); i++) {
		SUBTEST("%s", owners[i].name);
		for (u32 wide = 0; wide < 2; wide++) {
			u32 function = BIT(31) | wide << 30 | owners[i].owner << 24 | 0xabc;

			EXPECT_EQ(call(function, 0), PSCI_NOT_SUPPORTED, "%#x", function);
		}
	}
}

TEST(smccc_yielding_unknown, "a yielding call that nobody has is NOT_SUPPORTED",
     SPEC("DEN 0028, 2.5, 5.2"))
{
	static const u32 functions[] = { 0x02000000, 0x1fffffff, 0x20000000, 0x7fffffff };

	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		SUBTEST("%#010x", functions[i]);
		EXPECT_EQ(call(functions[i], 0), PSCI_NOT_SUPPORTED);
	}
}

/* ------------------------------------------------------------------------------- random numbers */

TEST(trng_features, "the TRNG has its mandatory functions and no others",
     SPEC("DEN 0098, 2.1, 2.2"), REQUIRES(has_trng()))
{
	static const u32 functions[] = { TRNG_VERSION, TRNG_FEATURES, TRNG_GET_UUID };

	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		SUBTEST("%#010x", functions[i]);
		EXPECT_GE(call(TRNG_FEATURES, functions[i]), 0);
	}
	SUBTEST("one-of-the-two");
	EXPECT(call(TRNG_FEATURES, TRNG_RND32) >= 0 || call(TRNG_FEATURES, TRNG_RND64) >= 0);
	SUBTEST("unknown");
	EXPECT_EQ(call(TRNG_FEATURES, 0x8400005f), PSCI_NOT_SUPPORTED);
}

static const struct rnd {
	const char *name;
	u32 function, most;
	bool wide;
} rnds[] = { { "rnd32", TRNG_RND32, 96, false }, { "rnd64", TRNG_RND64, 192, true } };

static bool has_rnd(const struct rnd *rnd)
{
	return (!rnd->wide || sizeof(ulong) == 8) && call(TRNG_FEATURES, rnd->function) >= 0;
}

TEST(trng_sizes, "TRNG_RND refuses no bits and more than fit in three registers",
     SPEC("DEN 0098, 2.4, TRNG_RND, INVALID_PARAMETERS"), REQUIRES(has_trng()))
{
	for (u32 i = 0; i < ARRAY_SIZE(rnds); i++) {
		SUBTEST("%s", rnds[i].name);
		if (!has_rnd(&rnds[i])) {
			SKIP_ROW("this function is not there");
			continue;
		}
		EXPECT_EQ(call(rnds[i].function, 0), PSCI_INVALID_PARAMETERS);
		EXPECT_EQ(call(rnds[i].function, rnds[i].most + 1), PSCI_INVALID_PARAMETERS);
		EXPECT_EQ(call(rnds[i].function, ~0ul), PSCI_INVALID_PARAMETERS);
	}
}

TEST(trng_bits,
     "TRNG_RND gives as many bits as are asked for, zeros above them, and not the same again",
     SPEC("DEN 0098, 2.4, TRNG_RND"), REQUIRES(has_trng()))
{
	for (u32 i = 0; i < ARRAY_SIZE(rnds); i++) {
		u32 word = rnds[i].wide ? 64 : 32;

		SUBTEST("%s", rnds[i].name);
		if (!has_rnd(&rnds[i])) {
			SKIP_ROW("this function is not there");
			continue;
		}
		for (u32 bits = 1; bits <= rnds[i].most; bits += 7) {
			struct smccc a = smccc_call(rnds[i].function, bits, 0, 0);

			/* NO_ENTROPY is an answer. */
			if ((s32)a.r[0] == -3)
				continue;
			EXPECT_EQ((s32)a.r[0], 0);
			/* The lowest are in the last register. */
			for (u32 n = 0; n < 3; n++) {
				u32 left = bits > n * word ? bits - n * word : 0;
				u64 value = rnds[i].wide ? a.r[3 - n] : (u32)a.r[3 - n];

				if (left < word)
					EXPECT_EQ(value >> left, 0, "%u bits, register %u", bits,
						  3 - n);
			}
		}
	}
}

/* ------------------------------------------------------------------------------- stolen time */

TEST(stolen_time, "PV_TIME_ST names a structure of revision 0 whose time does not go back",
     SPEC("DEN 0057, 3.2, PV_TIME_FEATURES, PV_TIME_ST; 3.3"), REQUIRES(sizeof(ulong) == 8),
	  REQUIRES(has_stolen_time()))
{
	struct {
		u32 revision, attributes;
		u64 stolen;
	} * time;
	u64 before;

	SUBTEST("features");
	EXPECT_EQ(call(PV_TIME_FEATURES, PV_TIME_FEATURES), 0);
	EXPECT_EQ(call(PV_TIME_FEATURES, 0xc500002f), PSCI_NOT_SUPPORTED);
	if (call(PV_TIME_FEATURES, PV_TIME_ST) < 0) {
		SUBTEST("structure");
		SKIP_ROW("no PV_TIME_ST");
		return;
	}
	SUBTEST("structure");
	time = (void *)smccc_call(PV_TIME_ST, 0, 0, 0).r[0];
	EXPECT_EQ((ulong)time & 63, 0);
	EXPECT_EQ(READ_ONCE(time->revision), 0);
	EXPECT_EQ(READ_ONCE(time->attributes), 0);
	before = READ_ONCE(time->stolen);
	EXPECT_GE(READ_ONCE(time->stolen), before);
}
