#include "store/recall.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	struct recall_key key;
	void *data; /* NULL: the place is free */
	size_t bytes;
	uint64_t asked; /* the larger, the later */
};

struct recall {
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct answer answers[RECALL_MAX];
	uint64_t asked;
};

int recall_create(struct recall **ret_recall)
{
	struct recall *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	*ret_recall = r;
	return 0;
}

void recall_destroy(struct recall **recall)
{
	struct recall *r = *recall;
	*recall = NULL;
	if (!r)
		return;
	for (int i = 0; i < RECALL_MAX; i++)
		free(r->answers[i].data);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void *copy_of(const void *data, size_t bytes)
{
	void *copy = malloc(bytes > 0 ? bytes : 1);
	if (copy && bytes > 0)
		memcpy(copy, data, bytes);
	return copy;
}

static bool is_same(const struct recall_key *a, const struct recall_key *b)
{
	return a->what == b->what && a->from_hour == b->from_hour && a->to_hour == b->to_hour &&
	       a->late_count == b->late_count;
}

static struct answer *find(struct recall *r, const struct recall_key *key)
{
	for (int i = 0; i < RECALL_MAX; i++)
		if (r->answers[i].data && is_same(&r->answers[i].key, key))
			return &r->answers[i];
	return NULL;
}

int recall_get(
	struct recall *recall, const struct recall_key *key, void **ret_data, size_t *ret_bytes)
{
	int r = 0;
	if (!recall)
		return 0;
	pthread_mutex_lock(&recall->lock);
	struct answer *answer = find(recall, key);
	if (answer) {
		void *copy = copy_of(answer->data, answer->bytes);
		answer->asked = ++recall->asked;
		r = copy ? 1 : -ENOMEM;
		if (copy) {
			*ret_data = copy;
			*ret_bytes = answer->bytes;
		}
	}
	pthread_mutex_unlock(&recall->lock);
	return r;
}

/* A free place, or the one not asked for longest. */
static struct answer *oldest(struct recall *r)
{
	struct answer *old = &r->answers[0];
	for (int i = 1; i < RECALL_MAX; i++)
		if (r->answers[i].asked < old->asked)
			old = &r->answers[i];
	return old;
}

void recall_put(struct recall *recall, const struct recall_key *key, const void *data, size_t bytes)
{
	if (!recall || bytes > RECALL_BYTES_MAX)
		return;
	void *copy = copy_of(data, bytes);
	if (!copy)
		return;
	pthread_mutex_lock(&recall->lock);
	struct answer *place = find(recall, key);
	place = place ? place : oldest(recall);
	free(place->data);
	*place = (struct answer){*key, copy, bytes, ++recall->asked};
	pthread_mutex_unlock(&recall->lock);
}
