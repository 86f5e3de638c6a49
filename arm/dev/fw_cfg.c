/* SPDX-License-Identifier: MIT */
/* QEMU's firmware configuration device in its MMIO form: docs/specs/fw_cfg.rst. */
#include <test.h>

#include <arm/dt_device.h>
#include <arm/io.h>
#include <mm/page.h>
#include <string.h>

#define NAME "qemu,fw-cfg-mmio"

SUITE("fw_cfg", REQUIRES(device_base(NAME) != 0));

#define DATA	 0
#define SELECTOR 8
#define DMA	 16

#define KEY_SIGNATURE 0x0000
#define KEY_ID	      0x0001
#define KEY_FILE_DIR  0x0019

/* Of the DMA access: docs/specs/fw_cfg.rst, "Guest-side DMA Interface". */
#define CONTROL_ERROR  BIT(0)
#define CONTROL_READ   BIT(1)
#define CONTROL_SKIP   BIT(2)
#define CONTROL_SELECT BIT(3)

struct dma_access {
	u32 control, length;
	u64 address;
} __aligned(16);

static u32 swap32(u32 a)
{
	return __builtin_bswap32(a);
}

static void choose(ulong base, u16 key)
{
	write16(base + SELECTOR, __builtin_bswap16(key));
}

static void get(ulong base, void *to, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		((u8 *)to)[i] = read8(base + DATA);
}

/* The control word that is left of a transfer. */
static u32 transfer(ulong base, u32 control, void *memory, u32 bytes)
{
	static struct dma_access access;

	access.control = swap32(control);
	access.length = swap32(bytes);
	access.address = __builtin_bswap64((ulong)memory);
	__asm__ volatile("dsb sy" ::: "memory");
	write32(base + DMA, swap32((u32)((u64)(ulong)&access >> 32)));
	write32(base + DMA + 4, swap32((u32)(ulong)&access));
	__asm__ volatile("dsb sy" ::: "memory");
	return swap32(READ_ONCE(access.control));
}

TEST(fw_cfg_signature, "the signature is QEMU, and reading goes on after it with zeros",
     SPEC("QEMU docs/specs/fw_cfg.rst, Signature"))
{
	ulong base = device_base(NAME);
	char text[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };

	choose(base, KEY_SIGNATURE);
	get(base, text, 8);
	EXPECT_MEM_EQ(text, "QEMU\0\0\0\0", 8);
	/* Selecting it again starts again. */
	choose(base, KEY_SIGNATURE);
	get(base, text, 4);
	EXPECT_MEM_EQ(text, "QEMU", 4);
}

TEST(fw_cfg_widths, "accesses of 2, 4 and 8 bytes read the same bytes as single ones",
     SPEC("QEMU docs/specs/fw_cfg.rst, Data Register"))
{
	ulong base = device_base(NAME);
	u32 word;
	u16 half;

	choose(base, KEY_SIGNATURE);
	word = read32(base + DATA);
	EXPECT_MEM_EQ(&word, "QEMU", 4);
	choose(base, KEY_SIGNATURE);
	half = read16(base + DATA);
	EXPECT_MEM_EQ(&half, "QE", 2);
	half = read16(base + DATA);
	EXPECT_MEM_EQ(&half, "MU", 2);
}

TEST(fw_cfg_unknown, "an unknown key has only zeros",
     SPEC("QEMU docs/specs/fw_cfg.rst, Selector (Control) Register"))
{
	static const u16 keys[] = { 0x3fff, 0x7abc, 0xffff };
	ulong base = device_base(NAME);

	for (u32 i = 0; i < ARRAY_SIZE(keys); i++) {
		SUBTEST("key-%#x", keys[i]);
		choose(base, keys[i]);
		for (u32 b = 0; b < 8; b++)
			EXPECT_EQ(read8(base + DATA), 0);
	}
}

static bool has_dma(void)
{
	ulong base = device_base(NAME);
	u32 id;

	choose(base, KEY_ID);
	get(base, &id, 4);
	return id & 2;
}

TEST(fw_cfg_dma, "DMA reads what the data register reads, skips, selects, and reports errors",
     SPEC("QEMU docs/specs/fw_cfg.rst, Guest-side DMA Interface"), REQUIRES(has_dma()))
{
	ulong base = device_base(NAME);
	static u8 by_dma[64], by_data[64];

	SUBTEST("signature");
	EXPECT_EQ(
		transfer(base, CONTROL_READ | CONTROL_SELECT | (u32)KEY_SIGNATURE << 16, by_dma, 4),
		0);
	EXPECT_MEM_EQ(by_dma, "QEMU", 4);
	SUBTEST("file-directory");
	EXPECT_EQ(
		transfer(base, CONTROL_READ | CONTROL_SELECT | (u32)KEY_FILE_DIR << 16, by_dma, 64),
		0);
	choose(base, KEY_FILE_DIR);
	get(base, by_data, 64);
	EXPECT_MEM_EQ(by_dma, by_data, 64);
	SUBTEST("skip");
	EXPECT_EQ(transfer(base, CONTROL_SKIP | CONTROL_SELECT | (u32)KEY_FILE_DIR << 16, NULL, 8),
		  0);
	EXPECT_EQ(transfer(base, CONTROL_READ, by_dma, 16), 0);
	EXPECT_MEM_EQ(by_dma, by_data + 8, 16);
	SUBTEST("identification");
	EXPECT_EQ(read32(base + DMA), swap32(0x51454d55));
	EXPECT_EQ(read32(base + DMA + 4), swap32(0x20434647));
}

TEST(fw_cfg_files,
     "the directory's files have keys of files, names, and sizes that do not exceed the item",
     SPEC("QEMU docs/specs/fw_cfg.rst, File Directory"))
{
	struct {
		u32 size;
		u16 key, reserved;
		char name[56];
	} file;
	ulong base = device_base(NAME);
	u32 count;

	choose(base, KEY_FILE_DIR);
	get(base, &count, 4);
	count = swap32(count);
	ASSERT_GT(count, 0);
	ASSERT_LT(count, 1000);
	for (u32 i = 0; i < count; i++) {
		get(base, &file, sizeof(file));
		EXPECT_GE(__builtin_bswap16(file.key), 0x20);
		EXPECT_EQ(file.reserved, 0);
		EXPECT_NE(file.name[0], 0);
		EXPECT_EQ(file.name[55], 0);
	}
}
