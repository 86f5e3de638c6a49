/* SPDX-License-Identifier: MIT */
/* The message-security assist: PoP SA22-7832-13, chapters 7 and 10. */
#ifndef ASSAY_S390X_CRYPTO_CRYPTO_H
#define ASSAY_S390X_CRYPTO_CRYPTO_H

#include <s390x/execute.h>
#include <test.h>

#define FACILITY_MSA_3 76
#define FACILITY_MSA_4 77
#define FACILITY_MSA_5 57
#define FACILITY_MSA_8 146
#define FACILITY_MSA_9 155

enum crypto_insn {
	KM,
	KMC,
	KMAC,
	KIMD,
	KLMD,
	KMF,
	KMO,
	KMCTR,
	PCC,
	PRNO,
	KMA,
	PCKMO,
	CRYPTO_INSNS
};

extern const struct crypto_name {
	const char *name;
	u16 opcode;
	u16 facility;
} crypto_names[CRYPTO_INSNS];

#define CRYPTO_DECIPHER 0x80 /* modifier bit, with a function code */

/*
 * Executes an instruction with function code `function` and its parameter block in registers 0 and 1, the
 * operands in registers 2 (first operand), 4 and 5 (second one and its length) and 6 (counter) of `e`, again as
 * long as condition code 3 says that there is more to do.
 */
struct fault crypto(enum crypto_insn insn, u32 function, void *parameters, struct execution *e);

/* Whether the instruction is there and its query says that it has the function. */
bool has_function(enum crypto_insn insn, u32 function);

/* The row is skipped otherwise. */
bool function_or_skip(enum crypto_insn insn, u32 function);

#endif
