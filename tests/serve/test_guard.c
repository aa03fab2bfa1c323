#include "serve/guard.h"
#include "test.h"

#define SECOND INT64_C(1000000)

static struct guard *make(struct guard_params params, char token[GUARD_TOKEN_SIZE], enum role role,
	int64_t expires_us)
{
	struct guard *guard;
	struct guard_token row = {.id = 1, .name = "one", .role = role, .expires_us = expires_us};
	assert_int_equal(guard_create(params, &guard), 0);
	assert_int_equal(guard_make_token(token, row.hash), 0);
	assert_int_equal(guard_set_tokens(guard, &row, 1), 0);
	return guard;
}

static enum guard_verdict ask(struct guard *guard, const char *address, const char *token,
	int64_t at_us, enum role *ret_role)
{
	char actor[64];
	int retry_s = 0;
	enum guard_verdict verdict = guard_ask(guard, address, token, (struct mono){at_us},
		(struct wall){at_us}, ret_role, actor, &retry_s);
	if (verdict == GUARD_LOCKED || verdict == GUARD_TOO_FAST)
		assert_in_range(retry_s, 1, 60);
	return verdict;
}

static void roles_and_expiry(void **state)
{
	char token[GUARD_TOKEN_SIZE];
	enum role role;
	struct guard *guard = make((struct guard_params){0}, token, ROLE_OPERATOR, 100 * SECOND);
	(void)state;
	assert_int_equal(strlen(token), 71);
	assert_int_equal(ask(guard, "10.0.0.1", token, 1 * SECOND, &role), GUARD_PASS);
	assert_int_equal(role, ROLE_OPERATOR);
	assert_int_equal(ask(guard, "10.0.0.1", NULL, 1 * SECOND, &role), GUARD_PASS);
	assert_int_equal(role, ROLE_NOBODY);
	assert_int_equal(ask(guard, "10.0.0.1", token, 99 * SECOND, &role), GUARD_PASS);
	assert_int_equal(ask(guard, "10.0.0.1", token, 100 * SECOND, &role), GUARD_WRONG);
	assert_int_equal(guard_set_tokens(guard, NULL, 0), 0);
	assert_int_equal(ask(guard, "10.0.0.1", token, 2 * SECOND, &role), GUARD_WRONG);
	guard_destroy(&guard);
	assert_null(guard);
}

static void lock_out(void **state)
{
	char token[GUARD_TOKEN_SIZE];
	enum role role;
	struct guard *guard = make((struct guard_params){0}, token, ROLE_ADMIN, 0);
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(ask(guard, "10.0.0.1", "wrong", i * SECOND, &role), GUARD_WRONG);
	/* Now not even the right one, and only from there, and only for a minute. */
	assert_int_equal(ask(guard, "10.0.0.1", token, 10 * SECOND, &role), GUARD_LOCKED);
	assert_int_equal(ask(guard, "10.0.0.2", token, 10 * SECOND, &role), GUARD_PASS);
	assert_int_equal(ask(guard, "10.0.0.1", token, 70 * SECOND, &role), GUARD_PASS);
	/* Slow guesses are no storm. */
	for (int i = 0; i < 40; i++)
		assert_int_equal(ask(guard, "10.0.0.3", "wrong", (100 + 10 * i) * SECOND, &role),
			GUARD_WRONG);
	guard_destroy(&guard);
}

static void rate(void **state)
{
	char token[GUARD_TOKEN_SIZE];
	enum role role;
	struct guard *guard =
		make((struct guard_params){.requests_per_s = 2, .burst = 5}, token, ROLE_VIEWER, 0);
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(guard, "10.0.0.1", token, SECOND, &role), GUARD_PASS);
	assert_int_equal(ask(guard, "10.0.0.1", token, SECOND, &role), GUARD_TOO_FAST);
	assert_int_equal(ask(guard, "10.0.0.2", token, SECOND, &role), GUARD_PASS);
	assert_int_equal(ask(guard, "10.0.0.1", token, SECOND + SECOND / 2, &role), GUARD_PASS);
	assert_int_equal(ask(guard, "10.0.0.1", token, SECOND + SECOND / 2, &role), GUARD_TOO_FAST);
	guard_destroy(&guard);
}

/* More addresses than are remembered: the newest are, and nothing grows. */
static void many_addresses(void **state)
{
	char token[GUARD_TOKEN_SIZE], address[48];
	enum role role;
	struct guard *guard =
		make((struct guard_params){.requests_per_s = 1, .burst = 1}, token, ROLE_VIEWER, 0);
	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(address, sizeof(address), "10.1.%d.%d", i / 256, i % 256);
		assert_int_equal(ask(guard, address, token, SECOND + i, &role), GUARD_PASS);
	}
	assert_int_equal(ask(guard, address, token, SECOND + 5000, &role), GUARD_TOO_FAST);
	guard_destroy(&guard);
}

static void loopback(void **state)
{
	char token[GUARD_TOKEN_SIZE];
	enum role role;
	struct guard *guard =
		make((struct guard_params){.loopback_free = true}, token, ROLE_VIEWER, 0);
	(void)state;
	assert_int_equal(ask(guard, "127.0.0.1", NULL, SECOND, &role), GUARD_PASS);
	assert_int_equal(role, ROLE_ADMIN);
	assert_int_equal(ask(guard, "192.0.2.1", NULL, SECOND, &role), GUARD_PASS);
	assert_int_equal(role, ROLE_NOBODY);
	assert_true(guard_is_loopback("::1"));
	assert_true(guard_is_loopback("::ffff:127.0.0.2"));
	assert_false(guard_is_loopback("0.0.0.0"));
	assert_false(guard_is_loopback("1127.0.0.1"));
	guard_destroy(&guard);
}

TEST_MAIN(cmocka_unit_test(roles_and_expiry), cmocka_unit_test(lock_out), cmocka_unit_test(rate),
	cmocka_unit_test(many_addresses), cmocka_unit_test(loopback))
