/* SPDX-License-Identifier: MIT */
/*
 * A reader of flattened device trees: Devicetree Specification 0.4 (cited as DTSpec), chapters 2 and
 * 5. The tree stays where the loader put it; nothing is copied, and nothing needs the heap.
 */
#ifndef ASSAY_DEV_DEVICETREE_H
#define ASSAY_DEV_DEVICETREE_H

#include <types.h>

/* A node: where it begins in the structure block. NULL stands for "none". */
typedef const u8 *dt_node;

/* Uses the tree at this address; false, and no nodes, if there is none of a version that is understood. */
bool dt_init(const void *tree);

/* The tree's address and its bytes, so that its memory can be kept from other use; 0 without a tree. */
phys_t dt_address(void);
size_t dt_size(void);

/* Calls found(start, end) for each entry of the memory reservation block (5.3). */
void dt_for_each_reservation(void (*found)(phys_t start, phys_t end));

dt_node dt_root(void);
/* The node that has this one as its child; NULL for the root. */
dt_node dt_parent(dt_node node);
/* The first child of a node, and the next child of the same parent. */
dt_node dt_first_child(dt_node node);
dt_node dt_next_sibling(dt_node node);
/* "cpu@0" */
const char *dt_name(dt_node node);

/* "/cpus/cpu@0"; a unit address may be left out (2.2.3), and what follows ':' is ignored. */
dt_node dt_find(const char *path);

/* The first node after `after` (NULL: from the start) of which "compatible" has this string (2.3.1). */
dt_node dt_find_compatible(dt_node after, const char *compatible);

bool dt_is_compatible(dt_node node, const char *compatible);

/* The same for "device_type" (2.3.11), which says what memory and CPUs are. */
dt_node dt_find_type(dt_node after, const char *type);

/* The node that /chosen's stdout-path names, itself or by an alias (3.3, 3.6). */
dt_node dt_stdout(void);

/* False if "status" says that the node is not to be used (2.3.4). */
bool dt_is_okay(dt_node node);

/* A property's value and, unless `size` is NULL, its bytes; NULL if the node has none of that name. */
const void *dt_property(dt_node node, const char *name, size_t *size);

/* String `index` of a list of strings, or NULL. */
const char *dt_string(dt_node node, const char *name, u32 index);

/* Cell `index` of a property, or `otherwise`. */
u32 dt_cell(dt_node node, const char *name, u32 index, u32 otherwise);

/*
 * Entry `index` of "reg" as addresses of the CPU, translated by the "ranges" of the nodes above
 * (2.3.6, 2.3.8). False if there is no such entry, or if the CPU cannot address it.
 */
bool dt_reg(dt_node node, u32 index, phys_t *address, u64 *size);

/* Entry `index` of "reg" as it stands, where it is a number and not an address: a CPU's (3.8). */
bool dt_reg_number(dt_node node, u32 index, u64 *number);

/* Entry `index` of "interrupts" (2.4): up to four cells as they stand; their count, 0 if there is none. */
u32 dt_interrupt(dt_node node, u32 index, u32 cells[4]);

#endif
