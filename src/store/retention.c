#include "store/retention.h"

#include "store/store_inside.h"
#include "store/traffic_stats.h"
#include "store/violation_stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 1000
#define FILES_CHUNK 200
#define DAY_US 86400e6

/* What the statements below say: ?1, ?2, ?3 and ?4. */
struct limits {
	int64_t before; /* ?1: a time, an id, a number of bytes */
	int64_t confirmed_before, pending_since; /* ?2, ?3 */
	int64_t left; /* ?4: rows that may still go, at most a chunk of them at a time */
};

/* One transaction of one statement, or two. */
struct sweep {
	const char *first, *second; /* second may be NULL: what goes along with the first's rows */
	struct limits limits;
};

/* A parameter that a statement has no use for is not bound. */
static int run_one(struct sql *sql, const char *text, const struct limits *limits, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, text, err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, limits->before);
	sql_bind_int(s, 2, limits->confirmed_before);
	sql_bind_int(s, 3, limits->pending_since);
	sql_bind_int(s, 4, limits->left < CHUNK ? limits->left : CHUNK);
	return sql_finish(sql, s, err);
}

static int sweep_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	struct store_change *change = (struct store_change *)job;
	const struct sweep *sweep = change->arguments;
	(void)rollups;
	int r = sweep->second ? run_one(sql, sweep->second, &sweep->limits, err) : 0;
	if (r == 0)
		r = run_one(sql, sweep->first, &sweep->limits, err);
	change->number = sql_changes(sql);
	return r;
}

static bool is_stopped(const struct retention_params *p)
{
	return p->stop && cancel_is_set(p->stop);
}

/* Again and again until nothing changes; gives how many rows the first statements changed. */
static int sweep_all(struct store *store, const struct retention_params *p, struct sweep sweep,
	struct err *err, int64_t *sum)
{
	int64_t count = 1;
	int r = 0;
	while (r == 0 && count > 0 && sweep.limits.left > 0 && !is_stopped(p)) {
		r = store_change(store, sweep_step, &sweep, err, &count);
		*sum += r == 0 ? count : 0;
		sweep.limits.left -= count;
	}
	return r;
}

static int ask(struct store *store, const char *text, struct err *err, int64_t *ret_number)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = sql_number(sql, text, err, ret_number);
	store_read_end(store, &sql);
	return r;
}

/* What no case needs, of `violations v`. */
#define FREE                                                                                       \
	" v.held = 0 AND NOT (v.review = 1 AND v.at_us >= ?2)"                                     \
	" AND NOT (v.review = 0 AND v.at_us >= ?3)"                                                \
	" AND v.id NOT IN (SELECT violation_id FROM outbox) "
#define OLD_VIOLATIONS                                                                             \
	"(SELECT v.id FROM violations v WHERE" FREE "AND v.at_us < ?1"                             \
	" ORDER BY v.at_us, v.id LIMIT ?4)"
#define OLDEST_VIOLATIONS                                                                          \
	"(SELECT v.id FROM violations v WHERE" FREE "ORDER BY v.at_us, v.id LIMIT ?4)"

static int64_t cutoff(struct wall now, double days)
{
	return now.us - (int64_t)(days * DAY_US);
}

/* Where there is no limit, no confirmed one leaves and no open one is protected. */
static struct limits limits_of(const struct retention_params *p, struct wall now, double days)
{
	return (struct limits){
		.before = cutoff(now, days),
		.confirmed_before =
			p->confirmed_days > 0 ? cutoff(now, p->confirmed_days) : INT64_MIN,
		.pending_since = p->pending_days > 0 ? cutoff(now, p->pending_days) : INT64_MAX,
		.left = INT64_MAX,
	};
}

/* The violations leave, and their files are marked, in one transaction. */
static int drop_violations(struct store *store, const struct retention_params *p, struct wall now,
	struct err *err, struct retention_report *report)
{
	struct sweep by_age = {
		.first = "DELETE FROM violations WHERE id IN " OLD_VIOLATIONS,
		.second = "UPDATE evidence_files SET leaving = 1"
			  " WHERE violation_id IN " OLD_VIOLATIONS,
		.limits = limits_of(p, now, p->violations_days),
	};
	struct sweep by_count = {
		.first = "DELETE FROM violations WHERE id IN " OLDEST_VIOLATIONS,
		.second = "UPDATE evidence_files SET leaving = 1"
			  " WHERE violation_id IN " OLDEST_VIOLATIONS,
		.limits = limits_of(p, now, 0),
	};
	int r = 0;
	if (p->violations_days > 0)
		r = sweep_all(store, p, by_age, err, &report->violations);
	if (r < 0 || p->violations_max <= 0)
		return r;
	r = ask(store, "SELECT count(*) FROM violations", err, &by_count.limits.left);
	by_count.limits.left -= p->violations_max;
	return r < 0 ? r : sweep_all(store, p, by_count, err, &report->violations);
}

