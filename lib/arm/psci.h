/* SPDX-License-Identifier: MIT */
/*
 * Calls to the firmware or hypervisor: SMC Calling Convention (DEN 0028), Power State Coordination
 * Interface (DEN 0022). The device tree says by which instruction, and whether there is PSCI at all.
 */
#ifndef ASSAY_ARM_PSCI_H
#define ASSAY_ARM_PSCI_H

#include <harness/fault.h>
#include <types.h>

/* Function identifiers: DEN 0022, 5.1. PSCI_64 makes the one for 64-bit arguments. */
#define PSCI_VERSION	   0x84000000u
#define PSCI_CPU_SUSPEND   0x84000001u
#define PSCI_CPU_OFF	   0x84000002u
#define PSCI_CPU_ON	   0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_SYSTEM_OFF	   0x84000008u
#define PSCI_SYSTEM_RESET  0x84000009u
#define PSCI_FEATURES	   0x8400000au
#define PSCI_64(function)  ((function) | 0x40000000u)

/* The identifier for arguments of this CPU's size. */
#ifdef __aarch64__
#define PSCI_NATIVE(function) PSCI_64(function)
#else
#define PSCI_NATIVE(function) (function)
#endif

/* What the calls return: DEN 0022, 5.2.2. */
#define PSCI_SUCCESS		0
#define PSCI_NOT_SUPPORTED	(-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_DENIED		(-3)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_ON_PENDING		(-5)
#define PSCI_INTERNAL_FAILURE	(-6)
#define PSCI_NOT_PRESENT	(-7)
#define PSCI_DISABLED		(-8)
#define PSCI_INVALID_ADDRESS	(-9)

/* AFFINITY_INFO: 5.7. */
#define PSCI_IS_ON	   0
#define PSCI_IS_OFF	   1
#define PSCI_IS_ON_PENDING 2

/* DEN 0028, 7. */
#define SMCCC_VERSION	    0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_VENDOR_UID    0x8600ff01u

enum psci_conduit { PSCI_NONE, PSCI_HVC, PSCI_SMC };

/* The registers of a call: x0 (r0) to x3 in, the same out. */
struct smccc {
	ulong r[4];
};

/* Reads /psci of the device tree. */
void psci_init(void);

enum psci_conduit psci_conduit(void);

/*
 * One call by the given instruction, or by the device tree's. All that SMCCC lets it change may change.
 * smccc_try() returns the fault of an instruction that is not there and leaves *call as it was; for the
 * others that is NOT_SUPPORTED.
 */
struct fault smccc_try(enum psci_conduit conduit, struct smccc *call);
struct smccc smccc_call_by(enum psci_conduit conduit, struct smccc in);
struct smccc smccc_call(ulong function, ulong a1, ulong a2, ulong a3);

/* A PSCI function of <function identifier> with up to three arguments; NOT_SUPPORTED without PSCI. */
s32 psci_call(u32 function, ulong a1, ulong a2, ulong a3);

/* Starts the CPU with this affinity at a physical address, which gets `context` in x0 (r0). */
s32 psci_cpu_on(u64 affinity, ulong entry, ulong context);

/* Ends this CPU; returns only if that fails. */
s32 psci_cpu_off(void);

/* PSCI_IS_ON, ... of the CPU with this affinity, or an error. */
s32 psci_affinity_info(u64 affinity);

#endif
