#include "base/did_you_mean.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define DISTANCE_MAX 2
#define PREFIX_MIN 3

static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '-' ? '_' : c;
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

/* Optimal string alignment, three rows of the table at a time. */
static int distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int rows[3][DID_YOU_MEAN_LENGTH_MAX + 1];
	int *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_length; j++)
		last[j] = (int)j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = (int)i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			row[j] = min_int(min_int(last[j], row[j - 1]) + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
				fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = min_int(row[j], before[j - 2] + 1);
		}
		int *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

static const char *nearest(const char *word, size_t length, const char *const *names)
{
	const char *best = NULL;
	int best_distance = min_int(DISTANCE_MAX, ((int)length - 1) / 2) + 1;
	for (; *names; names++) {
		size_t name_length = strlen(*names);
		if (name_length > DID_YOU_MEAN_LENGTH_MAX)
			continue;
		int d = distance(word, length, *names, name_length);
		if (d < best_distance) {
			best = *names;
			best_distance = d;
		}
	}
	return best;
}

static bool starts_with(const char *name, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!name[i] || fold(name[i]) != fold(word[i]))
			return false;
	return true;
}

static const char *only_continuation(const char *word, size_t length, const char *const *names)
{
	const char *found = NULL;
	if (length < PREFIX_MIN)
		return NULL;
	for (; *names; names++) {
		if (!starts_with(*names, word, length))
			continue;
		if (found)
			return NULL;
		found = *names;
	}
	return found;
}

const char *did_you_mean(const char *word, const char *const *names)
{
	size_t length = strlen(word);
	if (length == 0 || length > DID_YOU_MEAN_LENGTH_MAX)
		return NULL;
	const char *best = nearest(word, length, names);
	return best ? best : only_continuation(word, length, names);
}
