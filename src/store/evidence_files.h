/*
 * The files that show a violation, and what the store knows of them: their SHA-256, so that a file
 * that was changed or lost is noticed, and whether they may leave (retention.h).
 *
 * A file is on the disk before the row that names it: whoever writes one calls seal, which waits
 * for the disk, and hands what it says on with the violation.
 */
#pragma once

#include "base/digest.h"
#include "store/violation_rows.h"

#include <limits.h>

struct evidence_seal {
	char path[PATH_MAX]; /* absolute, without links */
	char sha256[DIGEST_TEXT_SIZE];
	int64_t bytes;
};
/* Reads the file, syncs it and the directory that it is in. -ENOENT, -EIO, -EFBIG over 1 GiB. */
int evidence_files_seal(const char *path, struct err *err, struct evidence_seal *ret_seal);

/* The files of one violation; finish frees their texts. */
struct evidence_list {
	struct evidence_file items[EVIDENCE_FILES_MAX];
	int count;
};
int evidence_files_read(
	struct sql *sql, int64_t violation_id, struct err *err, struct evidence_list *ret_list);
void evidence_files_finish(struct evidence_list *list);

/* On the writer's thread. */
int evidence_files_insert(struct sql *sql, int64_t violation_id, struct wall at,
	const struct evidence_file *file, struct err *err);

/*
 * One more file of the violation with that key, which is in the store or in its queue already; a
 * file that it has by that path is sealed anew. All is copied; the file is in the store some
 * milliseconds later. Nothing happens where there is no such violation any more.
 */
int evidence_files_add(
	struct store *store, const char *key, const struct evidence_file *file, struct err *err);

/*
 * Compares every file with its seal. `each` is called for those that are missing or changed, with
 * the reason; not 0 ends it. Gives how many were looked at.
 */
int evidence_files_verify(struct store *store,
	int (*each)(void *opaque, int64_t violation_id, const char *path, const char *reason),
	void *opaque, struct err *err, int64_t *ret_count);
