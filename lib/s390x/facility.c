/* SPDX-License-Identifier: MIT */
#include <s390x/facility.h>

#include <mm/page.h>
#include <s390x/ebcdic.h>
#include <string.h>

#define LIST_DOUBLEWORDS 4

static u64 list[LIST_DOUBLEWORDS];
static u8 block[PAGE_SIZE] __aligned(PAGE_SIZE);

void facility_init(void)
{
	register ulong last __asm__("0") = LIST_DOUBLEWORDS - 1;

	/* Stores no more doublewords than there are; the rest stays zero. */
	__asm__ volatile("stfle %1" : "+d"(last), "=Q"(list) : : "cc", "memory");
}

bool has_facility(u32 number)
{
	if (number >= LIST_DOUBLEWORDS * 64)
		return false;
	return list[number / 64] & BIT(63 - number % 64);
}

u32 store_system_information(u32 function, u32 selector1, u32 selector2, void *info)
{
	register ulong r0 __asm__("0") = (ulong)function << 28 | selector1;
	register ulong r1 __asm__("1") = selector2;
	u32 cc;

	__asm__ volatile("stsi 0(%3)\n"
			 "ipm %0"
			 : "=d"(cc), "+d"(r0)
			 : "d"(r1), "a"(info)
			 : "cc", "memory");
	return cc >> 28;
}

/* Appends EBCDIC text without its trailing blanks and what is not a word's. */
static void append(char *text, size_t size, const u8 *ebcdic, u32 length)
{
	size_t used = strlen(text);

	while (length && (ebcdic[length - 1] == 0x40 || !ebcdic[length - 1]))
		length--;
	for (u32 i = 0; i < length && used + 1 < size; i++) {
		char c = ebcdic_to_ascii(ebcdic[i]);

		text[used++] = c == ' ' ? '_' : c;
	}
	text[used] = '\0';
}

/* SYSIB 1.1.1: manufacturer at byte 32, type at 48. */
void cpu_describe(char *text, size_t size)
{
	strlcpy(text, "", size);
	if (store_system_information(1, 1, 1, block)) {
		strlcpy(text, "unknown", size);
		return;
	}
	append(text, size, block + 32, 16);
	strlcat(text, "/", size);
	append(text, size, block + 48, 4);
}

/* SYSIB 3.2.2: the first description's control-program identifier is at byte 56. */
void hypervisor_describe(char *text, size_t size)
{
	strlcpy(text, "", size);
	if (store_system_information(3, 2, 2, block) == 0)
		append(text, size, block + 56, 16);
}
