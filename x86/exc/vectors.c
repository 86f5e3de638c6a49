/* SPDX-License-Identifier: MIT */
/*
 * Every exception that both sizes can raise, raised for real: vector, kind, error code, words
 * pushed and registers that the handler finds. Debug exceptions are in debug.c, double faults
 * in double_fault.c.
 */
#include "event.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>

SUITE("Exceptions raised for real");

/* Divisor, dividend and whether it is signed: what DIV cannot represent. */
struct division {
	const char *name;
	s32 high, low, divisor;
};

static void divide(void *arg)
{
	const struct division *d = arg;

	__asm__ volatile(RAISE("idivl %[divisor]")
			 :
			 : "a"(d->low), "d"(d->high), [divisor] "r"(d->divisor)
			 : "memory", "cc");
}

static void execute_int3(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("int3") : : : "memory");
}

static void execute_ud2(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("ud2") : : : "memory");
}

static void execute_fnop(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("fnop") : : : "memory");
}

static void execute_fwait(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("fwait") : : : "memory");
}

static void execute_sse(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("orps %%xmm0, %%xmm0") : : : "memory");
}

static void load_ds(void *arg)
{
	__asm__ volatile(RAISE("movw %w0, %%ds") : : "r"(*(const u16 *)arg) : "memory");
}

static void load_ss(void *arg)
{
	__asm__ volatile(RAISE("movw %w0, %%ss") : : "r"(*(const u16 *)arg) : "memory");
}

static void read_byte(void *arg)
{
	__asm__ volatile(RAISE("testb %%al, %0") : : "m"(*(const u8 *)arg) : "memory", "cc");
}

static void execute_cli(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("cli") : : : "memory");
}

static void jump_to_null_selector(void *arg)
{
	static const struct {
		u32 offset;
		u16 selector;
	} __packed target = { 0, SEL_NULL };

	(void)arg;
	__asm__ volatile(RAISE("ljmpl *%0") : : "m"(target) : "memory");
}

TEST(de_is_fault, "#DE is a fault without error code: division by zero and quotient overflow",
     SPEC("SDM vol. 3A, 6.15, Interrupt 0"))
{
	static struct division divisions[] = {
		{ "by-zero", 0, 1, 0 },
		{ "most-negative-by-minus-one", -1, (s32)0x80000000, -1 },
		{ "quotient-too-large", 1, 0, 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(divisions); i++) {
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct raw_entry entry;

			SUBTEST("%s-cpl%u", divisions[i].name, cpl);
			expect_event_at((struct event){ .raise = divide,
							.arg = &divisions[i],
							.vector = VEC_DE,
							.kind = EVENT_FAULT },
					cpl, &entry);
		}
	}
}

TEST(bp_is_trap, "#BP of INT3 is a trap without error code", SPEC("SDM vol. 3A, 6.15, Interrupt 3"))
{
	expect_event((struct event){ execute_int3, .vector = VEC_BP, .kind = EVENT_SOFTWARE },
		     AT_CPL0 | AT_CPL3);
}

TEST(ud_is_fault, "#UD of UD2 is a fault without error code",
     SPEC("SDM vol. 3A, 6.15, Interrupt 6"))
{
	expect_event((struct event){ execute_ud2, .vector = VEC_UD }, AT_CPL0 | AT_CPL3);
}

TEST(nm_of_task_switched, "an x87 instruction with CR0.TS set is #NM, a fault without error code",
     SPEC("SDM vol. 3A, 6.15, Interrupt 7"), REQUIRES(cpu_has(X86_FEATURE_FPU)))
{
	write_cr0(read_cr0() | CR0_TS);
	expect_event((struct event){ execute_fnop, .vector = VEC_NM }, AT_CPL0 | AT_CPL3);
	write_cr0(read_cr0() & ~CR0_TS);
}

