#include "eval/countscore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row of a lane and direction of the scene at work; made where there is none. */
static struct countscore_row *row_of(
	struct countscore *s, const char *line, const char *lane, enum crossing_direction direction)
{
	for (int i = s->row_count - 1; i >= 0 && s->rows[i].scene == s->scene_count; i--)
		if (s->rows[i].direction == direction && strcmp(s->rows[i].line, line) == 0 &&
			strcmp(s->rows[i].lane, lane) == 0)
			return &s->rows[i];
	if (s->row_count == s->row_capacity) {
		int capacity = s->row_capacity ? 2 * s->row_capacity : 32;
		struct countscore_row *grown = realloc(s->rows, (size_t)capacity * sizeof(*grown));
		if (!grown)
			return NULL;
		s->rows = grown;
		s->row_capacity = capacity;
	}
	struct countscore_row *row = &s->rows[s->row_count++];
	*row = (struct countscore_row){.scene = s->scene_count, .direction = direction};
	snprintf(row->line, sizeof(row->line), "%s", line);
	snprintf(row->lane, sizeof(row->lane), "%s", lane);
	return row;
}

/* Lines that the truth does not count on are no business of it. */
static bool truth_counts_on(const struct truth *truth, const char *line)
{
	for (int i = 0; i < truth->count_count; i++)
		if (strcmp(truth->counts[i].line, line) == 0)
			return true;
	return false;
}

/* Whether both tell the lanes of a line apart. */
static bool by_lane(const struct truth *truth, const struct results *results, const char *line)
{
	bool true_lanes = false, seen_lanes = false;
	for (int i = 0; i < truth->count_count; i++)
		true_lanes |= truth->counts[i].lane[0] && !strcmp(truth->counts[i].line, line);
	for (int i = 0; i < results->count_count; i++)
		seen_lanes |= results->counts[i].lane[0] && !strcmp(results->counts[i].line, line);
	return true_lanes && seen_lanes;
}

static int add_truth(
	struct countscore *score, const struct truth_count *c, bool lanes, struct err *err)
{
	bool forward = strcmp(c->direction, "forward") == 0;
	enum road_user road_user = road_user_from_name(c->road_user);
	if (!forward && strcmp(c->direction, "backward") != 0)
		return err_set(err, -EINVAL, "the truth counts in the unknown direction \"%s\"",
			c->direction);
	if (road_user == ROAD_USER_COUNT)
		return err_set(
			err, -EINVAL, "the truth counts the unknown class \"%s\"", c->road_user);
	if (road_user == ROAD_USER_PERSON)
		return 0;
	struct countscore_row *row = row_of(score, c->line, lanes ? c->lane : "",
		forward ? CROSSING_FORWARD : CROSSING_BACKWARD);
	if (!row)
		return err_set(err, -ENOMEM, "no memory for the evaluation");
	row->truth_count[road_user] += c->count;
	return 0;
}

static int add_result(struct countscore *score, const struct result_count *c, struct err *err)
{
	struct countscore_row *row = row_of(score, c->line, c->lane, c->direction);
	if (!row)
		return err_set(err, -ENOMEM, "no memory for the evaluation");
	for (int k = 0; k < ROAD_USER_COUNT; k++)
		row->result_count[k] += k == ROAD_USER_PERSON ? 0 : c->count[k];
	return 0;
}

int countscore_add(struct countscore *score, const struct truth *truth,
	const struct results *results, struct err *err)
{
	int r = 0;
	for (int i = 0; r == 0 && i < truth->count_count; i++) {
		const struct truth_count *c = &truth->counts[i];
		r = add_truth(score, c, by_lane(truth, results, c->line), err);
	}
	for (int i = 0; r == 0 && i < results->count_count; i++) {
		const struct result_count *c = &results->counts[i];
		bool wanted = by_lane(truth, results, c->line) == (c->lane[0] != '\0');
		if (wanted && truth_counts_on(truth, c->line))
			r = add_result(score, c, err);
	}
	if (r == 0)
		score->scene_count++;
	return r;
}

void countscore_finish(struct countscore *score)
{
	free(score->rows);
	*score = (struct countscore){0};
}

struct countscore_sum countscore_row_sum(const struct countscore_row *row)
{
	struct countscore_sum sum = {0};
	for (int k = 0; k < ROAD_USER_COUNT; k++) {
		sum.truth_count += row->truth_count[k];
		sum.result_count += row->result_count[k];
		sum.class_difference_count += abs(row->result_count[k] - row->truth_count[k]);
	}
	sum.difference_count = abs(sum.result_count - sum.truth_count);
	return sum;
}

struct countscore_sum countscore_all(const struct countscore *score)
{
	struct countscore_sum all = {0};
	for (int i = 0; i < score->row_count; i++) {
		struct countscore_sum row = countscore_row_sum(&score->rows[i]);
		all.truth_count += row.truth_count;
		all.result_count += row.result_count;
		all.difference_count += row.difference_count;
		all.class_difference_count += row.class_difference_count;
	}
	return all;
}
