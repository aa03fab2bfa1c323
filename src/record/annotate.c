#include "record/annotate.h"

#include "base/units.h"
#include "record/overlay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_COUNT 8
/* How long the sentence of a verdict stays. */
#define BANNER_S 5.0
#define OFFENDERS_MAX 256
#define TAKEN_MAX 512
/* Where a label is tried. */
#define PLACES_MAX 15

/* A vehicle that broke a rule. */
struct offender {
	uint32_t track_id;
	char rule[48];
};

struct annotator {
	const struct shape *shapes;
	int shape_count;
	struct frame_pool *pool;
	int width_px, height_px;

	struct offender offenders[OFFENDERS_MAX]; /* a ring: the oldest is forgotten first */
	int offender_next;
	int64_t violation_count;
	char banner[400];
	struct media banner_at;

	/* Of the picture in progress. */
	struct overlay o;
	struct box taken[TAKEN_MAX]; /* where no label may go: other labels, bar, signals */
	int taken_count;
};

int annotator_create(const struct shape *shapes, int shape_count, struct err *err,
	struct annotator **ret_annotator)
{
	struct annotator *a = calloc(1, sizeof(*a));
	if (!a)
		return err_set(err, -ENOMEM, "annotated video: out of memory");
	a->shapes = shapes;
	a->shape_count = shape_count;
	a->banner_at = MEDIA_NONE;
	*ret_annotator = a;
	return 0;
}

void annotator_destroy(struct annotator **annotator)
{
	struct annotator *a = *annotator;
	*annotator = NULL;
	if (!a)
		return;
	frame_pool_destroy(&a->pool);
	free(a);
}

static int get_frame(
	struct annotator *a, const struct frame *like, struct err *err, struct frame **ret_frame)
{
	if (!a->pool || a->width_px != like->width_px || a->height_px != like->height_px) {
		frame_pool_destroy(&a->pool);
		int r = frame_pool_create(like->width_px, like->height_px, POOL_COUNT, &a->pool);
		if (r < 0)
			return err_set(err, r, "annotated video: out of memory");
		a->width_px = like->width_px;
		a->height_px = like->height_px;
	}
	struct frame *frame = frame_pool_get(a->pool);
	if (!frame)
		return err_set(
			err, -ENOBUFS, "annotated video: %d pictures are still in use", POOL_COUNT);
	*ret_frame = frame;
	return 0;
}

static void remember(struct annotator *a, const struct violations *violations)
{
	for (int i = 0; i < violations->count; i++) {
		const struct violation *v = &violations->items[i];
		struct offender *o = &a->offenders[a->offender_next++ % OFFENDERS_MAX];
		o->track_id = v->track_id;
		snprintf(o->rule, sizeof(o->rule), "%s",
			v->rule_name[0] ? v->rule_name : violation_kind_name(v->kind));
		snprintf(a->banner, sizeof(a->banner), "%s #%u: %s", o->rule, (unsigned)v->track_id,
			v->explanation);
		a->banner_at = violations->media;
		a->violation_count++;
	}
}

/* The rule that the track broke last, or NULL. */
static const char *broken_rule(const struct annotator *a, uint32_t track_id)
{
	int count = a->offender_next < OFFENDERS_MAX ? a->offender_next : OFFENDERS_MAX;
	for (int i = 1; i <= count; i++) {
		const struct offender *o = &a->offenders[(a->offender_next - i) % OFFENDERS_MAX];
		if (o->track_id == track_id)
			return o->rule;
	}
	return NULL;
}

static enum ink lamp_ink(enum lamp lamp)
{
	switch (lamp) {
	case LAMP_RED:
		return INK_RED;
	case LAMP_RED_YELLOW:
		return INK_ORANGE;
	case LAMP_YELLOW:
		return INK_YELLOW;
	case LAMP_GREEN:
		return INK_GREEN;
	default:
		return INK_GREY;
	}
}

static enum ink class_ink(enum road_user road_user)
{
	static const enum ink inks[ROAD_USER_COUNT] = {
		[ROAD_USER_UNKNOWN] = INK_WHITE,
		[ROAD_USER_PERSON] = INK_BLUE,
		[ROAD_USER_BICYCLE] = INK_YELLOW,
		[ROAD_USER_MOTORCYCLE] = INK_YELLOW,
		[ROAD_USER_CAR] = INK_CYAN,
		[ROAD_USER_BUS] = INK_PURPLE,
		[ROAD_USER_TRUCK] = INK_ORANGE,
	};
	return road_user < ROAD_USER_COUNT ? inks[road_user] : INK_WHITE;
}

static bool is_free(const struct annotator *a, struct box box)
{
	for (int i = 0; i < a->taken_count; i++)
		if (box_overlap_area(a->taken[i], box) > 0)
			return false;
	return true;
}

