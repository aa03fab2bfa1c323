/*
 * From the library's units to the reader's: SI inside, km/h and 95 % intervals at the edges.
 */
#pragma once

#define KMH_PER_MPS 3.6
/* Half width of a 95 % interval, in standard errors, as it is written out. */
#define INTERVAL_95 1.959964
