/* SPDX-License-Identifier: MIT */
#include <harness/ktap.h>

#include <stdio.h>
#include <string.h>
#include <sys/console.h>
#include <sys/cpu.h>

#define LINE_SIZE 512

static u32 indent;

void ktap_indent(u32 levels)
{
	indent = levels;
}

/* Composes prefix and message into one line, cut with "..." where it is too long, and writes it. */
static void write_line(const char *prefix, const char *format, va_list args)
{
	char line[LINE_SIZE];
	int used = snprintf(line, sizeof(line), "%*s%s", (int)indent * 2, "", prefix);
	int room = (int)sizeof(line) - used - 1;
	int length = vsnprintf(line + used, (size_t)room, format, args);

	if (length >= room) {
		length = room - 1;
		memcpy(line + used + length - 3, "...", 3);
	}
	for (int i = used; i < used + length; i++) {
		if ((u8)line[i] < ' ')
			line[i] = ' ';
	}
	line[used + length] = '\n';
	console_write(line, (size_t)(used + length + 1));
}

void ktap_vnote(const char *format, va_list args)
{
	char prefix[24] = "# ";
	u32 number = this_cpu()->number;

	if (number)
		snprintf(prefix, sizeof(prefix), "# [cpu %u] ", number);
	write_line(prefix, format, args);
}

void ktap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	ktap_vnote(format, args);
	va_end(args);
}

void ktap_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("", format, args);
	va_end(args);
}

/* KTAP reads a bare '#' as the start of a directive. */
static void escape(char *out, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text && used + 2 < size; text++) {
		if (*text == '#' || *text == '\\')
			out[used++] = '\\';
		out[used++] = *text;
	}
	out[used] = '\0';
}

void ktap_result(bool ok, u32 number, const char *name, const char *directive, const char *text)
{
	char escaped[160];

	escape(escaped, sizeof(escaped), name);
	ktap_line("%s %u %s%s%s%s%s", ok ? "ok" : "not ok", number, escaped,
		  *directive ? " # " : "", directive, *text ? " " : "", text);
}

void ktap_bail_out(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("Bail out! ", format, args);
	va_end(args);
}
