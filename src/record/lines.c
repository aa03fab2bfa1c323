#include "record/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lines {
	char *path;
	int fd;
	bool regular; /* can be cut back; else a pipe or a terminal */
	int64_t good_bytes;
	int failed; /* negative errno */
};

static int failure(struct lines *l, int code, struct err *err)
{
	l->failed = code;
	return err_set(err, code, "%s: cannot be written: %s", l->path, strerror(-code));
}

int lines_open(const char *path, struct err *err, struct lines **ret_lines)
{
	bool to_stdout = strcmp(path, "-") == 0;
	struct lines *l = calloc(1, sizeof(*l));
	if (!l || !(l->path = strdup(to_stdout ? "standard output" : path))) {
		free(l);
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	}
	int r = 0;
	l->fd = to_stdout ? dup(STDOUT_FILENO)
			  : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (l->fd < 0) {
		r = failure(l, -errno, err);
		lines_close(&l, NULL);
		return r;
	}
	/* What a shell redirects may have contents that are not ours to cut. */
	l->regular = !to_stdout && lseek(l->fd, 0, SEEK_CUR) == 0;
	*ret_lines = l;
	return 0;
}

int lines_write(struct lines *lines, const char *text, size_t length, struct err *err)
{
	struct lines *l = lines;
	if (l->failed)
		return failure(l, l->failed, err);
	for (size_t done = 0; done < length;) {
		ssize_t n = write(l->fd, text + done, length - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int code = -errno;
			/* A failure to cut leaves a torn last line: nothing better can be done. */
			if (l->regular && ftruncate(l->fd, (off_t)l->good_bytes) < 0)
				l->regular = false;
			return failure(l, code, err);
		}
		done += (size_t)n;
	}
	l->good_bytes += (int64_t)length;
	return 0;
}

int lines_close(struct lines **lines, struct err *err)
{
	struct lines *l = *lines;
	*lines = NULL;
	if (!l)
		return 0;
	int r = l->failed;
	if (l->fd >= 0 && fsync(l->fd) < 0 && r == 0 && errno != EINVAL && errno != EROFS)
		r = -errno;
	if (l->fd >= 0 && close(l->fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		failure(l, r, err);
	free(l->path);
	free(l);
	return r;
}
