#include "cli/progress.h"

#include "base/log.h"
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_US 100000
#define LINE_EVERY_US 5000000
#define BAR_MIN_COLUMNS 8
#define BAR_MAX_COLUMNS 40
#define LINE_MAX_BYTES 512
/* Kept free for the numbers, so that the bar keeps its length while they grow. */
#define NUMBERS_COLUMNS 50

#define CLEAR_LINE "\r\033[K"

static bool can_redraw(void)
{
	const char *term = getenv("TERM");
	return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static int terminal_columns(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

static void format_duration(double s, char *text, size_t size)
{
	int64_t all = (int64_t)(s + 0.5);
	int h = (int)(all / 3600), m = (int)(all / 60 % 60), rest = (int)(all % 60);
	if (h > 0)
		snprintf(text, size, "%d:%02d:%02d", h, m, rest);
	else
		snprintf(text, size, "%d:%02d", m, rest);
}

/* "  46 %  1380/3000 frames  182 frames/s  0:09 left" */
static void format_numbers(const struct progress *p, double elapsed_s, char *text, size_t size)
{
	char duration[32], rate_text[64] = "";
	double rate = elapsed_s > 0 ? (double)p->done_count / elapsed_s : 0;
	if (elapsed_s >= 0.5)
		snprintf(rate_text, sizeof(rate_text), "  %.*f %s/s", rate < 10 ? 1 : 0, rate,
			p->unit);
	if (p->total_count <= 0) {
		format_duration(elapsed_s, duration, sizeof(duration));
		snprintf(text, size, "%lld %s%s  %s", (long long)p->done_count, p->unit, rate_text,
			duration);
		return;
	}
	int64_t left = p->total_count - p->done_count;
	double share = (double)p->done_count / (double)p->total_count;
	format_duration(rate > 0 && left > 0 ? (double)left / rate : 0, duration, sizeof(duration));
	snprintf(text, size, "%3.0f %%  %lld/%lld %s%s%s%s%s", share < 1 ? 100 * share : 100.0,
		(long long)p->done_count, (long long)p->total_count, p->unit, rate_text,
		*rate_text ? "  " : "", *rate_text ? duration : "", *rate_text ? " left" : "");
}

static void format_bar(double share, int columns, char *text)
{
	int filled = (int)((share < 1 ? share : 1) * columns);
	for (int i = 0; i < columns; i++)
		text[i] = i < filled ? '=' : i == filled ? '>' : ' ';
	text[columns] = '\0';
}

void progress_format(
	const struct progress *p, double elapsed_s, int columns, char *text, size_t size)
{
	char numbers[256], bar[BAR_MAX_COLUMNS + 1];
	format_numbers(p, elapsed_s, numbers, sizeof(numbers));
	int wide = table_text_width(numbers);
	int room = columns - (wide > NUMBERS_COLUMNS ? wide : NUMBERS_COLUMNS);
	bool with_label = room >= table_text_width(p->label) + 2;
	if (with_label)
		room -= table_text_width(p->label) + 2;
	room -= 4; /* brackets and two spaces */
	bool with_bar = p->total_count > 0 && room >= BAR_MIN_COLUMNS;
	if (with_bar)
		format_bar((double)p->done_count / (double)p->total_count,
			room < BAR_MAX_COLUMNS ? room : BAR_MAX_COLUMNS, bar);
	snprintf(text, size, "%s%s%s%s%s%s", with_label ? p->label : "", with_label ? "  " : "",
		with_bar ? "[" : "", with_bar ? bar : "", with_bar ? "]  " : "", numbers);
}

/* Under lock. */
static void draw(struct progress *p, struct mono now)
{
	char line[LINE_MAX_BYTES];
	double elapsed_s = (double)(now.us - p->started.us) * 1e-6;
	bool bar = p->style == PROGRESS_AUTO;
	/* The last column stays free: a terminal may wrap when it is filled. */
	progress_format(p, elapsed_s, bar ? terminal_columns() - 1 : 200, line, sizeof(line));
	fprintf(stderr, bar ? CLEAR_LINE "%s" : "%s\n", line);
	fflush(stderr);
	p->drawn = now;
	p->on_screen = bar;
}

static void log_above_bar(void *opaque, enum log_level level, const char *line)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	struct progress *p = opaque;
	pthread_mutex_lock(&p->lock);
	fprintf(stderr, "%sgantry: %s: %s\n", p->on_screen ? CLEAR_LINE : "", names[level], line);
	p->on_screen = false;
	p->drawn.us = 0; /* the next step draws again */
	pthread_mutex_unlock(&p->lock);
}

void progress_start(struct progress *p, enum progress_style style, const char *label,
	const char *unit, int64_t total_count)
{
	if (style == PROGRESS_AUTO && !can_redraw())
		style = PROGRESS_NONE;
	*p = (struct progress){.style = style,
		.label = label,
		.unit = unit,
		.total_count = total_count,
		.started = mono_now()};
	p->drawn = p->started;
	pthread_mutex_init(&p->lock, NULL);
	if (style == PROGRESS_AUTO)
		log_set_sink(log_above_bar, p);
}

void progress_step(struct progress *p, int64_t done_count)
{
	if (p->style == PROGRESS_NONE)
		return;
	struct mono now = mono_now();
	pthread_mutex_lock(&p->lock);
	p->done_count = done_count;
	if (now.us - p->drawn.us >= (p->style == PROGRESS_AUTO ? REDRAW_US : LINE_EVERY_US))
		draw(p, now);
	pthread_mutex_unlock(&p->lock);
}

void progress_end(struct progress *p)
{
	if (p->style == PROGRESS_AUTO)
		log_set_sink(NULL, NULL);
	if (p->on_screen)
		fputs(CLEAR_LINE, stderr);
	pthread_mutex_destroy(&p->lock);
	p->style = PROGRESS_NONE;
	p->on_screen = false;
}
