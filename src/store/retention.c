#include "store/retention.h"

#include "store/store_inside.h"
#include "store/violation_stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK "1000"
#define FILES_CHUNK 200
#define DAY_US 86400e6

/* One transaction of one statement, or two, with one number in it. */
struct sweep {
	const char *first, *second; /* second may be NULL: what goes along with the first's rows */
	int64_t number;
};

static int run_one(struct sql *sql, const char *text, int64_t number, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, text, err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, number);
	return sql_finish(sql, s, err);
}

static int sweep_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	struct store_change *change = (struct store_change *)job;
	const struct sweep *sweep = change->arguments;
	(void)rollups;
	int r = sweep->second ? run_one(sql, sweep->second, sweep->number, err) : 0;
	if (r == 0)
		r = run_one(sql, sweep->first, sweep->number, err);
	change->number = sql_changes(sql);
	return r;
}

/* Again and again until nothing changes; gives how many rows the first statements changed. */
static int sweep_all(struct store *store, struct sweep sweep, struct err *err, int64_t *sum)
{
	int64_t count;
	int r;
	while ((r = store_change(store, sweep_step, &sweep, err, &count)) == 0 && count > 0)
		*sum += count;
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

#define FREE_VIOLATIONS                                                                            \
	"SELECT id FROM violations WHERE held = 0 AND id NOT IN (SELECT violation_id FROM outbox)"

/* The violations leave, and their files are marked, in one transaction. */
static int drop_violations(struct store *store, const struct retention_params *p, struct wall now,
	struct err *err, struct retention_report *report)
{
	struct sweep by_age = {
		.first = "DELETE FROM violations WHERE id IN (" FREE_VIOLATIONS
			 " AND at_us < ?1 ORDER BY at_us, id LIMIT " CHUNK ")",
		.second =
			"UPDATE evidence_files SET leaving = 1 WHERE violation_id IN"
			" (" FREE_VIOLATIONS " AND at_us < ?1 ORDER BY at_us, id LIMIT " CHUNK ")",
		.number = now.us - (int64_t)(p->violations_days * DAY_US),
	};
	struct sweep by_count = {
		.first = "DELETE FROM violations WHERE id IN (" FREE_VIOLATIONS
			 " ORDER BY at_us, id LIMIT max(0, min(" CHUNK
			 ", (SELECT count(*) FROM violations) - ?1)))",
		.second = "UPDATE evidence_files SET leaving = 1 WHERE violation_id IN"
			  " (" FREE_VIOLATIONS " ORDER BY at_us, id LIMIT max(0, min(" CHUNK
			  ", (SELECT count(*) FROM violations) - ?1)))",
		.number = p->violations_max,
	};
	int r = 0;
	if (p->violations_days > 0)
		r = sweep_all(store, by_age, err, &report->violations);
	if (r == 0 && p->violations_max > 0)
		r = sweep_all(store, by_count, err, &report->violations);
	return r;
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
		sql_bind_int(s, 1, now.us - (int64_t)(p->violations_days * DAY_US));
		r = sql_step(sql, s, err);
		report->kept = r > 0 ? sql_int(s, 0) : 0;
		sql_done(s);
	}
	store_read_end(store, &sql);
	return r < 0 ? r : 0;
}

static int drop_rows(struct store *store, const struct retention_params *p, struct wall now,
	struct err *err, struct retention_report *report)
{
	const struct {
		double days;
		const char *text;
		int64_t *sum;
	} kinds[] = {
		{p->passages_days,
			"DELETE FROM passages WHERE id IN (SELECT id FROM passages WHERE at_us < ?1"
			" LIMIT " CHUNK ")",
			&report->passages},
		{p->alerts_days,
			"DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE ended_us > 0"
			" AND at_us < ?1 LIMIT " CHUNK ")",
			&report->alerts},
		{p->audit_days,
			"DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_us < ?1"
			" LIMIT " CHUNK ")",
			&report->audit},
	};
	struct sweep by_count = {
		.first = "DELETE FROM passages WHERE id IN (SELECT id FROM passages ORDER BY at_us"
			 " LIMIT max(0, min(" CHUNK ", (SELECT count(*) FROM passages) - ?1)))",
		.number = p->passages_max,
	};
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].days > 0)
			r = sweep_all(store,
				(struct sweep){.first = kinds[i].text,
					.number = now.us - (int64_t)(kinds[i].days * DAY_US)},
				err, kinds[i].sum);
	if (r == 0 && p->passages_max > 0)
		r = sweep_all(store, by_count, err, &report->passages);
	return r;
}

#define FREE_FILES                                                                                 \
	"SELECT f.id FROM evidence_files f JOIN violations v ON v.id = f.violation_id WHERE"       \
	" f.leaving = 0 AND v.held = 0 AND v.id NOT IN (SELECT violation_id FROM outbox)"

/* The oldest files until the rest fits: the running sum, from the newest back, says which. */
static int mark_files(
	struct store *store, const struct retention_params *p, struct wall now, struct err *err)
{
	int64_t marked = 0, bytes = 0;
	struct sweep by_age = {
		.first = "UPDATE evidence_files SET leaving = 1 WHERE id IN (" FREE_FILES
			 " AND f.at_us < ?1 LIMIT " CHUNK ")",
		.number = now.us - (int64_t)(p->evidence_days * DAY_US),
	};
	int r = p->evidence_days > 0 ? sweep_all(store, by_age, err, &marked) : 0;
	while (r == 0 && p->evidence_bytes > 0) {
		struct sweep oldest = {
			.first = "UPDATE evidence_files SET leaving = 1 WHERE id IN (SELECT id FROM"
				 " (SELECT f.id AS id, sum(f.bytes) OVER (ORDER BY f.at_us, f.id) -"
				 " f.bytes AS before FROM evidence_files f WHERE f.id IN "
				 "(" FREE_FILES " ORDER BY f.at_us, f.id LIMIT " CHUNK
				 ")) WHERE before < ?1)"};
		int64_t count = 0;
		r = ask(store, "SELECT ifnull(sum(bytes), 0) FROM evidence_files WHERE leaving = 0",
			err, &bytes);
		oldest.number = bytes - p->evidence_bytes;
		if (r < 0 || oldest.number <= 0)
			break;
		r = store_change(store, sweep_step, &oldest, err, &count);
		if (count == 0)
			break;
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
		.first = "DELETE FROM evidence_files WHERE id = ?1", .number = f->id};
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

static int remove_files(struct store *store, struct err *err, struct retention_report *report)
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
	} while (count == FILES_CHUNK);
	return count < 0 ? count : first;
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
	if (r == 0 && params->sums_days > 0)
		r = violation_stats_expire(
			store, (struct wall){now.us - (int64_t)(params->sums_days * DAY_US)}, err);
	if (r == 0)
		r = remove_files(store, err, &report);
	*ret_report = report;
	return r;
}
