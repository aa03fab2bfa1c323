#include "eval/hota.h"

#include "base/assign.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Everything is counted per pair of a true and a found id. */
struct work {
	int rows, columns; /* ids */
	double *alignment; /* [row][column]: how well two ids agree over the sequence */
	double *row_boxes, *column_boxes;
	double *matches; /* [row][column]: boxes matched at one threshold */
	int *partner; /* of every true box in turn: its result in that frame, or -1 */
	double *row_sum, *column_sum; /* of one frame's overlaps */
	double *benefit;
	int *row_of_column;
	struct assign *assign;
};

static int largest_frame(const struct pairs *p, bool truth)
{
	int most = 1;
	for (int i = 0; i < p->frame_count; i++) {
		int n = truth ? p->frames[i].truth_count : p->frames[i].result_count;
		most = n > most ? n : most;
	}
	return most;
}

static int work_init(struct work *w, const struct pairs *p)
{
	size_t n = (size_t)p->truth_id_count + 1, m = (size_t)p->result_id_count + 1;
	int rows = largest_frame(p, true), columns = largest_frame(p, false);
	*w = (struct work){.rows = p->truth_id_count, .columns = p->result_id_count};
	w->alignment = calloc(n * m, sizeof(double));
	w->row_boxes = calloc(n, sizeof(double));
	w->column_boxes = calloc(m, sizeof(double));
	w->matches = calloc(n * m, sizeof(double));
	w->partner = calloc((size_t)p->truth_count + 1, sizeof(int));
	w->row_sum = calloc((size_t)rows, sizeof(double));
	w->column_sum = calloc((size_t)columns, sizeof(double));
	w->benefit = calloc((size_t)rows * (size_t)columns, sizeof(double));
	w->row_of_column = calloc((size_t)columns, sizeof(int));
	if (!w->alignment || !w->row_boxes || !w->column_boxes || !w->matches || !w->partner ||
		!w->row_sum || !w->column_sum || !w->benefit || !w->row_of_column)
		return -ENOMEM;
	return assign_create(rows, columns, &w->assign);
}

static void work_finish(struct work *w)
{
	free(w->alignment);
	free(w->row_boxes);
	free(w->column_boxes);
	free(w->matches);
	free(w->partner);
	free(w->row_sum);
	free(w->column_sum);
	free(w->benefit);
	free(w->row_of_column);
	assign_destroy(&w->assign);
}

/* What one frame says about which ids belong together: overlap, shared among rivals. */
static void align_frame(struct work *w, const struct pairs_frame *f)
{
	memset(w->row_sum, 0, (size_t)f->truth_count * sizeof(double));
	memset(w->column_sum, 0, (size_t)f->result_count * sizeof(double));
	for (int i = 0; i < f->truth_count; i++) {
		w->row_boxes[f->truth[i]]++;
		for (int k = 0; k < f->result_count; k++) {
			double overlap = f->overlap[i * f->result_count + k];
			w->row_sum[i] += overlap;
			w->column_sum[k] += overlap;
		}
	}
	for (int k = 0; k < f->result_count; k++)
		w->column_boxes[f->result[k]]++;
	for (int i = 0; i < f->truth_count; i++)
		for (int k = 0; k < f->result_count; k++) {
			double overlap = f->overlap[i * f->result_count + k];
			double whole = w->column_sum[k] + w->row_sum[i] - overlap;
			if (whole > DBL_EPSILON)
				w->alignment[f->truth[i] * w->columns + f->result[k]] +=
					overlap / whole;
		}
}

/* From shared boxes to the Jaccard index of two ids. */
static void normalise_alignment(struct work *w)
{
	for (int i = 0; i < w->rows; i++)
		for (int k = 0; k < w->columns; k++) {
			double *a = &w->alignment[i * w->columns + k];
			*a /= w->row_boxes[i] + w->column_boxes[k] - *a;
		}
}

