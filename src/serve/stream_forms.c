#include "serve/stream_forms.h"

#include "cameras/config.h"

#include <stddef.h>

const struct form_field stream_id_params[] = {
	{"stream_id", FORM_STRING, .min = 1, .max = CAMERA_ID_MAX, .help = "the stream's"},
	{0},
};
const struct form_field stream_change_query[] = {
	{"expected_version", FORM_INT, .min = 1, .max = 9007199254740991,
		.help = "409 where another version is there; default: whatever is there"},
	{0},
};

const struct form_field stream_snapshot_query[] = {
	{"annotated", FORM_BOOL, .help = "default: false"},
	{0},
};

const struct form_field stream_live_query[] = {
	{"annotated", FORM_BOOL, .help = "with what was found drawn on it; default: false"},
	{"fps", FORM_REAL, .min = 0.1, .max = 30, .help = "at most so many a second; default: 5"},
	{0},
};

/* Replies */

static const struct form_field stream_fields[] = {
	{"id", FORM_STRING},
	{"source", FORM_STRING, .max = 4200, .help = "passwords hidden"},
	{"version", FORM_INT, .help = "of the configuration"},
	{"judging_version", FORM_INT,
		.help = "the one that judges now: the newer one comes with the next frame"},
	{"is_running", FORM_BOOL},
	{"is_healthy", FORM_BOOL, .help = "pictures come"},
	{"state", FORM_STRING,
		.help = "idle, connecting, live, stalled, backing_off, failed, stopped"},
	{"reason", FORM_STRING, .max = 512, .nullable = true, .help = "why it is not live"},
	{"detector", FORM_STRING, .nullable = true, .help = "null: nothing came yet"},
	{"is_calibrated", FORM_BOOL},
	{"width_px", FORM_INT, .nullable = true},
	{"height_px", FORM_INT, .nullable = true},
	{"codec", FORM_STRING, .nullable = true},
	{"fps", FORM_REAL, .nullable = true, .help = "decoded, over the last seconds"},
	{0},
};
const struct form stream_form = {"Stream", stream_fields, NULL};

static const struct form_field list_fields[] = {
	{"items", FORM_LIST, .of = &stream_form},
	{0},
};
const struct form stream_list_form = {"StreamList", list_fields, NULL};

static const struct form_field statistics_fields[] = {
	{"id", FORM_STRING},
	{"frames_read", FORM_INT},
	{"frames_dropped", FORM_INT, .help = "not by target_fps"},
	{"fps", FORM_REAL, .nullable = true, .help = "decoded, over the last seconds"},
	{"avg_read_time_ms", FORM_REAL, .nullable = true,
		.help = "from a packet's arrival to its frame"},
	{"is_connected", FORM_BOOL},
	{"last_frame_time", FORM_TIME, .nullable = true},
	{"total_errors", FORM_INT, .help = "failed attempts, losses and stalls"},
	{"is_healthy", FORM_BOOL},
	{"connects", FORM_INT},
	{"reconnects", FORM_INT},
	{"stalls", FORM_INT},
	{"gaps", FORM_INT, .help = "in media time"},
	{"missed_packets", FORM_INT, .help = "of RTP, on the way"},
	{"bitrate_bps", FORM_REAL, .nullable = true},
	{"jitter_ms", FORM_REAL, .nullable = true},
	{"frames_decoded", FORM_INT},
	{"frames_looked_at", FORM_INT, .help = "tracked with detections"},
	{"frames_predicted", FORM_INT, .help = "tracked by prediction"},
	{"frames_still", FORM_INT, .help = "nothing had moved"},
	{"frames_waiting", FORM_INT},
	{"dropped_rate", FORM_INT, .help = "by target_fps"},
	{"dropped_late", FORM_INT, .help = "there was too much to do"},
	{"dropped_undecodable", FORM_INT},
	{"dropped_refused", FORM_INT, .help = "a stage could not take it"},
	{"unaccounted", FORM_INT, .help = "0, or a few while frames are under way"},
	{"latency_p50_ms", FORM_REAL, .nullable = true, .help = "from arrival to result"},
	{"latency_p95_ms", FORM_REAL, .nullable = true},
	{"violations", FORM_INT, .help = "handed to the store since it was started"},
	{"violations_without_evidence", FORM_INT, .help = "of them: it could not be written"},
	{"violations_lost", FORM_INT, .help = "the store did not take them"},
	{"clips_lost", FORM_INT, .help = "the violation is there, with its pictures"},
	{"passages", FORM_INT},
	{"passages_lost", FORM_INT, .help = "the store did not take them"},
	{"recording_problem", FORM_STRING, .max = 512, .nullable = true,
		.help = "why the latest of it was not written; null: it was"},
	{0},
};
const struct form stream_statistics_form = {"StreamStatistics", statistics_fields, NULL};

