/*
 * Who may watch: HTTP's Basic (RFC 7617) and Digest (RFC 7616 with MD5, as cameras do it) in RTSP.
 *
 * Digest is asked without qop, the oldest form, which every client speaks; an answer with qop=auth
 * is understood. Each connection has a nonce of its own, so that an answer is good for that
 * connection only.
 *
 * Threads: any. Memory: plain values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum rtsp_auth_kind {
	RTSP_AUTH_NONE,
	RTSP_AUTH_BASIC,
	RTSP_AUTH_DIGEST,
};

#define RTSP_AUTH_TEXT_MAX 127

struct rtsp_auth {
	enum rtsp_auth_kind kind;
	char user[RTSP_AUTH_TEXT_MAX + 1], password[RTSP_AUTH_TEXT_MAX + 1];
};

#define RTSP_NONCE_SIZE 33
/* From the kernel's random numbers. 0 or a negative errno. */
int rtsp_auth_nonce(char ret_nonce[RTSP_NONCE_SIZE]);
/* The value of WWW-Authenticate. */
void rtsp_auth_challenge(const struct rtsp_auth *auth, const char *nonce, char *text, size_t size);
/* Whether the value of Authorization (empty: none was sent) opens the door. */
bool rtsp_auth_check(const struct rtsp_auth *auth, const char *nonce, const char *method,
	const char *authorization);
