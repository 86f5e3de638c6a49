/* SPDX-License-Identifier: MIT */
#include <harness/args.h>

#include <stdlib.h>
#include <string.h>

/* The part of `word` after `key`, or NULL if it starts otherwise. */
static const char *value_of(const char *word, const char *key)
{
	size_t length = strlen(key);

	return strncmp(word, key, length) ? NULL : word + length;
}

/* True if all of `text` is a number, decimal or with 0x. */
static bool parse_number(const char *text, u64 *number)
{
	char *end;

	*number = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end;
}

static bool parse_word(const char *word, struct args *args)
{
	const char *value;
	u64 number;

	if (!strcmp(word, "verbose")) {
		args->verbose = true;
		return true;
	}
	if (!strcmp(word, "exhaustive")) {
		args->exhaustive = true;
		return true;
	}
	if ((value = value_of(word, "case=")) && *value) {
		args->cases = value;
		return true;
	}
	if ((value = value_of(word, "from=")) && parse_number(value, &number)) {
		args->from = (u32)number;
		return number >= 1 && number <= UINT32_MAX;
	}
	if ((value = value_of(word, "shuffle=")) && parse_number(value, &number)) {
		args->shuffle = (s64)number;
		return number <= UINT32_MAX;
	}
	if ((value = value_of(word, "nested="))) {
		args->nested = value;
		return true;
	}
	if ((value = value_of(word, "seed=")))
		return parse_number(value, &args->seed);
	return false;
}

const char *args_parse(char *line, struct args *args)
{
	*args = (struct args){ .cases = "*", .from = 1, .seed = DEFAULT_SEED, .shuffle = -1 };

	while (*line) {
		char *word = line;

		line += strcspn(line, " ");
		while (*line == ' ')
			*line++ = '\0';
		if (*word && !parse_word(word, args))
			return word;
	}
	return NULL;
}
