#include "eval/brno_measure.h"

#include "base/units.h"
#include "measure/path.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BORDER_PX 10
#define STEP 5 /* points between the ends of an increment */
#define POINTS_MIN 8
#define INCREMENT_TOLERANCE 0.2
#define INCREMENTS_MISSED_MAX 2
#define SPEED_MIN_MPS 2
/* Vehicles in one lane keep farther apart than this, front to front: a short vehicle, and then
 * some headway; and closer than this to its middle. */
#define SPACING_M 5
#define HEADWAY_S 0.2
#define LANE_HALF_M 1.75

const struct brno_measure_params brno_measure_defaults = {
	.image_sigma_px = 1,
	.road_sigma_m = 0.03,
	.point_sigma_px = 0.5,
	.wander_sigma_m = 0.15,
	.ground_sigma_m = 0.12,
	.max_sigma_ratio = 0.01,
};

/* Where a line enters and leaves the picture. */
static bool clip_line(const struct brno_line *line, struct vec2 ret[2])
{
	double w = BRNO_WIDTH_PX, h = BRNO_HEIGHT_PX;
	const struct vec2 corners[4] = {{0, 0}, {w, 0}, {w, h}, {0, h}};
	int n = 0;
	for (int i = 0; i < 4 && n < 2; i++) {
		struct vec2 a = corners[i], b = corners[(i + 1) % 4];
		double va = line->a * a.x + line->b * a.y + line->c;
		double vb = line->a * b.x + line->b * b.y + line->c;
		if ((va > 0) != (vb > 0))
			ret[n++] = vec2_add(a, vec2_scale(vec2_sub(b, a), va / (va - vb)));
	}
	return n == 2;
}

int brno_measure_calibrate(const struct brno_video *video, const struct brno_measure_params *params,
	struct err *err, struct calibration *ret_calibration)
{
	struct calibration_params c;
	struct calibration_line lines[BRNO_LINES_MAX];
	struct vec2 ends[BRNO_LINES_MAX][2];
	int line_count = 0;
	options_defaults(&calibration_options, &c);
	c.image_sigma_px = params->image_sigma_px;
	c.road_sigma_m = params->road_sigma_m;
	struct calibration_distance *distances =
		calloc((size_t)video->distance_count + 1, sizeof(*distances));
	if (!distances)
		return err_set(err, -ENOMEM, "%s: out of memory", video->name);
	/* Only lengths: the directions that the data state fit three times worse than picking. */
	for (int i = 0; i < video->distance_count; i++)
		distances[i] = (struct calibration_distance){.from = video->distances[i].from_px,
			.to = video->distances[i].to_px,
			.length_m = video->distances[i].length_m};
	for (int i = 0; i < video->lane_count; i++) {
		if (!clip_line(&video->lane[i], ends[line_count]))
			continue;
		lines[line_count] = (struct calibration_line){
			.points = {ends[line_count], 2}, .direction = ROAD_DIRECTION_ALONG};
		line_count++;
	}
	c.distances = (struct option_list){distances, video->distance_count, sizeof(*distances)};
	c.parallel_lines = (struct option_list){lines, line_count, sizeof(*lines)};
	int rc = calibration_solve(&c, BRNO_WIDTH_PX, BRNO_HEIGHT_PX, err, ret_calibration);
	free(distances);
	return rc < 0 ? err_prefix(err, rc, "%s", video->name) : 0;
}

/* One run of one track: its fit, and its place in time and across the road. */
struct run {
	int track;
	double from_s, to_s;
	struct path_fit fit;
	double sigma_mps; /* noise alone */
	struct vec2 at_m; /* at fit.at_s */
	bool measured;
	int vehicle; /* index of the run that stands for the vehicle */
};

struct job {
	const struct brno_video *video;
	const struct brno_measure_params *params;
	const struct calibration *calibration;
	struct run *runs;
	int run_count;
	/* Of the track at hand. */
	int count;
	double *t_s, *work;
	struct vec2 *px, *road_m, *speed;
	double (*var_m2)[3];
	bool *good;
};

static void take_points(struct job *job, const struct brno_track *track)
{
	double edge = job->params->point_sigma_px * job->params->point_sigma_px;
	double px[3] = {edge, 0, edge}, wander = job->params->wander_sigma_m;
	job->count = 0;
	for (int i = 0; track->listed && i < track->count; i++) {
		const struct brno_point *p = &job->video->points[track->first + i];
		int k = job->count;
		double t = p->frame / job->video->fps;
		if (!(p->px.x > BORDER_PX && p->px.x < BRNO_WIDTH_PX - BORDER_PX &&
			    p->px.y > BORDER_PX && p->px.y < BRNO_HEIGHT_PX - BORDER_PX) ||
			!isfinite(t) || (k && t <= job->t_s[k - 1]) ||
			!calibration_to_road_noise(
				job->calibration, p->px, px, &job->road_m[k], job->var_m2[k]))
			continue;
		job->var_m2[k][0] += wander * wander;
		job->var_m2[k][2] += wander * wander;
		job->px[k] = p->px;
		job->t_s[k] = t;
		job->count++;
	}
}

