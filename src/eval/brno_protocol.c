#include "eval/brno_protocol.h"

#include "base/units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEAREST 6
#define SPEED_STEP 5
#define PLANE_OFFSET 10

struct vec3 {
	double x, y, z;
};

/* The road plane normal . X + PLANE_OFFSET = 0; the camera is at (principal point, 0). */
struct view {
	double focal_px, scale;
	struct vec2 principal;
	struct vec3 normal;
};

static int view_make(const struct brno_calibration *c, struct view *ret)
{
	struct vec2 a = vec2_sub(c->vp1, c->principal), b = vec2_sub(c->vp2, c->principal);
	double f = sqrt(-vec2_dot(a, b));
	struct vec3 v = {f * (a.y - b.y), f * (b.x - a.x), vec2_cross(a, b)};
	struct vec3 n = {f * v.x / v.z, f * v.y / v.z, f};
	double length = sqrt(n.x * n.x + n.y * n.y + n.z * n.z);
	if (!isfinite(length) || !(f > 0))
		return -EDOM;
	*ret = (struct view){f, c->scale, c->principal, {n.x / length, n.y / length, n.z / length}};
	return 0;
}

static struct vec3 view_project(const struct view *view, struct vec2 p)
{
	struct vec3 n = view->normal, c = {view->principal.x, view->principal.y, 0};
	struct vec3 d = {p.x - c.x, p.y - c.y, view->focal_px};
	double t = -(n.x * c.x + n.y * c.y + PLANE_OFFSET) / (n.x * d.x + n.y * d.y + n.z * d.z);
	return (struct vec3){c.x + t * d.x, c.y + t * d.y, t * d.z};
}

static bool inside_margin(struct vec2 p)
{
	return p.x > 10 && p.x < BRNO_WIDTH_PX - 10 && p.y > 10 && p.y < BRNO_HEIGHT_PX - 10;
}

/* The points of a track that survive; 0 where the track does not. */
static int filter(const struct brno_video *video, const struct brno_track *track, double last_s,
	struct brno_point *ret_points)
{
	const struct brno_point *points = &video->points[track->first];
	const struct brno_line *far = &video->measurement[video->measurement_count - 1];
	int n = 0, between = 0;
	if (!track->listed || track->count == 0 || points[0].frame / video->fps >= last_s)
		return 0;
	for (int i = 0; i < track->count; i++)
		if (inside_margin(points[i].px))
			ret_points[n++] = points[i];
	for (int i = 0; i < n; i++) {
		int lane = brno_lane(video, ret_points[i].px);
		if (lane < 0 || video->invalid_lanes & 1u << lane)
			return 0;
		between += brno_between(ret_points[i].px, &video->measurement[0], far);
	}
	return n > SPEED_STEP && between >= NEAREST ? n : 0;
}

/* The NEAREST points to a line, nearest first, earlier before later. */
static int pick_nearest(const struct brno_point *points, int count, const struct brno_line *line,
	struct brno_point ret[NEAREST])
{
	double away[NEAREST];
	int n = 0;
	for (int i = 0; i < count; i++) {
		double d = fabs(points[i].px.x * line->a + points[i].px.y * line->b + line->c);
		int at = n;
		while (at > 0 && d < away[at - 1])
			at--;
		if (at == NEAREST)
			continue;
		n = n < NEAREST ? n + 1 : n;
		for (int k = n - 1; k > at; k--) {
			away[k] = away[k - 1];
			ret[k] = ret[k - 1];
		}
		away[at] = d;
		ret[at] = points[i];
	}
	return n;
}

/* y = slope x + offset. */
static void fit_line(
	const double *x, const double *y, int count, double *ret_slope, double *ret_offset)
{
	double mx = 0, my = 0, xx = 0, xy = 0;
	for (int i = 0; i < count; i++) {
		mx += x[i] / count;
		my += y[i] / count;
	}
	for (int i = 0; i < count; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		xy += (x[i] - mx) * (y[i] - my);
	}
	*ret_slope = xy / xx;
	*ret_offset = my - *ret_slope * mx;
}

