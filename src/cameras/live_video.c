#include "cameras/live_video.h"

#include "av/fragments.h"
#include "av/packet_ring.h"
#include "cameras/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(FRAGMENTS_ROOM_BYTES == LIVE_VIDEO_ROOM_BYTES, "pieces are handed on as they are");

/* So long without a packet: look whether the camera is still there, and has the same ring. */
#define QUIET_US 300000
/* The most that one packet leads to: the last of before, a text of loss, a text and a head. */
#define PIECES_MAX 4

struct live_video {
	struct cameras *cameras;
	char id[CAMERA_ID_MAX + 1];
	struct packet_ring *ring; /* NULL: the camera is not running */
	struct packet_ring_cursor cursor;
	struct mono looked; /* for the ring, or a packet came */
	struct packet_codec *codec; /* of the muxer, or the one that it could not take */
	struct fragments *fragments; /* NULL: nothing is begun */
	bool any; /* a first picture has set time 0 */
	struct media zero;
	int64_t dropped; /* packets, not told yet */
	/* To be given. */
	struct live_video_piece pieces[PIECES_MAX];
	int first, count;
	unsigned char *given; /* memory of the piece that is borrowed */
	bool ended;
};

int live_video_create(struct cameras *cameras, const char *id, struct live_video **ret_video)
{
	struct live_video *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->cameras = cameras;
	v->cursor = PACKET_RING_NEWEST;
	snprintf(v->id, sizeof(v->id), "%s", id);
	*ret_video = v;
	return 0;
}

static void forget_piece(struct live_video_piece *piece)
{
	free(piece->bytes - LIVE_VIDEO_ROOM_BYTES);
}

void live_video_destroy(struct live_video **video)
{
	struct live_video *v = *video;
	*video = NULL;
	if (!v)
		return;
	for (int i = 0; i < v->count; i++)
		forget_piece(&v->pieces[v->first + i]);
	free(v->given);
	fragments_destroy(&v->fragments);
	packet_codec_unref(&v->codec);
	packet_ring_unref(&v->ring);
	free(v);
}

/* Takes the memory, which has the room before the bytes. */
static void put(struct live_video *v, unsigned char *memory, size_t length, bool text)
{
	v->pieces[v->first + v->count++] =
		(struct live_video_piece){memory + LIVE_VIDEO_ROOM_BYTES, length, text};
}

static void put_bytes(struct live_video *v, struct fragments_bytes *bytes)
{
	if (bytes->length > 0)
		put(v, bytes->memory, bytes->length, false);
}

static void put_text(struct live_video *v, struct json *json)
{
	unsigned char *memory = json->failed ? NULL : malloc(LIVE_VIDEO_ROOM_BYTES + json->length);
	if (memory) {
		memcpy(memory + LIVE_VIDEO_ROOM_BYTES, json->text, json->length);
		put(v, memory, json->length, true);
	}
	json_finish(json);
}

static void begin_text(struct live_video *v, struct json *json, const char *type)
{
	json_object(json);
	json_member_string(json, "type", type);
	json_member_string(json, "stream_id", v->id);
}

static void end(struct live_video *v, const char *detail, bool try_pictures)
{
	struct json json = {0};
	char path[CAMERA_ID_MAX + 32];
	begin_text(v, &json, "ended");
	json_member_string(&json, "detail", detail);
	if (try_pictures) {
		snprintf(path, sizeof(path), "/streams/%s/live", v->id);
		json_member_string(&json, "mjpeg", path);
	}
	json_object_end(&json);
	put_text(v, &json);
	v->ended = true;
}

static double seconds(const struct live_video *v, struct media time)
{
	return media_diff_s(time, v->zero);
}

/* The picture that still waits for its end; what comes next may begin anywhere. */
static void finish_picture(struct live_video *v)
{
	struct fragments_bytes bytes = {NULL, 0};
	if (v->fragments && fragments_end(v->fragments, v->zero, &bytes) == 0)
		put_bytes(v, &bytes);
}

static void finish_muxer(struct live_video *v)
{
	finish_picture(v);
	fragments_destroy(&v->fragments);
}

static void tell_dropped(struct live_video *v, const struct packet *next)
{
	struct json json = {0};
	begin_text(v, &json, "dropped");
	json_member_int(&json, "count", v->dropped);
	json_member_real(&json, "resumes_at_s", seconds(v, next->pts), 3);
	json_object_end(&json);
	put_text(v, &json);
	v->dropped = 0;
}

