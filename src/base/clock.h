/*
 * Three clocks as three types, so that mixing them does not compile.
 *
 *   struct media  presentation time of a frame, from the stream's own timestamps. The ONLY time
 *                 used for measuring. Origin: the first frame of the source.
 *   struct mono   CLOCK_MONOTONIC: deadlines and latency.
 *   struct wall   what people read: microseconds since 1970-01-01T00:00:00Z.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#define MEDIA_NONE ((struct media){INT64_MIN})

struct media {
	int64_t us;
};
struct mono {
	int64_t us;
};
struct wall {
	int64_t us;
};

struct mono mono_now(void);
struct wall wall_now(void);
/* CPU time that the calling thread has used; for metrics only. */
int64_t clock_thread_cpu_us(void);
/* For the waits of pthreads on CLOCK_MONOTONIC. */
struct timespec mono_timespec(struct mono t);
static inline struct mono mono_after(struct mono t, int64_t us)
{
	return (struct mono){t.us + us};
}

static inline double media_seconds(struct media t)
{
	return (double)t.us * 1e-6;
}
static inline double media_diff_s(struct media later, struct media earlier)
{
	return (double)(later.us - earlier.us) * 1e-6;
}
static inline struct media media_from_seconds(double s)
{
	return (struct media){(int64_t)(s * 1e6 + (s < 0 ? -0.5 : 0.5))};
}

/*
 * ISO 8601 with milliseconds and zone, always UTC: "2024-05-01T12:00:00.040Z".
 * `size` of at least WALL_TEXT_SIZE.
 */
#define WALL_TEXT_SIZE 32
void wall_format(struct wall t, char *text, int size);
/* Reads what wall_format writes, and the same with an offset such as +02:00. 0 or -EINVAL. */
int wall_parse(const char *text, struct wall *ret_t);
