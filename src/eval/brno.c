#include "eval/brno.h"

#include "base/gzip.h"
#include "base/jsonin.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX 20000000

static bool read_line(const struct jsonin *value, struct brno_line *ret)
{
	double v[3];
	if (!jsonin_reals(value, v, 3) || !(hypot(v[0], v[1]) > 0))
		return false;
	*ret = (struct brno_line){v[0], v[1], v[2]};
	return true;
}

static int read_lines(const struct jsonin *list, const char *what, struct err *err,
	struct brno_line *ret_lines, int *ret_count)
{
	int count = jsonin_count(list);
	if (count < 2 || count > BRNO_LINES_MAX)
		return err_set(err, -EINVAL, "%s: %d lines; 2 to %d are expected", what, count,
			BRNO_LINES_MAX);
	for (int i = 0; i < count; i++)
		if (!read_line(jsonin_at(list, i), &ret_lines[i]))
			return err_set(err, -EINVAL, "%s[%d]: no line of three numbers", what, i);
	*ret_count = count;
	return 0;
}

static int read_distances(const struct jsonin *list, struct err *err, struct brno_video *video)
{
	int count = jsonin_count(list);
	video->distances = calloc((size_t)count + 1, sizeof(*video->distances));
	if (!video->distances)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < count; i++) {
		const struct jsonin *item = jsonin_at(list, i);
		double from[3], to[3], length = jsonin_real(jsonin_get(item, "distance"), 0);
		if (!jsonin_reals(jsonin_get(item, "p1"), from, 3) ||
			!jsonin_reals(jsonin_get(item, "p2"), to, 3) || !(length > 0))
			return err_set(err, -EINVAL,
				"distanceMeasurement[%d]: p1, p2 or distance "
				"is missing",
				i);
		video->distances[video->distance_count++] = (struct brno_distance){
			{from[0] / from[2], from[1] / from[2]}, {to[0] / to[2], to[1] / to[2]},
			length, jsonin_bool(jsonin_get(item, "toVP1"), false)};
	}
	return 0;
}

static unsigned read_lanes(const struct jsonin *list)
{
	unsigned lanes = 0;
	for (int i = 0; i < jsonin_count(list); i++) {
		int64_t lane = jsonin_int(jsonin_at(list, i), -1);
		if (lane >= 0 && lane < 32)
			lanes |= 1u << lane;
	}
	return lanes;
}

static int read_cars(const struct jsonin *list, struct err *err, struct brno_video *video)
{
	int count = jsonin_count(list);
	if (count < 1)
		return err_set(err, -EINVAL, "cars: none");
	video->cars = calloc((size_t)count, sizeof(*video->cars));
	if (!video->cars)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < count; i++) {
		const struct jsonin *item = jsonin_at(list, i);
		const struct jsonin *at = jsonin_get(item, "intersections");
		int crossings = jsonin_count(at);
		if (crossings < 1)
			return err_set(err, -EINVAL, "cars[%d]: no intersections", i);
		video->cars[video->car_count++] = (struct brno_car){
			.id = (int)jsonin_int(jsonin_get(item, "carId"), -1),
			.valid = jsonin_bool(jsonin_get(item, "valid"), false),
			.lanes = read_lanes(jsonin_get(item, "laneIndex")),
			.speed_kmh = jsonin_real(jsonin_get(item, "speed"), 0),
			.first_s = jsonin_real(jsonin_get(jsonin_at(at, 0), "videoTime"), NAN),
			.last_s = jsonin_real(
				jsonin_get(jsonin_at(at, crossings - 1), "videoTime"), NAN),
		};
		if (!isfinite(video->cars[i].last_s))
			return err_set(err, -EINVAL, "cars[%d]: no videoTime", i);
	}
	return 0;
}

static int read_truth(const struct jsonin *truth, struct err *err, struct brno_video *video)
{
	video->fps = jsonin_real(jsonin_get(truth, "fps"), 0);
	if (!(video->fps > 0))
		return err_set(err, -EINVAL, "fps: missing or not positive");
	video->invalid_lanes = read_lanes(jsonin_get(truth, "invalidLanes"));
	int rc = read_lines(jsonin_get(truth, "measurementLines"), "measurementLines", err,
		video->measurement, &video->measurement_count);
	if (rc == 0)
		rc = read_lines(jsonin_get(truth, "laneDivLines"), "laneDivLines", err, video->lane,
			&video->lane_count);
	if (rc == 0)
		rc = read_distances(jsonin_get(truth, "distanceMeasurement"), err, video);
	return rc == 0 ? read_cars(jsonin_get(truth, "cars"), err, video) : rc;
}

static int read_points(
	const struct jsonin *item, int index, struct err *err, struct brno_video *video)
{
	const struct jsonin *frames = jsonin_get(item, "frames"), *x = jsonin_get(item, "posX"),
			    *y = jsonin_get(item, "posY");
	struct brno_track *track = &video->tracks[video->track_count++];
	int count = jsonin_count(frames);
	*track = (struct brno_track){.id = (int)jsonin_int(jsonin_get(item, "id"), -1),
		.first = video->point_count,
		.listed = jsonin_is_array(x)};
	if (!track->listed)
		return 0;
	if (jsonin_count(x) != count || jsonin_count(y) != count)
		return err_set(
			err, -EINVAL, "cars[%d]: frames, posX and posY differ in length", index);
	for (int i = 0; i < count; i++)
		video->points[video->point_count++] = (struct brno_point){
			jsonin_real(jsonin_at(frames, i), NAN),
			{jsonin_real(jsonin_at(x, i), NAN), jsonin_real(jsonin_at(y, i), NAN)}};
	track->count = count;
	return 0;
}

