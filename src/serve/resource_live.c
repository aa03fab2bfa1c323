/* Live views of streams. */
#include "serve/live.h"

#include "cameras/live_pictures.h"
#include "cameras/live_video.h"
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "serve/stream_forms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FPS_DEFAULT 5
#define BOUNDARY "gantry-picture"
#define HEAD_MAX_BYTES 128

bool live_may_begin(struct server *server, const struct request *request, struct reply *reply)
{
	const char *id = request->params[0];
	if (!cameras_has(server->cameras, id)) {
		reply_problem(reply, request, 404, "there is no stream '%.80s'", id);
		return false;
	}
	if (server->live_viewers >= server->params.max_live_viewers) {
		reply_problem(reply, request, 429,
			"there are %d live viewers already, as many as server.max_live_viewers "
			"allows",
			server->live_viewers);
		reply->retry_after_s = 10;
		return false;
	}
	return true;
}

/* Pictures */

struct pictures {
	struct server *server;
	struct live_pictures_viewer *viewer;
	unsigned char *part; /* head, picture and line end of the one that is being sent */
	size_t capacity;
};

static void pictures_close(void *opaque)
{
	struct pictures *p = opaque;
	live_pictures_close(&p->viewer);
	p->server->live_viewers--;
	free(p->part);
	free(p);
}

static bool has_room(struct pictures *p, size_t length)
{
	if (length <= p->capacity)
		return true;
	unsigned char *part = realloc(p->part, length + length / 4);
	if (!part)
		return false;
	p->part = part;
	p->capacity = length + length / 4;
	return true;
}

/* RFC 2046, 5.1: each part replaces the one before. */
static int pictures_next(void *opaque, const void **ret_bytes, size_t *ret_length)
{
	struct pictures *p = opaque;
	struct live_picture *picture;
	int r = live_pictures_take(p->viewer, &picture);
	if (r <= 0)
		return r < 0 ? -1 : 0;
	if (!has_room(p, HEAD_MAX_BYTES + picture->length + 2)) {
		live_picture_unref(&picture);
		return -1;
	}
	int n = snprintf((char *)p->part, HEAD_MAX_BYTES,
		"--" BOUNDARY "\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n",
		picture->length);
	memcpy(p->part + n, picture->bytes, picture->length);
	memcpy(p->part + (size_t)n + picture->length, "\r\n", 2);
	*ret_bytes = p->part;
	*ret_length = (size_t)n + picture->length + 2;
	live_picture_unref(&picture);
	return 1;
}

static const struct reply_source pictures_source = {pictures_next, pictures_close};

/* Whether there is a picture now, as the snapshot says it. */
static bool gives_pictures(
	struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	struct frame *frame;
	int r = cameras_frame(server->cameras, request->params[0], false, &err, &frame);
	if (r == 0)
		frame_unref(&frame);
	if (r == 0 || r == -EBUSY)
		return true;
	reply_problem(reply, request, 503, "%s", err.text);
	reply->retry_after_s = 1;
	return false;
}

static void get_pictures(struct server *server, const struct request *request, struct reply *reply)
{
	if (!live_may_begin(server, request, reply) || !gives_pictures(server, request, reply))
		return;
	struct pictures *p = calloc(1, sizeof(*p));
	if (!p || live_pictures_open(server->pictures, request->params[0],
			  request_bool(request, "annotated", false),
			  request_real(request, "fps", FPS_DEFAULT), &p->viewer) < 0) {
		free(p);
		reply_problem(reply, request, 503, "out of memory");
		return;
	}
	p->server = server;
	server->live_viewers++;
	reply->status = 200;
	reply->content_type = "multipart/x-mixed-replace; boundary=" BOUNDARY;
	reply->source = &pictures_source;
	reply->source_opaque = p;
	reply->close = true;
}

/* Video */

struct video {
	struct server *server;
	struct live_video *video;
};

static void video_close(void *opaque)
{
	struct video *v = opaque;
	live_video_destroy(&v->video);
	v->server->live_viewers--;
	free(v);
}

static int video_next(void *opaque, struct hub_piece *ret_piece)
{
	struct video *v = opaque;
	struct live_video_piece piece;
	int r = live_video_next(v->video, &piece);
	if (r > 0)
		*ret_piece = (struct hub_piece){piece.bytes, piece.length, piece.text};
	return r;
}

static const struct hub_pull video_pull = {video_next, video_close};

void live_begin(struct server *server, struct hub_client *client, const struct request *request)
{
	if (request->endpoint->channel != CHANNEL_LIVE)
		return;
	struct video *v = calloc(1, sizeof(*v));
	if (!v || live_video_create(server->cameras, request->params[0], &v->video) < 0) {
		free(v);
		return;
	}
	v->server = server;
	server->live_viewers++;
	hub_pull_from(client, &video_pull, v);
}

const struct endpoint resource_live_endpoints[] = {
	{METHOD_GET, "/streams/{stream_id}/live", ROLE_VIEWER, get_pictures,
		"watch_stream_pictures",
		"its pictures, one replacing the other, for as long as they are watched",
		.params = stream_id_params, .query = stream_live_query, .status = 200,
		.content_type = "multipart/x-mixed-replace", .quick = true},
	{METHOD_GET, "/ws/streams/{stream_id}/live", ROLE_VIEWER, NULL, "ws_stream_video",
		"its H.264 or HEVC as it is, in fragments of mp4 for MediaSource",
		.params = stream_id_params, .status = 101, .quick = true, .channel = CHANNEL_LIVE},
	{0},
};
