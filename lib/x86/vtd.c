/* SPDX-License-Identifier: MIT */
#include <x86/vtd.h>

#include <dev/acpi.h>
#include <string.h>
#include <sys/time.h>

#define QUEUE_LENGTH 256u
#define WAIT_STATUS  0x600du

/* GCMD takes what stays as it is from GSTS, but for the bits of what is done once: 11.4.4. */
#define ONE_SHOT (VTD_SRTP | VTD_SIRTP | BIT(29) | BIT(27))

struct descriptor {
	u64 low, high;
};

static ulong base;
static bool used;
static volatile struct descriptor *queue;
static u32 tail;
static volatile u32 wait_status;

static volatile u32 *at(u32 offset)
{
	if (!base)
		base = acpi_vtd_address();
	return (volatile u32 *)(base + offset);
}

bool vtd_is_there(void)
{
	return acpi_vtd_address();
}

u32 vtd_read32(u32 reg)
{
	return *at(reg);
}

u64 vtd_read(u32 reg)
{
	u64 low = vtd_read32(reg);

	return (u64)vtd_read32(reg + 4) << 32 | low;
}

void vtd_write32(u32 reg, u32 value)
{
	used = true;
	*at(reg) = value;
}

void vtd_write(u32 reg, u64 value)
{
	vtd_write32(reg, (u32)value);
	vtd_write32(reg + 4, (u32)(value >> 32));
}

bool vtd_command(u64 bit, bool set)
{
	u32 command = vtd_read32(VTD_GSTS) & (u32)~ONE_SHOT;

	vtd_write32(VTD_GCMD, set ? command | (u32)bit : command & ~(u32)bit);
	return wait_until(!(vtd_read32(VTD_GSTS) & bit) == !set);
}

bool vtd_set_root(const void *table)
{
	vtd_write(VTD_RTADDR, (ulong)table);
	return vtd_command(VTD_SRTP, true) && vtd_invalidate_context(VTD_CCMD_GLOBAL) &&
	       vtd_invalidate_iotlb(VTD_IOTLB_GLOBAL, 0);
}

bool vtd_set_interrupts(const void *table, u32 log2_entries)
{
	vtd_write(VTD_IRTA, (ulong)table | (log2_entries - 1));
	if (!vtd_command(VTD_SIRTP, true))
		return false;
	vtd_queue_add(VTD_DESC_INTERRUPT, 0);
	return vtd_queue_wait();
}

u32 vtd_invalidate_context(u64 command)
{
	vtd_write(VTD_CCMD, VTD_CCMD_ICC | command);
	if (!wait_until(!(vtd_read(VTD_CCMD) & VTD_CCMD_ICC)))
		return 0;
	return VTD_CCMD_DONE(vtd_read(VTD_CCMD));
}

u32 vtd_invalidate_iotlb(u64 command, u64 address)
{
	u32 reg = VTD_ECAP_IRO(vtd_read(VTD_ECAP));

	vtd_write(reg, address);
	vtd_write(reg + 8, VTD_IOTLB_IVT | command);
	if (!wait_until(!(vtd_read(reg + 8) & VTD_IOTLB_IVT)))
		return 0;
	return VTD_IOTLB_DONE(vtd_read(reg + 8));
}

bool vtd_queue_start(void *page)
{
	queue = page;
	tail = 0;
	vtd_write(VTD_IQT, 0);
	vtd_write(VTD_IQA, (ulong)page);
	return vtd_command(VTD_QIE, true);
}

void vtd_queue_put(u64 low, u64 high)
{
	queue[tail].low = low;
	queue[tail].high = high;
	tail = (tail + 1) % QUEUE_LENGTH;
}

void vtd_queue_go(void)
{
	vtd_write(VTD_IQT, (u64)tail * sizeof(*queue));
}

void vtd_queue_add(u64 low, u64 high)
{
	vtd_queue_put(low, high);
	vtd_queue_go();
}

static u32 queue_head(void)
{
	return (u32)vtd_read(VTD_IQH) / sizeof(*queue) % QUEUE_LENGTH;
}

void vtd_queue_replace_head(u64 low, u64 high)
{
	queue[queue_head()].low = low;
	queue[queue_head()].high = high;
}

bool vtd_queue_wait(void)
{
	wait_status = 0;
	vtd_queue_add(VTD_DESC_WAIT | VTD_DESC_WAIT_SW | VTD_DESC_WAIT_DATA(WAIT_STATUS),
		      (ulong)&wait_status);
	return wait_until(wait_status == WAIT_STATUS);
}

static u32 recording(u32 n)
{
	return VTD_CAP_FRO(vtd_read(VTD_CAP)) + 16 * n;
}

u64 vtd_fault_address(u32 n)
{
	return vtd_read(recording(n));
}

u64 vtd_fault(u32 n)
{
	return vtd_read(recording(n) + 8);
}

void vtd_fault_clear(u32 n)
{
	vtd_write32(recording(n) + 12, (u32)(VTD_FRCD_F >> 32));
}

void vtd_faults_clear(void)
{
	for (u32 n = 0; n < VTD_CAP_NFR(vtd_read(VTD_CAP)); n++)
		vtd_fault_clear(n);
	vtd_write32(VTD_FSTS, VTD_FSTS_PFO | VTD_FSTS_IQE);
}

/*
 * The queue is disabled when it is empty and its last descriptor was a wait descriptor (6.5.2). What the
 * unit has stopped at is made one.
 */
static void queue_stop(void)
{
	for (u32 head = queue_head(); head != tail; head = (head + 1) % QUEUE_LENGTH) {
		queue[head].low = VTD_DESC_WAIT | VTD_DESC_WAIT_SW;
		queue[head].high = (ulong)&wait_status;
	}
	vtd_write32(VTD_FSTS, VTD_FSTS_IQE);
	vtd_queue_wait();
	vtd_command(VTD_QIE, false);
}

void vtd_reset(void)
{
	vtd_write32(VTD_FECTL, (u32)VTD_EVENT_MASKED);
	vtd_write32(VTD_IECTL, (u32)VTD_EVENT_MASKED);
	vtd_command(VTD_IRE, false);
	vtd_command(VTD_TE, false);
	if (vtd_read32(VTD_GSTS) & VTD_QIE)
		queue_stop();
	vtd_write(VTD_IQT, 0);
	vtd_write32(VTD_ICS, VTD_ICS_IWC);
	vtd_faults_clear();
}

void vtd_restore(void)
{
	if (used)
		vtd_reset();
	used = false;
}
