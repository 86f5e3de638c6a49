/* SPDX-License-Identifier: MIT */
#include <test.h>

#include "check.h"

SUITE("Presence of control and I/O instructions");

/* clang-format off */
static const struct opcode control[] = {
	{ 0x0101, 0, "PR" }, { 0x0104, 28, "PTFF" }, { 0x0107, 0, "SCKPF" },
	{ 0x01ff, 0, "TRAP2" }, { 0x8000, 0, "SSM" }, { 0x8200, 0, "LPSW" },
	{ 0x8300, 0, "DIAG" }, { 0x9900, 0, "TRACE" }, { 0xac00, 0, "STNSM" },
	{ 0xad00, 0, "STOSM" }, { 0xae00, 0, "SIGP" }, { 0xb100, 0, "LRA" },
	{ 0xb200, 193, "LBEAR" }, { 0xb201, 193, "STBEAR" }, { 0xb202, 0, "STIDP" },
	{ 0xb204, 0, "SCK" }, { 0xb206, 0, "SCKC" }, { 0xb207, 0, "STCKC" }, { 0xb208, 0, "SPT" },
	{ 0xb209, 0, "STPT" }, { 0xb20a, 0, "SPKA" }, { 0xb20b, 0, "IPK" }, { 0xb20d, 0, "PTLB" },
	{ 0xb210, 0, "SPX" }, { 0xb211, 0, "STPX" }, { 0xb212, 0, "STAP" }, { 0xb218, 0, "PC" },
	{ 0xb219, 0, "SAC" }, { 0xb220, 0, "SERVC" }, { 0xb221, 0, "IPTE" },
	{ 0xb223, 0, "IVSK" }, { 0xb224, 0, "IAC" }, { 0xb225, 0, "SSAR" }, { 0xb226, 0, "EPAR" },
	{ 0xb227, 0, "ESAR" }, { 0xb228, 0, "PT" }, { 0xb229, 0, "ISKE" }, { 0xb22a, 0, "RRBE" },
	{ 0xb22b, 0, "SSKE" }, { 0xb22c, 0, "TB" }, { 0xb240, 0, "BAKR" }, { 0xb246, 0, "STURA" },
	{ 0xb247, 0, "MSTA" }, { 0xb248, 0, "PALB" }, { 0xb249, 0, "EREG" },
	{ 0xb24a, 0, "ESTA" }, { 0xb24b, 0, "LURA" }, { 0xb24c, 0, "TAR" }, { 0xb250, 0, "CSP" },
	{ 0xb254, 0, "MVPG" }, { 0xb256, 74, "STHYI" }, { 0xb258, 0, "BSG" }, { 0xb25a, 0, "BSA" }, { 0xb279, 0, "SACF" },
	{ 0xb27d, 0, "STSI" }, { 0xb280, 40, "LPP" }, { 0xb2b1, 0, "STFL" },
	{ 0xb2b2, 0, "LPSWE" }, { 0xb2ff, 0, "TRAP4" }, { 0xb600, 0, "STCTL" },
	{ 0xb700, 0, "LCTL" },
	{ 0xb905, 0, "LURAG" }, { 0xb90e, 0, "EREGG" }, { 0xb925, 0, "STURG" },
	{ 0xb98a, 3, "CSPG" }, { 0xb98b, 194, "RDP" }, { 0xb98e, 3, "IDTE" },
	{ 0xb98f, 78, "CRDTE" }, { 0xb99a, 6, "EPAIR" }, { 0xb99b, 6, "ESAIR" },
	{ 0xb99d, 0, "ESEA" }, { 0xb99e, 6, "PTI" }, { 0xb99f, 6, "SSAIR" },
	{ 0xb9a1, 144, "TPEI" }, { 0xb9a2, 11, "PTF" }, { 0xb9aa, 13, "LPTEA" },
	{ 0xb9ac, 145, "IRBM" }, { 0xb9ae, 66, "RRBM" }, { 0xb9af, 8, "PFMF" },
	{ 0xc800, 27, "MVCOS" }, { 0xd900, 0, "MVCK" }, { 0xda00, 0, "MVCP" },
	{ 0xdb00, 0, "MVCS" },
	{ 0xe303, 0, "LRAG" }, { 0xe313, 18, "LRAY" },
	{ 0xe500, 0, "LASP" }, { 0xe501, 0, "TPROT" }, { 0xe502, 0, "STRAG" },
	{ 0xe50e, 0, "MVCSK" }, { 0xe50f, 0, "MVCDK" },
	{ 0xeb0f, 0, "TRACG" }, { 0xeb25, 0, "STCTG" }, { 0xeb2f, 0, "LCTLG" },
};
static const struct opcode io[] = {
	{ 0xb230, 0, "CSCH" }, { 0xb231, 0, "HSCH" }, { 0xb232, 0, "MSCH" },
	{ 0xb233, 0, "SSCH" }, { 0xb234, 0, "STSCH" }, { 0xb235, 0, "TSCH" },
	{ 0xb236, 0, "TPI" }, { 0xb237, 0, "SAL" }, { 0xb238, 0, "RSCH" }, { 0xb239, 0, "STCRW" },
	{ 0xb23a, 0, "STCPS" }, { 0xb23b, 0, "RCHP" }, { 0xb23c, 0, "SCHM" },
	{ 0xb25f, 0, "CHSC" }, { 0xb276, 0, "XSCH" },
};
static const struct opcode msa[] = {
	{ 0xb91e, 17, "KMAC" }, { 0xb928, 76, "PCKMO" }, { 0xb929, 146, "KMA" },
	{ 0xb92a, 77, "KMF" }, { 0xb92b, 77, "KMO" }, { 0xb92c, 77, "PCC" },
	{ 0xb92d, 77, "KMCTR" }, { 0xb92e, 17, "KM" }, { 0xb92f, 17, "KMC" },
	{ 0xb938, 150, "SORTL" }, { 0xb939, 151, "DFLTCC" }, { 0xb93a, 155, "KDSA" },
	{ 0xb93c, 57, "PRNO" }, { 0xb93e, 17, "KIMD" }, { 0xb93f, 17, "KLMD" },
};
static const struct opcode pci[] = {
	{ 0xb9d0, 69, "PCISTG" }, { 0xb9d2, 69, "PCILG" }, { 0xb9d3, 69, "RPCIT" },
	{ 0xb9d4, 153, "PCISTGI" }, { 0xb9d6, 153, "PCILGI" },
	{ 0xe3d0, 69, "MPCIFC" }, { 0xe3d4, 69, "STPCIFC" },
	{ 0xebd0, 69, "PCISTB" }, { 0xebd1, 69, "SIC" }, { 0xebd4, 153, "PCISTBI" },
};
/* clang-format on */

TEST(control_present, "Control instructions: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapter 10; chapter 4, Facility Indications"))
{
	check_opcodes(control, ARRAY_SIZE(control));
}

TEST(io_present, "I/O instructions: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapter 14; chapter 4, Facility Indications"))
{
	check_opcodes(io, ARRAY_SIZE(io));
}

TEST(msa_present, "Message-security assist: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapters 7 and 10; chapter 4, Facility Indications"))
{
	check_opcodes(msa, ARRAY_SIZE(msa));
}

TEST(pci_present, "PCI instructions: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapter 4, Facility Indications (69)"))
{
	check_opcodes(pci, ARRAY_SIZE(pci));
}
