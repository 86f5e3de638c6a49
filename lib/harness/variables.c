/* SPDX-License-Identifier: MIT */
#include <harness/variables.h>

#include <mm/page.h>
#include <string.h>

/* image.lds: .data and .bss of what is not of the library's archive. */
extern u8 test_data_start[], test_data_end[], test_bss_start[], test_bss_end[];

static u8 *first_values;

static size_t data_size(void)
{
	return (size_t)(test_data_end - test_data_start);
}

void variables_keep(void)
{
	if (!data_size())
		return;
	first_values = pages_alloc((data_size() + PAGE_SIZE - 1) / PAGE_SIZE, PAGE_SIZE);
	memcpy(first_values, test_data_start, data_size());
}

void variables_reset(void)
{
	if (first_values)
		memcpy(test_data_start, first_values, data_size());
	memset(test_bss_start, 0, (size_t)(test_bss_end - test_bss_start));
}
