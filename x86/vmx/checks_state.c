/* SPDX-License-Identifier: MIT */
/* SDM vol. 3C, 26.3.1.5, 26.3.1.6, 26.2.1.3, 26.4: non-register state, PDPTEs, event injection, MSR loading. */
#include "checks.h"

SUITE("VMX: VM entry's checks on other state", REQUIRES(vmx_available()));

#define ACTIVITY_HLT	  1
#define ACTIVITY_SHUTDOWN 2
#define ACTIVITY_SIPI	  3

#define BLOCKED_STI	    BIT(0)
#define BLOCKED_SS	    BIT(1)
#define BLOCKED_SMI	    BIT(2)
#define BLOCKED_NMI	    BIT(3)
#define INTERRUPTED_ENCLAVE BIT(4)

#define PENDING_BS BIT(14)

TEST(guest_activity, "an activity state that the processor has not, or has not here, is refused",
     SPEC("SDM vol. 3C, 26.3.1.5; A.6"))
{
	const struct check rows[] = {
		{ "4", true, { PUT(GUEST_ACTIVITY, 4) } },
		{ "5", true, { PUT(GUEST_ACTIVITY, 5) } },
		{ "0x80000000", true, { PUT(GUEST_ACTIVITY, 0x80000000) } },
		{ "hlt-sti",
		  true,
		  { PUT(GUEST_ACTIVITY, ACTIVITY_HLT), SET(GUEST_RFLAGS, FLAG_IF),
		    PUT(GUEST_INTERRUPTIBILITY, BLOCKED_STI) } },
		{ "hlt-mov-ss",
		  true,
		  { PUT(GUEST_ACTIVITY, ACTIVITY_HLT), PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SS) } },
		{ "shutdown-mov-ss",
		  true,
		  { PUT(GUEST_ACTIVITY, ACTIVITY_SHUTDOWN),
		    PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SS) } },
		{ "active", false, { PUT(GUEST_ACTIVITY, 0) } },
	};
	const u64 supported = rdmsr(MSR_IA32_VMX_MISC) >> 6 & 7;
	struct vmx_guest *g = vmx_new();

	check_rows(CHECK_GUEST, rows, ARRAY_SIZE(rows));
	for (u32 state = 1; state < 4; state++)
		if (!(supported & BIT(state - 1))) {
			SUBTEST("unsupported-%u", state);
			check_set_up(g);
			vmcs_write(VMCS_GUEST_ACTIVITY, state);
			check_expect(g, CHECK_GUEST, true);
		}
}

TEST(guest_interruptibility,
     "interruptibility has no reserved bit, and what blocks does not contradict the rest",
     SPEC("SDM vol. 3C, 26.3.1.5"))
{
	const struct check rows[] = {
		{ "sti-if",
		  false,
		  { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_STI), SET(GUEST_RFLAGS, FLAG_IF) } },
		{ "sti-no-if", true, { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_STI) } },
		{ "mov-ss", false, { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SS) } },
		{ "sti-and-mov-ss",
		  true,
		  { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_STI | BLOCKED_SS),
		    SET(GUEST_RFLAGS, FLAG_IF) } },
		{ "smi", true, { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SMI) } },
		{ "nmi", false, { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_NMI) } },
	};

	check_bits(CHECK_GUEST, VMCS_GUEST_INTERRUPTIBILITY, "reserved",
		   BITS(31, 5) | (cpu_has(X86_FEATURE_SGX) ? 0 : INTERRUPTED_ENCLAVE), true);
	check_rows(CHECK_GUEST, rows, ARRAY_SIZE(rows));
}

TEST(guest_interruptibility_injection, "an interrupt or NMI that is blocked cannot be injected",
     SPEC("SDM vol. 3C, 26.3.1.4, 26.3.1.5"))
{
	static const u64 external = INTR_VALID | INTR_EXTERNAL | 0x40;
	static const u64 nmi = INTR_VALID | INTR_NMI | 2;
	const struct check rows[] = {
		{ "interrupt-no-if", true, { PUT(ENTRY_INTERRUPTION_INFO, external) } },
		{ "interrupt-sti",
		  true,
		  { PUT(ENTRY_INTERRUPTION_INFO, external), SET(GUEST_RFLAGS, FLAG_IF),
		    PUT(GUEST_INTERRUPTIBILITY, BLOCKED_STI) } },
		{ "interrupt-mov-ss",
		  true,
		  { PUT(ENTRY_INTERRUPTION_INFO, external), SET(GUEST_RFLAGS, FLAG_IF),
		    PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SS) } },
		{ "nmi-mov-ss",
		  true,
		  { PUT(ENTRY_INTERRUPTION_INFO, nmi), PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SS) } },
		{ "virtual-nmi-blocked",
		  true,
		  { PUT(ENTRY_INTERRUPTION_INFO, nmi),
		    SET(PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS),
		    PUT(GUEST_INTERRUPTIBILITY, BLOCKED_NMI) } },
	};

	check_rows(CHECK_GUEST, rows, ARRAY_SIZE(rows));
}

