/* SPDX-License-Identifier: MIT */
#include "nested.h"

#include <string.h>

const char *const nested_access_names[3] = {
	[ACCESS_READ] = "read",
	[ACCESS_WRITE] = "write",
	[ACCESS_FETCH] = "fetch",
};

/* Nothing else is below the same entry of any table that is not the root. */
static ulong own_address(void)
{
	return sizeof(ulong) == 8 ? (ulong)BIT(39) : 0xc0000000ul;
}

static void fill_page(struct nested *n)
{
	static const u8 vmmcall[] = { 0x0f, 0x01, 0xd9, 0x90 };

	for (u32 i = 0; i < PAGE_SIZE; i += sizeof(vmmcall))
		memcpy(n->page + i, vmmcall, sizeof(vmmcall));
}

void nested_reset(struct nested *n)
{
	svm_reset(n->g, SVM_NATIVE);
	space_map(n->npt, n->address, (ulong)n->page, PAGE_SIZE, PROT_ALL);
	n->g->control->np_control = NP_ENABLE;
	n->g->control->n_cr3 = (ulong)n->npt->root;
	n->g->save->cr3 = (ulong)n->guest->root;
	fill_page(n);
}

struct nested nested_new(void)
{
	struct nested n = {
		.g = svm_new(SVM_NATIVE),
		.npt = space_create(),
		.guest = space_create(),
		.page = page_alloc(),
		.address = own_address(),
	};

	space_map(n.guest, n.address, n.address, PAGE_SIZE, PROT_ALL);
	nested_reset(&n);
	return n;
}

void nested_code(struct nested *n, enum access access, u32 offset)
{
	static const u8 codes[3][2] = {
		[ACCESS_READ] = { 0x8b, 0x03 },	 /* MOV EAX, [BX] */
		[ACCESS_WRITE] = { 0x89, 0x03 }, /* MOV [BX], EAX */
		[ACCESS_FETCH] = { 0xff, 0xe3 }, /* JMP BX */
	};

	svm_code_bytes(n->g, codes[access], 2);
	n->g->registers.bx = n->address + offset;
	n->g->save->rax = 0x12345678;
}

bool nested_expect_access(struct nested *n, enum access access, u32 offset)
{
	struct svm_guest *g = n->g;

	svm_run(g);
	if (!EXPECT_EXIT(g, SVM_EXIT_VMMCALL))
		return false;
	switch (access) {
	case ACCESS_READ:
		return EXPECT_EQ((u32)g->save->rax, *(u32 *)(n->page + offset));
	case ACCESS_WRITE:
		return EXPECT_EQ(*(u32 *)(n->page + offset), 0x12345678u);
	default:
		return EXPECT_EQ(g->save->rip, (u64)(n->address + offset));
	}
}

u64 nested_info(enum access access)
{
	return PF_U | (access == ACCESS_WRITE ? PF_W : 0) | (access == ACCESS_FETCH ? PF_I : 0);
}

bool nested_expect_fault(struct nested *n, u64 info, u64 address)
{
	bool ok;

	svm_run(n->g);
	ok = EXPECT_EXIT(n->g, SVM_EXIT_NPF);
	ok = ok && EXPECT_EQ(n->g->control->exitinfo1, info);
	return ok && EXPECT_EQ(n->g->control->exitinfo2, address);
}
