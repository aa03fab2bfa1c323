#include "judge/vehicle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRAIL_STEP_US 33000
#define COVERED_MAX 0.25f
#define TOUCHED_MAX 0.02f
#define BORDER_PX 1.5f
#define HIDDEN_PX 3 /* that near below the box, something else hides its bottom */
#define WHOLE_RATIO 0.8 /* less than that of the box that was whole, a part is hidden, */
#define WHOLE_MAX_S 3.0 /* if that was not long ago */
#define BORN_RATIO 1.25 /* a box that grew more since was not whole */
#define LOST_RATIO 1.3 /* of what a box has lost in height may be hidden below */
#define HIDDEN_RATIO 0.3 /* of a box, from the bottom, may be behind another */
#define TOUCHED_RATIO 0.1 /* where it is as high as ever */
#define HEADING_M 1.2 /* moved that far, the direction is known */
#define HEADING_MAX_S 2.0 /* and in no more time than that */
#define STILL_M 0.4 /* moved no more than that */
#define STILL_S 1.2 /* for that long: it stands */
#define STILL_MPS 0.35 /* slower than that counts as standing, where noise asks for more room */
#define SETTLED_COUNT 12 /* positions, of which the mean is where it stands */
#define AWAY_S 0.25 /* a shorter excursion is an outlier */
#define DEPTH_RATIO 0.35 /* of the height of a box, in the picture alone, is footprint */
#define NOISE_PX 1.0
#define NOISE_MAX_S 0.2 /* boxes further apart say nothing about noise */
#define SHAPE_RATIO 1.38 /* further off the width seen, a class is not what is there */
#define SHAPE_MISFITS 5 /* frames */
/* Out of sight a vehicle keeps its lane, and may brake or accelerate by so much. */
#define HEIR_WINDOW_S 2.0 /* of the velocity it is thought to have kept, */
#define HEIR_LATEST_S 0.6 /* or, in a turn, of its latest */
#define HEIR_MIN_MPS 2.0
#define HEIR_ASIDE_M 1.5
#define HEIR_ALONG_M 2.0
#define HEIR_MPS2 1.5
#define HEIR_PART_S 1.5 /* a part of it is looked for that long, */
#define HEIR_STEPS 2
#define HEIR_OUTSIDE_RATIO 0.2 /* and so much of it may be outside of the whole */
/* A side that is seen of both may be off by this share of the larger box, and more each second. */
#define HEIR_EDGE_RATIO 0.15
#define HEIR_EDGE_PS 0.15
#define EDGE_MEMORY 6 /* boxes over which the motion of a side is averaged */
#define USUAL_MARGIN 1.15 /* one that is not usual is at most so much higher */

/*
 * Usual sizes in metres, for footprints and for the scale of an uncalibrated picture. `overhang`:
 * of body beyond the wheels; `clearance`: of its lower edge above the road.
 */
static const struct {
	double length, width, height, overhang, clearance;
} sizes[ROAD_USER_COUNT] = {
	[ROAD_USER_UNKNOWN] = {4.4, 1.8, 1.5, 0.9, 0.25},
	[ROAD_USER_PERSON] = {0.4, 0.5, 1.7, 0, 0},
	[ROAD_USER_BICYCLE] = {1.8, 0.6, 1.7, 0, 0},
	[ROAD_USER_MOTORCYCLE] = {2.1, 0.8, 1.5, 0, 0},
	[ROAD_USER_CAR] = {4.4, 1.8, 1.5, 0.9, 0.25},
	[ROAD_USER_BUS] = {12.0, 2.55, 3.1, 2.7, 0.35},
	[ROAD_USER_TRUCK] = {8.0, 2.5, 3.2, 1.4, 0.5},
};

int vehicles_init(struct vehicles *vehicles, const struct calibration *calibration,
	size_t memory_size, vehicle_gone *gone, void *opaque)
{
	struct vehicles v = {.calibration = calibration,
		.memory_size = memory_size ? memory_size : 1,
		.gone = gone,
		.opaque = opaque};
	v.items = calloc(VEHICLES_MAX, sizeof(v.items[0]));
	v.used = calloc(VEHICLES_MAX, sizeof(v.used[0]));
	v.memory = calloc(VEHICLES_MAX, v.memory_size);
	*vehicles = v;
	if (!v.items || !v.used || !v.memory)
		return -ENOMEM;
	for (int i = 0; i < VEHICLE_BUCKETS; i++)
		vehicles->bucket[i] = -1;
	for (int i = 0; i < VEHICLES_MAX; i++) {
		v.items[i].slot = i;
		v.items[i].next = i + 1 < VEHICLES_MAX ? i + 1 : -1;
	}
	return 0;
}

void vehicles_finish(struct vehicles *vehicles)
{
	free(vehicles->items);
	free(vehicles->used);
	free(vehicles->memory);
	*vehicles = (struct vehicles){0};
}

void *vehicles_memory(const struct vehicles *vehicles, const struct vehicle *vehicle)
{
	return vehicles->memory + (size_t)vehicle->slot * vehicles->memory_size;
}