static void tell_init(struct live_video *v, const struct packet *first)
{
	struct json json = {0};
	char mime[96];
	const char *codec = fragments_codec(v->fragments);
	snprintf(mime, sizeof(mime), "video/mp4; codecs=\"%s\"", codec);
	begin_text(v, &json, "init");
	json_member_string(&json, "codec", codec);
	json_member_string(&json, "mime", mime);
	json_member_int(&json, "width_px", first->codec->width_px);
	json_member_int(&json, "height_px", first->codec->height_px);
	json_member_real(&json, "starts_at_s", seconds(v, first->pts), 3);
	json_member_wall(&json, "timestamp", first->wall);
	json_object_end(&json);
	put_text(v, &json);
}

/* A head for what begins with a key frame. False where that cannot be sent. */
static bool begin(struct live_video *v, struct packet *first)
{
	struct err err = {0};
	struct fragments_bytes head;
	char detail[320];
	packet_codec_unref(&v->codec);
	v->codec = packet_codec_ref(first->codec);
	int r = fragments_create(first->codec, &err, &v->fragments);
	if (r == -EINVAL)
		return false; /* the next key frame may bring its parameter sets */
	if (r == -ENOTSUP) {
		snprintf(detail, sizeof(detail),
			"%.200s, which browsers do not play: look at it as pictures", err.text);
		end(v, detail, true);
		return false;
	}
	if (r < 0) {
		end(v, err.text, false);
		return false;
	}
	if (!v->any)
		v->zero = first->dts;
	v->any = true;
	tell_init(v, first);
	if (fragments_head(v->fragments, &head) == 0)
		put_bytes(v, &head);
	return true;
}

/* One packet of the ring; false where it does not fit what was begun and begins nothing. */
static bool fits(struct live_video *v, struct packet *packet)
{
	if (v->fragments && (packet->gap || packet->codec != v->codec))
		finish_muxer(v);
	if (v->fragments)
		return true;
	return packet->key && begin(v, packet);
}

static void send(struct live_video *v, struct packet *packet)
{
	struct fragments_bytes bytes;
	if (v->dropped > 0) {
		finish_picture(v);
		if (v->any)
			tell_dropped(v, packet);
	}
	if (!fits(v, packet))
		return;
	if (fragments_push(v->fragments, packet, v->zero, &bytes) == 0)
		put_bytes(v, &bytes);
}

/* The next packet of the ring; one that the viewer is too slow for gives way to the newest key
 * frame. */
static bool take(struct live_video *v, struct packet **ret_packet)
{
	int64_t before = v->cursor.next;
	if (!packet_ring_next(v->ring, &v->cursor, ret_packet))
		return false;
	if (v->cursor.skipped)
		v->dropped += v->cursor.next - 1 - before;
	int64_t age_us = mono_now().us - (*ret_packet)->arrival.us;
	int64_t passed = age_us > LIVE_VIDEO_LAG_US && before >= 0
				 ? packet_ring_catch_up(v->ring, &v->cursor)
				 : 0;
	if (passed == 0)
		return true;
	v->dropped += passed + 1;
	packet_unref(ret_packet);
	return packet_ring_next(v->ring, &v->cursor, ret_packet);
}

/* Whether the camera is still there, and where its video is. */
static void look_for_ring(struct live_video *v)
{
	struct packet_ring *ring = NULL;
	int r = cameras_ring(v->cameras, v->id, &ring);
	v->looked = mono_now();
	if (r == -ENOENT)
		end(v, "the stream was removed", false);
	else if (r == -ENOTSUP)
		end(v, "its source has no encoded video: look at it as pictures", true);
	if (r < 0 || ring == v->ring) {
		packet_ring_unref(&ring);
		return;
	}
	finish_muxer(v);
	packet_ring_unref(&v->ring);
	v->ring = ring;
	v->cursor = PACKET_RING_NEWEST;
}

/* False where there is nothing to do now. */
static bool step(struct live_video *v)
{
	struct packet *packet;
	if (v->ring && take(v, &packet)) {
		v->looked = mono_now();
		send(v, packet);
		packet_unref(&packet);
		return true;
	}
	if (mono_now().us - v->looked.us < QUIET_US)
		return false;
	struct packet_ring *before = v->ring;
	look_for_ring(v);
	return v->ended || v->ring != before;
}

int live_video_next(struct live_video *video, struct live_video_piece *ret_piece)
{
	struct live_video *v = video;
	free(v->given);
	v->given = NULL;
	while (v->count == 0) {
		v->first = 0;
		if (v->ended)
			return -1;
		if (!step(v))
			return 0;
	}
	*ret_piece = v->pieces[v->first++];
	v->count--;
	v->given = ret_piece->bytes - LIVE_VIDEO_ROOM_BYTES;
	return 1;
}
