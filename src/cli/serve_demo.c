#include "cli/serve_demo.h"

#include "base/log.h"
#include "sim/sim.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small and slow enough for four of them on two cores; all that breaks a rule is still seen. */
#define SCALE_RATIO 0.75
#define FPS 12.5

static int replace(char **text, const char *fresh)
{
	char *copy = strdup(fresh);
	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static void shrink(struct sim_params *world)
{
	world->video.width_px = (int)(world->video.width_px * SCALE_RATIO) / 2 * 2;
	world->video.height_px = (int)(world->video.height_px * SCALE_RATIO) / 2 * 2;
	world->video.fps = FPS;
	world->camera.focal_px *= SCALE_RATIO;
}

static int cannot_write(const char *path, struct err *err)
{
	return err_set(err, -EIO, "%s: cannot be written", path);
}

static int write_world(const struct sim_params *world, const char *path, struct err *err)
{
	struct json json = {0};
	FILE *file = fopen(path, "we");
	options_write_json(&sim_options, world, &json);
	bool failed = !file || json.failed || fwrite(json.text, 1, json.length, file) < json.length;
	failed = (file && fclose(file) != 0) || failed;
	json_finish(&json);
	return failed ? cannot_write(path, err) : 0;
}

/* The scene file of what the world's camera sees. */
static int write_scene(const struct sim_params *world, const char *path, struct err *err)
{
	struct sim *sim;
	FILE *file = fopen(path, "we");
	if (!file)
		return cannot_write(path, err);
	int r = sim_create(world, err, &sim);
	if (r == 0) {
		r = sim_write_config(sim, file);
		sim_destroy(&sim);
	}
	return fclose(file) != 0 || r == -EIO ? cannot_write(path, err) : r;
}

static int fill_stream(const struct sim_params *world, const char *dir,
	struct camera_config *stream, struct err *err)
{
	char source[160], scene[160];
	struct problems problems = {0};
	snprintf(source, sizeof(source), "sim:%s/%s.yaml", dir, world->name);
	snprintf(scene, sizeof(scene), "%s/%s-scene.yaml", dir, world->name);
	int r = write_world(world, source + strlen("sim:"), err);
	if (r == 0)
		r = write_scene(world, scene, err);
	if (r == 0)
		r = scene_load(scene, &stream->scene, &problems, err);
	problems_finish(&problems);
	if (r < 0)
		return r;
	stream->loop = true;
	if (replace(&stream->id, world->name) < 0 || replace(&stream->source, source) < 0 ||
		replace(&stream->scene.pipeline.device_id, world->name) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

/* One world, in a thread of its own: drawing its standing parts takes a second or two. */
struct job {
	int index, code;
	const char *dir;
	struct camera_config *stream;
	struct err err;
	pthread_t thread;
	bool started;
};

static void *prepare_one(void *opaque)
{
	struct job *job = opaque;
	struct sim_params world;
	job->code = sim_params_example(job->index, &world, &job->err);
	if (job->code < 0)
		return NULL;
	shrink(&world);
	job->code = fill_stream(&world, job->dir, job->stream, &job->err);
	sim_params_finish(&world);
	return NULL;
}

static int prepare_all(const char *dir, struct settings *settings, struct err *err)
{
	struct camera_config *streams = settings->streams.items;
	struct job jobs[SIM_BUILTIN_COUNT];
	int r = 0;
	settings->streams.count = SIM_BUILTIN_COUNT;
	for (int i = 0; i < SIM_BUILTIN_COUNT; i++) {
		jobs[i] = (struct job){.index = i, .dir = dir, .stream = &streams[i]};
		camera_config_defaults(&streams[i]);
		jobs[i].started = pthread_create(&jobs[i].thread, NULL, prepare_one, &jobs[i]) == 0;
		if (!jobs[i].started)
			prepare_one(&jobs[i]);
	}
	for (int i = 0; i < SIM_BUILTIN_COUNT; i++) {
		if (jobs[i].started)
			pthread_join(jobs[i].thread, NULL);
		if (jobs[i].code < 0 && r == 0) {
			r = jobs[i].code;
			*err = jobs[i].err;
		}
	}
	return r;
}

/* Below the folder, where the user named no other. */
static int place_store(const char *dir, struct settings *settings, struct err *err)
{
	char path[96];
	snprintf(path, sizeof(path), "%s/gantry.db", dir);
	if (strcmp(settings->store.path, SETTINGS_STORE_PATH) != 0)
		return 0;
	return replace(&settings->store.path, path) < 0 ? err_set(err, -ENOMEM, "out of memory")
							: 0;
}

int serve_demo_prepare(struct serve_demo *demo, struct settings *settings, struct err *err)
{
	if (settings->streams.count > 0)
		return err_set(err, -EINVAL,
			"--demo brings streams of its own: leave those of the file away");
	snprintf(demo->dir, sizeof(demo->dir), "/tmp/gantry-demo-XXXXXX");
	if (!mkdtemp(demo->dir)) {
		demo->dir[0] = '\0';
		return err_set(
			err, -errno, "a folder below /tmp cannot be made: %s", strerror(errno));
	}
	settings->streams.item_size = sizeof(struct camera_config);
	settings->streams.items = calloc(SIM_BUILTIN_COUNT, sizeof(struct camera_config));
	if (!settings->streams.items)
		return err_set(err, -ENOMEM, "out of memory");
	int r = place_store(demo->dir, settings, err);
	log_info("drawing four worlds: this takes some seconds");
	return r == 0 ? prepare_all(demo->dir, settings, err) : r;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

void serve_demo_remove(const struct serve_demo *demo)
{
	if (demo->dir[0])
		nftw(demo->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void serve_demo_say(int port, const char *token)
{
	printf("four simulated cameras: http://127.0.0.1:%d\n", port);
	if (token[0])
		printf("  curl -H 'Authorization: Bearer %s' http://127.0.0.1:%d/streams\n", token,
			port);
}