TEST(guest_activity_injection, "an event that an inactive state blocks cannot be injected",
     SPEC("SDM vol. 3C, 26.3.1.5"))
{
	static const struct {
		const char *name;
		u32 state, info;
	} rows[] = {
		{ "hlt-ud", ACTIVITY_HLT, INTR_HARDWARE_EXCEPTION | 6 },
		{ "hlt-software-interrupt", ACTIVITY_HLT, INTR_SOFTWARE_INTERRUPT | 0x40 },
		{ "hlt-bp", ACTIVITY_HLT, INTR_SOFTWARE_EXCEPTION | 3 },
		{ "shutdown-db", ACTIVITY_SHUTDOWN, INTR_HARDWARE_EXCEPTION | 1 },
		{ "shutdown-interrupt", ACTIVITY_SHUTDOWN, INTR_EXTERNAL | 0x40 },
		{ "sipi-nmi", ACTIVITY_SIPI, INTR_NMI | 2 },
		{ "sipi-interrupt", ACTIVITY_SIPI, INTR_EXTERNAL | 0x40 },
	};
	const u64 supported = rdmsr(MSR_IA32_VMX_MISC) >> 6 & 7;
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		if (!(supported & BIT(rows[i].state - 1))) {
			SKIP_ROW("IA32_VMX_MISC has not the state");
			continue;
		}
		check_set_up(g);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		vmcs_write(VMCS_GUEST_ACTIVITY, rows[i].state);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 1);
		check_expect(g, CHECK_GUEST, true);
	}
}

TEST(guest_pending_debug, "pending debug exceptions have no reserved bit",
     SPEC("SDM vol. 3C, 26.3.1.5"))
{
	check_bits(CHECK_GUEST, VMCS_GUEST_PENDING_DEBUG, "reserved",
		   BITS(11, 4) | BIT(13) | BIT(15) | BITS(63, 17), true);
}

TEST(guest_pending_bs, "BS is pending where TF says so and events are blocked, and else is not",
     SPEC("SDM vol. 3C, 26.3.1.5"))
{
	const struct check rows[] = {
		{ "sti-tf-no-bs",
		  true,
		  { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_STI),
		    SET(GUEST_RFLAGS, FLAG_IF | FLAG_TF) } },
		{ "mov-ss-tf-no-bs",
		  true,
		  { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SS), SET(GUEST_RFLAGS, FLAG_TF) } },
		/* A guest that was let in must not sleep for ever. */
		{ "hlt-tf-no-bs",
		  true,
		  { PUT(GUEST_ACTIVITY, ACTIVITY_HLT), SET(GUEST_RFLAGS, FLAG_TF),
		    SET(PIN_CONTROLS, PIN_PREEMPTION_TIMER) } },
		{ "sti-bs-no-tf",
		  true,
		  { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_STI), SET(GUEST_RFLAGS, FLAG_IF),
		    PUT(GUEST_PENDING_DEBUG, PENDING_BS) } },
		{ "mov-ss-bs-no-tf",
		  true,
		  { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SS),
		    PUT(GUEST_PENDING_DEBUG, PENDING_BS) } },
		{ "mov-ss-bs-tf-btf",
		  true,
		  { PUT(GUEST_INTERRUPTIBILITY, BLOCKED_SS), SET(GUEST_RFLAGS, FLAG_TF),
		    PUT(GUEST_PENDING_DEBUG, PENDING_BS), PUT(GUEST_IA32_DEBUGCTL, BIT(1)) } },
	};

	check_rows(CHECK_GUEST, rows, ARRAY_SIZE(rows));
}

