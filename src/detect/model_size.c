#include "detect/model_size.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SIDE_MIN_PX 32
#define PICTURE_DIMS 4
#define PICTURE_CHANNELS 3
/* Two names and the lengths of what they are in may each take a byte more than the numbers did. */
#define GROWTH_MAX_BYTES 64
#define VARINT_MAX_BYTES 10

/* The fields on the way to a size. */
enum {
	MODEL_GRAPH = 7,
	GRAPH_INPUT = 11,
	GRAPH_OUTPUT = 12,
	GRAPH_VALUE_INFO = 13, /* what lies between */
	VALUE_TYPE = 2,
	TYPE_TENSOR = 1,
	TENSOR_SHAPE = 2,
	SHAPE_DIM = 1,
	DIM_VALUE = 1,
	DIM_NAME = 2,
};

enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

struct span {
	const uint8_t *bytes;
	size_t size;
};

struct field {
	int number, wire;
	uint64_t value; /* of a WIRE_VARINT */
	struct span inside; /* of WIRE_BYTES */
	struct span whole; /* with its tag */
};

struct copy {
	uint8_t *bytes;
	size_t size, capacity;
	bool too_small;
	int opened_count; /* pictures whose size was left open */
};

static bool read_varint(struct span *from, uint64_t *ret_value)
{
	uint64_t value = 0;
	for (size_t i = 0; i < from->size && i < VARINT_MAX_BYTES; i++) {
		value |= (uint64_t)(from->bytes[i] & 0x7f) << (7 * i);
		if (from->bytes[i] < 0x80) {
			from->bytes += i + 1;
			from->size -= i + 1;
			*ret_value = value;
			return true;
		}
	}
	return false;
}

static bool skip(struct span *from, uint64_t count)
{
	if (count > from->size)
		return false;
	from->bytes += count;
	from->size -= (size_t)count;
	return true;
}

/* The next field: 1; 0 at the end, -EINVAL where the bytes make no sense. */
static int next_field(struct span *from, struct field *ret_field)
{
	struct field f = {.whole = *from};
	uint64_t tag, length;
	if (from->size == 0)
		return 0;
	if (!read_varint(from, &tag) || tag >> 3 == 0 || tag >> 3 > INT32_MAX)
		return -EINVAL;
	f.number = (int)(tag >> 3);
	f.wire = (int)(tag & 7);
	bool ok = false;
	if (f.wire == WIRE_VARINT) {
		ok = read_varint(from, &f.value);
	} else if (f.wire == WIRE_64 || f.wire == WIRE_32) {
		ok = skip(from, f.wire == WIRE_64 ? 8 : 4);
	} else if (f.wire == WIRE_BYTES && read_varint(from, &length)) {
		f.inside = (struct span){from->bytes, (size_t)length};
		ok = skip(from, length);
	}
	f.whole.size -= from->size;
	*ret_field = f;
	return ok ? 1 : -EINVAL;
}

/* The first field of that number that holds others, empty where there is none. */
static struct span child(struct span from, int number)
{
	struct field f;
	while (next_field(&from, &f) > 0)
		if (f.number == number && f.wire == WIRE_BYTES)
			return f.inside;
	return (struct span){0};
}

static void put(struct copy *copy, const void *bytes, size_t size)
{
	if (size > copy->capacity - copy->size)
		copy->too_small = true;
	else if (size > 0)
		memcpy(copy->bytes + copy->size, bytes, size);
	copy->size += copy->too_small ? 0 : size;
}

static void put_varint(struct copy *copy, uint64_t value)
{
	uint8_t bytes[VARINT_MAX_BYTES];
	size_t count = 0;
	do {
		bytes[count++] = (uint8_t)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
		value >>= 7;
	} while (value);
	put(copy, bytes, count);
}

static void put_tag(struct copy *copy, int number)
{
	put_varint(copy, (uint64_t)number << 3 | WIRE_BYTES);
}

/* What was put since `begin` becomes the inside of a field: its length goes before it. */
static void close_field(struct copy *copy, size_t begin)
{
	struct copy length = {
		.bytes = (uint8_t[VARINT_MAX_BYTES]){0}, .capacity = VARINT_MAX_BYTES};
	size_t inside = copy->size - begin;
	put_varint(&length, inside);
	put(copy, length.bytes, length.size);
	if (copy->too_small)
		return;
	memmove(copy->bytes + begin + length.size, copy->bytes + begin, inside);
	memcpy(copy->bytes + begin, length.bytes, length.size);
}

/* A level of the file: its field `number` is rewritten by the next level, all else is copied. */
typedef int rewriter(struct span from, struct copy *copy);

static int rewrite(struct span from, int number, rewriter *inside, struct copy *copy)
{
	struct field f;
	int r;
	while ((r = next_field(&from, &f)) > 0) {
		if (f.number != number || f.wire != WIRE_BYTES) {
			put(copy, f.whole.bytes, f.whole.size);
			continue;
		}
		put_tag(copy, number);
		size_t begin = copy->size;
		r = inside(f.inside, copy);
		if (r < 0)
			return r;
		close_field(copy, begin);
	}
	return r;
}

