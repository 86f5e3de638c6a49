/* SPDX-License-Identifier: MIT */
#include "crypto.h"

#include <s390x/facility.h>
#include <string.h>

#define MOST_EXECUTIONS 1000

const struct crypto_name crypto_names[CRYPTO_INSNS] = {
	[KM] = { "KM", 0xb92e, FACILITY_MSA },	   [KMC] = { "KMC", 0xb92f, FACILITY_MSA },
	[KMAC] = { "KMAC", 0xb91e, FACILITY_MSA }, [KIMD] = { "KIMD", 0xb93e, FACILITY_MSA },
	[KLMD] = { "KLMD", 0xb93f, FACILITY_MSA }, [KMF] = { "KMF", 0xb92a, FACILITY_MSA_4 },
	[KMO] = { "KMO", 0xb92b, FACILITY_MSA_4 }, [KMCTR] = { "KMCTR", 0xb92d, FACILITY_MSA_4 },
	[PCC] = { "PCC", 0xb92c, FACILITY_MSA_4 }, [PRNO] = { "PRNO", 0xb93c, FACILITY_MSA_5 },
	[KMA] = { "KMA", 0xb929, FACILITY_MSA_8 }, [PCKMO] = { "PCKMO", 0xb928, FACILITY_MSA_3 },
};

struct fault crypto(enum crypto_insn insn, u32 function, void *parameters, struct execution *e)
{
	u16 opcode = crypto_names[insn].opcode;
	u8 code[4] = { (u8)(opcode >> 8), (u8)opcode, 0, 0x24 };
	struct fault fault;
	u32 executions = 0;

	if (insn == KMCTR || insn == KMA)
		code[2] = 0x60;
	if (insn == PCC || insn == PCKMO)
		code[3] = 0;
	/* For KMF, feedback of whole blocks. */
	e->gpr[0] = (insn == KMF ? 0x10000000 : 0) | function;
	e->gpr[1] = (ulong)parameters;
	do {
		fault = execute(code, 4, e);
	} while (!fault.kind && e->cc == 3 && ++executions < MOST_EXECUTIONS);
	return fault;
}

bool has_function(enum crypto_insn insn, u32 function)
{
	u8 status[16] = { 0 };
	struct execution e = { .cc = 0 };

	if (!has_facility(crypto_names[insn].facility) || crypto(insn, 0, status, &e).kind)
		return false;
	return status[function / 8] >> (7 - function % 8) & 1;
}

bool function_or_skip(enum crypto_insn insn, u32 function)
{
	if (has_function(insn, function))
		return true;
	SKIP_ROW("%s has no function %u", crypto_names[insn].name, function);
	return false;
}