static int count_kept(struct store *store, const struct retention_params *p, struct wall now,
	struct err *err, struct retention_report *report)
{
	struct sql *sql;
	struct sqlite3_stmt *s;
	if (p->violations_days <= 0)
		return 0;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = sql_get(sql, "SELECT count(*) FROM violations WHERE at_us < ?", err, &s);
	if (r == 0) {
		sql_bind_int(s, 1, cutoff(now, p->violations_days));
		r = sql_step(sql, s, err);
		report->kept = r > 0 ? sql_int(s, 0) : 0;
		sql_done(s);
	}
	store_read_end(store, &sql);
	return r < 0 ? r : 0;
}

/* Rows that nothing else names. `guard` says which of them may go. */
#define BY_AGE(table, guard)                                                                       \
	("DELETE FROM " table " WHERE id IN (SELECT id FROM " table " WHERE " guard                \
	 " AND at_us < ?1 LIMIT ?4)")
#define BY_COUNT(table, guard)                                                                     \
	("DELETE FROM " table " WHERE id IN (SELECT id FROM " table " WHERE " guard                \
	 " ORDER BY at_us, id LIMIT ?4)")
#define COUNT(table) ("SELECT count(*) FROM " table)

struct row_kind {
	double days;
	int64_t max;
	const char *by_age, *by_count, *count;
	int64_t *sum;
};

static int drop_kind(struct store *store, const struct retention_params *p, struct wall now,
	const struct row_kind *kind, struct err *err)
{
	struct sweep by_age = {.first = kind->by_age, .limits = limits_of(p, now, kind->days)};
	struct sweep by_count = {.first = kind->by_count, .limits = limits_of(p, now, 0)};
	int r = kind->days > 0 ? sweep_all(store, p, by_age, err, kind->sum) : 0;
	if (r < 0 || kind->max <= 0)
		return r;
	r = ask(store, kind->count, err, &by_count.limits.left);
	by_count.limits.left -= kind->max;
	return r < 0 ? r : sweep_all(store, p, by_count, err, kind->sum);
}

static int drop_rows(struct store *store, const struct retention_params *p, struct wall now,
	struct err *err, struct retention_report *report)
{
	const struct row_kind kinds[] = {
		{p->passages_days, p->passages_max, BY_AGE("passages", "1"),
			BY_COUNT("passages", "1"), COUNT("passages"), &report->passages},
		{p->alerts_days, p->alerts_max, BY_AGE("alerts", "ended_us > 0"),
			BY_COUNT("alerts", "ended_us > 0"), COUNT("alerts"), &report->alerts},
		{p->audit_days, p->audit_max, BY_AGE("audit", "1"), BY_COUNT("audit", "1"),
			COUNT("audit"), &report->audit},
		{p->traffic_sums_days, 0, BY_AGE("congestion", "1"), NULL, NULL, &report->minutes},
	};
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		r = drop_kind(store, p, now, &kinds[i], err);
	return r;
}

#define FREE_FILES                                                                                 \
	"SELECT f.id FROM evidence_files f JOIN violations v ON v.id = f.violation_id WHERE"       \
	" f.leaving = 0 AND" FREE

/* Marks some of the oldest files, as many as it takes until `over` bytes are gone. */
static int mark_oldest(struct store *store, const struct retention_params *p, struct wall now,
	int64_t over, struct err *err, int64_t *ret_count)
{
	struct sweep oldest = {
		.first = "UPDATE evidence_files SET leaving = 1 WHERE id IN (SELECT id FROM"
			 " (SELECT f.id AS id, sum(f.bytes) OVER (ORDER BY f.at_us, f.id) -"
			 " f.bytes AS before FROM evidence_files f WHERE f.id IN (" FREE_FILES
			 " ORDER BY f.at_us, f.id LIMIT ?4)) WHERE before < ?1)",
		.limits = limits_of(p, now, 0),
	};
	oldest.limits.before = over;
	return store_change(store, sweep_step, &oldest, err, ret_count);
}

