/* SPDX-License-Identifier: MIT */
#include <x86/raw_gate.h>

#include <harness/verdict.h>
#include <string.h>
#include <sys/landing.h>
#include <x86/cr.h>
#include <x86/desc.h>

extern u8 raw_gate_stubs[];
void raw_gate_entered(const ulong *saved, u16 ds, u16 es, u16 ss, u16 cs) __noreturn;

ulong raise_sp, raise_ip, raise_next_ip, raise_flags;

/* The landing of raw_gate_catch() while it waits; raw gates are only for then. */
static struct landing *armed;
static struct raw_entry seen;

void raw_gate_set(u32 vector, u32 type, u32 dpl, u32 ist)
{
	idt_set_gate(vector, raw_gate_stubs + 16 * vector, dpl, ist);
	idt[vector].type = (u8)(0x80 | dpl << 5 | type);
}

/* The stubs have pushed the vector and the flags, in this order, below what the CPU pushed. */
void raw_gate_entered(const ulong *saved, u16 ds, u16 es, u16 ss, u16 cs)
{
	seen = (struct raw_entry){
		.vector = saved[1],
		.sp = (ulong)(saved + 2),
		.flags = saved[0],
		.cs = cs,
		.ss = ss,
		.ds = ds,
		.es = es,
	};
	memcpy(seen.words, saved + 2, sizeof(seen.words));
	if (!armed) {
		case_error("raw gate %lu was entered outside raw_gate_catch(), at %#lx",
			   seen.vector, seen.words[0]);
		landing_end();
	}
	landing_go(armed, VECTOR((u32)seen.vector));
}

struct fault raw_gate_catch(enum place place, void (*fn)(void *arg), void *arg,
			    struct raw_entry *entry)
{
	struct landing landing = { .kind = LANDING_END };
	const ulong flags = read_flags();
	struct fault fault = NO_FAULT;

	memset(entry, 0, sizeof(*entry));
	raise_sp = raise_ip = raise_next_ip = raise_flags = 0;
	if (landing_set(&landing)) {
		armed = &landing;
		fault = run_in(place, fn, arg);
		armed = NULL;
		landing_clear(&landing);
		return fault;
	}
	armed = NULL;
	landing_clear(&landing);
	if (!landing.fault.kind)
		landing_end();
	arch_leave_exception();
	write_flags(flags);
	*entry = seen;
	return landing.fault;
}
