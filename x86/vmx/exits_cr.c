/* SPDX-License-Identifier: MIT */
/* MOV CR, CLTS, LMSW and SMSW, register by register: SDM vol. 3C, 25.1.3, 25.3; 27.2.1, tables 27-3, 27-4. */
#include "checks.h"

#include <mm/space.h>
#include <string.h>

SUITE("VMX: accesses to control and debug registers", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1
#define GPRS	 (sizeof(ulong) == 8 ? 16u : 8u)

/* MOV between a general register, 0 to 15, and a control or debug register; `opcode` 0x20 to 0x23. */
static void set_mov(struct vmx_guest *g, u8 opcode, u32 special, u32 gpr)
{
	u8 code[4] = { (u8)(0x40 | (gpr >> 3) | (special >> 3) << 2), 0x0f, opcode,
		       (u8)(0xc0 | (special & 7) << 3 | (gpr & 7)) };
	/* REX only where it is needed. */
	u32 skip = code[0] == 0x40;

	vmx_code(g, code + skip, 4 - skip);
}

/* The general registers in their numbers' order; 4 is RSP. */
static void set_gpr(struct vmx_guest *g, u32 gpr, u64 value)
{
	static const u8 places[] = { 0, 1, 2, 3, 0, 4, 5, 6 };

	if (gpr == 4)
		vmcs_write(VMCS_GUEST_RSP, value);
	else
		g->registers.general[gpr < 8 ? places[gpr] : gpr - 1] = (ulong)value;
}

static u64 get_gpr(const struct vmx_guest *g, u32 gpr)
{
	static const u8 places[] = { 0, 1, 2, 3, 0, 4, 5, 6 };

	if (gpr == 4)
		return vmcs_read(VMCS_GUEST_RSP);
	return g->registers.general[gpr < 8 ? places[gpr] : gpr - 1];
}

/* Every general register with this access; `exit` is false where the control is clear. */
static void all_registers(u8 opcode, u32 special, u64 control, enum vmcs_field mask,
			  enum vmcs_field shadow, u64 bit, u64 value)
{
	struct vmx_guest *g = vmx_new();
	const bool from = !(opcode & 2), is_dr = opcode & 1;

	for (u32 gpr = 0; gpr < GPRS; gpr++) {
		SUBTEST("register-%u", gpr);
		vmx_reset(g);
		set_mov(g, opcode, special, gpr);
		vmcs_set(VMCS_PRIMARY_CONTROLS, control);
		if (bit) {
			vmcs_write(mask, bit);
			vmcs_write(shadow, value & bit ? 0 : bit);
		}
		set_gpr(g, gpr, value);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, is_dr ? VMX_EXIT_MOV_DR : VMX_EXIT_CR_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
			  (u64)(special | (from ? 0x10 : 0) | gpr << 8));
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)g->code_size);
		EXPECT_EQ(get_gpr(g, gpr), value);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	}
}

#define CR_INFO "SDM vol. 3C, 25.1.3; 27.2.1, table 27-3"

TEST(mov_to_cr0_registers, "an exit of MOV to CR0 tells the general register", SPEC(CR_INFO))
{
	all_registers(0x22, 0, 0, VMCS_CR0_MASK, VMCS_CR0_READ_SHADOW, CR0_TS, read_cr0());
}

TEST(mov_to_cr4_registers, "an exit of MOV to CR4 tells the general register", SPEC(CR_INFO))
{
	all_registers(0x22, 4, 0, VMCS_CR4_MASK, VMCS_CR4_READ_SHADOW, CR4_TSD, read_cr4());
}

TEST(mov_to_cr3_registers, "an exit of MOV to CR3 tells the general register",
     SPEC(CR_INFO), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_CR3_LOAD)))
{
	all_registers(0x22, 3, CPU_CR3_LOAD, 0, 0, 0, read_cr3());
}

TEST(mov_from_cr3_registers, "an exit of MOV from CR3 tells the general register",
     SPEC(CR_INFO), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_CR3_STORE)))
{
	all_registers(0x20, 3, CPU_CR3_STORE, 0, 0, 0, 0x12345678);
}

TEST(mov_to_cr8_registers, "an exit of MOV to CR8 tells the general register",
     SPEC(CR_INFO), REQUIRES(sizeof(ulong) == 8 && vmx_can(VMCS_PRIMARY_CONTROLS, CPU_CR8_LOAD)))
{
	all_registers(0x22, 8, CPU_CR8_LOAD, 0, 0, 0, 5);
}

