/* SPDX-License-Identifier: MIT */
/* I/O breakpoints, with CR4.DE. SDM vol. 3B, 17.2.4, 17.3.1.2. */
#include <x86/debug.h>

#include <x86/cpuid.h>

SUITE("I/O breakpoints", REQUIRES(cpu_has(X86_FEATURE_DE)));

/* Nothing of a PC is here. */
#define PORT 0x310

struct access {
	const char *name;
	u8 bytes, size, code[3];
};

/* AX, DX = port; SI and DI point to memory. */
static const struct access accesses[] = {
	{ "in-1", 1, 1, { 0xec } },	   { "in-2", 2, 2, { 0x66, 0xed } },
	{ "in-4", 4, 1, { 0xed } },	   { "out-1", 1, 1, { 0xee } },
	{ "out-2", 2, 2, { 0x66, 0xef } }, { "out-4", 4, 1, { 0xef } },
	{ "ins-1", 1, 1, { 0x6c } },	   { "ins-2", 2, 2, { 0x66, 0x6d } },
	{ "outs-1", 1, 1, { 0x6e } },	   { "outs-4", 4, 1, { 0x6f } },
	{ "ins-4", 4, 1, { 0x6d } },	   { "outs-2", 2, 2, { 0x66, 0x6f } },
};

static ulong memory[4];

static struct debug_registers run(const struct access *access, u16 port)
{
	struct debug_registers r = {
		.ax = ~0ul, .dx = port, .cx = 1, .si = (ulong)memory, .di = (ulong)memory
	};

	debug_set_code(access->code, access->size);
	EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
	debug_end();
	write_cr4(read_cr4() & ~CR4_DE);
	return r;
}

TEST(io_overlap, "an I/O breakpoint hits after each access of a port that it watches, of any width",
     SPEC("SDM vol. 3B, 17.2.5"))
{
	for (u32 length = 1; length <= 4; length *= 2)
		for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
			const struct access *access = &accesses[i];

			SUBTEST("len%u-%s", length, access->name);
			for (s32 offset = -5; offset <= 5; offset++) {
				const bool hits = offset < (s32)length &&
						  offset + access->bytes > 0;

				write_cr4(read_cr4() | CR4_DE);
				debug_break(2, PORT, BREAK_IO, length);
				run(access, (u16)(PORT + offset));
				if (!EXPECT_EQ(debug_count, (u32)hits, "offset %d", offset) ||
				    !hits)
					continue;
				EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + access->size);
				EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(2));
			}
		}
}

TEST(io_immediate, "the forms with the port in the instruction hit as well",
     SPEC("SDM vol. 3B, 17.2.5"))
{
	/* Port 80h is for diagnostic codes. */
	static const struct access forms[] = {
		{ "in-1", 1, 2, { 0xe4, 0x80 } },
		{ "in-4", 4, 2, { 0xe5, 0x80 } },
		{ "out-1", 1, 2, { 0xe6, 0x80 } },
		{ "out-4", 4, 2, { 0xe7, 0x80 } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++)
		for (u16 port = 0x7f; port <= 0x84; port++) {
			const bool hits = port >= 0x80 && port < 0x80 + forms[i].bytes;

			SUBTEST("%s-dr%#x", forms[i].name, port);
			write_cr4(read_cr4() | CR4_DE);
			debug_break(1, port, BREAK_IO, 1);
			run(&forms[i], 0);
			if (!EXPECT_EQ(debug_count, (u32)hits) || !hits)
				continue;
			EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + 2);
			EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(1));
		}
}

TEST(io_enables, "each of the four can be an I/O breakpoint, enabled by L or G",
     SPEC("SDM vol. 3B, 17.2.3-17.2.4"))
{
	for (u32 n = 0; n < 4; n++)
		for (u32 bits = 0; bits < 4; bits++) {
			SUBTEST("dr%u-l%u-g%u", n, bits & 1, bits >> 1);
			write_cr4(read_cr4() | CR4_DE);
			debug_record();
			write_dr_try(n, PORT);
			write_dr7(DR7_RESET | dr7_kind(n, BREAK_IO, 1) | (bits & 1 ? DR7_L(n) : 0) |
				  (bits & 2 ? DR7_G(n) : 0));
			run(&accesses[0], PORT);
			if (EXPECT_EQ(debug_count, (u32) !!bits) && bits)
				EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(n));
		}
}

TEST(access_is_done, "#DB of an I/O breakpoint comes after the access, which has had its effect",
     SPEC("SDM vol. 3B, 17.3.1.2"))
{
	struct debug_registers r;

	write_cr4(read_cr4() | CR4_DE);
	debug_break(0, PORT, BREAK_IO, 1);
	r = run(&accesses[6], PORT);
	EXPECT_EQ(debug_count, 1u);
	EXPECT_EQ(r.di, (ulong)memory + 1);
}

TEST(address_is_whole,
     "an I/O breakpoint compares all bits of DRn: a port with higher bits set in DRn "
     "is not hit",
     SPEC("SDM vol. 3B, 17.2.5"))
{
	for (u32 bit = 12; bit < 20; bit++) {
		SUBTEST("bit%u", bit);
		write_cr4(read_cr4() | CR4_DE);
		debug_break(0, PORT | (ulong)BIT(bit), BREAK_IO, 1);
		run(&accesses[0], PORT);
		EXPECT_EQ(debug_count, 0u);
	}
}

TEST(memory_is_no_port,
     "memory at the address of an I/O breakpoint does not hit it, nor do ports hit "
     "those of memory",
     SPEC("SDM vol. 3B, 17.2.4"))
{
	SUBTEST("memory");
	write_cr4(read_cr4() | CR4_DE);
	debug_break(0, (ulong)&memory[0], BREAK_IO, 1);
	WRITE_ONCE(memory[0], 1);
	debug_end();
	EXPECT_EQ(debug_count, 0u);
	for (u32 kind = BREAK_WRITE; kind <= BREAK_ACCESS; kind += BREAK_ACCESS - BREAK_WRITE) {
		SUBTEST("port-%s", kind == BREAK_WRITE ? "write" : "access");
		write_cr4(read_cr4() | CR4_DE);
		debug_break(0, PORT, kind, 1);
		run(&accesses[3], PORT);
		EXPECT_EQ(debug_count, 0u);
	}
	write_cr4(read_cr4() & ~CR4_DE);
}

static const u8 rep_outsb[] = { 0xf3, 0x6e };

TEST(rep_outs, "an I/O breakpoint at REP OUTS hits after each element",
     SPEC("SDM vol. 3B, 17.3.1.2"))
{
	struct debug_registers r = { .dx = PORT, .cx = 3, .si = (ulong)memory };

	write_cr4(read_cr4() | CR4_DE);
	debug_set_code(rep_outsb, sizeof(rep_outsb));
	debug_break(0, PORT, BREAK_IO, 1);
	EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
	debug_end();
	write_cr4(read_cr4() & ~CR4_DE);
	EXPECT_EQ(r.cx, 0ul);
	ASSERT_EQ(debug_count, 3u);
	EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code);
	EXPECT_EQ(debug_hits[1].ip, (ulong)debug_code);
	EXPECT_EQ(debug_hits[2].ip, (ulong)debug_code + 2);
}