/* Where the increments agree with their median; the median speed. */
static double mark_increments(struct job *job)
{
	int n = job->count - STEP;
	struct vec2 usual;
	for (int i = 0; i < n; i++)
		job->speed[i] = vec2_scale(vec2_sub(job->road_m[i + STEP], job->road_m[i]),
			1 / (job->t_s[i + STEP] - job->t_s[i]));
	for (int i = 0; i < n; i++)
		job->work[i] = job->speed[i].x;
	usual.x = speedscore_median(job->work, n);
	for (int i = 0; i < n; i++)
		job->work[i] = job->speed[i].y;
	usual.y = speedscore_median(job->work, n);
	double speed = vec2_length(usual);
	for (int i = 0; i < n; i++)
		job->good[i] =
			vec2_length(vec2_sub(job->speed[i], usual)) < INCREMENT_TOLERANCE * speed;
	return speed;
}

/* The longest stretch of good increments, with at most a few bad ones between two good. */
static void longest_run(const struct job *job, int *ret_first, int *ret_last)
{
	int n = job->count - STEP, first = -1, last = -1;
	*ret_first = *ret_last = 0;
	for (int i = 0; i < n; i++) {
		if (!job->good[i])
			continue;
		if (first < 0 || i - last > INCREMENTS_MISSED_MAX + 1)
			first = i;
		last = i;
		if (last - first > *ret_last - *ret_first) {
			*ret_first = first;
			*ret_last = last;
		}
	}
	*ret_last += STEP;
}

/* Points first to last into a path; only those between the gates where there are enough. */
static void fill_path(const struct job *job, int first, int last, struct path *path)
{
	const struct brno_video *v = job->video;
	int between = 0;
	path->count = 0;
	for (int i = first; i <= last; i++)
		between += brno_between(
			job->px[i], &v->measurement[0], &v->measurement[v->measurement_count - 1]);
	for (int i = first; i <= last && path->count < PATH_MAX; i++) {
		if (between >= POINTS_MIN && !brno_between(job->px[i], &v->measurement[0],
						     &v->measurement[v->measurement_count - 1]))
			continue;
		int k = path->count++;
		path->t_s[k] = job->t_s[i];
		path->road_m[k] = job->road_m[i];
		memcpy(path->var_m2[k], job->var_m2[i], sizeof(path->var_m2[k]));
	}
}

static void take_run(struct job *job, int track)
{
	struct path path;
	int first, last;
	take_points(job, &job->video->tracks[track]);
	if (job->count < POINTS_MIN || mark_increments(job) < SPEED_MIN_MPS)
		return;
	longest_run(job, &first, &last);
	if (last - first + 1 < POINTS_MIN)
		return;
	struct run *run = &job->runs[job->run_count];
	fill_path(job, first, last, &path);
	if (!path_fit(&path, &run->fit) || run->fit.speed_mps < SPEED_MIN_MPS)
		return;
	const struct path_fit *fit = &run->fit;
	double share = (fit->at_s - fit->from_s) / (fit->to_s - fit->from_s);
	run->track = track;
	run->from_s = job->t_s[first];
	run->to_s = job->t_s[last];
	run->sigma_mps = fit->sigma_mps;
	run->at_m = vec2_add(fit->from_m, vec2_scale(vec2_sub(fit->to_m, fit->from_m), share));
	run->measured = fit->sigma_mps < job->params->max_sigma_ratio * fit->speed_mps;
	job->run_count++;
}

static struct vec2 place_at(const struct run *run, double t_s)
{
	return vec2_add(run->at_m, vec2_scale(run->fit.velocity_mps, t_s - run->fit.at_s));
}

/* Whether two runs are too close to be two vehicles, where both are seen or in the gap between. */
static bool same_vehicle(const struct run *a, const struct run *b)
{
	double t = 0.5 * (fmax(a->from_s, b->from_s) + fmin(a->to_s, b->to_s));
	double speed = a->fit.speed_mps;
	struct vec2 apart = vec2_sub(place_at(b, t), place_at(a, t));
	struct vec2 along = vec2_scale(a->fit.velocity_mps, 1 / speed);
	return fabs(vec2_cross(along, apart)) < LANE_HALF_M &&
	       fabs(vec2_dot(along, apart)) < SPACING_M + HEADWAY_S * speed;
}

static int by_worth(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	if (x->measured != y->measured)
		return x->measured ? -1 : 1;
	double lx = x->fit.speed_mps * (x->to_s - x->from_s);
	double ly = y->fit.speed_mps * (y->to_s - y->from_s);
	return lx != ly ? (lx > ly ? -1 : 1) : x->track - y->track;
}

static bool in_time(const struct run *a, const struct run *b)
{
	return fabs(a->fit.at_s - b->fit.at_s) < 6;
}

