#include "measure/measurer.h"

#include "measure/footprint.h"
#include "measure/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KMH 3.6
#define RING 128 /* power of two, more than PATH_MAX */
#define INDEX 1024
/* The heading is believed when the fit has moved this far beyond its error. */
#define HEADING_MIN_M 1.0
#define HEADING_SIGMAS 4
#define OFFSET_RENEW_RAD 0.05
#define NOISE_RATIO_MAX 6
#define ACCELERATION_SIGMAS 3
#define TURN_SIGMAS 2

static const struct option measure_option_list[] = {
	{"window_s", OPTION_REAL, offsetof(struct measure_params, window_s), .min = 0.3, .max = 10,
		.def = 1.5, .unit = "s", .help = "time that a speed is fitted over"},
	{"min_window_s", OPTION_REAL, offsetof(struct measure_params, min_window_s), .min = 0.1,
		.max = 10, .def = 0.5, .unit = "s", .help = "no speed from less time than this"},
	{"min_count", OPTION_INT, offsetof(struct measure_params, min_count), .min = 4, .max = 90,
		.def = 5, .help = "no speed from fewer points than this"},
	{"stale_s", OPTION_REAL, offsetof(struct measure_params, stale_s), .min = 0, .max = 10,
		.def = 0.4, .unit = "s",
		.help = "how long a speed stands when the road user is not detected"},
	{"box_sigma_px", OPTION_REAL, offsetof(struct measure_params, box_sigma_px), .min = 0.1,
		.max = 50, .def = 1.2, .unit = "px", .help = "noise of a box edge"},
	{"box_sigma_ratio", OPTION_REAL, offsetof(struct measure_params, box_sigma_ratio), .min = 0,
		.max = 1, .def = 0.01, .help = "further noise as a share of the box's height"},
	{"timing_sigma_s", OPTION_REAL, offsetof(struct measure_params, timing_sigma_s), .min = 0,
		.max = 1, .def = 0.0005, .unit = "s", .help = "noise of a frame's time stamp"},
	{"clock_ratio", OPTION_REAL, offsetof(struct measure_params, clock_ratio), .min = 0,
		.max = 0.1, .def = 0.0002, .help = "how wrong the source's clock may run"},
	{"ground_sigma_m", OPTION_REAL, offsetof(struct measure_params, ground_sigma_m), .min = 0,
		.max = 2, .def = 0.03, .unit = "m",
		.help = "how far above the road the boxes may end"},
	{"shape_sigma_ratio", OPTION_REAL, offsetof(struct measure_params, shape_sigma_ratio),
		.min = 0, .max = 1, .def = 0.15,
		.help = "how far sizes differ from what is usual for the class"},
	{"covered_max_ratio", OPTION_REAL, offsetof(struct measure_params, covered_max_ratio),
		.min = 0, .max = 1, .def = 0.15,
		.help = "a box covered more than this by nearer ones has no road point"},
	{"border_px", OPTION_REAL, offsetof(struct measure_params, border_px), .min = 0, .max = 500,
		.def = 3, .unit = "px", .help = "a box closer to the frame's border is cut off"},
	{"turning_max_deg", OPTION_REAL, offsetof(struct measure_params, turning_max_deg), .min = 1,
		.max = 90, .def = 15, .unit = "deg",
		.help = "no speed where the heading changes more than this within the window"},
	{"max_speed_kmh", OPTION_REAL, offsetof(struct measure_params, max_speed_kmh), .min = 10,
		.max = 600, .def = 280, .unit = "km/h", .help = "nothing on a road is faster"},
	{"max_acceleration_mps2", OPTION_REAL,
		offsetof(struct measure_params, max_acceleration_mps2), .min = 1, .max = 100,
		.def = 12, .unit = "m/s^2",
		.help = "nothing on a road brakes or accelerates harder"},
	{"max_sigma_kmh", OPTION_REAL, offsetof(struct measure_params, max_sigma_kmh), .min = 0.1,
		.max = 100, .def = 2.5, .unit = "km/h",
		.help = "a speed with a larger standard error is not told ..."},
	{"max_sigma_ratio", OPTION_REAL, offsetof(struct measure_params, max_sigma_ratio), .min = 0,
		.max = 1, .def = 0.04, .help = "... unless it is below this share of the speed"},
};
const struct option_table measure_options = {"measure", sizeof(struct measure_params),
	OPTION_NOWHERE, measure_option_list, OPTION_COUNT(measure_option_list),
	"how speeds are measured on the road"};

