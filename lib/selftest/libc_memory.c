/* SPDX-License-Identifier: MIT */
/*
 * memcpy(), memmove(), memset(), memcmp() and memchr() at every alignment and around the sizes
 * at which they change from bytes to words. What must come out is worked out byte by byte
 * through volatile pointers: a plain loop would be compiled into a call of the very function
 * under test.
 */
#include <string.h>
#include <test.h>

SUITE("Memory functions");

#define ALIGNMENTS 16
#define MAX_SIZE   72
/* Room for what a wrong function might overwrite on either side. */
#define GUARD	   16
#define AREA	   (GUARD + ALIGNMENTS + MAX_SIZE + GUARD)

static u8 actual[AREA] __aligned(ALIGNMENTS);
static u8 expected[AREA] __aligned(ALIGNMENTS);
static u8 source[AREA] __aligned(ALIGNMENTS);

static void fill_random(volatile u8 *area, size_t size)
{
	for (size_t i = 0; i < size; i++)
		area[i] = (u8)random_u64();
}

static void copy_bytes(volatile u8 *to, const volatile u8 *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = from[i];
}

/* Where the areas first differ; `size` if they do not. */
static size_t first_difference(const volatile u8 *a, const volatile u8 *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (a[i] != b[i])
			return i;
	}
	return size;
}

TEST(memcpy_alignments, "memcpy copies exactly the given bytes at every alignment",
     SPEC("C11, 7.24.2.1"))
{
	fill_random(source, AREA);
	fill_random(actual, AREA);
	for (unsigned int to = GUARD; to < GUARD + ALIGNMENTS; to++) {
		for (unsigned int from = 0; from < ALIGNMENTS; from++) {
			for (unsigned int size = 0; size <= MAX_SIZE; size++) {
				copy_bytes(expected, actual, AREA);
				copy_bytes(expected + to, source + from, size);

				void *result = memcpy(actual + to, source + from, size);

				ASSERT(result == actual + to);
				ASSERT_EQ(first_difference(actual, expected, AREA), (size_t)AREA,
					  "%u bytes to +%u from +%u", size, to, from);
				/* So that the next copy changes every byte. */
				source[from] = (u8)(source[from] + 1);
			}
			fill_random(source, AREA);
		}
	}
}

TEST(memcpy_page, "memcpy copies a page and its odd rest", SPEC("C11, 7.24.2.1"))
{
	enum { SIZE = 4096 + 13 };
	static u8 from[SIZE + 1], to[SIZE + 1];

	fill_random(from, SIZE);
	to[SIZE] = 0x5a;
	memcpy(to, from, SIZE);
	EXPECT_EQ(first_difference(to, from, SIZE), (size_t)SIZE);
	EXPECT_EQ(to[SIZE], 0x5a);
}

TEST(memmove_overlap, "memmove copies correctly when the areas overlap", SPEC("C11, 7.24.2.2"))
{
	enum { MIDDLE = 48, SIZE = 3 * MIDDLE };
	static const u8 sizes[] = { 0,	1,  2,	3,  4,	5,  7,	8,  9,	12, 15,
				    16, 17, 23, 24, 25, 31, 32, 33, 40, 47, 48 };
	static u8 area[SIZE] __aligned(ALIGNMENTS);
	static u8 model[SIZE];
	static u8 third[MIDDLE];

	fill_random(area, SIZE);
	for (int from = MIDDLE; from < MIDDLE + ALIGNMENTS; from++) {
		for (int to = from - 33; to <= from + 33; to++) {
			for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
				copy_bytes(model, area, SIZE);
				copy_bytes(third, area + from, sizes[i]);
				copy_bytes(model + to, third, sizes[i]);

				void *result = memmove(area + to, area + from, sizes[i]);

				ASSERT(result == area + to);
				ASSERT_EQ(first_difference(area, model, SIZE), (size_t)SIZE,
					  "%u bytes to +%d from +%d", sizes[i], to, from);
			}
			/* Copies make the bytes alike, and like bytes hide errors. */
			fill_random(area + from - 33, MIDDLE);
		}
		fill_random(area, SIZE);
	}
}

TEST(memmove_apart, "memmove copies exactly the given bytes when the areas do not overlap",
     SPEC("C11, 7.24.2.2"))
{
	fill_random(source, AREA);
	for (unsigned int to = GUARD; to < GUARD + ALIGNMENTS; to++) {
		for (unsigned int size = 0; size <= MAX_SIZE; size++) {
			fill_random(actual, AREA);
			copy_bytes(expected, actual, AREA);
			copy_bytes(expected + to, source + size % ALIGNMENTS, size);
			memmove(actual + to, source + size % ALIGNMENTS, size);
			ASSERT_EQ(first_difference(actual, expected, AREA), (size_t)AREA,
				  "%u bytes to +%u", size, to);
		}
	}
}