static int *bucket_of(struct vehicles *vs, uint32_t id)
{
	return &vs->bucket[id % VEHICLE_BUCKETS];
}

static struct vehicle *find(struct vehicles *vs, uint32_t id)
{
	for (int i = *bucket_of(vs, id); i >= 0; i = vs->items[i].next)
		if (vs->items[i].id == id)
			return &vs->items[i];
	return NULL;
}

static void chain(struct vehicles *vs, struct vehicle *v)
{
	int *bucket = bucket_of(vs, v->id);
	v->next = *bucket;
	*bucket = v->slot;
}

static void unchain(struct vehicles *vs, struct vehicle *v)
{
	int *at = bucket_of(vs, v->id);
	while (*at != v->slot)
		at = &vs->items[*at].next;
	*at = v->next;
}

static void release(struct vehicles *vs, int used)
{
	struct vehicle *v = &vs->items[vs->used[used]];
	vs->gone(vs->opaque, v);
	unchain(vs, v);
	v->next = vs->free;
	vs->free = v->slot;
	vs->used_count--;
	memmove(&vs->used[used], &vs->used[used + 1],
		(size_t)(vs->used_count - used) * sizeof(vs->used[0]));
}

void vehicles_expire(struct vehicles *vehicles, struct media now, bool all)
{
	for (int i = vehicles->used_count - 1; i >= 0; i--) {
		const struct vehicle *v = &vehicles->items[vehicles->used[i]];
		if (all || (v->ended && media_diff_s(now, v->at) > VEHICLE_RECENT_S))
			release(vehicles, i);
	}
}

static struct vehicle *acquire(struct vehicles *vs, uint32_t id)
{
	/* Ended ones make room first; more tracks than TRACKS_MAX do not live at once. */
	for (int i = 0; vs->free < 0 && i < vs->used_count; i++)
		if (vs->items[vs->used[i]].ended)
			release(vs, i);
	if (vs->free < 0)
		return NULL;
	struct vehicle *v = &vs->items[vs->free];
	int slot = v->slot;
	vs->free = v->next;
	*v = (struct vehicle){.slot = slot,
		.id = id,
		.first = MEDIA_NONE,
		.still_since = MEDIA_NONE,
		.sure_at = MEDIA_NONE,
		.whole_at = MEDIA_NONE,
		.sides = {{MEDIA_NONE, 0, 0}, {MEDIA_NONE, 0, 0}}};
	memset(vehicles_memory(vs, v), 0, vs->memory_size);
	vs->used[vs->used_count++] = slot;
	chain(vs, v);
	return v;
}

/* The i-th newest. */
static const struct vehicle_step *step_back(const struct vehicle *v, int i)
{
	return &v->trail[(v->trail_next + 2 * VEHICLE_TRAIL_MAX - 1 - i) % VEHICLE_TRAIL_MAX];
}

/* The middle of the box's bottom, or of its two ends the one that is behind where it is going
 * `ahead`. */
static struct vec2 end_behind(const struct vehicle_step *s, struct vec2 ahead)
{
	double along = vec2_dot(s->half, ahead);
	return vec2_sub(s->ground, vec2_scale(s->half, along > 0 ? 1 : along < 0 ? -1 : 0));
}

static bool velocity_of(const struct vehicle *vehicle, struct vec2 ahead, double window_s,
	struct vec2 *ret_velocity, double *ret_sigma)
{
	double n = 0, t1 = 0, t2 = 0, oldest = 0;
	struct vec2 p1 = {0, 0}, tp = {0, 0};
	for (int i = 0; i < vehicle->trail_count; i++) {
		const struct vehicle_step *s = step_back(vehicle, i);
		double t = media_diff_s(s->at, vehicle->at);
		if (-t > window_s)
			break;
		struct vec2 p = vec2_sub(end_behind(s, ahead), vehicle->ground);
		n++, t1 += t, t2 += t * t, oldest = -t;
		p1 = vec2_add(p1, p);
		tp = vec2_add(tp, vec2_scale(p, t));
	}
	double spread = t2 - t1 * t1 / n;
	if (n < 3 || oldest < 0.5 * window_s || !(spread > 0))
		return false;
	struct vec2 velocity = vec2_scale(vec2_sub(tp, vec2_scale(p1, t1 / n)), 1 / spread);
	if (ret_sigma) {
		double square = 0;
		for (int i = 0; i < (int)n; i++) {
			const struct vehicle_step *s = step_back(vehicle, i);
			double t = media_diff_s(s->at, vehicle->at) - t1 / n;
			struct vec2 p = vec2_sub(vec2_sub(end_behind(s, ahead), vehicle->ground),
				vec2_scale(p1, 1 / n));
			struct vec2 off = vec2_sub(p, vec2_scale(velocity, t));
			square += 0.5 * vec2_dot(off, off);
		}
		*ret_sigma = sqrt(square / (n - 2) / spread);
	}
	*ret_velocity = velocity;
	return true;
}

