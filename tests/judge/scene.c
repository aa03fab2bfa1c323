#include "scene.h"

#include "base/random.h"
#include "test.h"

#include <errno.h>
#include <string.h>

#define TRACKS 16
#define POINTS 64
#define CAMERA_HEIGHT_M 8.0
#define PITCH_RAD (15 * M_PI / 180)
#define FOCAL_PX 1000.0
#define TIME_WITHIN_S 0.25

struct path {
	int id;
	enum road_user road_user;
	double width_px, height_px;
	int count;
	struct {
		double t, x, y;
	} points[POINTS];
	double heading; /* of the last move */
	float filtered[4]; /* what a tracker's filter leaves of the noise */
	bool started, ended;
	struct box first_box;
};

/* Of a tracker that believes a new box to this share. */
#define FILTER_GAIN 0.35f

static const double sizes[ROAD_USER_COUNT][3] = {
	[ROAD_USER_UNKNOWN] = {4.3, 1.8, 1.5},
	[ROAD_USER_PERSON] = {0.4, 0.5, 1.7},
	[ROAD_USER_BICYCLE] = {1.8, 0.6, 1.7},
	[ROAD_USER_MOTORCYCLE] = {2.1, 0.8, 1.5},
	[ROAD_USER_CAR] = {4.3, 1.8, 1.5},
	[ROAD_USER_BUS] = {11.5, 2.5, 3.0},
	[ROAD_USER_TRUCK] = {8.5, 2.5, 3.3},
};

static struct measures measures;
static struct violations violations;
static struct counts counts;
static char said[65536];

static struct vec2 project(double x, double y, double z)
{
	double down = (CAMERA_HEIGHT_M - z) * cos(PITCH_RAD) - y * sin(PITCH_RAD);
	double depth = y * cos(PITCH_RAD) + (CAMERA_HEIGHT_M - z) * sin(PITCH_RAD);
	return (struct vec2){SCENE_WIDTH_PX / 2 + FOCAL_PX * x / depth,
		SCENE_HEIGHT_PX / 2 + FOCAL_PX * down / depth};
}

const struct calibration *scene_calibration(void)
{
	static struct calibration calibration;
	static bool solved;
	struct calibration_point points[6];
	const struct vec2 road[6] = {{-6, 14}, {6, 14}, {-8, 40}, {8, 40}, {-10, 90}, {10, 90}};
	struct calibration_params params;
	struct err err = {""};
	if (solved)
		return &calibration;
	options_defaults(&calibration_options, &params);
	memset(points, 0, sizeof(points));
	for (int i = 0; i < 6; i++) {
		points[i].road = road[i];
		points[i].image = project(road[i].x, road[i].y, 0);
	}
	params.points = (struct option_list){points, 6, sizeof(points[0])};
	if (calibration_solve(&params, SCENE_WIDTH_PX, SCENE_HEIGHT_PX, &err, &calibration) < 0)
		fail_msg("%s", err.text);
	solved = true;
	return &calibration;
}

static const char *parse_path(const char *text, struct path *path)
{
	char class[16];
	int used = 0;
	memset(path, 0, sizeof(*path));
	if (sscanf(text, " %15s %d%n", class, &path->id, &used) != 2)
		fail_msg("path: %s", text);
	path->road_user = road_user_from_name(class);
	assert_int_not_equal(path->road_user, ROAD_USER_COUNT);
	path->width_px = 80, path->height_px = 60;
	text += used;
	if (sscanf(text, " %lfx%lf%n", &path->width_px, &path->height_px, &used) == 2)
		text += used;
	for (text = strchr(text, ':'); text && (*text == ':' || *text == ','); text += used) {
		text++;
		assert_true(path->count < POINTS);
		if (sscanf(text, " %lf %lf %lf%n", &path->points[path->count].t,
			    &path->points[path->count].x, &path->points[path->count].y, &used) != 3)
			fail_msg("point: %s", text);
		path->count++;
	}
	return text;
}

static int parse_paths(const char *text, struct path *paths)
{
	int count = 0;
	for (; text && *text; text += *text == '\n') {
		assert_true(count < TRACKS);
		text = parse_path(text, &paths[count++]);
	}
	return count;
}

