/*
 * What one operated camera is: where its video comes from, and everything that a scene file says
 * (pipeline/scene.h), at one level. A stream of gantry.yaml, a body of POST /streams and a version
 * in the store are all this.
 *
 *     {"id": "north", "source": "rtsp://10.0.0.7/1", "target_fps": 15,
 *      "calibration": {...}, "zones": [...], "rules": [...]}
 *
 * Memory: camera_config_free() frees what was read. Threads: read-only after reading.
 */
#pragma once

#include "ingest/stream.h"
#include "pipeline/scene.h"

#define CAMERA_ID_MAX 63

struct camera_config {
	char *id;
	char *source;
	char *username, *password; /* instead of those in the source; NULL: none */
	int transport; /* enum av_transport */
	double target_fps; /* unless the scene's pipeline says another */
	int buffer_size;
	int reconnect_attempts; /* -1: for ever */
	double reconnect_delay; /* s */
	bool autostart; /* with the server */
	bool loop; /* files and the simulator begin again at their end */
	char *scene_file; /* gantry.yaml only: what follows comes from that file */
	struct scene scene;
};

extern const struct option_table camera_options;

void camera_config_defaults(struct camera_config *config);
void camera_config_free(struct camera_config *config);
/* Into a config that holds defaults, with all that `gantry check` would say. 0, -EINVAL with
 * problems, -ENOMEM. */
int camera_config_read(
	const char *text, size_t length, struct camera_config *config, struct problems *problems);
/* The checks beyond the tables. */
void camera_config_check(const struct camera_config *config, struct problems *problems);
/* 1 to CAMERA_ID_MAX letters, digits, '-', '_' and '.', the first a letter or a digit. */
bool camera_id_is_valid(const char *id);

/* How its stream is opened; texts are borrowed from the config, callbacks are not set. */
void camera_config_stream(const struct camera_config *config, struct stream_params *ret_params);
/* The same for both: a change from one to the other needs no new connection and no new looks. */
bool camera_config_same_video(const struct camera_config *a, const struct camera_config *b);
/* The camera's name in violations and sums: the scene's device_id, else the id. Borrowed. */
const char *camera_config_device(const struct camera_config *config);
