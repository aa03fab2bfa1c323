/*
 * The evaluator against the official one: every number TrackEval wrote for the reference results,
 * for every sequence, and for whole sets where it combined them.
 */
#include "eval/trackscore.h"
#include "test.h"

#include <dirent.h>
#include <math.h>
#include <string.h>

#define TOLERANCE 1e-5 /* a hundredth of what is promised, which is 0.001 percent points */

/* One row of TrackEval's detailed.csv, found by the name of a column. */
struct row {
	char head[65536], text[65536];
};

static bool read_row(const char *path, const char *sequence, struct row *row)
{
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(row->head, sizeof(row->head), file));
	bool found = false;
	while (!found && fgets(row->text, sizeof(row->text), file))
		found = !strncmp(row->text, sequence, strlen(sequence)) &&
			row->text[strlen(sequence)] == ',';
	fclose(file);
	return found;
}

static double value(const struct row *row, const char *column)
{
	const char *head = row->head, *text = row->text;
	size_t length = strlen(column);
	while (strncmp(head, column, length) || !strchr(",\r\n", head[length])) {
		head = strchr(head, ',');
		text = strchr(text, ',');
		assert_non_null(head);
		assert_non_null(text);
		head++;
		text++;
	}
	return strtod(text, NULL);
}

static void check(const struct row *row, const char *column, double ours)
{
	double official = value(row, column);
	if (!(fabs(ours - official) <= TOLERANCE * fmax(1, fabs(official))))
		fail_msg("%.40s...: %s is %.9f, TrackEval says %.9f", row->text, column, ours,
			official);
}

static void check_thresholds(
	const struct row *row, const struct trackscore *s, const struct hota *h)
{
	for (int a = 0; a < HOTA_THRESHOLD_COUNT; a++) {
		char column[32];
		int percent = 5 * (a + 1);
		snprintf(column, sizeof(column), "HOTA___%d", percent);
		check(row, column, h->by_threshold[a]);
		snprintf(column, sizeof(column), "HOTA_TP___%d", percent);
		check(row, column, s->hota.tp[a]);
		snprintf(column, sizeof(column), "AssA___%d", percent);
		check(row, column, s->hota.association[a] / fmax(1, s->hota.tp[a]));
	}
}

static void check_all(const struct row *row, const struct trackscore *s)
{
	struct hota h = hota_score(&s->hota);
	struct clear c = clear_score(&s->clear);
	struct identity i = identity_score(&s->identity);
	check_thresholds(row, s, &h);
	check(row, "HOTA___AUC", h.hota);
	check(row, "DetA___AUC", h.deta);
	check(row, "AssA___AUC", h.assa);
	check(row, "LocA___AUC", h.loca);
	check(row, "MOTA", c.mota);
	check(row, "MOTP", c.motp);
	check(row, "CLR_Re", c.recall);
	check(row, "CLR_Pr", c.precision);
	check(row, "CLR_TP", s->clear.tp);
	check(row, "CLR_FN", s->clear.fn);
	check(row, "CLR_FP", s->clear.fp);
	check(row, "IDSW", s->clear.switches);
	check(row, "Frag", s->clear.fragments);
	check(row, "MT", s->clear.mostly_tracked);
	check(row, "PT", s->clear.partly_tracked);
	check(row, "ML", s->clear.mostly_lost);
	check(row, "CLR_Frames", s->clear.frames);
	check(row, "IDF1", i.f1);
	check(row, "IDP", i.precision);
	check(row, "IDR", i.recall);
	check(row, "IDTP", s->identity.tp);
	check(row, "Dets", s->result_boxes);
	check(row, "GT_Dets", s->truth_boxes);
	check(row, "IDs", s->result_ids);
	check(row, "GT_IDs", s->truth_ids);
}

/* Truth is at mot/FOLDER/SEQUENCE + `truth`; `strip` letters of the sequence's name are cut. */
struct set {
	const char *name, *folder, *truth, *info;
	int strip;
	bool kitti, combined;
};

