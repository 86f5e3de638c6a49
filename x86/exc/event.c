/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/place.h>

ulong stack_of_handler(u32 cpl)
{
	return cpl ? tss_stack0(tss_of_this_cpu()) : raise_sp;
}

u16 code_selector(u32 cpl)
{
	if (cpl == 0)
		return SEL_KERNEL_CODE;
	return sizeof(ulong) == 8 ? SEL_USER_CS64 : SEL_USER_CS32;
}

u16 stack_selector(u32 cpl)
{
	return cpl ? SEL_USER_DATA : SEL_KERNEL_DATA;
}

const struct pushed *pushed_frame(const struct raw_entry *entry, bool has_error_code)
{
	return (const struct pushed *)&entry->words[has_error_code];
}

/* In 64-bit mode SS becomes null with a change of privilege (SDM vol. 3A, 6.14.4). */
static u16 stack_selector_of_handler(u32 cpl)
{
	return cpl && sizeof(ulong) == 8 ? 0 : SEL_KERNEL_DATA;
}

static void expect_pushed(const struct event *event, u32 cpl, const struct raw_entry *entry)
{
	const struct pushed *pushed = pushed_frame(entry, event->has_error_code);
	const u32 words = (cpl ? RAW_FRAME_WORDS_USER : RAW_FRAME_WORDS) + event->has_error_code;

	if (!EXPECT_EQ(raw_words_below(entry, stack_of_handler(cpl)), (ulong)words))
		return;
	if (event->has_error_code)
		EXPECT_EQ(entry->words[0], (ulong)event->error_code);
	EXPECT_EQ(pushed->ip, event->kind == EVENT_FAULT ? raise_ip : raise_next_ip);
	EXPECT_EQ(pushed->cs, (ulong)code_selector(cpl));
	EXPECT_EQ(pushed->flags & ~FLAG_RF, raise_flags & ~FLAG_RF);
	if (words - event->has_error_code == RAW_FRAME_WORDS_USER) {
		EXPECT_EQ(pushed->sp, raise_sp);
		EXPECT_EQ(pushed->ss, (ulong)stack_selector(cpl));
	}
}

void expect_event_at(struct event event, u32 cpl, struct raw_entry *entry)
{
	const ulong cleared = FLAG_TF | FLAG_IF | FLAG_NT | FLAG_RF | FLAG_VM;
	struct fault fault;

	raw_gate_set(event.vector, DESC_INTERRUPT_GATE, event.kind == EVENT_SOFTWARE ? 3 : 0, 0);
	fault = raw_gate_catch(at_cpl(cpl), event.raise, event.arg, entry);
	if (!EXPECT_FAULT(VECTOR(event.vector), fault))
		return;
	expect_pushed(&event, cpl, entry);
	EXPECT_EQ(entry->cs, SEL_KERNEL_CODE);
	EXPECT_EQ(entry->ss, stack_selector_of_handler(cpl));
	EXPECT_EQ(entry->flags & cleared, 0ul);
	EXPECT_EQ(entry->flags | cleared, raise_flags | cleared);
}

void expect_event(struct event event, u64 cpls)
{
	for_each_set_bit(cpl, cpls) {
		struct raw_entry entry;

		SUBTEST("cpl%llu", cpl);
		expect_event_at(event, (u32)cpl, &entry);
	}
}