TEST(guest_link_pointer,
     "a VMCS link pointer is aligned, in the physical width, and no ordinary or current VMCS",
     SPEC("SDM vol. 3C, 26.3.1.5"))
{
	struct vmx_guest *g = vmx_new();
	u32 *other = vmx_region();

	for_each_set_bit(bit, BITS(11, 0) | BITS(63, cpu_physical_bits())) {
		SUBTEST("bit-%llu", bit);
		check_set_up(g);
		vmcs_write(VMCS_VMCS_LINK_POINTER, (ulong)other | BIT(bit));
		check_expect(g, CHECK_LINK_POINTER, true);
	}
	SUBTEST("other-vmcs");
	check_set_up(g);
	vmcs_write(VMCS_VMCS_LINK_POINTER, (ulong)other);
	check_expect(g, CHECK_LINK_POINTER, false);
	SUBTEST("other-revision");
	check_set_up(g);
	other[0] ^= 1;
	vmcs_write(VMCS_VMCS_LINK_POINTER, (ulong)other);
	check_expect(g, CHECK_LINK_POINTER, true);
	other[0] ^= 1;
	SUBTEST("shadow-without-shadowing");
	check_set_up(g);
	other[0] |= (u32)BIT(31);
	vmcs_write(VMCS_VMCS_LINK_POINTER, (ulong)other);
	check_expect(g, CHECK_LINK_POINTER, true);
	SUBTEST("current");
	check_set_up(g);
	vmcs_write(VMCS_VMCS_LINK_POINTER, (ulong)g->vmcs);
	check_expect(g, CHECK_LINK_POINTER, true);
}

TEST(guest_pdptes, "a present PDPTE with a reserved bit is refused where the guest has PAE paging",
     SPEC("SDM vol. 3C, 26.3.1.6; vol. 3A, 4.4.1"), REQUIRES(sizeof(ulong) == 4))
{
	struct vmx_guest *g = vmx_new();
	u64 *pdpt = page_alloc(), *own = (u64 *)(ulong)read_cr3();

	for (u32 entry = 0; entry < 4; entry++)
		for_each_set_bit(bit, BITS(2, 1) | BITS(8, 5) | BITS(63, cpu_physical_bits())) {
			SUBTEST("pdpte%u-bit-%llu", entry, bit);
			check_set_up(g);
			for (u32 i = 0; i < 4; i++)
				pdpt[i] = own[i];
			pdpt[entry] |= BIT(bit) | 1;
			vmcs_write(VMCS_GUEST_CR3, (ulong)pdpt);
			check_expect(g, CHECK_PDPTES, true);
		}
	SUBTEST("good");
	check_set_up(g);
	for (u32 i = 0; i < 4; i++)
		pdpt[i] = own[i];
	vmcs_write(VMCS_GUEST_CR3, (ulong)pdpt);
	check_expect(g, CHECK_PDPTES, false);
}

/* ----------------------------------------------------------------------------- event injection */

TEST(injection_info,
     "interruption information for injection has a type that exists and a vector of it",
     SPEC("SDM vol. 3C, 26.2.1.3"))
{
	static const struct {
		const char *name;
		u32 info;
	} rows[] = {
		{ "type-1", INTR_TYPE(1) | 0x40 },
		{ "nmi-vector-3", INTR_NMI | 3 },
		{ "nmi-vector-0", INTR_NMI },
		{ "exception-vector-32", INTR_HARDWARE_EXCEPTION | 32 },
		{ "exception-vector-255", INTR_HARDWARE_EXCEPTION | 255 },
		{ "other-vector-1", INTR_OTHER | 1 },
		{ "interrupt-error-code", INTR_EXTERNAL | INTR_ERROR_CODE | 13 },
		{ "nmi-error-code", INTR_NMI | INTR_ERROR_CODE | 2 },
		{ "software-interrupt-error-code", INTR_SOFTWARE_INTERRUPT | INTR_ERROR_CODE | 13 },
		{ "software-exception-error-code", INTR_SOFTWARE_EXCEPTION | INTR_ERROR_CODE | 13 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		check_set_up(g);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 1);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
		check_expect(g, CHECK_CONTROLS, true);
		SUBTEST("%s-not-valid", rows[i].name);
		check_set_up(g);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, rows[i].info);
		check_expect(g, CHECK_CONTROLS, false);
	}
	for_each_set_bit(bit, BITS(30, 12)) {
		SUBTEST("reserved-bit-%llu", bit);
		check_set_up(g);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO,
			   INTR_VALID | INTR_HARDWARE_EXCEPTION | VEC_UD | BIT(bit));
		check_expect(g, CHECK_CONTROLS, true);
	}
}

