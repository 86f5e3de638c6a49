/* SPDX-License-Identifier: MIT */
#include <x86/svm/exit.h>

#include <stdio.h>

static const char *const exceptions[32] = {
	"#DE", "#DB", "vector 2", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "vector 9", "#TS",
	"#NP", "#SS", "#GP",	  "#PF", "#15", "#MF", "#AC", "#MC", "#XF", "#20",	"#CP",
	"#22", "#23", "#24",	  "#25", "#26", "#27", "#28", "#VC", "#SX", "#31",
};

#define NAME(name) [SVM_EXIT_##name] = #name
static const char *const names[SVM_INTERCEPT_BITS] = {
	NAME(INTR),
	NAME(NMI),
	NAME(SMI),
	NAME(INIT),
	NAME(VINTR),
	NAME(CR0_SEL_WRITE),
	NAME(IDTR_READ),
	NAME(GDTR_READ),
	NAME(LDTR_READ),
	NAME(TR_READ),
	NAME(IDTR_WRITE),
	NAME(GDTR_WRITE),
	NAME(LDTR_WRITE),
	NAME(TR_WRITE),
	NAME(RDTSC),
	NAME(RDPMC),
	NAME(PUSHF),
	NAME(POPF),
	NAME(CPUID),
	NAME(RSM),
	NAME(IRET),
	NAME(SWINT),
	NAME(INVD),
	NAME(PAUSE),
	NAME(HLT),
	NAME(INVLPG),
	NAME(INVLPGA),
	NAME(IOIO),
	NAME(MSR),
	NAME(TASK_SWITCH),
	NAME(FERR_FREEZE),
	NAME(SHUTDOWN),
	NAME(VMRUN),
	NAME(VMMCALL),
	NAME(VMLOAD),
	NAME(VMSAVE),
	NAME(STGI),
	NAME(CLGI),
	NAME(SKINIT),
	NAME(RDTSCP),
	NAME(ICEBP),
	NAME(WBINVD),
	NAME(MONITOR),
	NAME(MWAIT),
	NAME(MWAIT_CONDITIONAL),
	NAME(XSETBV),
	NAME(RDPRU),
	NAME(EFER_WRITE_TRAP),
	NAME(INVLPGB),
	NAME(INVLPGB_ILLEGAL),
	NAME(INVPCID),
	NAME(MCOMMIT),
	NAME(TLBSYNC),
	NAME(BUSLOCK),
	NAME(IDLE_HLT),
};
#undef NAME

/* Two names may be wanted at once: of what was and of what was expected. */
static const char *register_access(u64 code)
{
	static char texts[2][16];
	static u32 next;
	char *text = texts[next++ % 2];

	snprintf(text, sizeof(texts[0]), "%cR%llu %s", code < 0x20 ? 'C' : 'D', code & 0xf,
		 code & 0x10 ? "write" : "read");
	return text;
}

const char *svm_exit_name(u64 code)
{
	if (code < 0x40)
		return register_access(code);
	if (code < 0x60)
		return exceptions[code - 0x40];
	if (code >= 0x90 && code < 0xa0)
		return "CR write trap";
	if (code < ARRAY_SIZE(names) && names[code])
		return names[code];
	switch (code) {
	case SVM_EXIT_NPF:
		return "NPF";
	case SVM_EXIT_AVIC_INCOMPLETE_IPI:
		return "AVIC_INCOMPLETE_IPI";
	case SVM_EXIT_AVIC_NOACCEL:
		return "AVIC_NOACCEL";
	case SVM_EXIT_VMGEXIT:
		return "VMGEXIT";
	case SVM_EXIT_INVALID:
		return "INVALID";
	default:
		return "unknown";
	}
}
