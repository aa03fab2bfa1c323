/*
 * How right the reported violations are: found, missed, invented, and how far off in time, for each
 * kind.
 *
 * A reported violation is found where the truth has one of the same kind, of the same object, whose
 * time lies within the time that was looked at, widened by within_s. Which object a report is about
 * is its truth_id where it has one, else the object whose visible box covers its box best (by at
 * least a third, intersection over union) in the frame that decided. Each true violation is found
 * at most once; the nearest in time wins.
 *
 * Threads: none. Memory: the list of differences grows; violationscore_finish() frees it.
 */
#pragma once

#include "eval/results.h"
#include "truth/truth.h"

struct violationscore_kind {
	int truth_count, found_count, invented_count;
	double error_sum_s; /* of the found: reported minus true */
	double error_abs_sum_s, error_abs_max_s;
};

/* One that was missed or invented. */
struct violationscore_difference {
	bool invented;
	int scene; /* 0, 1, 2 in the order added */
	enum violation_kind kind;
	int truth_id; /* -1: no object is there */
	int track_id; /* of an invented one */
	struct media at;
};

struct violationscore {
	struct violationscore_kind kinds[VIOLATION_KIND_COUNT];
	int scene_count;
	struct violationscore_difference *differences;
	int difference_count, difference_capacity;
};

/* Adds one scene. -EINVAL where the truth has a kind that is not known, -ENOMEM. */
int violationscore_add(struct violationscore *score, const struct truth *truth,
	const struct results *results, double within_s, struct err *err);
void violationscore_finish(struct violationscore *score);

/* The sum over all kinds. */
struct violationscore_kind violationscore_all(const struct violationscore *score);
/* 0 to 1; NAN where there is nothing to divide by. */
double violationscore_precision(const struct violationscore_kind *kind);
double violationscore_recall(const struct violationscore_kind *kind);
double violationscore_f1(const struct violationscore_kind *kind);