/* Longest first: each run joins a vehicle it is too close to, or is one. */
static void gather(struct job *job)
{
	qsort(job->runs, (size_t)job->run_count, sizeof(job->runs[0]), by_worth);
	for (int i = 0; i < job->run_count; i++) {
		job->runs[i].vehicle = i;
		for (int k = 0; k < i; k++)
			if (job->runs[k].vehicle == k && in_time(&job->runs[k], &job->runs[i]) &&
				same_vehicle(&job->runs[k], &job->runs[i])) {
				job->runs[i].vehicle = k;
				break;
			}
	}
}

/* When the run, going on as it does, crosses a line of the image; not finite where never. */
static double crossing_s(const struct job *job, const struct run *run, const struct brno_line *l,
	struct vec2 *ret_px)
{
	const struct mat3 *m = &job->calibration->image_from_road;
	double row[3];
	for (int i = 0; i < 3; i++)
		row[i] = l->a * m->m[0][i] + l->b * m->m[1][i] + l->c * m->m[2][i];
	struct vec2 v = run->fit.velocity_mps;
	double dt = -(row[0] * run->at_m.x + row[1] * run->at_m.y + row[2]) /
		    (row[0] * v.x + row[1] * v.y);
	if (!calibration_to_image(job->calibration, place_at(run, run->fit.at_s + dt), ret_px))
		return NAN;
	return run->fit.at_s + dt;
}

/* The standard error with all of its shares. */
static double sigma_of(const struct job *job, const struct run *run)
{
	const struct path_fit *fit = &run->fit;
	double span = fit->to_s - fit->from_s;
	struct vec2 along = vec2_scale(fit->velocity_mps, 1 / fit->speed_mps);
	double view = calibration_distance_var(job->calibration, fit->from_m, fit->to_m, along) /
		      (span * span);
	double ground =
		fit->speed_mps * job->params->ground_sigma_m / job->calibration->camera_height_m;
	return sqrt(run->sigma_mps * run->sigma_mps + view + ground * ground);
}

static bool tell(const struct job *job, const struct run *run, struct brno_measurement *ret)
{
	const struct brno_video *v = job->video;
	struct vec2 first_px, last_px;
	double first = crossing_s(job, run, &v->measurement[v->measurement_count - 1], &first_px);
	double last = crossing_s(job, run, &v->measurement[0], &last_px);
	int lane = isfinite(last) ? brno_lane(v, last_px) : -1;
	/* Against the traffic, or beside the lanes, nobody drives through the gates. */
	if (!isfinite(first) || first >= last || lane < 0 || v->invalid_lanes & 1u << lane)
		return false;
	*ret = (struct brno_measurement){
		.id = v->tracks[run->track].id,
		.lane = lane,
		.time_s = last,
		.measured = run->measured,
		.speed_kmh = KMH_PER_MPS * run->fit.speed_mps,
		.sigma_kmh = KMH_PER_MPS * sigma_of(job, run),
		.height_m = job->calibration->camera_height_m,
	};
	return true;
}

static int job_init(struct job *job)
{
	size_t longest = 1, tracks = (size_t)job->video->track_count + 1;
	for (int i = 0; i < job->video->track_count; i++)
		if ((size_t)job->video->tracks[i].count + 1 > longest)
			longest = (size_t)job->video->tracks[i].count + 1;
	job->runs = calloc(tracks, sizeof(*job->runs));
	job->t_s = calloc(longest, sizeof(*job->t_s));
	job->work = calloc(longest, sizeof(*job->work));
	job->px = calloc(longest, sizeof(*job->px));
	job->road_m = calloc(longest, sizeof(*job->road_m));
	job->speed = calloc(longest, sizeof(*job->speed));
	job->var_m2 = calloc(longest, sizeof(*job->var_m2));
	job->good = calloc(longest, sizeof(*job->good));
	return job->runs && job->t_s && job->work && job->px && job->road_m && job->speed &&
			       job->var_m2 && job->good
		       ? 0
		       : -ENOMEM;
}

static void job_finish(struct job *job)
{
	free(job->runs);
	free(job->t_s);
	free(job->work);
	free(job->px);
	free(job->road_m);
	free(job->speed);
	free(job->var_m2);
	free(job->good);
}

int brno_measure_run(const struct brno_video *video, const struct brno_measure_params *params,
	const struct calibration *calibration, struct brno_measurement **ret_measurements,
	int *ret_count)
{
	struct job job = {.video = video, .params = params, .calibration = calibration};
	struct brno_measurement *list = calloc((size_t)video->track_count + 1, sizeof(*list));
	int rc = job_init(&job), count = 0;
	if (!list)
		rc = -ENOMEM;
	if (rc == 0) {
		for (int i = 0; i < video->track_count; i++)
			take_run(&job, i);
		gather(&job);
		for (int i = 0; i < job.run_count; i++)
			if (job.runs[i].vehicle == i && tell(&job, &job.runs[i], &list[count]))
				count++;
	}
	job_finish(&job);
	if (rc < 0) {
		free(list);
		return rc;
	}
	*ret_measurements = list;
	*ret_count = count;
	return 0;
}
