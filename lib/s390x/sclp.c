/* SPDX-License-Identifier: MIT */
#include <s390x/sclp.h>

#include <arch/fault.h>
#include <mm/page.h>
#include <s390x/cr.h>
#include <string.h>

/* READ SCP INFO's answer, as far as it is of interest here. */
struct scp_info {
	struct sccb_header header;
	u16 increments; /* 8 */
	u8 increment_mib;
	u8 reserved_11[5];
	u16 cpus; /* 16 */
	u16 cpu_offset;
	u8 reserved_20[80];
	u32 increment_mib_2; /* 100: if the one above is 0 */
	u64 increments_2;    /* 104: likewise */
};

struct cpu_entry {
	u8 address;
	u8 reserved[15];
};

_Static_assert(offsetof(struct scp_info, increment_mib_2) == 100, "READ SCP INFO");
_Static_assert(offsetof(struct scp_info, increments_2) == 104, "READ SCP INFO");

/* A block must not cross a page unless it has to. */
static u8 block[SCCB_SIZE] __aligned(PAGE_SIZE);

void *sclp_block(u16 length)
{
	struct sccb_header *header = (struct sccb_header *)block;

	memset(block, 0, sizeof(block));
	header->length = length;
	return block;
}

void external_discard(u64 subclasses)
{
	u64 cr0 = (read_cr(0) & ~(CR0_SUBCLASSES | CR0_LOW_PROTECTION)) | subclasses;

	while (external_window(cr0))
		;
}

u16 sclp_execute(u32 command, void *sccb)
{
	const struct sccb_header *header = sccb;
	u32 cc;

	while ((cc = service_call(command, sccb)) == 2)
		external_discard(CR0_SERVICE);
	if (cc)
		return 0;
	while (!READ_ONCE(header->response))
		barrier();
	external_discard(CR0_SERVICE);
	return header->response;
}

void sclp_read_machine(void (*memory)(phys_t start, phys_t end), void (*add)(u64 cpu_address))
{
	struct scp_info *info = sclp_block(PAGE_SIZE);
	const struct cpu_entry *cpus;
	u64 increments, increment;

	if (sclp_execute(SCLP_READ_SCP_INFO, info) == SCLP_RC_INSUFFICIENT_LENGTH) {
		info = sclp_block(SCCB_SIZE);
		info->header.control[2] = 0x80; /* variable-length response */
		sclp_execute(SCLP_READ_SCP_INFO, info);
	}
	if (info->header.response != SCLP_RC_NORMAL_READ)
		return;
	increments = info->increments ? info->increments : info->increments_2;
	increment = info->increment_mib ? info->increment_mib : info->increment_mib_2;
	memory(0, increments * increment * MiB);
	cpus = (const struct cpu_entry *)((const u8 *)info + info->cpu_offset);
	for (u32 i = 0; i < info->cpus; i++)
		add(cpus[i].address);
}
