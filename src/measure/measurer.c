#include "measure/measurer.h"

#include "base/boxes.h"
#include "base/units.h"
#include "measure/best.h"
#include "measure/footprint.h"
#include "measure/history.h"
#include "measure/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX 1024
/* A window has about this many bins, none shorter than BIN_MIN_S. */
#define BINS_PER_WINDOW 24
#define BIN_MIN_S 0.1
/* The heading is believed when the fit has moved this far, beyond its error. */
#define HEADING_MIN_M 1.0
#define HEADING_SIGMAS 4
#define HEADING_RENEW_COSINE 0.9995
#define TURN_RENEW_RAD 0.05
#define KNOTS 4
#define OTHERS 3
/* What changes slowly is worked out anew with every so many fits. */
#define SLOW_FITS 4
/* Fits whose box sizes are kept, and how many at each end are averaged. */
#define SCALES 16
#define SCALES_AVERAGED 4
#define NOISE_RATIO_MAX 6
#define ACCELERATION_SIGMAS 3
#define TURN_SIGMAS 2
/* Relative errors of speeds below this are not compared: something that stands is not precise. */
#define BEST_SPEED_MIN_MPS 2.0

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
		.max = 2, .def = 0.12, .unit = "m",
		.help = "how far above the road the boxes may end, all of them"},
	{"clearance_sigma_m", OPTION_REAL, offsetof(struct measure_params, clearance_sigma_m),
		.min = 0, .max = 2, .def = 0.05, .unit = "m",
		.help = "how far bumpers differ from the usual height"},
	{"shape_sigma_ratio", OPTION_REAL, offsetof(struct measure_params, shape_sigma_ratio),
		.min = 0, .max = 1, .def = 0.1,
		.help = "how far sizes differ from what is usual for the class"},
	{"covered_max_ratio", OPTION_REAL, offsetof(struct measure_params, covered_max_ratio),
		.min = 0, .max = 1, .def = 0.15,
		.help = "a box covered more than this by nearer ones has no road point"},
	{"border_px", OPTION_REAL, offsetof(struct measure_params, border_px), .min = 0, .max = 500,
		.def = 6, .unit = "px", .help = "a box closer to the frame's border is cut off"},
	{"turning_max_deg", OPTION_REAL, offsetof(struct measure_params, turning_max_deg), .min = 1,
		.max = 90, .def = 15, .unit = "deg",
		.help = "no speed where the heading changes more than this in window_s"},
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

/* What is kept of one track. */
struct vehicle {
	enum sample_kind newest_kind;
	struct box newest_box; /* the last good one */
	struct box newest_seen; /* what the body would show there */
	int fit_count;
	double drift_var_m2; /* see drift_var() */
	struct body body;
	float scales[SCALES]; /* of the last fits, modulo SCALES; how boxes grow against the body */
	int scale_total;
	double scale_sum, scale_count; /* of the measured boxes against the usual size's */
	bool has_heading;
	struct vec2 heading; /* at heading_s, and how fast it changes */
	double heading_s, turn_radps;
	struct vec2 offset_m; /* from the box's bottom centre to the footprint's middle, newest */
	double place_var_m2[3]; /* the calibration's share in the newest position */
	bool has_fit;
	struct path_fit fit;
	/* Of the fit, as it is told in every frame until the next one. */
	double heading_rad;
	struct media window_from, window_to, speed_at;
	double sigma_mps;
	enum speed_status fit_status;
	struct best best;
	struct history history;
};

struct measurer {
	struct measure_params params;
	const struct calibration *calibration;
	double bin_s;
	uint16_t index[INDEX]; /* open addressing by id: slot + 1; 0: empty */
	uint32_t ids[TRACKS_MAX]; /* of the track in each slot; 0: free */
	int slot_count; /* all from there on are free */
	bool seen[TRACKS_MAX]; /* in the frame at hand */
	double looked_s; /* media time of the latest frame that was looked at */
	struct boxes boxes; /* of all tracks in the frame at hand */
	struct path path;
	struct vehicle vehicles[TRACKS_MAX];
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
	m->bin_s = fmax(params->window_s / BINS_PER_WINDOW, BIN_MIN_S);
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
		memset(&m->vehicles[slot], 0, sizeof(m->vehicles[slot]));
		best_init(&m->vehicles[slot].best, m->params.window_s,
			m->params.turning_max_deg * M_PI / 180);
		m->ids[slot] = id;
		m->slot_count = slot < m->slot_count ? m->slot_count : slot + 1;
		m->index[at] = (uint16_t)(slot + 1);
		return slot;
	}
	return -1;
}

