/* SPDX-License-Identifier: MIT */
/* What an exit means that is the end of the guest: KVM's api.rst, "The kvm_run structure". */
#include "vmm.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const reasons[] = {
	[KVM_EXIT_UNKNOWN] = "KVM_EXIT_UNKNOWN",
	[KVM_EXIT_EXCEPTION] = "KVM_EXIT_EXCEPTION",
	[KVM_EXIT_IO] = "KVM_EXIT_IO",
	[KVM_EXIT_HYPERCALL] = "KVM_EXIT_HYPERCALL",
	[KVM_EXIT_DEBUG] = "KVM_EXIT_DEBUG",
	[KVM_EXIT_HLT] = "KVM_EXIT_HLT",
	[KVM_EXIT_IRQ_WINDOW_OPEN] = "KVM_EXIT_IRQ_WINDOW_OPEN",
	[KVM_EXIT_SET_TPR] = "KVM_EXIT_SET_TPR",
	[KVM_EXIT_TPR_ACCESS] = "KVM_EXIT_TPR_ACCESS",
	[KVM_EXIT_NMI] = "KVM_EXIT_NMI",
	[KVM_EXIT_SYSTEM_EVENT] = "KVM_EXIT_SYSTEM_EVENT",
	[KVM_EXIT_IOAPIC_EOI] = "KVM_EXIT_IOAPIC_EOI",
	[KVM_EXIT_ARM_NISV] = "KVM_EXIT_ARM_NISV",
	[KVM_EXIT_X86_RDMSR] = "KVM_EXIT_X86_RDMSR",
	[KVM_EXIT_X86_WRMSR] = "KVM_EXIT_X86_WRMSR",
	[KVM_EXIT_X86_BUS_LOCK] = "KVM_EXIT_X86_BUS_LOCK",
	[KVM_EXIT_NOTIFY] = "KVM_EXIT_NOTIFY",
};

static const char *const suberrors[] = {
	[KVM_INTERNAL_ERROR_EMULATION] = "it cannot emulate an instruction",
	[KVM_INTERNAL_ERROR_SIMUL_EX] = "two exceptions at the same time",
	[KVM_INTERNAL_ERROR_DELIVERY_EV] = "an exit while an event was delivered",
	[KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON] = "an exit that it does not know",
};

static void internal_error(const struct kvm_run *run, char *text, size_t size)
{
	unsigned int suberror = run->internal.suberror;

	if (suberror < COUNTOF(suberrors) && suberrors[suberror])
		snprintf(text, size, "KVM internal error: %s", suberrors[suberror]);
	else
		snprintf(text, size, "KVM internal error, suberror %u", suberror);
}

static void system_event(const struct kvm_run *run)
{
	switch (run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		end(0, "the guest switched the machine off");
	case KVM_SYSTEM_EVENT_RESET:
		end(0, "the guest reset the machine");
	}
}

void end_of_guest(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	char text[256];

	devices_lock(); /* for good: only one CPU speaks */
	switch (run->exit_reason) {
	case KVM_EXIT_SYSTEM_EVENT:
		system_event(run);
		snprintf(text, sizeof(text), "KVM_EXIT_SYSTEM_EVENT of type %u",
			 run->system_event.type);
		break;
	case KVM_EXIT_SHUTDOWN:
		snprintf(text, sizeof(text), "the guest shut down (triple fault)");
		break;
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(text, sizeof(text), "KVM: entry failed, hardware reason %#llx",
			 (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		internal_error(run, text, sizeof(text));
		break;
	case KVM_EXIT_UNKNOWN:
		snprintf(text, sizeof(text), "KVM_EXIT_UNKNOWN, hardware reason %#llx",
			 (unsigned long long)run->hw.hardware_exit_reason);
		break;
	default:
		if (run->exit_reason < COUNTOF(reasons) && reasons[run->exit_reason])
			snprintf(text, sizeof(text), "unexpected %s", reasons[run->exit_reason]);
		else
			snprintf(text, sizeof(text), "unexpected exit reason %u", run->exit_reason);
	}
	console_flush();
	fprintf(stderr, "assay-kvm: CPU %u: %s, at %#llx\n", vcpu->number, text,
		(unsigned long long)arch_where(vcpu));
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR) {
		for (unsigned int i = 0; i < run->internal.ndata && i < COUNTOF(run->internal.data);
		     i++)
			fprintf(stderr, "%s%#llx%s", i ? " " : "data ",
				(unsigned long long)run->internal.data[i],
				i + 1 == run->internal.ndata ? "\n" : "");
	}
	arch_describe(vcpu, stderr);
	end(STATUS_DIED, NULL);
}
