/* SPDX-License-Identifier: MIT */
/* SIGNAL PROCESSOR: PoP SA22-7832-13, chapter 4, "CPU Signaling and Response". */
#ifndef ASSAY_S390X_SIGP_H
#define ASSAY_S390X_SIGP_H

#include <types.h>

#define SIGP_SENSE		   0x01
#define SIGP_EXTERNAL_CALL	   0x02
#define SIGP_EMERGENCY_SIGNAL	   0x03
#define SIGP_START		   0x04
#define SIGP_STOP		   0x05
#define SIGP_RESTART		   0x06
#define SIGP_STOP_AND_STORE_STATUS 0x09
#define SIGP_INITIAL_CPU_RESET	   0x0b
#define SIGP_CPU_RESET		   0x0c
#define SIGP_SET_PREFIX		   0x0d
#define SIGP_STORE_STATUS	   0x0e
#define SIGP_SET_ARCHITECTURE	   0x12
#define SIGP_CONDITIONAL_EMERGENCY 0x13
#define SIGP_SENSE_RUNNING	   0x15
#define SIGP_STORE_ADDITIONAL	   0x17

#define SIGP_ACCEPTED	     0
#define SIGP_STATUS_STORED   1
#define SIGP_BUSY	     2
#define SIGP_NOT_OPERATIONAL 3

/* Status bits; the number is the architecture's, counted from the left of 64. */
#define SIGP_STATUS_NOT_RUNNING		  BIT(63 - 53)
#define SIGP_STATUS_INCORRECT_STATE	  BIT(63 - 54)
#define SIGP_STATUS_INVALID_PARAMETER	  BIT(63 - 55)
#define SIGP_STATUS_EXTERNAL_CALL_PENDING BIT(63 - 56)
#define SIGP_STATUS_STOPPED		  BIT(63 - 57)
#define SIGP_STATUS_CHECK_STOP		  BIT(63 - 59)
#define SIGP_STATUS_INVALID_ORDER	  BIT(63 - 62)

/*
 * Sends an order with a parameter to the CPU at this address and returns the condition code; the status,
 * 0 if none was stored, goes to *status if that is not NULL.
 */
static inline u32 sigp(u64 order, u16 address, ulong parameter, u32 *status)
{
	register ulong r2 __asm__("2") = 0;
	register ulong r3 __asm__("3") = parameter;
	u32 cc;

	__asm__ volatile("sigp %1,%3,0(%4)\n"
			 "ipm %0"
			 : "=&d"(cc), "+d"(r2)
			 : "d"(r3), "d"((ulong)address), "a"((ulong)order)
			 : "cc", "memory");
	if (status)
		*status = (u32)r2;
	return cc >> 28;
}

/* The same again as long as the answer is busy. */
static inline u32 sigp_wait(u64 order, u16 address, ulong parameter, u32 *status)
{
	u32 cc;

	do {
		cc = sigp(order, address, parameter, status);
	} while (cc == SIGP_BUSY);
	return cc;
}

#endif
