/* What is said of a camera. */
#include "cameras/camera_inside.h"

#include "base/mask.h"
#include "cameras/document.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A copy of what is known, so that nothing is written under the lock. */
struct status {
	bool wanted, running, healthy, ended;
	int64_t judging_version;
	struct live_stats live;
	struct recording_counts recorded;
	char problem[256], detector[160], state[32], reason[512];
	bool calibrated;
	int width_px, height_px;
};

static void say_state(struct status *s, struct camera *c)
{
	struct err why = {0};
	bool failed = s->problem[0] != '\0';
	snprintf(s->reason, sizeof(s->reason), "%s", s->problem);
	if (c->live && !failed && !s->running && live_error(c->live, &why) < 0) {
		failed = true;
		snprintf(s->reason, sizeof(s->reason), "%s", why.text);
	} else if (c->live && !failed) {
		snprintf(s->reason, sizeof(s->reason), "%s", s->live.stream.reason);
	}
	mask_secrets(s->reason, s->reason, sizeof(s->reason));
	s->ended = s->wanted && c->live && !s->running && !failed;
	snprintf(s->state, sizeof(s->state), "%s",
		failed    ? "failed"
		: c->live ? stream_state_name(s->live.stream.state)
			  : "idle");
}

static void look(struct camera *c, struct status *s)
{
	memset(s, 0, sizeof(*s));
	s->recorded = recording_counts(c->recording);
	pthread_mutex_lock(&c->lock);
	s->wanted = c->wanted;
	s->judging_version = c->current->version;
	s->calibrated = c->calibrated;
	s->width_px = c->width_px;
	s->height_px = c->height_px;
	memcpy(s->problem, c->problem, sizeof(s->problem));
	memcpy(s->detector, c->detector, sizeof(s->detector));
	if (c->live) {
		s->running = live_is_running(c->live);
		s->healthy = s->running && stream_is_healthy(live_stream(c->live));
		live_stats(c->live, &s->live);
	}
	say_state(s, c);
	pthread_mutex_unlock(&c->lock);
}

static void string(struct json *json, const char *key, const char *value)
{
	json_member_string(json, key, value && value[0] ? value : NULL);
}

void camera_write(struct camera *camera, struct json *json)
{
	struct status s;
	look(camera, &s);
	json_object(json);
	string(json, "id", camera->id);
	json_key(json, "source");
	pthread_mutex_lock(&camera->lock);
	document_write_member(camera->text, "source", json);
	json_member_int(json, "version", camera->version);
	pthread_mutex_unlock(&camera->lock);
	json_member_int(json, "judging_version", s.judging_version);
	json_member_bool(json, "is_running", s.running);
	json_member_bool(json, "is_healthy", s.healthy);
	string(json, "state", s.state);
	string(json, "reason", s.reason);
	string(json, "detector", s.detector);
	json_member_bool(json, "is_calibrated", s.calibrated);
	json_key(json, "width_px");
	s.width_px ? json_int(json, s.width_px) : json_null(json);
	json_key(json, "height_px");
	s.height_px ? json_int(json, s.height_px) : json_null(json);
	string(json, "codec", s.live.stream.codec);
	json_member_real(json, "fps", s.live.stream.fps, 3);
	json_object_end(json);
}

static int64_t dropped(const struct live_stats *s)
{
	return s->stream.dropped_late + s->stream.dropped_undecodable + s->late_count +
	       s->refused_count;
}

void camera_get_health(struct camera *camera, struct camera_health *ret_health)
{
	struct status s;
	struct camera_health *h = ret_health;
	int64_t seen_us = atomic_load_explicit(&camera->user_seen_us, memory_order_relaxed);
	look(camera, &s);
	h->wanted = s.wanted;
	h->ended = s.ended;
	h->healthy = s.healthy;
	snprintf(h->reason, sizeof(h->reason), "%.255s", s.reason);
	h->decoded_count = s.live.stream.frames_decoded;
	h->dropped_count = dropped(&s.live);
	h->error_count = s.live.stream.error_count;
	h->looked_count = s.live.looked_count;
	h->waiting_count = (int)s.live.waiting_count;
	h->fps = s.live.stream.fps;
	h->idle_s = seen_us ? (double)(mono_now().us - seen_us) * 1e-6 : 0;
	h->latency = s.live.latency;
}

