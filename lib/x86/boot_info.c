/* SPDX-License-Identifier: MIT */
/* What the boot loader says about memory and the command line: Multiboot 0.6.96 3.3, PVH start_info. */
#include <x86/boot.h>

#include <stdlib.h>
#include <string.h>

#define MEMORY_IS_RAM 1

/* The PC's first serial port. */
#define COM1_PORT 0x3f8

struct multiboot_info {
	u32 flags;
	u32 mem_lower, mem_upper; /* KiB */
	u32 boot_device;
	u32 cmdline;
	u32 mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
};

#define MULTIBOOT_HAS_MEMORY  BIT(0)
#define MULTIBOOT_HAS_CMDLINE BIT(2)
#define MULTIBOOT_HAS_MMAP    BIT(6)

struct multiboot_mmap_entry {
	u32 size; /* of what follows */
	u64 start, length;
	u32 type;
} __packed;

struct pvh_start_info {
	u32 magic, version;
	u32 flags, module_count;
	u64 modules;
	u64 cmdline;
	u64 rsdp;
	u64 memmap; /* from version 1 on */
	u32 memmap_entries;
	u32 reserved;
};

struct pvh_memmap_entry {
	u64 start, length;
	u32 type, reserved;
};

struct boot_info boot_info;

static memory_found *found;

/* Multiboot loaders put the image's file name, which may hold spaces, before the arguments. */
static const char *behind_image_name(const char *line)
{
	const char *arguments = line;

	for (const char *at = line; (at = strstr(at, ".elf")); at += 4) {
		if (at[4] == ' ' || !at[4])
			arguments = at + 4;
	}
	return arguments;
}

static void keep_command_line(const char *line)
{
	boot_info.is_cut = strlcpy(boot_info.command_line, line, COMMAND_LINE_SIZE) >=
			   COMMAND_LINE_SIZE;
}

static void read_multiboot(const struct multiboot_info *info)
{
	ulong at, end;

	if (info->flags & MULTIBOOT_HAS_CMDLINE)
		keep_command_line(behind_image_name((const char *)(ulong)info->cmdline));
	if (!(info->flags & MULTIBOOT_HAS_MMAP)) {
		if (info->flags & MULTIBOOT_HAS_MEMORY)
			found(MiB, MiB + (u64)info->mem_upper * KiB);
		return;
	}
	end = (ulong)info->mmap_addr + info->mmap_length;
	for (at = info->mmap_addr; at < end;) {
		struct multiboot_mmap_entry entry;

		memcpy(&entry, (const void *)at, sizeof(entry));
		if (entry.type == MEMORY_IS_RAM)
			found(entry.start, entry.start + entry.length);
		at += entry.size + sizeof(entry.size);
	}
}

static void read_pvh(const struct pvh_start_info *info)
{
	const struct pvh_memmap_entry *entry = (const void *)(ulong)info->memmap;

	if (info->cmdline)
		keep_command_line((const char *)(ulong)info->cmdline);
	boot_info.rsdp = info->rsdp;
	for (u32 i = 0; info->version >= 1 && i < info->memmap_entries; i++) {
		if (entry[i].type == MEMORY_IS_RAM)
			found(entry[i].start, entry[i].start + entry[i].length);
	}
}

/* Takes KEY=NUMBER out of the command line, if it is there; a number that is none stays, for the harness to refuse. */
static u16 take_port(const char *key, u16 otherwise)
{
	char *line = boot_info.command_line, *at, *end;
	u64 port;

	for (at = line; (at = strstr(at, key)); at++) {
		if (at == line || at[-1] == ' ')
			break;
	}
	if (!at)
		return otherwise;
	port = strtoull(at + strlen(key), &end, 0);
	if (end == at + strlen(key) || (*end && *end != ' ') || port > UINT16_MAX)
		return otherwise;
	memmove(at, end, strlen(end) + 1);
	return (u16)port;
}

void boot_info_read(u32 magic, u32 info, memory_found *memory)
{
	found = memory;
	if (magic == MULTIBOOT_START_MAGIC)
		read_multiboot((const void *)(ulong)info);
	else if (magic == PVH_START_MAGIC)
		read_pvh((const void *)(ulong)info);
	boot_info.debug_exit_port = take_port("debug-exit=", 0);
	boot_info.console_port = take_port("console=", COM1_PORT);
}
