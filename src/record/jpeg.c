#include "record/jpeg.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

struct jpeg {
	tjhandle encoder;
	unsigned char *planes; /* the three, one after another */
	size_t planes_bytes;
	unsigned char *bytes;
	unsigned long bytes_capacity;
};

int jpeg_create(struct jpeg **ret_jpeg)
{
	struct jpeg *j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->encoder = tjInitCompress();
	if (!j->encoder) {
		free(j);
		return -ENOMEM;
	}
	*ret_jpeg = j;
	return 0;
}

void jpeg_destroy(struct jpeg **jpeg)
{
	struct jpeg *j = *jpeg;
	*jpeg = NULL;
	if (!j)
		return;
	tjDestroy(j->encoder);
	tjFree(j->bytes);
	free(j->planes);
	free(j);
}

#define FRACTION_BITS 16

/*
 * What the numbers become: luma' = gain * (luma - black) + the chroma's share, chroma' a mixture of
 * both. In 1 / 2^16, so that every machine rounds alike.
 */
struct meaning {
	int black;
	int luma; /* gain of luma */
	int luma_u, luma_v; /* share of U and V in luma */
	int uu, uv, vu, vv; /* new U from U and V, new V from U and V */
};

static int fixed(double v)
{
	return (int)(v * (1 << FRACTION_BITS) + (v < 0 ? -0.5 : 0.5));
}

/* From the weights of red and blue (kr, kb) of one matrix to those of another, through RGB. */
static struct meaning meaning_of(const struct frame *f)
{
	const double kr6 = 0.299, kb6 = 0.114, kg6 = 1 - kr6 - kb6;
	bool bt709 = f->matrix == COLOR_MATRIX_BT709;
	double kr = bt709 ? 0.2126 : kr6, kb = bt709 ? 0.0722 : kb6, kg = 1 - kr - kb;
	double gain_y = f->full_range ? 1 : 255.0 / 219, gain_c = f->full_range ? 1 : 255.0 / 224;
	/* R = Y + rv V, B = Y + bu U, G = Y + gu U + gv V */
	double rv = 2 * (1 - kr), bu = 2 * (1 - kb), gu = -kb * bu / kg, gv = -kr * rv / kg;
	double yu = kg6 * gu + kb6 * bu, yv = kr6 * rv + kg6 * gv;
	double u6 = 1 / (2 * (1 - kb6)), v6 = 1 / (2 * (1 - kr6));
	return (struct meaning){
		.black = f->full_range ? 0 : 16,
		.luma = fixed(gain_y),
		.luma_u = fixed(yu * gain_c),
		.luma_v = fixed(yv * gain_c),
		.uu = fixed((bu - yu) * u6 * gain_c),
		.uv = fixed(-yv * u6 * gain_c),
		.vu = fixed(-yu * v6 * gain_c),
		.vv = fixed((rv - yv) * v6 * gain_c),
	};
}

static unsigned char to_byte(int v)
{
	v = (v + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS;
	return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

struct source_rows {
	const uint8_t *y, *u, *v;
};

static void luma_row(const struct meaning *m, struct source_rows s, int width, unsigned char *to)
{
	for (int x = 0; x < width; x++)
		to[x] = to_byte((s.y[x] - m->black) * m->luma + (s.u[x / 2] - 128) * m->luma_u +
				(s.v[x / 2] - 128) * m->luma_v);
}

static void chroma_rows(const struct meaning *m, struct source_rows s, int width,
	unsigned char *to_u, unsigned char *to_v)
{
	const int middle = 128 << FRACTION_BITS;
	for (int x = 0; x < width; x++) {
		int u = s.u[x] - 128, v = s.v[x] - 128;
		to_u[x] = to_byte(middle + u * m->uu + v * m->uv);
		to_v[x] = to_byte(middle + u * m->vu + v * m->vv);
	}
}

/* libjpeg-turbo wants whole pairs of luma: an odd last column or row is there twice. */
static void convert(
	const struct frame *f, struct jpeg_area a, int width, int height, unsigned char *planes[3])
{
	struct meaning m = meaning_of(f);
	for (int y = 0; y < height; y++) {
		int from = a.y + (y < a.height_px ? y : a.height_px - 1);
		struct source_rows s = {
			f->plane[0] + (ptrdiff_t)from * f->stride_bytes[0] + a.x,
			f->plane[1] + (ptrdiff_t)(from / 2) * f->stride_bytes[1] + a.x / 2,
			f->plane[2] + (ptrdiff_t)(from / 2) * f->stride_bytes[2] + a.x / 2,
		};
		unsigned char *to = planes[0] + (ptrdiff_t)y * width;
		luma_row(&m, s, a.width_px, to);
		to[width - 1] = to[a.width_px - 1];
		ptrdiff_t chroma = (ptrdiff_t)(y / 2) * (width / 2);
		if (y % 2 == 0)
			chroma_rows(&m, s, width / 2, planes[1] + chroma, planes[2] + chroma);
	}
}

int jpeg_encode(struct jpeg *jpeg, const struct frame *frame, struct jpeg_area area, int quality,
	struct err *err, const unsigned char **ret_bytes, size_t *ret_count)
{
	assert(area.x >= 0 && area.y >= 0 && area.x % 2 == 0 && area.y % 2 == 0);
	assert(area.width_px > 0 && area.x + area.width_px <= frame->width_px);
	assert(area.height_px > 0 && area.y + area.height_px <= frame->height_px);
	int width = (area.width_px + 1) & ~1, height = (area.height_px + 1) & ~1;
	size_t luma = (size_t)width * (size_t)height, bytes = luma + luma / 2;
	if (jpeg->planes_bytes < bytes) {
		free(jpeg->planes);
		jpeg->planes = malloc(bytes);
		jpeg->planes_bytes = jpeg->planes ? bytes : 0;
	}
	if (!jpeg->planes)
		return err_set(err, -ENOMEM, "out of memory for a picture");
	unsigned char *planes[3] = {
		jpeg->planes, jpeg->planes + luma, jpeg->planes + luma + luma / 4};
	const int strides[3] = {width, width / 2, width / 2};
	convert(frame, area, width, height, planes);
	unsigned long count = jpeg->bytes_capacity;
	if (tjCompressFromYUVPlanes(jpeg->encoder, (const unsigned char **)planes, area.width_px,
		    strides, area.height_px, TJSAMP_420, &jpeg->bytes, &count, quality, 0) < 0)
		return err_set(err, -EIO, "a picture could not be encoded: %s",
			tjGetErrorStr2(jpeg->encoder));
	if (count > jpeg->bytes_capacity)
		jpeg->bytes_capacity = count;
	*ret_bytes = jpeg->bytes;
	*ret_count = count;
	return 0;
}
