/* SPDX-License-Identifier: MIT */
/* The bits of #PF's error code, and CR2, by access and privilege. The MMU's image has all the
 * rest. */
#include "event.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/place.h>

SUITE("Page faults");

static void read_byte(void *arg)
{
	__asm__ volatile(RAISE("movb (%0), %%al") : : "r"(arg) : "eax", "memory");
}

static void write_byte(void *arg)
{
	__asm__ volatile(RAISE("movb $0, (%0)") : : "r"(arg) : "memory");
}

/* Reads and writes: what refuses the write refuses all of it. */
static void update_byte(void *arg)
{
	__asm__ volatile(RAISE("lock addb $0, (%0)") : : "r"(arg) : "memory", "cc");
}

static void read_dword_of(void *arg)
{
	READ_ONCE(*(const u32 *)arg);
}

static void write_dword_of(void *arg)
{
	WRITE_ONCE(*(u32 *)arg, ~0u);
}

static void fetch(void *arg)
{
	((void (*)(void))arg)();
}

enum page { ABSENT, READ_ONLY, SUPERVISOR, NO_EXECUTE, RESERVED, PAGES };

static const struct {
	const char *page;
	enum page kind;
	const char *access;
	void (*run)(void *arg);
	u32 cpl;
	u32 error;
	bool none;
} rows[] = {
	{ "absent", ABSENT, "read", read_byte, 0, 0, false },
	{ "absent", ABSENT, "write", write_byte, 0, PF_W, false },
	{ "absent", ABSENT, "read", read_byte, 3, PF_U, false },
	{ "absent", ABSENT, "write", write_byte, 3, PF_U | PF_W, false },
	{ "read-only", READ_ONLY, "read", read_byte, 0, 0, true },
	{ "read-only", READ_ONLY, "write", write_byte, 0, PF_P | PF_W, false },
	{ "read-only", READ_ONLY, "update", update_byte, 0, PF_P | PF_W, false },
	{ "read-only", READ_ONLY, "read", read_byte, 3, 0, true },
	{ "read-only", READ_ONLY, "write", write_byte, 3, PF_P | PF_U | PF_W, false },
	{ "supervisor", SUPERVISOR, "read", read_byte, 0, 0, true },
	{ "supervisor", SUPERVISOR, "write", write_byte, 0, 0, true },
	{ "supervisor", SUPERVISOR, "read", read_byte, 3, PF_P | PF_U, false },
	{ "supervisor", SUPERVISOR, "write", write_byte, 3, PF_P | PF_U | PF_W, false },
};

static u8 *make_page(enum page kind)
{
	u8 *page = page_alloc();
	const ulong address = (ulong)page;

	memset(page, 0xc3, PAGE_SIZE); /* RET */
	switch (kind) {
	case ABSENT:
		space_unmap(space_kernel(), address, PAGE_SIZE);
		break;
	case READ_ONLY:
		space_protect(space_kernel(), address, PAGE_SIZE, PROT_EXEC | PROT_USER);
		break;
	case SUPERVISOR:
		space_protect(space_kernel(), address, PAGE_SIZE, PROT_EXEC | PROT_WRITE);
		break;
	case NO_EXECUTE:
		space_protect(space_kernel(), address, PAGE_SIZE, PROT_WRITE | PROT_USER);
		break;
	default:
		/* Bit 51 of an address is reserved where physical addresses are shorter. */
		*space_entry_at(space_kernel(), address, 0) |= BIT(51);
		arch_tlb_flush_page(address);
		break;
	}
	return page;
}

TEST(pf_error_code, "#PF's error code says present, write and user; CR2 is the address",
     SPEC("SDM vol. 3A, 4.7 and 6.15, Interrupt 14"))
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 *address = make_page(rows[i].kind) + 0x234;
		struct event event = { rows[i].run, address, VEC_PF,
				       EVENT_FAULT, true,    rows[i].error };
		struct raw_entry entry;

		SUBTEST("%s-%s-cpl%u", rows[i].page, rows[i].access, rows[i].cpl);
		if (rows[i].none) {
			EXPECT_NO_FAULT(run_in(at_cpl(rows[i].cpl), rows[i].run, address));
			continue;
		}
		write_cr2(0);
		expect_event_at(event, rows[i].cpl, &entry);
		EXPECT_EQ(read_cr2(), (ulong)address);
	}
}

