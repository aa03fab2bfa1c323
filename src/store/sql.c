#include "store/sql.h"

#include "store/sql_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATEMENTS_MAX 96
#define BUSY_MS 5000
#define BACKUP_PAGES 1024 /* copied between two looks at other writers */

struct statement {
	char *text;
	sqlite3_stmt *stmt;
};

struct sql {
	sqlite3 *db;
	char *path;
	struct statement statements[STATEMENTS_MAX];
	int count, next; /* next: the one to give up when all places are taken */
	const struct sql_rows *given; /* while a statement reads them */
};

static int code_of(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_IOERR:
		return db && sqlite3_system_errno(db) == ENOSPC ? -ENOSPC : -EIO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN: {
		int system = db ? sqlite3_system_errno(db) : 0;
		return system > 0 ? -system : -ENOENT;
	}
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static const char *advice(int code)
{
	switch (code) {
	case -ENOSPC:
		return ": the disk is full";
	case -EBADMSG:
		return ": this is no database, or a damaged one; 'gantry db check' says more, a "
		       "backup brings it back";
	case -EBUSY:
		return ": another process holds it";
	default:
		return "";
	}
}

static int fail(const struct sql *sql, int rc, struct err *err)
{
	int code = code_of(sql->db, rc);
	return err_set(err, code, "%s: %s%s", sql->path,
		sql->db ? sqlite3_errmsg(sql->db) : "out of memory", advice(code));
}

/*
 * The log is copied back after 4000 pages, by the commit that reaches them: what waits for that
 * commit waits for the copying too, so it is to be short. With 16000 pages it took 0.2 s, and saved
 * 2 % of the pages that are copied.
 */
static int configure(struct sql *sql, enum sql_mode mode, struct err *err)
{
	sqlite3_busy_timeout(sql->db, BUSY_MS);
	sqlite3_extended_result_codes(sql->db, 1);
	if (mode == SQL_READ)
		return sql_run(sql,
			"PRAGMA query_only = 1; PRAGMA cache_size = -16384;"
			"PRAGMA temp_store = MEMORY",
			err);
	int rc = sql_rows_register(sql->db, &sql->given);
	if (rc != SQLITE_OK)
		return fail(sql, rc, err);
	return sql_run(sql,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		"PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;"
		"PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY",
		err);
}

/* Nobody asks how much memory SQLite takes, and counting it takes a lock each time. */
static void count_no_memory(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int sql_open(const char *path, enum sql_mode mode, struct err *err, struct sql **ret_sql)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, count_no_memory);
	struct sql *sql = calloc(1, sizeof(*sql));
	if (!sql || !(sql->path = strdup(path))) {
		sql_close(&sql);
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	}
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	flags |= mode == SQL_READ ? SQLITE_OPEN_READONLY
				  : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int rc = sqlite3_open_v2(path, &sql->db, flags, NULL);
	int r = rc == SQLITE_OK ? configure(sql, mode, err) : fail(sql, rc, err);
	if (r < 0) {
		sql_close(&sql);
		return r;
	}
	*ret_sql = sql;
	return 0;
}

