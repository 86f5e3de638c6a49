/* SPDX-License-Identifier: MIT */
/* SVE: loads and stores whose addresses are in a vector. */
#include <test.h>

#include <arm/sysreg.h>

#include "sve.h"
#include "transfer.h"

SUITE("SVE gathers and scatters", REQUIRES(has_sve()));

/* How z1 has addresses: bits of the encoding of a load, of 32-bit and 64-bit elements, and of a store. */
static const struct {
	const char *name;
	u32 element;
	u32 load, store;
	enum sve_addressing addressing;
	bool scaled;
} forms[] = {
	{ "uxtw-32", 4, 0x84010000, 0xe4418000, SVE_OFFSETS_32, false },
	{ "sxtw-32", 4, 0x84410000, 0xe441c000, SVE_OFFSETS_S32, false },
	{ "uxtw-32-scaled", 4, 0x84210000, 0xe4618000, SVE_OFFSETS_32, true },
	{ "sxtw-32-scaled", 4, 0x84610000, 0xe461c000, SVE_OFFSETS_S32, true },
	{ "bases-32", 4, 0x84208020, 0xe460a020, SVE_BASES, false },
	{ "uxtw-64", 8, 0xc4010000, 0xe4018000, SVE_OFFSETS_32, false },
	{ "sxtw-64", 8, 0xc4410000, 0xe401c000, SVE_OFFSETS_S32, false },
	{ "uxtw-64-scaled", 8, 0xc4210000, 0xe4218000, SVE_OFFSETS_32, true },
	{ "sxtw-64-scaled", 8, 0xc4610000, 0xe421c000, SVE_OFFSETS_S32, true },
	{ "offsets-64", 8, 0xc4418000, 0xe401a000, SVE_OFFSETS_64, false },
	{ "offsets-64-scaled", 8, 0xc4618000, 0xe421a000, SVE_OFFSETS_64, true },
	{ "bases-64", 8, 0xc4208020, 0xe440a020, SVE_BASES, false },
};

#define GATHER_UNSIGNED BIT(14)
#define GATHER_FIRST	BIT(13)

/* The form with elements of 2^msz bytes in memory. */
static struct sve_transfer transfer(u32 form, u32 msz, u32 code)
{
	u32 imm5 = forms[form].addressing == SVE_BASES ? (msz * 9 + form) % 32 : 0;

	return (struct sve_transfer){
		.code = code | msz << 23 | imm5 << 16,
		.memory = 1u << msz,
		.element = forms[form].element,
		.registers = 1,
		.addressing = forms[form].addressing,
		.imm = (s32)(imm5 << msz),
		.scale = forms[form].scaled ? msz : 0,
	};
}

static void check_gathers(u32 form, enum sve_faulting faulting)
{
	for (u32 msz = forms[form].scaled; 1u << msz <= forms[form].element; msz++)
		for (u32 is_signed = 0; is_signed < 2; is_signed++) {
			struct sve_transfer t = transfer(form, msz, forms[form].load);

			if (is_signed && t.memory == t.element)
				continue;
			t.code |= (u32)((is_signed ? 0 : GATHER_UNSIGNED) |
					(faulting == SVE_FAULTS ? 0 : GATHER_FIRST));
			t.is_signed = is_signed;
			t.faulting = faulting;
			SUBTEST("%s-%s%u", forms[form].name, is_signed ? "s" : "u", 8 << msz);
			sve_transfer_check(&t);
		}
}

TEST(sve_gathers,
     "LD1 with a vector of offsets or addresses loads the active elements, and aborts for these alone",
     SPEC("DDI 0487, C8.2, LD1B, LD1SW (scalar plus vector, vector plus immediate) and others"))
{
	sve_transfer_begin();
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++)
		check_gathers(i, SVE_FAULTS);
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_first_fault_gathers,
     "LDFF1 with a vector aborts for the first active element alone; FFR ends at the next that is not loaded",
     SPEC("DDI 0487, C8.2, LDFF1B, LDFF1SW (scalar plus vector, vector plus immediate) and others"))
{
	sve_transfer_begin();
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++)
		check_gathers(i, SVE_FIRST_FAULTS);
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_scatters,
     "ST1 with a vector of offsets or addresses stores the active elements, and aborts for these alone",
     SPEC("DDI 0487, C8.2, ST1B, ST1D (scalar plus vector, vector plus immediate) and others"))
{
	sve_transfer_begin();
	for (u32 i = 0; i < ARRAY_SIZE(forms); i++)
		for (u32 msz = forms[i].scaled; 1u << msz <= forms[i].element; msz++) {
			struct sve_transfer t = transfer(i, msz, forms[i].store);

			t.store = true;
			SUBTEST("%s-%u", forms[i].name, 8 << msz);
			sve_transfer_check(&t);
		}
	write_sys(CPACR, CPACR_FPEN);
}