/* Where it is at `t`, and how it moves. False before its first point and after its last. */
static bool at(struct path *p, double t, struct vec2 *ret_at, struct vec2 *ret_velocity)
{
	if (t < p->points[0].t || t > p->points[p->count - 1].t + 1e-9)
		return false;
	int i = 0;
	while (i + 2 < p->count && t > p->points[i + 1].t)
		i++;
	double span = p->points[i + 1].t - p->points[i].t, share = (t - p->points[i].t) / span;
	struct vec2 d = {p->points[i + 1].x - p->points[i].x, p->points[i + 1].y - p->points[i].y};
	*ret_at = (struct vec2){p->points[i].x + share * d.x, p->points[i].y + share * d.y};
	*ret_velocity = vec2_scale(d, 1 / span);
	/* Who stands is turned the way he came, or will go. */
	for (int k = i; k >= 0 && vec2_length(d) < 1e-9; k--)
		d = (struct vec2){
			p->points[k + 1].x - p->points[k].x, p->points[k + 1].y - p->points[k].y};
	for (int k = i; k + 1 < p->count && vec2_length(d) < 1e-9; k++)
		d = (struct vec2){
			p->points[k + 1].x - p->points[k].x, p->points[k + 1].y - p->points[k].y};
	p->heading = vec2_length(d) > 1e-9 ? atan2(d.y, d.x) : M_PI_2;
	return true;
}

static void include(
	struct box *box, const struct path *p, struct vec2 at, double ahead, double left, double up)
{
	double c = cos(p->heading), s = sin(p->heading);
	struct vec2 q = project(at.x + ahead * c - left * s, at.y + ahead * s + left * c, up);
	box->x1 = fminf(box->x1, (float)q.x);
	box->y1 = fminf(box->y1, (float)q.y);
	box->x2 = fmaxf(box->x2, (float)q.x);
	box->y2 = fmaxf(box->y2, (float)q.y);
}

/* A body on four wheels. */
static struct box solid(const struct path *p, struct vec2 at)
{
	const double *size = sizes[p->road_user];
	bool wheels = p->road_user >= ROAD_USER_CAR;
	struct box box = {1e9f, 1e9f, -1e9f, -1e9f};
	for (int i = 0; i < 8; i++) {
		double ahead = (i & 1 ? 0.5 : -0.5) * size[0],
		       left = (i & 2 ? 0.5 : -0.5) * size[1];
		include(&box, p, at, ahead, left, i & 4 ? size[2] : wheels ? 0.25 : 0);
		include(&box, p, at, wheels ? 0.62 * ahead : ahead, left, 0);
	}
	return box;
}

static struct box true_box(const struct scene_case *scene, const struct path *p, struct vec2 at)
{
	if (!scene->image)
		return solid(p, at);
	return (struct box){(float)(at.x - p->width_px / 2), (float)(at.y - p->height_px),
		(float)(at.x + p->width_px / 2), (float)at.y};
}

static struct box shifted(struct box b, const float off[4])
{
	struct box n = {b.x1 + off[0], b.y1 + off[1], b.x2 + off[2], b.y2 + off[3]};
	return box_clip(n, SCENE_WIDTH_PX, SCENE_HEIGHT_PX);
}

/* The detection's box and the one that a tracker makes of it. */
static void see(const struct scene_case *scene, struct path *p, struct vec2 at, int frame,
	struct track *track)
{
	struct box b = true_box(scene, p, at);
	struct random r = random_at(1, (uint64_t)frame, (uint64_t)p->id, 0);
	float noise[4];
	for (int i = 0; i < 4; i++) {
		noise[i] = (float)(scene->noise_px * random_normal(&r));
		p->filtered[i] += FILTER_GAIN * (noise[i] - p->filtered[i]);
	}
	double t = media_seconds(measures.media);
	bool hidden = scene->hidden_track == 0 || scene->hidden_track == p->id;
	if (hidden && t >= scene->hidden_from_s && t < scene->hidden_to_s)
		b.y2 -= (float)scene->hidden_ratio * box_height(b);
	bool behind_left = b.x1 > scene->wall_px[0] && b.x1 < scene->wall_px[1];
	bool behind_right = b.x2 > scene->wall_px[0] && b.x2 < scene->wall_px[1];
	assert_false(behind_left && behind_right); /* it should have no point there */
	b.x1 = behind_left ? (float)scene->wall_px[1] : b.x1;
	b.x2 = behind_right ? (float)scene->wall_px[0] : b.x2;
	track->measured = shifted(b, noise);
	track->box = shifted(b, p->filtered);
	if (track->first.us == measures.media.us)
		p->first_box = track->measured;
	track->first_box = p->first_box;
	if (media_diff_s(measures.media, track->first) < scene->believed_s)
		track->state = TRACK_TENTATIVE;
}

