/*
 * Road users that drive along their paths: following by the intelligent driver model (Treiber,
 * Hennecke and Helbing, Congested traffic states in empirical observations and microscopic
 * simulations, 2000), stopping at signals, scripted lane changes and stops.
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
#define WORLD_ROADS_MAX 16
#define WORLD_SIGNALS_MAX 16

struct mover {
	const struct sim_user_params *params;
	int id;
	struct path path;
	double length_m, width_m, height_m, axles_m;
	double desired_mps;
	double comfort_mps2; /* how hard it speeds up */
	double enter_s; /* time at which it appears */
	/* Where its path crosses the stop line of each signal; NAN: nowhere. */
	double stop_line_m[WORLD_SIGNALS_MAX];

	bool active, gone;
	double s_m; /* of its middle along its path */
	double v_mps, a_mps2;
	double stopped_since_s; /* at its next scripted stop; NAN: not there yet */
	int stops_done;
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
	struct vec2 stop_lines[WORLD_SIGNALS_MAX][2]; /* from the middle of the road outwards */
	int mover_count;
	struct mover *movers;
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

struct road *world_road(struct world *world, const char *name);
/* "main.f1": both NULL where there is no such lane. */
void world_lane(struct world *world, const char *name, struct road **ret_road,
	const struct lane **ret_lane);
