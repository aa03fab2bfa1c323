/* Streams, tokens and alerts, whose changes a person made. */
#include "fixture.h"
#include "store/alert_rows.h"
#include "store/audit_rows.h"
#include "store/stream_rows.h"
#include "store/token_rows.h"

#include <math.h>

static int put(struct store *store, const char *id, const char *config, int64_t expected,
	int64_t *ret_version)
{
	struct err err = {0};
	struct stream_change change = {.id = id,
		.config = config,
		.expected_version = expected,
		.actor = "ann",
		.now = {1000}};
	return stream_rows_put(store, &change, &err, ret_version);
}

struct text {
	char text[256];
};

static int keep_config(void *opaque, const struct stream_row *row)
{
	struct text *t = opaque;
	size_t length = strlen(t->text);
	snprintf(t->text + length, sizeof(t->text) - length, "%s %lld %s;", row->id,
		(long long)row->version, row->config);
	return 0;
}

static void streams_keep_every_version(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct err err = {0};
	struct text t = {0};
	int64_t version = 0;
	assert_int_equal(put(store, "north", "a", 0, &version), 0);
	assert_int_equal(version, 1);
	assert_int_equal(put(store, "north", "b", 0, &version), -EEXIST);
	assert_int_equal(put(store, "north", "b", 1, &version), 0);
	assert_int_equal(put(store, "north", "c", 1, &version), -ESTALE);
	assert_int_equal(put(store, "south", "c", 1, &version), -ENOENT);
	assert_int_equal(put(store, "south", "s", -1, &version), 0);
	assert_int_equal(stream_rows_list(store, keep_config, &t, &err), 0);
	assert_string_equal(t.text, "north 2 b;south 1 s;");

	struct stream_change removal = {.id = "north", .now = {2000}};
	assert_int_equal(stream_rows_remove(store, &removal, &err), 0);
	assert_int_equal(stream_rows_remove(store, &removal, &err), -ENOENT);
	assert_int_equal(stream_rows_get(store, "north", keep_config, &t, &err), -ENOENT);
	assert_int_equal(put(store, "north", "new", 0, &version), 0);
	assert_int_equal(version, 3);
	t.text[0] = '\0';
	assert_int_equal(stream_rows_versions(store, "north", 0, keep_config, &t, &err), 0);
	assert_string_equal(t.text, "north 3 new;north 2 b;north 1 a;");
	t.text[0] = '\0';
	assert_int_equal(stream_rows_versions(store, "north", 2, keep_config, &t, &err), 0);
	assert_string_equal(t.text, "north 2 b;");
	assert_int_equal(stream_rows_versions(store, "north", 9, keep_config, &t, &err), -ENOENT);
	store_close(&store);
	fixture_remove(dir);
}

static int count_tokens(void *opaque, const struct token_row *row)
{
	assert_string_equal(row->role, "admin");
	++*(int *)opaque;
	return 0;
}

static int keep_audit(void *opaque, const struct audit_row *row)
{
	struct text *t = opaque;
	size_t length = strlen(t->text);
	assert_null(strstr(row->detail ? row->detail : "", "c0ffee"));
	snprintf(t->text + length, sizeof(t->text) - length, "%s %s %s;", row->actor, row->action,
		row->object);
	return 0;
}

static void tokens_are_found_by_their_hash(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct err err = {0};
	struct token_row found, row = {.name = "first",
					.hash = "c0ffee",
					.role = "admin",
					.created = {10},
					.expires = {99}};
	int64_t id = 0;
	assert_int_equal(token_rows_find(store, "c0ffee", &err, &found), -ENOENT);
	assert_int_equal(token_rows_add(store, &row, "console", NULL, &err, &id), 0);
	assert_int_equal(token_rows_add(store, &row, "console", NULL, &err, NULL), -EEXIST);
	assert_int_equal(token_rows_find(store, "c0ffee", &err, &found), 0);
	assert_int_equal(found.id, id);
	assert_string_equal(found.name, "first");
	assert_int_equal(found.expires.us, 99);
	assert_int_equal(found.revoked.us, 0);
	assert_int_equal(token_rows_revoke(store, id, (struct wall){50}, "first", "::1", &err), 0);
	assert_int_equal(
		token_rows_revoke(store, id, (struct wall){51}, "first", "::1", &err), -ENOENT);
	assert_int_equal(token_rows_find(store, "c0ffee", &err, &found), 0);
	assert_int_equal(found.revoked.us, 50);
	int count = 0;
	assert_int_equal(token_rows_list(store, count_tokens, &count, &err), 0);
	assert_int_equal(count, 1);
	struct text t = {0};
	assert_int_equal(audit_rows_find(store, 0, 10, keep_audit, &t, &err), 0);
	assert_string_equal(t.text, "first delete tokens/1;console create tokens/1;");
	store_close(&store);
	fixture_remove(dir);
}

static int count_alerts(void *opaque, const struct alert_row *row)
{
	assert_string_equal(row->rule, "hot");
	assert_true(row->value == 93.5 && isnan(row->threshold));
	++*(int *)opaque;
	return 0;
}

static void alerts_begin_and_end(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct err err = {0};
	struct alert_row row = {
		.at = {1}, .rule = "hot", .severity = "critical", .value = 93.5, .threshold = NAN};
	int64_t first = 0, second = 0;
	int open = 0, all = 0;
	assert_int_equal(alert_rows_add(store, &row, &err, &first), 0);
	assert_int_equal(alert_rows_add(store, &row, &err, &second), 0);
	assert_int_equal(alert_rows_end(store, first, (struct wall){2}, &err), 0);
	assert_int_equal(alert_rows_end(store, first, (struct wall){2}, &err), -ENOENT);
	assert_int_equal(
		alert_rows_acknowledge(store, second, (struct wall){3}, "bob", NULL, &err), 0);
	assert_int_equal(
		alert_rows_acknowledge(store, 99, (struct wall){3}, "bob", NULL, &err), -ENOENT);
	assert_int_equal(alert_rows_find(store, true, 0, 10, count_alerts, &open, &err), 0);
	assert_int_equal(alert_rows_find(store, false, 0, 10, count_alerts, &all, &err), 0);
	assert_int_equal(open, 1);
	assert_int_equal(all, 2);
	store_close(&store);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(streams_keep_every_version),
	cmocka_unit_test(tokens_are_found_by_their_hash), cmocka_unit_test(alerts_begin_and_end))
