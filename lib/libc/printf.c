/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <types.h>

/* Where the text goes. What lies beyond `room` is only counted. */
struct sink {
	char *to;
	size_t room;
	size_t length;
};

static void put(struct sink *sink, const char *text, size_t size)
{
	if (sink->length < sink->room)
		memcpy(sink->to + sink->length, text, MIN(size, sink->room - sink->length));
	sink->length += size;
}

static void fill(struct sink *sink, char c, size_t size)
{
	if (sink->length < sink->room)
		memset(sink->to + sink->length, c, MIN(size, sink->room - sink->length));
	sink->length += size;
}

enum length { LENGTH_CHAR, LENGTH_SHORT, LENGTH_INT, LENGTH_LONG, LENGTH_LLONG };

/* What stands between a % and its conversion. */
struct directive {
	bool left;
	bool plus;
	bool space;
	bool alternate;
	bool zero;
	int width;
	int precision; /* negative: none given */
	enum length length;
	bool has_length;
};

/* The number at *at, which may have no digits; moves *at after it. Too large a one is INT_MAX.
 */
static int parse_number(const char **at)
{
	int n = 0;

	for (; isdigit(**at); (*at)++) {
		int digit = **at - '0';

		n = n > (INT_MAX - digit) / 10 ? INT_MAX : n * 10 + digit;
	}
	return n;
}

static bool parse_flag(struct directive *d, char c)
{
	switch (c) {
	case '-':
		return d->left = true;
	case '+':
		return d->plus = true;
	case ' ':
		return d->space = true;
	case '#':
		return d->alternate = true;
	case '0':
		return d->zero = true;
	default:
		return false;
	}
}

static enum length length_of_size(size_t size)
{
	return size == sizeof(int) ? LENGTH_INT : LENGTH_LLONG;
}

