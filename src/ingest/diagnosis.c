#include "ingest/diagnosis.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A speed is fitted over about a second; fewer pictures than this make its error wide. */
#define FPS_MIN 10
#define FPS_DIFFERENCE_RATIO 0.05
#define KEY_INTERVAL_MAX_S 4
#define CLOCK_OFFSET_MAX_S 1
/* Share of the interval between two pictures. */
#define JITTER_MAX_RATIO 0.5

const char *const finding_level_names[] = {"fine", "note", "problem"};

static struct finding *add(struct diagnosis *d, enum finding_level level, const char *about,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static struct finding *add(
	struct diagnosis *d, enum finding_level level, const char *about, const char *fmt, ...)
{
	/* There are fewer kinds of findings than room. */
	struct finding *f = &d->findings[d->count++];
	va_list args;
	*f = (struct finding){.level = level, .about = about};
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	return f;
}

static void advise(struct finding *f, const char *text)
{
	snprintf(f->advice, sizeof(f->advice), "%s", text);
}

static void about_video(const struct examination *x, struct diagnosis *d)
{
	if (x->picture_count == 0) {
		struct finding *f = add(d, FINDING_PROBLEM, "video",
			"%s in %s: %lld packets came, and no picture could be decoded from them",
			x->codec, x->container, (long long)x->packet_count);
		advise(f, "restart the camera; if that does not help, choose H.264 without "
			  "vendor extensions (\"smart codec\", H.264+)");
		return;
	}
	add(d, FINDING_FINE, "video", "%s, %d x %d, %s, %.2f Mbit/s", x->codec, x->width_px,
		x->height_px, x->pixel_format, x->bitrate_bps * 1e-6);
	if (x->resized_count > 0) {
		struct finding *f = add(d, FINDING_PROBLEM, "size",
			"the size changed: %lld of %lld pictures are not %d x %d",
			(long long)x->resized_count, (long long)x->picture_count, x->width_px,
			x->height_px);
		advise(f, "fix the resolution in the camera: a calibration is for one size");
	}
}

static void about_rate(const struct examination *x, struct diagnosis *d)
{
	if (x->fps <= 0)
		return;
	if (x->nominal_time) {
		struct finding *f = add(d, FINDING_PROBLEM, "frame_rate",
			"the container has no timestamps: %.2f frames/s is what it declares, not "
			"what was measured",
			x->declared_fps);
		advise(f, "use a container with timestamps (mp4, mkv) or RTSP; speeds cannot be "
			  "trusted otherwise");
		return;
	}
	bool differs = x->declared_fps > 0 &&
		       fabs(x->fps - x->declared_fps) > FPS_DIFFERENCE_RATIO * x->declared_fps;
	if (differs) {
		struct finding *f = add(d, FINDING_NOTE, "frame_rate",
			"%.2f frames/s, and it declares %.2f", x->fps, x->declared_fps);
		advise(f, "nothing for Gantry, which measures with timestamps; a camera that does "
			  "not reach its rate is often short of light or of bitrate");
	} else {
		add(d, FINDING_FINE, "frame_rate", "%.2f frames/s over %.1f s%s", x->fps,
			x->covered_s, x->declared_fps > 0 ? ", as it declares" : "");
	}
	if (x->fps < FPS_MIN) {
		struct finding *f = add(d, FINDING_PROBLEM, "few_frames",
			"%.1f frames/s are few for following vehicles and for their speed", x->fps);
		advise(f, "set at least 10 frames/s, better 15 to 30");
	}
	if (x->long_interval_count > 0) {
		struct finding *f = add(d, FINDING_NOTE, "intervals",
			"pictures are missing or late in %lld places: the longest interval was "
			"%.2f s, the usual one is %.3f s",
			(long long)x->long_interval_count, x->interval_max_s, x->interval_s);
		advise(f, "turn off frame skipping and variable frame rates in the camera; look "
			  "whether it has too many viewers");
	}
}

static void about_arrival(const struct examination *x, struct diagnosis *d)
{
	if (!x->is_live || x->fps <= 0)
		return;
	bool high = x->jitter_ms > JITTER_MAX_RATIO * 1000 / x->fps;
	struct finding *f = add(d, high ? FINDING_NOTE : FINDING_FINE, "jitter",
		"pictures arrive with a jitter of %.1f ms; connecting took %.2f s, the first "
		"picture %.2f s",
		x->jitter_ms, x->opening_s, x->first_picture_s);
	if (high)
		advise(f, "look at the network between camera and this machine (wireless, "
			  "overload); measuring does not suffer, the delay of warnings does");
}

static void about_loss(const struct examination *x, struct diagnosis *d)
{
	int64_t bad = x->corrupt_count + x->refused_count;
	if (x->missed_packet_count == 0 && bad == 0) {
		add(d, FINDING_FINE, "loss", "nothing was lost and nothing is damaged");
		return;
	}
	struct finding *f = add(d, FINDING_PROBLEM, "loss",
		"%lld network packets were lost, %lld of %lld pictures are damaged",
		(long long)x->missed_packet_count, (long long)bad,
		(long long)(x->picture_count + x->refused_count));
	if (!x->is_live)
		advise(f, "the file is damaged: record it again, or expect gaps there");
	else if (x->is_rtsp && !x->over_tcp)
		advise(f, "use TCP (--transport tcp); if it has to be UDP, less bitrate or a "
			  "better network");
	else
		advise(f, "less bitrate, or a better network between camera and this machine");
}

static void about_keys(const struct examination *x, struct diagnosis *d)
{
	struct finding *f;
	bool seldom = x->key_interval_max_s > KEY_INTERVAL_MAX_S ||
		      (x->key_count < 2 && x->covered_s > KEY_INTERVAL_MAX_S);
	if (x->key_count < 2)
		f = add(d, seldom ? FINDING_PROBLEM : FINDING_NOTE, "key_frames",
			"%lld key frame%s in %.1f s", (long long)x->key_count,
			x->key_count == 1 ? "" : "s", x->covered_s);
	else
		f = add(d, seldom ? FINDING_PROBLEM : FINDING_FINE, "key_frames",
			"a key frame at least every %.1f s", x->key_interval_max_s);
	if (seldom)
		advise(f, "set the key frame interval (GOP, I-frame interval) to 1 to 2 s: after "
			  "each loss, and for each viewer, nothing can be shown before one");
}

static void about_clock(const struct examination *x, struct diagnosis *d)
{
	if (!x->is_rtsp)
		return;
	if (!x->has_camera_clock) {
		struct finding *f = add(d, FINDING_NOTE, "clock",
			"the camera sent no RTCP sender report: its clock is not known");
		advise(f, "times of events will be those of arrival at this machine");
		return;
	}
	bool off = fabs(x->clock_offset_s) > CLOCK_OFFSET_MAX_S;
	struct finding *f = add(d, off ? FINDING_PROBLEM : FINDING_FINE, "clock",
		"the camera's clock is %.2f s %s ours", fabs(x->clock_offset_s),
		x->clock_offset_s < 0 ? "behind" : "ahead of");
	if (off)
		advise(f, "set camera and this machine by the same time server (NTP)");
}

static void about_timestamps(const struct examination *x, struct diagnosis *d)
{
	if (x->untimed_count + x->backward_count + x->jump_count == 0)
		return;
	struct finding *f = add(d, FINDING_PROBLEM, "timestamps",
		"timestamps are missing on %lld pictures, run backward on %lld, and the clock "
		"jumped %lld times",
		(long long)x->untimed_count, (long long)x->backward_count,
		(long long)x->jump_count);
	advise(f, "update the camera's firmware; tracks end at each jump, and speeds near it are "
		  "not measured");
}

static void about_browser(const struct examination *x, struct diagnosis *d)
{
	bool h264 = strcmp(x->codec, "h264") == 0, mjpeg = strcmp(x->codec, "mjpeg") == 0;
	bool common =
		strcmp(x->pixel_format, "yuv420p") == 0 || strcmp(x->pixel_format, "yuvj420p") == 0;
	d->browser_shows = x->picture_count > 0 && ((h264 && common) || mjpeg);
	if (x->b_frames) {
		struct finding *f = add(d, x->is_live ? FINDING_PROBLEM : FINDING_NOTE, "b_frames",
			"it has B frames: pictures are sent in another order than shown");
		if (x->is_live)
			advise(f, "turn them off (profile Baseline, or B frames 0): each costs an "
				  "interval of delay");
	}
	if (x->picture_count == 0)
		return;
	if (d->browser_shows) {
		add(d, FINDING_FINE, "browser", "a browser can show it as it is");
		return;
	}
	struct finding *f = add(d, FINDING_NOTE, "browser",
		"few browsers can show %s (%s) as it is", x->codec, x->pixel_format);
	advise(f, "choose H.264, 8 bit 4:2:0, for a live view without encoding again");
}

static void about_end(const struct examination *x, struct diagnosis *d)
{
	if (!x->is_live || (!x->stalled && !x->ended))
		return;
	struct finding *f = add(d, FINDING_PROBLEM, "end",
		x->stalled ? "the camera fell silent: nothing came any more"
			   : "the camera ended the stream");
	advise(f, "look at the camera's log, its power and its number of viewers; Gantry would "
		  "connect again");
}

void diagnose(const struct examination *x, struct diagnosis *ret_diagnosis)
{
	struct diagnosis d = {0};
	about_video(x, &d);
	about_rate(x, &d);
	about_timestamps(x, &d);
	about_arrival(x, &d);
	about_loss(x, &d);
	about_keys(x, &d);
	about_clock(x, &d);
	about_browser(x, &d);
	about_end(x, &d);
	*ret_diagnosis = d;
}

enum finding_level diagnosis_level(const struct diagnosis *diagnosis)
{
	enum finding_level level = FINDING_FINE;
	for (int i = 0; i < diagnosis->count; i++)
		if (diagnosis->findings[i].level > level)
			level = diagnosis->findings[i].level;
	return level;
}
