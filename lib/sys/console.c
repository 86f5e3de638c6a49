/* SPDX-License-Identifier: MIT */
#include <sys/console.h>

#include <arch/machine.h>
#include <stdio.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/lock.h>

#define PRINTF_SIZE 1024

static struct lock console_lock;
static u32 console_owner = UINT32_MAX;

/* Where text goes instead of to the device, if `to` is not NULL. */
static struct {
	char *to;
	size_t size, used;
} capture;

static void put(const char *text, size_t size)
{
	if (!capture.to) {
		machine_console_write(text, size);
		return;
	}
	size = MIN(size, capture.size - 1 - capture.used);
	memcpy(capture.to + capture.used, text, size);
	capture.used += size;
	capture.to[capture.used] = '\0';
}

void console_capture(char *to, size_t size)
{
	capture.to = to;
	capture.size = size;
	capture.used = 0;
}

void console_write(const char *text, size_t size)
{
	u32 self = this_cpu()->number;
	/* An exception in the middle of a line must be able to say so. */
	bool nested = READ_ONCE(console_owner) == self;
	ulong irq_state = arch_irq_save();

	/* Not lock(), which gives up when the case ends: what is to be said then has to be
	 * said. */
	while (!nested && !lock_try(&console_lock))
		arch_relax();
	WRITE_ONCE(console_owner, self);
	put(text, size);
	if (!nested) {
		WRITE_ONCE(console_owner, UINT32_MAX);
		unlock(&console_lock);
	}
	arch_irq_restore(irq_state);
}

void console_reset(void)
{
	console_owner = UINT32_MAX;
	console_lock = (struct lock){ 0 };
	console_capture(NULL, 0);
}

int vprintf(const char *format, va_list args)
{
	char text[PRINTF_SIZE];
	int length = vsnprintf(text, sizeof(text), format, args);

	console_write(text, (size_t)MIN(length, PRINTF_SIZE - 1));
	return length;
}

int printf(const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vprintf(format, args);
	va_end(args);
	return length;
}
