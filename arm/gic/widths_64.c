/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of each width and extension whose operand is a device's register: what a hypervisor has to make of the
 * syndrome of the abort. ESR_ELx.SAS, SSE, SF, SRT.
 */
#include <test.h>

#include <arm/dt_device.h>
#include <arm/execute.h>
#include <arm/gic.h>
#include <arm/io.h>

SUITE("Widths of accesses to devices", REQUIRES(gic_version()));

#define JUNK 0x5a5a5a5a5a5a5a5aull

/* Loads of [x0]; the register that is loaded varies. */
static const struct load {
	const char *name;
	u32 insn, bits;
	bool is_signed, to_32;
} loads[] = {
	{ "ldrb", 0x39400000, 8, false, true },	   { "ldrsb-w", 0x39c00000, 8, true, true },
	{ "ldrsb-x", 0x39800000, 8, true, false }, { "ldrh", 0x79400000, 16, false, true },
	{ "ldrsh-w", 0x79c00000, 16, true, true }, { "ldrsh-x", 0x79800000, 16, true, false },
	{ "ldr-w", 0xb9400000, 32, false, true },  { "ldrsw", 0xb9800000, 32, true, false },
	{ "ldur-w", 0xb8400000, 32, false, true }, { "ldursw", 0xb8800000, 32, true, false },
	{ "ldurb", 0x38400000, 8, false, true },   { "ldursb-x", 0x38800000, 8, true, false },
	{ "ldurh", 0x78400000, 16, false, true },  { "ldursh-w", 0x78c00000, 16, true, true },
};

static const u8 targets[] = { 1, 0, 15, 16, 29, 30 };

static u64 extended(const struct load *load, u64 value)
{
	u64 mask = BIT(load->bits) - 1;

	value &= mask;
	if (load->is_signed && (value & BIT(load->bits - 1)))
		value |= ~mask;
	return load->to_32 ? (u32)value : value;
}

/* The load from `address`, at both levels, into several registers, and into none. */
static void check_load(const struct load *load, ulong address, u64 value)
{
	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		const u32 zero[] = { load->insn | 31 };
		struct arm_registers r = { .x = { address } };

		for (u32 i = 0; i < ARRAY_SIZE(targets); i++) {
			const u32 code[] = { load->insn | targets[i] };

			for (u32 n = 1; n < 31; n++)
				r.x[n] = JUNK;
			r.x[0] = address;
			EXPECT_NO_FAULT(arm_execute((enum arm_el)el, code, 1, &r), "EL%u", el);
			EXPECT_EQ(r.x[targets[i]], extended(load, value), "EL%u, x%u", el,
				  targets[i]);
			for (u32 n = 1; n < 31; n++)
				if (n != targets[i])
					EXPECT_EQ(r.x[n], JUNK, "EL%u, x%u changed x%u", el,
						  targets[i], n);
		}
		r.x[0] = address;
		EXPECT_NO_FAULT(arm_execute((enum arm_el)el, zero, 1, &r), "EL%u", el);
		EXPECT_EQ(r.x[0], address);
	}
}

/* An SPI's priority is a byte; four of them are a word. */
static ulong priorities(void)
{
	return gicd_base() + GICD_IPRIORITYR + ((gic_intid_end() - 1) & ~3u);
}

TEST(device_loads,
     "a load of a device's register has its width, and is extended with zeros or with its sign to 32 or 64 bits",
     SPEC("DDI 0487, C6.2, LDRSB (immediate) and others; D24.2.45, ISS of a Data Abort: SAS, SSE, SRT, SF"))
{
	/* Of PL011, a register of 16 bits: UARTIBRD. */
	ulong uart = device_base("arm,pl011");
	static const u32 words[] = { 0xf0e0c080, 0x70604020, 0x80000070 };

	for (u32 i = 0; i < ARRAY_SIZE(loads); i++) {
		SUBTEST("%s", loads[i].name);
		if (loads[i].bits == 16) {
			u32 old;

			if (!uart) {
				SKIP_ROW("no register of 16 bits is known here");
				continue;
			}
			old = read32(uart + 0x24);
			for (u32 w = 0; w < 2; w++) {
				write32(uart + 0x24, w ? 0x7f01 : 0x80fe);
				check_load(&loads[i], uart + 0x24, w ? 0x7f01 : 0x80fe);
			}
			write32(uart + 0x24, old);
			continue;
		}
		for (u32 w = 0; w < ARRAY_SIZE(words); w++) {
			write32(priorities(), words[w]);
			for (u32 byte = 0; byte < 4; byte += loads[i].bits / 8)
				check_load(&loads[i], priorities() + byte, words[w] >> 8 * byte);
		}
	}
}

TEST(device_stores,
     "a store to a device's register has its width, and the register's low bits, or zeros of XZR",
     SPEC("DDI 0487, C6.2, STRB (immediate) and others; D24.2.45, ISS of a Data Abort: SAS, SRT"))
{
	static const struct {
		const char *name;
		u32 insn, bytes;
	} stores[] = {
		{ "strb", 0x39000000, 1 },
		{ "str-w", 0xb9000000, 4 },
		{ "sturb", 0x38000000, 1 },
		{ "stur-w", 0xb8000000, 4 },
	};
	const u64 value = 0x1122334490c0d0e0;

	for (u32 i = 0; i < ARRAY_SIZE(stores); i++)
		for (u32 t = 0; t <= ARRAY_SIZE(targets); t++) {
			u32 target = t < ARRAY_SIZE(targets) ? targets[t] : 31;
			const u32 code[] = { stores[i].insn | target };
			u32 mask = stores[i].bytes == 1 ? 0xff : ~0u;

			if (!target)
				continue; /* the base */
			SUBTEST("%s-x%u", stores[i].name, target);
			for (u32 byte = 0; byte < 4; byte += stores[i].bytes)
				for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
					struct arm_registers r = { .x = { priorities() + byte } };
					u32 stored = target == 31 ? 0 : (u32)value & mask;

					for (u32 n = 1; n < 31; n++)
						r.x[n] = n == target ? value : JUNK;
					write32(priorities(), 0x30303030);
					EXPECT_NO_FAULT(arm_execute((enum arm_el)el, code, 1, &r));
					EXPECT_EQ(read32(priorities()),
						  (0x30303030 & ~(mask << 8 * byte)) |
							  stored << 8 * byte,
						  "EL%u, byte %u", el, byte);
				}
		}
}