TEST(mov_from_cr8_registers, "an exit of MOV from CR8 tells the general register",
     SPEC(CR_INFO), REQUIRES(sizeof(ulong) == 8 && vmx_can(VMCS_PRIMARY_CONTROLS, CPU_CR8_STORE)))
{
	all_registers(0x20, 8, CPU_CR8_STORE, 0, 0, 0, 0x12345678);
}

#define DR_INFO "SDM vol. 3C, 25.1.3; 27.2.1, table 27-4"
#define MOV_DR(number)                                                            \
	TEST(mov_to_dr##number##_registers,                                       \
	     "an exit of MOV to DR" #number " tells the general register",        \
	     SPEC(DR_INFO), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MOV_DR))) \
	{                                                                         \
		all_registers(0x23, number, CPU_MOV_DR, 0, 0, 0, 0x400);          \
	}                                                                         \
	TEST(mov_from_dr##number##_registers,                                     \
	     "an exit of MOV from DR" #number " tells the general register",      \
	     SPEC(DR_INFO), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MOV_DR))) \
	{                                                                         \
		all_registers(0x21, number, CPU_MOV_DR, 0, 0, 0, 0x12345678);     \
	}

MOV_DR(0)
MOV_DR(1)
MOV_DR(2)
MOV_DR(3)
MOV_DR(6)
MOV_DR(7)

TEST(mov_dr_priority,
     "the exit of MOV DR comes before #UD of DR4 with CR4.DE, and before general detection",
     SPEC("SDM vol. 3C, 25.1.1; 25.1.3, MOV DR"),
	  REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MOV_DR)))
{
	static const struct {
		const char *name;
		u32 dr;
		u64 cr4;
		u32 dr7;
		u32 without; /* the exception without the control, or 0 */
	} rows[] = {
		{ "dr4-de", 4, CR4_DE, DR7_RESET, VEC_UD },
		{ "dr5-de", 5, CR4_DE, DR7_RESET, VEC_UD },
		{ "dr4", 4, 0, DR7_RESET, 0 },
		{ "dr0-detect", 0, 0, DR7_RESET | 0x2000, VEC_DB },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 on = 0; on < 2; on++) {
			SUBTEST("%s-%s", rows[i].name, on ? "exiting" : "not-exiting");
			vmx_reset(g);
			set_mov(g, 0x21, rows[i].dr, 0);
			vmcs_set(VMCS_GUEST_CR4, rows[i].cr4);
			vmcs_write(VMCS_GUEST_DR7, rows[i].dr7);
			if (on)
				vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MOV_DR);
			vmx_run(g);
			if (on)
				EXPECT_VMX_EXIT(g, VMX_EXIT_MOV_DR);
			else if (rows[i].without)
				EXPECT_VMX_EXCEPTION(g, rows[i].without);
			else
				EXPECT_VMX_DONE(g);
		}
}

/* --------------------------------------------------------------------------- masks and shadows */

static void each_bit(bool cr4, u64 bits)
{
	struct vmx_guest *g = vmx_new();
	const enum vmcs_field field = cr4 ? VMCS_GUEST_CR4 : VMCS_GUEST_CR0;

	for_each_set_bit(bit, bits)
		for (u32 shadow = 0; shadow < 2; shadow++) {
			u64 now;

			SUBTEST("bit-%llu-shadow-%u", bit, shadow);
			vmx_reset(g);
			set_mov(g, 0x22, cr4 ? 4 : 0, 2);
			now = vmcs_read(field);
			vmcs_write(cr4 ? VMCS_CR4_MASK : VMCS_CR0_MASK, BIT(bit));
			vmcs_write(cr4 ? VMCS_CR4_READ_SHADOW : VMCS_CR0_READ_SHADOW,
				   shadow ? BIT(bit) : 0);
			g->registers.dx = (ulong)((now & ~BIT(bit)) | (shadow ? 0 : BIT(bit)));
			vmx_run(g);
			EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), cr4 ? 0x204ull : 0x200ull);
			EXPECT_EQ(vmcs_read(field), now);
		}
}

TEST(cr0_mask_each_bit,
     "every bit of CR0 that is in the mask exits where the value is not the shadow's",
     SPEC("SDM vol. 3C, 24.6.6; 25.1.3"))
{
	each_bit(false, BITS(5, 0) | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG);
}

TEST(cr4_mask_each_bit,
     "every bit of CR4 that is in the mask exits where the value is not the shadow's",
     SPEC("SDM vol. 3C, 24.6.6; 25.1.3"))
{
	each_bit(true, BITS(22, 0) & ~BIT(15) & ~BIT(19));
}

