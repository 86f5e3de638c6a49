/* SPDX-License-Identifier: MIT */
/* The service-call logical processor: what the machine has, and its console. */
#ifndef ASSAY_S390X_SCLP_H
#define ASSAY_S390X_SCLP_H

#include <types.h>

#define SCLP_READ_SCP_INFO    0x00020001
#define SCLP_READ_CPU_INFO    0x00010001
#define SCLP_WRITE_EVENT_DATA 0x00760005
#define SCLP_WRITE_EVENT_MASK 0x00780005

#define SCLP_RC_NORMAL_READ	    0x0010
#define SCLP_RC_NORMAL_COMPLETION   0x0020
#define SCLP_RC_INSUFFICIENT_LENGTH 0x0300

#define SCCB_SIZE 8192

/* The head of every service-call control block. */
struct sccb_header {
	u16 length;
	u8 function;
	u8 control[3];
	u16 response;
};

/* SERVICE CALL: 0 accepted, 2 busy, 3 not operational. The block is below 2 GiB, on a doubleword. */
static inline u32 service_call(u32 command, void *sccb)
{
	u32 cc;

	__asm__ volatile(".insn rre,0xb2200000,%1,%2\n"
			 "ipm %0"
			 : "=d"(cc)
			 : "d"(command), "a"(sccb)
			 : "cc", "memory");
	return cc >> 28;
}

/*
 * Executes a command to its end, with interruptions off, and returns the response code, 0 if the
 * machine has no SCLP. The service signal that announces the end is taken and forgotten.
 */
u16 sclp_execute(u32 command, void *sccb);

/* A block for one command, zeroed, with this length; on a page boundary, SCCB_SIZE bytes. */
void *sclp_block(u16 length);

/* Adds the machine's memory to mm, and calls add(address) for every CPU. */
void sclp_read_machine(void (*memory)(phys_t start, phys_t end), void (*add)(u64 cpu_address));

/* Finds out which console there is, ASCII or line mode. */
void sclp_console_init(void);
void sclp_console_write(const char *text, size_t size);

/* Ends the last line: on a line-mode console the next one does that. */
void sclp_console_end(void);

#endif
