/* SPDX-License-Identifier: MIT */
#include <x86/smi.h>

#include <string.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/mode.h>

#define SMBASE	  0x30000
#define SMM_ENTRY (SMBASE + 0x8000)
#define SMM_COUNT (SMBASE + 0x9000)
#define SMM_CR4	  (SMBASE + 0x9004)

void smi_prepare(void)
{
	/* INC dword [39000H]; MOV EAX, CR4; MOV [39004H], EAX; RSM. */
	static const u8 handler[] = { 0x66, 0x67, 0xff, 0x05, 0x00, 0x90, 0x03, 0x00, 0x0f, 0x20,
				      0xe0, 0x66, 0x67, 0xa3, 0x04, 0x90, 0x03, 0x00, 0x0f, 0xaa };

	memcpy(low8(SMM_ENTRY), handler, sizeof(handler));
	*low32(SMM_COUNT) = 0;
}

void smi_send(void)
{
	apic_send(ICR_SMI | ICR_ASSERT, apic_id());
}

u32 smi_count(void)
{
	return READ_ONCE(*low32(SMM_COUNT));
}

u32 smi_cr4(void)
{
	return READ_ONCE(*low32(SMM_CR4));
}

bool smi_works(void)
{
	static bool known, works;

	if (!known) {
		smi_prepare();
		smi_send();
		delay_us(200);
		works = smi_count() == 1;
		known = true;
	}
	return works;
}