TEST(nm_of_emulation, "an x87 instruction with CR0.EM set is #NM",
     BUG("XSA-190"), SPEC("SDM vol. 3A, 6.15, Interrupt 7"), REQUIRES(cpu_has(X86_FEATURE_FPU)))
{
	write_cr0((read_cr0() | CR0_EM) & ~CR0_MP);
	expect_event((struct event){ execute_fnop, .vector = VEC_NM }, AT_CPL0 | AT_CPL3);
	write_cr0((read_cr0() & ~CR0_EM) | CR0_MP);
}

TEST(nm_of_wait, "WAIT is #NM exactly if CR0.TS and CR0.MP are both set",
     SPEC("SDM vol. 3A, 2.5, table 2-2"), REQUIRES(cpu_has(X86_FEATURE_FPU)))
{
	const ulong others = read_cr0() & ~(CR0_TS | CR0_MP | CR0_EM);

	for (u32 bits = 0; bits < 8; bits++) {
		const ulong cr0 = others | (bits & 1 ? CR0_TS : 0) | (bits & 2 ? CR0_MP : 0) |
				  (bits & 4 ? CR0_EM : 0);

		SUBTEST("ts%u-mp%u-em%u", bits & 1, bits >> 1 & 1, bits >> 2 & 1);
		write_cr0(cr0);
		if ((bits & 3) == 3)
			EXPECT_FAULT(NM, fault_of(execute_fwait, NULL));
		else
			EXPECT_NO_FAULT(fault_of(execute_fwait, NULL));
	}
	write_cr0(others | CR0_MP);
}

TEST(nm_of_sse, "an SSE instruction with CR0.TS set is #NM, with CR0.EM set #UD",
     SPEC("SDM vol. 3A, 2.5, EM and TS"), REQUIRES(cpu_has(X86_FEATURE_SSE)))
{
	const ulong cr0 = read_cr0();

	SUBTEST("ts");
	write_cr0(cr0 | CR0_TS);
	EXPECT_FAULT(NM, fault_of(execute_sse, NULL));
	SUBTEST("em");
	write_cr0(cr0 | CR0_EM);
	EXPECT_FAULT(UD, fault_of(execute_sse, NULL));
	write_cr0(cr0);
}

TEST(np_is_fault,
     "#NP is a fault whose error code is the selector of the segment that is not present",
     SPEC("SDM vol. 3A, 6.15, Interrupt 11"))
{
	u16 selector = gdt_set_spare(0, (DESC_FLAT & ~DESC_P) | DESC_DB | DESC_DPL(3)) | 3;

	expect_event(
		(struct event){ load_ds, &selector, VEC_NP, EVENT_FAULT, true, selector & ~3u },
		AT_CPL0 | AT_CPL3);
}

TEST(ss_of_not_present, "loading SS with a segment that is not present is #SS with the selector",
     SPEC("SDM vol. 3A, 6.15, Interrupt 12"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		u16 selector = gdt_set_spare(0, (DESC_FLAT & ~DESC_P) | DESC_DB | DESC_DPL(cpl));
		struct event event = { load_ss, &selector, VEC_SS, EVENT_FAULT, true, selector };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		selector |= (u16)cpl;
		expect_event_at(event, cpl, &entry);
	}
}

TEST(gp_of_privilege, "a privileged instruction at CPL 3 is #GP(0), a fault",
     SPEC("SDM vol. 3A, 6.15, Interrupt 13"))
{
	expect_event((struct event){ execute_cli, .vector = VEC_GP, .has_error_code = true },
		     AT_CPL3);
}

TEST(gp_of_null_cs, "a far jump to a null selector is #GP(0), a fault",
     SPEC("SDM vol. 3A, 6.15, Interrupt 13"))
{
	expect_event(
		(struct event){ jump_to_null_selector, .vector = VEC_GP, .has_error_code = true },
		AT_CPL0 | AT_CPL3);
}

TEST(gp_of_selector, "#GP that a selector causes has it as its error code",
     SPEC("SDM vol. 3A, 6.15, Interrupt 13"))
{
	u16 selector = GDT_ENTRIES * 8 | 3;

	expect_event(
		(struct event){ load_ds, &selector, VEC_GP, EVENT_FAULT, true, GDT_ENTRIES * 8 },
		AT_CPL0 | AT_CPL3);
}

