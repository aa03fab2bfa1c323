#include "store/evidence_files.h"

#include "store/store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1 << 30)

static int read_all(int fd, char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t n = read(fd, bytes, count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		count -= (size_t)n;
	}
	return 0;
}

static int digest_file(int fd, char sha256[DIGEST_TEXT_SIZE], int64_t *ret_bytes)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > FILE_BYTES_MAX)
		return -EFBIG;
	char *bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	int r = read_all(fd, bytes, (size_t)st.st_size);
	if (r == 0)
		r = digest_sha256(bytes, (size_t)st.st_size, sha256);
	free(bytes);
	if (r == 0)
		*ret_bytes = st.st_size;
	return r;
}

static int digest_path(const char *path, bool sync, struct evidence_seal *seal)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = digest_file(fd, seal->sha256, &seal->bytes);
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int sync_directory(const char *path)
{
	char dir[PATH_MAX];
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path) + 1, path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

int evidence_files_seal(const char *path, struct err *err, struct evidence_seal *ret_seal)
{
	struct evidence_seal seal = {0};
	int r = realpath(path, seal.path) ? 0 : -errno;
	if (r == 0)
		r = digest_path(seal.path, true, &seal);
	if (r == 0)
		r = sync_directory(seal.path);
	if (r < 0)
		return err_set(
			err, r, "%s: this evidence cannot be sealed: %s", path, strerror(-r));
	*ret_seal = seal;
	return 0;
}

static int copy_file(struct sqlite3_stmt *s, struct evidence_file *file)
{
	char *role = strdup(sql_text(s, 1)), *path = strdup(sql_text(s, 2));
	char *sha256 = strdup(sql_text(s, 4));
	*file = (struct evidence_file){sql_int(s, 0), role, path, sql_int(s, 3), sha256};
	return role && path && sha256 ? 0 : -ENOMEM;
}

int evidence_files_read(
	struct sql *sql, int64_t violation_id, struct err *err, struct evidence_list *ret_list)
{
	struct evidence_list list = {0};
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"SELECT id, role, path, bytes, sha256 FROM evidence_files"
		" WHERE violation_id = ? AND leaving = 0 ORDER BY id",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, violation_id);
	while (list.count < EVIDENCE_FILES_MAX && (r = sql_step(sql, s, err)) > 0)
		if (copy_file(s, &list.items[list.count++]) < 0) {
			r = err_set(err, -ENOMEM, "out of memory");
			break;
		}
	sql_done(s);
	if (r < 0) {
		evidence_files_finish(&list);
		return r;
	}
	*ret_list = list;
	return 0;
}

void evidence_files_finish(struct evidence_list *list)
{
	for (int i = 0; i < list->count; i++) {
		free((char *)list->items[i].role);
		free((char *)list->items[i].path);
		free((char *)list->items[i].sha256);
	}
	*list = (struct evidence_list){0};
}

int evidence_files_insert(struct sql *sql, int64_t violation_id, struct wall at,
	const struct evidence_file *file, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO evidence_files(violation_id, role, path, bytes, sha256, at_us)"
		" VALUES(?, ?, ?, ?, ?, ?)",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, violation_id);
	sql_bind_text(s, 2, file->role);
	sql_bind_text(s, 3, file->path);
	sql_bind_int(s, 4, file->bytes);
	sql_bind_text(s, 5, file->sha256);
	sql_bind_int(s, 6, at.us);
	return sql_finish(sql, s, err);
}

/* A file on its way to the disk. */
struct late_file {
	struct writer_job job;
	struct evidence_file file;
	char key[256], role[32], path[PATH_MAX], sha256[DIGEST_TEXT_SIZE];
};

static int seal_anew(struct sql *sql, int64_t violation_id, const struct evidence_file *file,
	struct err *err, bool *ret_known)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"UPDATE evidence_files SET bytes = ?, sha256 = ? WHERE violation_id = ? AND path = "
		"?",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, file->bytes);
	sql_bind_text(s, 2, file->sha256);
	sql_bind_int(s, 3, violation_id);
	sql_bind_text(s, 4, file->path);
	r = sql_finish(sql, s, err);
	*ret_known = r == 0 && sql_changes(sql) > 0;
	return r;
}

static int find_violation(
	struct sql *sql, const char *key, struct err *err, int64_t *ret_id, struct wall *ret_at)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, "SELECT id, at_us FROM violations WHERE key = ?", err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, key);
	r = sql_step(sql, s, err);
	*ret_id = r > 0 ? sql_int(s, 0) : 0;
	ret_at->us = r > 0 ? sql_int(s, 1) : 0;
	sql_done(s);
	return r < 0 ? r : 0;
}

static int late_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct late_file *late = (const struct late_file *)job;
	struct wall at;
	int64_t id;
	bool known = false;
	(void)rollups;
	int r = find_violation(sql, late->key, err, &id, &at);
	if (r < 0 || id == 0)
		return r;
	r = seal_anew(sql, id, &late->file, err, &known);
	return r < 0 || known ? r : evidence_files_insert(sql, id, at, &late->file, err);
}

static void late_done(struct writer_job *job, int result, const struct err *err)
{
	(void)result;
	(void)err;
	free(job);
}

int evidence_files_add(
	struct store *store, const char *key, const struct evidence_file *file, struct err *err)
{
	struct late_file *late = calloc(1, sizeof(*late));
	if (!late)
		return err_set(err, -ENOMEM, "%s: out of memory", store_path(store));
	snprintf(late->key, sizeof(late->key), "%s", key);
	snprintf(late->role, sizeof(late->role), "%s", file->role);
	snprintf(late->path, sizeof(late->path), "%s", file->path);
	snprintf(late->sha256, sizeof(late->sha256), "%s", file->sha256);
	late->file = (struct evidence_file){0, late->role, late->path, file->bytes, late->sha256};
	late->job = (struct writer_job){.step = late_step,
		.done = late_done,
		.bytes = sizeof(*late),
		.keep = true,
		.several = true};
	int r = store_post(store, &late->job, err);
	if (r < 0)
		free(late);
	return r;
}

/* NULL: as it was sealed. */
static const char *compare(const char *path, int64_t bytes, const char *sha256)
{
	struct evidence_seal now;
	int r = digest_path(path, false, &now);
	if (r == -ENOENT)
		return "is missing";
	if (r < 0)
		return strerror(-r);
	if (now.bytes != bytes)
		return "has another size than when it was sealed";
	return strcmp(now.sha256, sha256) == 0 ? NULL : "is not what was sealed";
}

int evidence_files_verify(struct store *store,
	int (*each)(void *opaque, int64_t violation_id, const char *path, const char *reason),
	void *opaque, struct err *err, int64_t *ret_count)
{
	struct sqlite3_stmt *s;
	struct sql *sql;
	int64_t count = 0;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = sql_get(sql,
		"SELECT violation_id, path, bytes, sha256 FROM evidence_files WHERE leaving = 0",
		err, &s);
	while (r >= 0 && (r = sql_step(sql, s, err)) > 0) {
		const char *reason = compare(sql_text(s, 1), sql_int(s, 2), sql_text(s, 3));
		count++;
		if (reason && each(opaque, sql_int(s, 0), sql_text(s, 1), reason) != 0)
			break;
	}
	if (r >= 0)
		sql_done(s);
	store_read_end(store, &sql);
	if (r >= 0)
		*ret_count = count;
	return r < 0 ? r : 0;
}