/* How wide the class would look from the side that the camera sees, metres. */
static double width_shown(const struct vehicle *v, enum road_user shape)
{
	return fabs(vec2_dot(v->heading, v->towards)) * sizes[shape].width +
	       fabs(vec2_cross(v->heading, v->towards)) * sizes[shape].length;
}

/* How much of a vehicle that goes along `unit` is missing where `half` is half of what is seen of
 * it, along its way. */
static double hidden_length(const struct vehicle *v, struct vec2 unit, struct vec2 half)
{
	double width = vec2_length(half), shown = width_shown(v, v->road_user);
	return width > 0 ? larger(shown - 2 * width, 0) * fabs(vec2_dot(half, unit)) / width : 0;
}

static bool is_cut(const struct box *b, const struct measures *all)
{
	return all->height_px > 0 &&
	       (b->y2 >= (float)all->height_px - BORDER_PX || b->x1 <= BORDER_PX ||
		       b->x2 >= (float)all->width_px - BORDER_PX);
}

static bool like(enum road_user a, enum road_user b)
{
	bool vehicle_a = a != ROAD_USER_PERSON && a != ROAD_USER_BICYCLE;
	bool vehicle_b = b != ROAD_USER_PERSON && b != ROAD_USER_BICYCLE;
	return a == b || (vehicle_a && vehicle_b);
}

/* How far the new track is from where `v` would be by now, in sizes of its box; above 1: no heir.
 */
static double heir_distance(const struct vehicle *v, const struct track *t)
{
	double dt = media_diff_s(t->first, v->at);
	float area = box_area(t->box), before = box_area(v->box);
	if (v->measure || dt < -0.5 || dt > VEHICLE_RECENT_S || !like(v->road_user, t->road_user))
		return INFINITY;
	if (!(area > 0.5f * before && area < 2 * before))
		return INFINITY;
	/* One that goes the other way is somebody else. */
	double speed = vec2_length(v->velocity_pxps), size = sqrt((double)area);
	struct vec2 now = {t->vx_pxps, t->vy_pxps};
	if (speed > 0.5 * size && vec2_dot(now, v->velocity_pxps) < 0.3 * speed * speed)
		return INFINITY;
	double seconds = fmin(media_diff_s(t->last_update, v->at), 1.5);
	struct vec2 there = vec2_add(box_center(v->box), vec2_scale(v->velocity_pxps, seconds));
	return vec2_length(vec2_sub(box_center(t->box), there)) / (0.6 * size);
}

/*
 * Where one of the two was seen only in part, and is not on its way out of the picture or into it:
 * the part lies within the other, where that may be by now if it goes on or stands. What reaches
 * further down than `v` can be hidden is more than `v`: two that are seen as one. How much of it
 * does not, in how much may not.
 */
static double heir_outside(
	const struct vehicle *v, const struct track *t, const struct measures *all)
{
	double dt = media_diff_s(t->last_update, v->at);
	if (v->measure || dt < 0 || dt > HEIR_PART_S || !like(v->road_user, t->road_user) ||
		v->cut || is_cut(&t->box, all))
		return INFINITY;
	double hidden_px = vehicle_hidden_px(v) + HEIR_OUTSIDE_RATIO * (double)box_height(v->box);
	float part = 0;
	for (int i = 0; i <= HEIR_STEPS; i++) {
		struct vec2 moved = vec2_scale(v->velocity_pxps, i * dt / HEIR_STEPS);
		struct box there = box_moved(v->box, moved);
		part = fmaxf(part, box_cover(t->box, there));
		if ((double)(t->box.y2 - there.y2) < hidden_px)
			part = fmaxf(part, box_cover(there, t->box));
	}
	return (1 - (double)part) / HEIR_OUTSIDE_RATIO;
}

/*
 * Velocity of the end that was last to be seen: where something hides a vehicle little by little,
 * the middle of what is left of it goes slower than the vehicle.
 */
static bool rear_velocity(const struct vehicle *v, double window_s, struct vec2 *ret_velocity)
{
	struct vec2 ahead = v->has_heading ? v->heading : (struct vec2){0, 0};
	return velocity_of(v, ahead, window_s, ret_velocity, NULL);
}

/* Where the whole of what `box` shows of `v` would stand, for a box that may show a part of it. */
static bool whole_ground(const struct vehicles *vs, const struct vehicle *v, struct box box,
	struct vec2 unit, bool rear_shown, struct vec2 *ret_ground)
{
	const struct calibration *c = vs->calibration;
	struct vec2 foot = box_bottom_center(box), ground, right;
	if (!calibration_to_road(c, foot, NULL, &ground, NULL) ||
		!calibration_to_road(c, (struct vec2){box.x2, box.y2}, NULL, &right, NULL))
		return false;
	struct vec2 half = vec2_sub(right, ground);
	double scale = vec2_length(half) / (0.5 * (double)box_width(box));
	double hidden_px = larger(v->whole_m / scale - (double)box_height(box), 0);
	foot.y += hidden_px;
	if (!calibration_to_road(c, foot, NULL, &ground, NULL))
		return false;
	double missing = 0.5 * hidden_length(v, unit, half);
	*ret_ground = vec2_add(ground, vec2_scale(unit, rear_shown ? missing : -missing));
	return true;
}

