/* SPDX-License-Identifier: MIT */
/* For assembly: what every entry from and exit to another exception level has to store and load. */
#ifndef ASSAY_ARM_REGISTERS_64_H
#define ASSAY_ARM_REGISTERS_64_H

#ifdef __ASSEMBLER__
/* clang-format off */
	/* STP or LDP: X2 to X29, in a frame at SP that has X0 first. */
	.macro	x2_to_x29 insn
	\insn	x2, x3, [sp, #16]
	\insn	x4, x5, [sp, #32]
	\insn	x6, x7, [sp, #48]
	\insn	x8, x9, [sp, #64]
	\insn	x10, x11, [sp, #80]
	\insn	x12, x13, [sp, #96]
	\insn	x14, x15, [sp, #112]
	\insn	x16, x17, [sp, #128]
	\insn	x18, x19, [sp, #144]
	\insn	x20, x21, [sp, #160]
	\insn	x22, x23, [sp, #176]
	\insn	x24, x25, [sp, #192]
	\insn	x26, x27, [sp, #208]
	\insn	x28, x29, [sp, #224]
	.endm
/* clang-format on */
#endif

#endif
