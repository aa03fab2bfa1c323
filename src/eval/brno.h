/*
 * BrnoCompSpeed (Sochor et al., Comprehensive Data Set for Automatic Single Camera Visual Speed
 * Measurement, IEEE T-ITS 2018): roads with LIDAR gates, and the tracks of a published system.
 * One video is three files of JSON:
 *
 *   gt_data.json                           cars, measurement and lane lines, measured distances
 *   tracks_dubska_optimal_calib.json[.gz]  tracks: id, frames, posX, posY
 *   calibrations_dubska.json               calibrations by name: vp1, vp2, pp, scale
 *
 * Memory: a struct brno_video owns all it holds. Threads: read-only once loaded.
 */
#pragma once

#include "base/err.h"
#include "base/geometry.h"

#include <stdbool.h>
#include <stddef.h>

#define BRNO_WIDTH_PX 1920
#define BRNO_HEIGHT_PX 1080

/* a x + b y + c = 0, not always normalised. */
struct brno_line {
	double a, b, c;
};

struct brno_distance {
	struct vec2 from_px, to_px;
	double length_m;
	bool along; /* towards the first vanishing point */
};

struct brno_car {
	int id;
	bool valid;
	unsigned lanes; /* bit 1 << lane */
	double speed_kmh;
	double first_s, last_s; /* crossing the first gate and the last, video time */
};

struct brno_track {
	int id;
	int first, count; /* points */
	bool listed; /* false where its positions are no list */
};

struct brno_point {
	double frame;
	struct vec2 px;
};

struct brno_calibration {
	char name[32];
	struct vec2 vp1, vp2, principal;
	double scale;
};

#define BRNO_LINES_MAX 31

struct brno_video {
	char name[64];
	double fps;
	struct brno_line measurement[BRNO_LINES_MAX]; /* [0]: the last crossed */
	struct brno_line lane[BRNO_LINES_MAX]; /* lane i lies between line i and i + 1 */
	int measurement_count, lane_count;
	unsigned invalid_lanes;
	struct brno_distance *distances;
	struct brno_car *cars;
	struct brno_track *tracks;
	struct brno_point *points;
	struct brno_calibration *published;
	int distance_count, car_count, track_count, point_count, published_count;
};

/* From the three texts; -EINVAL with what is wrong in `err`, -ENOMEM. */
int brno_parse(const char *name, const char *truth, size_t truth_length, const char *tracks,
	size_t tracks_length, const char *calibrations, size_t calibrations_length, struct err *err,
	struct brno_video **ret_video);
/* From a folder with the three files; its last part is the name. */
int brno_load(const char *folder, struct err *err, struct brno_video **ret_video);
void brno_free(struct brno_video **video);

/* The published calibration of that name, or NULL. */
const struct brno_calibration *brno_published(const struct brno_video *video, const char *name);

/* Whether p lies between two lines, as the dataset's own code has it. */
bool brno_between(struct vec2 p, const struct brno_line *one, const struct brno_line *other);
/* The first lane that p lies in, or -1. */
int brno_lane(const struct brno_video *video, struct vec2 p);
/* Video time of the first and the last car at the last gate. */
void brno_span(const struct brno_video *video, double *ret_first_s, double *ret_last_s);
