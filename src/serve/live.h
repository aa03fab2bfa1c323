/*
 * Live views: pictures over HTTP (multipart/x-mixed-replace, "MJPEG"), which anything shows, and
 * the camera's own video over a WebSocket (cameras/live_video.h), for a browser's MediaSource.
 *
 * Both are pulled by the service thread when the socket takes more, so a viewer who is slow loses
 * pictures and costs nobody anything. Together they are at most server.max_live_viewers.
 *
 * Threads: service thread.
 */
#pragma once

#include "serve/hub.h"

/* Before a WebSocket of live video is opened: false, and a problem in the reply, where there is no
 * such stream or there are too many viewers. */
bool live_may_begin(struct server *server, const struct request *request, struct reply *reply);
/* Makes a client of CHANNEL_LIVE watch the stream of its path; others are left alone. */
void live_begin(struct server *server, struct hub_client *client, const struct request *request);