static void write_analysis(const struct live_stats *s, struct json *json)
{
	json_member_int(json, "frames_decoded", s->stream.frames_decoded);
	json_member_int(json, "frames_looked_at", s->looked_count);
	json_member_int(json, "frames_predicted", s->predicted_count);
	json_member_int(json, "frames_still", s->still_count);
	json_member_int(json, "frames_waiting", s->waiting_count);
	json_member_int(json, "dropped_rate", s->stream.dropped_rate);
	json_member_int(json, "dropped_late", s->late_count + s->stream.dropped_late);
	json_member_int(json, "dropped_undecodable", s->stream.dropped_undecodable);
	json_member_int(json, "dropped_refused", s->refused_count);
	json_member_int(json, "unaccounted", live_unaccounted(s));
	json_member_real(json, "latency_p50_ms",
		s->latency.count ? histogram_quantile_us(&s->latency, 0.5) * 1e-3 : NAN, 3);
	json_member_real(json, "latency_p95_ms",
		s->latency.count ? histogram_quantile_us(&s->latency, 0.95) * 1e-3 : NAN, 3);
}

void camera_write_statistics(struct camera *camera, struct json *json)
{
	struct status s;
	look(camera, &s);
	const struct stream_stats *v = &s.live.stream;
	json_object(json);
	string(json, "id", camera->id);
	json_member_int(json, "frames_read", v->frames_read);
	json_member_int(json, "frames_dropped", dropped(&s.live));
	json_member_real(json, "fps", v->fps, 3);
	json_member_real(json, "avg_read_time_ms", v->read_time_ms, 3);
	json_member_bool(json, "is_connected", v->is_connected);
	json_member_wall(json, "last_frame_time", v->last_wall);
	json_member_int(json, "total_errors", v->error_count);
	json_member_bool(json, "is_healthy", s.healthy);
	json_member_int(json, "connects", v->connect_count);
	json_member_int(json, "reconnects", v->reconnect_count);
	json_member_int(json, "stalls", v->stall_count);
	json_member_int(json, "gaps", v->gap_count);
	json_member_int(json, "missed_packets", v->missed_packet_count);
	json_member_real(json, "bitrate_bps", v->bitrate_bps, 3);
	json_member_real(json, "jitter_ms", v->jitter_ms, 3);
	write_analysis(&s.live, json);
	json_member_int(json, "violations", s.recorded.violation_count);
	json_member_int(json, "violations_without_evidence", s.recorded.bare_count);
	json_member_int(json, "violations_lost", s.recorded.lost_count);
	json_member_int(json, "clips_lost", s.recorded.clip_lost_count);
	json_member_int(json, "passages", s.recorded.passage_count);
	json_member_int(json, "passages_lost", s.recorded.passage_lost_count);
	string(json, "recording_problem", s.recorded.problem);
	json_object_end(json);
}

void camera_write_health(struct camera *camera, struct json *json)
{
	struct status s;
	look(camera, &s);
	json_object(json);
	json_member_bool(json, "is_healthy", s.healthy);
	json_member_bool(json, "is_running", s.running);
	string(json, "state", s.state);
	string(json, "reason", s.reason);
	string(json, "recording_problem", s.recorded.problem);
	json_key(json, "last_frame_age_s");
	json_real(json,
		s.live.stream.last_age_s >= 0 && s.live.stream.frames_decoded > 0
			? s.live.stream.last_age_s
			: NAN,
		3);
	json_object_end(json);
}

static void write_members(const char *text, const char *const *keys, struct json *json)
{
	json_object(json);
	for (; *keys; keys++) {
		json_key(json, *keys);
		document_write_member(text, *keys, json);
	}
	json_object_end(json);
}

void camera_write_config(
	struct camera *camera, const char *const *keys, struct json *json, int64_t *ret_version)
{
	pthread_mutex_lock(&camera->lock);
	if (keys)
		write_members(camera->text, keys, json);
	else
		document_write(camera->text, json);
	*ret_version = camera->version;
	pthread_mutex_unlock(&camera->lock);
}