TEST(memset_alignments, "memset sets exactly the given bytes to the low byte of the value",
     SPEC("C11, 7.24.6.1"))
{
	static const int values[] = { 0, 0x5a, 0xff, 0x180, -1 };

	fill_random(source, AREA);
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		for (unsigned int at = GUARD; at < GUARD + ALIGNMENTS; at++) {
			for (unsigned int size = 0; size <= MAX_SIZE; size++) {
				copy_bytes(actual, source, AREA);
				copy_bytes(expected, source, AREA);
				for (unsigned int k = 0; k < size; k++)
					WRITE_ONCE(expected[at + k], (u8)values[i]);

				void *result = memset(actual + at, values[i], size);

				ASSERT(result == actual + at);
				ASSERT_EQ(first_difference(actual, expected, AREA), (size_t)AREA,
					  "%u bytes at +%u to %#x", size, at, values[i]);
			}
		}
	}
}

TEST(memcmp_equal, "memcmp finds equal areas equal, whatever lies around them",
     SPEC("C11, 7.24.4.1"))
{
	for (unsigned int a = GUARD; a < GUARD + ALIGNMENTS; a++) {
		for (unsigned int b = GUARD; b < GUARD + ALIGNMENTS; b++) {
			fill_random(actual, AREA);
			for (unsigned int size = 0; size <= MAX_SIZE; size++) {
				copy_bytes(expected + b, actual + a, size);
				expected[b - 1] = (u8)~actual[a - 1];
				expected[b + size] = (u8)~actual[a + size];
				ASSERT_EQ(memcmp(actual + a, expected + b, size), 0,
					  "%u bytes, +%u and +%u", size, a, b);

				/* Equal for another word, and different then. */
				copy_bytes(expected + b, actual + a, size + GUARD - 1);
				expected[b + size + GUARD - 1] = (u8)~actual[a + size + GUARD - 1];
				ASSERT_EQ(memcmp(actual + a, expected + b, size), 0,
					  "%u bytes of more, +%u and +%u", size, a, b);
			}
		}
	}
}

TEST(memcmp_first_difference, "memcmp goes by the first byte that differs, wherever it is",
     SPEC("C11, 7.24.4.1"))
{
	for (unsigned int a = GUARD; a < GUARD + ALIGNMENTS; a++) {
		for (unsigned int at = 0; at < MAX_SIZE; at++) {
			unsigned int b = GUARD + at % 3 * 8;

			fill_random(actual, AREA);
			copy_bytes(expected + b, actual + a, MAX_SIZE);
			actual[a + at] = 0x41;
			expected[b + at] = 0x42;
			/* All that follows says the opposite. */
			for (unsigned int k = at + 1; k < MAX_SIZE; k++) {
				actual[a + k] = 2;
				expected[b + k] = 1;
			}
			ASSERT_LT(memcmp(actual + a, expected + b, MAX_SIZE), 0,
				  "byte %u, +%u and +%u", at, a, b);
			ASSERT_GT(memcmp(expected + b, actual + a, MAX_SIZE), 0,
				  "byte %u, +%u and +%u", at, a, b);
			ASSERT_EQ(memcmp(actual + a, expected + b, at), 0, "byte %u, +%u and +%u",
				  at, a, b);
		}
	}
}

TEST(memcmp_unsigned, "memcmp compares bytes as unsigned", SPEC("C11, 7.24.4"))
{
	static const u8 small[16] = { 0x7f }, large[16] = { 0x80 }, largest[16] = { 0xff };

	for (size_t size = 1; size <= sizeof(small); size++) {
		EXPECT_LT(memcmp(small, large, size), 0, "%zu bytes", size);
		EXPECT_GT(memcmp(largest, large, size), 0, "%zu bytes", size);
		EXPECT_GT(memcmp(largest, small, size), 0, "%zu bytes", size);
	}
}

TEST(memchr_first, "memchr finds the first of the bytes that are equal to the value",
     SPEC("C11, 7.24.5.1"))
{
	static const u8 bytes[] = { 1, 2, 0, 2, 0xfe, 3 };

	EXPECT(memchr(bytes, 1, sizeof(bytes)) == bytes);
	EXPECT(memchr(bytes, 2, sizeof(bytes)) == bytes + 1);
	EXPECT(memchr(bytes, 0, sizeof(bytes)) == bytes + 2);
	EXPECT(memchr(bytes, 3, sizeof(bytes)) == bytes + 5);
}

TEST(memchr_converts, "memchr takes the value as an unsigned char", SPEC("C11, 7.24.5.1"))
{
	static const u8 bytes[] = { 1, 0xfe, 3 };

	EXPECT(memchr(bytes, 0xfe, sizeof(bytes)) == bytes + 1);
	EXPECT(memchr(bytes, -2, sizeof(bytes)) == bytes + 1);
	EXPECT(memchr(bytes, 0x103, sizeof(bytes)) == bytes + 2);
}

TEST(memchr_absent, "memchr returns NULL when no byte within the size is equal",
     SPEC("C11, 7.24.5.1"))
{
	static const u8 bytes[] = { 1, 2, 3 };

	EXPECT(memchr(bytes, 4, sizeof(bytes)) == NULL);
	EXPECT(memchr(bytes, 3, 2) == NULL);
	EXPECT(memchr(bytes, 1, 0) == NULL);
}
