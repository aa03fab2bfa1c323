#include "eval/gunzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHUNK_BYTES (1u << 18)

/* Room for one more chunk and the final 0. */
static int grow(char **text, size_t *capacity, size_t length)
{
	if (length + CHUNK_BYTES + 1 <= *capacity)
		return 0;
	size_t wanted = 2 * *capacity + CHUNK_BYTES + 1;
	char *more = realloc(*text, wanted);
	if (!more)
		return -ENOMEM;
	*text = more;
	*capacity = wanted;
	return 0;
}

static int read_all(gzFile file, const char *path, struct err *err, char **text, size_t *length)
{
	size_t capacity = 0;
	for (;;) {
		if (*length > GUNZIP_BYTES_MAX)
			return err_set(err, -EFBIG, "%s: larger than 1 GiB", path);
		if (grow(text, &capacity, *length) < 0)
			return err_set(err, -ENOMEM, "%s: out of memory", path);
		int n = gzread(file, *text + *length, CHUNK_BYTES);
		if (n < 0) {
			int code;
			return err_set(
				err, -EINVAL, "%s: cannot be read: %s", path, gzerror(file, &code));
		}
		if (n == 0)
			break;
		*length += (size_t)n;
	}
	(*text)[*length] = 0;
	return 0;
}

int gunzip_file(const char *path, struct err *err, char **ret_text, size_t *ret_length)
{
	gzFile file = gzopen(path, "rb");
	if (!file)
		return err_set(err, errno ? -errno : -ENOMEM, "%s: cannot be opened: %s", path,
			strerror(errno ? errno : ENOMEM));
	char *text = NULL;
	size_t length = 0;
	int rc = read_all(file, path, err, &text, &length);
	if (gzclose_r(file) != Z_OK && rc == 0)
		rc = err_set(err, -EINVAL, "%s: is cut off or damaged", path);
	if (rc < 0) {
		free(text);
		return rc;
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}
