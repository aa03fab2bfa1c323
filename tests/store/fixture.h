/* A store in a folder of its own, as the tests of this room use it. */
#pragma once

#include "store/violation_rows.h"
#include "test.h"

#include <errno.h>

/* Makes a folder; static memory, one at a time. */
static inline const char *fixture_dir(void)
{
	static char dir[] = "/tmp/gantry-store-XXXXXX";
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	return dir;
}

static inline void fixture_remove(const char *dir)
{
	char command[4200];
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static inline struct store *fixture_open_with(const char *dir, struct store_params params)
{
	char path[4200];
	struct store *store = NULL;
	struct err err = {0};
	snprintf(path, sizeof(path), "%s/store.db", dir);
	params.path = path;
	if (store_open(&params, &err, &store) < 0)
		fail_msg("%s", err.text);
	return store;
}

static inline struct store *fixture_open(const char *dir)
{
	return fixture_open_with(dir, (struct store_params){0});
}

/* A speeding car, `number` seconds after 2024-06-01T00:00:00Z. */
static inline struct violation_row fixture_violation(int64_t number)
{
	struct violation_row row = violation_row_init();
	row.at.us = 1717200000000000 + number * 1000000;
	row.device = "north";
	row.type = "speed_violation";
	row.severity = 1;
	row.class_name = "car";
	row.track_id = number;
	row.measured = 71.5;
	row.uncertainty = 2.25;
	row.limit = 50;
	row.tolerance = 3;
	row.unit = "km/h";
	row.box = (struct box){10, 20, 110, 80};
	row.explanation = "71.5 km/h where 50 are allowed";
	return row;
}

static inline int64_t fixture_add(struct store *store, const struct violation_row *row)
{
	struct err err = {0};
	int64_t id = 0;
	if (violation_rows_add_wait(store, row, &err, &id) < 0)
		fail_msg("%s", err.text);
	return id;
}