static void match_frame(struct work *w, const struct pairs_frame *f, int *partner)
{
	for (int i = 0; i < f->truth_count; i++)
		for (int k = 0; k < f->result_count; k++)
			w->benefit[i * f->result_count + k] =
				w->alignment[f->truth[i] * w->columns + f->result[k]] *
				f->overlap[i * f->result_count + k];
	assign_solve(w->assign, f->truth_count, f->result_count, w->benefit, f->result_count,
		partner, w->row_of_column);
}

/* Counts the matches that overlap enough for one threshold. */
static void count_matches(
	struct work *w, const struct pairs *p, int threshold, struct hota_sums *sums)
{
	const int *partner = w->partner;
	double tp = 0;
	memset(w->matches, 0, (size_t)w->rows * (size_t)w->columns * sizeof(double));
	for (int n = 0; n < p->frame_count; n++) {
		const struct pairs_frame *f = &p->frames[n];
		for (int i = 0; i < f->truth_count; i++, partner++) {
			if (*partner < 0)
				continue;
			double overlap = f->overlap[i * f->result_count + *partner];
			if (overlap < hota_threshold(threshold) - DBL_EPSILON)
				continue;
			tp++;
			sums->location[threshold] += overlap;
			w->matches[f->truth[i] * w->columns + f->result[*partner]]++;
		}
	}
	sums->tp[threshold] = tp;
	sums->fn[threshold] = p->truth_count - tp;
	sums->fp[threshold] = p->result_count - tp;
}

static double sum_association(const struct work *w)
{
	double sum = 0;
	for (int i = 0; i < w->rows; i++)
		for (int k = 0; k < w->columns; k++) {
			double n = w->matches[i * w->columns + k];
			sum += n * n / fmax(1, w->row_boxes[i] + w->column_boxes[k] - n);
		}
	return sum;
}

int hota_count(const struct pairs *pairs, struct hota_sums *ret_sums)
{
	struct work w;
	struct hota_sums sums = {0};
	int rc = work_init(&w, pairs);
	if (rc == 0) {
		for (int i = 0; i < pairs->frame_count; i++)
			align_frame(&w, &pairs->frames[i]);
		normalise_alignment(&w);
		int *partner = w.partner;
		for (int i = 0; i < pairs->frame_count; i++) {
			match_frame(&w, &pairs->frames[i], partner);
			partner += pairs->frames[i].truth_count;
		}
		for (int a = 0; a < HOTA_THRESHOLD_COUNT; a++) {
			count_matches(&w, pairs, a, &sums);
			sums.association[a] = sum_association(&w);
		}
		*ret_sums = sums;
	}
	work_finish(&w);
	return rc;
}

void hota_add(struct hota_sums *sums, const struct hota_sums *more)
{
	for (int a = 0; a < HOTA_THRESHOLD_COUNT; a++) {
		sums->tp[a] += more->tp[a];
		sums->fn[a] += more->fn[a];
		sums->fp[a] += more->fp[a];
		sums->association[a] += more->association[a];
		sums->location[a] += more->location[a];
	}
}

struct hota hota_score(const struct hota_sums *sums)
{
	struct hota h = {0};
	for (int a = 0; a < HOTA_THRESHOLD_COUNT; a++) {
		double tp = sums->tp[a];
		double deta = tp / fmax(1, tp + sums->fn[a] + sums->fp[a]);
		double assa = sums->association[a] / fmax(1, tp);
		h.by_threshold[a] = sqrt(deta * assa);
		h.hota += h.by_threshold[a] / HOTA_THRESHOLD_COUNT;
		h.deta += deta / HOTA_THRESHOLD_COUNT;
		h.assa += assa / HOTA_THRESHOLD_COUNT;
		/* Where nothing matched, nothing is misplaced. */
		h.loca += (tp > 0 ? sums->location[a] / tp : 1) / HOTA_THRESHOLD_COUNT;
	}
	return h;
}
