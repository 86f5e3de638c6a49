/* SPDX-License-Identifier: MIT */
#include <x86/xsave.h>

#include <harness/random.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/vector.h>
#include <x86/x87.h>

#define STORE_XMM_(n) "movups %%xmm" #n ", 16*" #n "(%0)\n"
#define LOAD_XMM_(n)  "movups 16*" #n "(%0), %%xmm" #n "\n"
#define STORE_YMM_(n) "vmovups %%ymm" #n ", 32*" #n "(%0)\n"
#define LOAD_YMM_(n)  "vmovups 32*" #n "(%0), %%ymm" #n "\n"

u64 area_u64(const struct xsave_area *area, u32 offset)
{
	u64 value;

	memcpy(&value, area->bytes + offset, sizeof(value));
	return value;
}

void area_set_u64(struct xsave_area *area, u32 offset, u64 value)
{
	memcpy(area->bytes + offset, &value, sizeof(value));
}

static void read_x87(struct xstate *state)
{
	struct x87_state image;

	fnsave(&image);
	frstor(&image);
	state->fcw = image.environment.control;
	state->fsw = image.environment.status;
	state->ftw = 0;
	for (u32 i = 0; i < 8; i++)
		if (x87_tag(&image.environment, i) != X87_TAG_EMPTY)
			state->ftw |= (u8)BIT(i);
	memcpy(state->st, image.st, sizeof(state->st));
}

static void write_x87(const struct xstate *state)
{
	struct x87_state image = { .environment.control = state->fcw,
				   .environment.status = state->fsw };

	for (u32 i = 0; i < 8; i++)
		if (!(state->ftw & BIT(i)))
			image.environment.tag |= (u16)(X87_TAG_EMPTY << 2 * i);
	memcpy(image.st, state->st, sizeof(image.st));
	frstor(&image);
}

void xstate_read(struct xstate *state, u64 components)
{
	memset(state, 0, sizeof(*state));
	if (components & XSTATE_X87)
		read_x87(state);
	if (components & XSTATE_SSE) {
		state->mxcsr = stmxcsr();
		__asm__ volatile(VECTOR_FOR_ALL(STORE_XMM_) : : "r"(state->xmm) : "memory");
	}
	if (components & XSTATE_AVX) {
		u8 ymm[XSTATE_REGISTERS][32];

		__asm__ volatile(VECTOR_FOR_ALL(STORE_YMM_) : : "r"(ymm) : "memory");
		for (u32 i = 0; i < XSTATE_REGISTERS; i++)
			memcpy(state->ymm_high[i], ymm[i] + 16, 16);
	}
	if (components & XSTATE_PKRU)
		state->pkru = rdpkru();
}

void xstate_write(const struct xstate *state, u64 components)
{
	if (components & XSTATE_X87)
		write_x87(state);
	if (components & XSTATE_AVX) {
		u8 ymm[XSTATE_REGISTERS][32];

		for (u32 i = 0; i < XSTATE_REGISTERS; i++) {
			memcpy(ymm[i], state->xmm[i], 16);
			memcpy(ymm[i] + 16, state->ymm_high[i], 16);
		}
		__asm__ volatile(VECTOR_FOR_ALL(LOAD_YMM_) : : "r"(ymm) : "memory");
	}
	if (components & XSTATE_SSE) {
		ldmxcsr(state->mxcsr);
		__asm__ volatile(VECTOR_FOR_ALL(LOAD_XMM_) : : "r"(state->xmm) : "memory");
	}
	if (components & XSTATE_PKRU)
		wrpkru(state->pkru);
}

static void fill_random(void *memory, size_t size)
{
	u8 *bytes = memory;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (u8)random_u64();
}

void xstate_random(struct xstate *state)
{
	fill_random(state, sizeof(*state));
	/* Exceptions masked, any precision and rounding; no flag that would raise #MF. */
	state->fcw = (u16)(0x007f | (random_below(2) ? 0x0200 : 0x0000) | random_below(4) << 10);
	state->fsw = (u16)(0x4100 | (1 + random_below(7)) << 11);
	state->ftw |= 1;
	state->mxcsr = (u32)(0x1f80 | random_below(4) << 13 | random_below(64)) ^ 0x2000;
	if (state->mxcsr == 0x1f80)
		state->mxcsr ^= 1;
	/* Normal numbers. */
	for (u32 i = 0; i < 8; i++) {
		state->st[i][7] |= 0x80;
		state->st[i][8] = (u8)random_below(254);
		state->st[i][9] = (u8)(0x3f | random_below(2) << 7);
	}
	state->pkru = ((u32)random_u64() & ~3u) | 4;
}

void xstate_initialise(struct xstate *state, u64 components)
{
	if (components & XSTATE_X87) {
		state->fcw = 0x037f;
		state->fsw = 0;
		state->ftw = 0;
		memset(state->st, 0, sizeof(state->st));
	}
	if (components & XSTATE_SSE)
		memset(state->xmm, 0, sizeof(state->xmm));
	if (components & XSTATE_AVX)
		memset(state->ymm_high, 0, sizeof(state->ymm_high));
	if (components & XSTATE_PKRU)
		state->pkru = 0;
}

u32 xstate_offset(u32 component)
{
	return cpuid(0xd, component).ebx;
}

u32 xstate_size(u32 component)
{
	return cpuid(0xd, component).eax;
}

void xstate_to_area(const struct xstate *state, u64 components, struct xsave_area *area)
{
	u8 *bytes = area->bytes;

	if (components & XSTATE_X87) {
		memcpy(bytes + XSAVE_FCW, &state->fcw, 2);
		memcpy(bytes + XSAVE_FSW, &state->fsw, 2);
		bytes[XSAVE_FTW] = state->ftw;
		bytes[XSAVE_FTW + 1] = 0;
		memset(bytes + XSAVE_FTW + 2, 0, XSAVE_MXCSR - XSAVE_FTW - 2);
		for (u32 i = 0; i < 8; i++)
			memcpy(bytes + XSAVE_ST + 16 * i, state->st[i], 10);
	}
	if (components & (XSTATE_SSE | XSTATE_AVX))
		memcpy(bytes + XSAVE_MXCSR, &state->mxcsr, 4);
	if (components & XSTATE_SSE)
		memcpy(bytes + XSAVE_XMM, state->xmm, sizeof(state->xmm));
	if (components & XSTATE_AVX)
		memcpy(bytes + xstate_offset(2), state->ymm_high, sizeof(state->ymm_high));
	if (components & XSTATE_PKRU)
		memcpy(bytes + xstate_offset(9), &state->pkru, 4);
}