static void take(struct annotator *a, struct box box)
{
	if (a->taken_count < TAKEN_MAX)
		a->taken[a->taken_count++] = box;
}

/* Moved into the picture where it would stick out. */
static struct box label_box(const struct annotator *a, double x, double y, const char *text)
{
	double width = overlay_label_width(&a->o, text), height = overlay_label_height(&a->o);
	x = fmin(fmax(x, 0), fmax(a->width_px - width, 0));
	y = fmin(fmax(y, 0), fmax(a->height_px - height, 0));
	return (struct box){(float)x, (float)y, (float)(x + width), (float)(y + height)};
}

/* At the first of the places (top left corners) that is free. False: there is none. */
static bool find_place(const struct annotator *a, const struct vec2 *places, int count,
	const char *text, struct box *ret_box)
{
	for (int i = 0; i < count; i++) {
		struct box box = label_box(a, places[i].x, places[i].y, text);
		if (!is_free(a, box))
			continue;
		*ret_box = box;
		return true;
	}
	return false;
}

static void put_label(struct annotator *a, struct box at, struct label label)
{
	take(a, at);
	overlay_label(&a->o, (int)(at.x1 + 0.5f), (int)(at.y1 + 0.5f), label);
}

/* Its four corners are in the picture, and of a zone its middle in the zone. */
static bool suits(const struct annotator *a, const struct shape *s, struct vec2 at, double width,
	double height)
{
	struct vec2 middle = {at.x + width / 2, at.y + height / 2};
	if (at.x < 0 || at.y < 0 || at.x + width > a->width_px || at.y + height > a->height_px)
		return false;
	return s->kind != SHAPE_ZONE || polygon_contains(s->points, s->count, middle);
}

/* In one of the quarters around one of its points; else it has no name in the picture. */
static void name_shape(struct annotator *a, const struct shape *s, enum ink ink)
{
	if (!s->name || !s->name[0])
		return;
	double width = overlay_label_width(&a->o, s->name), height = overlay_label_height(&a->o);
	double gap = 2 * a->o.scale;
	for (int i = 0; i < 4 * s->count; i++) {
		struct vec2 p = s->points[i / 4], at;
		struct box box;
		at.x = i & 1 ? p.x - width - gap : p.x + gap;
		at.y = i & 2 ? p.y - height - gap : p.y + gap;
		if (!suits(a, s, at, width, height) || !find_place(a, &at, 1, s->name, &box))
			continue;
		put_label(a, box, (struct label){s->name, INK_BLACK, ink});
		return;
	}
}

static void draw_zone(struct annotator *a, const struct shape *s)
{
	struct canvas *canvas = &a->o.canvas;
	draw_polygon(canvas, s->points, s->count, a->o.inks[INK_BLUE], 0.08f);
	for (int i = 0, j = s->count - 1; i < s->count; j = i++)
		draw_line(canvas, s->points[j], s->points[i], (float)a->o.scale,
			a->o.inks[INK_BLUE], 0.8f);
}

static void draw_polyline(struct annotator *a, const struct shape *s, float thickness, enum ink ink)
{
	for (int i = 1; i < s->count; i++)
		draw_line(&a->o.canvas, s->points[i - 1], s->points[i], thickness, a->o.inks[ink],
			0.9f);
}

static enum ink shape_ink(const struct shape *s, const struct violations *violations)
{
	bool lit = s->signal >= 0 && s->signal < violations->signal_count;
	if (s->kind == SHAPE_STOP_LINE)
		return lamp_ink(lit ? violations->signals[s->signal].lamp : LAMP_UNKNOWN);
	return s->kind == SHAPE_ZONE ? INK_BLUE : INK_WHITE;
}

static void draw_shapes(struct annotator *a, const struct violations *violations)
{
	for (int i = 0; i < a->shape_count; i++) {
		const struct shape *s = &a->shapes[i];
		int width = s->kind == SHAPE_STOP_LINE ? 2 * a->o.scale + 1 : a->o.scale + 1;
		if (s->kind == SHAPE_ZONE)
			draw_zone(a, s);
		else
			draw_polyline(a, s, (float)width, shape_ink(s, violations));
	}
}

/*
 * Fades from the newest point to the oldest. Where segments meet they are drawn twice, so they are
 * made long enough for that not to show as a row of dots.
 */
static void draw_trail(
	struct annotator *a, const struct trails *trails, uint32_t track_id, enum ink ink)
{
	const struct trail_point *points;
	int count = trails ? trails_get(trails, track_id, &points) : 0, from = 0;
	for (int i = 1; i < count; i++) {
		struct vec2 p = {(double)points[from].x, (double)points[from].y};
		struct vec2 q = {(double)points[i].x, (double)points[i].y};
		if (i + 1 < count && vec2_length(vec2_sub(q, p)) < 6 * a->o.scale)
			continue;
		draw_line(&a->o.canvas, p, q, (float)a->o.scale + 0.5f, a->o.inks[ink],
			0.7f * (float)i / (float)count);
		from = i;
	}
}

