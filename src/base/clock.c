#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t now_us(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct mono mono_now(void)
{
	return (struct mono){now_us(CLOCK_MONOTONIC)};
}

int64_t clock_thread_cpu_us(void)
{
	return now_us(CLOCK_THREAD_CPUTIME_ID);
}

struct timespec mono_timespec(struct mono t)
{
	return (struct timespec){.tv_sec = t.us / 1000000, .tv_nsec = t.us % 1000000 * 1000};
}

struct wall wall_now(void)
{
	return (struct wall){now_us(CLOCK_REALTIME)};
}

void wall_format(struct wall t, char *text, int size)
{
	assert(size >= WALL_TEXT_SIZE);
	int64_t s = t.us / 1000000, us = t.us % 1000000;
	if (us < 0) {
		us += 1000000;
		s--;
	}
	time_t seconds = (time_t)s;
	struct tm tm;
	gmtime_r(&seconds, &tm);
	size_t n = strftime(text, (size_t)size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, (size_t)size - n, ".%03dZ", (int)(us / 1000));
}

static int parse_zone(const char *text, int *ret_offset_s)
{
	if (text[0] == 'Z' && text[1] == '\0') {
		*ret_offset_s = 0;
		return 0;
	}
	int hours, minutes, n = 0;
	char sign;
	if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &n) != 3 || text[n] != '\0' ||
		(sign != '+' && sign != '-') || hours > 23 || hours < 0 || minutes > 59 ||
		minutes < 0)
		return -EINVAL;
	*ret_offset_s = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return 0;
}

int wall_parse(const char *text, struct wall *ret_t)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return -EINVAL;
	int64_t fraction_us = 0;
	if (*rest == '.') {
		int64_t unit_us = 100000;
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit_us /= 10)
			fraction_us += (*rest - '0') * unit_us;
	}
	int offset_s;
	if (parse_zone(rest, &offset_s) < 0)
		return -EINVAL;
	ret_t->us = ((int64_t)timegm(&tm) - offset_s) * 1000000 + fraction_us;
	return 0;
}
