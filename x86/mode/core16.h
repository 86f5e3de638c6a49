/* SPDX-License-Identifier: MIT */
/*
 * Rows of 16-bit code that does the same in real mode, virtual-8086 mode and a 16-bit segment of
 * protected mode. All start from the same registers, whose upper halves are not 0: what uses more
 * than 16 bits where it should not, shows.
 */
#ifndef ASSAY_MODE_CORE16_H
#define ASSAY_MODE_CORE16_H

#include <types.h>
#include <x86/mode.h>

/* In the order of struct mode, from 1 on. */
enum core_register { NONE, EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };

#define START_EAX 0x11112222u
#define START_ECX 0x33330004u
#define START_EDX 0x55556666u
#define START_EBX 0x77778888u
#define START_ESP 0xcccc8000u
#define START_EBP 0x99990100u
#define START_ESI 0xaaaa0200u
#define START_EDI 0xbbbb0300u

/* `value` in the low 16 bits of what the register starts with. */
#define LOW_WORD(start, value) (((start)&0xffff0000u) | ((value)&0xffffu))

/* Byte n of each data segment is this at the start; a doubleword likewise. */
#define START_BYTE(segment, n)	((u8)((n)*7 + ((segment) >> 12)))
#define START_WORD(segment, n)	((u16)(START_BYTE(segment, n) | START_BYTE(segment, (n) + 1) << 8))
#define START_DWORD(segment, n) (START_WORD(segment, n) | (u32)START_WORD(segment, (n) + 2) << 16)

struct core_row {
	const char *name;
	struct mode_code code;
	struct {
		enum core_register which;
		u32 value;
	} out[8];      /* registers that change */
	u32 flags;     /* afterwards, without FLAG_1 */
	u32 undefined; /* flags that may have any value */
	struct {
		u32 address; /* linear; 0: none */
		u32 value;
		u32 bytes;
	} memory[2];
};

/* Runs each row in all three modes, each a SUBTEST name-mode. */
void core_run(const struct core_row *rows, size_t count);

#endif