static void describe_track(const struct measure *m, const char *rule, char *text, size_t size)
{
	/* A class that was not determined is no news. */
	const char *class = m->track.road_user ? road_user_name(m->track.road_user) : "";
	int n = snprintf(text, size, "%u%s%s", (unsigned)m->track.id, *class ? " " : "", class);
	if (m->speed_status == SPEED_OK && n > 0 && (size_t)n < size)
		n += snprintf(text + n, size - (size_t)n, " %.0f\xC2\xB1%.0f km/h",
			m->speed_mps * KMH_PER_MPS,
			fmax(1, INTERVAL_95 * m->speed_sigma_mps * KMH_PER_MPS));
	if (rule && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " %s", rule);
}

/* From a label that had to move away to its box. */
static void draw_leader(struct annotator *a, struct box label, struct box box, enum ink ink)
{
	float gap = (float)(2 * a->o.scale);
	if (label.y2 + gap >= box.y1 && label.y1 - gap <= box.y2)
		return;
	bool above = label.y2 < box.y1;
	double x = fmin(fmax((double)box.x1, (double)label.x1), (double)label.x2);
	struct vec2 from = {x, (double)(above ? label.y2 : label.y1)};
	struct vec2 to = {
		fmin(fmax(x, (double)box.x1), (double)box.x2), (double)(above ? box.y1 : box.y2)};
	draw_line(&a->o.canvas, from, to, (float)a->o.scale, a->o.inks[ink], 0.8f);
}

/* Above the box, below it, beside it, then further and further up and down. */
static int places_around(struct box b, double width, double height, struct vec2 *places)
{
	int n = 0;
	places[n++] = (struct vec2){(double)b.x1, (double)b.y1 - height};
	places[n++] = (struct vec2){(double)b.x2 - width, (double)b.y1 - height};
	places[n++] = (struct vec2){(double)b.x1, (double)b.y2};
	places[n++] = (struct vec2){(double)b.x2, (double)b.y1};
	places[n++] = (struct vec2){(double)b.x1 - width, (double)b.y1};
	for (int step = 2; n + 2 <= PLACES_MAX; step++) {
		places[n++] = (struct vec2){(double)b.x1, (double)b.y1 - step * height};
		places[n++] = (struct vec2){(double)b.x1, (double)b.y2 + (step - 1) * height};
	}
	return n;
}

/* Where the traffic leaves no room, the number alone; else nothing, unless it is an offender. */
static void label_track(
	struct annotator *a, const struct measure *m, enum ink ink, const char *rule)
{
	char text[128];
	struct vec2 places[PLACES_MAX];
	struct box at, b = m->track.box;
	double height = overlay_label_height(&a->o);
	describe_track(m, rule, text, sizeof(text));
	int count = places_around(b, overlay_label_width(&a->o, text), height, places);
	bool found = find_place(a, places, count, text, &at);
	if (!found && rule) {
		at = label_box(a, places[0].x, places[0].y, text);
		found = true;
	}
	if (!found) {
		snprintf(text, sizeof(text), "%u", (unsigned)m->track.id);
		count = places_around(b, overlay_label_width(&a->o, text), height, places);
		found = find_place(a, places, count, text, &at);
	}
	if (!found)
		return;
	draw_leader(a, at, b, ink);
	put_label(a, at, (struct label){text, ink, rule ? INK_WHITE : INK_BLACK});
}

static void draw_track(struct annotator *a, const struct measure *m, const struct trails *trails)
{
	const struct track *t = &m->track;
	const char *rule = broken_rule(a, t->id);
	enum ink ink = rule ? INK_RED : class_ink(t->road_user);
	if (t->state == TRACK_LOST) {
		draw_box(&a->o.canvas, t->box, 1, a->o.inks[rule ? INK_RED : INK_GREY]);
		return;
	}
	draw_trail(a, trails, t->id, ink);
	draw_box(&a->o.canvas, t->box, rule ? a->o.scale + 1 : a->o.scale, a->o.inks[ink]);
}

/* Returns how many were seen in this frame. */
static int draw_tracks(
	struct annotator *a, const struct measures *measures, const struct trails *trails)
{
	int seen = 0;
	for (int i = 0; i < measures->count; i++) {
		const struct measure *m = &measures->items[i];
		if (m->track.state == TRACK_TENTATIVE)
			continue;
		draw_track(a, m, trails);
		seen += m->track.state == TRACK_CONFIRMED;
	}
	return seen;
}