static struct trackscore score_sequence(const struct set *set, const char *sequence)
{
	char name[256], result_path[4096], truth_path[4096];
	struct err err = {""};
	struct mot *truth = NULL, *result = NULL;
	struct mot_info info = {0};
	struct pairs *pairs = NULL;
	struct trackscore score;
	snprintf(name, sizeof(name), "mot/reference/%s/%s.txt", set->name, sequence);
	snprintf(result_path, sizeof(result_path), "%s", test_data(name));
	snprintf(name, sizeof(name), "mot/%s/%s%s", set->folder, sequence + set->strip, set->truth);
	snprintf(truth_path, sizeof(truth_path), "%s", test_data(name));
	if (set->info) {
		snprintf(name, sizeof(name), "mot/%s/%s%s", set->folder, sequence + set->strip,
			set->info);
		assert_int_equal(mot_info_load(test_data(name), &err, &info), 0);
	}
	if (mot_load(truth_path, MOT_FORMAT_AUTO, "Car", &err, &truth) < 0 ||
		mot_load(result_path, MOT_FORMAT_AUTO, "Car", &err, &result) < 0)
		fail_msg("%s", err.text);
	struct pairs_options options = {.first_frame = set->kitti ? 0 : 1,
		.frame_count = info.frame_count,
		.forgive = set->kitti,
		.kitti_sizes = set->kitti};
	if (pairs_create(truth, result, &options, &err, &pairs) < 0)
		fail_msg("%s: %s", sequence, err.text);
	assert_int_equal(trackscore_count(pairs, &score), 0);
	pairs_destroy(&pairs);
	mot_free(&truth);
	mot_free(&result);
	return score;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void check_set(const struct set *set)
{
	static struct row row;
	char name[256], csv[4096], folder[4096];
	struct trackscore sum = {0};
	struct dirent **entries;
	int checked = 0;
	snprintf(name, sizeof(name), "mot/reference/%s", set->name);
	snprintf(folder, sizeof(folder), "%s", test_data(name));
	snprintf(csv, sizeof(csv), "%s/detailed.csv", folder);
	int count = scandir(folder, &entries, NULL, compare_names);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		char *dot = strstr(entries[i]->d_name, ".txt");
		if (dot) {
			*dot = '\0';
			struct trackscore score = score_sequence(set, entries[i]->d_name);
			assert_true(read_row(csv, entries[i]->d_name, &row));
			check_all(&row, &score);
			trackscore_add(&sum, &score);
			checked++;
		}
		free(entries[i]);
	}
	free(entries);
	print_message("# %s: %d sequences equal\n", set->name, checked);
	assert_true(checked > 1);
	assert_int_equal(read_row(csv, "COMBINED", &row), set->combined);
	if (set->combined)
		check_all(&row, &sum);
}

static void tud_equals_trackeval(void **state)
{
	(void)state;
	check_set(&(struct set){"tud", "tud_motmetrics", "/gt.txt", .combined = true});
}

static void mot15_equals_trackeval(void **state)
{
	(void)state;
	check_set(&(struct set){"mot15_sort", "mot15", "/gt/gt.txt", "/seqinfo.ini"});
}

static void kitti_equals_trackeval(void **state)
{
	(void)state;
	check_set(&(struct set){"kitti_car_sort", "kitti_car/gt", ".txt", .kitti = true});
}

/* The sequences are called S03_c010 there and c010 here. */
static void aicity_overlap_equals_trackeval(void **state)
{
	(void)state;
	check_set(&(struct set){"aicity_s03_overlap", "aicity_s03", "/gt/gt.txt", "/seqinfo.ini",
		.strip = 4, .combined = true});
}

static void aicity_sort_equals_trackeval(void **state)
{
	(void)state;
	check_set(&(struct set){"aicity_s03_sort_ssd", "aicity_s03", "/gt/gt.txt", "/seqinfo.ini",
		.strip = 4, .combined = true});
}

TEST_MAIN(cmocka_unit_test(tud_equals_trackeval), cmocka_unit_test(mot15_equals_trackeval),
	cmocka_unit_test(kitti_equals_trackeval), cmocka_unit_test(aicity_overlap_equals_trackeval),
	cmocka_unit_test(aicity_sort_equals_trackeval))