static const struct cuboid usual_size[ROAD_USER_COUNT] = {
	[ROAD_USER_UNKNOWN] = {4.4, 1.8, 1.5},
	[ROAD_USER_PERSON] = {0.5, 0.5, 1.7},
	[ROAD_USER_BICYCLE] = {1.8, 0.6, 1.7},
	[ROAD_USER_MOTORCYCLE] = {2.1, 0.8, 1.5},
	[ROAD_USER_CAR] = {4.4, 1.8, 1.5},
	[ROAD_USER_BUS] = {11.5, 2.5, 3.1},
	[ROAD_USER_TRUCK] = {8.5, 2.5, 3.3},
};

enum sample_kind {
	SAMPLE_GOOD,
	SAMPLE_UNSEEN, /* not detected in this frame */
	SAMPLE_COVERED, /* by a nearer road user */
	SAMPLE_OUTSIDE, /* of the area, or cut off by the frame */
};

struct sample {
	enum sample_kind kind;
	double t_s;
	struct vec2 bottom_m; /* road point of the box's bottom centre */
	struct vec2 offset_m; /* from there to the footprint's middle */
	float var_m2[3];
};

/* What is kept of one track. */
struct history {
	uint32_t head, count; /* samples[head - count .. head), modulo RING */
	struct cuboid size;
	double scale_sum, scale_count; /* of the measured box against the usual size's */
	bool has_heading;
	double heading_rad, offset_heading_rad;
	struct vec2 offset_m;
	double best_prior_sigma_mps;
	double best_speed_mps, best_sigma_mps;
	struct media best_at;
	int best_count;
	struct sample samples[RING];
};

struct measurer {
	struct measure_params params;
	const struct calibration *calibration;
	double spacing_s; /* points closer in time are left out, so that a window fits PATH_MAX */
	uint16_t index[INDEX]; /* open addressing by id: slot + 1; 0: empty */
	struct path path;
	uint32_t ids[TRACKS_MAX]; /* of the track in each slot; 0: free */
	bool seen[TRACKS_MAX]; /* in the frame at hand */
	struct history histories[TRACKS_MAX];
};

int measurer_create(const struct measure_params *params, const struct calibration *calibration,
	struct err *err, struct measurer **ret_measurer)
{
	if (params->min_window_s > params->window_s)
		return err_set(err, -EINVAL,
			"measure: min_window_s %g is longer than window_s %g; shorten it",
			params->min_window_s, params->window_s);
	struct measurer *m = calloc(1, sizeof(*m));
	if (!m)
		return err_set(err, -ENOMEM, "measure: out of memory");
	m->params = *params;
	m->calibration = calibration;
	m->spacing_s = params->window_s / (PATH_MAX - 2);
	*ret_measurer = m;
	return 0;
}

void measurer_destroy(struct measurer **measurer)
{
	free(*measurer);
	*measurer = NULL;
}

static uint32_t index_start(uint32_t id)
{
	return (id * 2654435761u) >> 22;
}

/* The slot of a track, a new one where there is none yet; -1 where all are taken. */
static int slot_of(struct measurer *m, uint32_t id)
{
	uint32_t at = index_start(id);
	for (; m->index[at]; at = (at + 1) % INDEX)
		if (m->ids[m->index[at] - 1] == id)
			return m->index[at] - 1;
	for (int slot = 0; slot < TRACKS_MAX; slot++) {
		if (m->ids[slot])
			continue;
		memset(&m->histories[slot], 0, offsetof(struct history, samples));
		m->histories[slot].best_prior_sigma_mps = HUGE_VAL;
		m->ids[slot] = id;
		m->index[at] = (uint16_t)(slot + 1);
		return slot;
	}
	return -1;
}

/* Frees the slots of tracks that are not in the frame any more; the index is made anew. */
static void forget_unseen(struct measurer *m)
{
	bool any = false;
	for (int slot = 0; slot < TRACKS_MAX; slot++)
		if (m->ids[slot] && !m->seen[slot]) {
			m->ids[slot] = 0;
			any = true;
		}
	memset(m->seen, 0, sizeof(m->seen));
	if (!any)
		return;
	memset(m->index, 0, sizeof(m->index));
	for (int slot = 0; slot < TRACKS_MAX; slot++) {
		if (!m->ids[slot])
			continue;
		uint32_t at = index_start(m->ids[slot]);
		while (m->index[at])
			at = (at + 1) % INDEX;
		m->index[at] = (uint16_t)(slot + 1);
	}
}

