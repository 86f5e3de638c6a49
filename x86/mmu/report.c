/* SPDX-License-Identifier: MIT */
/* A mismatch, told so that one sees which rule was broken: every entry, the controls, both verdicts. */
#include "mmu.h"

#include <harness/ktap.h>
#include <stdio.h>
#include <x86/desc.h>

static const char *const stub_names[STUBS] = {
	[STUB_READ] = "read",
	[STUB_WRITE] = "write",
	[STUB_UPDATE] = "update (read and write)",
	[STUB_LOCKED] = "locked update",
	[STUB_FETCH] = "fetch",
	[STUB_SEGMENT] = "load of FS from the LDT (implicit)",
};

static const char *const who_names[WHOS] = {
	"CPL 0", "CPL 0 with AC", "CPL 1", "CPL 2", "CPL 3", "CPL 3 with AC",
};

static void append(char *text, size_t size, const char *word)
{
	size_t used = 0;

	while (used < size && text[used])
		used++;
	snprintf(text + used, size - used, "%s%s", used ? " " : "", word);
}

static void describe_controls(u32 controls, char *text, size_t size)
{
	static const char *const names[] = { "WP", "NXE", "SMEP", "SMAP", "PKE", "PKS", "PGE" };

	*text = '\0';
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (controls & BIT(i))
			append(text, size, names[i]);
	if (!*text)
		append(text, size, "none");
}

static void describe_entry(u64 entry, bool page, char *text, size_t size)
{
	static const struct {
		u64 bit;
		const char *name;
	} names[] = {
		{ PTE_P, "P" }, { PTE_W, "W" }, { PTE_U, "U" },	  { PTE_A, "A" },
		{ PTE_D, "D" }, { PTE_G, "G" }, { PTE_NX, "NX" },
	};
	char key[16];

	*text = '\0';
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (entry & names[i].bit)
			append(text, size, names[i].name);
	if (page) {
		append(text, size, "page");
		snprintf(key, sizeof(key), "key=%u", (u32)(entry >> 59) & 15);
		append(text, size, key);
	}
}

static const char *end_name(enum walk_end end)
{
	static const char *const names[] = {
		[WALK_DONE] = "permitted",	    [WALK_NOT_CANONICAL] = "not canonical",
		[WALK_ABSENT] = "not present",	    [WALK_RESERVED] = "reserved bits",
		[WALK_FORBIDDEN] = "not permitted",
	};

	return names[end];
}

static void print_entries(const struct world *world, const struct combination *c,
			  const struct outcome *o, const struct walk_result *r)
{
	for (u32 level = world->top + 1; level-- > world->leaf;) {
		u64 sets = 0, reserved = 0;
		char text[64];

		for (u32 i = 0; i < r->steps; i++) {
			if (r->step[i].level == level) {
				sets = r->end == WALK_DONE ? r->step[i].sets : 0;
				reserved = r->step[i].reserved;
			}
		}
		describe_entry(c->entry[level], level == world->leaf, text, sizeof(text));
		ktap_note("  level %u: %#llx [%s]%s; after it %#llx, expected %#llx", level,
			  c->entry[level], text, reserved ? " RESERVED" : "", o->entry[level],
			  c->entry[level] | sets);
	}
}

void report_mismatch(struct world *world, const struct combination *c)
{
	struct outcome o;
	struct walk_result r;
	char text[64];

	world_run(world, c, &o);
	world_model(world, c, &r);
	describe_controls(c->controls, text, sizeof(text));
	ktap_note("%s: %s at %s, %#lx; controls on: %s", world->name, stub_names[c->stub],
		  who_names[c->who], world->address, text);
	if (c->controls & (CONTROL_PKE | CONTROL_PKS))
		ktap_note("  PKRU %#x, PKRS %#x", c->pkru, c->pkrs);
	if (c->stub == STUB_SEGMENT)
		ktap_note("  the descriptor's accessed bit is %s",
			  c->accessed_descriptor ? "set" : "clear");
	print_entries(world, c, &o, &r);
	if (r.end == WALK_DONE)
		ktap_note("  model:   permitted");
	else
		ktap_note("  model:   #PF(%#x), %s at level %u", r.error, end_name(r.end),
			  r.steps ? r.step[r.steps - 1].level : 0);
	if (o.vector == VEC_ACCESS_DONE)
		ktap_note("  machine: permitted%s", o.data_ok ? "" : ", but of other memory");
	else
		ktap_note("  machine: vector %u, error code %#x, CR2 %#lx", o.vector, o.error,
			  o.cr2);
}
