/* SPDX-License-Identifier: MIT */
#include <harness/random.h>

static u64 state;

/* SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). */
u64 random_u64(void)
{
	u64 z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

u64 random_below(u64 bound)
{
	return random_u64() % bound;
}

/* The name goes in by FNV-1a. */
void random_seed(u64 seed, const char *name)
{
	u64 hash = 0xcbf29ce484222325ull;

	for (; *name; name++)
		hash = (hash ^ (u8)*name) * 0x100000001b3ull;
	state = hash ^ seed * 0x9e3779b97f4a7c15ull;
}