TEST(pf_is_fault, "#PF is a fault; its error code has U/S by the privilege, CR2 is the address",
     SPEC("SDM vol. 3A, 6.15, Interrupt 14"))
{
	u8 *page = page_alloc();

	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct event event = { read_byte,   page + 0x123, VEC_PF,
				       EVENT_FAULT, true,	  cpl ? PF_U : 0 };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		write_cr2(0x5000);
		expect_event_at(event, cpl, &entry);
		EXPECT_EQ(read_cr2(), (ulong)page + 0x123);
	}
}

/* ZE unmasked, and 1 / 0: the exception waits for the next instruction that looks. */
static void leave_x87_exception(void)
{
	const u16 control = 0x037b;

	__asm__ volatile("fninit\nfldcw %0\nfld1\nfldz\nfdivrp" : : "m"(control) : "memory");
}

static void x87_exception_at_fwait(void *arg)
{
	leave_x87_exception();
	execute_fwait(arg);
}

static void x87_exception_at_next(void *arg)
{
	leave_x87_exception();
	(void)arg;
	__asm__ volatile(RAISE("fld1") : : : "memory");
}

TEST(mf_is_fault_of_next, "#MF is a fault, without error code, of the next waiting x87 instruction",
     SPEC("SDM vol. 3A, 6.15, Interrupt 16"), REQUIRES(cpu_has(X86_FEATURE_FPU)))
{
	static void (*const raisers[])(void *arg) = { x87_exception_at_fwait,
						      x87_exception_at_next };
	static const char *const names[] = { "fwait", "fld1" };

	for (u32 i = 0; i < ARRAY_SIZE(raisers); i++) {
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct raw_entry entry;

			SUBTEST("%s-cpl%u", names[i], cpl);
			expect_event_at((struct event){ raisers[i], .vector = VEC_MF }, cpl,
					&entry);
		}
	}
}

static void non_waiting_x87(void *arg)
{
	u16 status;

	leave_x87_exception();
	__asm__ volatile("fnstsw %0\nfnclex\nfwait" : "=m"(status) : : "memory");
	*(u16 *)arg = status;
}

TEST(mf_not_at_no_wait,
     "FNSTSW and FNCLEX do not raise the pending #MF; after FNCLEX nothing is pending",
     SPEC("SDM vol. 1, 8.3.11"), REQUIRES(cpu_has(X86_FEATURE_FPU)))
{
	u16 status = 0;

	EXPECT_NO_FAULT(fault_of(non_waiting_x87, &status));
	EXPECT_EQ(status & 0x84, 0x84); /* ES and ZE */
}

static void sse_divide_by_zero(void *arg)
{
	const u32 mxcsr = 0x1d80, one = 0x3f800000;

	(void)arg;
	__asm__ volatile(
		"ldmxcsr %0\nmovss %1, %%xmm1\nxorps %%xmm0, %%xmm0\n" RAISE("divss %%xmm0, %%xmm1")
		:
		: "m"(mxcsr), "m"(one)
		: "memory");
}

TEST(xm_is_fault,
     "#XM is a fault, without error code, of the SSE instruction that has the exception",
     SPEC("SDM vol. 3A, 6.15, Interrupt 19"), REQUIRES(cpu_has(X86_FEATURE_SSE)))
{
	expect_event((struct event){ sse_divide_by_zero, .vector = VEC_XM }, AT_CPL0 | AT_CPL3);
}

TEST(xm_needs_osxmmexcpt, "an unmasked SSE exception with CR4.OSXMMEXCPT clear is #UD",
     SPEC("SDM vol. 3A, 2.5, OSXMMEXCPT"), REQUIRES(cpu_has(X86_FEATURE_SSE)))
{
	write_cr4(read_cr4() & ~CR4_OSXMMEXCPT);
	EXPECT_FAULT(UD, fault_of(sse_divide_by_zero, NULL));
	write_cr4(read_cr4() | CR4_OSXMMEXCPT);
}