/* The i-th oldest. */
static struct sample *sample_at(struct history *h, uint32_t i)
{
	return &h->samples[(h->head - h->count + i) % RING];
}

static struct sample *newest(struct history *h)
{
	return h->count ? &h->samples[(h->head - 1) % RING] : NULL;
}

static void drop_older(struct history *h, double t_s)
{
	while (h->count && sample_at(h, 0)->t_s < t_s)
		h->count--;
}

/* How much larger than usual this road user is, from all its boxes so far. */
static void learn_size(struct history *h, const struct track *track, struct box predicted)
{
	double measured = (double)box_width(track->measured) * box_height(track->measured);
	double usual = (double)box_width(predicted) * box_height(predicted);
	struct cuboid base = usual_size[track->road_user];
	if (!(measured > 0 && usual > 0) || !(base.length_m > 0))
		return;
	double now = h->size.length_m / base.length_m;
	h->scale_sum += fmin(fmax(now * sqrt(measured / usual), 0.3), 3);
	h->scale_count++;
	double scale = (1 + h->scale_sum) / (1 + h->scale_count);
	h->size =
		(struct cuboid){base.length_m * scale, base.width_m * scale, base.height_m * scale};
}

static void renew_offset(
	struct measurer *m, struct history *h, struct sample *s, struct box *ret_box)
{
	struct vec2 middle = vec2_add(s->bottom_m, h->offset_m);
	footprint_offset(
		m->calibration, h->size, middle, h->offset_heading_rad, &h->offset_m, ret_box);
	s->offset_m = h->offset_m;
}

/* The heading has become known, or has changed: all points of the window move with it. */
static void renew_offsets(struct measurer *m, struct history *h)
{
	struct box box;
	h->offset_heading_rad = h->heading_rad;
	h->offset_m = (struct vec2){0, 0};
	for (uint32_t i = 0; i < h->count; i++)
		if (sample_at(h, i)->kind == SAMPLE_GOOD)
			renew_offset(m, h, sample_at(h, i), &box);
}

static enum sample_kind classify(
	const struct measurer *m, const struct tracks *tracks, const struct track *track)
{
	const struct measure_params *p = &m->params;
	bool seen = track->updated && track->state != TRACK_LOST;
	struct box b = seen ? track->measured : track->box;
	if (b.x1 < p->border_px || b.x2 > tracks->width_px - p->border_px ||
		b.y2 > tracks->height_px - p->border_px ||
		!calibration_covers(m->calibration, box_bottom_center(b)))
		return SAMPLE_OUTSIDE;
	if (track->covered_ratio > p->covered_max_ratio)
		return SAMPLE_COVERED;
	return seen ? SAMPLE_GOOD : SAMPLE_UNSEEN;
}

/* Pixel covariance of the bottom centre: half of two side edges, and one lower edge. */
static void pixel_var(const struct measure_params *p, struct box box, double ret_var[3])
{
	double share = p->box_sigma_ratio * box_height(box);
	double edge = p->box_sigma_px * p->box_sigma_px + share * share;
	ret_var[0] = 0.5 * edge;
	ret_var[1] = 0;
	ret_var[2] = edge;
}

static void fill_position(
	struct measurer *m, const struct history *h, const struct track *track, struct measure *out)
{
	double px[3];
	struct box b = track->updated ? track->measured : track->box;
	out->ground_px = box_bottom_center(b);
	pixel_var(&m->params, b, px);
	if (!calibration_to_road(
		    m->calibration, out->ground_px, px, &out->road_m, out->road_var_m2))
		return;
	out->on_road = true;
	out->road_m = vec2_add(out->road_m, h->offset_m);
	calibration_to_image(m->calibration, out->road_m, &out->ground_px);
}