TEST(cr_write_fixed, "a bit that VMX operation fixes is #GP(0) in a MOV to CR that does not exit",
     SPEC("SDM vol. 3C, 23.8; 25.3"))
{
	struct vmx_guest *g = vmx_new();
	static const struct {
		const char *name;
		bool cr4;
		u64 toggle;
	} rows[] = { { "ne", false, CR0_NE }, { "vmxe", true, CR4_VMXE } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 masked = 0; masked < 2; masked++) {
			enum vmcs_field field = rows[i].cr4 ? VMCS_GUEST_CR4 : VMCS_GUEST_CR0;
			u64 now;

			SUBTEST("%s-%s", rows[i].name, masked ? "in-mask" : "not-in-mask");
			vmx_reset(g);
			set_mov(g, 0x22, rows[i].cr4 ? 4 : 0, 2);
			now = vmcs_read(field);
			g->registers.dx = (ulong)(now & ~rows[i].toggle);
			if (masked)
				vmcs_write(rows[i].cr4 ? VMCS_CR4_MASK : VMCS_CR0_MASK,
					   rows[i].toggle);
			vmx_run(g);
			/* "the corresponding bit in CR0 is not modified": the shadow has it as 0. */
			if (masked)
				EXPECT_VMX_DONE(g);
			else
				EXPECT_VMX_EXCEPTION(g, VEC_GP);
			EXPECT_EQ(vmcs_read(field), now);
		}
}

TEST(lmsw_sources,
     "an exit of LMSW has the source data, and the linear address of a memory operand",
     SPEC("SDM vol. 3C, 25.1.3; 27.2.1, table 27-3"))
{
	struct vmx_guest *g = vmx_new();
	static const u16 values[] = { 0x0002, 0x0008, 0xfff2, 0xabce };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++)
		for (u32 memory = 0; memory < 2; memory++) {
			SUBTEST("%s-%#x", memory ? "memory" : "register", values[i]);
			vmx_reset(g);
			if (memory)
				vmx_code(g, "\x0f\x01\x73\x10", 4); /* LMSW [BX+0x10] */
			else
				vmx_code(g, "\x0f\x01\xf3", 3); /* LMSW BX */
			g->registers.bx = memory ? (ulong)g->data : values[i] | 0x55550000u;
			*(u16 *)(g->data + 0x10) = values[i];
			vmcs_write(VMCS_CR0_MASK, 0xe);
			vmcs_write(VMCS_CR0_READ_SHADOW, ~(u64)values[i] & 0xe);
			vmx_run(g);
			EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
				  (u64)values[i] << 16 | 0x30 | (memory ? 0x40 : 0));
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), memory ? 4ull : 3ull);
			if (memory)
				EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS),
					  (u64)(ulong)g->data + 0x10);
		}
}

TEST(lmsw_operand_fault,
     "a page fault of LMSW's operand comes before an exit that its value decides on",
     SPEC("SDM vol. 3C, 25.1.1"))
{
	struct vmx_guest *g = vmx_new();

	vmx_code(g, "\x0f\x01\x33", 3);
	g->registers.bx = 0x10;
	vmcs_write(VMCS_CR0_MASK, 0xe);
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_PF);
}

TEST(lmsw_pe, "LMSW that sets PE exits where CR0's read shadow has it clear, and never otherwise",
     SPEC("SDM vol. 3C, 25.1.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 bits = 0; bits < 8; bits++) {
		bool mask = bits & 1, shadow = bits & 2, value = bits & 4;
		u64 now;

		SUBTEST("mask-%u-shadow-%u-value-%u", mask, shadow, value);
		vmx_reset(g);
		vmx_code(g, "\x0f\x01\xf0", 3);
		now = vmcs_read(VMCS_GUEST_CR0);
		vmcs_write(VMCS_CR0_MASK, mask ? CR0_PE : 0);
		vmcs_write(VMCS_CR0_READ_SHADOW, shadow ? CR0_PE : 0);
		g->registers.ax = (ulong)((now & 0xe) | value);
		vmx_run(g);
		if (mask && !shadow && value)
			EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
		else
			EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_CR0), now);
	}
}

