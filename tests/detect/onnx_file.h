/*
 * Small ONNX models written byte by byte (protocol buffers, onnx.proto of ONNX 1.7), for what no
 * real model shows: one input that is not used, and outputs that are constants.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ONNX_FLOAT = 1, ONNX_UINT8 = 2, ONNX_INT32 = 6, ONNX_HALF = 10 };

struct bytes {
	uint8_t *data;
	size_t length;
};

static inline void bytes_put(struct bytes *b, const void *data, size_t length)
{
	if (length == 0)
		return;
	b->data = realloc(b->data, b->length + length);
	memcpy(b->data + b->length, data, length);
	b->length += length;
}

static inline void bytes_varint(struct bytes *b, uint64_t value)
{
	do {
		uint8_t byte = (uint8_t)(value & 0x7F) | (value > 0x7F ? 0x80 : 0);
		bytes_put(b, &byte, 1);
		value >>= 7;
	} while (value);
}

static inline void put_int(struct bytes *b, int field, int64_t value)
{
	bytes_varint(b, (uint64_t)field << 3);
	bytes_varint(b, (uint64_t)value);
}

static inline void put_data(struct bytes *b, int field, const void *data, size_t length)
{
	bytes_varint(b, (uint64_t)field << 3 | 2);
	bytes_varint(b, length);
	bytes_put(b, data, length);
}

static inline void put_text(struct bytes *b, int field, const char *text)
{
	put_data(b, field, text, strlen(text));
}

/* Takes `inner`. */
static inline void put_message(struct bytes *b, int field, struct bytes inner)
{
	put_data(b, field, inner.data, inner.length);
	free(inner.data);
}

struct onnx_tensor {
	const char *name;
	int type;
	int dim_count;
	int64_t dims[6]; /* -1: open */
	const void *values; /* of an output; NULL: zeros */
};

struct onnx_file {
	struct onnx_tensor input;
	struct onnx_tensor outputs[6];
	int output_count;
	const char *names; /* the note "names"; NULL: none */
};

static inline struct bytes onnx_value_info(const struct onnx_tensor *t)
{
	struct bytes shape = {0}, tensor = {0}, type = {0}, info = {0};
	for (int i = 0; i < t->dim_count; i++) {
		struct bytes dim = {0};
		if (t->dims[i] < 0)
			put_text(&dim, 2, "open");
		else
			put_int(&dim, 1, t->dims[i]);
		put_message(&shape, 1, dim);
	}
	put_int(&tensor, 1, t->type);
	put_message(&tensor, 2, shape);
	put_message(&type, 1, tensor);
	put_text(&info, 1, t->name);
	put_message(&info, 2, type);
	return info;
}

static inline struct bytes onnx_constant(const struct onnx_tensor *t, const char *name)
{
	struct bytes b = {0};
	size_t size = t->type == ONNX_UINT8 ? 1 : t->type == ONNX_HALF ? 2 : 4;
	for (int i = 0; i < t->dim_count; i++) {
		put_int(&b, 1, t->dims[i]);
		size *= (size_t)t->dims[i];
	}
	put_int(&b, 2, t->type);
	put_text(&b, 8, name);
	void *zeros = calloc(1, size);
	put_data(&b, 9, t->values ? t->values : zeros, size);
	free(zeros);
	return b;
}

static inline struct bytes onnx_graph(const struct onnx_file *file)
{
	struct bytes graph = {0};
	put_text(&graph, 2, "test");
	put_message(&graph, 11, onnx_value_info(&file->input));
	for (int i = 0; i < file->output_count; i++) {
		const struct onnx_tensor *out = &file->outputs[i];
		char name[64];
		struct bytes node = {0};
		snprintf(name, sizeof(name), "constant%d", i);
		put_text(&node, 1, name);
		put_text(&node, 2, out->name);
		put_text(&node, 4, "Identity");
		put_message(&graph, 1, node);
		put_message(&graph, 5, onnx_constant(out, name));
		put_message(&graph, 12, onnx_value_info(out));
	}
	return graph;
}

/* Writes the model to a file of its own and gives its path: static memory, for the caller to
 * unlink. */
static inline const char *onnx_write(const struct onnx_file *file)
{
	static char path[64];
	struct bytes model = {0}, opset = {0};
	put_int(&model, 1, 7);
	put_message(&model, 7, onnx_graph(file));
	put_int(&opset, 2, 13);
	put_message(&model, 8, opset);
	if (file->names) {
		struct bytes note = {0};
		put_text(&note, 1, "names");
		put_text(&note, 2, file->names);
		put_message(&model, 14, note);
	}
	snprintf(path, sizeof(path), "/tmp/gantry-model-XXXXXX");
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, model.data, model.length) != (ssize_t)model.length)
		abort();
	close(fd);
	free(model.data);
	return path;
}
