#include "store/violation_rows.h"

#include "store/audit_rows.h"
#include "store/evidence_files.h"
#include "store/outbox_rows.h"
#include "store/store_inside.h"
#include "store/violation_insert.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000

static const char *const review_names[] = {"open", "confirmed", "rejected"};

const char *review_name(enum review review)
{
	return review_names[review];
}

enum review review_from_name(const char *name)
{
	int i = 0;
	while (i < REVIEW_COUNT && strcmp(review_names[i], name) != 0)
		i++;
	return (enum review)i;
}

struct violation_row violation_row_init(void)
{
	return (struct violation_row){
		.track_id = -1,
		.measured = NAN,
		.uncertainty = NAN,
		.limit = NAN,
		.tolerance = NAN,
	};
}

struct violation_filter violation_filter_init(void)
{
	return (struct violation_filter){.review = -1};
}

/* A violation on its way to the disk, its texts behind it. */
struct addition {
	struct writer_job job;
	struct violation_row row;
	violation_rows_done *done;
	void *opaque;
	bool is_new, outbox;
	struct evidence_file files[]; /* and the texts behind them */
};

static bool fits(const char *name, size_t max)
{
	return name && name[0] != '\0' && strlen(name) <= max;
}

static int check_row(const struct violation_row *row, struct err *err)
{
	if (!fits(row->device, STORE_NAME_MAX))
		return err_set(err, -EINVAL, "a violation's device must have 1 to %d bytes",
			STORE_NAME_MAX);
	if (!fits(row->type, STORE_NAME_MAX))
		return err_set(
			err, -EINVAL, "a violation's type must have 1 to %d bytes", STORE_NAME_MAX);
	if (row->severity < 0 || row->severity > 3)
		return err_set(err, -EINVAL, "a violation's severity must be 0 to 3, is %d",
			row->severity);
	if (row->file_count < 0 || row->file_count > EVIDENCE_FILES_MAX)
		return err_set(err, -EINVAL, "a violation has at most %d files, not %d",
			EVIDENCE_FILES_MAX, row->file_count);
	return 0;
}

/* The texts of a row, one after another: they are measured, then copied. */
#define ROW_TEXTS 10
#define FILE_TEXTS 3

static int collect_texts(
	struct violation_row *row, struct evidence_file *files, const char **texts[])
{
	const char **of_row[ROW_TEXTS] = {&row->key, &row->device, &row->type, &row->rule,
		&row->class_name, &row->plate, &row->unit, &row->explanation, &row->evidence_path,
		&row->record};
	int count = 0;
	for (int i = 0; i < ROW_TEXTS; i++)
		texts[count++] = of_row[i];
	for (int i = 0; i < row->file_count; i++) {
		texts[count++] = &files[i].role;
		texts[count++] = &files[i].path;
		texts[count++] = &files[i].sha256;
	}
	return count;
}

static struct addition *copy_row(const struct violation_row *row)
{
	const char **texts[ROW_TEXTS + FILE_TEXTS * EVIDENCE_FILES_MAX];
	struct violation_row measured = *row;
	struct evidence_file files[EVIDENCE_FILES_MAX];
	if (row->files)
		memcpy(files, row->files, (size_t)row->file_count * sizeof(*files));
	int count = collect_texts(&measured, files, texts);
	size_t files_bytes = (size_t)row->file_count * sizeof(*files);
	size_t bytes = sizeof(struct addition) + files_bytes;
	for (int i = 0; i < count; i++)
		bytes += *texts[i] ? strlen(*texts[i]) + 1 : 0;
	struct addition *a = malloc(bytes);
	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->job.bytes = bytes;
	a->row = *row;
	memcpy(a->files, files, files_bytes);
	a->row.files = a->files;
	count = collect_texts(&a->row, a->files, texts);
	char *end = (char *)a->files + files_bytes;
	for (int i = 0; i < count; i++) {
		if (!*texts[i])
			continue;
		size_t size = strlen(*texts[i]) + 1;
		*texts[i] = memcpy(end, *texts[i], size);
		end += size;
	}
	return a;
}