/* [n, 3, height, width] becomes [n, 3, h, w]. */
static int open_shape(struct span shape, struct copy *copy)
{
	static const char *const names[PICTURE_DIMS] = {NULL, NULL, "h", "w"};
	struct field f;
	int dim = 0, r;
	while ((r = next_field(&shape, &f)) > 0) {
		const char *name = f.number == SHAPE_DIM && dim < PICTURE_DIMS ? names[dim] : NULL;
		dim += f.number == SHAPE_DIM;
		if (!name) {
			put(copy, f.whole.bytes, f.whole.size);
			continue;
		}
		put_tag(copy, SHAPE_DIM);
		size_t begin = copy->size;
		put_tag(copy, DIM_NAME);
		put_varint(copy, strlen(name));
		put(copy, name, strlen(name));
		close_field(copy, begin);
	}
	return r;
}

static int open_tensor(struct span tensor, struct copy *copy)
{
	return rewrite(tensor, TENSOR_SHAPE, open_shape, copy);
}

static int open_type(struct span type, struct copy *copy)
{
	return rewrite(type, TYPE_TENSOR, open_tensor, copy);
}

/* A tensor of unknown shape: ONNX Runtime finds out. */
static int forget_tensor(struct span tensor, struct copy *copy)
{
	struct field f;
	int r;
	while ((r = next_field(&tensor, &f)) > 0)
		if (f.number != TENSOR_SHAPE)
			put(copy, f.whole.bytes, f.whole.size);
	return r;
}

static int forget_type(struct span type, struct copy *copy)
{
	return rewrite(type, TYPE_TENSOR, forget_tensor, copy);
}

static int64_t dim_value(struct span dim)
{
	struct field f;
	while (next_field(&dim, &f) > 0)
		if (f.number == DIM_VALUE && f.wire == WIRE_VARINT)
			return (int64_t)f.value;
	return 0;
}

/* Weights, which old files list among the inputs, have other channels or smaller sides. */
static bool is_fixed_picture(struct span value)
{
	struct span shape = child(child(child(value, VALUE_TYPE), TYPE_TENSOR), TENSOR_SHAPE);
	int64_t dims[PICTURE_DIMS];
	struct field f;
	int count = 0;
	while (next_field(&shape, &f) > 0)
		if (f.number == SHAPE_DIM && count++ < PICTURE_DIMS)
			dims[count - 1] = dim_value(f.inside);
	return count == PICTURE_DIMS && dims[1] == PICTURE_CHANNELS && dims[2] >= SIDE_MIN_PX &&
	       dims[3] >= SIDE_MIN_PX;
}

static int open_input(struct span value, struct copy *copy)
{
	bool fixed = is_fixed_picture(value);
	copy->opened_count += fixed;
	if (fixed)
		return rewrite(value, VALUE_TYPE, open_type, copy);
	put(copy, value.bytes, value.size);
	return 0;
}

static int forget_output(struct span value, struct copy *copy)
{
	return rewrite(value, VALUE_TYPE, forget_type, copy);
}

static int open_graph(struct span graph, struct copy *copy)
{
	struct field f;
	int r;
	while ((r = next_field(&graph, &f)) > 0) {
		rewriter *inside = f.number == GRAPH_INPUT    ? open_input
				   : f.number == GRAPH_OUTPUT ? forget_output
							      : NULL;
		if (f.number == GRAPH_VALUE_INFO)
			continue;
		r = rewrite(f.whole, inside ? f.number : 0, inside, copy);
		if (r < 0)
			return r;
	}
	return r;
}

int model_size_open(const uint8_t *bytes, size_t size, uint8_t **ret_bytes, size_t *ret_size)
{
	struct copy copy = {.capacity = size + GROWTH_MAX_BYTES};
	copy.bytes = malloc(copy.capacity);
	if (!copy.bytes)
		return -ENOMEM;
	int r = rewrite((struct span){bytes, size}, MODEL_GRAPH, open_graph, &copy);
	if (r == 0 && copy.too_small)
		r = -EINVAL;
	if (r == 0 && copy.opened_count == 0)
		r = -ENOENT;
	if (r < 0) {
		free(copy.bytes);
		return r;
	}
	*ret_bytes = copy.bytes;
	*ret_size = copy.size;
	return 0;
}

static int read_all(FILE *file, uint8_t **ret_bytes, size_t *ret_size)
{
	struct stat st;
	if (fstat(fileno(file), &st) < 0)
		return -errno;
	if (st.st_size <= 0)
		return -EINVAL;
	uint8_t *bytes = malloc((size_t)st.st_size);
	if (!bytes)
		return -ENOMEM;
	if (fread(bytes, (size_t)st.st_size, 1, file) != 1) {
		free(bytes);
		return -EIO;
	}
	*ret_bytes = bytes;
	*ret_size = (size_t)st.st_size;
	return 0;
}

int model_size_open_file(const char *path, uint8_t **ret_bytes, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t size = 0;
	if (!file)
		return -errno;
	int r = read_all(file, &bytes, &size);
	fclose(file);
	if (r == 0)
		r = model_size_open(bytes, size, ret_bytes, ret_size);
	free(bytes);
	return r;
}
