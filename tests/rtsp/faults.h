/*
 * What bad cameras and bad networks do, made on purpose by the server's hooks (rtsp/hooks.h).
 *
 *     struct rtsp_faults faults;
 *     rtsp_faults_init(&faults, 1);
 *     rtsp_faults_add(&faults, "stall:after=2,times=1");
 *     struct rtsp_hooks hooks = rtsp_faults_hooks(&faults);
 *     rtsp_server_create(&(struct rtsp_server_params){.hooks = &hooks}, &err, &server);
 *
 * A fault is KIND or KIND:NAME=NUMBER,NAME=NUMBER...:
 *
 *     refuse        connecting is refused; after, for: seconds since rtsp_faults_init()
 *     silent        DESCRIBE is never answered
 *     status        DESCRIBE is answered with `code` (401, 404, 503)
 *     bad-sdp       DESCRIBE is answered with what is no description
 *     wrong-sprop   the description's parameter sets are another stream's
 *     no-sprop      the description has no parameter sets
 *     stall         the connection stays, nothing is sent
 *     reset         the connection is torn down by TCP reset, over UDP as well
 *     drop          RTP packets are lost: `ratio` of them
 *     corrupt       one byte of the payload is another: in `ratio` of the RTP packets
 *     jump          RTP timestamps jump: `by` seconds, forward or backward
 *     wall          the camera's clock is wrong: `by` seconds, in its reports
 *     no-reports    no RTCP
 *     drip          `rate` bytes a second and no more; over UDP what is beyond is lost
 *
 * All take after=SECONDS since the client's PLAY (at once), pictures=N (behind the N-th),
 * for=SECONDS (for ever) and times=N: only the first N connections of the server (all). A change of
 * codec or size is no fault but a second file (rtsp_source_files()).
 *
 * Threads: that of the server. The same seed makes the same faults on the same packets.
 */
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "rtsp/hooks.h"

enum rtsp_fault_kind {
	RTSP_FAULT_REFUSE,
	RTSP_FAULT_SILENT,
	RTSP_FAULT_STATUS,
	RTSP_FAULT_BAD_SDP,
	RTSP_FAULT_WRONG_SPROP,
	RTSP_FAULT_NO_SPROP,
	RTSP_FAULT_STALL,
	RTSP_FAULT_RESET,
	RTSP_FAULT_DROP,
	RTSP_FAULT_CORRUPT,
	RTSP_FAULT_JUMP,
	RTSP_FAULT_WALL,
	RTSP_FAULT_NO_REPORTS,
	RTSP_FAULT_DRIP,
	RTSP_FAULT_COUNT
};

struct rtsp_fault {
	enum rtsp_fault_kind kind;
	double after_s, for_s; /* for_s 0: for ever */
	int64_t pictures, times; /* times 0: always */
	double ratio, by_s, rate_bps; /* rate_bps: bytes a second */
	int status;
};

#define RTSP_FAULTS_MAX 8
struct rtsp_faults {
	struct rtsp_fault items[RTSP_FAULTS_MAX];
	int count;
	struct mono start;
	struct random random;
	int64_t dripped_bytes; /* over UDP */
	int64_t drip_from_bytes; /* over TCP: sent before it began; -1: it has not */
};

void rtsp_faults_init(struct rtsp_faults *faults, uint64_t seed);
/* 0, or -EINVAL for what is not in the list above, -ENOSPC. */
int rtsp_faults_add(struct rtsp_faults *faults, const char *text);
/* Borrows the faults. */
struct rtsp_hooks rtsp_faults_hooks(struct rtsp_faults *faults);