static int known_id(struct sql *sql, const char *key, struct err *err, int64_t *ret_id)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, "SELECT id FROM violations WHERE key = ?", err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, key);
	r = sql_step(sql, s, err);
	*ret_id = r > 0 ? sql_int(s, 0) : 0;
	sql_done(s);
	return r < 0 ? r : 0;
}

/* Rows that nobody has told before; -EEXIST and nothing done where one is known. */
static int add_new(struct writer_job *const *jobs, int count, struct sql *sql,
	struct rollups *rollups, struct err *err)
{
	const struct violation_row *rows[WRITER_MANY_MAX];
	int64_t id;
	int r = rollups_next_violation_id(rollups, sql, err, &id);
	for (int i = 0; r == 0 && i < count; i++) {
		struct addition *a = (struct addition *)jobs[i];
		a->row.id = id + i;
		a->is_new = true;
		rows[i] = &a->row;
	}
	if (r == 0)
		r = violation_insert_rows(sql, rows, (size_t)count, err);
	if (r == 0)
		rollups_use_violation_ids(rollups, count);
	for (int i = 0; r == 0 && i < count; i++)
		r = rollups_violation(
			rollups, rows[i]->at, rows[i]->device, rows[i]->type, rows[i]->severity, 1);
	return r;
}

static int add_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	struct addition *a = (struct addition *)job;
	struct violation_row *row = &a->row;
	a->is_new = false;
	row->id = 0;
	int r = row->key ? known_id(sql, row->key, err, &row->id) : 0;
	if (r == 0 && row->id == 0)
		r = add_new(&job, 1, sql, rollups, err);
	for (int i = 0; r == 0 && a->is_new && i < row->file_count; i++)
		r = evidence_files_insert(sql, row->id, row->at, &row->files[i], err);
	if (r == 0 && a->is_new && a->outbox)
		r = outbox_rows_insert(sql, row->id, row->device, err);
	return r;
}

static void add_done(struct writer_job *job, int result, const struct err *err)
{
	struct addition *a = (struct addition *)job;
	if (a->done)
		a->done(a->opaque, result, a->row.id, a->is_new, err);
	free(a);
}

static int make_addition(struct store *store, const struct violation_row *row, struct err *err,
	struct addition **ret_addition)
{
	int r = check_row(row, err);
	if (r < 0)
		return r;
	struct addition *a = copy_row(row);
	if (!a)
		return err_set(err, -ENOMEM, "%s: out of memory", store_path(store));
	a->job.step = add_step;
	a->job.done = add_done;
	a->job.keep = true;
	a->job.several = row->file_count > 0;
	a->outbox = store_has_outbox(store);
	if (row->file_count == 0 && !a->outbox)
		a->job.step_many = add_new;
	*ret_addition = a;
	return 0;
}

int violation_rows_add(struct store *store, const struct violation_row *row,
	violation_rows_done *done, void *opaque, struct err *err)
{
	struct addition *a;
	int r = make_addition(store, row, err, &a);
	if (r < 0)
		return r;
	a->done = done;
	a->opaque = opaque;
	r = store_post(store, &a->job, err);
	if (r < 0)
		free(a);
	return r;
}

int violation_rows_add_wait(
	struct store *store, const struct violation_row *row, struct err *err, int64_t *ret_id)
{
	struct addition *a;
	int r = make_addition(store, row, err, &a);
	if (r < 0)
		return r;
	r = store_do(store, &a->job, err);
	if (r == 0 && ret_id)
		*ret_id = a->row.id;
	free(a);
	return r;
}

#define COLUMNS                                                                                    \
	"id, key, at_us, device, type, severity, rule, track_id, class, plate, measured,"          \
	" uncertainty, limit_value, tolerance, unit, x1, y1, x2, y2, explanation, evidence,"       \
	" record, config_version, review, review_reason, review_note, reviewed_by, reviewed_us,"   \
	" held"

static float side(struct sqlite3_stmt *s, int column)
{
	double value = sql_real(s, column);
	return isfinite(value) ? (float)value : 0;
}

