#include "eval/results_csv.h"

#include "base/units.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_BYTES 64
#define SECONDS_MAX 1e9

static const char *const names[RESULTS_CSV_COLUMN_COUNT] = {"track_id", "truth_id", "first_s",
	"last_s", "from_x_px", "from_y_px", "to_x_px", "to_y_px", "speed_status", "speed_kmh",
	"speed_uncertainty_kmh", "speed_at_s"};

/* The next field from `*at` on, quotes taken off, cut to FIELD_BYTES; false after the last. */
static bool next_field(const char *text, size_t length, size_t *at, char field[FIELD_BYTES])
{
	size_t n = 0, i = *at;
	if (i > length)
		return false;
	bool quoted = i < length && text[i] == '"';
	for (i += quoted; i < length; i++) {
		if (quoted && text[i] == '"') {
			if (i + 1 >= length || text[i + 1] != '"') {
				quoted = false;
				continue;
			}
			i++;
		} else if (!quoted && (text[i] == ',' || text[i] == '\r')) {
			break;
		}
		if (n + 1 < FIELD_BYTES)
			field[n++] = text[i];
	}
	field[n] = 0;
	*at = i < length && text[i] == ',' ? i + 1 : length + 1;
	return true;
}

bool results_csv_head(
	const char *text, size_t length, struct results_csv *ret_columns, char *why, size_t size)
{
	char field[FIELD_BYTES];
	size_t at = 0;
	for (int k = 0; k < RESULTS_CSV_COLUMN_COUNT; k++)
		ret_columns->at[k] = -1;
	for (int i = 0; next_field(text, length, &at, field); i++)
		for (int k = 0; k < RESULTS_CSV_COLUMN_COUNT; k++)
			if (strcmp(field, names[k]) == 0)
				ret_columns->at[k] = i;
	for (int k = 0; k < RESULTS_CSV_COLUMN_COUNT; k++)
		if (ret_columns->at[k] < 0 && k != RESULTS_CSV_TRUTH_ID) {
			snprintf(why, size,
				"neither events nor CSV of road users: no column \"%s\"", names[k]);
			return false;
		}
	return true;
}

static double number(const char *field)
{
	char *end;
	double value = strtod(field, &end);
	return *field && !*end ? value : NAN;
}

bool results_csv_row(const struct results_csv *columns, const char *text, size_t length,
	struct result_vehicle *ret_vehicle, char *why, size_t size)
{
	char fields[RESULTS_CSV_COLUMN_COUNT][FIELD_BYTES] = {{0}}, field[FIELD_BYTES];
	double v[RESULTS_CSV_COLUMN_COUNT];
	size_t at = 0;
	for (int i = 0; next_field(text, length, &at, field); i++)
		for (int k = 0; k < RESULTS_CSV_COLUMN_COUNT; k++)
			if (columns->at[k] == i)
				memcpy(fields[k], field, sizeof(field));
	for (int k = 0; k < RESULTS_CSV_COLUMN_COUNT; k++)
		v[k] = number(fields[k]);
	enum speed_status status = speed_status_from_name(fields[RESULTS_CSV_SPEED_STATUS]);
	for (int k = RESULTS_CSV_FIRST_S; k < RESULTS_CSV_COLUMN_COUNT; k++) {
		bool needed = k < RESULTS_CSV_SPEED_STATUS ||
			      (k > RESULTS_CSV_SPEED_STATUS && status == SPEED_OK);
		if (needed && !(fabs(v[k]) <= SECONDS_MAX)) {
			snprintf(why, size, "column \"%s\" must be a number", names[k]);
			return false;
		}
	}
	if (status == SPEED_STATUS_COUNT) {
		snprintf(why, size, "column \"speed_status\" has no status that is known");
		return false;
	}
	double truth_id = v[RESULTS_CSV_TRUTH_ID], track_id = v[RESULTS_CSV_TRACK_ID];
	*ret_vehicle = (struct result_vehicle){
		.track_id = track_id >= 0 && track_id <= INT_MAX ? (int)track_id : -1,
		.truth_id = truth_id >= 0 && truth_id <= INT_MAX ? (int)truth_id : -1,
		.first = media_from_seconds(v[RESULTS_CSV_FIRST_S]),
		.last = media_from_seconds(v[RESULTS_CSV_LAST_S]),
		.from_px = {v[RESULTS_CSV_FROM_X], v[RESULTS_CSV_FROM_Y]},
		.to_px = {v[RESULTS_CSV_TO_X], v[RESULTS_CSV_TO_Y]},
		.speed_status = status,
	};
	if (status == SPEED_OK) {
		ret_vehicle->speed_mps = v[RESULTS_CSV_SPEED_KMH] / KMH_PER_MPS;
		ret_vehicle->sigma_mps = v[RESULTS_CSV_UNCERTAINTY_KMH] / KMH_PER_MPS / INTERVAL_95;
		ret_vehicle->speed_at = media_from_seconds(v[RESULTS_CSV_SPEED_AT_S]);
		ret_vehicle->speed_from = ret_vehicle->speed_to = ret_vehicle->speed_at;
	}
	return true;
}
