/* SPDX-License-Identifier: MIT */
/* Interlocked updates by all CPUs at once: none is lost. */
#include <test.h>

#include <sys/cpu.h>

SUITE("Interlocked updates", REQUIRES(cpu_count() > 1));

#define ROUNDS 20000u

static u64 counter[2] __aligned(16);

static void by_cs(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("l %%r2,%0\n"
				 "0: lr %%r3,%%r2\n"
				 "ahi %%r3,1\n"
				 "cs %%r2,%%r3,%0\n"
				 "jne 0b"
				 : "+Q"(*(u32 *)counter)
				 :
				 : "2", "3", "cc", "memory");
}

static void by_csg(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("lg %%r2,%0\n"
				 "0: lgr %%r3,%%r2\n"
				 "aghi %%r3,1\n"
				 "csg %%r2,%%r3,%0\n"
				 "jne 0b"
				 : "+S"(counter[0])
				 :
				 : "2", "3", "cc", "memory");
}

/* Two halves that have to move together. */
static void by_cdsg(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("lmg %%r2,%%r3,%0\n"
				 "0: lgr %%r4,%%r2\n"
				 "lgr %%r5,%%r3\n"
				 "aghi %%r4,1\n"
				 "aghi %%r5,3\n"
				 "cdsg %%r2,%%r4,%0\n"
				 "jne 0b"
				 : "+S"(counter)
				 :
				 : "2", "3", "4", "5", "cc", "memory");
}

static void by_laa(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("lhi %%r3,1\n"
				 "laa %%r2,%%r3,%0"
				 : "+S"(*(u32 *)counter)
				 :
				 : "2", "3", "cc", "memory");
}

static void by_laag(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("lghi %%r3,1\n"
				 "laag %%r2,%%r3,%0"
				 : "+S"(counter[0])
				 :
				 : "2", "3", "cc", "memory");
}

/* Interlocked too, with the interlocked-access facility 1, which LAA belongs to. */
static void by_agsi(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("agsi %0,1" : "+S"(counter[0]) : : "cc", "memory");
}

static void by_asi(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++)
		__asm__ volatile("asi %0,1" : "+S"(*(u32 *)counter) : : "cc", "memory");
}

static u64 wanted(void)
{
	return (u64)ROUNDS * cpu_count();
}

TEST(counters, "counts by several CPUs add up",
     SPEC("PoP SA22-7832-13, chapter 5, Interlocked-Update References; chapter 7, COMPARE AND SWAP, LOAD AND ADD"))
{
	static const struct {
		const char *name;
		void (*count)(void *arg);
		bool is_word;
	} rows[] = {
		{ "CS", by_cs, true },	    { "CSG", by_csg, false },	{ "LAA", by_laa, true },
		{ "LAAG", by_laag, false }, { "AGSI", by_agsi, false }, { "ASI", by_asi, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		counter[0] = 0;
		run_on_all_cpus(rows[i].count, NULL);
		EXPECT_EQ(rows[i].is_word ? counter[0] >> 32 : counter[0], wanted());
	}
}

TEST(double_counters, "COMPARE DOUBLE AND SWAP updates both halves at once",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE DOUBLE AND SWAP"))
{
	counter[0] = counter[1] = 0;
	run_on_all_cpus(by_cdsg, NULL);
	EXPECT_EQ(counter[0], wanted());
	EXPECT_EQ(counter[1], 3 * wanted());
}

TEST(compare_and_swap, "CS compares and swaps or loads; the condition code says which",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE AND SWAP"))
{
	u32 memory = 7, first = 7, cc;

	__asm__ volatile("cs %0,%3,%1\n"
			 "ipm %2"
			 : "+d"(first), "+Q"(memory), "=d"(cc)
			 : "d"(9)
			 : "cc");
	EXPECT_EQ(memory, 9u);
	EXPECT_EQ(first, 7u);
	EXPECT_EQ(cc >> 28, 0u);
	__asm__ volatile("cs %0,%3,%1\n"
			 "ipm %2"
			 : "+d"(first), "+Q"(memory), "=d"(cc)
			 : "d"(5)
			 : "cc");
	EXPECT_EQ(memory, 9u);
	EXPECT_EQ(first, 9u);
	EXPECT_EQ(cc >> 28, 1u);
}

TEST(load_and_operate,
     "LAA, LAN, LAO, LAX return what was there and have the condition code of the result",
     SPEC("PoP SA22-7832-13, chapter 7, LOAD AND ADD, LOAD AND AND, LOAD AND OR, LOAD AND EXCLUSIVE OR"))
{
#define OPERATE(name, mnemonic, before_, operand, after, cc_)        \
	do {                                                         \
		u32 memory = (before_), old = 0, cc;                 \
                                                                     \
		SUBTEST(name);                                       \
		__asm__ volatile(mnemonic " %0,%3,%1\n"              \
					  "ipm %2"                   \
				 : "=d"(old), "+S"(memory), "=d"(cc) \
				 : "d"(operand)                      \
				 : "cc");                            \
		EXPECT_EQ(old, (u32)(before_));                      \
		EXPECT_EQ(memory, (u32)(after));                     \
		EXPECT_EQ(cc >> 28, (u32)(cc_));                     \
	} while (0)
	OPERATE("LAA", "laa", 5, 6, 11, 2);
	OPERATE("LAA, negative", "laa", 5, -6, -1, 1);
	OPERATE("LAA, zero", "laa", 5, -5, 0, 0);
	OPERATE("LAA, overflow", "laa", 0x7fffffff, 1, 0x80000000, 3);
	OPERATE("LAAL, carry", "laal", 0xffffffff, 1, 0, 2);
	OPERATE("LAAL, carry and not zero", "laal", 0xffffffff, 2, 1, 3);
	OPERATE("LAAL", "laal", 1, 2, 3, 1);
	OPERATE("LAN", "lan", 0xff00, 0x0ff0, 0x0f00, 1);
	OPERATE("LAN, zero", "lan", 0xff00, 0x00ff, 0, 0);
	OPERATE("LAO", "lao", 0xff00, 0x00ff, 0xffff, 1);
	OPERATE("LAX", "lax", 0xff00, 0x0ff0, 0xf0f0, 1);
	OPERATE("LAX, zero", "lax", 0xff00, 0xff00, 0, 0);
}
