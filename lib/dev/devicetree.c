/* SPDX-License-Identifier: MIT */
#include <dev/devicetree.h>

#include <string.h>

/* The header: DTSpec 5.2. All of the tree is big-endian. */
#define DT_MAGIC		0xd00dfeedu
#define HEADER_MAGIC		0
#define HEADER_SIZE		4
#define HEADER_STRUCTURE	8
#define HEADER_STRINGS		12
#define HEADER_RESERVATIONS	16
#define HEADER_LAST_COMPATIBLE	24
#define UNDERSTOOD_VERSION	17
#define OLDEST_WITH_THIS_FORMAT 16

/* Tokens of the structure block: 5.4.1. */
enum { TOKEN_BEGIN_NODE = 1, TOKEN_END_NODE, TOKEN_PROPERTY, TOKEN_NOP, TOKEN_END = 9 };

/* Nothing sane is deeper. */
#define MAX_DEPTH 16

static const u8 *blob;

static u32 be32(const u8 *at)
{
	return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

static u64 be64(const u8 *at)
{
	return (u64)be32(at) << 32 | be32(at + 4);
}

/* A number of so many cells; what does not fit into 64 bits is cut off at the top. */
static u64 number(const u8 *at, u32 cells)
{
	u64 value = 0;

	for (u32 i = 0; i < cells; i++)
		value = value << 32 | be32(at + 4 * i);
	return value;
}

bool dt_init(const void *tree)
{
	const u8 *header = tree;

	blob = NULL;
	if (!header || be32(header + HEADER_MAGIC) != DT_MAGIC ||
	    be32(header + HEADER_LAST_COMPATIBLE) > UNDERSTOOD_VERSION ||
	    be32(header + HEADER_LAST_COMPATIBLE) < OLDEST_WITH_THIS_FORMAT)
		return false;
	blob = header;
	return true;
}

phys_t dt_address(void)
{
	return (uintptr_t)blob;
}

size_t dt_size(void)
{
	return blob ? be32(blob + HEADER_SIZE) : 0;
}

void dt_for_each_reservation(void (*found)(phys_t start, phys_t end))
{
	const u8 *at;

	if (!blob)
		return;
	at = blob + be32(blob + HEADER_RESERVATIONS);
	for (; be64(at) || be64(at + 8); at += 16)
		found(be64(at), be64(at) + be64(at + 8));
}

/* ----------------------------------------------------------------------- walking the structure */

static const u8 *align4(const u8 *at)
{
	return at + (-(uintptr_t)at & 3);
}

/* What follows the token at `at` with all that belongs to it. */
static const u8 *behind_token(const u8 *at)
{
	switch (be32(at)) {
	case TOKEN_BEGIN_NODE:
		return align4(at + 4 + strlen((const char *)at + 4) + 1);
	case TOKEN_PROPERTY:
		return align4(at + 12 + be32(at + 4));
	default:
		return at + 4;
	}
}

/* The next beginning of a node after `at`, whatever its depth; NULL at the end of the tree. */
static dt_node next_node(const u8 *at)
{
	for (at = behind_token(at); be32(at) != TOKEN_END; at = behind_token(at)) {
		if (be32(at) == TOKEN_BEGIN_NODE)
			return at;
	}
	return NULL;
}

dt_node dt_root(void)
{
	const u8 *at;

	if (!blob)
		return NULL;
	for (at = blob + be32(blob + HEADER_STRUCTURE); be32(at) == TOKEN_NOP; at += 4)
		;
	return be32(at) == TOKEN_BEGIN_NODE ? at : NULL;
}

const char *dt_name(dt_node node)
{
	return (const char *)node + 4;
}

dt_node dt_first_child(dt_node node)
{
	const u8 *at = node;

	if (!node)
		return NULL;
	do
		at = behind_token(at);
	while (be32(at) == TOKEN_PROPERTY || be32(at) == TOKEN_NOP);
	return be32(at) == TOKEN_BEGIN_NODE ? at : NULL;
}

dt_node dt_next_sibling(dt_node node)
{
	const u8 *at = node;
	u32 depth = 0;

	if (!node)
		return NULL;
	do {
		if (be32(at) == TOKEN_BEGIN_NODE)
			depth++;
		else if (be32(at) == TOKEN_END_NODE)
			depth--;
		at = behind_token(at);
	} while (depth);
	while (be32(at) == TOKEN_NOP)
		at += 4;
	return be32(at) == TOKEN_BEGIN_NODE ? at : NULL;
}

/* The nodes from the root down to `node`, in `path`; how many they are, 0 if it is not in the tree. */
static u32 path_to(dt_node node, dt_node path[MAX_DEPTH])
{
	u32 depth = 0;

	for (const u8 *at = dt_root(); at && be32(at) != TOKEN_END; at = behind_token(at)) {
		if (be32(at) == TOKEN_BEGIN_NODE) {
			if (depth == MAX_DEPTH)
				return 0;
			path[depth++] = at;
			if (at == node)
				return depth;
		} else if (be32(at) == TOKEN_END_NODE) {
			depth--;
		}
	}
	return 0;
}

dt_node dt_parent(dt_node node)
{
	dt_node path[MAX_DEPTH];
	u32 depth = path_to(node, path);

	return depth >= 2 ? path[depth - 2] : NULL;
}

/* True if the node is called by `size` characters at `name`, with or without its unit address. */
static bool is_called(dt_node node, const char *name, size_t size)
{
	const char *full = dt_name(node);

	if (strncmp(full, name, size))
		return false;
	return !full[size] || (full[size] == '@' && !memchr(name, '@', size));
}

dt_node dt_find(const char *path)
{
	dt_node node = dt_root();

	while (node && *path == '/') {
		size_t size = strcspn(++path, "/:");

		if (!size)
			break;
		node = dt_first_child(node);
		while (node && !is_called(node, path, size))
			node = dt_next_sibling(node);
		path += size;
	}
	return node;
}

static bool has_string(dt_node node, const char *property, const char *wanted)
{
	const char *have;

	for (u32 i = 0; (have = dt_string(node, property, i)); i++) {
		if (!strcmp(have, wanted))
			return true;
	}
	return false;
}

bool dt_is_compatible(dt_node node, const char *compatible)
{
	return has_string(node, "compatible", compatible);
}

static dt_node find_with_string(dt_node after, const char *property, const char *wanted)
{
	dt_node node = after ? next_node(after) : dt_root();

	while (node && !has_string(node, property, wanted))
		node = next_node(node);
	return node;
}

dt_node dt_find_compatible(dt_node after, const char *compatible)
{
	return find_with_string(after, "compatible", compatible);
}

dt_node dt_find_type(dt_node after, const char *type)
{
	return find_with_string(after, "device_type", type);
}

dt_node dt_stdout(void)
{
	dt_node chosen = dt_find("/chosen");
	const char *path = dt_string(chosen, "stdout-path", 0);
	char alias[32];

	if (path && *path != '/') {
		strlcpy(alias, path, MIN(sizeof(alias), strcspn(path, ":") + 1));
		path = dt_string(dt_find("/aliases"), alias, 0);
	}
	return path ? dt_find(path) : NULL;
}

/* ---------------------------------------------------------------------------------- properties */

const void *dt_property(dt_node node, const char *name, size_t *size)
{
	const u8 *at = node;

	if (!node)
		return NULL;
	for (at = behind_token(at); be32(at) == TOKEN_PROPERTY || be32(at) == TOKEN_NOP;
	     at = behind_token(at)) {
		if (be32(at) == TOKEN_NOP ||
		    strcmp((const char *)blob + be32(blob + HEADER_STRINGS) + be32(at + 8), name))
			continue;
		if (size)
			*size = be32(at + 4);
		return at + 12;
	}
	return NULL;
}

const char *dt_string(dt_node node, const char *name, u32 index)
{
	size_t size;
	const char *at = dt_property(node, name, &size), *end;

	if (!at)
		return NULL;
	for (end = at + size; at < end; at += strlen(at) + 1) {
		if (!index--)
			return at;
	}
	return NULL;
}

u32 dt_cell(dt_node node, const char *name, u32 index, u32 otherwise)
{
	size_t size;
	const u8 *at = dt_property(node, name, &size);

	return at && size >= 4 * (index + 1) ? be32(at + 4 * index) : otherwise;
}

bool dt_is_okay(dt_node node)
{
	const char *status = dt_string(node, "status", 0);

	return !status || !strcmp(status, "okay") || !strcmp(status, "ok");
}

/* ------------------------------------------------------------------------ addresses, interrupts */

/* Defaults where the parent does not say: 2.3.5. */
static u32 address_cells(dt_node parent)
{
	return dt_cell(parent, "#address-cells", 0, 2);
}

static u32 size_cells(dt_node parent)
{
	return dt_cell(parent, "#size-cells", 0, 1);
}

/* An address on the bus of `bus` becomes one on that of its parent. No "ranges": not addressable. */
static bool translate_up(dt_node bus, dt_node parent, u64 *address)
{
	u32 child = address_cells(bus), up = address_cells(parent), length = size_cells(bus);
	size_t size, entry = 4 * (child + up + length);
	const u8 *at = dt_property(bus, "ranges", &size);

	if (!at)
		return false;
	if (!size)
		return true;
	for (; size >= entry; at += entry, size -= entry) {
		u64 start = number(at, child);

		if (*address < start || *address - start >= number(at + 4 * (child + up), length))
			continue;
		*address = *address - start + number(at + 4 * child, up);
		return true;
	}
	return false;
}

bool dt_reg(dt_node node, u32 index, phys_t *address, u64 *size)
{
	dt_node path[MAX_DEPTH];
	u32 depth = path_to(node, path), cells;
	size_t bytes, entry;
	const u8 *at = dt_property(node, "reg", &bytes);

	if (depth < 2 || !at)
		return false;
	cells = address_cells(path[depth - 2]);
	entry = 4 * (cells + size_cells(path[depth - 2]));
	if (bytes < entry * (index + 1))
		return false;
	at += entry * index;
	*address = number(at, cells);
	*size = number(at + 4 * cells, size_cells(path[depth - 2]));
	for (u32 bus = depth - 2; bus > 0; bus--) {
		if (!translate_up(path[bus], path[bus - 1], address))
			return false;
	}
	return true;
}

bool dt_reg_number(dt_node node, u32 index, u64 *value)
{
	dt_node parent = dt_parent(node);
	u32 cells = address_cells(parent);
	size_t bytes, entry = 4 * (cells + size_cells(parent));
	const u8 *at = dt_property(node, "reg", &bytes);

	if (!at || bytes < entry * (index + 1))
		return false;
	*value = number(at + entry * index, cells);
	return true;
}

static dt_node find_phandle(u32 phandle)
{
	dt_node node = dt_root();

	while (node && dt_cell(node, "phandle", 0, 0) != phandle)
		node = next_node(node);
	return node;
}

/* The node that the interrupts of `node` go to: its own "interrupt-parent" or that of one above. */
static dt_node interrupt_parent(dt_node node)
{
	dt_node path[MAX_DEPTH];

	for (u32 depth = path_to(node, path); depth; depth--) {
		u32 phandle = dt_cell(path[depth - 1], "interrupt-parent", 0, 0);

		if (phandle)
			return find_phandle(phandle);
	}
	return NULL;
}

u32 dt_interrupt(dt_node node, u32 index, u32 cells[4])
{
	u32 count = dt_cell(interrupt_parent(node), "#interrupt-cells", 0, 0);
	size_t bytes;
	const u8 *at = dt_property(node, "interrupts", &bytes);

	if (!at || !count || count > 4 || bytes < 4 * count * (index + 1))
		return 0;
	for (u32 i = 0; i < count; i++)
		cells[i] = be32(at + 4 * (count * index + i));
	return count;
}
