/*
 * Violations in the store: written durably, found by filter, paged by key, reviewed.
 *
 * Ids grow in the order of commits and are never used again, so whoever knows the last id it saw
 * misses nothing by asking for what came after it.
 *
 * Memory: texts of a row that is given to a callback are borrowed for its duration.
 */
#pragma once

#include "base/clock.h"
#include "base/geometry.h"
#include "store/store.h"

enum review { REVIEW_OPEN, REVIEW_CONFIRMED, REVIEW_REJECTED, REVIEW_COUNT };
const char *review_name(enum review review); /* "open", "confirmed", "rejected" */
enum review review_from_name(const char *name); /* REVIEW_COUNT if unknown */

#define EVIDENCE_FILES_MAX 8

/* A file that shows a violation. It must be on the disk, synced, before the row that names it is
 * written: evidence_files.h. */
struct evidence_file {
	int64_t id; /* the store's */
	const char *role; /* "scene", "vehicle", "record", "clip" */
	const char *path; /* absolute */
	int64_t bytes;
	const char *sha256; /* 64 hexadecimal digits */
};

/* NULL texts and NaN numbers are not known. */
struct violation_row {
	int64_t id; /* the store's */
	/* Two rows with the same key are one violation, told twice; NULL: none is like it. */
	const char *key;
	struct wall at;
	const char *device, *type; /* required, at most 63 bytes each */
	int severity; /* enum severity, 0 to 3 */
	const char *rule, *class_name, *plate;
	int64_t track_id; /* -1: none */
	double measured, uncertainty, limit, tolerance;
	const char *unit;
	struct box box; /* source pixels; all 0: none */
	const char *explanation;
	const char *evidence_path; /* the JSON record */
	const char *record; /* the same as text, for who wants every field */
	int64_t config_version; /* of the stream's configuration that judged it; 0: none */
	const struct evidence_file *files;
	int file_count; /* at most EVIDENCE_FILES_MAX; only from violation_rows_get() */

	/* The store's. */
	enum review review;
	const char *review_reason, *review_note, *reviewed_by;
	struct wall reviewed; /* 0: never */
	bool held; /* a case needs it: retention leaves it alone */
};

/* A row with nothing known. */
struct violation_row violation_row_init(void);

/*
 * Called once, on the writer's thread, after the commit (result 0 and the id) or with the reason
 * why there was none.
 */
typedef void violation_rows_done(
	void *opaque, int result, int64_t id, bool is_new, const struct err *err);
/*
 * Copies the row and takes it into the queue, waiting while that is full. `done` may be NULL.
 * -EINVAL where the row lacks something: then, as with -EPIPE, `done` is not called.
 */
int violation_rows_add(struct store *store, const struct violation_row *row,
	violation_rows_done *done, void *opaque, struct err *err);
/* Returns after the commit. `ret_id` may be NULL. A row whose key is known gives the known id. */
int violation_rows_add_wait(
	struct store *store, const struct violation_row *row, struct err *err, int64_t *ret_id);

enum violation_order {
	VIOLATION_NEWEST, /* by time, newest first */
	VIOLATION_COMMITTED, /* by id, oldest first: to follow what comes */
};

/* Where a page ended: pass it on to get the next. {0} is the beginning. */
struct violation_cursor {
	struct wall at;
	int64_t id;
};

/* NULL, -1 and 0 ask for all. */
struct violation_filter {
	const char *type, *device, *plate, *class_name;
	int severity_min; /* at least so severe; 0: all */
	int review; /* enum review, -1: all */
	struct wall from, to; /* from <= at < to; 0: open */
	enum violation_order order;
	struct violation_cursor after;
	int limit; /* 1 to 1000; 0: 50 */
};
struct violation_filter violation_filter_init(void);

/* Not 0 ends the query, which returns it. */
typedef int violation_rows_each(void *opaque, const struct violation_row *row);
/*
 * `ret_next` (may be NULL) gets where the next page begins, and {0} where there is none. Files are
 * not given: violation_rows_get() has them.
 */
int violation_rows_find(struct store *store, const struct violation_filter *filter,
	violation_rows_each *each, void *opaque, struct err *err,
	struct violation_cursor *ret_next);
/* With its files. -ENOENT. */
int violation_rows_get(
	struct store *store, int64_t id, violation_rows_each *each, void *opaque, struct err *err);
/* The newest id, 0 where there is none. */
int violation_rows_last_id(struct store *store, struct err *err, int64_t *ret_id);

/* What a person says about a violation; NULL and -1 leave what is there. */
struct violation_review {
	int64_t id;
	int review; /* enum review, -1 */
	const char *reason, *note; /* a rejection needs a reason */
	int held; /* 1, 0, -1 */
	const char *by, *address; /* for the audit log */
	struct wall now;
};
/* Writes the audit log in the same transaction. -ENOENT, -EINVAL. */
int violation_rows_review(
	struct store *store, const struct violation_review *review, struct err *err);
