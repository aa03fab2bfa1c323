/*
 * How right counts are: for each line and direction the number counted against the true one; for
 * each lane of a line where both the truth and the result tell its lanes apart. The
 * error of a scene is the sum of the differences over the sum of the true numbers. Persons are left
 * out: they are not counted in truth files.
 *
 * Threads: none. Memory: the rows grow; countscore_finish() frees them.
 */
#pragma once

#include "eval/results.h"
#include "truth/truth.h"

struct countscore_row {
	int scene;
	char line[48];
	char lane[48]; /* "": the whole line */
	enum crossing_direction direction;
	int truth_count[ROAD_USER_COUNT], result_count[ROAD_USER_COUNT];
};

struct countscore {
	struct countscore_row *rows;
	int row_count, row_capacity;
	int scene_count;
};

struct countscore_sum {
	int truth_count, result_count;
	int difference_count; /* sum of |result - truth| over lines and directions */
	int class_difference_count; /* the same over classes, too: half of it is mistaken classes */
};

/* -EINVAL where the truth has a class or direction that is not known, -ENOMEM. */
int countscore_add(struct countscore *score, const struct truth *truth,
	const struct results *results, struct err *err);
void countscore_finish(struct countscore *score);
struct countscore_sum countscore_row_sum(const struct countscore_row *row);
struct countscore_sum countscore_all(const struct countscore *score);
