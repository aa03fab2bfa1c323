/*
 * The simulator: a road scene drawn frame by frame, with the exact truth about every frame.
 *
 *     struct gantry_sim_config config;
 *     gantry_sim_config_init(&config);               // the built-in world
 *     gantry_sim_create(&config, &sim, &error);
 *     while (gantry_sim_next(sim, &frame, &truth, &error) == 1)
 *             gantry_pipeline_process_frame(pipeline, frame, &result);
 *     for (int i = 0; i < gantry_sim_violation_count(sim); i++)
 *             ... gantry_sim_violation(sim, i) ...
 *     gantry_sim_destroy(&sim);
 *
 * The same world and seed give the same frames and the same truth on every machine. Truth is
 * decided from the state of the world, not from the picture (docs/rules.md has the definitions).
 */
#pragma once

#include "gantry/frame.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Set defaults with gantry_sim_config_init(). Strings are copied by create. */
struct gantry_sim_config {
	/* Path of a world's file (gantry sim --reference), "builtin", or "random": drawn from the
	 * seed. "builtin" */
	const char *world;
	const char *world_text; /* the file's content instead; NULL: `world` counts */
	int seed; /* 0 to 2147483647; -1: the world's own, of a random world 1. -1 */
	/* Without pictures some four times as fast: frames have times and sizes but no data. true
	 */
	bool pictures;
	const char *truth_path; /* written as frames are taken (docs/truth.md); NULL: not */
};

struct gantry_sim_object {
	int id; /* from 0, kept from frame to frame */
	const char
		*class_name; /* "car", "van", "truck", "bus", "motorcycle", "bicycle", "person" */
	float bbox[4]; /* x1 y1 x2 y2: the whole thing, also where hidden, not clipped to the frame
			*/
	float visible[4]; /* what can be seen of it, clipped; zero area where nothing */
	double occlusion; /* share of `bbox` that is hidden by others, 0 to 1 */
	double ground_m[2]; /* centre of its footprint on the road plane, x and y */
	double heading_rad; /* atan2(y, x) of the direction it points in */
	double speed_mps; /* along its path */
	bool measurable; /* a speed can honestly be measured: straight, in view, in the area */
	const char *plate;
};

struct gantry_sim_signal {
	const char *name; /* in the world's file */
	const char *lamp; /* "red", "red_yellow", "yellow", "green", "unknown" */
};

/* About one frame. */
struct gantry_sim_truth {
	int64_t frame_number; /* from 0 */
	int64_t media_time_us; /* that of the frame */
	int object_count, signal_count;
	const struct gantry_sim_object *objects; /* by id */
	const struct gantry_sim_signal *signals;
};

struct gantry_sim_violation {
	const char *violation_type; /* as gantry_violation's */
	int id; /* of the object */
	int64_t media_time_us; /* of the deed */
	double measured, limit; /* in the rule's unit; NAN where it has no number */
};

struct gantry_sim_count {
	const char *line, *direction, *class_name;
	int count; /* that crossed the line */
	const char *lane; /* in this one of its lanes; NULL: it has none */
};

struct gantry_sim;

GANTRY_API void gantry_sim_config_init(struct gantry_sim_config *config);

/*
 * -EINVAL for a world that is wrong or cannot be (the first problem, and how many more), -ENOENT
 * and other errno values of files.
 */
GANTRY_API int gantry_sim_create(const struct gantry_sim_config *config,
	struct gantry_sim **ret_sim, struct gantry_error *error);
GANTRY_API void gantry_sim_destroy(struct gantry_sim **sim);

/*
 * The next frame and its truth, both borrowed until the next call on the sim; either may be NULL.
 * 1 where there is one, 0 at the end of the scene (the truth file is whole then), or a negative
 * errno
 * (-EIO: the truth file). Media time begins at 0.
 */
GANTRY_API int gantry_sim_next(struct gantry_sim *sim, const struct gantry_frame **ret_frame,
	const struct gantry_sim_truth **ret_truth, struct gantry_error *error);
/* How many frames the whole scene has. */
GANTRY_API int64_t gantry_sim_frame_count(const struct gantry_sim *sim);

/*
 * What was decided up to the latest frame, violations by time; all of it once the scene has ended.
 * `index` 0 to count - 1; the strings of a value live as long as the sim.
 */
GANTRY_API int gantry_sim_violation_count(const struct gantry_sim *sim);
GANTRY_API struct gantry_sim_violation gantry_sim_violation(
	const struct gantry_sim *sim, int index);
GANTRY_API int gantry_sim_count_count(const struct gantry_sim *sim);
GANTRY_API struct gantry_sim_count gantry_sim_count(const struct gantry_sim *sim, int index);

/*
 * Writes the scene file (calibration, lines, zones, rules) with which a pipeline analyses what this
 * camera sees: gantry_pipeline_config.scene_path.
 */
GANTRY_API int gantry_sim_write_scene(
	const struct gantry_sim *sim, const char *path, struct gantry_error *error);

#ifdef __cplusplus
}
#endif
