/* SPDX-License-Identifier: MIT */
#include "x2apic.h"

#include <x86/apic.h>

void x2apic_enter(void)
{
	apic_stay_in_x2apic();
	apic_enter_x2apic();
}
