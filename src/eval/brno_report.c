#include "eval/brno_report.h"

#include "eval/brno_protocol.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const way_names[BRNO_WAY_COUNT] = {
	"bmvc14", "optimal_scale", "optimal_calib", "gantry"};

const char *brno_way_name(enum brno_way way)
{
	return (unsigned)way < BRNO_WAY_COUNT ? way_names[way] : "none";
}

/* Growing list of numbers or pairs. */
struct bag {
	void *items;
	int count, capacity;
	size_t size;
};

static int bag_add(struct bag *bag, const void *items, int count)
{
	if (bag->count + count > bag->capacity) {
		int wanted = 2 * bag->capacity + count + 64;
		void *more = realloc(bag->items, (size_t)wanted * bag->size);
		if (!more)
			return -ENOMEM;
		bag->items = more;
		bag->capacity = wanted;
	}
	memcpy((char *)bag->items + (size_t)bag->count * bag->size, items,
		(size_t)count * bag->size);
	bag->count += count;
	return 0;
}

/* A matched car of Gantry's, as the learning of one number wants it. */
struct lesson {
	struct speed_pair pair;
	double height_m; /* of the camera */
	int session;
};

struct work {
	struct brno_report *report;
	const struct brno_measure_params *params;
	struct bag pairs[BRNO_WAY_COUNT]; /* struct speed_pair */
	struct bag lengths[BRNO_WAY_COUNT]; /* double */
	struct bag ratios[BRNO_WAY_COUNT]; /* double */
	struct bag lessons; /* struct lesson */
	char sessions[BRNO_SESSIONS_MAX][64];
};

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "no memory for the evaluation");
}

static int add_lengths(
	struct work *w, enum brno_way way, const struct brno_video *video, const double *lengths)
{
	int rc = 0;
	for (int i = 0; rc == 0 && i < video->distance_count; i++) {
		double error = fabs(lengths[i] - video->distances[i].length_m);
		rc = bag_add(&w->lengths[way], &error, 1);
		for (int k = i + 1; rc == 0 && k < video->distance_count; k++) {
			double is = lengths[i] / lengths[k];
			double should = video->distances[i].length_m / video->distances[k].length_m;
			double relative = fabs(is - should) / should;
			rc = bag_add(&w->ratios[way], &relative, 1);
		}
	}
	return rc;
}

static int add_score(struct work *w, enum brno_way way, struct brno_score *score, struct err *err)
{
	struct brno_row *row = &w->report->rows[way][w->report->video_count];
	struct brno_row *total = &w->report->totals[way];
	*row = (struct brno_row){score->valid_count, score->matched_count, score->refused_count,
		score->false_count, score->minutes};
	total->valid_count += row->valid_count;
	total->matched_count += row->matched_count;
	total->refused_count += row->refused_count;
	total->false_count += row->false_count;
	total->minutes += row->minutes;
	if (row->valid_count)
		w->report->recall_by_video[way] += (double)row->matched_count / row->valid_count;
	int rc = speedscore_count(score->pairs, score->pair_count, &row->speed);
	if (rc == 0)
		rc = bag_add(&w->pairs[way], score->pairs, score->pair_count);
	return rc < 0 ? no_memory(err) : 0;
}

static int try_published(struct work *w, enum brno_way way, const struct brno_video *video,
	double *lengths, struct err *err)
{
	const struct brno_calibration *c = brno_published(video, brno_way_name(way));
	struct brno_measurement *list = NULL;
	struct brno_score score = {0};
	int count, failed;
	if (!c)
		return err_set(
			err, -EINVAL, "%s: no calibration \"%s\"", video->name, brno_way_name(way));
	int rc = brno_protocol_measure(video, c, &list, &count, &failed);
	if (rc < 0)
		return err_set(err, rc, "%s: calibration \"%s\" is none", video->name, c->name);
	rc = brno_score_count(video, list, count, failed, &score);
	if (rc == 0)
		rc = add_score(w, way, &score, err);
	if (rc == 0 && (rc = brno_protocol_lengths(video, c, lengths)) == 0)
		rc = add_lengths(w, way, video, lengths);
	brno_score_finish(&score);
	free(list);
	return rc == -ENOMEM ? no_memory(err) : rc;
}