TEST(lmsw_bits, "LMSW exits by each of CR0's low four bits, and writes those that the guest owns",
     SPEC("SDM vol. 3C, 25.1.3; 25.3"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 bit = 1; bit < 4; bit++)
		for (u32 bits = 0; bits < 8; bits++) {
			bool mask = bits & 1, shadow = bits & 2, value = bits & 4;
			u64 now;

			SUBTEST("bit-%u-mask-%u-shadow-%u-value-%u", bit, mask, shadow, value);
			vmx_reset(g);
			vmx_code(g, "\x0f\x01\xf0", 3);
			now = vmcs_read(VMCS_GUEST_CR0);
			vmcs_write(VMCS_CR0_MASK, mask ? BIT(bit) : 0);
			vmcs_write(VMCS_CR0_READ_SHADOW, shadow ? BIT(bit) : 0);
			g->registers.ax = (ulong)((now & 0xf & ~BIT(bit)) | (value ? BIT(bit) : 0));
			vmx_run(g);
			if (mask && shadow != value) {
				EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_CR0), now);
			} else {
				EXPECT_VMX_DONE(g);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_CR0),
					  mask ? now : (now & ~BIT(bit)) | (value ? BIT(bit) : 0));
			}
		}
}

TEST(smsw_shadow, "SMSW gives bits of the mask from the read shadow, in each size of operand",
     SPEC("SDM vol. 3C, 25.3, SMSW"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u64 keeps, gives; /* bits of AX that stay, and that are of CR0 */
		bool memory, only_64;
	} rows[] = {
		{ "word", BYTES("\x66\x0f\x01\xe0"), ~0xffffull, 0xffff, false, false },
		{ "long", BYTES("\x0f\x01\xe0"), 0, 0xffffffff, false, false },
		{ "quad", BYTES("\x48\x0f\x01\xe0"), 0, ~0ull, false, true },
		{ "memory", BYTES("\x0f\x01\x23"), ~0xffffull, 0xffff, true, false },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 masked = 0; masked < 2; masked++) {
			const u64 old = (ulong)0x1234567887654321ull;
			const u64 shadow = 0x5a5a5a5a, mask = masked ? 0xffffffff : 0;
			u64 now, seen;

			if (rows[i].only_64 && sizeof(ulong) == 4)
				continue;
			SUBTEST("%s-%s", rows[i].name, masked ? "masked" : "not-masked");
			vmx_reset(g);
			vmx_code(g, rows[i].bytes, rows[i].size);
			now = vmcs_read(VMCS_GUEST_CR0);
			vmcs_write(VMCS_CR0_MASK, mask);
			vmcs_write(VMCS_CR0_READ_SHADOW, shadow);
			g->registers.ax = (ulong)old;
			g->registers.bx = (ulong)g->data;
			*(u64 *)g->data = old;
			vmx_run(g);
			EXPECT_VMX_DONE(g);
			seen = rows[i].memory ? (ulong) * (u64 *)g->data : g->registers.ax;
			EXPECT_EQ(seen, (old & rows[i].keeps) | (((now & ~mask) | (shadow & mask)) &
								 rows[i].gives));
		}
}

TEST(clts_shadow,
     "CLTS exits only where mask and shadow have TS, and clears it only if the guest owns it",
     SPEC("SDM vol. 3C, 25.1.3; 25.3, CLTS"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 bits = 0; bits < 8; bits++) {
		bool mask = bits & 1, shadow = bits & 2, ts = bits & 4;

		SUBTEST("mask-%u-shadow-%u-ts-%u", mask, shadow, ts);
		vmx_reset(g);
		vmx_code(g, "\x0f\x06", 2);
		vmcs_write(VMCS_CR0_MASK, mask ? CR0_TS : 0);
		vmcs_write(VMCS_CR0_READ_SHADOW, shadow ? CR0_TS : 0);
		vmcs_clear(VMCS_GUEST_CR0, CR0_TS);
		vmcs_set(VMCS_GUEST_CR0, ts ? CR0_TS : 0);
		vmx_run(g);
		if (mask && shadow) {
			EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0x20ull);
		} else {
			EXPECT_VMX_DONE(g);
		}
		EXPECT_EQ(vmcs_read(VMCS_GUEST_CR0) & CR0_TS,
			  ts && (mask || (mask && shadow)) ? CR0_TS : 0ull);
	}
}

TEST(cr3_load_effect, "a MOV to CR3 that does not exit loads it", SPEC("SDM vol. 3C, 25.1.3"))
{
	struct vmx_guest *g = vmx_new();
	ulong other = (ulong)space_create()->root;

	for (u32 target = 0; target < 2; target++) {
		SUBTEST("%s", target ? "target-value" : "not-exiting");
		vmx_reset(g);
		set_mov(g, 0x22, 3, 0);
		g->registers.ax = other;
		if (target) {
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_CR3_LOAD);
			vmcs_write(VMCS_CR3_TARGET_COUNT, 1);
			vmcs_write(VMCS_CR3_TARGET0, other);
		}
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_CR3), (u64)other);
	}
}