static const struct form_field health_fields[] = {
	{"is_healthy", FORM_BOOL},
	{"is_running", FORM_BOOL},
	{"state", FORM_STRING},
	{"reason", FORM_STRING, .max = 512, .nullable = true},
	{"recording_problem", FORM_STRING, .max = 512, .nullable = true,
		.help = "why the latest evidence, clip or row was not written; null: it was"},
	{"last_frame_age_s", FORM_REAL, .nullable = true},
	{0},
};
const struct form stream_health_form = {"StreamHealth", health_fields, NULL};

static const struct form_field config_fields[] = {
	{"stream_id", FORM_STRING},
	{"version", FORM_INT},
	{"config", FORM_ANY, .help = "members that are not configured are null, or missing"},
	{0},
};
const struct form stream_config_form = {"StreamConfig", config_fields, NULL};

/* Bodies */

#define STREAM_FIELDS(must)                                                                        \
	{"id", FORM_STRING, .min = 1, .max = CAMERA_ID_MAX, .required = (must),                    \
		.help = "letters, digits, '-', '_', '.'"},                                         \
		{"source", FORM_STRING, .min = 1, .max = 4096, .required = (must),                 \
			.help = "rtsp://, http://, /dev/video0, a file, sim:WORLD.yaml"},          \
		{"username", FORM_STRING, .max = 256},                                             \
		{"password", FORM_STRING, .max = 256, .help = "never shown"},                      \
		{"transport", FORM_STRING, .max = 8, .help = "tcp, udp, auto"},                    \
		{"target_fps", FORM_REAL}, {"buffer_size", FORM_INT},                              \
		{"reconnect_attempts", FORM_INT, .help = "-1: for ever"},                          \
		{"reconnect_delay", FORM_REAL}, {"autostart", FORM_BOOL}, {"loop", FORM_BOOL},     \
		{"pipeline", FORM_ANY, .help = "as in a scene file (docs/configuration.md)"},      \
		{"detector", FORM_ANY}, {"tracker", FORM_ANY},                                     \
	{                                                                                          \
		"measure", FORM_ANY                                                                \
	}
#define CALIBRATION_FIELDS                                                                         \
	{"image", FORM_ANY, .help = "size of the picture in which points were picked"},            \
	{                                                                                          \
		"calibration", FORM_ANY, .help = "points, or distances and parallel lines"         \
	}
#define ZONES_FIELDS                                                                               \
	{"zones", FORM_ANY},                                                                       \
	{                                                                                          \
		"lines", FORM_ANY                                                                  \
	}
#define RULES_FIELDS                                                                               \
	{"rules", FORM_ANY, .help = "docs/rules.md"},                                              \
	{                                                                                          \
		"signals", FORM_ANY                                                                \
	}

static const struct form_field new_fields[] = {
	STREAM_FIELDS(true), CALIBRATION_FIELDS, ZONES_FIELDS, RULES_FIELDS, {0}};
const struct form stream_new_form = {
	"NewStream", new_fields, "where the video comes from, and the members of a scene file"};
static const struct form_field patch_fields[] = {
	STREAM_FIELDS(false), CALIBRATION_FIELDS, ZONES_FIELDS, RULES_FIELDS, {0}};
const struct form stream_patch_form = {
	"StreamChange", patch_fields, "members that are not given stay; null empties a section"};
static const struct form_field calibration_fields[] = {
	CALIBRATION_FIELDS, {"measure", FORM_ANY}, {0}};
const struct form stream_calibration_form = {"StreamCalibration", calibration_fields, NULL};
static const struct form_field zones_fields[] = {ZONES_FIELDS, {0}};
const struct form stream_zones_form = {"StreamZones", zones_fields, NULL};
static const struct form_field rules_fields[] = {RULES_FIELDS, {0}};
const struct form stream_rules_form = {"StreamRules", rules_fields, NULL};
