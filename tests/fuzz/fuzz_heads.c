/* What a network puts out, and the shapes it claims: any numbers, recognised and decoded. */
#include "detect/heads.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
	const uint8_t *data;
	size_t left;
};

static int next(struct reader *r)
{
	if (r->left == 0)
		return 0;
	r->left--;
	return *r->data++;
}

/* Outputs that some head may take for its own, with sizes that are right or nearly so. */
static void make_facts(struct reader *r, struct head_facts *f)
{
	int kind = next(r) % 5, classes = 1 + next(r) % 6, off = next(r) % 8 == 1;
	f->width_px = 32 * (1 + next(r) % 3);
	f->height_px = 32 * (1 + next(r) % 3);
	int cells = 21 * (f->width_px / 32) * (f->height_px / 32);
	const int64_t shapes[4][3] = {{1, cells + off, 5 + classes},
		{1, 3 * cells, 5 + classes + off}, {1, 4 + classes, cells + off},
		{1, 1 + next(r), 6 + off}};
	f->named_class_count = next(r) % 2 ? classes : 0;
	f->output_count = kind < 4 ? 1 : 6;
	for (int i = 0; i < f->output_count; i++) {
		f->outputs[i].dim_count = 3;
		int64_t *d = f->outputs[i].dims;
		if (kind < 4) {
			memcpy(d, shapes[kind], sizeof(shapes[kind]));
			continue;
		}
		int stride = 8 << i % 3;
		d[0] = 1;
		d[1] = (int64_t)((f->width_px + stride - 1) / stride) *
		       ((f->height_px + stride - 1) / stride);
		d[2] = i < 3 ? classes : 32;
	}
}

static void check(const struct candidates *c, const struct head_shape *shape, float threshold)
{
	for (int i = 0; i < c->count; i++) {
		const struct candidate *k = &c->items[i];
		float width = k->box.x2 - k->box.x1, height = k->box.y2 - k->box.y1;
		if (!(width > 0 && height > 0 && k->score_ratio >= threshold &&
			    k->score_ratio <= 1) ||
			k->class_id < 0 || k->class_id >= shape->class_count ||
			!isfinite(k->box.x1) || !isfinite(k->box.y2))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = {data, size};
	struct head_facts facts = {0};
	struct head_match m;
	float *tensors[HEAD_TENSORS_MAX] = {0};
	float threshold = (float)next(&r) / 255;
	make_facts(&r, &facts);
	if (head_recognise(&facts, &m) < 0)
		return 0;
	/* Some of the classes, backwards, or all. */
	int wanted[8];
	m.shape.wanted_count = next(&r) % 3;
	for (int i = 0; i < m.shape.wanted_count; i++)
		wanted[i] = m.shape.class_count > i ? m.shape.class_count - 1 - i : 0;
	if (m.shape.wanted_count > 0)
		m.shape.wanted = wanted;
	struct candidates found = {.capacity = m.shape.row_count};
	found.items = calloc((size_t)found.capacity, sizeof(*found.items));
	for (int i = 0; i < m.output_count; i++) {
		/* Exactly as large as the shapes say, so that a step beyond is seen. */
		tensors[i] = malloc(m.element_count[i] * sizeof(float));
		uint8_t *bytes = (uint8_t *)tensors[i];
		for (size_t k = 0; k < m.element_count[i] * sizeof(float); k++)
			bytes[k] = r.left ? r.data[k % r.left] : 0;
	}
	m.head->decode(&m.shape, (const float *const *)tensors, threshold, &found);
	check(&found, &m.shape, threshold);
	candidates_sort(&found);
	candidates_suppress(&found, 0.5f, NULL);
	check(&found, &m.shape, threshold);
	for (int i = 0; i < m.output_count; i++)
		free(tensors[i]);
	free(found.items);
	return 0;
}