static void measure(const struct scene_case *scene, struct path *p, struct vec2 where,
	struct vec2 velocity, int frame)
{
	struct measure *m = &measures.items[measures.count++];
	memset(m, 0, sizeof(*m));
	m->track = (struct track){.id = (uint32_t)p->id,
		.state = TRACK_CONFIRMED,
		.updated = true,
		.confidence_ratio = 0.9f,
		.road_user = p->road_user,
		.road_user_share = 1,
		.truth_id = p->id,
		.first = media_from_seconds(p->points[0].t),
		.last_update = measures.media,
		.update_count = frame + 1};
	see(scene, p, where, frame, &m->track);
	m->ground_px = box_bottom_center(m->track.box);
	struct vec2 step =
		scene->image ? velocity
			     : vec2_sub(project(where.x + velocity.x, where.y + velocity.y, 0),
				       project(where.x, where.y, 0));
	m->track.vx_pxps = step.x;
	m->track.vy_pxps = step.y;
	m->speed_status = scene->image ? SPEED_UNCALIBRATED : SPEED_OK;
	m->on_road = !scene->image;
	m->road_m = where;
	m->speed_mps = vec2_length(velocity);
	m->speed_sigma_mps = scene->speed_sigma_mps > 0 ? scene->speed_sigma_mps : 0.15;
	m->velocity_mps = velocity;
	m->heading_rad = p->heading;
	m->window_from.us = measures.media.us - 1000000;
	m->window_to = measures.media;
}

static void fill(const struct scene_case *scene, struct path *paths, int count, int frame, double t)
{
	struct vec2 where, velocity;
	measures.media = media_from_seconds(t);
	measures.sequence = frame;
	measures.width_px = SCENE_WIDTH_PX;
	measures.height_px = SCENE_HEIGHT_PX;
	measures.calibrated = !scene->image;
	measures.count = measures.ended_count = 0;
	for (int i = 0; i < count; i++) {
		struct path *p = &paths[i];
		if (at(p, t, &where, &velocity)) {
			p->started = true;
			if (scene->miss_every > 0 && (frame + p->id) % scene->miss_every == 0)
				continue;
			measure(scene, p, where, velocity, frame);
		} else if (p->started && !p->ended) {
			p->ended = true;
			measures.ended[measures.ended_count++] = (uint32_t)p->id;
		}
	}
}

static void hear(const struct scene_case *scene, int *found)
{
	for (int i = 0; i < violations.count; i++) {
		const struct violation *v = &violations.items[i];
		const char *kind = violation_kind_name(v->kind);
		char line[512], wanted[64];
		snprintf(line, sizeof(line), "  %s %u %.2f %s: %s\n", kind, v->track_id,
			media_seconds(v->at), severity_name(v->severity), v->explanation);
		strncat(said, line, sizeof(said) - strlen(said) - 1);
		snprintf(wanted, sizeof(wanted), "%s %u ", kind, v->track_id);
		const char *hit = strstr(scene->expect, wanted);
		double time = hit ? atof(hit + strlen(wanted)) : -1e9;
		/* Each is expected once: a second one of the same kind and track is too many. */
		if (fabs(time - media_seconds(v->at)) <= TIME_WITHIN_S)
			(*found)++;
		else
			*found += 1000;
		assert_true(v->from.us <= v->at.us && v->explanation[0]);
	}
}

