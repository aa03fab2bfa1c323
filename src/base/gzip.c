#include "base/gzip.h"

#include <errno.h>
#include <stdint.h>
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
		if (*length > GZIP_BYTES_MAX)
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

int gzip_read_file(const char *path, struct err *err, char **ret_text, size_t *ret_length)
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

int gzip_pack(const void *bytes, size_t length, void **ret_bytes, size_t *ret_length)
{
	z_stream stream = {0};
	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) !=
		Z_OK)
		return -ENOMEM;
	uLong room = deflateBound(&stream, (uLong)length);
	unsigned char *packed = malloc(room);
	stream.next_in = (z_const Bytef *)(uintptr_t)bytes;
	stream.avail_in = (uInt)length;
	stream.next_out = packed;
	stream.avail_out = (uInt)room;
	int r = packed ? deflate(&stream, Z_FINISH) : Z_MEM_ERROR;
	deflateEnd(&stream);
	if (r != Z_STREAM_END) {
		free(packed);
		return -ENOMEM;
	}
	*ret_bytes = packed;
	*ret_length = stream.total_out;
	return 0;
}
