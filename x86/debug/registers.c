/* SPDX-License-Identifier: MIT */
/* The debug registers: what can be written, what is read back, who may. SDM vol. 3B, 17.2. */
#include <x86/debug.h>

#include <x86/cpuid.h>

SUITE("Debug registers");

/* RTM and the bus-lock bits are of processors with these features only. */
#define DR6_OPTIONAL (BIT(11) | BIT(16))
#define DR7_OPTIONAL BIT(11)

TEST(addresses_hold_any_value,
     "DR0 to DR3 hold every bit, each of its own, also addresses that are "
     "not canonical",
     SPEC("SDM vol. 3B, 17.2.1, 17.2.6"))
{
	for (u32 n = 0; n < 4; n++) {
		SUBTEST("dr%u", n);
		for (u32 bit = 0; bit < 8 * sizeof(ulong); bit++) {
			const ulong value = (ulong)BIT(bit);

			for (u32 other = 0; other < 4; other++)
				EXPECT_NO_FAULT(write_dr_try(other, other == n ? value : ~value));
			for (u32 other = 0; other < 4; other++) {
				ulong read = 0;

				EXPECT_NO_FAULT(read_dr_try(other, &read));
				EXPECT_EQ(read, other == n ? value : ~value, "bit %u", bit);
			}
		}
	}
	for (u32 n = 0; n < 4; n++)
		write_dr_try(n, 0);
}

TEST(dr6_bits, "DR6 keeps B0-B3, BD, BS and BT; bit 12 is 0, bits 4-11 and 16-31 are 1",
     SPEC("SDM vol. 3B, 17.2.3"))
{
	const ulong writable = 0xe00f;

	SUBTEST("zero");
	write_dr6(0);
	EXPECT_EQ(read_dr6() | DR6_OPTIONAL, (ulong)DR6_RESET);
	for (u32 bit = 0; bit < 32; bit++) {
		const ulong value = DR6_RESET ^ (ulong)BIT(bit);

		SUBTEST("bit%u", bit);
		write_dr6(value);
		EXPECT_EQ(read_dr6() | DR6_OPTIONAL,
			  (writable & BIT(bit) ? value : DR6_RESET) | DR6_OPTIONAL);
	}
	write_dr6(DR6_RESET);
}

/* LE and GE included: processors that ignore them still keep them. GD is general_detect's. */
TEST(dr7_bits, "DR7 keeps the enables, LE, GE, R/W and LEN; bit 10 is 1, bits 11, 12, 14, 15 are 0",
     SPEC("SDM vol. 3B, 17.2.4"))
{
	const ulong writable = 0xffff03ff;

	SUBTEST("zero");
	write_dr7(0);
	EXPECT_EQ(read_dr7(), (ulong)DR7_RESET);
	for (u32 bit = 0; bit < 32; bit++) {
		const ulong value = DR7_RESET | (ulong)BIT(bit);

		if (value & DR7_GD || bit == 10)
			continue;
		SUBTEST("bit%u", bit);
		/* Enabled breakpoints are for writes to nowhere. */
		for (u32 n = 0; n < 4; n++)
			write_dr_try(n, 0x10);
		write_dr7(value);
		EXPECT_EQ(read_dr7() & ~(ulong)DR7_OPTIONAL,
			  writable & BIT(bit) ? value : DR7_RESET);
		write_dr7(DR7_RESET);
	}
}

TEST(dr4_dr5_alias, "with CR4.DE clear, DR4 and DR5 are other names of DR6 and DR7",
     SPEC("SDM vol. 3B, 17.2.2"))
{
	ulong value = 0;

	write_cr4(read_cr4() & ~CR4_DE);
	SUBTEST("read");
	write_dr6(DR6_RESET | DR6_BT | DR6_B(1));
	write_dr7(DR7_RESET | dr7_kind(2, BREAK_WRITE, 4));
	EXPECT_NO_FAULT(read_dr_try(4, &value));
	EXPECT_EQ(value, DR6_RESET | DR6_BT | DR6_B(1));
	EXPECT_NO_FAULT(read_dr_try(5, &value));
	EXPECT_EQ(value, DR7_RESET | dr7_kind(2, BREAK_WRITE, 4));

	SUBTEST("write");
	EXPECT_NO_FAULT(write_dr_try(4, DR6_RESET | DR6_B(2)));
	EXPECT_EQ(read_dr6(), DR6_RESET | DR6_B(2));
	EXPECT_NO_FAULT(write_dr_try(5, DR7_RESET | dr7_kind(1, BREAK_ACCESS, 2)));
	EXPECT_EQ(read_dr7(), DR7_RESET | dr7_kind(1, BREAK_ACCESS, 2));
	write_dr6(DR6_RESET);
	write_dr7(DR7_RESET);
}

TEST(dr4_dr5_undefined, "with CR4.DE set, DR4 and DR5 are #UD and DR6 and DR7 keep their values",
     SPEC("SDM vol. 3B, 17.2.2"), REQUIRES(cpu_has(X86_FEATURE_DE)))
{
	write_cr4(read_cr4() | CR4_DE);
	for (u32 n = 4; n <= 5; n++) {
		ulong value = 0x1234;

		SUBTEST("dr%u", n);
		EXPECT_FAULT(UD, read_dr_try(n, &value));
		EXPECT_EQ(value, 0x1234ul);
		EXPECT_FAULT(UD, write_dr_try(n, 0xff));
		EXPECT_EQ(read_dr6(), (ulong)DR6_RESET);
		EXPECT_EQ(read_dr7(), (ulong)DR7_RESET);
	}
	write_cr4(read_cr4() & ~CR4_DE);
}