static struct violation_row read_row(struct sqlite3_stmt *s)
{
	return (struct violation_row){
		.id = sql_int(s, 0),
		.key = sql_text(s, 1),
		.at = {sql_int(s, 2)},
		.device = sql_text(s, 3),
		.type = sql_text(s, 4),
		.severity = (int)sql_int(s, 5),
		.rule = sql_text(s, 6),
		.track_id = sql_type(s, 7) == SQL_NULL ? -1 : sql_int(s, 7),
		.class_name = sql_text(s, 8),
		.plate = sql_text(s, 9),
		.measured = sql_real(s, 10),
		.uncertainty = sql_real(s, 11),
		.limit = sql_real(s, 12),
		.tolerance = sql_real(s, 13),
		.unit = sql_text(s, 14),
		.box = {side(s, 15), side(s, 16), side(s, 17), side(s, 18)},
		.explanation = sql_text(s, 19),
		.evidence_path = sql_text(s, 20),
		.record = sql_text(s, 21),
		.config_version = sql_int(s, 22),
		.review = (enum review)sql_int(s, 23),
		.review_reason = sql_text(s, 24),
		.review_note = sql_text(s, 25),
		.reviewed_by = sql_text(s, 26),
		.reviewed = {sql_int(s, 27)},
		.held = sql_int(s, 28) != 0,
	};
}

/* The text depends on which conditions there are, never on their values. */
static void make_query(const struct violation_filter *f, char *text, size_t size)
{
	bool newest = f->order == VIOLATION_NEWEST;
	snprintf(text, size,
		"SELECT " COLUMNS
		" FROM violations WHERE 1%s%s%s%s%s%s%s%s%s ORDER BY %s LIMIT ?11",
		f->type ? " AND type = ?1" : "", f->device ? " AND device = ?2" : "",
		f->plate ? " AND plate = ?3" : "", f->class_name ? " AND +class = ?4" : "",
		f->severity_min > 0 ? " AND severity >= ?5" : "",
		f->review >= 0 ? " AND review = ?6" : "", f->from.us ? " AND at_us >= ?7" : "",
		f->to.us ? " AND at_us < ?8" : "",
		!f->after.id ? ""
		: newest     ? " AND (at_us, id) < (?9, ?10)"
			     : " AND id > ?10",
		newest ? "at_us DESC, id DESC" : "id");
}

static void bind_filter(struct sqlite3_stmt *s, const struct violation_filter *f, int limit)
{
	/* Numbers that the text does not use are bound for nothing. */
	sql_bind_text(s, 1, f->type);
	sql_bind_text(s, 2, f->device);
	sql_bind_text(s, 3, f->plate);
	sql_bind_text(s, 4, f->class_name);
	sql_bind_int(s, 5, f->severity_min);
	sql_bind_int(s, 6, f->review);
	sql_bind_int(s, 7, f->from.us);
	sql_bind_int(s, 8, f->to.us);
	sql_bind_int(s, 9, f->after.at.us);
	sql_bind_int(s, 10, f->after.id);
	sql_bind_int(s, 11, limit + 1);
}

/* One more row than asked for is read, to know whether there is a next page. */
static int find(struct sql *sql, const struct violation_filter *f, violation_rows_each *each,
	void *opaque, struct err *err, struct violation_cursor *ret_next)
{
	char text[1024];
	int limit = f->limit > 0 ? f->limit : LIMIT_DEFAULT, count = 0, r;
	struct violation_cursor last = {0}, next = {0};
	struct sqlite3_stmt *s;
	limit = limit > LIMIT_MAX ? LIMIT_MAX : limit;
	make_query(f, text, sizeof(text));
	r = sql_get(sql, text, err, &s);
	if (r < 0)
		return r;
	bind_filter(s, f, limit);
	while ((r = sql_step(sql, s, err)) > 0) {
		if (count++ == limit) {
			next = last;
			break;
		}
		struct violation_row row = read_row(s);
		last = (struct violation_cursor){row.at, row.id};
		r = each(opaque, &row);
		if (r != 0)
			break;
	}
	sql_done(s);
	if (ret_next)
		*ret_next = next;
	return next.id ? 0 : r;
}

