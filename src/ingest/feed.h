/*
 * A source that its own thread reads ahead into a bounded queue, so that decoding and analysing
 * overlap. The queue waits when full: nothing is lost and the order is the source's.
 *
 * Threads: start, next and stop from one thread. Memory: at most `ahead_count` + 1 frames.
 */
#pragma once

#include "ingest/source.h"

struct feed;

/* Opens the source in the calling thread, so that what is wrong with it is said here. */
int feed_start(const struct source_params *params, int ahead_count, struct err *err,
	struct feed **ret_feed);
/* Ends the thread wherever it is, drops what was read ahead, closes the source. */
void feed_stop(struct feed **feed);

/* enum flow, or the negative errno with which reading ended. Gives a reference. */
int feed_next(struct feed *feed, struct err *err, struct frame **ret_frame);
const struct source_info *feed_info(const struct feed *feed);
/* Complete once feed_next() said the end; what the reading thread last counted before. */
struct source_stats feed_stats(struct feed *feed);
