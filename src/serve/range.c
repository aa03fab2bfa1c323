#include "serve/range.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Digits up to 10^15; -1 where there are none or too many. */
static int64_t read_digits(const char **text)
{
	int64_t value = -1;
	for (int n = 0; **text >= '0' && **text <= '9'; (*text)++, n++) {
		if (n == 15)
			return -1;
		value = (value < 0 ? 0 : value) * 10 + (**text - '0');
	}
	return value;
}

enum range_kind range_parse(const char *text, int64_t size, int64_t *ret_first, int64_t *ret_length)
{
	if (strncasecmp(text, "bytes=", 6) != 0)
		return RANGE_ALL;
	text += 6;
	int64_t first = read_digits(&text);
	if (*text++ != '-')
		return RANGE_ALL;
	int64_t last = read_digits(&text);
	if (*text || (first < 0 && last < 0) || (first >= 0 && last >= 0 && last < first))
		return RANGE_ALL;
	if (first < 0) {
		first = last < size ? size - last : 0;
		size = last > 0 ? size : 0;
		last = -1;
	}
	if (first >= size)
		return RANGE_UNSATISFIABLE;
	if (last < 0 || last >= size)
		last = size - 1;
	*ret_first = first;
	*ret_length = last - first + 1;
	return RANGE_PART;
}

/* Skips blanks and commas. */
static const char *next_item(const char *list)
{
	return list + strspn(list, " \t,");
}

bool range_etag_matches(const char *list, const char *etag)
{
	size_t length = strlen(etag);
	for (list = next_item(list); *list; list = next_item(list)) {
		if (*list == '*')
			return true;
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		if (*list != '"')
			return false;
		const char *end = strchr(list + 1, '"');
		if (!end)
			return false;
		if ((size_t)(end + 1 - list) == length && memcmp(list, etag, length) == 0)
			return true;
		list = end + 1;
	}
	return false;
}

/* "; q=0.5" behind a coding: false where it is 0. */
static bool has_weight(const char *item, size_t length)
{
	const char *q = memchr(item, ';', length);
	if (!q)
		return true;
	q += 1 + strspn(q + 1, " \t");
	if ((q[0] != 'q' && q[0] != 'Q') || q[1] != '=')
		return true;
	return strtod(q + 2, NULL) > 0;
}

bool range_accepts_gzip(const char *list)
{
	bool any = false;
	for (list = next_item(list); *list; list = next_item(list)) {
		size_t length = strcspn(list, ",");
		size_t word = strcspn(list, ",; \t");
		if (word == 4 && strncasecmp(list, "gzip", 4) == 0)
			return has_weight(list, length);
		if (word == 1 && *list == '*')
			any = has_weight(list, length);
		list += length;
	}
	return any;
}
