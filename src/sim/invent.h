/*
 * Worlds drawn at random: a street, a crossing with signals or stop signs, or a bend; traffic on
 * all lanes; some who break rules; any light and weather, mostly day.
 *
 * A world is taken only where it is a fair test: nobody drives through anybody else, nobody's case
 * is so close that a small error would turn it round (witness_rules.h, `strict`), and nobody stops
 * on a counting line or is just on it when the recording ends.
 *
 * Threads: any; nothing is kept. Memory: the text belongs to the caller (free).
 */
#pragma once

#include "base/err.h"

/* The world's file. -EINVAL where no fair world was found for that seed, -ENOMEM. */
int invent_world(int seed, struct err *err, char **ret_yaml);