/* Where and at which frame the track crosses a line; not finite where that cannot be said. */
static void cross(const struct brno_point *points, int count, const struct brno_line *line,
	struct vec2 *ret_at, double *ret_frame)
{
	struct brno_point near[NEAREST];
	double x[NEAREST], y[NEAREST], d[NEAREST], frame[NEAREST], s, c, a, b;
	int n = pick_nearest(points, count, line, near);
	for (int i = 0; i < n; i++) {
		x[i] = near[i].px.x;
		y[i] = near[i].px.y;
		frame[i] = near[i].frame;
	}
	fit_line(x, y, n, &s, &c);
	double w = s * line->b + line->a;
	*ret_at = (struct vec2){(-line->c - c * line->b) / w, (line->a * c - s * line->c) / w};
	/* Distances are counted from where the fitted line meets y = 0, without a sign. */
	struct vec2 start = {-c / s, 0};
	double length2 = 1 + s * s;
	for (int i = 0; i < n; i++) {
		double along = (x[i] + s * (y[i] - c)) / length2;
		d[i] = vec2_length(vec2_sub(start, (struct vec2){along, c + s * along}));
	}
	fit_line(d, frame, n, &a, &b);
	*ret_frame = a * vec2_length(vec2_sub(*ret_at, start)) + b;
}

static double view_distance(const struct view *view, struct vec2 a, struct vec2 b)
{
	struct vec3 p = view_project(view, a), q = view_project(view, b);
	double dx = p.x - q.x, dy = p.y - q.y, dz = p.z - q.z;
	return view->scale * sqrt(dx * dx + dy * dy + dz * dz);
}

static double median_speed(const struct view *view, const struct brno_point *points, int count,
	double fps, double *work)
{
	int n = 0;
	for (int i = 0; i + SPEED_STEP < count; i++) {
		double length = view_distance(view, points[i].px, points[i + SPEED_STEP].px);
		double seconds = (points[i + SPEED_STEP].frame - points[i].frame) / fps;
		work[n++] = KMH_PER_MPS * length / seconds;
	}
	return speedscore_median(work, n);
}

/* 1: measured, 0: failed. */
static int measure_track(const struct brno_video *video, const struct view *view,
	const struct brno_track *track, const struct brno_point *points, int count, double *work,
	struct brno_measurement *ret)
{
	struct vec2 start, end;
	double start_frame, end_frame;
	cross(points, count, &video->measurement[video->measurement_count - 1], &start,
		&start_frame);
	cross(points, count, &video->measurement[0], &end, &end_frame);
	if (!isfinite(start.x) || !isfinite(start.y) || !isfinite(end.x) || !isfinite(end.y) ||
		!isfinite(start_frame) || !isfinite(end_frame) || brno_lane(video, start) < 0 ||
		brno_lane(video, end) < 0)
		return 0;
	*ret = (struct brno_measurement){
		.id = track->id,
		.lane = brno_lane(video, end),
		.time_s = end_frame / video->fps,
		.measured = true,
		.speed_kmh = median_speed(view, points, count, video->fps, work),
	};
	return 1;
}

int brno_protocol_measure(const struct brno_video *video,
	const struct brno_calibration *calibration, struct brno_measurement **ret_measurements,
	int *ret_count, int *ret_failed_count)
{
	struct view view;
	double first_s, last_s;
	int longest = 0, count = 0, failed = 0, rc = view_make(calibration, &view);
	if (rc < 0)
		return rc;
	for (int i = 0; i < video->track_count; i++)
		longest = video->tracks[i].count > longest ? video->tracks[i].count : longest;
	struct brno_measurement *list = calloc((size_t)video->track_count + 1, sizeof(*list));
	struct brno_point *points = calloc((size_t)longest + 1, sizeof(*points));
	double *work = calloc((size_t)longest + 1, sizeof(*work));
	brno_span(video, &first_s, &last_s);
	for (int i = 0; list && points && work && i < video->track_count; i++) {
		int n = filter(video, &video->tracks[i], last_s, points);
		if (n == 0)
			continue;
		int ok = measure_track(
			video, &view, &video->tracks[i], points, n, work, &list[count]);
		count += ok;
		failed += !ok;
	}
	rc = list && points && work ? 0 : -ENOMEM;
	free(points);
	free(work);
	if (rc < 0) {
		free(list);
		return rc;
	}
	*ret_measurements = list;
	*ret_count = count;
	*ret_failed_count = failed;
	return 0;
}

int brno_protocol_lengths(const struct brno_video *video,
	const struct brno_calibration *calibration, double *ret_lengths_m)
{
	struct view view;
	int rc = view_make(calibration, &view);
	if (rc < 0)
		return rc;
	for (int i = 0; i < video->distance_count; i++)
		ret_lengths_m[i] = view_distance(
			&view, video->distances[i].from_px, video->distances[i].to_px);
	return 0;
}
