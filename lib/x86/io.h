/* SPDX-License-Identifier: MIT */
/* Port I/O: SDM vol. 2, IN, OUT, INS, OUTS. */
#ifndef ASSAY_X86_IO_H
#define ASSAY_X86_IO_H

#include <types.h>

static inline u8 inb(u16 port)
{
	u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u16 inw(u16 port)
{
	u16 value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u32 inl(u16 port)
{
	u32 value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void outb(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outw(u16 port, u16 value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outl(u16 port, u32 value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* REP OUTSB: `size` bytes to one port. */
static inline void outsb(u16 port, const void *bytes, size_t size)
{
	__asm__ volatile("cld; rep outsb" : "+S"(bytes), "+c"(size) : "d"(port) : "memory", "cc");
}

#endif
