/*
 * The road users that the judge knows: where each stands now, where it was, which way it goes, how
 * long it has been standing. Private to src/judge.
 *
 * Positions are in the judge's working space: metres on the road where calibrated, else pixels.
 * Lengths that rules are given in metres are turned into it with `units_per_m`: 1 on the road; in
 * the picture estimated from the size of the road user's own box and the usual size of its class.
 *
 * The footprint. A box shows where the near edge of a vehicle's footprint meets the road, not its
 * middle. With a calibration, the footprint is a rectangle of the usual size of the class, turned
 * the way the vehicle goes, whose outermost point towards the camera is the bottom of the box:
 * centre = ground - towards * (reach * |cos| + half_width * |sin|), where the reach is half the
 * length less what the body overhangs the wheels. In the picture alone it is the lower part of the
 * box. vehicle_extent() says how far it reaches from its centre.
 *
 * Identity. When a track ends and within RECENT_S another appears where the first would be by now,
 * of like size and class, it is taken for the same road user; on the road by where the whole of it
 * would stand, as it may slip behind something and come out little by little: it inherits
 * everything, so that a tracker that lost it does not make it break a rule twice.
 *
 * Threads: of the judge. Memory: all at init; none per frame.
 */
#pragma once

#include "base/boxes.h"
#include "judge/judge.h"
#include "measure/measures.h"

#define VEHICLE_TRAIL_MAX 64

struct vehicle_step {
	struct media at;
	struct vec2 ground;
	struct vec2 half; /* from the middle of the box's bottom to its right end, on the road */
};

/* One side of a box and how it moves, whatever the others do: what hides it hides one side first.
 */
struct vehicle_edge {
	double px, pxps;
};
enum vehicle_edge_name { EDGE_LEFT, EDGE_TOP, EDGE_RIGHT, EDGE_BOTTOM, EDGE_COUNT };

/* The middle and the bottom of a detection's box. */
struct vehicle_side {
	struct media at;
	double x, y;
};

struct vehicle {
	uint32_t id;
	int truth_id;
	enum road_user road_user;
	struct box box;
	const struct measure *measure; /* of this frame; NULL where not seen in it */
	/*
	 * The bottom of the box is not where it stands on the road: cut by the border of the
	 * picture, or covered by another. Rules about places skip such frames.
	 */
	bool doubtful;
	bool cut; /* by the border */
	bool covered; /* a good part of it, by others */
	struct media first, at;

	struct vec2 ground; /* where the bottom of the box meets the road */
	struct vec2 center; /* of the footprint */
	struct vec2 towards; /* unit vector on the road towards the camera; road space only */
	struct vec2 per_px[2]; /* how `ground` moves with one pixel of x and y */
	double noise_px; /* standard deviation of a side of the box, from the track's own residuals
			  */
	double units_per_m;
	double half_length, half_width; /* of the footprint, in the working space */

	bool has_heading; /* it has moved enough to know */
	struct vec2 heading; /* unit vector */
	bool still; /* it stands, */
	bool standing; /* perhaps only this frame says otherwise, */
	struct media still_since; /* since then */
	/* Height of its box when all of it was seen last, 0: never; by how much it is less now. */
	double whole_px, whole_wide_px, lost_px;
	double whole_m; /* `whole_px` where it stood then, in the working space */
	/*
	 * Of whom the whole was never seen: how high the box of a usual one of its class would be
	 * with its top where it is now; 0: not known.
	 */
	double usual_px;
	/*
	 * Its centre and the time when it was first detected, before it was believed; MEDIA_NONE
	 * where its lower side was not seen then.
	 */
	struct vec2 born;
	struct media born_at;
	struct vec2 sure; /* its centre when it was last not doubtful, */
	struct media sure_at; /* then; MEDIA_NONE: never */

	/* Private to vehicle.c. */
	struct vec2 anchor;
	struct media anchor_since, away_since, still_from;
	struct vec2 velocity_pxps;
	double noise_px2;
	struct vehicle_side sides[2]; /* of the last two boxes */
	struct vehicle_edge edges[EDGE_COUNT];
	int edge_count; /* boxes that they know */
	struct media whole_at;
	enum road_user shape, shape_of; /* whose size it has; for which class that was found */
	int misfit_count;
	struct vehicle_step trail[VEHICLE_TRAIL_MAX];
	int trail_count, trail_next;
	bool ended;
	int next; /* in the chain of its bucket, or of the free slots; -1: last */
	int slot;
};

#define VEHICLES_MAX (TRACKS_MAX + 128)
#define VEHICLE_BUCKETS 1024
#define VEHICLE_RECENT_S 3.0

/* Where a vehicle goes for good; whatever rules wanted to say about it is due. */
typedef void vehicle_gone(void *opaque, struct vehicle *vehicle);

struct vehicles {
	const struct calibration *calibration; /* NULL: in the picture */
	struct vehicle *items; /* VEHICLES_MAX */
	int *used; /* slots in use, in the order of arrival */
	int used_count;
	int bucket[VEHICLE_BUCKETS];
	int free;
	struct boxes boxes; /* in the frame at hand, of all tracks that are believed */
	unsigned char *memory; /* VEHICLES_MAX blocks of `memory_size` for the rules */
	size_t memory_size;
	vehicle_gone *gone;
	void *opaque;
};

/* `memory_size`: bytes that the rules keep for each vehicle, zeroed when it appears. */
int vehicles_init(struct vehicles *vehicles, const struct calibration *calibration,
	size_t memory_size, vehicle_gone *gone, void *opaque);
void vehicles_finish(struct vehicles *vehicles);
/* One frame: those confirmed and seen in it are up to date after this. */
void vehicles_step(struct vehicles *vehicles, const struct measures *measures);
/* Forgets those whose track ended RECENT_S ago; all of them where `all`. */
void vehicles_expire(struct vehicles *vehicles, struct media now, bool all);
void *vehicles_memory(const struct vehicles *vehicles, const struct vehicle *vehicle);

/* How far the footprint reaches from its centre along the unit vector `along`. */
double vehicle_extent(
	const struct vehicles *vehicles, const struct vehicle *vehicle, struct vec2 along);
/* Standard deviation of the position along the unit vector `along`, working units. */
double vehicle_sigma(const struct vehicle *vehicle, struct vec2 along);
/*
 * Velocity in working units a second, by least squares over the last `window_s`; false where fewer
 * than three positions or less than half of the window are known. `ret_sigma` (may be NULL) is the
 * standard error of one component, from the scatter about the fit.
 */
bool vehicle_velocity(const struct vehicle *vehicle, double window_s, struct vec2 *ret_velocity,
	double *ret_sigma);
/* The tracker's velocity of the box, in working units a second; known in every frame. */
struct vec2 vehicle_box_velocity(const struct vehicle *vehicle);
/*
 * How much further down the picture than it is seen its lower side may be: by what its box has lost
 * in height at least, and where another stands right in front of it, by a share of the box.
 */
double vehicle_hidden_px(const struct vehicle *vehicle);
bool vehicle_is_person(const struct vehicle *vehicle);
