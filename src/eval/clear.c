#include "eval/clear.h"

#include "base/assign.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MATCH_IOU 0.5
/* Outweighs all overlaps of a frame: keeping a match comes before a better one. */
#define KEEP_BONUS 1000.0

/* What is known of one true id. */
struct follow {
	int last_result; /* matched last, ever; -1 none */
	int previous_result; /* matched in the frame before; -1 none */
	int boxes, matched, fragments;
};

struct work {
	struct follow *follows;
	double *benefit;
	int *column_of_row, *row_of_column;
	struct assign *assign;
};

static int work_init(struct work *w, const struct pairs *p)
{
	int rows = 1, columns = 1;
	for (int i = 0; i < p->frame_count; i++) {
		rows = p->frames[i].truth_count > rows ? p->frames[i].truth_count : rows;
		columns = p->frames[i].result_count > columns ? p->frames[i].result_count : columns;
	}
	*w = (struct work){0};
	w->follows = calloc((size_t)p->truth_id_count + 1, sizeof(*w->follows));
	w->benefit = calloc((size_t)rows * (size_t)columns, sizeof(double));
	w->column_of_row = calloc((size_t)rows, sizeof(int));
	w->row_of_column = calloc((size_t)columns, sizeof(int));
	if (!w->follows || !w->benefit || !w->column_of_row || !w->row_of_column)
		return -ENOMEM;
	for (int i = 0; i < p->truth_id_count; i++)
		w->follows[i].last_result = w->follows[i].previous_result = -1;
	return assign_create(rows, columns, &w->assign);
}

static void work_finish(struct work *w)
{
	free(w->follows);
	free(w->benefit);
	free(w->column_of_row);
	free(w->row_of_column);
	assign_destroy(&w->assign);
}

static void match(struct work *w, const struct pairs_frame *f)
{
	for (int i = 0; i < f->truth_count; i++)
		for (int k = 0; k < f->result_count; k++) {
			double overlap = f->overlap[i * f->result_count + k];
			bool kept = w->follows[f->truth[i]].previous_result == f->result[k];
			w->benefit[i * f->result_count + k] =
				overlap < MATCH_IOU - DBL_EPSILON
					? 0
					: overlap + (kept ? KEEP_BONUS : 0);
		}
	assign_solve(w->assign, f->truth_count, f->result_count, w->benefit, f->result_count,
		w->column_of_row, w->row_of_column);
}

/*
 * An object is a fragment more each time it is matched after a frame in which it was not; frames
 * that have no truth or no result at all are passed over, as in TrackEval.
 */
static void follow_frame(
	struct work *w, const struct pairs *p, const struct pairs_frame *f, struct clear_sums *sums)
{
	int matched = 0;
	for (int i = 0; i < f->truth_count; i++) {
		struct follow *o = &w->follows[f->truth[i]];
		if (w->column_of_row[i] < 0)
			continue;
		int result = f->result[w->column_of_row[i]];
		matched++;
		sums->overlap += f->overlap[i * f->result_count + w->column_of_row[i]];
		sums->switches += o->last_result >= 0 && o->last_result != result;
		o->fragments += o->previous_result < 0;
		o->last_result = result;
		o->matched++;
	}
	for (int i = 0; i < p->truth_id_count; i++)
		w->follows[i].previous_result = -1;
	for (int i = 0; i < f->truth_count; i++)
		if (w->column_of_row[i] >= 0)
			w->follows[f->truth[i]].previous_result = f->result[w->column_of_row[i]];
	sums->tp += matched;
	sums->fn += f->truth_count - matched;
	sums->fp += f->result_count - matched;
}

static void count_frame(
	struct work *w, const struct pairs *p, const struct pairs_frame *f, struct clear_sums *sums)
{
	for (int i = 0; i < f->truth_count; i++)
		w->follows[f->truth[i]].boxes++;
	if (f->truth_count == 0 || f->result_count == 0) {
		sums->fn += f->truth_count;
		sums->fp += f->result_count;
		return;
	}
	match(w, f);
	follow_frame(w, p, f, sums);
}

static void judge_objects(const struct work *w, const struct pairs *p, struct clear_sums *sums)
{
	for (int i = 0; i < p->truth_id_count; i++) {
		const struct follow *o = &w->follows[i];
		double share = o->boxes ? (double)o->matched / o->boxes : 0;
		sums->mostly_tracked += share > 0.8;
		sums->partly_tracked += share >= 0.2 && share <= 0.8;
		sums->mostly_lost += share < 0.2;
		sums->fragments += o->fragments > 0 ? o->fragments - 1 : 0;
	}
}

int clear_count(const struct pairs *pairs, struct clear_sums *ret_sums)
{
	struct work w;
	struct clear_sums sums = {.frames = pairs->frame_count};
	int rc = work_init(&w, pairs);
	if (rc == 0) {
		for (int i = 0; i < pairs->frame_count; i++)
			count_frame(&w, pairs, &pairs->frames[i], &sums);
		judge_objects(&w, pairs, &sums);
		*ret_sums = sums;
	}
	work_finish(&w);
	return rc;
}

void clear_add(struct clear_sums *sums, const struct clear_sums *more)
{
	sums->tp += more->tp;
	sums->fn += more->fn;
	sums->fp += more->fp;
	sums->overlap += more->overlap;
	sums->switches += more->switches;
	sums->fragments += more->fragments;
	sums->mostly_tracked += more->mostly_tracked;
	sums->partly_tracked += more->partly_tracked;
	sums->mostly_lost += more->mostly_lost;
	sums->frames += more->frames;
}

struct clear clear_score(const struct clear_sums *sums)
{
	return (struct clear){
		.mota = (sums->tp - sums->fp - sums->switches) / fmax(1, sums->tp + sums->fn),
		.motp = sums->overlap / fmax(1, sums->tp),
		.precision = sums->tp / fmax(1, sums->tp + sums->fp),
		.recall = sums->tp / fmax(1, sums->tp + sums->fn),
	};
}