static int session_of(struct work *w, const char *name)
{
	char session[64];
	snprintf(session, sizeof(session), "%.*s", (int)strcspn(name, "_"), name);
	int i = 0;
	while (i < w->report->session_count && strcmp(w->sessions[i], session) != 0)
		i++;
	if (i == w->report->session_count && i < BRNO_SESSIONS_MAX) {
		memcpy(w->sessions[i], session, sizeof(session));
		w->report->session_count++;
	}
	return i < BRNO_SESSIONS_MAX ? i : BRNO_SESSIONS_MAX - 1;
}

static int add_lessons(struct work *w, const struct brno_video *video,
	const struct brno_score *score, double height_m)
{
	int rc = 0, session = session_of(w, video->name);
	for (int i = 0; rc == 0 && i < score->pair_count; i++)
		rc = bag_add(&w->lessons, &(struct lesson){score->pairs[i], height_m, session}, 1);
	return rc;
}

static int try_gantry(
	struct work *w, const struct brno_video *video, double *lengths, struct err *err)
{
	struct calibration *c = &w->report->calibrations[w->report->video_count];
	struct brno_measurement *list = NULL;
	struct brno_score score = {0};
	int count, rc = brno_measure_calibrate(video, w->params, err, c);
	if (rc < 0)
		return rc;
	rc = brno_measure_run(video, w->params, c, &list, &count);
	if (rc == 0)
		rc = brno_score_count(video, list, count, 0, &score);
	if (rc == 0)
		rc = add_score(w, BRNO_GANTRY, &score, err);
	for (int i = 0; i < video->distance_count; i++) {
		struct vec2 from = {0, 0}, to = {0, 0};
		calibration_to_road(c, video->distances[i].from_px, NULL, &from, NULL);
		calibration_to_road(c, video->distances[i].to_px, NULL, &to, NULL);
		lengths[i] = vec2_length(vec2_sub(to, from));
	}
	if (rc == 0)
		rc = add_lengths(w, BRNO_GANTRY, video, lengths);
	if (rc == 0)
		rc = add_lessons(w, video, &score, c->camera_height_m);
	brno_score_finish(&score);
	free(list);
	return rc == -ENOMEM ? no_memory(err) : rc;
}

static int add_video(struct work *w, const char *folder, struct err *err)
{
	struct brno_video *video;
	int rc = brno_load(folder, err, &video);
	if (rc < 0)
		return rc;
	double *lengths = calloc((size_t)video->distance_count + 1, sizeof(*lengths));
	if (!lengths)
		rc = no_memory(err);
	for (int way = 0; rc == 0 && way < BRNO_GANTRY; way++)
		rc = try_published(w, (enum brno_way)way, video, lengths, err);
	if (rc == 0)
		rc = try_gantry(w, video, lengths, err);
	if (rc == 0)
		memcpy(w->report->names[w->report->video_count++], video->name,
			sizeof(video->name));
	free(lengths);
	brno_free(&video);
	return rc;
}

/* From the lessons of all sessions but one, what one number would be. */
static int learn(const struct work *w, int without, double *values, struct brno_learned *ret)
{
	const struct lesson *lessons = w->lessons.items;
	for (int pass = 0; pass < 2; pass++) {
		int n = 0;
		for (int i = 0; i < w->lessons.count; i++) {
			const struct lesson *l = &lessons[i];
			double factor = l->pair.measured_kmh / l->pair.true_kmh;
			if (l->session != without)
				values[n++] = pass ? l->height_m * (1 - 1 / factor) : factor;
		}
		if (n == 0)
			return -ENODATA;
		*(pass ? &ret->height_m : &ret->factor) = speedscore_median(values, n);
	}
	return 0;
}

static int test_learned(struct work *w, int session, struct speed_pair *by_factor,
	struct speed_pair *by_height, int *used, struct brno_learned *learned)
{
	const struct lesson *lessons = w->lessons.items;
	int first = *used;
	for (int i = 0; i < w->lessons.count; i++) {
		const struct lesson *l = &lessons[i];
		if (l->session != session)
			continue;
		by_factor[*used] = by_height[*used] = l->pair;
		by_factor[*used].measured_kmh /= learned->factor;
		by_height[*used].measured_kmh *= 1 - learned->height_m / l->height_m;
		(*used)++;
	}
	int rc = speedscore_count(by_factor + first, *used - first, &learned->by_factor);
	return rc < 0 ? rc
		      : speedscore_count(by_height + first, *used - first, &learned->by_height);
}

