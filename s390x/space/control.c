/* SPDX-License-Identifier: MIT */
/*
 * The address-space control of the PSW, set and inserted; what the extraction-authority control gives to
 * problem state; ASNs and keys.
 */
#include "spaces.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/skey.h>
#include <string.h>

SUITE("Address-space control and extraction");

/* In the order of the code, which has PSW bits 16 and 17 in reversed order. */
static const struct {
	const char *name;
	u64 psw;
	u32 code;
} modes[] = {
	{ "primary", PSW_ASC_PRIMARY, 0 },
	{ "secondary", PSW_ASC_SECONDARY, 1 },
	{ "home", PSW_ASC_HOME, 3 },
};

static struct fault set_mode(bool fast, u32 code, u64 psw, u64 controls, u64 *mask)
{
	/* SAC or SACF; EPSW r2,r3; in the end a load that says which space it is. */
	u8 bytes[12] = {
		0xb2, fast ? 0x79 : 0x19, 0xa0, 0x00, 0xb9, 0x8d, 0x00, 0x23, 0x43, 0x40, 0x90, 0x00
	};
	struct spaces s = make_spaces();
	struct execution e = { .cc = 2, .psw = psw };
	struct fault fault;

	e.gpr[9] = (ulong)WINDOW;
	e.gpr[10] = code << 8;
	fault = execute_in_spaces(&s, controls, bytes, sizeof(bytes), &e);
	*mask = e.gpr[2] << 32;
	if (!fault.kind) {
		for (u32 n = 0; n < SPACES; n++) {
			if (modes[n].code == code)
				EXPECT_EQ((u8)e.gpr[4], s.pages[n][0]);
		}
		EXPECT_EQ(e.cc, 2u);
	}
	return fault;
}

static void check_modes(bool fast)
{
	u64 mask;

	for (u32 from = 0; from < ARRAY_SIZE(modes); from++) {
		for (u32 to = 0; to < ARRAY_SIZE(modes); to++) {
			SUBTEST("from %s to %s", modes[from].name, modes[to].name);
			EXPECT_NO_FAULT(set_mode(fast, modes[to].code, PSW_KERNEL | modes[from].psw,
						 CR0_SECONDARY, &mask));
			EXPECT_EQ(mask & PSW_ASC, modes[to].psw);
		}
	}
	for (u32 code = 4; code < 16; code++) {
		SUBTEST("code %u", code);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
			     set_mode(fast, code, PSW_KERNEL, CR0_SECONDARY, &mask));
	}
	SUBTEST("DAT off");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 4),
		     set_mode(fast, 0, PSW_64, CR0_SECONDARY, &mask));
	SUBTEST("without the secondary-space control");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 4), set_mode(fast, 0, PSW_KERNEL, 0, &mask));
}

TEST(sac, "SET ADDRESS SPACE CONTROL: every mode from every other, and what is refused",
     SPEC("PoP SA22-7832-13, chapter 10, SET ADDRESS SPACE CONTROL"))
{
	check_modes(false);
}

TEST(sacf, "SET ADDRESS SPACE CONTROL FAST: the same",
     SPEC("PoP SA22-7832-13, chapter 10, SET ADDRESS SPACE CONTROL FAST"))
{
	check_modes(true);
}

TEST(iac, "INSERT ADDRESS SPACE CONTROL: the mode's code in bits 48-55 and as condition code",
     SPEC("PoP SA22-7832-13, chapter 10, INSERT ADDRESS SPACE CONTROL"))
{
	static const u8 code[] = { 0xb2, 0x24, 0x00, 0x20 };

	for (u32 n = 0; n < ARRAY_SIZE(modes); n++) {
		struct spaces s = make_spaces();
		struct execution e = { .cc = 2, .psw = PSW_KERNEL | modes[n].psw };

		SUBTEST("%s", modes[n].name);
		e.gpr[2] = 0x1122334455667788;
		EXPECT_NO_FAULT(execute_in_spaces(&s, CR0_SECONDARY, code, 4, &e));
		EXPECT_EQ(e.gpr[2], 0x1122334455660088 | modes[n].code << 8);
		EXPECT_EQ(e.cc, modes[n].code);
	}
}

