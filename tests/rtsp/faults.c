#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RTP_HEADER_BYTES 12
#define REPORT_NTP_OFFSET 8
#define REPORT_RTP_OFFSET 16

static const char *const kind_names[RTSP_FAULT_COUNT] = {"refuse", "silent", "status", "bad-sdp",
	"wrong-sprop", "no-sprop", "stall", "reset", "drop", "corrupt", "jump", "wall",
	"no-reports", "drip"};

/* Those of x264 for a picture of 64 x 48, baseline. */
static const char other_sprop[] = "Z0LACtkEewEQAAADABAAAAMDIPEiZIA=,aMuDyyA=";

void rtsp_faults_init(struct rtsp_faults *faults, uint64_t seed)
{
	*faults = (struct rtsp_faults){
		.start = mono_now(), .random = random_at(seed, 0, 0, 'f'), .drip_from_bytes = -1};
}

static int set(struct rtsp_fault *fault, const char *name, double value)
{
	if (strcmp(name, "after") == 0)
		fault->after_s = value;
	else if (strcmp(name, "for") == 0)
		fault->for_s = value;
	else if (strcmp(name, "pictures") == 0)
		fault->pictures = (int64_t)value;
	else if (strcmp(name, "times") == 0)
		fault->times = (int64_t)value;
	else if (strcmp(name, "ratio") == 0)
		fault->ratio = value;
	else if (strcmp(name, "by") == 0)
		fault->by_s = value;
	else if (strcmp(name, "rate") == 0)
		fault->rate_bps = value;
	else if (strcmp(name, "code") == 0)
		fault->status = (int)value;
	else
		return -EINVAL;
	return 0;
}

static int read_values(const char *text, struct rtsp_fault *fault)
{
	char name[16];
	double value;
	int read = 0;
	while (*text) {
		if (sscanf(text, "%15[a-z]=%lf%n", name, &value, &read) != 2 ||
			set(fault, name, value) < 0)
			return -EINVAL;
		text += read;
		if (*text && *text++ != ',')
			return -EINVAL;
	}
	return 0;
}

int rtsp_faults_add(struct rtsp_faults *faults, const char *text)
{
	struct rtsp_fault fault = {.kind = RTSP_FAULT_COUNT, .status = 404};
	size_t length = strcspn(text, ":");
	for (int i = 0; i < RTSP_FAULT_COUNT; i++)
		if (strlen(kind_names[i]) == length && strncmp(text, kind_names[i], length) == 0)
			fault.kind = (enum rtsp_fault_kind)i;
	if (fault.kind == RTSP_FAULT_COUNT)
		return -EINVAL;
	if (text[length] == ':' && read_values(text + length + 1, &fault) < 0)
		return -EINVAL;
	if (faults->count == RTSP_FAULTS_MAX)
		return -ENOSPC;
	faults->items[faults->count++] = fault;
	return 0;
}

static bool in_time(const struct rtsp_fault *f, int64_t us)
{
	double s = (double)us * 1e-6;
	return s >= f->after_s && (f->for_s == 0 || s < f->after_s + f->for_s);
}

static bool concerns(const struct rtsp_fault *f, int64_t connection)
{
	return f->times == 0 || connection <= f->times;
}

static bool listens(void *opaque)
{
	const struct rtsp_faults *faults = opaque;
	for (int i = 0; i < faults->count; i++)
		if (faults->items[i].kind == RTSP_FAULT_REFUSE &&
			in_time(&faults->items[i], mono_now().us - faults->start.us))
			return false;
	return true;
}

static int on_request(void *opaque, int64_t connection, const struct rtsp_request *request)
{
	const struct rtsp_faults *faults = opaque;
	for (int i = 0; i < faults->count && request->method == RTSP_DESCRIBE; i++) {
		const struct rtsp_fault *f = &faults->items[i];
		if (!concerns(f, connection))
			continue;
		if (f->kind == RTSP_FAULT_SILENT)
			return RTSP_DROP;
		if (f->kind == RTSP_FAULT_STATUS)
			return f->status;
	}
	return RTSP_GO_ON;
}

/* `sets` NULL: the description names none. */
static void replace_sprop(char *sdp, size_t size, const char *sets)
{
	static const char key[] = "sprop-parameter-sets=";
	char tail[4096];
	char *at = strstr(sdp, key);
	if (!at)
		return;
	snprintf(tail, sizeof(tail), "%s", at + strcspn(at, ";\r\n"));
	snprintf(at, size - (size_t)(at - sdp), "%s%s%s", sets ? key : "", sets ? sets : "", tail);
}