static int mark_files(
	struct store *store, const struct retention_params *p, struct wall now, struct err *err)
{
	int64_t marked = 0, bytes = 0, count = 1;
	struct sweep by_age = {
		.first = "UPDATE evidence_files SET leaving = 1 WHERE id IN (" FREE_FILES
			 " AND f.at_us < ?1 LIMIT ?4)",
		.limits = limits_of(p, now, p->evidence_days),
	};
	int r = p->evidence_days > 0 ? sweep_all(store, p, by_age, err, &marked) : 0;
	while (r == 0 && p->evidence_bytes > 0 && count > 0 && !is_stopped(p)) {
		r = ask(store, "SELECT ifnull(sum(bytes), 0) FROM evidence_files WHERE leaving = 0",
			err, &bytes);
		if (r < 0 || bytes <= p->evidence_bytes)
			break;
		r = mark_oldest(store, p, now, bytes - p->evidence_bytes, err, &count);
	}
	return r;
}

/* A file that is to go; its text is the list's. */
struct leaving {
	int64_t id, bytes;
	char *path;
	bool shared; /* another row names it: it stays on the disk */
};

static int read_leaving(struct sql *sql, int64_t after, struct leaving *files, struct err *err)
{
	struct sqlite3_stmt *s;
	int count = 0;
	int r = sql_get(sql,
		"SELECT id, bytes, path, EXISTS (SELECT 1 FROM evidence_files o WHERE"
		" o.path = f.path AND o.leaving = 0) FROM evidence_files f"
		" WHERE leaving = 1 AND id > ? ORDER BY id LIMIT 200",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, after);
	while (count < FILES_CHUNK && (r = sql_step(sql, s, err)) > 0) {
		struct leaving *f = &files[count++];
		*f = (struct leaving){
			sql_int(s, 0), sql_int(s, 1), strdup(sql_text(s, 2)), sql_int(s, 3) != 0};
	}
	sql_done(s);
	return r < 0 ? r : count;
}

static int remove_one(struct store *store, const struct leaving *f, struct err *err,
	struct retention_report *report)
{
	struct sweep forget = {
		.first = "DELETE FROM evidence_files WHERE id = ?1", .limits = {.before = f->id}};
	if (!f->path)
		return err_set(err, -ENOMEM, "out of memory");
	if (!f->shared && unlink(f->path) == 0) {
		report->files++;
		report->bytes += f->bytes;
	} else if (!f->shared && errno != ENOENT && errno != ENOTDIR) {
		return err_set(err, -errno, "%s: cannot be removed: %s", f->path, strerror(errno));
	}
	return store_change(store, sweep_step, &forget, err, NULL);
}

static int remove_files(struct store *store, const struct retention_params *p, struct err *err,
	struct retention_report *report)
{
	struct leaving files[FILES_CHUNK];
	struct sql *sql;
	int64_t after = 0;
	int count, first = 0;
	do {
		int r = store_read_begin(store, err, &sql);
		if (r < 0)
			return r;
		count = read_leaving(sql, after, files, err);
		store_read_end(store, &sql);
		for (int i = 0; i < count; i++) {
			struct err other;
			after = files[i].id;
			r = remove_one(store, &files[i], first ? &other : err, report);
			first = first ? first : r;
			free(files[i].path);
		}
	} while (count == FILES_CHUNK && !is_stopped(p));
	return count < 0 ? count : first;
}

static int expire_sums(
	struct store *store, const struct retention_params *p, struct wall now, struct err *err)
{
	int r = 0;
	if (p->sums_days > 0 && !is_stopped(p))
		r = violation_stats_expire(store, (struct wall){cutoff(now, p->sums_days)}, err);
	if (r == 0 && p->traffic_sums_days > 0 && !is_stopped(p))
		r = traffic_stats_expire(
			store, (struct wall){cutoff(now, p->traffic_sums_days)}, err);
	return r;
}

int retention_apply(struct store *store, const struct retention_params *params, struct wall now,
	struct err *err, struct retention_report *ret_report)
{
	struct retention_report report = {0};
	int r = drop_violations(store, params, now, err, &report);
	if (r == 0)
		r = count_kept(store, params, now, err, &report);
	if (r == 0)
		r = drop_rows(store, params, now, err, &report);
	if (r == 0)
		r = mark_files(store, params, now, err);
	if (r == 0)
		r = expire_sums(store, params, now, err);
	if (r == 0)
		r = remove_files(store, params, err, &report);
	*ret_report = report;
	return r;
}
