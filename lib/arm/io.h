/* SPDX-License-Identifier: MIT */
/*
 * Accesses to a device's registers. One plain load or store each, without writeback: a hypervisor gets
 * the syndrome of no other (DDI 0487, D17.2.37, ISV).
 */
#ifndef ASSAY_ARM_IO_H
#define ASSAY_ARM_IO_H

#include <types.h>

#ifdef __aarch64__
#define IO_REGISTER_ "%w0"
#else
#define IO_REGISTER_ "%0"
#endif

static inline u8 read8(ulong address)
{
	u32 value;

	__asm__ volatile("ldrb " IO_REGISTER_ ", [%1]" : "=r"(value) : "r"(address) : "memory");
	return (u8)value;
}

static inline u16 read16(ulong address)
{
	u32 value;

	__asm__ volatile("ldrh " IO_REGISTER_ ", [%1]" : "=r"(value) : "r"(address) : "memory");
	return (u16)value;
}

static inline u32 read32(ulong address)
{
	u32 value;

	__asm__ volatile("ldr " IO_REGISTER_ ", [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void write8(ulong address, u8 value)
{
	__asm__ volatile("strb " IO_REGISTER_ ", [%1]"
			 :
			 : "r"((u32)value), "r"(address)
			 : "memory");
}

static inline void write16(ulong address, u16 value)
{
	__asm__ volatile("strh " IO_REGISTER_ ", [%1]"
			 :
			 : "r"((u32)value), "r"(address)
			 : "memory");
}

static inline void write32(ulong address, u32 value)
{
	__asm__ volatile("str " IO_REGISTER_ ", [%1]" : : "r"(value), "r"(address) : "memory");
}

#endif