int violation_rows_find(struct store *store, const struct violation_filter *filter,
	violation_rows_each *each, void *opaque, struct err *err, struct violation_cursor *ret_next)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = find(sql, filter, each, opaque, err, ret_next);
	store_read_end(store, &sql);
	return r;
}

static int get(
	struct sql *sql, int64_t id, violation_rows_each *each, void *opaque, struct err *err)
{
	struct evidence_list files = {0};
	struct sqlite3_stmt *s;
	int r = sql_get(sql, "SELECT " COLUMNS " FROM violations WHERE id = ?", err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, id);
	r = sql_step(sql, s, err);
	if (r == 0)
		r = err_set(err, -ENOENT, "there is no violation %lld", (long long)id);
	if (r > 0) {
		struct violation_row row = read_row(s);
		r = evidence_files_read(sql, id, err, &files);
		row.files = files.items;
		row.file_count = files.count;
		if (r == 0)
			r = each(opaque, &row);
		evidence_files_finish(&files);
	}
	sql_done(s);
	return r;
}

int violation_rows_get(
	struct store *store, int64_t id, violation_rows_each *each, void *opaque, struct err *err)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = get(sql, id, each, opaque, err);
	store_read_end(store, &sql);
	return r;
}

int violation_rows_last_id(struct store *store, struct err *err, int64_t *ret_id)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = sql_number(sql, "SELECT value FROM counters WHERE name = 'violation'", err, ret_id);
	store_read_end(store, &sql);
	return r;
}

static int check_review(const struct violation_review *v, struct err *err)
{
	if (v->review >= REVIEW_COUNT)
		return err_set(err, -EINVAL, "a review is open, confirmed or rejected");
	if (v->review == REVIEW_REJECTED && (!v->reason || v->reason[0] == '\0'))
		return err_set(err, -EINVAL, "a rejection needs a reason");
	return 0;
}

static int write_review(struct sql *sql, const struct violation_review *v, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"UPDATE violations SET review = ifnull(?2, review),"
		" review_reason = ifnull(?3, review_reason), review_note = ifnull(?4, review_note),"
		" held = ifnull(?5, held), reviewed_by = ?6, reviewed_us = ?7 WHERE id = ?1",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, v->id);
	if (v->review >= 0)
		sql_bind_int(s, 2, v->review);
	sql_bind_text(s, 3, v->reason);
	sql_bind_text(s, 4, v->note);
	if (v->held >= 0)
		sql_bind_int(s, 5, v->held);
	sql_bind_text(s, 6, v->by);
	sql_bind_int(s, 7, v->now.us);
	r = sql_finish(sql, s, err);
	if (r == 0 && sql_changes(sql) == 0)
		r = err_set(err, -ENOENT, "there is no violation %lld", (long long)v->id);
	return r;
}

static int review_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct violation_review *v = ((struct store_change *)job)->arguments;
	char object[64], detail[512];
	(void)rollups;
	int r = write_review(sql, v, err);
	if (r < 0)
		return r;
	snprintf(object, sizeof(object), "violations/%lld", (long long)v->id);
	snprintf(detail, sizeof(detail), "%s%s%.300s%s",
		v->review >= 0 ? review_name((enum review)v->review) : "", v->reason ? ": " : "",
		v->reason ? v->reason : "",
		v->held < 0    ? ""
		: v->held == 0 ? " (released)"
			       : " (held)");
	struct audit_row audit = {
		.at = v->now,
		.actor = v->by,
		.action = "review",
		.object = object,
		.address = v->address,
		.detail = detail,
	};
	return audit_rows_insert(sql, &audit, err);
}

int violation_rows_review(
	struct store *store, const struct violation_review *review, struct err *err)
{
	int r = check_review(review, err);
	return r < 0 ? r : store_change(store, review_step, review, err, NULL);
}