TEST(asn_extraction, "EPAR and ESAR extract the primary and the secondary ASN",
     SPEC("PoP SA22-7832-13, chapter 10, EXTRACT PRIMARY ASN, EXTRACT SECONDARY ASN"))
{
	static const u8 epar[] = { 0xb2, 0x26, 0x00, 0x20 }, esar[] = { 0xb2, 0x27, 0x00, 0x20 };
	struct execution e = { .cc = 1 };

	write_cr(4, 0x1234abcd);
	write_cr(3, 0x56789876);
	SUBTEST("EPAR");
	e.gpr[2] = 0x1122334455667788;
	EXPECT_NO_FAULT(execute(epar, 4, &e));
	EXPECT_EQ(e.gpr[2], 0x112233440000abcdull);
	SUBTEST("ESAR");
	e.gpr[2] = 0x1122334455667788;
	EXPECT_NO_FAULT(execute(esar, 4, &e));
	EXPECT_EQ(e.gpr[2], 0x1122334400009876ull);
	EXPECT_EQ(e.cc, 1u);
	write_cr(3, 0);
	write_cr(4, 0);
}

TEST(ssar_current, "SET SECONDARY ASN to the primary one makes the primary space the secondary one",
     SPEC("PoP SA22-7832-13, chapter 10, SET SECONDARY ASN"))
{
	static const u8 ssar[] = { 0xb2, 0x25, 0x00, 0x20 };
	struct execution e = { .cc = 1 };
	u64 cr14 = read_cr(14);

	write_cr(4, 0x1234abcd);
	write_cr(3, 0x56780001);
	write_cr(7, read_cr(1) ^ 0x100000);
	e.gpr[2] = 0x112233445566abcd;
	SUBTEST("without ASN translation");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 4), execute(ssar, 4, &e));
	SUBTEST("with ASN translation");
	write_cr(14, cr14 | BIT(63 - 44));
	EXPECT_NO_FAULT(execute(ssar, 4, &e));
	EXPECT_EQ(read_cr(3), 0x5678abcdull);
	EXPECT_EQ(read_cr(7), read_cr(1));
	write_cr(7, read_cr(1));
	write_cr(14, cr14);
	write_cr(3, 0);
	write_cr(4, 0);
}

TEST(ivsk,
     "INSERT VIRTUAL STORAGE KEY: access-control and fetch-protection bits of a virtual address",
     SPEC("PoP SA22-7832-13, chapter 10, INSERT VIRTUAL STORAGE KEY"))
{
	static const u8 code[] = { 0xb2, 0x23, 0x00, 0x24 };

	for (u32 key = 0; key < 16; key++) {
		struct spaces s = make_spaces();
		struct execution e = { .cc = 1 };
		u8 value = (u8)(key << 4 | (key & 1 ? SKEY_FETCH : 0) | SKEY_REFERENCE);

		SUBTEST("key %u", key);
		set_storage_key((ulong)s.pages[PRIMARY], value);
		e.gpr[2] = 0x11223344556677ff;
		e.gpr[4] = (ulong)WINDOW + 0x345;
		EXPECT_NO_FAULT(execute_in_spaces(&s, 0, code, 4, &e));
		set_storage_key((ulong)s.pages[PRIMARY], 0);
		EXPECT_EQ(e.gpr[2], 0x1122334455667700 | (value & (SKEY_ACC | SKEY_FETCH)));
		EXPECT_EQ(e.cc, 1u);
	}
	SUBTEST("absent");
	struct execution e = { .cc = 1 };

	e.gpr[4] = (ulong)WINDOW_END;
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(WINDOW_END), 4), execute(code, 4, &e));
}

TEST(extraction,
     "in problem state, keys, ASNs and the address-space control are extracted if CR0 bit 36 is one",
     SPEC("PoP SA22-7832-13, chapter 4, Extraction-Authority Control; chapter 10"))
{
	static const struct {
		const char *name;
		u8 code[4];
		bool dat; /* special-operation exception without DAT */
	} rows[] = {
		{ "IPK", { 0xb2, 0x0b, 0x00, 0x00 }, false },
		{ "IAC", { 0xb2, 0x24, 0x00, 0x20 }, true },
		{ "EPAR", { 0xb2, 0x26, 0x00, 0x20 }, true },
		{ "ESAR", { 0xb2, 0x27, 0x00, 0x20 }, true },
		{ "IVSK", { 0xb2, 0x23, 0x00, 0x24 }, true },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct spaces s = make_spaces();
		struct execution e = { .psw = PSW_KERNEL | PSW_PROBLEM };

		e.gpr[4] = (ulong)WINDOW;
		SUBTEST("%s without authority", rows[n].name);
		EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4),
			     execute_in_spaces(&s, 0, rows[n].code, 4, &e));
		SUBTEST("%s with authority", rows[n].name);
		EXPECT_NO_FAULT(execute_in_spaces(&s, CR0_EXTRACTION, rows[n].code, 4, &e));
		if (!rows[n].dat)
			continue;
		SUBTEST("%s with DAT off", rows[n].name);
		e.psw = PSW_64;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 4),
			     execute_in_spaces(&s, CR0_EXTRACTION, rows[n].code, 4, &e));
	}
}
