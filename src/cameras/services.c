#include "cameras/services.h"

#include "base/json.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct entry *next;
	struct service *service;
	struct json key; /* the detector's options, as they are written */
	int user_count;
};

struct services {
	pthread_mutex_t lock;
	struct entry *entries; /* under lock */
};

int services_create(struct services **ret_services)
{
	struct services *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	pthread_mutex_init(&s->lock, NULL);
	*ret_services = s;
	return 0;
}

static void entry_destroy(struct entry *entry)
{
	service_destroy(&entry->service);
	json_finish(&entry->key);
	free(entry);
}

void services_destroy(struct services **services)
{
	struct services *s = *services;
	*services = NULL;
	if (!s)
		return;
	while (s->entries) {
		struct entry *entry = s->entries;
		s->entries = entry->next;
		entry_destroy(entry);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Detectors that are about one camera come with the camera: one service for all of these. */
static void write_key(const struct detector_params *params, struct json *json)
{
	if (detector_memory(params) == DETECTOR_MEMORY_CAMERA)
		json_raw(json, "own", 3);
	else
		options_write_json(&detector_options, params, json);
	json_string(json, params->detection_model_path);
	json_real(json, params->confidence_threshold, 9);
}

static int make(const struct detector_params *params, struct err *err, struct entry **ret_entry)
{
	bool shared = detector_memory(params) == DETECTOR_MEMORY_NONE;
	struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return err_set(err, -ENOMEM, "out of memory");
	write_key(params, &entry->key);
	int r = entry->key.failed
			? err_set(err, -ENOMEM, "out of memory")
			: service_create(
				  &(struct service_params){.detector = shared ? params : NULL}, err,
				  &entry->service);
	if (r < 0) {
		entry_destroy(entry);
		return r;
	}
	*ret_entry = entry;
	return 0;
}

static struct entry *find(struct services *s, const struct detector_params *params)
{
	struct json key = {0};
	struct entry *entry = s->entries;
	write_key(params, &key);
	while (entry && (key.failed || key.length != entry->key.length ||
				memcmp(key.text, entry->key.text, key.length) != 0))
		entry = entry->next;
	json_finish(&key);
	return entry;
}

int services_get(struct services *services, const struct detector_params *params, struct err *err,
	struct service **ret_service)
{
	int r = 0;
	*ret_service = NULL;
	if (detector_memory(params) == DETECTOR_MEMORY_FRAMES)
		return 0;
	pthread_mutex_lock(&services->lock);
	struct entry *entry = find(services, params);
	if (!entry) {
		r = make(params, err, &entry);
		if (r == 0) {
			entry->next = services->entries;
			services->entries = entry;
		}
	}
	if (r == 0) {
		entry->user_count++;
		*ret_service = entry->service;
	}
	pthread_mutex_unlock(&services->lock);
	return r;
}

void services_put(struct services *services, struct service **service)
{
	struct service *used = *service;
	*service = NULL;
	if (!used)
		return;
	pthread_mutex_lock(&services->lock);
	struct entry **at = &services->entries;
	while ((*at)->service != used)
		at = &(*at)->next;
	struct entry *entry = *at;
	bool last = --entry->user_count == 0;
	if (last)
		*at = entry->next;
	pthread_mutex_unlock(&services->lock);
	if (last)
		entry_destroy(entry);
}