/* An entry of 64 bits has them above MAXPHYADDR; one of 32 bits for a page of 4 KiB has none. */
static bool has_reserved_bits(void)
{
	return space_kernel()->format->entry_size == 8 && cpu_physical_bits() < 52;
}

static struct fault touch_reserved(bool write, u32 cpl, ulong *address)
{
	void (*const run)(void *arg) = write ? write_byte : read_byte;
	u8 *page = make_page(RESERVED);

	*address = (ulong)page + 0x234;
	return run_in(at_cpl(cpl), run, page + 0x234);
}

TEST(pf_of_reserved_bit,
     "a reserved bit in a page-table entry is #PF with RSVD; CR2 is the address",
     SPEC("SDM vol. 3A, 4.7"), REQUIRES(has_reserved_bits()))
{
	for (u32 write = 0; write <= 1; write++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct fault fault;
			ulong address;

			SUBTEST("%s-cpl%u", write ? "write" : "read", cpl);
			fault = touch_reserved(write, cpl, &address);
			/* P is the next case's. */
			fault.code &= ~PF_P;
			EXPECT_FAULT(PF(PF_RSVD | (write ? PF_W : 0) | (cpl ? PF_U : 0), address),
				     fault);
		}
}

TEST(pf_reserved_implies_present, "#PF for a reserved bit has P set in its error code",
     SPEC("SDM vol. 3A, 4.7"), REQUIRES(has_reserved_bits()))
{
	ulong address;

	EXPECT_FAULT(PF(PF_P | PF_RSVD, address), touch_reserved(false, 0, &address));
	EXPECT_FAULT(PF(PF_P | PF_RSVD | PF_U, address), touch_reserved(false, 3, &address));
}

TEST(pf_of_fetch, "#PF of a fetch has I/D set if EFER.NXE is set; the address pushed is CR2",
     SPEC("SDM vol. 3A, 4.7"), REQUIRES(cpu_has(X86_FEATURE_NX)))
{
	static const struct {
		const char *name;
		enum page kind;
		u32 cpl, error;
	} fetches[] = {
		{ "absent-cpl0", ABSENT, 0, PF_I },
		{ "absent-cpl3", ABSENT, 3, PF_I | PF_U },
		{ "no-execute-cpl0", NO_EXECUTE, 0, PF_I | PF_P },
		{ "no-execute-cpl3", NO_EXECUTE, 3, PF_I | PF_P | PF_U },
		{ "supervisor-cpl3", SUPERVISOR, 3, PF_I | PF_P | PF_U },
	};

	for (u32 i = 0; i < ARRAY_SIZE(fetches); i++) {
		u8 *address = make_page(fetches[i].kind) + 0x234;

		SUBTEST("%s", fetches[i].name);
		EXPECT_FAULT(PF(fetches[i].error, address),
			     run_in(at_cpl(fetches[i].cpl), fetch, address));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)address);
	}
}

TEST(pf_across_pages,
     "an access across pages whose second one is absent has CR2 at that page's start",
     SPEC("SDM vol. 3A, 6.15, Interrupt 14"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	u32 *across = (u32 *)(pages + PAGE_SIZE - 2);

	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	EXPECT_FAULT(PF(0, pages + PAGE_SIZE), fault_of(read_dword_of, across));
	EXPECT_FAULT(PF(PF_W, pages + PAGE_SIZE), fault_of(write_dword_of, across));
	EXPECT_EQ(pages[PAGE_SIZE - 2], 0, "the faulting store has stored a part");
	EXPECT_EQ(pages[PAGE_SIZE - 1], 0, "the faulting store has stored a part");
}
