/*
 * Passwords taken out of whatever text a person or a log may see.
 *
 *     mask_secrets("rtsp://admin:geheim@10.0.0.7/1?token=x", text, sizeof(text));
 *     // "rtsp://admin:***@10.0.0.7/1?token=***"
 *
 * Hidden are the password of any URL in the text, and the value of anything called password,
 * passwd, pass, pwd, token, secret or key in a query or a path ("/user=admin_password=x_channel=1",
 * as some cameras want it). The user's name stays: it tells people which account is wrong.
 *
 * Threads: any. Memory: none.
 */
#pragma once

#include <stddef.h>

/* `out` may be `text` itself; it is always terminated, cut off where too short (size > 0). */
void mask_secrets(const char *text, char *out, size_t size);