void sql_close(struct sql **sql)
{
	struct sql *s = *sql;
	*sql = NULL;
	if (!s)
		return;
	for (int i = 0; i < s->count; i++) {
		sqlite3_finalize(s->statements[i].stmt);
		free(s->statements[i].text);
	}
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

int sql_run(struct sql *sql, const char *text, struct err *err)
{
	int rc = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : fail(sql, rc, err);
}

int sql_rerun(struct sql *sql, const char *text, struct err *err)
{
	sqlite3_stmt *stmt;
	int r = sql_get(sql, text, err, &stmt);
	return r < 0 ? r : sql_finish(sql, stmt, err);
}

int sql_number(struct sql *sql, const char *text, struct err *err, int64_t *ret_number)
{
	sqlite3_stmt *stmt;
	int r = sql_get(sql, text, err, &stmt);
	if (r < 0)
		return r;
	r = sql_step(sql, stmt, err);
	if (r >= 0)
		*ret_number = r > 0 ? sql_int(stmt, 0) : 0;
	sql_done(stmt);
	return r < 0 ? r : 0;
}

/* A place for one more: a new one, or that of the oldest which nobody is reading from. */
static struct statement *place(struct sql *sql)
{
	if (sql->count < STATEMENTS_MAX)
		return &sql->statements[sql->count++];
	for (int i = 0; i < STATEMENTS_MAX; i++) {
		struct statement *s = &sql->statements[sql->next++ % STATEMENTS_MAX];
		if (s->stmt && sqlite3_stmt_busy(s->stmt))
			continue;
		sqlite3_finalize(s->stmt);
		free(s->text);
		*s = (struct statement){0};
		return s;
	}
	return NULL;
}

int sql_get(struct sql *sql, const char *text, struct err *err, struct sqlite3_stmt **ret_stmt)
{
	for (int i = 0; i < sql->count; i++) {
		struct statement *s = &sql->statements[i];
		if (s->text && strcmp(s->text, text) == 0) {
			*ret_stmt = s->stmt;
			return 0;
		}
	}
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
	if (rc != SQLITE_OK)
		return fail(sql, rc, err);
	char *copy = strdup(text);
	struct statement *s = copy ? place(sql) : NULL;
	if (!s) {
		free(copy);
		sqlite3_finalize(stmt);
		return err_set(err, -ENOMEM, "%s: too many statements at once", sql->path);
	}
	*s = (struct statement){copy, stmt};
	*ret_stmt = stmt;
	return 0;
}

void sql_bind_int(struct sqlite3_stmt *stmt, int index, int64_t value)
{
	sqlite3_bind_int64(stmt, index, value);
}

void sql_bind_real(struct sqlite3_stmt *stmt, int index, double value)
{
	if (isfinite(value))
		sqlite3_bind_double(stmt, index, value);
	else
		sqlite3_bind_null(stmt, index);
}

void sql_bind_text(struct sqlite3_stmt *stmt, int index, const char *text)
{
	sqlite3_bind_text(stmt, index, text, -1, SQLITE_STATIC);
}

int sql_step(struct sql *sql, struct sqlite3_stmt *stmt, struct err *err)
{
	int rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : fail(sql, rc, err);
}

void sql_done(struct sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

int sql_finish(struct sql *sql, struct sqlite3_stmt *stmt, struct err *err)
{
	int r = sql_step(sql, stmt, err);
	sql_done(stmt);
	return r < 0 ? r : 0;
}

int sql_run_rows(struct sql *sql, const char *text, const struct sql_rows *rows, struct err *err)
{
	sql->given = rows;
	int r = sql_rerun(sql, text, err);
	sql->given = NULL;
	return r;
}

int64_t sql_changes(const struct sql *sql)
{
	return sqlite3_changes64(sql->db);
}

int64_t sql_int(struct sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt, column);
}

double sql_real(struct sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL
		       ? NAN
		       : sqlite3_column_double(stmt, column);
}

const char *sql_text(struct sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

int sql_columns(struct sqlite3_stmt *stmt)
{
	return sqlite3_column_count(stmt);
}

const char *sql_column_name(struct sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_name(stmt, column);
}

enum sql_type sql_type(struct sqlite3_stmt *stmt, int column)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		return SQL_INT;
	case SQLITE_FLOAT:
		return SQL_REAL;
	case SQLITE_NULL:
		return SQL_NULL;
	default:
		return SQL_TEXT;
	}
}

static int copy_pages(struct sql *from, struct sql *to, struct err *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
	if (!backup)
		return fail(to, sqlite3_errcode(to->db), err);
	int rc;
	do {
		rc = sqlite3_backup_step(backup, BACKUP_PAGES);
		if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
			sqlite3_sleep(10);
	} while (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED);
	int finish = sqlite3_backup_finish(backup);
	if (rc == SQLITE_DONE && finish == SQLITE_OK)
		return 0;
	return fail(to, finish != SQLITE_OK ? finish : rc, err);
}

static int sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* The copy and the name it gets both survive a power cut. */
static int publish(const char *temporary, const char *path, struct err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	int r = sync_path(temporary, O_RDONLY);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r == 0)
		r = sync_path(dir, O_RDONLY | O_DIRECTORY);
	return r < 0 ? err_set(err, r, "%s: cannot be written: %s", path, strerror(-r)) : 0;
}

int sql_backup(struct sql *sql, const char *path, struct err *err)
{
	char temporary[PATH_MAX];
	struct sql *to = NULL;
	if (access(path, F_OK) == 0)
		return err_set(
			err, -EEXIST, "%s: is there already: give the backup another name", path);
	if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >= (int)sizeof(temporary))
		return err_set(err, -ENAMETOOLONG, "%s: path is too long", path);
	unlink(temporary);
	/* Rollback journal off: the file counts only once it is whole. */
	int rc = SQLITE_NOMEM, r;
	to = calloc(1, sizeof(*to));
	if (to && (to->path = strdup(path)))
		rc = sqlite3_open(temporary, &to->db);
	if (rc != SQLITE_OK)
		r = to ? fail(to, rc, err) : err_set(err, -ENOMEM, "%s: out of memory", path);
	else
		r = copy_pages(sql, to, err);
	sql_close(&to);
	if (r == 0)
		r = publish(temporary, path, err);
	if (r < 0)
		unlink(temporary);
	return r;
}