/* How far `off` from where it should be after `dt` seconds on the way of `unit`, in how far that
 * may be. */
static double heir_off(struct vec2 off, struct vec2 unit, double dt)
{
	double along = HEIR_ALONG_M + 0.5 * HEIR_MPS2 * dt * dt, aside = HEIR_ASIDE_M + 0.5 * dt;
	return fmax(fabs(vec2_dot(off, unit)) / along, fabs(vec2_cross(off, unit)) / aside);
}

/*
 * The same on the road, where one that was hidden for seconds is found although its box has become
 * much larger or smaller: how far the new track is from where `v` would be by now, in how far that
 * may be. A new track's own velocity says nothing: it is that of a box that comes into sight. Its
 * front comes first, as the rear of `v` went last.
 */
static double heir_distance_on_road(
	const struct vehicles *vs, const struct vehicle *v, const struct track *t, double window_s)
{
	double hidden_s = media_diff_s(t->first, v->at), dt = media_diff_s(t->last_update, v->at);
	struct vec2 velocity, then, now, seen;
	if (!vs->calibration || v->measure || v->cut || hidden_s < 0 ||
		hidden_s > VEHICLE_RECENT_S || !like(v->road_user, t->road_user) ||
		!rear_velocity(v, window_s, &velocity) || vec2_length(velocity) < HEIR_MIN_MPS)
		return INFINITY;
	struct vec2 unit = vec2_scale(velocity, 1 / vec2_length(velocity));
	if (!whole_ground(vs, v, v->box, unit, true, &then) ||
		!whole_ground(vs, v, t->box, unit, false, &now) ||
		!calibration_to_road(vs->calibration, box_bottom_center(t->box), NULL, &seen, NULL))
		return INFINITY;
	/* What is missing may be missing on either side: what is seen counts as well. */
	struct vec2 moved = vec2_scale(velocity, dt);
	return fmin(heir_off(vec2_sub(now, vec2_add(then, moved)), unit, dt),
		heir_off(vec2_sub(seen, vec2_add(v->ground, moved)), unit, dt));
}

static bool is_hidden_below(const struct boxes *others, struct box box);

/*
 * Where something hides one of the two in part, the sides that are free are where they were going:
 * the top, and the left or the right one. What reaches further down than `v` can be hidden is more
 * than `v`. How far they are off, in how far they may be.
 */
static double heir_edges(const struct vehicles *vs, const struct vehicle *v, const struct track *t,
	const struct measures *all)
{
	double dt = media_diff_s(t->last_update, v->at);
	bool hidden = v->doubtful || t->covered_ratio > COVERED_MAX ||
		      is_hidden_below(&vs->boxes, t->box);
	if (v->measure || dt < 0 || dt > HEIR_PART_S || !hidden ||
		!like(v->road_user, t->road_user) || v->cut || is_cut(&t->box, all))
		return INFINITY;
	double now[EDGE_COUNT] = {t->box.x1, t->box.y1, t->box.x2, t->box.y2}, off[EDGE_COUNT];
	for (int i = 0; i < EDGE_COUNT; i++)
		off[i] = now[i] - (v->edges[i].px + v->edges[i].pxps * dt);
	double size = sqrt(fmax((double)box_area(v->box), (double)box_area(t->box)));
	double allowed = (HEIR_EDGE_RATIO + HEIR_EDGE_PS * dt) * size;
	if (off[EDGE_BOTTOM] > vehicle_hidden_px(v) + allowed)
		return INFINITY;
	/* Its front comes into sight first and its rear went last: as wide as it was. */
	double whole = v->whole_wide_px, shown = now[EDGE_RIGHT] - now[EDGE_LEFT];
	double beside = fmin(fabs(off[EDGE_LEFT]), fabs(off[EDGE_RIGHT]));
	if (whole > 0) {
		double left = fabs(off[EDGE_RIGHT] - shown + whole);
		double right = fabs(off[EDGE_LEFT] + shown - whole);
		beside = fmin(beside, fmin(left, right));
	}
	return fmax(fabs(off[EDGE_TOP]), beside) / allowed;
}

/* The vehicle that the new track is by all appearances, or NULL. */
static struct vehicle *inherit(
	struct vehicles *vs, const struct track *t, const struct measures *all)
{
	struct vehicle *heir = NULL;
	double nearest = 1;
	for (int i = 0; i < vs->used_count; i++) {
		struct vehicle *v = &vs->items[vs->used[i]];
		double distance = fmin(fmin(heir_distance(v, t), heir_outside(v, t, all)),
			fmin(heir_distance_on_road(vs, v, t, HEIR_WINDOW_S),
				heir_distance_on_road(vs, v, t, HEIR_LATEST_S)));
		distance = fmin(distance, heir_edges(vs, v, t, all));
		if (distance < nearest) {
			nearest = distance;
			heir = v;
		}
	}
	if (!heir)
		return NULL;
	unchain(vs, heir);
	heir->id = t->id;
	heir->ended = false;
	heir->edge_count = 0;
	chain(vs, heir);
	return heir;
}

