#include "av/scale_reference.h"

#include <errno.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

struct scale_reference {
	struct SwsContext *scaler;
	int width_px, height_px;
	uint8_t *packed;
};

int scale_reference_create(const struct frame *like, int width_px, int height_px,
	enum scale_method method, struct err *err, struct scale_reference **ret_reference)
{
	struct scale_reference *ref = calloc(1, sizeof(*ref));
	if (!ref)
		return err_set(err, -ENOMEM, "no memory for a scaler");
	ref->width_px = width_px;
	ref->height_px = height_px;
	/* Its SIMD may write a little beyond a row. */
	ref->packed = malloc(3 * (size_t)width_px * (size_t)height_px + 64);
	ref->scaler = sws_getContext(like->width_px, like->height_px, AV_PIX_FMT_YUV420P, width_px,
		height_px, AV_PIX_FMT_RGB24,
		method == SCALE_FAST_BILINEAR ? SWS_FAST_BILINEAR : SWS_BILINEAR, NULL, NULL, NULL);
	if (!ref->packed || !ref->scaler) {
		scale_reference_destroy(&ref);
		return err_set(err, -ENOMEM, "no memory for a scaler");
	}
	*ret_reference = ref;
	return 0;
}

void scale_reference_destroy(struct scale_reference **reference)
{
	struct scale_reference *ref = *reference;
	*reference = NULL;
	if (!ref)
		return;
	sws_freeContext(ref->scaler);
	free(ref->packed);
	free(ref);
}

void scale_reference_run(
	struct scale_reference *reference, const struct frame *frame, float *tensor)
{
	size_t area = (size_t)reference->width_px * (size_t)reference->height_px;
	const uint8_t *in = reference->packed;
	float *restrict r = tensor, *restrict g = tensor + area, *restrict b = tensor + 2 * area;
	sws_scale(reference->scaler, frame->plane, frame->stride_bytes, 0, frame->height_px,
		(uint8_t *const[]){reference->packed}, (const int[]){3 * reference->width_px});
	for (size_t i = 0; i < area; i++) {
		r[i] = (float)in[3 * i] * (1 / 255.0f);
		g[i] = (float)in[3 * i + 1] * (1 / 255.0f);
		b[i] = (float)in[3 * i + 2] * (1 / 255.0f);
	}
}
