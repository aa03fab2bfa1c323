#include "eval/countscore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row of a line and direction of the scene at work; made where there is none. */
static struct countscore_row *row_of(
	struct countscore *s, const char *line, enum crossing_direction direction)
{
	for (int i = s->row_count - 1; i >= 0 && s->rows[i].scene == s->scene_count; i--)
		if (s->rows[i].direction == direction && strcmp(s->rows[i].line, line) == 0)
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
	return row;
}

static int add_truth(struct countscore *score, const struct truth_count *c, struct err *err)
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
	struct countscore_row *row =
		row_of(score, c->line, forward ? CROSSING_FORWARD : CROSSING_BACKWARD);
	if (!row)
		return err_set(err, -ENOMEM, "no memory for the evaluation");
	row->truth_count[road_user] += c->count;
	return 0;
}

/* Lines that the truth does not count on are no business of it. */
static bool truth_counts_on(const struct truth *truth, const char *line)
{
	for (int i = 0; i < truth->count_count; i++)
		if (strcmp(truth->counts[i].line, line) == 0)
			return true;
	return false;
}

int countscore_add(struct countscore *score, const struct truth *truth,
	const struct results *results, struct err *err)
{
	for (int i = 0; i < truth->count_count; i++) {
		int r = add_truth(score, &truth->counts[i], err);
		if (r < 0)
			return r;
	}
	for (int i = 0; i < results->count_count; i++) {
		const struct result_count *c = &results->counts[i];
		if (!truth_counts_on(truth, c->line))
			continue;
		struct countscore_row *row = row_of(score, c->line, c->direction);
		if (!row)
			return err_set(err, -ENOMEM, "no memory for the evaluation");
		for (int k = 0; k < ROAD_USER_COUNT; k++)
			row->result_count[k] += k == ROAD_USER_PERSON ? 0 : c->count[k];
	}
	score->scene_count++;
	return 0;
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