/* Frees the slots of tracks that are not in the frame any more; the index is made anew. */
static void forget_unseen(struct measurer *m)
{
	bool any = false;
	for (int slot = 0; slot < m->slot_count; slot++) {
		any |= m->ids[slot] && !m->seen[slot];
		m->ids[slot] = m->seen[slot] ? m->ids[slot] : 0;
		m->seen[slot] = false;
	}
	if (!any)
		return;
	while (m->slot_count && !m->ids[m->slot_count - 1])
		m->slot_count--;
	memset(m->index, 0, sizeof(m->index));
	for (int slot = 0; slot < m->slot_count; slot++) {
		if (!m->ids[slot])
			continue;
		uint32_t at = index_start(m->ids[slot]);
		while (m->index[at])
			at = (at + 1) % INDEX;
		m->index[at] = (uint16_t)(slot + 1);
	}
}

/*
 * A nearer box that stands in front of the lower edge hides it, however little of the rest. Without
 * a branch, so that four are compared at a time.
 */
static bool lower_edge_hidden(const struct boxes *boxes, int own, struct box b)
{
	float margin = fmaxf(3, 0.04f * box_height(b)), share = 0.1f * box_width(b);
	int hiding = 0;
	for (int i = 0; i < boxes->count; i++) {
		struct box o = boxes_at(boxes, i);
		float left = o.x1 > b.x1 ? o.x1 : b.x1, right = o.x2 < b.x2 ? o.x2 : b.x2;
		bool in_front = (o.y2 > b.y2) & (o.y1 <= b.y2 + margin) & (i != own);
		hiding += in_front & (right - left > share);
	}
	return hiding > 0;
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
	if (track->covered_ratio > p->covered_max_ratio ||
		lower_edge_hidden(&m->boxes, (int)(track - tracks->items), b))
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

/* Where the box `b` stands, into the result. */
static void place(const struct measurer *m, struct box b, struct measure *out)
{
	double px[3];
	pixel_var(&m->params, b, px);
	out->ground_px = box_bottom_center(b);
	out->on_road = calibration_to_road_noise(
		m->calibration, out->ground_px, px, &out->road_m, out->road_var_m2);
}

/* The newest box into the window and the result; true where a bin was closed. */
static bool take_box(struct measurer *m, struct vehicle *v, const struct tracks *tracks,
	const struct track *track, struct measure *out)
{
	struct sample s = {classify(m, tracks, track), media_seconds(tracks->media)};
	struct box b = track->updated ? track->measured : track->box;
	place(m, b, out);
	if (!out->on_road)
		s.kind = SAMPLE_OUTSIDE;
	s.road_m = out->road_m;
	memcpy(s.var_m2, out->road_var_m2, sizeof(s.var_m2));
	if (track->gap) {
		history_clear(&v->history);
		best_cut(&v->best);
		v->has_fit = false;
		v->scale_total = 0;
	}
	v->newest_kind = s.kind;
	if (s.kind == SAMPLE_GOOD)
		v->newest_box = b;
	return history_add(&v->history, &s, m->bin_s, m->params.window_s);
}

/* Good bins of the window into m->path. */
static void collect(struct measurer *m, const struct vehicle *v)
{
	m->path.count = 0;
	for (uint32_t i = 0; i < v->history.count; i++) {
		const struct history_bin *bin = history_at(&v->history, i);
		if (!bin->count[SAMPLE_GOOD])
			continue;
		int k = m->path.count++;
		m->path.t_s[k] = bin->t_s;
		m->path.road_m[k] = bin->road_m;
		memcpy(m->path.var_m2[k], bin->var_m2, sizeof(bin->var_m2));
	}
}

/* Where on its way a body was seen, which way it headed, and from where its box led there. */
struct stand {
	struct vec2 middle_m, heading, offset_m;
};

static struct vec2 heading_at(const struct vehicle *v, double t_s)
{
	double by = v->turn_radps * (t_s - v->heading_s), c = cos(by), s = sin(by);
	struct vec2 h = v->heading;
	return (struct vec2){h.x * c - h.y * s, h.x * s + h.y * c};
}

/* How much more, along the heading, the offset would be for another body at the same place. */
static double difference_along(
	const struct measurer *m, const struct body *other, const struct stand *stand)
{
	struct vec2 changed = stand->offset_m;
	footprint_offset(m->calibration, other, stand->middle_m, stand->heading, &changed, NULL);
	return vec2_dot(stand->heading, vec2_sub(changed, stand->offset_m));
}

/*
 * How unsure, along the heading and from one end of the window to the other, the offsets are: a
 * larger body, shorter overhangs, a higher bumper would each make them differ by so much.
 */
static double drift_var(const struct measurer *m, const struct vehicle *v, const struct stand *from,
	const struct stand *to)
{
	double change = 1 + m->params.shape_sigma_ratio, var = 0;
	struct body others[OTHERS] = {body_scaled(&v->body, change), v->body, v->body};
	others[1].tyres_m *= change;
	others[2].clearance_m += m->params.clearance_sigma_m;
	for (int i = 0; i < OTHERS; i++) {
		double drift =
			difference_along(m, &others[i], to) - difference_along(m, &others[i], from);
		var += drift * drift;
	}
	return var;
}

/* From bottom centres to footprint middles: the offset is worked out at a few knots along the
 * window and interpolated. */
static void move_to_middles(struct measurer *m, struct vehicle *v)
{
	struct path *path = &m->path;
	struct vec2 offset = v->offset_m;
	struct stand knots[KNOTS];
	int n = path->count, at[KNOTS];
	for (int k = 0; k < KNOTS; k++) {
		at[k] = k * (n - 1) / (KNOTS - 1);
		knots[k].heading = heading_at(v, path->t_s[at[k]]);
		/* The first guess is from a window ago: once more from what it gives. */
		for (int pass = k > 0; pass < 2; pass++) {
			knots[k].middle_m = vec2_add(path->road_m[at[k]], offset);
			footprint_offset(m->calibration, &v->body, knots[k].middle_m,
				knots[k].heading, &offset, &v->newest_seen);
		}
		knots[k].offset_m = offset;
	}
	v->offset_m = offset;
	if (v->fit_count % SLOW_FITS == 0)
		v->drift_var_m2 = drift_var(m, v, &knots[0], &knots[KNOTS - 1]);
	for (int i = 0, k = 0; i < n; i++) {
		while (k < KNOTS - 2 && i > at[k + 1])
			k++;
		double from = path->t_s[at[k]], to = path->t_s[at[k + 1]];
		double share = to > from ? (path->t_s[i] - from) / (to - from) : 0;
		struct vec2 o = knots[k].offset_m, next = knots[k + 1].offset_m;
		o = vec2_add(o, vec2_scale(vec2_sub(next, o), share));
		path->road_m[i] = vec2_add(path->road_m[i], o);
	}
}

/* How much larger than usual this road user is, from its boxes so far. */
static void learn_size(struct vehicle *v, enum road_user road_user)
{
	double seen = (double)box_width(v->newest_seen) * box_height(v->newest_seen);
	if (v->newest_kind != SAMPLE_GOOD || !(seen > 0))
		return;
	struct body usual = body_usual(road_user);
	double measured = (double)box_width(v->newest_box) * box_height(v->newest_box);
	double scale = v->body.length_m / usual.length_m * sqrt(measured / seen);
	scale = smaller(larger(scale, 0.4), 2.5);
	v->scales[v->scale_total++ % SCALES] = (float)scale;
	v->scale_sum += scale;
	v->scale_count++;
	v->body = body_scaled(&usual, (1 + v->scale_sum) / (1 + v->scale_count));
}

/*
 * Boxes of a rigid body keep their size against its own; where they grow or shrink over the window,
 * one edge moves otherwise than the other, and half of that is charged to the lower one: metres on
 * the road between the window's ends.
 */
static double growth_m(const struct measurer *m, const struct vehicle *v)
{
	int n = v->scale_total < SCALES ? v->scale_total : SCALES, k = SCALES_AVERAGED;
	double oldest = 0, newest = 0;
	if (n < 2 * k || !m->calibration->has_camera)
		return 0;
	for (int i = 0; i < k; i++) {
		oldest += (double)v->scales[(v->scale_total - n + i) % SCALES];
		newest += (double)v->scales[(v->scale_total - 1 - i) % SCALES];
	}
	double distance = vec2_length(vec2_sub(v->fit.to_m, m->calibration->camera_m));
	return 0.5 * (newest / oldest - 1) * v->body.height_m * distance /
	       m->calibration->camera_height_m;
}

/* Everything but box noise: variance of the speed, (m/s)^2. */
static double systematic_var(const struct measurer *m, const struct vehicle *v)
{
	const struct path_fit *fit = &v->fit;
	const struct measure_params *p = &m->params;
	double span = fit->to_s - fit->from_s, speed = fit->speed_mps;
	struct vec2 along = {cos(fit->heading_rad), sin(fit->heading_rad)};
	double view = calibration_distance_var(m->calibration, fit->from_m, fit->to_m, along) /
		      (span * span);
	double clock = speed * p->clock_ratio;
	double stamps = speed * p->timing_sigma_s * M_SQRT2 / span;
	double height = m->calibration->has_camera
				? speed * p->ground_sigma_m / m->calibration->camera_height_m
				: 0.01 * speed;
	double growth = growth_m(m, v), drift = v->drift_var_m2 + growth * growth;
	return view + clock * clock + stamps * stamps + height * height + drift / (span * span);
}

static enum speed_status status_of_fit(
	const struct measure_params *p, const struct path_fit *fit, double sigma)
{
	if (sigma > p->max_sigma_kmh / KMH_PER_MPS && sigma > p->max_sigma_ratio * fit->speed_mps)
		return SPEED_TOO_SHORT;
	if (fit->speed_mps > p->max_speed_kmh / KMH_PER_MPS || fit->noise_ratio > NOISE_RATIO_MAX ||
		fabs(fit->acceleration_mps2) >
			p->max_acceleration_mps2 +
				ACCELERATION_SIGMAS * fit->acceleration_sigma_mps2)
		return SPEED_IMPLAUSIBLE;
	/* Whoever hardly moves has no heading that could change. */
	double span = fit->to_s - fit->from_s;
	double turn_max = p->turning_max_deg * M_PI / 180 * span / p->window_s;
	if (fit->speed_mps * span > HEADING_MIN_M && fit->turn_total_rad > turn_max &&
		fit->turn_total_rad > TURN_SIGMAS * fit->turn_sigma_rad)
		return SPEED_TURNING;
	return SPEED_OK;
}

static bool moved_enough(const struct path_fit *fit)
{
	return fit->speed_mps * (fit->to_s - fit->from_s) >= HEADING_MIN_M &&
	       fit->speed_mps >= HEADING_SIGMAS * fit->sigma_mps;
}

/* The turn, less what may be noise of it. */
static double believed_turn(const struct path_fit *fit)
{
	double noise = TURN_SIGMAS * fit->turn_sigma_rad, square = fit->turn_rad * fit->turn_rad;
	return square > 0 ? fit->turn_rad * square / (square + noise * noise) : 0;
}

/* True where the heading became known or changed so much that middles must be moved again. */
static bool learn_heading(struct vehicle *v, const struct path_fit *fit)
{
	if (!moved_enough(fit))
		return false;
	struct vec2 heading = vec2_scale(fit->velocity_mps, 1 / fit->speed_mps);
	bool renew = !v->has_heading;
	if (v->has_heading)
		renew = vec2_dot(heading, heading_at(v, fit->at_s)) < HEADING_RENEW_COSINE;
	double turn = believed_turn(fit), span = fit->to_s - fit->from_s;
	renew |= fabs(turn - v->turn_radps * span) > TURN_RENEW_RAD;
	v->has_heading = true;
	v->heading = heading;
	v->heading_s = fit->at_s;
	v->turn_radps = turn / span;
	return renew;
}

static void keep_best(const struct measurer *m, struct vehicle *v, double systematic)
{
	const struct path_fit *fit = &v->fit;
	double prior = sqrt(fit->prior_sigma_mps * fit->prior_sigma_mps + systematic);
	struct best_fit candidate = {
		.at_s = fit->at_s,
		.from = v->window_from,
		.to = v->window_to,
		.at = v->speed_at,
		.error_ratio = prior / larger(fit->speed_mps, BEST_SPEED_MIN_MPS),
		.speed_mps = fit->speed_mps,
		.sigma_mps = v->sigma_mps,
		.count = fit->used_count,
		.ok = v->fit_status == SPEED_OK,
		.has_heading = moved_enough(fit),
		.heading_sigma_rad = fit->heading_sigma_rad,
	};
	double span = fit->to_s - fit->from_s, windows = m->params.window_s / span;
	if (fit->speed_mps * span > HEADING_MIN_M) {
		candidate.turn_rad = fit->turn_total_rad * windows;
		candidate.turn_sigma_rad = fit->turn_sigma_rad * windows;
	}
	if (candidate.has_heading)
		candidate.heading = vec2_scale(fit->velocity_mps, 1 / fit->speed_mps);
	best_add(&v->best, &candidate);
}

/* What of the fit is told in every frame. */
static void keep_told(struct vehicle *v)
{
	const struct path_fit *fit = &v->fit;
	struct vec2 heading = v->has_heading ? v->heading : fit->velocity_mps;
	v->heading_rad = atan2(heading.y, heading.x);
	v->window_from = media_from_seconds(fit->from_s);
	v->window_to = media_from_seconds(fit->to_s);
	v->speed_at = media_from_seconds(fit->at_s);
}

static bool mostly_hidden(const struct history *history)
{
	int hidden = 0, total = 0;
	for (uint32_t i = 0; i <= history->count; i++) {
		const struct history_bin *bin =
			i < history->count ? history_at(history, i) : &history->open;
		hidden += bin->count[SAMPLE_COVERED] + bin->count[SAMPLE_UNSEEN];
		for (int k = 0; k < SAMPLE_KIND_COUNT; k++)
			total += bin->count[k];
	}
	return 2 * hidden > total;
}

/* A box may end in the area although the middle of the vehicle is not where anything is calibrated.
 */
static bool middle_in_area(const struct measurer *m, const struct path_fit *fit)
{
	struct vec2 px, middle = vec2_scale(vec2_add(fit->from_m, fit->to_m), 0.5);
	return calibration_to_image(m->calibration, middle, &px) &&
	       calibration_covers(m->calibration, px);
}

static void refit(struct measurer *m, struct vehicle *v, enum road_user road_user)
{
	const struct path *path = &m->path;
	v->has_fit = false;
	for (int pass = 0; pass < 3; pass++) {
		collect(m, v);
		if (path->count < m->params.min_count ||
			path->t_s[path->count - 1] - path->t_s[0] < m->params.min_window_s)
			return;
		if (v->has_heading)
			move_to_middles(m, v);
		if (!path_fit(path, &v->fit))
			return;
		if (!learn_heading(v, &v->fit))
			break;
	}
	if (v->has_heading)
		learn_size(v, road_user);
	double systematic = systematic_var(m, v);
	struct vec2 ignored, px = box_bottom_center(v->newest_box);
	if (v->fit_count++ % SLOW_FITS == 0)
		calibration_to_road(m->calibration, px, NULL, &ignored, v->place_var_m2);
	v->has_fit = true;
	v->sigma_mps = sqrt(v->fit.sigma_mps * v->fit.sigma_mps + systematic);
	v->fit_status = status_of_fit(&m->params, &v->fit, v->sigma_mps);
	if (mostly_hidden(&v->history))
		v->fit_status = SPEED_OCCLUDED;
	if (!middle_in_area(m, &v->fit))
		v->fit_status = SPEED_OUTSIDE_AREA;
	keep_told(v);
	keep_best(m, v, systematic);
}

static enum speed_status status_of(const struct measurer *m, const struct vehicle *v, double now_s)
{
	if (v->newest_kind == SAMPLE_OUTSIDE)
		return SPEED_OUTSIDE_AREA;
	if (v->newest_kind == SAMPLE_COVERED)
		return SPEED_OCCLUDED;
	if (v->has_fit)
		return now_s - v->fit.to_s > m->params.stale_s + m->bin_s ? SPEED_OCCLUDED
									  : v->fit_status;
	return mostly_hidden(&v->history) ? SPEED_OCCLUDED : SPEED_TOO_SHORT;
}

static void tell(const struct measurer *m, const struct vehicle *v, struct measure *out)
{
	for (int i = 0; i < 3; i++)
		out->road_var_m2[i] += v->place_var_m2[i];
	if (out->on_road && v->has_heading) {
		out->road_m = vec2_add(out->road_m, v->offset_m);
		calibration_to_image(m->calibration, out->road_m, &out->ground_px);
	}
	if (v->best.has_told) {
		const struct best_fit *best = &v->best.told;
		out->best_speed_mps = best->speed_mps;
		out->best_sigma_mps = best->sigma_mps;
		out->best_from = best->from;
		out->best_to = best->to;
		out->best_at = best->at;
		out->best_count = best->count;
	}
	if (out->speed_status != SPEED_OK)
		return;
	const struct path_fit *fit = &v->fit;
	out->speed_mps = fit->speed_mps;
	out->speed_sigma_mps = v->sigma_mps;
	out->velocity_mps = fit->velocity_mps;
	out->heading_rad = v->heading_rad;
	out->window_from = v->window_from;
	out->window_to = v->window_to;
	out->speed_at = v->speed_at;
	out->window_count = fit->used_count;
}

static void measure_track(struct measurer *m, const struct tracks *tracks,
	const struct track *track, struct measure *out)
{
	out->track = *track;
	out->ground_px = box_bottom_center(track->box);
	int slot = m->calibration ? slot_of(m, track->id) : -1;
	if (slot < 0) {
		out->speed_status = SPEED_UNCALIBRATED;
		return;
	}
	struct vehicle *v = &m->vehicles[slot];
	m->seen[slot] = true;
	if (!v->scale_count)
		v->body = body_usual(track->road_user);
	if (tracks->coasted)
		place(m, track->box, out);
	else if (take_box(m, v, tracks, track, out))
		refit(m, v, track->road_user);
	out->speed_status = status_of(m, v, m->looked_s);
	tell(m, v, out);
}

int measurer_step(struct measurer *measurer, const struct tracks *tracks, struct measures *out)
{
	if (tracks->reset) {
		memset(measurer->index, 0, sizeof(measurer->index));
		memset(measurer->ids, 0, sizeof(measurer->ids));
		measurer->slot_count = 0;
	}
	if (!tracks->coasted)
		measurer->looked_s = media_seconds(tracks->media);
	out->media = tracks->media;
	out->sequence = tracks->sequence;
	out->flags = tracks->flags;
	out->width_px = tracks->width_px;
	out->height_px = tracks->height_px;
	out->calibrated = measurer->calibration != NULL;
	out->count = tracks->count;
	memset(out->items, 0, sizeof(out->items[0]) * (size_t)tracks->count);
	measurer->boxes.count = 0;
	for (int i = 0; i < tracks->count; i++)
		boxes_add(&measurer->boxes, tracks->items[i].box);
	for (int i = 0; i < tracks->count; i++)
		measure_track(measurer, tracks, &tracks->items[i], &out->items[i]);
	forget_unseen(measurer);
	out->ended_count = tracks->ended_count;
	memcpy(out->ended, tracks->ended, sizeof(out->ended[0]) * (size_t)tracks->ended_count);
	out->reset = tracks->reset;
	out->coasted = tracks->coasted;
	return 0;
}
