/*
 * Roads, what stands on them, and the road users who drive along their paths (drive.h).
 *
 * Time advances in ticks of fixed length whatever the frame rate; within a tick accelerations are
 * constant, so that the state between two ticks is exact, too.
 *
 * A road user's axles both run on its path: its heading is that of the line from the rear axle to
 * the front one, its place the middle between them, which is also the middle of its footprint.
 *
 * Threads: one. Memory: all at creation. Time: seconds of media time from the first frame; the
 * world begins before that where somebody appears earlier.
 */
#pragma once

#include "base/err.h"
#include "sim/road.h"
#include "sim/signal.h"

#include <stdint.h>

#define WORLD_TICK_S 0.01
#define WORLD_STANDING_MPS 0.15 /* slower is standing */
#define WORLD_ROADS_MAX 16
#define WORLD_STOP_LINES_MAX 32
#define WORLD_CROSSWALKS_MAX 16

/* Where traffic has to stop: at a signal, or always. */
struct stop_line {
	char name[48];
	const struct sim_signal_params *signal; /* NULL: a stop sign */
	struct vec2 ends[2]; /* from the middle of the road outwards */
	const struct road *road;
	double at_m;
	bool backward;
};

struct crosswalk {
	const struct sim_crosswalk_params *params;
	const struct road *road;
	struct vec2 corners[4]; /* from edge to edge of the carriageway */
};

/* Where the ways of two road users come close: places on both paths. */
struct conflict {
	int other;
	double from_m, to_m; /* on the own path */
	double other_from_m, other_to_m;
};

struct mover {
	const struct sim_user_params *params;
	int id;
	struct path path;
	double length_m, width_m, height_m, axles_m;
	double desired_mps;
	double comfort_mps2; /* how hard it speeds up */
	double enter_s; /* time at which it appears */
	/* Places along the path; NAN where it does not come by: */
	double stop_line_m[WORLD_STOP_LINES_MAX];
	double crosswalk_m[WORLD_CROSSWALKS_MAX][2]; /* begin and end */
	double turn_from_m; /* where it leaves its first lane for a turn; NAN: nowhere */
	double gives_from_m; /* where it begins to give way; infinite: nowhere */
	float *cap_mps; /* how fast it may be at every metre of the path, because of bends */
	int cap_count;
	struct conflict *conflicts;
	int conflict_count;

	bool active, gone;
	double s_m; /* of its middle along its path */
	double v_mps, a_mps2;
	double halted_s; /* since when it stands, where it does */
	double stopped_since_s; /* at its next scripted stop; NAN: not there yet */
	int stops_done;
	unsigned signs_done; /* a bit for each stop line: has stopped there */
};

/* Where a road user is and how it moves: exact. */
struct pose {
	struct vec2 center; /* of the footprint */
	double heading_rad;
	struct vec2 velocity_mps; /* of the centre */
	double speed_mps; /* its length */
	double yaw_rate_radps;
};

struct world {
	const struct sim_params *params;
	int road_count;
	struct road roads[WORLD_ROADS_MAX];
	int stop_line_count;
	struct stop_line stop_lines[WORLD_STOP_LINES_MAX]; /* of signals first, in their order */
	int crosswalk_count;
	struct crosswalk crosswalks[WORLD_CROSSWALKS_MAX];
	int mover_count;
	struct mover *movers;
	struct pose *poses; /* of each mover as of the latest tick */
	int64_t tick; /* negative before the first frame */
};

/* The params are borrowed until destroy. -EINVAL with the reason where they make no world. */
int world_create(const struct sim_params *params, struct err *err, struct world **ret_world);
void world_destroy(struct world **world);

static inline double world_time_s(const struct world *world)
{
	return (double)world->tick * WORLD_TICK_S;
}
/* One tick. */
void world_step(struct world *world);
/* The road user `ahead_s` (0 to a tick) after the world's time. */
struct pose world_pose(const struct mover *mover, double ahead_s);
/* The same for any place on its path, at a speed. */
struct pose world_pose_at(const struct mover *mover, double s_m, double v_mps);
/*
 * How far its heading turns along its path from half of `window_s` before the moment `ahead_s` to
 * half after it, at the speed of that moment; to one side and back adds up.
 */
double world_turn(const struct mover *mover, double ahead_s, double window_s);
/* How far to the left of its path it keeps at a place; the change per metre to `ret_slope`. */
double world_aside(const struct mover *mover, double s_m, double *ret_slope);
static inline struct vec2 world_ahead(const struct pose *pose, double distance_m)
{
	return (struct vec2){pose->center.x + distance_m * cos(pose->heading_rad),
		pose->center.y + distance_m * sin(pose->heading_rad)};
}

const struct road *world_road(const struct world *world, const char *name);
/* "main.f1": both NULL where there is no such lane. */
void world_lane(const struct world *world, const char *name, const struct road **ret_road,
	const struct lane **ret_lane);
/* Whether a place lies on the carriageway of another road than `except`, or nearer than `margin_m`
 * to one. */
bool world_on_other_road(
	const struct world *world, const struct road *except, struct vec2 at, double margin_m);