static void push_trail(struct vehicle *v)
{
	int last = (v->trail_next + VEHICLE_TRAIL_MAX - 1) % VEHICLE_TRAIL_MAX;
	if (v->trail_count > 0 && v->at.us - v->trail[last].at.us < TRAIL_STEP_US)
		return;
	struct vec2 half = vec2_scale(v->per_px[0], 0.5 * (double)box_width(v->box));
	v->trail[v->trail_next] = (struct vehicle_step){v->at, v->ground, half};
	v->trail_next = (v->trail_next + 1) % VEHICLE_TRAIL_MAX;
	v->trail_count += v->trail_count < VEHICLE_TRAIL_MAX;
}

double vehicle_sigma(const struct vehicle *vehicle, struct vec2 along)
{
	/* x is the mean of two sides. */
	double x = M_SQRT1_2 * vec2_dot(vehicle->per_px[0], along);
	double y = vec2_dot(vehicle->per_px[1], along);
	return vehicle->noise_px * sqrt(x * x + y * y);
}

static double worst_sigma(const struct vehicle *v)
{
	return v->noise_px *
	       sqrt(vec2_dot(v->per_px[0], v->per_px[0]) + vec2_dot(v->per_px[1], v->per_px[1]));
}

/*
 * The noise of the detections themselves, however the tracker smooths them: of three boxes in a row
 * at even intervals the middle one less the mean of its neighbours has one and a half times the
 * variance of one, and no motion in it. A running mean over about twenty frames.
 */
static void update_noise(struct vehicle *v, const struct track *t, struct media now)
{
	struct vehicle_side new = {
		now, 0.5 * ((double)t->measured.x1 + t->measured.x2), t->measured.y2};
	const struct vehicle_side *a = &v->sides[0], *b = &v->sides[1];
	double before = media_diff_s(b->at, a->at), after = media_diff_s(now, b->at);
	if (v->noise_px2 == 0) {
		v->noise_px2 = NOISE_PX * NOISE_PX;
	} else if (a->at.us != MEDIA_NONE.us && after < NOISE_MAX_S &&
		   fabs(after - before) < 0.3 * after) {
		double x = b->x - 0.5 * (a->x + new.x), y = b->y - 0.5 * (a->y + new.y);
		/* x is the mean of two sides. */
		double square = (2 * x * x + y * y) / 2 / 1.5;
		v->noise_px2 += 0.05 * (smaller(square, 100) - v->noise_px2);
	}
	v->sides[0] = v->sides[1];
	v->sides[1] = new;
	v->noise_px = larger(sqrt(v->noise_px2), 0.5);
}

/* The mean of the last boxes, going on: a filter whose gains are those of a line fitted to them. */
static void update_edges(struct vehicle *v, struct box box, double dt)
{
	double now[EDGE_COUNT] = {box.x1, box.y1, box.x2, box.y2};
	v->edge_count += v->edge_count < EDGE_MEMORY;
	double n = v->edge_count;
	double gain = 2 * (2 * n - 1) / (n * (n + 1)), speed_gain = n > 1 ? 6 / (n * (n + 1)) : 0;
	for (int i = 0; i < EDGE_COUNT; i++) {
		struct vehicle_edge *e = &v->edges[i];
		double off = now[i] - (e->px + e->pxps * dt);
		e->px = now[i] - (1 - gain) * off;
		e->pxps += dt > 0 ? speed_gain * off / dt : 0;
	}
}

/* Where a pixel is on the road, and how that moves with one pixel of x and y. False beyond it. */
static bool road_at(const struct calibration *calibration, struct vec2 px, struct vec2 *ret_ground,
	struct vec2 ret_per_px[2])
{
	struct vec2 x, y;
	if (!calibration_to_road(calibration, px, NULL, ret_ground, NULL) ||
		!calibration_to_road(calibration, (struct vec2){px.x + 1, px.y}, NULL, &x, NULL) ||
		!calibration_to_road(calibration, (struct vec2){px.x, px.y + 1}, NULL, &y, NULL))
		return false;
	ret_per_px[0] = vec2_sub(x, *ret_ground);
	ret_per_px[1] = vec2_sub(y, *ret_ground);
	return true;
}

/* Ground point and its derivatives. False where it is not on the road. */
static bool locate(const struct vehicles *vs, struct vehicle *v)
{
	struct vec2 p = box_bottom_center(v->box);
	if (!vs->calibration) {
		v->ground = p;
		v->per_px[0] = (struct vec2){1, 0};
		v->per_px[1] = (struct vec2){0, 1};
		return true;
	}
	if (!road_at(vs->calibration, p, &v->ground, v->per_px))
		return false;
	double step = vec2_length(v->per_px[1]);
	v->towards = step > 0 ? vec2_scale(v->per_px[1], 1 / step) : (struct vec2){0, 0};
	return true;
}

/*
 * The class is a vote over the life of the track, and a track that changed from one vehicle to
 * another carries the wrong one on. A bus that shows the width of a car has the size of a car.
 */
