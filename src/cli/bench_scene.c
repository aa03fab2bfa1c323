#include "cli/bench_scene.h"

#include "cli/cpu_time.h"
#include "cli/values.h"
#include "pipeline/pipeline.h"
#include "sim/record.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FRAMES = 600,
	WARM_UP_FRAMES = 100,
	FRAME_US = 40000,
	WIDTH_PX = 1920,
	HEIGHT_PX = 1080,
	LANES = 6,
	CLOCK_LAPS = 1000,
	LAPS = 40,
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

enum { TRACK, MEASURE, JUDGE, STAGES };

/* Of one stage after the other: CPU time, a frame. */
struct frame_cost {
	double us[STAGES];
};

/* What reading the clock takes: asking for CPU time is a system call, about a microsecond. */
static double clock_us(void)
{
	double since = 0, least = HUGE_VAL;
	cpu_time_lap_us(CLOCK_THREAD_CPUTIME_ID, &since);
	for (int i = 0; i < CLOCK_LAPS; i++)
		least = fmin(least, cpu_time_lap_us(CLOCK_THREAD_CPUTIME_ID, &since));
	return least;
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

static int one_frame(struct stages *s, int frame, struct frame_cost *ret_cost)
{
	double since = 0;
	detect(frame, &s->detections);
	cpu_time_lap_us(CLOCK_THREAD_CPUTIME_ID, &since);
	int r = tracker_step(s->tracker, &s->detections, &s->tracks);
	ret_cost->us[TRACK] = cpu_time_lap_us(CLOCK_THREAD_CPUTIME_ID, &since);
	if (r == 0)
		r = measurer_step(s->measurer, &s->tracks, &s->measures);
	ret_cost->us[MEASURE] = cpu_time_lap_us(CLOCK_THREAD_CPUTIME_ID, &since);
	if (r == 0)
		r = judge_step(s->judge, NULL, &s->measures, &s->violations, &s->counts);
	ret_cost->us[JUDGE] = cpu_time_lap_us(CLOCK_THREAD_CPUTIME_ID, &since);
	return r;
}

/* Each frame's cost where it is less than in the laps before; the mean of all stages together. */
static int one_lap(struct err *err, struct frame_cost least[FRAMES], double *ret_us)
{
	struct stages *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	int r = stages_init(s, err);
	double sum = 0;
	for (int frame = 0; frame < FRAMES && r == 0; frame++) {
		struct frame_cost cost;
		r = one_frame(s, frame, &cost);
		if (r < 0)
			err_set(err, r, "frame %d of the benchmark could not be analysed", frame);
		for (int k = 0; k < STAGES && frame >= WARM_UP_FRAMES; k++) {
			least[frame].us[k] = fmin(least[frame].us[k], cost.us[k]);
			sum += cost.us[k];
		}
	}
	*ret_us = sum / (FRAMES - WARM_UP_FRAMES);
	stages_finish(s);
	free(s);
	return r;
}

static double mean_us(const struct frame_cost least[FRAMES], int stage)
{
	double sum = 0;
	for (int frame = WARM_UP_FRAMES; frame < FRAMES; frame++)
		sum += least[frame].us[stage];
	return sum / (FRAMES - WARM_UP_FRAMES);
}

int bench_stages(struct err *err, struct bench_stages *ret_stages)
{
	static struct frame_cost least[FRAMES];
	double laps_us[LAPS], clock = clock_us();
	int r = 0;
	for (int frame = 0; frame < FRAMES; frame++)
		least[frame] = (struct frame_cost){{HUGE_VAL, HUGE_VAL, HUGE_VAL}};
	for (int i = 0; i < LAPS && r == 0; i++)
		r = one_lap(err, least, &laps_us[i]);
	if (r < 0)
		return r;
	*ret_stages = (struct bench_stages){
		.track_us = mean_us(least, TRACK) - clock,
		.measure_us = mean_us(least, MEASURE) - clock,
		.judge_us = mean_us(least, JUDGE) - clock,
		.middle_lap_us = values_median(laps_us, LAPS) - STAGES * clock,
		.lap_count = LAPS,
	};
	return 0;
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