static void add_sample(struct measurer *m, struct history *h, const struct tracks *tracks,
	const struct track *track)
{
	const struct sample *last = newest(h);
	struct sample s = {classify(m, tracks, track), media_seconds(tracks->media)};
	if (track->gap || (last && s.t_s <= last->t_s))
		h->count = 0;
	else if (last && s.kind == last->kind && s.t_s - last->t_s < 0.999 * m->spacing_s)
		return;
	double px[3], var[3];
	pixel_var(&m->params, track->measured, px);
	if (s.kind == SAMPLE_GOOD &&
		!calibration_to_road_noise(
			m->calibration, box_bottom_center(track->measured), px, &s.bottom_m, var))
		s.kind = SAMPLE_OUTSIDE;
	if (s.kind == SAMPLE_GOOD) {
		struct box predicted;
		for (int i = 0; i < 3; i++)
			s.var_m2[i] = (float)var[i];
		if (h->has_heading) {
			predicted = track->measured;
			renew_offset(m, h, &s, &predicted);
			learn_size(h, track, predicted);
		}
	}
	drop_older(h, s.t_s - m->params.window_s);
	h->samples[h->head++ % RING] = s;
	h->count = h->count < RING ? h->count + 1 : RING;
}

/* Good points of the window into m->path; what the others are goes to the counts. */
static void collect(struct measurer *m, struct history *h, int ret_counts[4])
{
	m->path.count = 0;
	for (uint32_t i = 0; i < h->count; i++) {
		const struct sample *s = sample_at(h, i);
		ret_counts[s->kind]++;
		if (s->kind != SAMPLE_GOOD || m->path.count == PATH_MAX)
			continue;
		int k = m->path.count++;
		m->path.t_s[k] = s->t_s;
		m->path.road_m[k] = vec2_add(s->bottom_m, s->offset_m);
		for (int c = 0; c < 3; c++)
			m->path.var_m2[k][c] = (double)s->var_m2[c];
	}
}

/* Everything but box noise: variance of the speed, (m/s)^2. */
static double systematic_var(
	const struct measurer *m, struct history *h, const struct path_fit *fit)
{
	const struct measure_params *p = &m->params;
	double span = fit->to_s - fit->from_s, v = fit->speed_mps;
	struct vec2 along = {cos(fit->heading_rad), sin(fit->heading_rad)};
	double calibration =
		calibration_distance_var(m->calibration, fit->from_m, fit->to_m, along) /
		(span * span);
	double clock = v * p->clock_ratio, stamps = v * p->timing_sigma_s * M_SQRT2 / span;
	double height = m->calibration->has_camera
				? v * p->ground_sigma_m / m->calibration->camera_height_m
				: 0.01 * v;
	const struct sample *first = sample_at(h, 0), *last = newest(h);
	double wander = vec2_dot(vec2_sub(last->offset_m, first->offset_m), along);
	double shape = p->shape_sigma_ratio * wander / span;
	return calibration + clock * clock + stamps * stamps + height * height + shape * shape;
}

static enum speed_status status_before_fit(
	const struct measurer *m, struct history *h, double now_s, const int counts[4])
{
	const struct measure_params *p = &m->params;
	const struct sample *last = newest(h);
	int total = 0, n = m->path.count;
	for (int i = 0; i < 4; i++)
		total += counts[i];
	if (!last || last->kind == SAMPLE_OUTSIDE)
		return SPEED_OUTSIDE_AREA;
	if (last->kind == SAMPLE_COVERED)
		return SPEED_OCCLUDED;
	if (n >= p->min_count && m->path.t_s[n - 1] - m->path.t_s[0] >= p->min_window_s)
		return now_s - m->path.t_s[n - 1] > p->stale_s ? SPEED_OCCLUDED : SPEED_OK;
	if (2 * (counts[SAMPLE_COVERED] + counts[SAMPLE_UNSEEN]) > total)
		return SPEED_OCCLUDED;
	return SPEED_TOO_SHORT;
}

static enum speed_status status_of_fit(
	const struct measure_params *p, const struct path_fit *fit, double sigma)
{
	if (sigma > p->max_sigma_kmh / KMH && sigma > p->max_sigma_ratio * fit->speed_mps)
		return SPEED_TOO_SHORT;
	if (fit->speed_mps > p->max_speed_kmh / KMH || fit->noise_ratio > NOISE_RATIO_MAX ||
		fabs(fit->acceleration_mps2) >
			p->max_acceleration_mps2 +
				ACCELERATION_SIGMAS * fit->acceleration_sigma_mps2)
		return SPEED_IMPLAUSIBLE;
	/* Whoever hardly moves has no heading that could change. */
	double span = fit->to_s - fit->from_s;
	if (fit->speed_mps * span > HEADING_MIN_M &&
		fabs(fit->turn_rad) > p->turning_max_deg * M_PI / 180 &&
		fabs(fit->turn_rad) > TURN_SIGMAS * fit->turn_sigma_rad)
		return SPEED_TURNING;
	return SPEED_OK;
}

