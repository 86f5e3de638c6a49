/* SPDX-License-Identifier: MIT */
#include <arm/psci.h>

#include <arch/fault.h>
#include <dev/devicetree.h>
#include <string.h>
#include <sys/cpu.h>

static enum psci_conduit conduit;
/* PSCI 0.1 has no fixed numbers: the tree names them. */
static u32 cpu_on, cpu_off;

void psci_init(void)
{
	dt_node node = dt_find_compatible(NULL, "arm,psci-1.0");
	const char *method;

	if (!node)
		node = dt_find_compatible(NULL, "arm,psci-0.2");
	cpu_on = PSCI_NATIVE(PSCI_CPU_ON);
	cpu_off = PSCI_CPU_OFF;
	if (!node) {
		node = dt_find_compatible(NULL, "arm,psci");
		cpu_on = dt_cell(node, "cpu_on", 0, cpu_on);
		cpu_off = dt_cell(node, "cpu_off", 0, cpu_off);
	}
	method = dt_string(node, "method", 0);
	if (method)
		conduit = !strcmp(method, "hvc") ? PSCI_HVC : PSCI_SMC;
}

enum psci_conduit psci_conduit(void)
{
	return conduit;
}

struct fault smccc_try(enum psci_conduit by, struct smccc *call)
{
	struct cpu *cpu = this_cpu();
#ifdef __aarch64__
	register ulong r0 __asm__("x0") = call->r[0];
	register ulong r1 __asm__("x1") = call->r[1];
	register ulong r2 __asm__("x2") = call->r[2];
	register ulong r3 __asm__("x3") = call->r[3];
#define CLOBBERS                                                                             \
	"x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", \
		"x17", "memory"
#define ARCH_EXTENSIONS ""
#else
	register ulong r0 __asm__("r0") = call->r[0];
	register ulong r1 __asm__("r1") = call->r[1];
	register ulong r2 __asm__("r2") = call->r[2];
	register ulong r3 __asm__("r3") = call->r[3];
#define CLOBBERS	"r12", "memory"
#define ARCH_EXTENSIONS ".arch_extension sec\n.arch_extension virt\n"
#endif
	cpu->fault = NO_FAULT;
	if (by == PSCI_HVC)
		__asm__ volatile(ARCH_EXTENSIONS GUARDED("hvc #0")
				 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
				 :
				 : CLOBBERS);
	else
		__asm__ volatile(ARCH_EXTENSIONS GUARDED("smc #0")
				 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
				 :
				 : CLOBBERS);
	*call = (struct smccc){ { r0, r1, r2, r3 } };
	return cpu->fault;
}

struct smccc smccc_call_by(enum psci_conduit by, struct smccc call)
{
	if (smccc_try(by, &call).kind)
		call.r[0] = (ulong)PSCI_NOT_SUPPORTED;
	return call;
}

struct smccc smccc_call(ulong function, ulong a1, ulong a2, ulong a3)
{
	if (conduit == PSCI_NONE)
		return (struct smccc){ { (ulong)PSCI_NOT_SUPPORTED, 0, 0, 0 } };
	return smccc_call_by(conduit, (struct smccc){ { function, a1, a2, a3 } });
}

s32 psci_call(u32 function, ulong a1, ulong a2, ulong a3)
{
	return (s32)smccc_call(function, a1, a2, a3).r[0];
}

s32 psci_cpu_on(u64 affinity, ulong entry, ulong context)
{
	return psci_call(cpu_on, (ulong)affinity, entry, context);
}

s32 psci_cpu_off(void)
{
	return psci_call(cpu_off, 0, 0, 0);
}

s32 psci_affinity_info(u64 affinity)
{
	return psci_call(PSCI_NATIVE(PSCI_AFFINITY_INFO), (ulong)affinity, 0, 0);
}
