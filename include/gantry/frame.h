/*
 * Pictures as a program hands them in.
 */
#pragma once

#include "gantry/version.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_error {
	char text[512]; /* what failed, on what, and what to do */
};

enum gantry_pixel_format {
	GANTRY_PIXEL_BGR24, /* data[0]: B G R per pixel, full range */
	GANTRY_PIXEL_RGB24, /* data[0]: R G B per pixel, full range */
	GANTRY_PIXEL_NV12, /* data[0]: Y; data[1]: U V interleaved, half size rounded up */
	GANTRY_PIXEL_YUV420P, /* data[0..2]: Y, U, V; chroma half size rounded up */
};

/*
 * One picture. Memory: the pixels stay the caller's and are only read during the call that takes
 * the frame. YUV is BT.601 limited range unless the frame says otherwise.
 */
struct gantry_frame {
	enum gantry_pixel_format format;
	int width_px, height_px; /* 1 to 16384 */
	const uint8_t *data[3];
	int stride_bytes[3]; /* distance of rows, at least the row's own bytes */
	int full_range; /* YUV only: luma 0..255 instead of 16..235 */
	int bt709; /* YUV only: BT.709 instead of BT.601 */
	/*
	 * Presentation time in microseconds, the only time that speeds are measured with. It must
	 * increase from frame to frame: take it from the camera or the container, never from a
	 * count of frames times a nominal rate.
	 */
	int64_t media_time_us;
	int64_t wall_time_us; /* microseconds since 1970, for the timestamps people read; 0: unknown
			       */
	int gap; /* not 0: frames before this one were lost, tracks must not bridge it */
};

/*
 * Reads an image file (JPEG, PNG and what else libav reads) as YUV420P. media_time_us is 0.
 * -ENOENT, -EINVAL and others with a sentence. Free it with gantry_frame_free().
 */
GANTRY_API int gantry_frame_load(
	const char *path, struct gantry_frame **ret_frame, struct gantry_error *error);
/* Only for frames that the library gave. NULL is allowed; the pointer is NULLed. */
GANTRY_API void gantry_frame_free(struct gantry_frame **frame);

#ifdef __cplusplus
}
#endif