static void choose_shape(struct vehicle *v)
{
	static const enum road_user shapes[] = {
		ROAD_USER_MOTORCYCLE, ROAD_USER_CAR, ROAD_USER_TRUCK, ROAD_USER_BUS};
	double seen = (double)box_width(v->box) * vec2_length(v->per_px[0]), best = INFINITY;
	if (v->shape_of != v->road_user) {
		v->shape_of = v->shape = v->road_user;
		v->misfit_count = 0;
	}
	if (!v->has_heading || v->doubtful || v->road_user == ROAD_USER_PERSON)
		return;
	double shown = width_shown(v, v->shape);
	if (seen <= SHAPE_RATIO * shown && shown <= SHAPE_RATIO * seen) {
		v->misfit_count = 0;
		return;
	}
	if (++v->misfit_count < SHAPE_MISFITS)
		return;
	v->misfit_count = 0;
	for (int i = 0; i < 4; i++) {
		double off = fabs(log(seen / width_shown(v, shapes[i])));
		if (off < best) {
			best = off;
			v->shape = shapes[i];
		}
	}
}

static void size_up(const struct vehicles *vs, struct vehicle *v)
{
	if (vs->calibration) {
		choose_shape(v);
		v->units_per_m = 1;
		v->half_length = 0.5 * sizes[v->shape].length;
		v->half_width = 0.5 * sizes[v->shape].width;
		return;
	}
	/* Between its side and its back, a vehicle shows about this many square metres. */
	double length = sizes[v->road_user].length, width = sizes[v->road_user].width;
	double area_m2 = sizes[v->road_user].height * 0.5 * (length + width);
	v->units_per_m = larger(sqrt((double)box_area(v->box) / area_m2), 0.1);
	v->half_width = 0.5 * (double)box_width(v->box);
	v->half_length = 0.5 * DEPTH_RATIO * (double)box_height(v->box);
	if (v->road_user == ROAD_USER_PERSON)
		v->half_length = 0;
}

static void update_heading(struct vehicle *v)
{
	for (int i = 1; i < v->trail_count; i++) {
		const struct vehicle_step *then = step_back(v, i);
		struct vec2 moved = vec2_sub(v->ground, then->ground);
		double distance = vec2_length(moved);
		if (media_diff_s(v->at, then->at) > HEADING_MAX_S)
			return;
		if (!(distance >= HEADING_M * v->units_per_m))
			continue;
		struct vec2 unit = vec2_scale(moved, 1 / distance);
		if (distance < 4 * vehicle_sigma(v, unit))
			continue;
		v->heading = unit;
		v->has_heading = true;
		return;
	}
}

static double extent(bool road, const struct vehicle *v, struct vec2 along)
{
	if (!road)
		return fabs(along.x) * v->half_width + fabs(along.y) * v->half_length;
	struct vec2 heading = v->has_heading ? v->heading : along;
	return fabs(vec2_dot(heading, along)) * v->half_length +
	       fabs(vec2_cross(heading, along)) * v->half_width;
}

double vehicle_extent(
	const struct vehicles *vehicles, const struct vehicle *vehicle, struct vec2 along)
{
	return extent(vehicles->calibration != NULL, vehicle, along);
}

/*
 * How far in front of the near end of a vehicle the lowest thing that is seen of it meets the road:
 * the wheels, or, where the camera looks down steeply enough, the edge of the body, which is not on
 * the road but above it and so is taken for something further away.
 */
static double inset(const struct vehicles *vs, const struct vehicle *v)
{
	const struct calibration *c = vs->calibration;
	double overhang = sizes[v->shape].overhang, clearance = sizes[v->shape].clearance;
	if (!c->has_camera || c->camera_height_m <= 2 * clearance)
		return overhang;
	double distance = vec2_length(vec2_sub(v->ground, c->camera_m));
	return smaller(overhang, distance * clearance / (c->camera_height_m - clearance));
}

static void find_center(const struct vehicles *vs, struct vehicle *v)
{
	if (!vs->calibration) {
		v->center = (struct vec2){v->ground.x, v->ground.y - v->half_length};
		return;
	}
	/* Before it has moved, the way it is turned is not known: halfway between the two ways. */
	double length = v->half_length - inset(vs, v), reach = 0.5 * (length + v->half_width);
	if (v->has_heading)
		reach = fabs(vec2_dot(v->heading, v->towards)) * length +
			fabs(vec2_cross(v->heading, v->towards)) * v->half_width;
	v->center = vec2_sub(v->ground, vec2_scale(v->towards, reach));
}

/*
 * When it came to its place: the circle it keeps within is wide, and it was on its way when it
 * entered it. Back from now, as long as it was near where it is; single outliers are passed over.
 */
static struct media settled_since(const struct vehicle *v, double near)
{
	struct vec2 place = {0, 0};
	struct media since = v->at;
	int count = v->trail_count < SETTLED_COUNT ? v->trail_count : SETTLED_COUNT;
	for (int i = 0; i < count; i++)
		place = vec2_add(place, vec2_scale(step_back(v, i)->ground, 1.0 / count));
	for (int i = 0, off = 0; i < v->trail_count && off < 3; i++) {
		const struct vehicle_step *then = step_back(v, i);
		if (then->at.us < v->anchor_since.us)
			break;
		if (vec2_length(vec2_sub(then->ground, place)) > near) {
			off++;
			continue;
		}
		off = 0;
		since = then->at;
	}
	return since;
}

