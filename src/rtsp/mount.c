#include "rtsp/mount.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* Seconds from 1900, where NTP begins, to 1970. */
#define NTP_1970_S 2208988800u
#define END_AFTER_US 200000

static void put16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value);
}

/* RTP timestamp of a time since the start. */
static uint32_t timestamp(const struct mount *mount, int64_t us)
{
	return mount->origin + (uint32_t)(us * 9 / 100);
}

static int fetch(struct mount *mount, struct err *err)
{
	int r = mount->source->ops->next(mount->source, err, &mount->unit);
	mount->has_unit = r == FLOW_MORE;
	return r;
}

int mount_start(struct mount *mount, struct err *err)
{
	uint32_t numbers[3];
	if (mount->running)
		return 0;
	int r = mount->used ? mount->source->ops->rewind(mount->source, err) : 0;
	if (r < 0)
		return r;
	if (getrandom(numbers, sizeof(numbers), 0) != (ssize_t)sizeof(numbers))
		return err_set(err, -EIO, "the kernel gives no random numbers");
	mount->ssrc = numbers[0];
	mount->origin = numbers[1];
	mount->sequence = (uint16_t)numbers[2];
	mount->packet_count = mount->payload_bytes = 0;
	mount->start = mono_now();
	mount->start_wall = wall_now();
	mount->end = (struct mono){0};
	if (mount->source->ops->start)
		mount->source->ops->start(mount->source, mount->start_wall);
	mount->running = mount->used = true;
	r = fetch(mount, err);
	mount->delay_us = r == FLOW_MORE ? mount->unit.shown_us - mount->unit.due_us : 0;
	return r < 0 ? r : 0;
}

void mount_stop(struct mount *mount)
{
	if (!mount->running)
		return;
	mount->running = mount->has_unit = false;
	/* At once, so that the next client is told what it will see. */
	mount->used = mount->source->ops->rewind(mount->source, NULL) < 0;
}

struct sending {
	struct mount *mount;
	mount_sink *sink;
	void *opaque;
	bool first;
};

/* The stream's own numbers instead of the packetiser's. */
static void on_packet(void *opaque, const uint8_t *bytes, int count)
{
	struct sending *s = opaque;
	struct mount *m = s->mount;
	uint8_t numbered[AV_RTP_PACKET_MAX_BYTES];
	if (count < AV_RTP_HEADER_BYTES || count > (int)sizeof(numbered))
		return;
	memcpy(numbered, bytes, (size_t)count);
	put16(numbered + 2, m->sequence++);
	put32(numbered + 4, timestamp(m, m->unit.shown_us - m->delay_us));
	put32(numbered + 8, m->ssrc);
	m->packet_count++;
	m->payload_bytes += (uint32_t)(count - AV_RTP_HEADER_BYTES);
	s->sink(s->opaque, &(struct mount_packet){.mount = m,
				   .bytes = numbered,
				   .count = count,
				   .key = m->unit.key,
				   .first = s->first});
	s->first = false;
}

static int fail(struct mount *mount, int r)
{
	mount_stop(mount);
	return r;
}

/* The end is said a moment later, so that it does not overtake the last packets. */
static int end(struct mount *mount)
{
	int64_t now_us = mono_now().us;
	if (mount->end.us == 0)
		mount->end.us = now_us + END_AFTER_US;
	if (now_us < mount->end.us)
		return FLOW_MORE;
	return FLOW_END;
}

int mount_step(struct mount *mount, mount_sink *sink, void *opaque, struct err *err)
{
	int64_t now_us = mono_now().us;
	int r = FLOW_MORE;
	if (!mount->running)
		return FLOW_MORE;
	while (mount->has_unit && mount->start.us + mount->unit.due_us <= now_us) {
		struct sending sending = {mount, sink, opaque, true};
		r = mount->source->ops->send(mount->source, on_packet, &sending, err);
		if (r == 0)
			r = fetch(mount, err);
		if (r != FLOW_MORE)
			break;
	}
	if (r == FLOW_MORE && mount->has_unit)
		return FLOW_MORE;
	return r < 0 ? fail(mount, r) : end(mount);
}

struct mono mount_due(const struct mount *mount)
{
	if (!mount->running)
		return (struct mono){INT64_MAX};
	return mount->has_unit ? (struct mono){mount->start.us + mount->unit.due_us} : mount->end;
}

/* RFC 3550, 6.4.1: which RTP timestamp belongs to which wall time. */
static int sender_report(const struct mount *mount, uint8_t *to)
{
	int64_t since_us = mono_now().us - mount->start.us;
	uint64_t wall_us = (uint64_t)(mount->start_wall.us + since_us);
	to[0] = 0x80;
	to[1] = 200;
	put16(to + 2, 6);
	put32(to + 4, mount->ssrc);
	put32(to + 8, (uint32_t)(wall_us / 1000000) + NTP_1970_S);
	put32(to + 12, (uint32_t)((wall_us % 1000000 << 32) / 1000000));
	put32(to + 16, timestamp(mount, since_us));
	put32(to + 20, mount->packet_count);
	put32(to + 24, mount->payload_bytes);
	return 28;
}

/* 6.5: every compound packet names its sender. */
static int source_description(const struct mount *mount, uint8_t *to)
{
	memcpy(to, "\x81\xca\x00\x04....\x01\x06gantry\0\0\0\0", 20);
	put32(to + 4, mount->ssrc);
	return 20;
}

int mount_report(const struct mount *mount, bool bye, uint8_t ret_bytes[MOUNT_REPORT_BYTES])
{
	int n = sender_report(mount, ret_bytes);
	n += source_description(mount, ret_bytes + n);
	if (bye) {
		memcpy(ret_bytes + n, "\x81\xcb\x00\x01", 4);
		put32(ret_bytes + n + 4, mount->ssrc);
		n += 8;
	}
	return n;
}
