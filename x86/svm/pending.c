/* SPDX-License-Identifier: MIT */
#include "pending.h"

u32 pending_nmis;

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	pending_nmis++;
}

void pending_record_nmis(void)
{
	pending_nmis = 0;
	trap_set_handler(VEC_NMI, count_nmi);
}

void pending_send_nmi(void)
{
	apic_send(ICR_NMI | ICR_ASSERT, apic_id());
}

void pending_make(void)
{
	irq_record(VECTOR_1, VECTOR_1);
	apic_send_vector(0, VECTOR_1);
}