/*
 * It stands where it has kept within a small circle for long enough. Where noise makes the circle
 * larger, it takes longer, so that a slow one far away is not taken for one that stands.
 */
static void update_still(struct vehicle *v)
{
	double room = larger(STILL_M * v->units_per_m, 3 * worst_sigma(v));
	double needed_s = larger(STILL_S, room / v->units_per_m / STILL_MPS);
	if (v->anchor_since.us == MEDIA_NONE.us) {
		v->anchor = v->ground;
		v->anchor_since = v->at;
	}
	if (vec2_length(vec2_sub(v->ground, v->anchor)) <= room) {
		v->away_since = MEDIA_NONE;
	} else if (v->away_since.us == MEDIA_NONE.us) {
		v->away_since = v->at;
	}
	if (v->away_since.us != MEDIA_NONE.us && media_diff_s(v->at, v->away_since) >= AWAY_S) {
		v->anchor = v->ground;
		v->anchor_since = v->away_since;
		v->away_since = MEDIA_NONE;
	}
	v->standing = media_diff_s(v->at, v->anchor_since) >= needed_s;
	v->still = v->standing && v->away_since.us == MEDIA_NONE.us;
	if (v->still && v->still_from.us != v->anchor_since.us) {
		v->still_from = v->anchor_since;
		v->still_since = settled_since(v, 0.4 * room);
	}
}

/* Somebody nearer to the camera stands where the bottom of the box is. */
static bool is_hidden_below(const struct boxes *others, struct box box)
{
	struct vec2 foot = box_bottom_center(box);
	foot.y += HIDDEN_PX;
	return boxes_any_over(others, foot, box.y2 + 2 * HIDDEN_PX);
}

/*
 * A box loses height little by little where its vehicle drives away, and at once where something
 * comes in front of it that need not be known.
 */
static void update_whole(struct vehicle *v)
{
	double height = (double)box_height(v->box);
	bool jumped = height < WHOLE_RATIO * v->whole_px &&
		      media_diff_s(v->at, v->whole_at) < WHOLE_MAX_S;
	if (!v->doubtful && !jumped) {
		v->whole_px = height;
		v->whole_m = height * vec2_length(v->per_px[0]);
		v->whole_at = v->at;
	}
	if (!v->doubtful && !jumped && v->measure->track.covered_ratio < TOUCHED_MAX)
		v->whole_wide_px = (double)box_width(v->box);
	v->lost_px = larger(v->whole_px - height, 0);
}

/* How high a box a usual one of its class has where `foot` is the middle of its lower side. */
static double usual_height(const struct vehicles *vs, const struct vehicle *v, struct vec2 foot)
{
	struct vec2 ground, per_px[2];
	if (!road_at(vs->calibration, foot, &ground, per_px))
		return 0;
	double across = vec2_length(per_px[0]), down = vec2_length(per_px[1]);
	/* The road is seen foreshortened by the sine of the angle at which the camera looks down.
	 */
	double sine = smaller(across / down, 1), depth = 2 * v->half_length;
	if (v->has_heading)
		depth = 2 * (fabs(vec2_dot(v->heading, v->towards)) * v->half_length +
				    fabs(vec2_cross(v->heading, v->towards)) * v->half_width);
	return (sizes[v->shape].height * sqrt(1 - sine * sine) + depth * sine) / across;
}

/* Its top is seen: its foot is where a usual one would end there. */
static void guess_usual(const struct vehicles *vs, struct vehicle *v)
{
	struct vec2 foot = box_bottom_center(v->box);
	v->usual_px = 0;
	if (!vs->calibration || !v->doubtful || v->whole_px > 0)
		return;
	for (int i = 0; i < 2; i++) {
		v->usual_px = usual_height(vs, v, foot);
		foot.y = fmax((double)v->box.y1 + v->usual_px, (double)v->box.y2);
	}
}

/*
 * What is believed now was there before: whoever comes fast may cross a line meanwhile. Where its
 * box was cut or another size then, it was not all of it.
 */
static void find_birth(const struct vehicles *vs, struct vehicle *v, const struct track *t,
	const struct measures *all)
{
	struct vec2 foot = box_bottom_center(t->first_box), ground = foot;
	double grown = (double)box_height(v->box) / (double)box_height(t->first_box);
	v->born_at = MEDIA_NONE;
	if (is_hidden_below(&vs->boxes, v->box) || is_cut(&t->first_box, all) ||
		grown > BORN_RATIO || grown < 1 / BORN_RATIO)
		return;
	if (vs->calibration && !calibration_to_road(vs->calibration, foot, NULL, &ground, NULL))
		return;
	v->born = vec2_add(v->center, vec2_sub(ground, v->ground));
	v->born_at = t->first;
}

/*
 * Where a person stands whose feet are hidden: as far below the head as when all of it was seen.
 */
