#include "relay/sink.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "relay/http.h"
#include "store/outbox_rows.h"
#include "store/violation_rows.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_S 10
#define RETRY_FIRST_S 1
#define RETRY_MAX_S 300
#define BATCH 32
#define LOOK_MS 1000
#define COUNT_US 1000000
#define HEADER_SIZE 640

struct sink {
	struct store *store;
	char *url, *token, *secret;
	struct sink_params params; /* with the defaults filled in */
	pthread_t thread;
	struct http_client *client;
	struct json body;
	struct mono counted_at; /* the outbox, by the sink's thread */

	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* Below: under lock. */
	bool stopping, woken;
	struct sink_state state;
};

static const char *const severities[] = {"low", "medium", "high", "critical"};

/* The picture that a backend shows; else the record. */
static const char *image_of(const struct violation_row *row)
{
	for (int i = 0; i < row->file_count; i++)
		if (strcmp(row->files[i].role, "scene") == 0)
			return row->files[i].path;
	return row->evidence_path;
}

static int write_body(void *opaque, const struct violation_row *row)
{
	struct json *j = opaque;
	char timestamp[WALL_TEXT_SIZE];
	wall_format(row->at, timestamp, sizeof(timestamp));
	json_reset(j);
	json_object(j);
	json_member_string(j, "type", row->type);
	json_member_string(j, "device_id", row->device);
	json_member_string(j, "timestamp", timestamp);
	json_member_string(j, "severity", severities[row->severity & 3]);
	json_member_string(j, "image_path", image_of(row));
	json_member_int(j, "id", row->id);
	json_object_end(j);
	return j->failed ? -ENOMEM : 0;
}

/* "X-Gantry-Signature: sha256=..." over the time and the body. */
static int sign(const struct sink *s, int64_t seconds, char *header)
{
	char digest[DIGEST_TEXT_SIZE];
	struct json text = {0};
	char number[32];
	int n = snprintf(number, sizeof(number), "%lld.", (long long)seconds);
	json_raw(&text, number, (size_t)n);
	json_raw(&text, s->body.text, s->body.length);
	int r = text.failed ? -ENOMEM
			    : digest_hmac_sha256(
				      s->secret, strlen(s->secret), text.text, text.length, digest);
	json_finish(&text);
	if (r == 0)
		snprintf(header, HEADER_SIZE, "X-Gantry-Signature: sha256=%s", digest);
	return r;
}

static bool is_stopping(struct sink *s)
{
	pthread_mutex_lock(&s->lock);
	bool stopping = s->stopping;
	pthread_mutex_unlock(&s->lock);
	return stopping;
}

/* What waits, for those who ask; at most once a second. */
static void count_outbox(struct sink *s)
{
	struct outbox_counts counts = {0};
	struct mono now = mono_now();
	if (now.us - s->counted_at.us < COUNT_US)
		return;
	s->counted_at = now;
	if (outbox_rows_count(s->store, NULL, &counts) < 0)
		return;
	pthread_mutex_lock(&s->lock);
	s->state.waiting_count = counts.waiting_count;
	s->state.oldest_at = counts.oldest_at;
	pthread_mutex_unlock(&s->lock);
}

/* Called again and again while a request is under way, which may take long. */
static bool is_cancelled(void *opaque)
{
	struct sink *s = opaque;
	count_outbox(s);
	return is_stopping(s);
}

/* 0: the backend has it. */
static int tell(struct sink *s, int64_t violation_id, struct err *err, int *ret_status)
{
	char key[64], at[64], token[HEADER_SIZE], signature[HEADER_SIZE];
	int64_t seconds = wall_now().us / 1000000;
	struct http_request request = {
		.url = s->url,
		.headers = {"Content-Type: application/json", key, at},
		.body = s->body.text,
		.body_count = s->body.length,
		.timeout_ms = (int)(s->params.timeout_s * 1000),
		.cancelled = is_cancelled,
		.opaque = s,
	};
	int count = 3, status = 0;
	snprintf(key, sizeof(key), "Idempotency-Key: %lld", (long long)violation_id);
	snprintf(at, sizeof(at), "X-Gantry-Timestamp: %lld", (long long)seconds);
	if (s->token) {
		snprintf(token, sizeof(token), "Authorization: Bearer %s", s->token);
		request.headers[count++] = token;
	}
	if (s->secret && sign(s, seconds, signature) < 0)
		return err_set(err, -ENOMEM, "the signature cannot be made");
	if (s->secret)
		request.headers[count++] = signature;
	int r = http_post(s->client, &request, err, &status);
	*ret_status = status;
	if (r == 0 && (status < 200 || status > 299))
		r = err_set(err, -EPROTO, "the backend answered with status %d", status);
	return r;
}

static void note(struct sink *s, int r, int status, const struct err *err)
{
	pthread_mutex_lock(&s->lock);
	bool was_well = s->state.problem[0] == '\0';
	if (r == 0) {
		s->state.told_count++;
		s->state.told_at = wall_now();
	} else {
		s->state.failed_count++;
		s->state.failed_at = wall_now();
		snprintf(s->state.last_problem, sizeof(s->state.last_problem), "%.255s", err->text);
	}
	s->state.last_status = status;
	snprintf(s->state.problem, sizeof(s->state.problem), "%.255s", r < 0 ? err->text : "");
	pthread_mutex_unlock(&s->lock);
	/* Said when it begins and when it is over, not for every attempt. */
	if (r < 0 && was_well)
		log_warning("violations do not reach the backend and wait: %s", err->text);
	else if (r == 0 && !was_well)
		log_info("the backend takes violations again");
}

