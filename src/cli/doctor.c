/* `gantry doctor`: what a camera or a file really sends, and what to change about it. */
#include "base/json.h"
#include "base/mask.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "ingest/diagnosis.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

struct doctor_args {
	double seconds, timeout_s;
	int transport;
	const char *user, *password;
	bool json;
};

static const char *const transport_names[] = {"tcp", "udp", "auto", NULL};

static const struct arg doctor_arg_list[] = {
	{"seconds", 's', ARG_REAL, offsetof(struct doctor_args, seconds), "S", .min = 0.5,
		.max = 3600, .help = "look for so long; of a file at so much of it (default 5)"},
	{"transport", 0, ARG_CHOICE, offsetof(struct doctor_args, transport), "KIND",
		.names = transport_names, .help = "of RTSP: tcp (default), udp, auto"},
	{"user", 0, ARG_TEXT, offsetof(struct doctor_args, user), "NAME",
		.help = "for the camera; also in the URL: rtsp://NAME:PASSWORD@HOST/..."},
	{"password", 0, ARG_TEXT, offsetof(struct doctor_args, password), "TEXT",
		.help = "for the camera"},
	{"timeout", 0, ARG_REAL, offsetof(struct doctor_args, timeout_s), "S", .min = 0.1,
		.max = 600, .help = "give up where nothing comes for so long (default 10)"},
	{"json", 0, ARG_FLAG, offsetof(struct doctor_args, json),
		.help = "JSON instead of sentences: what was measured and found"},
};

static const struct arg_table doctor_table = {
	.about = "look at a camera or a video file, and say what to change about it",
	.operands = "SOURCE",
	.operands_min = 1,
	.operands_max = 1,
	.args = doctor_arg_list,
	.count = ARG_COUNT(doctor_arg_list),
	.more = "Exit code 1 where there is a problem, 4 where the source cannot be opened.\n"
		"\n"
		"examples:\n"
		"  gantry doctor rtsp://admin:secret@10.0.0.7/stream1\n"
		"  gantry doctor --seconds 60 --transport udp rtsp://10.0.0.7/stream1\n"
		"  gantry doctor recording.mp4\n",
};

/* A handler has no other way to know it. */
static struct cancel interrupted;

static void on_signal(int number)
{
	(void)number;
	/* Not cancel_set(), which takes a lock; whatever waits here polls. */
	atomic_store_explicit(&interrupted.set, true, memory_order_relaxed);
}

static void print(const char *name, const struct diagnosis *d)
{
	static const char marks[] = {' ', '-', '!'};
	printf("%s\n", name);
	for (int i = 0; i < d->count; i++) {
		const struct finding *f = &d->findings[i];
		printf("  %c %s\n", marks[f->level], f->text);
		if (f->advice[0])
			printf("      -> %s\n", f->advice);
	}
}

static void put_measured(struct json *j, const struct examination *x)
{
	json_key(j, "measured");
	json_object(j);
	json_member_string(j, "container", x->container);
	json_member_string(j, "codec", x->codec);
	json_member_string(j, "pixel_format", x->pixel_format);
	json_member_int(j, "width_px", x->width_px);
	json_member_int(j, "height_px", x->height_px);
	json_member_real(j, "opening_s", x->opening_s, 4);
	json_member_real(j, "first_picture_s", x->first_picture_s, 4);
	json_member_real(j, "covered_s", x->covered_s, 4);
	json_member_real(j, "declared_fps", x->declared_fps, 4);
	json_member_real(j, "fps", x->fps, 4);
	json_member_real(j, "interval_s", x->interval_s, 4);
	json_member_real(j, "interval_max_s", x->interval_max_s, 4);
	json_member_int(j, "long_intervals", x->long_interval_count);
	json_member_real(j, "jitter_ms", x->jitter_ms, 4);
	json_member_int(j, "bitrate_bps", (int64_t)x->bitrate_bps);
	json_member_int(j, "packets", x->packet_count);
	json_member_int(j, "pictures", x->picture_count);
	json_member_int(j, "missed_packets", x->missed_packet_count);
	json_member_int(j, "corrupt_pictures", x->corrupt_count);
	json_member_int(j, "refused_packets", x->refused_count);
	json_member_int(j, "untimed", x->untimed_count);
	json_member_int(j, "backward", x->backward_count);
	json_member_int(j, "jumps", x->jump_count);
	json_member_int(j, "resized", x->resized_count);
	json_member_int(j, "key_frames", x->key_count);
	json_member_real(j, "key_interval_max_s", x->key_interval_max_s, 4);
	json_member_bool(j, "b_frames", x->b_frames);
	json_key(j, "clock_offset_s");
	if (x->has_camera_clock)
		json_real(j, x->clock_offset_s, 3);
	else
		json_null(j);
	json_member_bool(j, "stalled", x->stalled);
	json_member_bool(j, "ended", x->ended);
	json_object_end(j);
}

static int write_json(const char *name, const struct examination *x, const struct diagnosis *d)
{
	struct json j = {0};
	json_object(&j);
	json_member_string(&j, "source", name);
	json_member_bool(&j, "live", x->is_live);
	json_member_string(&j, "level", finding_level_names[diagnosis_level(d)]);
	json_member_bool(&j, "browser_shows", d->browser_shows);
	put_measured(&j, x);
	json_key(&j, "findings");
	json_array(&j);
	for (int i = 0; i < d->count; i++) {
		json_object(&j);
		json_member_string(&j, "about", d->findings[i].about);
		json_member_string(&j, "level", finding_level_names[d->findings[i].level]);
		json_member_string(&j, "text", d->findings[i].text);
		if (d->findings[i].advice[0])
			json_member_string(&j, "advice", d->findings[i].advice);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	int code = cli_write_json("-", &j);
	json_finish(&j);
	return code;
}

static int look(const struct doctor_args *args, const char *source, struct examination *x)
{
	struct err err = {0};
	const struct examine_params params = {
		.source = source,
		.demux = {.transport = (enum av_transport)args->transport,
			.username = args->user,
			.password = args->password,
			.open_timeout_us = (int64_t)(args->timeout_s * 1e6),
			.read_timeout_us = (int64_t)(args->timeout_s * 1e6),
			.cancel = &interrupted},
		.seconds = args->seconds,
	};
	cancel_init(&interrupted);
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	int r = examine(&params, &err, x);
	cancel_finish(&interrupted);
	if (r == -ECANCELED)
		return CLI_INTERRUPTED;
	return r < 0 ? cli_fail(CLI_SOURCE, &err) : CLI_OK;
}

int cli_doctor(int argc, char **argv)
{
	struct doctor_args args = {.seconds = 5, .timeout_s = 10};
	struct arg_operands operands;
	struct examination x;
	struct diagnosis d;
	char name[1024];
	int code = args_read(&doctor_table, argc, argv, &args, &operands);
	if (code != ARGS_GO_ON)
		return code;
	mask_secrets(operands.items[0], name, sizeof(name));
	code = look(&args, operands.items[0], &x);
	if (code != CLI_OK)
		return code;
	diagnose(&x, &d);
	if (args.json)
		code = write_json(name, &x, &d);
	else
		print(name, &d);
	if (code == CLI_OK)
		code = cli_flush();
	if (code == CLI_OK && diagnosis_level(&d) == FINDING_PROBLEM)
		code = CLI_FAILED;
	return code;
}
