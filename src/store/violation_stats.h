/*
 * Questions about many violations, answered from the sums (rollups.h) and not from the rows, so
 * that they cost the same with ten million violations as with ten: trends, hotspots, summary, heat.
 *
 * Sums of hours that are over are read once and remembered while they hold (settled.h, recall.h).
 * What was acknowledged before a question is in its answer, and an answer is of one moment.
 *
 * Windows are whole hours of UTC, the running one included: "24 hours" at 10:20 is from 11:00 of
 * yesterday to now. Sums outlive the rows that retention removes; violation_stats_expire() ends
 * them.
 *
 * Memory: results are allocated and freed by their finish function, which takes {0} too.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

struct name_count {
	char name[64];
	int64_t count;
};
/* Most frequent first, equal ones by name. */
struct name_counts {
	struct name_count *items;
	int count;
};
void name_counts_finish(struct name_counts *counts);

#define TREND_HOURS_MAX (24 * 366 * 10)

struct violation_trends {
	int hours;
	struct wall from; /* begin of the first hour */
	int64_t total;
	double per_hour; /* total over hours */
	struct name_counts by_type;
	int64_t *hourly; /* `hours` of them, oldest first */
};
/* `device` NULL: all of them. -EINVAL where `hours` is not 1 to TREND_HOURS_MAX. */
int violation_stats_trends(struct store *store, struct wall now, int hours, const char *device,
	struct err *err, struct violation_trends *ret_trends);
void violation_trends_finish(struct violation_trends *trends);

/* Devices by their violations within the last `hours` (0: since ever), at most `max` (0: all);
 * `ret_locations` gets how many there are altogether. */
int violation_stats_hotspots(struct store *store, struct wall now, int hours, int max,
	struct err *err, struct name_counts *ret_devices, int *ret_locations);

struct violation_summary {
	int64_t total;
	struct name_counts by_type;
	int64_t by_severity[4]; /* enum severity */
	int active_locations; /* devices with at least one */
};
/* `hours` 0: since ever. */
int violation_stats_summary(struct store *store, struct wall now, int hours, struct err *err,
	struct violation_summary *ret_summary);
void violation_summary_finish(struct violation_summary *summary);

/* Pairs "device\x1ftype", most frequent first. */
int violation_stats_pairs(struct store *store, struct wall now, int hours, int max, struct err *err,
	struct name_counts *ret_pairs);

/* When in the week violations happen: weekday (0 Sunday) and hour on the clock at `utc_offset_s`
 * east of Greenwich; -1: the machine's own zone, clock changes included. */
struct violation_heat {
	int64_t count[7][24];
};
#define HEAT_LOCAL (-1)
int violation_stats_heat(struct store *store, struct wall now, int hours, const char *type,
	int utc_offset_s, struct err *err, struct violation_heat *ret_heat);

/* Removes the sums of whole days (UTC) before `before`, from the totals too. */
int violation_stats_expire(struct store *store, struct wall before, struct err *err);
