#include "cli/bench_scene.h"

#include "pipeline/pipeline.h"
#include "sim/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FRAMES = 600,
	WARM_UP_FRAMES = 100,
	FRAME_US = 40000,
	WIDTH_PX = 1920,
	HEIGHT_PX = 1080,
	LANES = 6,
	CLOCK_LAPS = 1000,
};

static const char scene_text[] =
	"image: {width_px: 1920, height_px: 1080}\n"
	"calibration:\n"
	"  points:\n"
	"    - {image: [160, 1060], road: [0, 0]}\n"
	"    - {image: [1760, 1060], road: [21, 0]}\n"
	"    - {image: [1260, 200], road: [21, 120]}\n"
	"    - {image: [660, 200], road: [0, 120]}\n"
	"  area: [[100, 1080], [1820, 1080], [1270, 180], [650, 180]]\n"
	"lines:\n"
	"  - {name: stop, points: [[300, 700], [1620, 700]]}\n"
	"  - {name: solid, points: [[960, 1060], [960, 200]]}\n"
	"zones:\n"
	"  - {name: road, polygon: [[100, 1080], [1820, 1080], [1270, 180], [650, 180]]}\n"
	"signals:\n"
	"  - {name: main, phases: [{lamp: green, duration_s: 8}, {lamp: red, duration_s: 8}]}\n"
	"rules:\n"
	"  - {kind: speed_violation, limit_kmh: 50}\n"
	"  - {kind: red_light, line: stop, signal: main}\n"
	"  - {kind: lane_violation, line: solid}\n"
	"  - {kind: wrong_way, zone: road, direction: [[960, 1000], [960, 300]]}\n"
	"  - {kind: illegal_parking, zone: road, limit_s: 60}\n";

double bench_stages_total_us(const struct bench_stages *stages)
{
	return stages->track_us + stages->measure_us + stages->judge_us;
}

/* Five vehicles a lane drive away from the camera, shrinking; who leaves comes in again below. */
static void detect(int frame, struct detections *out)
{
	memset(out, 0, offsetof(struct detections, items));
	out->media.us = (int64_t)frame * FRAME_US;
	out->sequence = frame;
	out->width_px = WIDTH_PX;
	out->height_px = HEIGHT_PX;
	out->count = BENCH_ROAD_USERS;
	for (int i = 0; i < BENCH_ROAD_USERS; i++) {
		int lane = i % LANES, row = i / LANES;
		double way = frame * (0.0040 + 0.0003 * lane) + row * 0.2;
		double depth = way - (double)(int)way; /* 0 near, 1 far */
		double scale = 1 / (1 + 2.5 * depth);
		double y = 200 + 860 * (scale - 1 / 3.5) / (1 - 1 / 3.5);
		double x = 960 + ((lane - 2.5) * 260) * scale;
		double jitter = ((frame * 31 + i * 17) % 7 - 3) * 0.3;
		out->items[i] = (struct detection){
			.box = {(float)(x - 90 * scale + jitter), (float)(y - 150 * scale),
				(float)(x + 90 * scale + jitter), (float)(y + jitter)},
			.confidence_ratio = 0.8f,
			.road_user = ROAD_USER_CAR,
			.truth_id = -1,
		};
	}
}

static double lap_us(double *since)
{
	struct timespec ts;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	double now = (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec * 1e-3, us = now - *since;
	*since = now;
	return us;
}

/* What a lap with nothing in it takes: asking for CPU time is a system call, about a microsecond.
 */
static double empty_lap_us(void)
{
	double since = 0, sum = 0;
	lap_us(&since);
	for (int i = 0; i < CLOCK_LAPS; i++)
		sum += lap_us(&since);
	return sum / CLOCK_LAPS;
}

struct stages {
	struct scene scene;
	struct calibration calibration;
	struct tracker *tracker;
	struct measurer *measurer;
	struct judge *judge;
	struct detections detections;
	struct tracks tracks;
	struct measures measures;
	struct violations violations;
	struct counts counts;
};

static int stages_init(struct stages *s, struct err *err)
{
	struct problems problems = {0};
	scene_defaults(&s->scene);
	int r = scene_parse(scene_text, sizeof(scene_text) - 1, &s->scene, &problems);
	if (r < 0)
		err_set(err, r, "the benchmark's scene: %s",
			problems.count ? problems.items[0].text : "");
	problems_finish(&problems);
	if (r == 0)
		r = calibration_solve(
			&s->scene.calibration, WIDTH_PX, HEIGHT_PX, err, &s->calibration);
	if (r == 0)
		r = tracker_create(&s->scene.tracker, err, &s->tracker);
	if (r == 0)
		r = measurer_create(&s->scene.measure, &s->calibration, err, &s->measurer);
	s->scene.judge.calibration = &s->calibration;
	if (r == 0)
		r = judge_create(&s->scene.judge, err, &s->judge);
	return r;
}

static void stages_finish(struct stages *s)
{
	judge_destroy(&s->judge);
	measurer_destroy(&s->measurer);
	tracker_destroy(&s->tracker);
	scene_free(&s->scene);
}

static int one_frame(struct stages *s, int frame, struct bench_stages *sum)
{
	double since = 0;
	detect(frame, &s->detections);
	lap_us(&since);
	int r = tracker_step(s->tracker, &s->detections, &s->tracks);
	sum->track_us += lap_us(&since);
	if (r == 0)
		r = measurer_step(s->measurer, &s->tracks, &s->measures);
	sum->measure_us += lap_us(&since);
	if (r == 0)
		r = judge_step(s->judge, NULL, &s->measures, &s->violations, &s->counts);
	sum->judge_us += lap_us(&since);
	return r;
}

int bench_stages(struct err *err, struct bench_stages *ret_stages)
{
	struct bench_stages sum = {0};
	struct stages *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	int r = stages_init(s, err);
	for (int frame = 0; frame < FRAMES && r == 0; frame++) {
		if (frame == WARM_UP_FRAMES)
			sum = (struct bench_stages){0};
		r = one_frame(s, frame, &sum);
		if (r < 0)
			err_set(err, r, "frame %d of the benchmark could not be analysed", frame);
	}
	stages_finish(s);
	free(s);
	const double frames = FRAMES - WARM_UP_FRAMES, clock_us = empty_lap_us();
	if (r == 0)
		*ret_stages = (struct bench_stages){
			.track_us = sum.track_us / frames - clock_us,
			.measure_us = sum.measure_us / frames - clock_us,
			.judge_us = sum.judge_us / frames - clock_us,
		};
	return r;
}

int bench_video(int frame_count, double fps, char *path, size_t path_size, struct err *err)
{
	struct sim_params scene;
	int r = sim_params_builtin(&scene, err);
	if (r < 0)
		return r;
	scene.video.width_px = WIDTH_PX;
	scene.video.height_px = HEIGHT_PX;
	if (fps > 0)
		scene.video.fps = fps;
	snprintf(path, path_size, "/tmp/gantry-bench-XXXXXX.mp4");
	int fd = mkstemps(path, 4);
	if (fd < 0) {
		r = err_set(err, -errno, "%s: cannot be made: %s", path, strerror(errno));
	} else {
		close(fd);
		r = sim_record(
			&(struct sim_record_params){
				.scene = &scene, .video_path = path, .frame_count = frame_count},
			err);
	}
	sim_params_finish(&scene);
	return r;
}