static const char *parse_length(struct directive *d, const char *at)
{
	d->has_length = true;
	switch (*at) {
	case 'h':
		d->length = at[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
		return at + (at[1] == 'h' ? 2 : 1);
	case 'l':
		d->length = at[1] == 'l' ? LENGTH_LLONG : LENGTH_LONG;
		return at + (at[1] == 'l' ? 2 : 1);
	case 'z':
		d->length = length_of_size(sizeof(size_t));
		return at + 1;
	case 't':
		d->length = length_of_size(sizeof(ptrdiff_t));
		return at + 1;
	case 'j':
		d->length = length_of_size(sizeof(intmax_t));
		return at + 1;
	default:
		d->length = LENGTH_INT;
		d->has_length = false;
		return at;
	}
}

/* Prints prefix and body, with spaces around or zeros between them up to the width. */
static void put_padded(struct sink *sink, const struct directive *d, bool zeros, const char *prefix,
		       size_t least, const char *body, size_t size)
{
	size_t prefix_size = strlen(prefix);
	size_t inner = least > size ? least - size : 0;
	size_t total = prefix_size + inner + size;
	size_t padding = (size_t)d->width > total ? (size_t)d->width - total : 0;

	if (!d->left && !zeros)
		fill(sink, ' ', padding);
	put(sink, prefix, prefix_size);
	fill(sink, '0', inner + (zeros ? padding : 0));
	put(sink, body, size);
	if (d->left)
		fill(sink, ' ', padding);
}

/* Writes the digits of `value`, none for 0, in front of `end`; returns where they start. */
static char *digits(u64 value, char conversion, char *end)
{
	const char *set = conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned int shift = 4;

	switch (conversion) {
	case 'd':
	case 'i':
	case 'u':
		/* Most numbers fit a register, where the division is one instruction. */
		for (; value > (ulong)-1; value /= 10)
			*--end = set[value % 10];
		for (ulong rest = (ulong)value; rest; rest /= 10)
			*--end = set[rest % 10];
		return end;
	case 'o':
		shift = 3;
		break;
	case 'b':
		shift = 1;
		break;
	}
	for (; value; value >>= shift)
		*--end = set[value & ((1u << shift) - 1)];
	return end;
}

static void put_integer(struct sink *sink, const struct directive *d, char conversion, u64 value,
			const char *sign)
{
	char buffer[64];
	char *end = buffer + sizeof(buffer);
	char *start = digits(value, conversion, end);
	size_t size = (size_t)(end - start);
	size_t least = d->precision < 0 ? 1 : (size_t)d->precision;
	const char *prefix = sign;

	if (d->alternate && conversion == 'o')
		least = MAX(least, size + 1);
	if (d->alternate && value) {
		if (conversion == 'x')
			prefix = "0x";
		else if (conversion == 'X')
			prefix = "0X";
		else if (conversion == 'b')
			prefix = "0b";
	}
	put_padded(sink, d, d->zero && !d->left && d->precision < 0, prefix, least, start, size);
}

static void put_signed(struct sink *sink, const struct directive *d, char conversion, s64 value)
{
	const char *sign = value < 0 ? "-" : d->plus ? "+" : d->space ? " " : "";

	put_integer(sink, d, conversion, value < 0 ? -(u64)value : (u64)value, sign);
}

/* A va_list as a parameter may be an array; in a structure it passes by reference everywhere.
 */
struct arguments {
	va_list list;
};

static s64 next_signed(struct arguments *args, enum length length)
{
	switch (length) {
	case LENGTH_CHAR:
		return (signed char)va_arg(args->list, int);
	case LENGTH_SHORT:
		return (short)va_arg(args->list, int);
	case LENGTH_LONG:
		return va_arg(args->list, long);
	case LENGTH_LLONG:
		return va_arg(args->list, long long);
	default:
		return va_arg(args->list, int);
	}
}

static u64 next_unsigned(struct arguments *args, enum length length)
{
	switch (length) {
	case LENGTH_CHAR:
		return (unsigned char)va_arg(args->list, unsigned int);
	case LENGTH_SHORT:
		return (unsigned short)va_arg(args->list, unsigned int);
	case LENGTH_LONG:
		return va_arg(args->list, unsigned long);
	case LENGTH_LLONG:
		return va_arg(args->list, unsigned long long);
	default:
		return va_arg(args->list, unsigned int);
	}
}

static void put_string(struct sink *sink, const struct directive *d, const char *s)
{
	if (!s)
		s = "(null)";
	put_padded(sink, d, false, "", 0, s,
		   d->precision < 0 ? strlen(s) : strnlen(s, (size_t)d->precision));
}

static void put_char(struct sink *sink, const struct directive *d, char c)
{
	put_padded(sink, d, false, "", 0, &c, 1);
}

static void put_pointer(struct sink *sink, const struct directive *d, const void *p)
{
	char buffer[2 * sizeof(p)];
	char *end = buffer + sizeof(buffer);
	char *start = digits((ulong)p, 'x', end);

	put_padded(sink, d, false, "0x", 1, start, (size_t)(end - start));
}

/* Flags, width, precision and length, after the %; returns where the conversion is. */
static const char *parse_directive(struct directive *d, const char *at, struct arguments *args)
{
	while (parse_flag(d, *at))
		at++;

	if (*at == '*') {
		d->width = va_arg(args->list, int);
		if (d->width < 0) {
			d->left = true;
			d->width = d->width == INT_MIN ? INT_MAX : -d->width;
		}
		at++;
	} else {
		d->width = parse_number(&at);
	}

	d->precision = -1;
	if (*at == '.') {
		at++;
		if (*at == '*') {
			d->precision = va_arg(args->list, int);
			at++;
		} else {
			d->precision = parse_number(&at);
		}
	}
	return parse_length(d, at);
}

/* False if the conversion is not known. */
static bool convert(struct sink *sink, const struct directive *d, char conversion,
		    struct arguments *args)
{
	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(sink, d, conversion, next_signed(args, d->length));
		return true;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
	case 'b':
		put_integer(sink, d, conversion, next_unsigned(args, d->length), "");
		return true;
	}
	if (d->has_length) /* %ls and %lc are wide characters */
		return false;
	switch (conversion) {
	case 'c':
		put_char(sink, d, (char)va_arg(args->list, int));
		return true;
	case 's':
		put_string(sink, d, va_arg(args->list, const char *));
		return true;
	case 'p':
		put_pointer(sink, d, va_arg(args->list, const void *));
		return true;
	case '%':
		put(sink, "%", 1);
		return true;
	}
	return false;
}

int vsnprintf(char *to, size_t size, const char *format, va_list list)
{
	struct sink sink = { to, size ? size - 1 : 0, 0 };
	struct arguments args;

	va_copy(args.list, list);
	while (*format) {
		size_t plain = strcspn(format, "%");

		put(&sink, format, plain);
		format += plain;
		if (!*format)
			break;

		struct directive d = { 0 };
		const char *end = parse_directive(&d, format + 1, &args);

		if (*end && convert(&sink, &d, *end, &args)) {
			format = end + 1;
			continue;
		}
		if (*end)
			end++;
		put(&sink, format, (size_t)(end - format));
		format = end;
	}
	va_end(args.list);

	if (size)
		to[MIN(sink.length, sink.room)] = '\0';
	return (int)sink.length;
}

int snprintf(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(to, size, format, args);
	va_end(args);
	return length;
}
