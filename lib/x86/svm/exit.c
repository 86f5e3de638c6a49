/* SPDX-License-Identifier: MIT */
#include <x86/svm/exit.h>

#include <stdio.h>

static const char *const exceptions[32] = {
	"#DE", "#DB", "vector 2", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "vector 9", "#TS",
	"#NP", "#SS", "#GP",	  "#PF", "#15", "#MF", "#AC", "#MC", "#XF", "#20",	"#CP",
	"#22", "#23", "#24",	  "#25", "#26", "#27", "#28", "#VC", "#SX", "#31",
};

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
	switch (code) {
#define SVM_EXIT_CASE_(code, name) \
	case code:                 \
		return #name;
		SVM_EXITS(SVM_EXIT_CASE_)
	case SVM_EXIT_INVALID:
		return "INVALID";
	default:
		return "unknown";
	}
}