static struct wall next_attempt(const struct sink *s, const struct outbox_row *row)
{
	double wait_s = s->params.retry_first_s;
	for (int i = 0; i < row->attempts && wait_s < s->params.retry_max_s; i++)
		wait_s *= 2;
	if (wait_s > s->params.retry_max_s)
		wait_s = s->params.retry_max_s;
	struct random random =
		random_at((uint64_t)row->id, (uint64_t)row->attempts, (uint64_t)wall_now().us, 0);
	wait_s *= 1 + 0.25 * (double)(random_u64(&random) >> 11) / 9007199254740992.0;
	return (struct wall){wall_now().us + (int64_t)(wait_s * 1e6)};
}

/* One violation: told, or put off, or gone from the store meanwhile. */
static int handle(struct sink *s, const struct outbox_row *row, struct err *err)
{
	struct err problem = {0};
	int status = 0;
	int r = violation_rows_get(s->store, row->violation_id, write_body, &s->body, err);
	if (r == -ENOENT)
		return outbox_rows_remove(s->store, row->id, err);
	if (r < 0)
		return r;
	r = tell(s, row->violation_id, &problem, &status);
	if (r == -ECANCELED)
		return r;
	note(s, r, status, &problem);
	if (r == 0)
		return outbox_rows_remove(s->store, row->id, err);
	return outbox_rows_postpone(s->store, row->id, next_attempt(s, row), problem.text, err);
}

/* How many were due; the next ones of the same devices may be now. */
static int handle_due(struct sink *s, struct err *err)
{
	struct outbox_row rows[BATCH];
	int count = outbox_rows_due(s->store, wall_now(), rows, BATCH, err);
	for (int i = 0; i < count && !is_stopping(s); i++) {
		int r = handle(s, &rows[i], err);
		if (r < 0)
			return r;
	}
	return count;
}

static void wait_for_work(struct sink *s)
{
	struct mono due = {mono_now().us + LOOK_MS * 1000};
	struct timespec until = {due.us / 1000000, due.us % 1000000 * 1000};
	pthread_mutex_lock(&s->lock);
	while (!s->stopping && !s->woken && mono_now().us < due.us)
		pthread_cond_timedwait(&s->wake, &s->lock, &until);
	s->woken = false;
	pthread_mutex_unlock(&s->lock);
}

static void *sink_main(void *opaque)
{
	struct sink *s = opaque;
	bool said = false;
	pthread_setname_np(pthread_self(), "gantry-sink");
	while (!is_stopping(s)) {
		struct err err = {0};
		count_outbox(s);
		int r = handle_due(s, &err);
		if (r < 0 && r != -ECANCELED && !said)
			log_warning("the outbox cannot be worked off: %s", err.text);
		said = r < 0;
		if (r <= 0)
			wait_for_work(s);
	}
	return NULL;
}

int sink_check_params(const struct sink_params *p, struct err *err)
{
	int r = http_check_url(p->url ? p->url : "", err);
	if (r < 0)
		return r;
	if (p->token && (strlen(p->token) > 512 || strpbrk(p->token, "\r\n")))
		return err_set(err, -EINVAL, "a token has at most 512 bytes and no line breaks");
	if (p->timeout_s < 0 || p->retry_first_s < 0 || p->retry_max_s < 0)
		return err_set(err, -EINVAL, "times of a sink are not negative");
	return 0;
}

static void sink_free(struct sink *s)
{
	http_client_destroy(&s->client);
	json_finish(&s->body);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s->url);
	free(s->token);
	free(s->secret);
	free(s);
}

static bool copy_texts(struct sink *s, const struct sink_params *p)
{
	s->url = strdup(p->url);
	s->token = p->token ? strdup(p->token) : NULL;
	s->secret = p->secret ? strdup(p->secret) : NULL;
	return s->url && (!p->token || s->token) && (!p->secret || s->secret);
}

int sink_start(struct store *store, const struct sink_params *params, struct err *err,
	struct sink **ret_sink)
{
	pthread_condattr_t attr;
	int r = sink_check_params(params, err);
	struct sink *s = r == 0 ? calloc(1, sizeof(*s)) : NULL;
	if (!s)
		return r < 0 ? r : err_set(err, -ENOMEM, "out of memory");
	s->store = store;
	s->params = *params;
	s->params.timeout_s = params->timeout_s > 0 ? params->timeout_s : TIMEOUT_S;
	s->params.retry_first_s = params->retry_first_s > 0 ? params->retry_first_s : RETRY_FIRST_S;
	s->params.retry_max_s = params->retry_max_s > 0 ? params->retry_max_s : RETRY_MAX_S;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	r = copy_texts(s, params) ? 0 : err_set(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = http_client_create(err, &s->client);
	if (r == 0 && (r = -pthread_create(&s->thread, NULL, sink_main, s)) < 0)
		r = err_set(err, r, "a thread cannot be started: %s", strerror(-r));
	if (r < 0) {
		sink_free(s);
		return r;
	}
	*ret_sink = s;
	return 0;
}

void sink_stop(struct sink **sink)
{
	struct sink *s = *sink;
	*sink = NULL;
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	sink_free(s);
}

void sink_wake(struct sink *sink)
{
	pthread_mutex_lock(&sink->lock);
	sink->woken = true;
	pthread_cond_signal(&sink->wake);
	pthread_mutex_unlock(&sink->lock);
}

void sink_get_state(struct sink *sink, struct sink_state *ret_state)
{
	pthread_mutex_lock(&sink->lock);
	*ret_state = sink->state;
	pthread_mutex_unlock(&sink->lock);
}
