/*
 * A camera's encoded video for one viewer: pieces to be sent in order, texts (JSON) and parts of a
 * fragmented mp4 (av/fragments.h). Nothing is decoded or encoded.
 *
 *     {"type": "init", "codec": "avc1.64001F", ...}     the head of an mp4 comes next
 *     bytes: ftyp, moov
 *     bytes: moof, mdat                                 one picture each, from a key frame on
 *     {"type": "dropped", "count": 31, ...}             so many were left out: the viewer is slow
 *     {"type": "ended", "detail": "..."}                there will be no more
 *
 * A camera that comes back, is configured anew or changes its codec begins with a new "init".
 *
 * It is pulled: whoever sends asks for the next piece when there is room for it, so a viewer costs
 * no memory beyond a piece. One who is more than LIVE_VIDEO_LAG_US behind the camera goes on at its
 * newest key frame; so does one whom the camera's packet ring has overtaken.
 *
 * Time: seconds of the mp4 count from the first picture of the first "init".
 * Threads: one owner, which never waits. Memory: that of a piece, and of a muxer.
 */
#pragma once

#include "cameras/cameras.h"

#define LIVE_VIDEO_LAG_US 2000000
#define LIVE_VIDEO_ROOM_BYTES 64

struct live_video;

struct live_video_piece {
	unsigned char *bytes; /* before them, LIVE_VIDEO_ROOM_BYTES that may be written */
	size_t length;
	bool text; /* JSON */
};

/* `id` is copied. 0 or -ENOMEM. */
int live_video_create(struct cameras *cameras, const char *id, struct live_video **ret_video);
void live_video_destroy(struct live_video **video);
/* 1 and a piece, borrowed until the next call; 0: nothing now, ask again soon; -1: it has ended. */
int live_video_next(struct live_video *video, struct live_video_piece *ret_piece);
