/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_DEBUG_STEP_H
#define ASSAY_DEBUG_STEP_H

#include <x86/debug.h>

/* Code, and where in it single steps stop: the last stop is its end. */
struct step_row {
	const char *name;
	u8 code[24];
	u32 size;
	u8 stops[12];
	struct debug_registers registers;
	bool only_cpl0;
};

/* ROW("nop", (0x90), (1), .only_cpl0 = true): code and stops in parentheses. */
#define ROW(name_, code_, stops_, ...)                                                  \
	{                                                                               \
		.name = name_, .code = { LIST_ code_ },                                 \
		.size = sizeof((const u8[]){ LIST_ code_ }), .stops = { LIST_ stops_ }, \
		##__VA_ARGS__                                                           \
	}
#define LIST_(...) __VA_ARGS__

/* Steps through the code at this CPL: #DB with BS at each stop, and one after the last POPF. */
void expect_steps(const struct step_row *row, u32 cpl);

#endif
