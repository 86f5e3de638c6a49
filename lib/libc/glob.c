/* SPDX-License-Identifier: MIT */
#include <glob.h>
#include <types.h>

/* A pattern that need not end with a terminator. */
struct pattern {
	const char *at;
	const char *end;
};

/* Takes one character, or the one after a backslash. There must be one. */
static u8 take_literal(struct pattern *p)
{
	if (*p->at == '\\' && p->at + 1 < p->end)
		p->at++;
	return (u8)*p->at++;
}

/* The rest of a bracket expression, after its [. False if it has no end; `*matches` and *p are
 * void then. */
static bool take_set(struct pattern *p, u8 c, bool *matches)
{
	bool inverted = p->at < p->end && *p->at == '!';
	bool found = false;

	if (inverted)
		p->at++;
	for (const char *start = p->at; p->at < p->end;) {
		if (*p->at == ']' && p->at != start) {
			p->at++;
			*matches = found != inverted;
			return true;
		}

		u8 first = take_literal(p), last = first;

		if (p->end - p->at >= 2 && p->at[0] == '-' && p->at[1] != ']') {
			p->at++;
			last = take_literal(p);
		}
		if (first <= c && c <= last)
			found = true;
	}
	return false;
}

/* Takes what matches one character, anything but *, off the pattern. Does it match c? */
static bool take_one(struct pattern *p, u8 c)
{
	if (*p->at == '?') {
		p->at++;
		return true;
	}
	if (*p->at == '[') {
		struct pattern set = { p->at + 1, p->end };
		bool matches;

		if (take_set(&set, c, &matches)) {
			*p = set;
			return matches;
		}
	}
	return take_literal(p) == c;
}

/*
 * On a mismatch the last * takes one character more. The ones before it need no second try:
 * whatever they could take instead, the last one could take as well.
 */
static bool match(struct pattern p, const char *s)
{
	struct pattern behind_star = { NULL, NULL };
	const char *star_end = NULL;

	for (;;) {
		if (p.at < p.end && *p.at == '*') {
			p.at++;
			behind_star = p;
			star_end = s;
			continue;
		}
		if (!*s && p.at == p.end)
			return true;
		if (*s && p.at < p.end && take_one(&p, (u8)*s)) {
			s++;
			continue;
		}
		if (!star_end || !*star_end)
			return false;
		p = behind_star;
		s = ++star_end;
	}
}

bool glob_match(const char *pattern, const char *string)
{
	struct pattern p = { pattern, pattern };

	while (*p.end)
		p.end++;
	return match(p, string);
}

bool glob_list_match(const char *list, const char *string)
{
	for (;;) {
		struct pattern p = { list, list };

		while (*p.end && *p.end != ',') {
			if (*p.end == '\\' && p.end[1])
				p.end++;
			p.end++;
		}
		if (p.at != p.end && match(p, string))
			return true;
		if (!*p.end)
			return false;
		list = p.end + 1;
	}
}