static int lines_of(const char *text)
{
	int count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* "NAME forward car 2", a line for each number that is not 0. */
static void print_count(
	char text[4096], const char *name, int direction, const int count[ROAD_USER_COUNT])
{
	for (int k = 0; k < ROAD_USER_COUNT; k++)
		if (count[k])
			snprintf(text + strlen(text), 4096 - strlen(text), "%s %s %s %d\n", name,
				crossing_direction_name((enum crossing_direction)direction),
				road_user_name((enum road_user)k), count[k]);
}

static void print_lane(char text[4096], const struct lane_count *lane)
{
	char name[128];
	snprintf(name, sizeof(name), "%s/%s", counts.lines[lane->line].name, lane->name);
	for (int d = 0; d < CROSSING_DIRECTION_COUNT; d++) {
		print_count(text, name, d, lane->count[d]);
		if (lane->unsure[d])
			snprintf(text + strlen(text), 4096 - strlen(text), "%s %s unsure %d\n",
				name, crossing_direction_name((enum crossing_direction)d),
				lane->unsure[d]);
	}
}

static void compare_counts(const struct scene_case *scene)
{
	char text[4096] = "";
	if (!scene->counts)
		return;
	for (int i = 0; i < counts.line_count; i++)
		for (int d = 0; d < CROSSING_DIRECTION_COUNT; d++)
			print_count(text, counts.lines[i].name, d, counts.lines[i].count[d]);
	for (int i = 0; i < counts.lane_count; i++)
		print_lane(text, &counts.lanes[i]);
	if (strcmp(text, scene->counts) != 0)
		fail_msg("%s: counted\n%sinstead of\n%s", scene->name, text, scene->counts);
}

static struct judge *make(const struct scene_case *scene, struct judge_params *params)
{
	struct problems problems = {.file = scene->name};
	struct err err = {""};
	struct judge *judge = NULL;
	options_defaults(&judge_options, params);
	options_read(&judge_options, scene->yaml, strlen(scene->yaml), params, &problems);
	params->calibration = scene->image ? NULL : scene_calibration();
	if (problems.error_count == 0)
		judge_check(params, SCENE_WIDTH_PX, SCENE_HEIGHT_PX, !scene->image, &problems);
	if (problems.count > 0)
		problems_print(&problems, stderr);
	assert_int_equal(problems.error_count, 0);
	problems_finish(&problems);
	if (judge_create(params, &err, &judge) < 0)
		fail_msg("%s: %s", scene->name, err.text);
	return judge;
}

void scene_run(const struct scene_case *scene)
{
	struct path paths[TRACKS];
	struct judge_params params;
	struct judge *judge = make(scene, &params);
	int count = parse_paths(scene->paths, paths), found = 0;
	double end = scene->end_s, fps = scene->fps > 0 ? scene->fps : 25;
	for (int i = 0; i < count && !(scene->end_s > 0); i++)
		end = fmax(end, paths[i].points[paths[i].count - 1].t);
	said[0] = 0;
	for (int frame = 0; frame / fps <= end + 1e-9; frame++) {
		fill(scene, paths, count, frame, frame / fps);
		assert_int_equal(
			judge_step(judge, scene->frame, &measures, &violations, &counts), 0);
		hear(scene, &found);
	}
	judge_flush(judge, &violations, &counts);
	hear(scene, &found);
	judge_destroy(&judge);
	options_free(&judge_options, &params);
	if (found != lines_of(scene->expect))
		fail_msg("%s: said\n%sinstead of\n%s", scene->name, said, scene->expect);
	compare_counts(scene);
}

const char *scene_problems(const char *yaml, bool calibrated)
{
	struct problems problems = {.file = "scene"};
	struct judge_params params;
	said[0] = 0;
	options_defaults(&judge_options, &params);
	options_read(&judge_options, yaml, strlen(yaml), &params, &problems);
	judge_check(&params, SCENE_WIDTH_PX, SCENE_HEIGHT_PX, calibrated, &problems);
	problems_sort(&problems);
	for (int i = 0; i < problems.count; i++) {
		const struct problem *p = &problems.items[i];
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%d:%d %s%s: %s\n",
			p->line, p->column, p->level == PROBLEM_WARNING ? "warning: " : "", p->path,
			p->text);
	}
	problems_finish(&problems);
	options_free(&judge_options, &params);
	return said;
}

static void run_case(void **state)
{
	scene_run(*state);
}

int scene_main(const struct scene_case *cases, int count)
{
	struct CMUnitTest *tests = calloc((size_t)count, sizeof(*tests));
	if (!tests)
		return 1;
	for (int i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){.name = cases[i].name,
			.test_func = run_case,
			.initial_state = (void *)(uintptr_t)&cases[i]};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = _cmocka_run_group_tests("scenes", tests, (size_t)count, NULL, NULL);
	free(tests);
	return failed;
}
