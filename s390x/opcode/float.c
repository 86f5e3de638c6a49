/* SPDX-License-Identifier: MIT */
#include <test.h>

#include "check.h"

SUITE("Presence of floating-point instructions");

/* clang-format off */
static const struct opcode hfp[] = {
	{ 0x2000, 0, "LPDR" }, { 0x2100, 0, "LNDR" }, { 0x2200, 0, "LTDR" },
	{ 0x2300, 0, "LCDR" }, { 0x2400, 0, "HDR" }, { 0x2500, 0, "LDXR" }, { 0x2600, 0, "MXR" },
	{ 0x2700, 0, "MXDR" }, { 0x2900, 0, "CDR" }, { 0x2a00, 0, "ADR" }, { 0x2b00, 0, "SDR" },
	{ 0x2c00, 0, "MDR" }, { 0x2d00, 0, "DDR" }, { 0x2e00, 0, "AWR" }, { 0x2f00, 0, "SWR" },
	{ 0x3000, 0, "LPER" }, { 0x3100, 0, "LNER" }, { 0x3200, 0, "LTER" },
	{ 0x3300, 0, "LCER" }, { 0x3400, 0, "HER" }, { 0x3500, 0, "LEDR" }, { 0x3600, 0, "AXR" },
	{ 0x3700, 0, "SXR" }, { 0x3900, 0, "CER" }, { 0x3a00, 0, "AER" }, { 0x3b00, 0, "SER" },
	{ 0x3c00, 0, "MDER" }, { 0x3d00, 0, "DER" }, { 0x3e00, 0, "AUR" }, { 0x3f00, 0, "SUR" },
	{ 0x6700, 0, "MXD" }, { 0x6900, 0, "CD" }, { 0x6a00, 0, "AD" }, { 0x6b00, 0, "SD" },
	{ 0x6c00, 0, "MD" }, { 0x6d00, 0, "DD" }, { 0x6e00, 0, "AW" }, { 0x6f00, 0, "SW" },
	{ 0x7900, 0, "CE" }, { 0x7a00, 0, "AE" }, { 0x7b00, 0, "SE" }, { 0x7c00, 0, "MDE" },
	{ 0x7d00, 0, "DE" }, { 0x7e00, 0, "AU" }, { 0x7f00, 0, "SU" },
	{ 0xb22d, 0, "DXR" }, { 0xb244, 0, "SQDR" }, { 0xb245, 0, "SQER" },
	{ 0xb324, 0, "LDER" }, { 0xb325, 0, "LXDR" }, { 0xb326, 0, "LXER" },
	{ 0xb32e, 20, "MAER" }, { 0xb32f, 20, "MSER" }, { 0xb336, 0, "SQXR" },
	{ 0xb337, 0, "MEER" }, { 0xb338, 23, "MAYLR" }, { 0xb339, 23, "MYLR" },
	{ 0xb33a, 23, "MAYR" }, { 0xb33b, 23, "MYR" }, { 0xb33c, 23, "MAYHR" },
	{ 0xb33d, 23, "MYHR" }, { 0xb33e, 20, "MADR" }, { 0xb33f, 20, "MSDR" },
	{ 0xb360, 0, "LPXR" }, { 0xb361, 0, "LNXR" }, { 0xb362, 0, "LTXR" },
	{ 0xb363, 0, "LCXR" }, { 0xb366, 0, "LEXR" }, { 0xb367, 0, "FIXR" }, { 0xb369, 0, "CXR" },
	{ 0xb377, 0, "FIER" }, { 0xb37f, 0, "FIDR" }, { 0xb3b4, 0, "CEFR" },
	{ 0xb3b5, 0, "CDFR" }, { 0xb3b6, 0, "CXFR" }, { 0xb3b8, 0, "CFER" },
	{ 0xb3b9, 0, "CFDR" }, { 0xb3ba, 0, "CFXR" }, { 0xb3c4, 0, "CEGR" },
	{ 0xb3c5, 0, "CDGR" }, { 0xb3c6, 0, "CXGR" }, { 0xb3c8, 0, "CGER" },
	{ 0xb3c9, 0, "CGDR" }, { 0xb3ca, 0, "CGXR" },
	{ 0xed24, 0, "LDE" }, { 0xed25, 0, "LXD" }, { 0xed26, 0, "LXE" }, { 0xed2e, 20, "MAE" },
	{ 0xed2f, 20, "MSE" }, { 0xed34, 0, "SQE" }, { 0xed35, 0, "SQD" }, { 0xed37, 0, "MEE" },
	{ 0xed38, 23, "MAYL" }, { 0xed39, 23, "MYL" }, { 0xed3a, 23, "MAY" },
	{ 0xed3b, 23, "MY" }, { 0xed3c, 23, "MAYH" }, { 0xed3d, 23, "MYH" },
	{ 0xed3e, 20, "MAD" }, { 0xed3f, 20, "MSD" },
};
static const struct opcode bfp[] = {
	{ 0x2800, 0, "LDR" }, { 0x3800, 0, "LER" }, { 0x6000, 0, "STD" }, { 0x6800, 0, "LD" },
	{ 0x7000, 0, "STE" }, { 0x7800, 0, "LE" },
	{ 0xb299, 0, "SRNM" }, { 0xb29c, 0, "STFPC" }, { 0xb29d, 0, "LFPC" },
	{ 0xb2b8, 37, "SRNMB" }, { 0xb2bd, 41, "LFAS" },
	{ 0xb300, 0, "LPEBR" }, { 0xb301, 0, "LNEBR" }, { 0xb302, 0, "LTEBR" },
	{ 0xb303, 0, "LCEBR" }, { 0xb304, 0, "LDEBR" }, { 0xb305, 0, "LXDBR" },
	{ 0xb306, 0, "LXEBR" }, { 0xb307, 0, "MXDBR" }, { 0xb308, 0, "KEBR" },
	{ 0xb309, 0, "CEBR" }, { 0xb30a, 0, "AEBR" }, { 0xb30b, 0, "SEBR" },
	{ 0xb30c, 0, "MDEBR" }, { 0xb30d, 0, "DEBR" }, { 0xb30e, 0, "MAEBR" },
	{ 0xb30f, 0, "MSEBR" }, { 0xb310, 0, "LPDBR" }, { 0xb311, 0, "LNDBR" },
	{ 0xb312, 0, "LTDBR" }, { 0xb313, 0, "LCDBR" }, { 0xb314, 0, "SQEBR" },
	{ 0xb315, 0, "SQDBR" }, { 0xb316, 0, "SQXBR" }, { 0xb317, 0, "MEEBR" },
	{ 0xb318, 0, "KDBR" }, { 0xb319, 0, "CDBR" }, { 0xb31a, 0, "ADBR" },
	{ 0xb31b, 0, "SDBR" }, { 0xb31c, 0, "MDBR" }, { 0xb31d, 0, "DDBR" },
	{ 0xb31e, 0, "MADBR" }, { 0xb31f, 0, "MSDBR" }, { 0xb340, 0, "LPXBR" },
	{ 0xb341, 0, "LNXBR" }, { 0xb342, 0, "LTXBR" }, { 0xb343, 0, "LCXBR" },
	{ 0xb344, 0, "LEDBR" }, { 0xb345, 0, "LDXBR" }, { 0xb346, 0, "LEXBR" },
	{ 0xb347, 0, "FIXBR" }, { 0xb348, 0, "KXBR" }, { 0xb349, 0, "CXBR" },
	{ 0xb34a, 0, "AXBR" }, { 0xb34b, 0, "SXBR" }, { 0xb34c, 0, "MXBR" },
	{ 0xb34d, 0, "DXBR" }, { 0xb350, 0, "TBEDR" }, { 0xb351, 0, "TBDR" },
	{ 0xb353, 0, "DIEBR" }, { 0xb357, 0, "FIEBR" }, { 0xb358, 0, "THDER" },
	{ 0xb359, 0, "THDR" }, { 0xb35b, 0, "DIDBR" }, { 0xb35f, 0, "FIDBR" },
	{ 0xb365, 0, "LXR" }, { 0xb370, 41, "LPDFR" }, { 0xb371, 41, "LNDFR" },
	{ 0xb372, 41, "CPSDR" }, { 0xb373, 41, "LCDFR" }, { 0xb374, 0, "LZER" },
	{ 0xb375, 0, "LZDR" }, { 0xb376, 0, "LZXR" }, { 0xb384, 0, "SFPC" },
	{ 0xb385, 41, "SFASR" }, { 0xb38c, 0, "EFPC" }, { 0xb390, 37, "CELFBR" },
	{ 0xb391, 37, "CDLFBR" }, { 0xb392, 37, "CXLFBR" }, { 0xb394, 0, "CEFBR" },
	{ 0xb395, 0, "CDFBR" }, { 0xb396, 0, "CXFBR" }, { 0xb398, 0, "CFEBR" },
	{ 0xb399, 0, "CFDBR" }, { 0xb39a, 0, "CFXBR" }, { 0xb39c, 37, "CLFEBR" },
	{ 0xb39d, 37, "CLFDBR" }, { 0xb39e, 37, "CLFXBR" }, { 0xb3a0, 37, "CELGBR" },
	{ 0xb3a1, 37, "CDLGBR" }, { 0xb3a2, 37, "CXLGBR" }, { 0xb3a4, 0, "CEGBR" },
	{ 0xb3a5, 0, "CDGBR" }, { 0xb3a6, 0, "CXGBR" }, { 0xb3a8, 0, "CGEBR" },
	{ 0xb3a9, 0, "CGDBR" }, { 0xb3aa, 0, "CGXBR" }, { 0xb3ac, 37, "CLGEBR" },
	{ 0xb3ad, 37, "CLGDBR" }, { 0xb3ae, 37, "CLGXBR" }, { 0xb3c1, 41, "LDGR" },
	{ 0xb3cd, 41, "LGDR" },
	{ 0xed04, 0, "LDEB" }, { 0xed05, 0, "LXDB" }, { 0xed06, 0, "LXEB" },
	{ 0xed07, 0, "MXDB" }, { 0xed08, 0, "KEB" }, { 0xed09, 0, "CEB" }, { 0xed0a, 0, "AEB" },
	{ 0xed0b, 0, "SEB" }, { 0xed0c, 0, "MDEB" }, { 0xed0d, 0, "DEB" }, { 0xed0e, 0, "MAEB" },
	{ 0xed0f, 0, "MSEB" }, { 0xed10, 0, "TCEB" }, { 0xed11, 0, "TCDB" },
	{ 0xed12, 0, "TCXB" }, { 0xed14, 0, "SQEB" }, { 0xed15, 0, "SQDB" },
	{ 0xed17, 0, "MEEB" }, { 0xed18, 0, "KDB" }, { 0xed19, 0, "CDB" }, { 0xed1a, 0, "ADB" },
	{ 0xed1b, 0, "SDB" }, { 0xed1c, 0, "MDB" }, { 0xed1d, 0, "DDB" }, { 0xed1e, 0, "MADB" },
	{ 0xed1f, 0, "MSDB" }, { 0xed64, 18, "LEY" }, { 0xed65, 18, "LDY" },
	{ 0xed66, 18, "STEY" }, { 0xed67, 18, "STDY" },
};
static const struct opcode dfp[] = {
	{ 0xb2b9, 41, "SRNMT" },
	{ 0xb3d0, 42, "MDTR" }, { 0xb3d1, 42, "DDTR" }, { 0xb3d2, 42, "ADTR" },
	{ 0xb3d3, 42, "SDTR" }, { 0xb3d4, 42, "LDETR" }, { 0xb3d5, 42, "LEDTR" },
	{ 0xb3d6, 42, "LTDTR" }, { 0xb3d7, 42, "FIDTR" }, { 0xb3d8, 42, "MXTR" },
	{ 0xb3d9, 42, "DXTR" }, { 0xb3da, 42, "AXTR" }, { 0xb3db, 42, "SXTR" },
	{ 0xb3dc, 42, "LXDTR" }, { 0xb3dd, 42, "LDXTR" }, { 0xb3de, 42, "LTXTR" },
	{ 0xb3df, 42, "FIXTR" }, { 0xb3e0, 42, "KDTR" }, { 0xb3e1, 42, "CGDTR" },
	{ 0xb3e2, 42, "CUDTR" }, { 0xb3e3, 42, "CSDTR" }, { 0xb3e4, 42, "CDTR" },
	{ 0xb3e5, 42, "EEDTR" }, { 0xb3e7, 42, "ESDTR" }, { 0xb3e8, 42, "KXTR" },
	{ 0xb3e9, 42, "CGXTR" }, { 0xb3ea, 42, "CUXTR" }, { 0xb3eb, 42, "CSXTR" },
	{ 0xb3ec, 42, "CXTR" }, { 0xb3ed, 42, "EEXTR" }, { 0xb3ef, 42, "ESXTR" },
	{ 0xb3f1, 42, "CDGTR" }, { 0xb3f2, 42, "CDUTR" }, { 0xb3f3, 42, "CDSTR" },
	{ 0xb3f4, 42, "CEDTR" }, { 0xb3f5, 42, "QADTR" }, { 0xb3f6, 42, "IEDTR" },
	{ 0xb3f7, 42, "RRDTR" }, { 0xb3f9, 42, "CXGTR" }, { 0xb3fa, 42, "CXUTR" },
	{ 0xb3fb, 42, "CXSTR" }, { 0xb3fc, 42, "CEXTR" }, { 0xb3fd, 42, "QAXTR" },
	{ 0xb3fe, 42, "IEXTR" }, { 0xb3ff, 42, "RRXTR" },
	{ 0xb941, 42, "CFDTR" }, { 0xb942, 42, "CLGDTR" }, { 0xb943, 42, "CLFDTR" },
	{ 0xb949, 42, "CFXTR" }, { 0xb94a, 42, "CLGXTR" }, { 0xb94b, 42, "CLFXTR" },
	{ 0xb951, 42, "CDFTR" }, { 0xb952, 42, "CDLGTR" }, { 0xb953, 42, "CDLFTR" },
	{ 0xb959, 42, "CXFTR" }, { 0xb95a, 42, "CXLGTR" }, { 0xb95b, 42, "CXLFTR" },
	{ 0xed40, 42, "SLDT" }, { 0xed41, 42, "SRDT" }, { 0xed48, 42, "SLXT" },
	{ 0xed49, 42, "SRXT" }, { 0xed50, 42, "TDCET" }, { 0xed51, 42, "TDGET" },
	{ 0xed54, 42, "TDCDT" }, { 0xed55, 42, "TDGDT" }, { 0xed58, 42, "TDCXT" },
	{ 0xed59, 42, "TDGXT" }, { 0xeda8, 48, "CZDT" }, { 0xeda9, 48, "CZXT" },
	{ 0xedaa, 48, "CDZT" }, { 0xedab, 48, "CXZT" }, { 0xedac, 80, "CPDT" },
	{ 0xedad, 80, "CPXT" }, { 0xedae, 80, "CDPT" }, { 0xedaf, 80, "CXPT" },
};
/* clang-format on */

TEST(hfp_present, "Hexadecimal floating point: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapter 18; chapter 4, Facility Indications"))
{
	check_opcodes(hfp, ARRAY_SIZE(hfp));
}

TEST(bfp_present,
     "Binary floating point and its support: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapters 9 and 19; chapter 4, Facility Indications"))
{
	check_opcodes(bfp, ARRAY_SIZE(bfp));
}

TEST(dfp_present, "Decimal floating point: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapter 20; chapter 4, Facility Indications"))
{
	check_opcodes(dfp, ARRAY_SIZE(dfp));
}
