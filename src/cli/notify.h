/*
 * What systemd wants to hear (sd_notify(3)): one datagram to the socket that $NOTIFY_SOCKET names.
 *
 * Threads: any. Memory: none.
 */
#pragma once

/* "READY=1". Does nothing where nobody listens. */
void notify_send(const char *state);
/* How often "WATCHDOG=1" has to be said: half of what $WATCHDOG_USEC allows, at least 1 s; an hour
 * where nobody watches. */
int notify_watchdog_s(void);
