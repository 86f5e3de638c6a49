/* SPDX-License-Identifier: MIT */
#include <test.h>

#include "check.h"

SUITE("Presence of vector instructions");

/* clang-format off */
static const struct opcode vector[] = {
	{ 0xe601, 148, "VLEBRH" }, { 0xe602, 148, "VLEBRG" }, { 0xe603, 148, "VLEBRF" },
	{ 0xe604, 148, "VLLEBRZ" }, { 0xe605, 148, "VLBRREP" }, { 0xe606, 148, "VLBR" },
	{ 0xe607, 148, "VLER" }, { 0xe609, 148, "VSTEBRH" }, { 0xe60a, 148, "VSTEBRG" },
	{ 0xe60b, 148, "VSTEBRF" }, { 0xe60e, 148, "VSTBR" }, { 0xe60f, 148, "VSTER" },
	{ 0xe700, 129, "VLEB" }, { 0xe701, 129, "VLEH" }, { 0xe702, 129, "VLEG" },
	{ 0xe703, 129, "VLEF" }, { 0xe704, 129, "VLLEZ" }, { 0xe705, 129, "VLREP" },
	{ 0xe706, 129, "VL" }, { 0xe707, 129, "VLBB" }, { 0xe708, 129, "VSTEB" },
	{ 0xe709, 129, "VSTEH" }, { 0xe70a, 129, "VSTEG" }, { 0xe70b, 129, "VSTEF" },
	{ 0xe70e, 129, "VST" }, { 0xe712, 129, "VGEG" }, { 0xe713, 129, "VGEF" },
	{ 0xe71a, 129, "VSCEG" }, { 0xe71b, 129, "VSCEF" }, { 0xe721, 129, "VLGV" },
	{ 0xe722, 129, "VLVG" }, { 0xe727, 129, "LCBB" }, { 0xe730, 129, "VESL" },
	{ 0xe733, 129, "VERLL" }, { 0xe736, 129, "VLM" }, { 0xe737, 129, "VLL" },
	{ 0xe738, 129, "VESRL" }, { 0xe73a, 129, "VESRA" }, { 0xe73e, 129, "VSTM" },
	{ 0xe73f, 129, "VSTL" }, { 0xe744, 129, "VGBM" }, { 0xe745, 129, "VREPI" },
	{ 0xe746, 129, "VGM" }, { 0xe74a, 129, "VFTCI" }, { 0xe74d, 129, "VREP" },
	{ 0xe750, 129, "VPOPCT" }, { 0xe752, 129, "VCTZ" }, { 0xe753, 129, "VCLZ" },
	{ 0xe756, 129, "VLR" }, { 0xe75c, 129, "VISTR" }, { 0xe75f, 129, "VSEG" },
	{ 0xe760, 129, "VMRL" }, { 0xe761, 129, "VMRH" }, { 0xe762, 129, "VLVGP" },
	{ 0xe764, 129, "VSUM" }, { 0xe765, 129, "VSUMG" }, { 0xe766, 129, "VCKSM" },
	{ 0xe767, 129, "VSUMQ" }, { 0xe768, 129, "VN" }, { 0xe769, 129, "VNC" },
	{ 0xe76a, 129, "VO" }, { 0xe76b, 129, "VNO" }, { 0xe76c, 135, "VNX" },
	{ 0xe76d, 129, "VX" }, { 0xe76e, 135, "VNN" }, { 0xe76f, 135, "VOC" },
	{ 0xe770, 129, "VESLV" }, { 0xe772, 129, "VERIM" }, { 0xe773, 129, "VERLLV" },
	{ 0xe774, 129, "VSL" }, { 0xe775, 129, "VSLB" }, { 0xe777, 129, "VSLDB" },
	{ 0xe778, 129, "VESRLV" }, { 0xe77a, 129, "VESRAV" }, { 0xe77c, 129, "VSRL" },
	{ 0xe77d, 129, "VSRLB" }, { 0xe77e, 129, "VSRA" }, { 0xe77f, 129, "VSRAB" },
	{ 0xe780, 129, "VFEE" }, { 0xe781, 129, "VFENE" }, { 0xe782, 129, "VFAE" },
	{ 0xe784, 129, "VPDI" }, { 0xe785, 135, "VBPERM" }, { 0xe786, 148, "VSLD" },
	{ 0xe787, 148, "VSRD" }, { 0xe78a, 129, "VSTRC" }, { 0xe78b, 148, "VSTRS" },
	{ 0xe78c, 129, "VPERM" }, { 0xe78d, 129, "VSEL" }, { 0xe78e, 129, "VFMS" },
	{ 0xe78f, 129, "VFMA" }, { 0xe794, 129, "VPK" }, { 0xe795, 129, "VPKLS" },
	{ 0xe797, 129, "VPKS" }, { 0xe79e, 135, "VFNMS" }, { 0xe79f, 135, "VFNMA" },
	{ 0xe7a1, 129, "VMLH" }, { 0xe7a2, 129, "VML" }, { 0xe7a3, 129, "VMH" },
	{ 0xe7a4, 129, "VMLE" }, { 0xe7a5, 129, "VMLO" }, { 0xe7a6, 129, "VME" },
	{ 0xe7a7, 129, "VMO" }, { 0xe7a9, 129, "VMALH" }, { 0xe7aa, 129, "VMAL" },
	{ 0xe7ab, 129, "VMAH" }, { 0xe7ac, 129, "VMALE" }, { 0xe7ad, 129, "VMALO" },
	{ 0xe7ae, 129, "VMAE" }, { 0xe7af, 129, "VMAO" }, { 0xe7b4, 129, "VGFM" },
	{ 0xe7b8, 135, "VMSL" }, { 0xe7b9, 129, "VACCC" }, { 0xe7bb, 129, "VAC" },
	{ 0xe7bc, 129, "VGFMA" }, { 0xe7bd, 129, "VSBCBI" }, { 0xe7bf, 129, "VSBI" },
	{ 0xe7c0, 129, "VCLGD" }, { 0xe7c1, 129, "VCDLG" }, { 0xe7c2, 129, "VCGD" },
	{ 0xe7c3, 129, "VCDG" }, { 0xe7c4, 129, "VLDE" }, { 0xe7c5, 129, "VLED" },
	{ 0xe7c7, 129, "VFI" }, { 0xe7ca, 129, "WFK" }, { 0xe7cb, 129, "WFC" },
	{ 0xe7cc, 129, "VFPSO" }, { 0xe7ce, 129, "VFSQ" }, { 0xe7d4, 129, "VUPLL" },
	{ 0xe7d5, 129, "VUPLH" }, { 0xe7d6, 129, "VUPL" }, { 0xe7d7, 129, "VUPH" },
	{ 0xe7d8, 129, "VTM" }, { 0xe7d9, 129, "VECL" }, { 0xe7db, 129, "VEC" },
	{ 0xe7de, 129, "VLC" }, { 0xe7df, 129, "VLP" }, { 0xe7e2, 129, "VFS" },
	{ 0xe7e3, 129, "VFA" }, { 0xe7e5, 129, "VFD" }, { 0xe7e7, 129, "VFM" },
	{ 0xe7e8, 129, "VFCE" }, { 0xe7ea, 129, "VFCHE" }, { 0xe7eb, 129, "VFCH" },
	{ 0xe7ee, 135, "VFMIN" }, { 0xe7ef, 135, "VFMAX" }, { 0xe7f0, 129, "VAVGL" },
	{ 0xe7f1, 129, "VACC" }, { 0xe7f2, 129, "VAVG" }, { 0xe7f3, 129, "VA" },
	{ 0xe7f5, 129, "VSCBI" }, { 0xe7f7, 129, "VS" }, { 0xe7f8, 129, "VCEQ" },
	{ 0xe7f9, 129, "VCHL" }, { 0xe7fb, 129, "VCH" }, { 0xe7fc, 129, "VMNL" },
	{ 0xe7fd, 129, "VMXL" }, { 0xe7fe, 129, "VMN" }, { 0xe7ff, 129, "VMX" },
};
static const struct opcode vector_decimal[] = {
	{ 0xb93b, 165, "NNPA" },
	{ 0xe634, 134, "VPKZ" }, { 0xe635, 134, "VLRL" }, { 0xe637, 134, "VLRLR" },
	{ 0xe63c, 134, "VUPKZ" }, { 0xe63d, 134, "VSTRL" }, { 0xe63f, 134, "VSTRLR" },
	{ 0xe649, 134, "VLIP" }, { 0xe650, 134, "VCVB" }, { 0xe651, 192, "VCLZDP" },
	{ 0xe652, 134, "VCVBG" }, { 0xe654, 192, "VUPKZH" }, { 0xe655, 165, "VCNF" },
	{ 0xe656, 165, "VCLFNH" }, { 0xe658, 134, "VCVD" }, { 0xe659, 134, "VSRP" },
	{ 0xe65a, 134, "VCVDG" }, { 0xe65b, 134, "VPSOP" }, { 0xe65c, 192, "VUPKZL" },
	{ 0xe65d, 165, "VCFN" }, { 0xe65e, 165, "VCLFNL" }, { 0xe65f, 134, "VTP" },
	{ 0xe670, 192, "VPKZR" }, { 0xe671, 134, "VAP" }, { 0xe672, 192, "VSRPR" },
	{ 0xe673, 134, "VSP" }, { 0xe674, 192, "VSCHP" }, { 0xe675, 165, "VCRNF" },
	{ 0xe677, 134, "VCP" }, { 0xe678, 134, "VMP" }, { 0xe679, 134, "VMSP" },
	{ 0xe67a, 134, "VDP" }, { 0xe67b, 134, "VRP" }, { 0xe67c, 192, "VSCSHP" },
	{ 0xe67d, 192, "VCSPH" }, { 0xe67e, 134, "VSDP" },
};
/* clang-format on */

TEST(vector_present, "Vector instructions: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapters 21-24; chapter 4, Facility Indications"))
{
	check_opcodes(vector, ARRAY_SIZE(vector));
}

TEST(vector_decimal_present,
     "Vector decimal instructions: each that the facility list has, and no other",
     SPEC("PoP SA22-7832-13, chapters 25 and 26; chapter 4, Facility Indications"))
{
	check_opcodes(vector_decimal, ARRAY_SIZE(vector_decimal));
}
