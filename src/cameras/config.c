#include "cameras/config.h"

#include "pipeline/recorder.h"
#include "pipeline/sim_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const transports[] = {"tcp", "udp", "auto", NULL};

static const struct option stream_option_list[] = {
	{"id", OPTION_STRING, offsetof(struct camera_config, id), .required = true,
		.help = "name of the stream: letters, digits, '-', '_', '.'"},
	{"source", OPTION_STRING, offsetof(struct camera_config, source), .required = true,
		.help = "rtsp://, http://, /dev/video0, a file, or sim:WORLD.yaml (sim: alone is "
			"the built-in world)"},
	{"username", OPTION_STRING, offsetof(struct camera_config, username),
		.help = "of the camera, instead of one in the source"},
	{"password", OPTION_STRING, offsetof(struct camera_config, password),
		.help = "of the camera; kept in the store, never shown"},
	{"transport", OPTION_ENUM, offsetof(struct camera_config, transport), .names = transports,
		.help = "of RTSP"},
	{"target_fps", OPTION_REAL, offsetof(struct camera_config, target_fps), .min = 0,
		.max = 1000, .def = 30, .unit = "1/s", .help = "frames analysed a second; 0: all"},
	{"buffer_size", OPTION_INT, offsetof(struct camera_config, buffer_size), .min = 2,
		.max = 1000, .def = 10, .help = "decoded frames that may wait"},
	{"reconnect_attempts", OPTION_INT, offsetof(struct camera_config, reconnect_attempts),
		.min = -1, .max = 1000000, .def = 5,
		.help = "failed ones in a row before it is given up; -1: for ever"},
	{"reconnect_delay", OPTION_REAL, offsetof(struct camera_config, reconnect_delay), .min = 0,
		.max = 3600, .def = 2, .unit = "s",
		.help = "first step; doubled each time, up to a minute"},
	{"autostart", OPTION_BOOL, offsetof(struct camera_config, autostart), .def = 1,
		.help = "starts with the server"},
	{"loop", OPTION_BOOL, offsetof(struct camera_config, loop),
		.help = "a file or a simulated world begins again at its end"},
	{"scene_file", OPTION_STRING, offsetof(struct camera_config, scene_file),
		.help = "gantry.yaml only: a scene file, instead of the keys of a scene here"},
};
static const struct option_table stream_options = {"stream", sizeof(struct camera_config),
	OPTION_NOWHERE, stream_option_list, OPTION_COUNT(stream_option_list),
	"where the video comes from"};

void camera_config_defaults(struct camera_config *config)
{
	options_defaults(&camera_options, config);
}

void camera_config_free(struct camera_config *config)
{
	options_free(&camera_options, config);
}

static bool is_id_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool camera_id_is_valid(const char *id)
{
	size_t length = strlen(id);
	if (length < 1 || length > CAMERA_ID_MAX || !is_id_letter(id[0]))
		return false;
	for (const char *c = id; *c; c++)
		if (!is_id_letter(*c) && !strchr("-_.", *c))
			return false;
	return true;
}

void camera_config_check(const struct camera_config *config, struct problems *problems)
{
	const struct option_where nowhere = {0};
	/* "" counts as not given, and the tables do not complain of it. */
	bool complained = problems->error_count > 0;
	if (!config->source && !complained)
		problems_add(problems, PROBLEM_ERROR, nowhere, "source", "must not be empty");
	if (config->id ? !camera_id_is_valid(config->id) : !complained)
		problems_add(problems, PROBLEM_ERROR, nowhere, "id",
			"must be 1 to %d letters, digits, '-', '_' and '.', beginning with a "
			"letter or a digit",
			CAMERA_ID_MAX);
	scene_check(&config->scene, problems);
}

int camera_config_read(
	const char *text, size_t length, struct camera_config *config, struct problems *problems)
{
	int r = options_read(&camera_options, text, length, config, problems);
	if (r < 0 && r != -EINVAL)
		return r;
	if (config->scene_file)
		problems_add(problems, PROBLEM_ERROR, (struct option_where){0}, "scene_file",
			"is for gantry.yaml only: give the keys of the scene themselves");
	camera_config_check(config, problems);
	problems_sort(problems);
	return problems->error_count ? -EINVAL : 0;
}

void camera_config_stream(const struct camera_config *config, struct stream_params *ret_params)
{
	static const struct input_kind *const kinds[] = {&sim_input, NULL};
	double scene_fps = config->scene.pipeline.target_fps;
	stream_params_init(ret_params);
	ret_params->source = config->source;
	ret_params->username = config->username;
	ret_params->password = config->password;
	ret_params->transport = (enum av_transport)config->transport;
	ret_params->buffer_size = config->buffer_size;
	ret_params->target_fps = scene_fps > 0 ? scene_fps : config->target_fps;
	ret_params->reconnect_attempts = config->reconnect_attempts;
	ret_params->reconnect_delay_s = config->reconnect_delay;
	ret_params->loop = config->loop;
	ret_params->paced = true;
	ret_params->kinds = kinds;
	/* The simulator encodes nothing. */
	ret_params->ring_bytes = sim_input.takes(config->source, true) ? 0 : RECORDER_RING_BYTES;
	ret_params->ring_s = RECORDER_RING_S;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* As they are written: what is not written is the default in both. */
static bool same_section(const struct option_table *table, const void *a, const void *b)
{
	struct json x = {0}, y = {0};
	options_write_json(table, a, &x);
	options_write_json(table, b, &y);
	bool same = !x.failed && !y.failed && x.length == y.length &&
		    memcmp(x.text, y.text, x.length) == 0;
	json_finish(&x);
	json_finish(&y);
	return same;
}

bool camera_config_same_video(const struct camera_config *a, const struct camera_config *b)
{
	const struct pipeline_params *p = &a->scene.pipeline, *q = &b->scene.pipeline;
	return same_section(&stream_options, a, b) &&
	       same_section(&detector_options, &a->scene.detector, &b->scene.detector) &&
	       same_text(p->detection_model_path, q->detection_model_path) &&
	       p->confidence_threshold == q->confidence_threshold && p->target_fps == q->target_fps;
}

const char *camera_config_device(const struct camera_config *config)
{
	const char *device = config->scene.pipeline.device_id;
	return device ? device : config->id;
}

static const struct option camera_option_list[] = {
	{"stream", OPTION_INLINE, 0, .table = &stream_options,
		.help = "where the video comes from"},
	{"scene", OPTION_INLINE, offsetof(struct camera_config, scene), .table = &scene_options,
		.help = "what a scene file says"},
};
const struct option_table camera_options = {"camera", sizeof(struct camera_config), OPTION_NOWHERE,
	camera_option_list, OPTION_COUNT(camera_option_list), "one stream"};
