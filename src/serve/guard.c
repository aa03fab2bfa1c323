#include "serve/guard.h"

#include "base/digest.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PEERS_MAX 1024
#define WRONG_MAX 10
#define WRONG_WINDOW_US 60000000
#define LOCK_US 60000000
#define RANDOM_BYTES 32

struct peer {
	char address[48];
	int64_t heard_us;
	double credit; /* requests it may still make at once */
	int64_t credit_us; /* when that was so */
	int wrong_count;
	int64_t wrong_since_us;
	int64_t locked_until_us;
};

struct guard {
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct guard_params params;
	struct guard_token *tokens;
	int token_count;
	struct peer peers[PEERS_MAX];
};

int guard_create(struct guard_params params, struct guard **ret_guard)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	if (!guard)
		return -ENOMEM;
	guard->params = params;
	pthread_mutex_init(&guard->lock, NULL);
	*ret_guard = guard;
	return 0;
}

void guard_destroy(struct guard **guard)
{
	if (!*guard)
		return;
	pthread_mutex_destroy(&(*guard)->lock);
	free((*guard)->tokens);
	free(*guard);
	*guard = NULL;
}

void guard_set_params(struct guard *guard, struct guard_params params)
{
	pthread_mutex_lock(&guard->lock);
	guard->params = params;
	pthread_mutex_unlock(&guard->lock);
}

int guard_make_token(char ret_token[GUARD_TOKEN_SIZE], char ret_hash[GUARD_HASH_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[RANDOM_BYTES];
	char token[GUARD_TOKEN_SIZE] = "gantry_";
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return errno ? -errno : -EIO;
	char *out = token + strlen(token);
	for (int i = 0; i < RANDOM_BYTES; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
	int r = digest_sha256(token, strlen(token), ret_hash);
	if (r == 0)
		memcpy(ret_token, token, sizeof(token));
	return r;
}

int guard_set_tokens(struct guard *guard, const struct guard_token *tokens, int count)
{
	struct guard_token *copy = NULL;
	if (count > GUARD_TOKENS_MAX)
		return -E2BIG;
	if (count > 0) {
		copy = malloc((size_t)count * sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		memcpy(copy, tokens, (size_t)count * sizeof(*copy));
	}
	pthread_mutex_lock(&guard->lock);
	struct guard_token *old = guard->tokens;
	guard->tokens = copy;
	guard->token_count = count;
	pthread_mutex_unlock(&guard->lock);
	free(old);
	return 0;
}

bool guard_is_loopback(const char *address)
{
	if (strncmp(address, "::ffff:", 7) == 0)
		address += 7;
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static struct peer *find_peer(struct guard *guard, const char *address, int64_t now_us)
{
	struct peer *oldest = &guard->peers[0];
	for (int i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &guard->peers[i];
		if (strcmp(peer->address, address) == 0)
			return peer;
		if (peer->heard_us < oldest->heard_us)
			oldest = peer;
	}
	memset(oldest, 0, sizeof(*oldest));
	snprintf(oldest->address, sizeof(oldest->address), "%s", address);
	oldest->credit = guard->params.burst;
	oldest->credit_us = now_us;
	return oldest;
}

/* A token bucket: `burst` at once, `requests_per_s` in the long run. */
static bool take_credit(const struct guard_params *params, struct peer *peer, int64_t now_us)
{
	if (params->requests_per_s <= 0)
		return true;
	peer->credit += (double)(now_us - peer->credit_us) * 1e-6 * params->requests_per_s;
	peer->credit_us = now_us;
	if (peer->credit > params->burst)
		peer->credit = params->burst;
	if (peer->credit < 1)
		return false;
	peer->credit -= 1;
	return true;
}

static void count_wrong(struct peer *peer, int64_t now_us)
{
	if (now_us - peer->wrong_since_us > WRONG_WINDOW_US) {
		peer->wrong_since_us = now_us;
		peer->wrong_count = 0;
	}
	if (++peer->wrong_count >= WRONG_MAX) {
		peer->locked_until_us = now_us + LOCK_US;
		peer->wrong_count = 0;
	}
}

/* All 64 digits are looked at, whatever they are. */
static bool same_hash(const char *a, const char *b)
{
	unsigned difference = 0;
	for (int i = 0; i < GUARD_HASH_SIZE - 1; i++)
		difference |= (unsigned)(unsigned char)(a[i] ^ b[i]);
	return difference == 0;
}

/* NULL where it is none of ours, or no more. Looks at all of them. */
static const struct guard_token *find_token(
	const struct guard *guard, const char *hash, struct wall wall)
{
	const struct guard_token *found = NULL;
	for (int i = 0; i < guard->token_count; i++)
		if (same_hash(guard->tokens[i].hash, hash))
			found = &guard->tokens[i];
	bool expired = found && found->expires_us != 0 && found->expires_us <= wall.us;
	return expired ? NULL : found;
}

static enum guard_verdict ask_token(struct guard *guard, struct peer *peer, const char *token,
	struct mono now, struct wall wall, enum role *ret_role, char ret_actor[64])
{
	char hash[DIGEST_TEXT_SIZE];
	const struct guard_token *found = NULL;
	if (digest_sha256(token, strlen(token), hash) == 0)
		found = find_token(guard, hash, wall);
	if (!found) {
		count_wrong(peer, now.us);
		return GUARD_WRONG;
	}
	peer->wrong_count = 0;
	*ret_role = found->role;
	snprintf(ret_actor, 64, "%s", found->name);
	return GUARD_PASS;
}

static int seconds_until(int64_t then_us, int64_t now_us)
{
	return (int)((then_us - now_us + 999999) / 1000000);
}

static enum guard_verdict ask_locked(struct guard *guard, const char *address, const char *token,
	struct mono now, struct wall wall, enum role *ret_role, char ret_actor[64],
	int *ret_retry_s)
{
	struct peer *peer = find_peer(guard, address, now.us);
	peer->heard_us = now.us;
	if (token && peer->locked_until_us > now.us) {
		*ret_retry_s = seconds_until(peer->locked_until_us, now.us);
		return GUARD_LOCKED;
	}
	if (!take_credit(&guard->params, peer, now.us)) {
		*ret_retry_s = 1;
		return GUARD_TOO_FAST;
	}
	if (token)
		return ask_token(guard, peer, token, now, wall, ret_role, ret_actor);
	bool free_pass = guard->params.loopback_free && guard_is_loopback(address);
	*ret_role = free_pass ? ROLE_ADMIN : ROLE_NOBODY;
	snprintf(ret_actor, 64, "%s", free_pass ? "loopback" : "");
	return GUARD_PASS;
}

enum guard_verdict guard_ask(struct guard *guard, const char *address, const char *token,
	struct mono now, struct wall wall, enum role *ret_role, char ret_actor[64],
	int *ret_retry_s)
{
	pthread_mutex_lock(&guard->lock);
	enum guard_verdict verdict =
		ask_locked(guard, address, token, now, wall, ret_role, ret_actor, ret_retry_s);
	pthread_mutex_unlock(&guard->lock);
	return verdict;
}