static void on_describe(void *opaque, int64_t connection, const char *mount, char *sdp, size_t size)
{
	const struct rtsp_faults *faults = opaque;
	(void)mount;
	for (int i = 0; i < faults->count; i++) {
		const struct rtsp_fault *f = &faults->items[i];
		if (!concerns(f, connection))
			continue;
		if (f->kind == RTSP_FAULT_BAD_SDP)
			snprintf(sdp, size, "v=0\r\no=-\r\nm=video 0\r\na=rtpmap:\r\nm=\r\n=\r\n");
		if (f->kind == RTSP_FAULT_WRONG_SPROP)
			replace_sprop(sdp, size, other_sprop);
		if (f->kind == RTSP_FAULT_NO_SPROP)
			replace_sprop(sdp, size, NULL);
	}
}

static void add32(uint8_t *at, int64_t difference)
{
	uint32_t value =
		(uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	value += (uint32_t)difference;
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void corrupt(struct rtsp_faults *faults, struct rtsp_outgoing *p)
{
	int at = RTP_HEADER_BYTES + random_index(&faults->random, p->count - RTP_HEADER_BYTES);
	p->bytes[at] ^= (uint8_t)(1 + random_index(&faults->random, 255));
}

static int drip_udp(
	struct rtsp_faults *faults, const struct rtsp_fault *f, const struct rtsp_outgoing *p)
{
	double may = ((double)p->playing_us * 1e-6 - f->after_s) * f->rate_bps;
	if ((double)faults->dripped_bytes > may)
		return RTSP_DROP;
	faults->dripped_bytes += p->count;
	return RTSP_GO_ON;
}

static int apply(struct rtsp_faults *faults, const struct rtsp_fault *f, struct rtsp_outgoing *p)
{
	switch (f->kind) {
	case RTSP_FAULT_STALL:
		return RTSP_DROP;
	case RTSP_FAULT_RESET:
		return RTSP_RESET;
	case RTSP_FAULT_DROP:
		return !p->rtcp && random_unit(&faults->random) < f->ratio ? RTSP_DROP : RTSP_GO_ON;
	case RTSP_FAULT_CORRUPT:
		if (!p->rtcp && random_unit(&faults->random) < f->ratio)
			corrupt(faults, p);
		return RTSP_GO_ON;
	case RTSP_FAULT_JUMP:
		add32(p->bytes + (p->rtcp ? REPORT_RTP_OFFSET : 4), (int64_t)(f->by_s * 90000));
		return RTSP_GO_ON;
	case RTSP_FAULT_WALL:
		if (p->rtcp)
			add32(p->bytes + REPORT_NTP_OFFSET, (int64_t)f->by_s);
		return RTSP_GO_ON;
	case RTSP_FAULT_NO_REPORTS:
		return p->rtcp ? RTSP_DROP : RTSP_GO_ON;
	case RTSP_FAULT_DRIP:
		return p->tcp ? RTSP_GO_ON : drip_udp(faults, f, p);
	default:
		return RTSP_GO_ON;
	}
}

static int on_packet(void *opaque, struct rtsp_outgoing *packet)
{
	struct rtsp_faults *faults = opaque;
	int fate = RTSP_GO_ON;
	for (int i = 0; i < faults->count && fate == RTSP_GO_ON; i++) {
		const struct rtsp_fault *f = &faults->items[i];
		if (concerns(f, packet->connection) && in_time(f, packet->playing_us) &&
			packet->picture_count > f->pictures - packet->rtcp)
			fate = apply(faults, f, packet);
	}
	return fate;
}

static int64_t allowance_bytes(
	void *opaque, int64_t connection, int64_t playing_us, int64_t sent_bytes)
{
	struct rtsp_faults *faults = opaque;
	for (int i = 0; i < faults->count; i++) {
		const struct rtsp_fault *f = &faults->items[i];
		if (f->kind != RTSP_FAULT_DRIP || !concerns(f, connection) ||
			!in_time(f, playing_us))
			continue;
		/* What was sent before the dripping began does not count. */
		if (faults->drip_from_bytes < 0)
			faults->drip_from_bytes = sent_bytes;
		double s = (double)playing_us * 1e-6 - f->after_s;
		int64_t left = faults->drip_from_bytes + (int64_t)(s * f->rate_bps) - sent_bytes;
		return left > 0 ? left : 0;
	}
	faults->drip_from_bytes = -1;
	return INT64_MAX;
}

struct rtsp_hooks rtsp_faults_hooks(struct rtsp_faults *faults)
{
	return (struct rtsp_hooks){
		.opaque = faults,
		.listens = listens,
		.request = on_request,
		.describe = on_describe,
		.packet = on_packet,
		.allowance_bytes = allowance_bytes,
	};
}