/* Offenders first, so that theirs have the best places. */
static void draw_labels(
	struct annotator *a, const struct measures *measures, const struct violations *violations)
{
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < measures->count; i++) {
			const struct measure *m = &measures->items[i];
			const char *rule = broken_rule(a, m->track.id);
			if (m->track.state != TRACK_CONFIRMED || (rule == NULL) == (pass == 0))
				continue;
			label_track(a, m, rule ? INK_RED : class_ink(m->track.road_user), rule);
		}
	for (int i = 0; i < a->shape_count; i++)
		name_shape(a, &a->shapes[i], shape_ink(&a->shapes[i], violations));
}

/* A signal head with its lamps, top left corner at x, y. */
static struct box draw_signal(struct overlay *o, int x, int y, enum lamp lamp)
{
	static const struct {
		enum ink ink;
		unsigned lamps; /* states in which it is lit */
	} bulbs[] = {
		{INK_RED, 1u << LAMP_RED | 1u << LAMP_RED_YELLOW},
		{INK_YELLOW, 1u << LAMP_YELLOW | 1u << LAMP_RED_YELLOW},
		{INK_GREEN, 1u << LAMP_GREEN},
	};
	int d = 8 * o->scale, gap = 2 * o->scale, width = d + 2 * gap;
	struct box head = {
		(float)x, (float)y, (float)(x + width), (float)(y + 3 * (d + gap) + gap)};
	draw_fill(&o->canvas, head, o->inks[INK_BLACK], 0.85f);
	for (int i = 0; i < 3; i++) {
		struct vec2 center = {x + width / 2.0, y + gap + i * (d + gap) + d / 2.0};
		bool on = bulbs[i].lamps & 1u << lamp;
		draw_line(&o->canvas, center, center, (float)d,
			o->inks[on ? bulbs[i].ink : INK_GREY], on ? 1 : 0.25f);
	}
	return head;
}

static void draw_signals(struct annotator *a, const struct violations *violations)
{
	int margin = 4 * a->o.scale, step = 14 * a->o.scale;
	int x = a->width_px - margin + 2 * a->o.scale - violations->signal_count * step;
	for (int i = 0; i < violations->signal_count; i++, x += step)
		take(a, draw_signal(&a->o, x, margin, violations->signals[i].lamp));
}

static void format_time(struct media media, char *text, size_t size)
{
	int64_t ms = media.us / 1000;
	snprintf(text, size, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64, ms / 3600000,
		ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

static void draw_status(struct annotator *a, const struct frame *frame, int seen)
{
	char text[160], time[32];
	struct overlay *o = &a->o;
	int height = overlay_label_height(o), y = a->height_px - height;
	format_time(frame->media, time, sizeof(time));
	snprintf(text, sizeof(text),
		"%s  frame %" PRId64 "  road users %d  violations %" PRId64 "%s%s", time,
		frame->sequence, seen, a->violation_count,
		frame->flags & FRAME_GAP ? "  [gap before]" : "",
		frame->flags & FRAME_CORRUPT ? "  [damaged]" : "");
	struct box bar = {0, (float)y, (float)a->width_px, (float)a->height_px};
	take(a, bar);
	draw_fill(&o->canvas, bar, o->inks[INK_BLACK], 0.6f);
	draw_text(&o->canvas, 4 * o->scale, y + 2 * o->scale, o->scale, o->inks[INK_WHITE], text);
}

static void draw_banner(struct annotator *a, struct media now)
{
	struct overlay *o = &a->o;
	if (a->banner_at.us == MEDIA_NONE.us || media_diff_s(now, a->banner_at) > BANNER_S)
		return;
	int pad = 3 * o->scale, line = draw_text_height(o->scale) + 2 * o->scale;
	int width = a->width_px - 2 * pad;
	int lines = overlay_paragraph(NULL, 0, 0, width, o->scale, INK_WHITE, a->banner);
	int bottom = a->height_px - overlay_label_height(o);
	int top = bottom - lines * line - pad;
	struct box ground = {0, (float)top, (float)a->width_px, (float)bottom};
	take(a, ground);
	draw_fill(&o->canvas, ground, o->inks[INK_RED], 0.85f);
	overlay_paragraph(o, pad, top + pad, width, o->scale, INK_WHITE, a->banner);
}

int annotator_draw(struct annotator *annotator, const struct frame *frame,
	const struct measures *measures, const struct violations *violations,
	const struct trails *trails, struct err *err, struct frame **ret_frame)
{
	struct annotator *a = annotator;
	struct frame *drawn = NULL;
	int r = get_frame(a, frame, err, &drawn);
	if (r < 0)
		return r;
	a->o = overlay_begin(frame, drawn);
	a->taken_count = 0;
	remember(a, violations);
	draw_shapes(a, violations);
	int seen = draw_tracks(a, measures, trails);
	draw_signals(a, violations);
	draw_banner(a, frame->media);
	draw_status(a, frame, seen);
	draw_labels(a, measures, violations);
	*ret_frame = drawn;
	return 0;
}