static void learn_heading(struct measurer *m, struct history *h, const struct path_fit *fit)
{
	double moved = fit->speed_mps * (fit->to_s - fit->from_s);
	if (moved < HEADING_MIN_M || fit->speed_mps < HEADING_SIGMAS * fit->sigma_mps)
		return;
	bool first = !h->has_heading;
	h->has_heading = true;
	h->heading_rad = fit->heading_rad;
	if (first || fabs(remainder(h->heading_rad - h->offset_heading_rad, 2 * M_PI)) >
			     OFFSET_RENEW_RAD)
		renew_offsets(m, h);
}

static void keep_best(struct history *h, const struct measure *out, double prior_sigma)
{
	if (prior_sigma >= h->best_prior_sigma_mps)
		return;
	h->best_prior_sigma_mps = prior_sigma;
	h->best_speed_mps = out->speed_mps;
	h->best_sigma_mps = out->speed_sigma_mps;
	h->best_at = out->speed_at;
	h->best_count = out->window_count;
}

static void measure_speed(struct measurer *m, struct history *h, double now_s, struct measure *out)
{
	int counts[4] = {0};
	struct path_fit fit;
	collect(m, h, counts);
	out->speed_status = status_before_fit(m, h, now_s, counts);
	if (out->speed_status != SPEED_OK)
		return;
	out->speed_status = SPEED_TOO_SHORT;
	if (!path_fit(&m->path, &fit))
		return;
	double systematic = systematic_var(m, h, &fit);
	double sigma = sqrt(fit.sigma_mps * fit.sigma_mps + systematic);
	out->speed_status = status_of_fit(&m->params, &fit, sigma);
	learn_heading(m, h, &fit);
	if (out->speed_status != SPEED_OK)
		return;
	out->speed_mps = fit.speed_mps;
	out->speed_sigma_mps = sigma;
	out->velocity_mps = fit.velocity_mps;
	out->heading_rad = h->has_heading ? h->heading_rad : fit.heading_rad;
	out->window_from = media_from_seconds(fit.from_s);
	out->window_to = media_from_seconds(fit.to_s);
	out->speed_at = media_from_seconds(fit.at_s);
	out->window_count = fit.used_count;
	keep_best(h, out, sqrt(fit.prior_sigma_mps * fit.prior_sigma_mps + systematic));
}

static void measure_track(struct measurer *m, const struct tracks *tracks,
	const struct track *track, struct measure *out)
{
	*out = (struct measure){.track = *track, .ground_px = box_bottom_center(track->box)};
	int slot = m->calibration ? slot_of(m, track->id) : -1;
	if (slot < 0) {
		out->speed_status = SPEED_UNCALIBRATED;
		return;
	}
	struct history *h = &m->histories[slot];
	m->seen[slot] = true;
	if (!(h->size.length_m > 0) || !h->scale_count)
		h->size = usual_size[track->road_user];
	add_sample(m, h, tracks, track);
	measure_speed(m, h, media_seconds(tracks->media), out);
	fill_position(m, h, track, out);
	out->best_speed_mps = h->best_speed_mps;
	out->best_sigma_mps = h->best_sigma_mps;
	out->best_at = h->best_at;
	out->best_count = h->best_count;
}

int measurer_step(struct measurer *measurer, const struct tracks *tracks, struct measures *out)
{
	if (tracks->reset) {
		memset(measurer->index, 0, sizeof(measurer->index));
		memset(measurer->ids, 0, sizeof(measurer->ids));
	}
	out->media = tracks->media;
	out->sequence = tracks->sequence;
	out->flags = tracks->flags;
	out->width_px = tracks->width_px;
	out->height_px = tracks->height_px;
	out->calibrated = measurer->calibration != NULL;
	out->count = tracks->count;
	for (int i = 0; i < tracks->count; i++)
		measure_track(measurer, tracks, &tracks->items[i], &out->items[i]);
	forget_unseen(measurer);
	out->ended_count = tracks->ended_count;
	memcpy(out->ended, tracks->ended, sizeof(out->ended[0]) * (size_t)tracks->ended_count);
	out->reset = tracks->reset;
	return 0;
}