static int read_tracks(const struct jsonin *tracks, struct err *err, struct brno_video *video)
{
	const struct jsonin *list = jsonin_get(tracks, "cars");
	int count = jsonin_count(list);
	size_t points = 0;
	for (int i = 0; i < count; i++)
		points += (size_t)jsonin_count(jsonin_get(jsonin_at(list, i), "frames"));
	if (count < 1 || points > POINTS_MAX)
		return err_set(
			err, -EINVAL, "cars: %s", count > 0 ? "too many points" : "no tracks");
	video->tracks = calloc((size_t)count, sizeof(*video->tracks));
	video->points = calloc(points + 1, sizeof(*video->points));
	if (!video->tracks || !video->points)
		return err_set(err, -ENOMEM, "out of memory");
	int rc = 0;
	for (int i = 0; rc == 0 && i < count; i++)
		rc = read_points(jsonin_at(list, i), i, err, video);
	return rc;
}

static const char *const published_names[] = {"bmvc14", "optimal_scale", "optimal_calib", NULL};

static int read_calibrations(const struct jsonin *all, struct err *err, struct brno_video *video)
{
	video->published = calloc(3, sizeof(*video->published));
	if (!video->published)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; published_names[i]; i++) {
		const struct jsonin *item = jsonin_get(all, published_names[i]);
		if (!item)
			continue;
		struct brno_calibration *c = &video->published[video->published_count++];
		double vp1[2], vp2[2], pp[2];
		snprintf(c->name, sizeof(c->name), "%s", published_names[i]);
		c->scale = jsonin_real(jsonin_get(item, "scale"), 0);
		if (!jsonin_reals(jsonin_get(item, "vp1"), vp1, 2) ||
			!jsonin_reals(jsonin_get(item, "vp2"), vp2, 2) ||
			!jsonin_reals(jsonin_get(item, "pp"), pp, 2) || !(c->scale > 0))
			return err_set(
				err, -EINVAL, "%s: vp1, vp2, pp or scale is missing", c->name);
		c->vp1 = (struct vec2){vp1[0], vp1[1]};
		c->vp2 = (struct vec2){vp2[0], vp2[1]};
		c->principal = (struct vec2){pp[0], pp[1]};
	}
	return 0;
}

static int parse_part(const char *what, const char *text, size_t length,
	int (*read)(const struct jsonin *, struct err *, struct brno_video *), struct err *err,
	struct brno_video *video)
{
	struct jsonin *document;
	int rc = jsonin_parse(text, length, err, &document);
	if (rc == 0) {
		rc = read(document, err, video);
		jsonin_free(&document);
	}
	return rc < 0 ? err_prefix(err, rc, "%s, %s", video->name, what) : 0;
}

int brno_parse(const char *name, const char *truth, size_t truth_length, const char *tracks,
	size_t tracks_length, const char *calibrations, size_t calibrations_length, struct err *err,
	struct brno_video **ret_video)
{
	struct brno_video *video = calloc(1, sizeof(*video));
	if (!video)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	snprintf(video->name, sizeof(video->name), "%s", name);
	int rc = parse_part("truth", truth, truth_length, read_truth, err, video);
	if (rc == 0)
		rc = parse_part("tracks", tracks, tracks_length, read_tracks, err, video);
	if (rc == 0)
		rc = parse_part("calibrations", calibrations, calibrations_length,
			read_calibrations, err, video);
	if (rc < 0) {
		brno_free(&video);
		return rc;
	}
	*ret_video = video;
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

int brno_load(const char *folder, struct err *err, struct brno_video **ret_video)
{
	static const char *const files[3] = {
		"gt_data.json", "tracks_dubska_optimal_calib.json.gz", "calibrations_dubska.json"};
	char *texts[3] = {NULL}, path[4096];
	size_t lengths[3] = {0};
	int rc = 0;
	for (int i = 0; rc == 0 && i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		rc = gzip_read_file(path, err, &texts[i], &lengths[i]);
	}
	if (rc == 0)
		rc = brno_parse(base_name(folder), texts[0], lengths[0], texts[1], lengths[1],
			texts[2], lengths[2], err, ret_video);
	for (int i = 0; i < 3; i++)
		free(texts[i]);
	return rc;
}

void brno_free(struct brno_video **video)
{
	struct brno_video *v = *video;
	*video = NULL;
	if (!v)
		return;
	free(v->distances);
	free(v->cars);
	free(v->tracks);
	free(v->points);
	free(v->published);
	free(v);
}

const struct brno_calibration *brno_published(const struct brno_video *video, const char *name)
{
	for (int i = 0; i < video->published_count; i++)
		if (strcmp(video->published[i].name, name) == 0)
			return &video->published[i];
	return NULL;
}

static double value_at(const struct brno_line *l, struct vec2 p)
{
	return p.x * l->a + p.y * l->b + l->c;
}

bool brno_between(struct vec2 p, const struct brno_line *one, const struct brno_line *other)
{
	return value_at(one, p) * value_at(other, p) * (one->a * other->a + one->b * other->b) <= 0;
}

int brno_lane(const struct brno_video *video, struct vec2 p)
{
	for (int i = 0; i + 1 < video->lane_count; i++)
		if (brno_between(p, &video->lane[i], &video->lane[i + 1]))
			return i;
	return -1;
}

void brno_span(const struct brno_video *video, double *ret_first_s, double *ret_last_s)
{
	*ret_first_s = HUGE_VAL;
	*ret_last_s = -HUGE_VAL;
	for (int i = 0; i < video->car_count; i++) {
		*ret_first_s = fmin(*ret_first_s, video->cars[i].last_s);
		*ret_last_s = fmax(*ret_last_s, video->cars[i].last_s);
	}
}
