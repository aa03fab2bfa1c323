/*
 * Streams and every configuration they ever had. A configuration is a text (YAML or JSON) that the
 * store does not read; each change makes a new version, and violations name the one that judged
 * them. Versions of an id are never used again, not even after the stream was removed.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

struct stream_row {
	const char *id;
	const char *config;
	int64_t version; /* from 1 */
	struct wall created, changed;
	bool stopped; /* by somebody; only from stream_rows_list() and _get() */
	const char *author; /* of this version; only from stream_rows_versions() and _version() */
};

struct stream_change {
	const char *id, *config;
	/* What the caller believes to be there: 0: no such stream, -1: whatever is there. */
	int64_t expected_version;
	const char *actor, *address; /* for the audit log; may be NULL */
	struct wall now;
};

/*
 * A new stream, or a new version of one. -EEXIST where it is there and was not expected, -ESTALE
 * where another version is there, -ENOENT where one was expected and there is none.
 */
int stream_rows_put(struct store *store, const struct stream_change *change, struct err *err,
	int64_t *ret_version);
/* -ENOENT. Its versions and what it recorded stay. */
int stream_rows_remove(struct store *store, const struct stream_change *change, struct err *err);

/* Somebody stopped it, or started it again; the audit log says so in any case. -ENOENT. */
int stream_rows_set_stopped(
	struct store *store, const struct stream_change *change, bool stopped, struct err *err);

/* Rows are borrowed during the call; not 0 from `each` ends it and is returned. */
typedef int stream_rows_each(void *opaque, const struct stream_row *row);
int stream_rows_list(struct store *store, stream_rows_each *each, void *opaque, struct err *err);
/* -ENOENT. */
int stream_rows_get(
	struct store *store, const char *id, stream_rows_each *each, void *opaque, struct err *err);
/* Newest first; `version` 0: all, else that one or -ENOENT. */
int stream_rows_versions(struct store *store, const char *id, int64_t version,
	stream_rows_each *each, void *opaque, struct err *err);
