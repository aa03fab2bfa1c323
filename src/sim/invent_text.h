/* The text of a random world, fair or not: see invent.h. */
#pragma once

#include <stdio.h>

/* So many attempts are made at one kind of world before another is drawn. */
#define INVENT_KIND_ATTEMPTS 200

/*
 * What kind of world it is depends on the seed, everything else on the number of the attempt, too.
 * Gives how many are meant to break a rule.
 */
int invent_text(FILE *file, int seed, int number);