static bool stands_behind(
	const struct vehicles *vs, const struct vehicle *v, struct vec2 *ret_place)
{
	struct vec2 foot = {box_center(v->box).x, (double)v->box.y1 + v->whole_px};
	if (!vehicle_is_person(v) || v->cut || v->whole_px == 0 ||
		media_diff_s(v->at, v->whole_at) > WHOLE_MAX_S)
		return false;
	if (!vs->calibration) {
		*ret_place = foot;
		return true;
	}
	return calibration_to_road(vs->calibration, foot, NULL, ret_place, NULL);
}

static void update(
	struct vehicles *vs, struct vehicle *v, const struct measure *m, const struct measures *all)
{
	v->box = m->track.box;
	v->road_user = m->track.road_user;
	v->truth_id = m->track.truth_id;
	update_noise(v, &m->track, all->media);
	if (!locate(vs, v))
		return;
	bool is_new = v->first.us == MEDIA_NONE.us;
	update_edges(v, m->track.measured, is_new ? 0 : media_diff_s(all->media, v->at));
	v->at = all->media;
	if (is_new) {
		v->first = v->at;
		v->anchor_since = v->away_since = v->still_from = MEDIA_NONE;
	}
	v->measure = m;
	v->velocity_pxps = (struct vec2){m->track.vx_pxps, m->track.vy_pxps};
	v->cut = is_cut(&v->box, all);
	v->covered = m->track.covered_ratio > COVERED_MAX;
	v->doubtful = v->cut || v->covered || is_hidden_below(&vs->boxes, v->box);
	update_whole(v);
	size_up(vs, v);
	guess_usual(vs, v);
	if (!v->doubtful) {
		push_trail(v);
		update_heading(v);
	}
	find_center(vs, v);
	if (is_new)
		find_birth(vs, v, &m->track, all);
	if (!v->doubtful) {
		v->sure = v->center;
		v->sure_at = v->at;
	} else if (stands_behind(vs, v, &v->sure)) {
		v->sure_at = v->at;
	}
	update_still(v);
}

static void mark_ended(struct vehicles *vs, const struct measures *measures)
{
	for (int i = 0; i < measures->ended_count; i++) {
		struct vehicle *v = find(vs, measures->ended[i]);
		if (v)
			v->ended = true;
	}
}

/* Of all that may stand before another. */
static void collect_boxes(struct boxes *boxes, const struct measures *measures)
{
	boxes->count = 0;
	for (int i = 0; i < measures->count; i++)
		if (measures->items[i].track.state != TRACK_TENTATIVE)
			boxes_add(boxes, measures->items[i].track.box);
}

void vehicles_step(struct vehicles *vehicles, const struct measures *measures)
{
	for (int i = 0; i < vehicles->used_count; i++)
		vehicles->items[vehicles->used[i]].measure = NULL;
	mark_ended(vehicles, measures);
	collect_boxes(&vehicles->boxes, measures);
	/* Known ones first, so that nobody inherits from one that is still there. */
	for (int i = 0; i < measures->count; i++) {
		const struct measure *m = &measures->items[i];
		struct vehicle *v = find(vehicles, m->track.id);
		if (v && m->track.state == TRACK_CONFIRMED && m->track.updated)
			update(vehicles, v, m, measures);
	}
	for (int i = 0; i < measures->count; i++) {
		const struct measure *m = &measures->items[i];
		if (m->track.state != TRACK_CONFIRMED || !m->track.updated ||
			find(vehicles, m->track.id))
			continue;
		struct vehicle *v = inherit(vehicles, &m->track, measures);
		if (!v)
			v = acquire(vehicles, m->track.id);
		if (v)
			update(vehicles, v, m, measures);
	}
}

bool vehicle_velocity(const struct vehicle *vehicle, double window_s, struct vec2 *ret_velocity,
	double *ret_sigma)
{
	return velocity_of(vehicle, (struct vec2){0, 0}, window_s, ret_velocity, ret_sigma);
}

struct vec2 vehicle_box_velocity(const struct vehicle *vehicle)
{
	return vec2_add(vec2_scale(vehicle->per_px[0], vehicle->velocity_pxps.x),
		vec2_scale(vehicle->per_px[1], vehicle->velocity_pxps.y));
}

double vehicle_hidden_px(const struct vehicle *vehicle)
{
	const struct vehicle *v = vehicle;
	double lost = LOST_RATIO * v->lost_px, height = (double)box_height(v->box);
	if (!v->doubtful)
		return lost;
	if (v->usual_px > 0)
		return larger(USUAL_MARGIN * v->usual_px - height, TOUCHED_RATIO * height);
	bool whole = v->whole_px > 0 && media_diff_s(v->at, v->whole_at) < WHOLE_MAX_S &&
		     height * vec2_length(v->per_px[0]) >= v->whole_m;
	return larger(lost, (whole ? TOUCHED_RATIO : HIDDEN_RATIO) * height);
}

bool vehicle_is_person(const struct vehicle *vehicle)
{
	return vehicle->road_user == ROAD_USER_PERSON;
}
