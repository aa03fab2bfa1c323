/*
 * Passages in the store: one row for each road user that crossed a counting line, and the sums
 * that traffic statistics are read from (traffic.h), in the same transaction.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

#include <stdbool.h>

struct passage_row {
	int64_t id; /* the store's */
	struct wall at; /* when the line was crossed */
	const char *device, *line, *class_name; /* at most 63, 63 and 31 bytes */
	const char *direction; /* "forward", "backward"; at most 15 bytes */
	const char *lane; /* at most 63 bytes; NULL: the line has none */
	bool lane_unsure; /* so near to a division that the next lane is possible */
	int64_t track_id;
	double speed_mps, speed_sigma_mps; /* NaN: not known */
	double occupied_s; /* how long it was over the line; NaN: not known */
	double headway_s; /* the store's: time since the one before in its lane; NaN: none */
};

/*
 * Copies the row into the queue, waiting while that is full; on the disk a few milliseconds later,
 * or as soon as the disk takes it again. -EINVAL where a text is missing or too long.
 */
int passage_rows_add(struct store *store, const struct passage_row *row, struct err *err);
int passage_rows_add_wait(struct store *store, const struct passage_row *row, struct err *err);
