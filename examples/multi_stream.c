/*
 * The original system's third example: several cameras, started together, the newest frame of each
 * through a pipeline of its own.
 *
 *     multi_stream SECONDS SOURCE...
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CAMERAS_MAX 64

struct camera {
	char id[16];
	struct gantry_pipeline *pipeline;
	int64_t last_us; /* media time of the frame processed last; -1: none yet */
	int64_t frames, vehicles, violations;
};

static double now_s(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void process_stream_result(struct camera *camera, const struct gantry_result *result)
{
	camera->frames++;
	camera->vehicles += result->tracked_vehicle_count;
	camera->violations += result->violation_count;
	for (int i = 0; i < result->violation_count; i++)
		printf("%s %s: %s\n", camera->id, result->violations[i].violation_type,
			result->violations[i].explanation);
}

/* The newest frame of one camera, if it is newer than the last. */
static int process_camera(struct gantry_stream_manager *manager, struct camera *camera)
{
	struct gantry_frame *frame;
	struct gantry_result result;
	int r = 0;
	if (gantry_stream_manager_latest_frame(manager, camera->id, &frame, NULL) < 0)
		return 0; /* none yet */
	if (frame->media_time_us > camera->last_us) {
		camera->last_us = frame->media_time_us;
		r = gantry_pipeline_process_frame(camera->pipeline, frame, &result);
		if (r < 0)
			fprintf(stderr, "%s: %s\n", camera->id,
				gantry_pipeline_error(camera->pipeline));
		else
			process_stream_result(camera, &result);
	}
	gantry_frame_free(&frame);
	return r;
}

static struct camera *find(struct camera *cameras, int count, const char *id)
{
	for (int i = 0; i < count; i++)
		if (strcmp(cameras[i].id, id) == 0)
			return &cameras[i];
	return NULL;
}

static int process_all(
	struct gantry_stream_manager *manager, struct camera *cameras, int count, double seconds)
{
	const char *ids[CAMERAS_MAX];
	for (double end = now_s() + seconds; now_s() < end;) {
		int active = gantry_stream_manager_active_ids(manager, ids, CAMERAS_MAX);
		if (active == 0)
			break; /* all have come to their end, or were given up */
		for (int i = 0; i < active && i < CAMERAS_MAX; i++)
			if (process_camera(manager, find(cameras, count, ids[i])) < 0)
				return 1;
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	return 0;
}

static int add_camera(struct gantry_stream_manager *manager, struct camera *camera, int number,
	const char *source, struct gantry_error *error)
{
	struct gantry_stream_config stream_config;
	struct gantry_pipeline_config pipeline_config;
	gantry_stream_config_init(&stream_config);
	gantry_pipeline_config_init(&pipeline_config);
	snprintf(camera->id, sizeof(camera->id), "cam_%03d", number);
	camera->last_us = -1;
	pipeline_config.device_id = camera->id;
	int r = gantry_pipeline_create(&pipeline_config, &camera->pipeline, error);
	if (r < 0)
		return r;
	return gantry_stream_manager_add(manager, camera->id, source, &stream_config, error);
}

int main(int argc, char **argv)
{
	static struct camera cameras[CAMERAS_MAX];
	struct gantry_stream_manager *manager = NULL;
	struct gantry_error error;
	int count = argc - 2, status = 1, added = 0;
	if (count < 1 || count > CAMERAS_MAX) {
		fprintf(stderr, "usage: %s SECONDS SOURCE...\n", argv[0]);
		return 2;
	}
	if (gantry_stream_manager_create(&manager, &error) < 0)
		goto fail;
	for (; added < count; added++)
		if (add_camera(manager, &cameras[added], added + 1, argv[added + 2], &error) < 0)
			goto fail;
	gantry_stream_manager_start_all(manager, NULL, 0);
	status = process_all(manager, cameras, count, atof(argv[1]));

	struct gantry_aggregated_statistics all;
	gantry_stream_manager_get_aggregated(manager, &all);
	for (int i = 0; i < count; i++)
		printf("%s: %lld frames, %lld boxes of vehicles, %lld violations\n", cameras[i].id,
			(long long)cameras[i].frames, (long long)cameras[i].vehicles,
			(long long)cameras[i].violations);
	printf("%lld streams, %lld of them running, %lld frames read, %.1f frames/s each\n",
		(long long)all.total_streams, (long long)all.active_streams,
		(long long)all.total_frames_read, all.average_fps);
	goto end;
fail:
	fprintf(stderr, "%s\n", error.text);
end:
	gantry_stream_manager_destroy(&manager);
	for (int i = 0; i < CAMERAS_MAX; i++)
		gantry_pipeline_destroy(&cameras[i].pipeline);
	return status;
}
