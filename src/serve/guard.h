/*
 * Who may ask: tokens and their roles, a rate limit and a lock-out per address.
 *
 * A token is "gantry_" and 64 hexadecimal digits: 256 random bits of the kernel. Only its SHA-256
 * is kept; what is presented is hashed and compared in constant time with every token there is, so
 * that the time taken says nothing about any of them.
 *
 * An address that presents wrong tokens ten times within a minute is refused for a minute (429),
 * whatever token it presents; without one it is nobody as before, so that whoever looks whether the
 * server is well, perhaps from behind the same proxy, does not take it for dead. Addresses are
 * remembered in a table of fixed size, the longest unheard making room for the new: an attacker
 * with many addresses costs no memory.
 *
 * Threads: any; one lock inside. Memory: fixed, but for the list of tokens. Time: CLOCK_MONOTONIC
 * for limits, the wall clock for expiry.
 */
#pragma once

#include "base/clock.h"
#include "serve/request.h"

#define GUARD_TOKEN_SIZE 72 /* with the NUL */
#define GUARD_HASH_SIZE 65
#define GUARD_TOKENS_MAX 1000

struct guard_token {
	int64_t id;
	char name[64];
	enum role role;
	char hash[GUARD_HASH_SIZE]; /* SHA-256, hexadecimal */
	int64_t expires_us; /* wall clock; 0: never */
};

struct guard_params {
	bool loopback_free; /* 127.0.0.0/8 and ::1 without a token are admin */
	double requests_per_s; /* per address; 0: no limit */
	int burst; /* requests at once */
};

struct guard;

/* 0 or -ENOMEM. */
int guard_create(struct guard_params params, struct guard **ret_guard);
void guard_destroy(struct guard **guard);
void guard_set_params(struct guard *guard, struct guard_params params);

/* A new token and its hash. 0, or -errno where the machine has no random numbers or no SHA-256. */
int guard_make_token(char ret_token[GUARD_TOKEN_SIZE], char ret_hash[GUARD_HASH_SIZE]);
/* Replaces the list; copies it. 0, -E2BIG beyond GUARD_TOKENS_MAX, -ENOMEM: nothing changed. */
int guard_set_tokens(struct guard *guard, const struct guard_token *tokens, int count);

enum guard_verdict {
	GUARD_PASS, /* `ret_role` and `ret_actor` say who; ROLE_NOBODY where no token was given */
	GUARD_WRONG, /* a token that is unknown or has expired */
	GUARD_LOCKED, /* too many wrong ones from this address */
	GUARD_TOO_FAST,
};
/*
 * One request from `address` with `token` (NULL: none). For LOCKED and TOO_FAST `ret_retry_s` is
 * how long to wait; at least 1.
 */
enum guard_verdict guard_ask(struct guard *guard, const char *address, const char *token,
	struct mono now, struct wall wall, enum role *ret_role, char ret_actor[64],
	int *ret_retry_s);

/* Whether an address is this machine itself: 127.0.0.0/8, ::1, or the former inside IPv6. */
bool guard_is_loopback(const char *address);