static int learn_all(struct work *w)
{
	struct brno_report *report = w->report;
	size_t count = (size_t)w->lessons.count + 1;
	double *values = calloc(count, sizeof(*values));
	struct speed_pair *by_factor = calloc(count, sizeof(*by_factor));
	struct speed_pair *by_height = calloc(count, sizeof(*by_height));
	int used = 0, rc = values && by_factor && by_height ? 0 : -ENOMEM;
	if (report->session_count < 2)
		report->session_count = 0; /* nothing to learn from */
	for (int i = 0; rc == 0 && i < report->session_count; i++) {
		struct brno_learned *l = &report->learned[i];
		memcpy(l->session, w->sessions[i], sizeof(l->session));
		rc = learn(w, i, values, l);
		if (rc == 0)
			rc = test_learned(w, i, by_factor, by_height, &used, l);
	}
	if (rc == 0)
		rc = speedscore_count(by_factor, used, &report->all_by_factor);
	if (rc == 0)
		rc = speedscore_count(by_height, used, &report->all_by_height);
	free(values);
	free(by_factor);
	free(by_height);
	return rc;
}

static void summarise(struct bag *bag, double *ret_mean, double *ret_median, double *ret_max)
{
	double sum = 0, *values = bag->items;
	if (bag->count == 0)
		return;
	for (int i = 0; i < bag->count; i++)
		sum += values[i];
	*ret_median = speedscore_median(values, bag->count);
	*ret_mean = sum / bag->count;
	*ret_max = values[bag->count - 1];
}

static int conclude(struct work *w, struct err *err)
{
	struct brno_report *r = w->report;
	int rc = 0;
	for (int way = 0; rc == 0 && way < BRNO_WAY_COUNT; way++) {
		struct brno_lengths *l = &r->lengths[way];
		r->recall_by_video[way] /= r->video_count;
		rc = speedscore_count(
			w->pairs[way].items, w->pairs[way].count, &r->totals[way].speed);
		summarise(&w->lengths[way], &l->error_mean_m, &l->error_median_m, &l->error_max_m);
		summarise(&w->ratios[way], &l->ratio_mean, &l->ratio_median, &l->ratio_max);
	}
	if (rc == 0)
		rc = learn_all(w);
	return rc < 0 ? no_memory(err) : 0;
}

static int add_folders(struct work *w, const char *directory, struct err *err)
{
	struct dirent **entries;
	int rc = 0, count = scandir(directory, &entries, NULL, alphasort);
	if (count < 0)
		return err_set(err, -errno, "%s: cannot be read: %s", directory, strerror(errno));
	for (int i = 0; i < count; i++) {
		char folder[4096], truth[4096 + 16];
		snprintf(folder, sizeof(folder), "%s/%s", directory, entries[i]->d_name);
		snprintf(truth, sizeof(truth), "%s/gt_data.json", folder);
		if (rc == 0 && entries[i]->d_name[0] != '.' && access(truth, R_OK) == 0)
			rc = w->report->video_count < BRNO_VIDEOS_MAX
				     ? add_video(w, folder, err)
				     : err_set(err, -E2BIG, "%s: more than %d videos", directory,
					       BRNO_VIDEOS_MAX);
		free(entries[i]);
	}
	free(entries);
	if (rc == 0 && w->report->video_count == 0)
		rc = err_set(err, -ENOENT, "%s: no folder in it holds a gt_data.json", directory);
	return rc;
}

int brno_report_make(const char *directory, const struct brno_measure_params *params,
	struct err *err, struct brno_report **ret_report)
{
	struct work w = {.report = calloc(1, sizeof(*w.report)), .params = params};
	if (!w.report)
		return no_memory(err);
	w.lessons.size = sizeof(struct lesson);
	for (int way = 0; way < BRNO_WAY_COUNT; way++) {
		w.pairs[way].size = sizeof(struct speed_pair);
		w.lengths[way].size = w.ratios[way].size = sizeof(double);
	}
	int rc = add_folders(&w, directory, err);
	if (rc == 0)
		rc = conclude(&w, err);
	for (int way = 0; way < BRNO_WAY_COUNT; way++) {
		free(w.pairs[way].items);
		free(w.lengths[way].items);
		free(w.ratios[way].items);
	}
	free(w.lessons.items);
	if (rc < 0) {
		brno_report_finish(&w.report);
		return rc;
	}
	*ret_report = w.report;
	return 0;
}

void brno_report_finish(struct brno_report **report)
{
	free(*report);
	*report = NULL;
}
