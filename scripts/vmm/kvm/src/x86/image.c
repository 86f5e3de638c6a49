/* SPDX-License-Identifier: MIT */
/*
 * An ELF image that has a note with its PVH entry: Xen's docs/misc/pvh.pandoc, include/public/arch-x86/hvm/start_info.h
 * and include/public/elfnote.h.
 */
#include "pc.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_PHYS32_ENTRY 18
#define START_INFO_MAGIC  0x336ec578
#define E820_RAM	  1
#define E820_RESERVED	  2

/* Above what an image's low memory is used for, below the hole. */
#define START_INFO_ADDRESS (TABLES_ADDRESS + 0x8000)

struct start_info {
	uint32_t magic, version;
	uint32_t flags, module_count;
	uint64_t modules, command_line, rsdp, memory_map;
	uint32_t memory_map_entries, reserved;
};

struct memory_map_entry {
	uint64_t start, size;
	uint32_t type, reserved;
};

uint32_t image_entry, image_start_info;

static const uint8_t *file;
static size_t file_size;

static void open_file(void)
{
	struct stat about;
	int fd = open(options.image, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &about))
		fail("%s: %s", options.image, strerror(errno));
	file_size = (size_t)about.st_size;
	file = mmap(NULL, file_size ? file_size : 1, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		fail("%s: %s", options.image, strerror(errno));
	close(fd);
}

/* Part of the file, which has to be there. */
static const void *part(uint64_t offset, uint64_t size)
{
	if (offset > file_size || size > file_size - offset)
		fail("%s: is cut short", options.image);
	return file + offset;
}

/* The entry among these notes, or 0. */
static uint32_t find_entry(const uint8_t *notes, size_t size)
{
	while (size >= sizeof(Elf32_Nhdr)) {
		Elf32_Nhdr note;
		size_t name, whole;
		uint32_t entry;

		memcpy(&note, notes, sizeof(note));
		name = (note.n_namesz + 3u) & ~3u;
		whole = sizeof(note) + name + ((note.n_descsz + 3u) & ~3u);
		if (name > size || whole > size)
			break;
		if (note.n_type == NOTE_PHYS32_ENTRY && note.n_namesz == 4 && note.n_descsz >= 4 &&
		    !memcmp(notes + sizeof(note), "Xen", 4)) {
			memcpy(&entry, notes + sizeof(note) + name, sizeof(entry));
			return entry;
		}
		notes += whole;
		size -= whole;
	}
	return 0;
}

static void take_segment(uint32_t type, uint64_t offset, uint64_t address, uint64_t in_file,
			 uint64_t in_memory)
{
	if (type == PT_NOTE && !image_entry)
		image_entry = find_entry(part(offset, in_file), in_file);
	if (type == PT_LOAD && in_memory) {
		void *memory = memory_at(address, in_memory);

		if (!memory || in_file > in_memory)
			fail("%s: there is no memory for it at %#llx", options.image,
			     (unsigned long long)address);
		memcpy(memory, part(offset, in_file), in_file);
	}
}

static void load(void)
{
	const Elf32_Ehdr *head32 = part(0, sizeof(*head32));
	const Elf64_Ehdr *head64 = part(0, sizeof(*head32));

	if (memcmp(head32->e_ident, ELFMAG, SELFMAG))
		fail("%s: is no ELF file", options.image);
	if (head32->e_ident[EI_CLASS] == ELFCLASS64) {
		const Elf64_Phdr *segment = part(head64->e_phoff,
						 head64->e_phnum * sizeof(*segment));

		for (unsigned int i = 0; i < head64->e_phnum; i++, segment++)
			take_segment(segment->p_type, segment->p_offset, segment->p_paddr,
				     segment->p_filesz, segment->p_memsz);
	} else {
		const Elf32_Phdr *segment = part(head32->e_phoff,
						 head32->e_phnum * sizeof(*segment));

		for (unsigned int i = 0; i < head32->e_phnum; i++, segment++)
			take_segment(segment->p_type, segment->p_offset, segment->p_paddr,
				     segment->p_filesz, segment->p_memsz);
	}
	if (!image_entry)
		fail("%s: has no note with a PVH entry", options.image);
}

static void describe(uint32_t root_pointer)
{
	struct {
		struct start_info info;
		struct memory_map_entry map[4];
	} *at = memory_at(START_INFO_ADDRESS, sizeof(*at));
	const struct memory_map_entry map[] = {
		{ 0, LOW_MEMORY_END, E820_RAM, 0 },
		{ TABLES_ADDRESS, MiB - TABLES_ADDRESS, E820_RESERVED, 0 },
		{ MiB, (options.memory < MEMORY_HOLE ? options.memory : MEMORY_HOLE) - MiB,
		  E820_RAM, 0 },
		{ 4 * GiB, options.memory < MEMORY_HOLE ? 0 : options.memory - MEMORY_HOLE,
		  E820_RAM, 0 },
	};
	size_t length = strlen(options.arguments) + 1;
	char *line = memory_at(START_INFO_ADDRESS + sizeof(*at), length);

	if (!line || length > 4096)
		fail("a command line of %zu characters is too long", length - 1);
	memcpy(line, options.arguments, length);
	memcpy(at->map, map, sizeof(map));
	at->info = (struct start_info){
		.magic = START_INFO_MAGIC,
		.version = 1,
		.command_line = START_INFO_ADDRESS + sizeof(*at),
		.rsdp = root_pointer,
		.memory_map = START_INFO_ADDRESS + sizeof(at->info),
		.memory_map_entries = options.memory > MEMORY_HOLE ? 4 : 3,
	};
	image_start_info = START_INFO_ADDRESS;
}

void image_load(uint32_t root_pointer)
{
	open_file();
	load();
	describe(root_pointer);
}
