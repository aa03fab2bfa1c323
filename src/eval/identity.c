#include "eval/identity.h"

#include "base/assign.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define MATCH_IOU 0.5

/* [truth id][result id]: frames in which they overlap enough. */
static void count_meetings(const struct pairs *p, double *meetings)
{
	for (int n = 0; n < p->frame_count; n++) {
		const struct pairs_frame *f = &p->frames[n];
		for (int i = 0; i < f->truth_count; i++)
			for (int k = 0; k < f->result_count; k++)
				if (f->overlap[i * f->result_count + k] >= MATCH_IOU)
					meetings[f->truth[i] * p->result_id_count + f->result[k]]++;
	}
}

int identity_count(const struct pairs *pairs, struct identity_sums *ret_sums)
{
	size_t n = (size_t)pairs->truth_id_count + 1, m = (size_t)pairs->result_id_count + 1;
	struct assign *assign = NULL;
	double *meetings = calloc(n * m, sizeof(*meetings)), tp = 0;
	int *column_of_row = calloc(n, sizeof(int)), *row_of_column = calloc(m, sizeof(int));
	int rc = -ENOMEM;
	if (meetings && column_of_row && row_of_column)
		rc = assign_create((int)n, (int)m, &assign);
	if (rc == 0) {
		count_meetings(pairs, meetings);
		assign_solve(assign, pairs->truth_id_count, pairs->result_id_count, meetings,
			pairs->result_id_count, column_of_row, row_of_column);
		for (int i = 0; i < pairs->truth_id_count; i++)
			if (column_of_row[i] >= 0)
				tp += meetings[i * pairs->result_id_count + column_of_row[i]];
		*ret_sums = (struct identity_sums){
			tp, pairs->truth_count - tp, pairs->result_count - tp};
	}
	assign_destroy(&assign);
	free(meetings);
	free(column_of_row);
	free(row_of_column);
	return rc;
}

void identity_add(struct identity_sums *sums, const struct identity_sums *more)
{
	sums->tp += more->tp;
	sums->fn += more->fn;
	sums->fp += more->fp;
}

struct identity identity_score(const struct identity_sums *sums)
{
	return (struct identity){
		.f1 = sums->tp / fmax(1, sums->tp + 0.5 * sums->fp + 0.5 * sums->fn),
		.precision = sums->tp / fmax(1, sums->tp + sums->fp),
		.recall = sums->tp / fmax(1, sums->tp + sums->fn),
	};
}