/* Later processors need not look at the error code's presence: IA32_VMX_BASIC[56]. */
TEST(injection_error_code,
     "the exceptions that have an error code are injected with one, the others without",
     SPEC("SDM vol. 3C, 26.2.1.3"), REQUIRES(!(rdmsr(MSR_IA32_VMX_BASIC) & BIT(56))))
{
	static const u32 coded = 1u << VEC_DF | 1 << VEC_TS | 1 << VEC_NP | 1 << VEC_SS |
				 1 << VEC_GP | 1 << VEC_PF | 1 << VEC_AC;
	struct vmx_guest *g = vmx_new();

	for (u32 vector = 0; vector < 32; vector++) {
		bool has = coded & BIT(vector);

		/* #CP, in later editions. */
		if (vector == VEC_CP)
			continue;
		SUBTEST("vector-%u-%s", vector, has ? "without" : "with");
		check_set_up(g);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_HARDWARE_EXCEPTION |
								 (has ? 0 : INTR_ERROR_CODE) |
								 vector);
		check_expect(g, CHECK_CONTROLS, true);
	}
}

TEST(injection_error_code_bits, "bits 31:16 of an error code that is injected are 0",
     SPEC("SDM vol. 3C, 26.2.1.3"))
{
	const struct change with[] = { PUT(ENTRY_INTERRUPTION_INFO,
					   INTR_VALID | INTR_HARDWARE_EXCEPTION | INTR_ERROR_CODE |
						   VEC_GP) };

	/* Bit 15 is reserved in older editions; with it a later one has an error code of SGX. */
	check_bits_with(CHECK_CONTROLS, with, 1, VMCS_ENTRY_EXCEPTION_ERROR_CODE, "error-code",
			BITS(31, 16), true);
}

TEST(injection_length,
     "software events are injected with an instruction length of at most 15, and 0 only if allowed",
     SPEC("SDM vol. 3C, 26.2.1.3; A.6"))
{
	static const struct {
		const char *name;
		u32 info;
	} rows[] = {
		{ "software-interrupt", INTR_SOFTWARE_INTERRUPT | 0x40 },
		{ "software-exception", INTR_SOFTWARE_EXCEPTION | VEC_BP },
		{ "privileged", INTR_PRIVILEGED_SOFTWARE | VEC_DB },
	};
	static const u32 lengths[] = { 0, 16, 17, 0x100, 0x80000000 };
	const bool zero = rdmsr(MSR_IA32_VMX_MISC) & BIT(30);
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 j = 0; j < ARRAY_SIZE(lengths); j++) {
			if (!lengths[j] && zero)
				continue;
			SUBTEST("%s-%#x", rows[i].name, lengths[j]);
			check_set_up(g);
			vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
			vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, lengths[j]);
			check_expect(g, CHECK_CONTROLS, true);
		}
}

/* --------------------------------------------------------------------------------- MSR loading */

TEST(msr_loading,
     "an entry of the MSR-load area that WRMSR could not do fails the VM entry with its number",
     SPEC("SDM vol. 3C, 26.4, 26.7"))
{
	static const struct {
		const char *name;
		u64 index, value;
		bool refused;
	} rows[] = {
		{ "sysenter-cs", MSR_IA32_SYSENTER_CS, 0x18, false },
		{ "fs-base", MSR_FS_BASE, 0, true },
		{ "gs-base", MSR_GS_BASE, 0, true },
		{ "x2apic-first", 0x800, 0, true },
		{ "x2apic-last", 0x8ff, 0, true },
		{ "reserved-bit-32", MSR_IA32_SYSENTER_CS | BIT(32), 0x18, true },
		{ "reserved-bit-63", MSR_IA32_SYSENTER_CS | BIT(63), 0x18, true },
		{ "read-only", MSR_IA32_VMX_BASIC, 0, true },
		{ "no-such-msr", 0x40000fff, 0, true },
		{ "reserved-value", MSR_IA32_PAT, 2, true },
	};
	struct vmx_guest *g = vmx_new();
	u64 *area = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 before = 0; before < 3; before++) {
			SUBTEST("%s-entry-%u", rows[i].name, before + 1);
			check_set_up(g);
			for (u32 j = 0; j < before; j++) {
				area[j * 2] = MSR_IA32_SYSENTER_CS;
				area[j * 2 + 1] = 0x20;
			}
			area[before * 2] = rows[i].index;
			area[before * 2 + 1] = rows[i].value;
			vmcs_write(VMCS_ENTRY_MSR_LOAD_ADDRESS, (ulong)area);
			vmcs_write(VMCS_ENTRY_MSR_LOAD_COUNT, before + 1);
			vmx_run(g);
			if (rows[i].refused) {
				EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_MSR_LOADING);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), before + 1);
				EXPECT_EQ(g->registers.bx, 0x1000ul);
			} else {
				EXPECT_VMX_DONE(g);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_IA32_SYSENTER_CS), 0x18ull);
			}
		}
}
