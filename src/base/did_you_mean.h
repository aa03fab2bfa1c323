/*
 * Suggestions for misspelt words: keys, kinds, enum words, subcommands, options.
 *
 * Threads: any. Memory: none.
 */
#pragma once

/* Longer words get no suggestion. */
#define DID_YOU_MEAN_LENGTH_MAX 64

/*
 * The best of `names` (ended by NULL) for `word`, or NULL. Letters of either case are the same, and
 * so are '-' and '_'. The best is the nearest by Damerau-Levenshtein distance (restricted: no
 * letter is moved twice), at most 2 and less than half of the word; where none is that near, the
 * only name that goes on where the word ends ("limit" for "limit_kmh"). The first of equals wins.
 */
const char *did_you_mean(const char *word, const char *const *names);