struct user_access {
	u32 n;
	ulong value;
	struct fault fault;
};

static void read_at_user(void *arg)
{
	struct user_access *a = arg;

	a->fault = read_dr_try(a->n, &a->value);
}

static void write_at_user(void *arg)
{
	struct user_access *a = arg;

	a->fault = write_dr_try(a->n, a->value);
}

TEST(only_at_cpl0, "MOV from and to each debug register is #GP(0) at CPL 3 and changes nothing",
     SPEC("SDM vol. 2B, MOV to/from debug registers"))
{
	for (u32 n = 0; n < 8; n++) {
		struct user_access access = { .n = n, .value = 0x1234 };
		ulong before = 0, after = 0;

		SUBTEST("dr%u", n);
		EXPECT_NO_FAULT(read_dr_try(n, &before));
		EXPECT_NO_FAULT(run_user(read_at_user, &access));
		EXPECT_FAULT(GP(0), access.fault);
		EXPECT_EQ(access.value, 0x1234ul);
		EXPECT_NO_FAULT(run_user(write_at_user, &access));
		EXPECT_FAULT(GP(0), access.fault);
		EXPECT_NO_FAULT(read_dr_try(n, &after));
		EXPECT_EQ(after, before);
	}
}

/* ------------------------------------------------------------------------------------- GD */

static const struct {
	const char *name;
	u8 code[3];
} accesses[] = {
	{ "read-dr0", { 0x0f, 0x21, 0xc0 } },  { "read-dr3", { 0x0f, 0x21, 0xd8 } },
	{ "read-dr6", { 0x0f, 0x21, 0xf0 } },  { "read-dr7", { 0x0f, 0x21, 0xf8 } },
	{ "write-dr0", { 0x0f, 0x23, 0xc0 } }, { "write-dr3", { 0x0f, 0x23, 0xd8 } },
	{ "write-dr6", { 0x0f, 0x23, 0xf0 } }, { "write-dr7", { 0x0f, 0x23, 0xf8 } },
};

static struct debug_hit detected;
static ulong detected_ax;

/* Skips the access. */
static void note_general_detect(struct trap_frame *frame)
{
	detected.dr7 = read_dr7();
	detected.dr6 = read_dr6();
	detected.ip = frame->ip;
	detected_ax = frame->ax;
	frame->ip += sizeof(accesses[0].code);
	debug_count++;
}

TEST(general_detect,
     "with DR7.GD set, MOV from or to a debug register is #DB with BD before it; the "
     "handler finds GD clear",
     SPEC("SDM vol. 3B, 17.2.4, 17.3.1.3"))
{
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		struct debug_registers r = { .ax = 0x400 };

		SUBTEST("%s", accesses[i].name);
		debug_set_code(accesses[i].code, sizeof(accesses[i].code));
		debug_count = 0;
		detected = (struct debug_hit){ 0 };
		trap_set_handler(VEC_DB, note_general_detect);
		write_dr6(DR6_RESET);
		write_dr7(DR7_RESET | DR7_GD);
		debug_run_code(&r);
		EXPECT_EQ(debug_count, 1u);
		EXPECT_EQ(detected.ip, (ulong)debug_code);
		EXPECT_EQ(detected.dr6, DR6_RESET | DR6_BD);
		EXPECT_EQ(detected.dr7, (ulong)DR7_RESET);
		EXPECT_EQ(detected_ax, 0x400ul);
		write_dr7(DR7_RESET);
		write_dr0(0);
	}
}

/*
 * No manual says which comes first. That it is #GP(0) follows from what the two are: MOV at CPL 3 is refused as such, and
 * general detection is for accesses that would be made.
 */
TEST(general_detect_after_privilege, "with DR7.GD set, MOV of a debug register at CPL 3 is #GP(0)",
     SPEC("SDM vol. 2B, MOV to/from debug registers; vol. 3B, 17.3.1.3"))
{
	debug_set_code(accesses[0].code, sizeof(accesses[0].code));
	debug_record();
	write_dr7(DR7_RESET | DR7_GD);
	EXPECT_FAULT(GP(0), run_user(debug_run_code, NULL));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)debug_code);
	EXPECT_EQ(debug_count, 0u);
	/* Where GD works, this write takes a #DB, whose handler resumes with GD clear. */
	write_dr7(DR7_RESET);
	write_dr7(DR7_RESET);
}

TEST(lock_of_debug_register, "LOCK with MOV of a debug register is #UD",
     SPEC("SDM vol. 2B, MOV to/from debug registers"))
{
	static const u8 lock_read[] = { 0xf0, 0x0f, 0x21, 0xc0 };
	static const u8 lock_write[] = { 0xf0, 0x0f, 0x23, 0xc0 };

	SUBTEST("read");
	debug_set_code(lock_read, sizeof(lock_read));
	EXPECT_FAULT(UD, fault_of(debug_run_code, NULL));
	SUBTEST("write");
	debug_set_code(lock_write, sizeof(lock_write));
	EXPECT_FAULT(UD, fault_of(debug_run_code, NULL));
}
