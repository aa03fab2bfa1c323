#include "eval/trackplot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The picture, in SVG's units. */
#define WIDTH 760
#define HEIGHT 460
#define LEFT 60
#define RIGHT 200 /* for the names */
#define TOP 40
#define BOTTOM 50

struct line {
	char name[64];
	struct hota hota;
};

struct trackplot {
	struct line *lines;
	int count, capacity;
	char *svg;
	size_t length, size;
	bool failed;
};

int trackplot_create(struct trackplot **ret_plot)
{
	struct trackplot *plot = calloc(1, sizeof(*plot));
	if (!plot)
		return -ENOMEM;
	*ret_plot = plot;
	return 0;
}

void trackplot_destroy(struct trackplot **plot)
{
	if (!*plot)
		return;
	free((*plot)->lines);
	free((*plot)->svg);
	free(*plot);
	*plot = NULL;
}

int trackplot_add(struct trackplot *plot, const char *name, const struct trackscore *score)
{
	if (plot->count == plot->capacity) {
		int wanted = plot->capacity ? 2 * plot->capacity : 16;
		void *grown = realloc(plot->lines, (size_t)wanted * sizeof(*plot->lines));
		if (!grown)
			return -ENOMEM;
		plot->lines = grown;
		plot->capacity = wanted;
	}
	struct line *line = &plot->lines[plot->count++];
	snprintf(line->name, sizeof(line->name), "%s", name);
	line->hota = hota_score(&score->hota);
	return 0;
}

__attribute__((format(printf, 2, 3))) static void put(struct trackplot *p, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	size_t length = n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1;
	if (p->length + length + 1 > p->size) {
		char *grown = realloc(p->svg, 2 * p->size + length + 4096);
		if (!grown) {
			p->failed = true;
			return;
		}
		p->svg = grown;
		p->size = 2 * p->size + length + 4096;
	}
	memcpy(p->svg + p->length, text, length + 1);
	p->length += length;
}

/* Text of a file's name may hold what means something in XML. */
static void put_escaped(struct trackplot *p, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text) || (unsigned char)*text < 0x20)
			put(p, "&#%d;", (unsigned char)*text < 0x20 ? ' ' : *text);
		else
			put(p, "%c", *text);
	}
}

static double x_at(double overlap)
{
	return LEFT + overlap * (WIDTH - LEFT - RIGHT);
}
static double y_at(double hota)
{
	return HEIGHT - BOTTOM - hota * (HEIGHT - TOP - BOTTOM);
}

static void put_axes(struct trackplot *p)
{
	put(p,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	for (int i = 0; i <= 10; i += 2) {
		double v = i / 10.0;
		put(p,
			"<path d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1f\" stroke=\"#ddd\"/>\n"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.1f</text>\n",
			x_at(0), y_at(v), x_at(1), x_at(v), y_at(0), y_at(1), x_at(0) - 6,
			y_at(v) + 4, 10 * i, x_at(v), y_at(0) + 16, v);
	}
	put(p,
		"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">overlap asked for "
		"(IoU)</text>\n"
		"<text x=\"%.1f\" y=\"%d\">HOTA, %%</text>\n",
		x_at(0.5), y_at(0) + 36, x_at(0) - 30, TOP - 16);
}

static void put_line(struct trackplot *p, int index)
{
	const struct line *line = &p->lines[index];
	bool strong = index == p->count - 1;
	int hue = p->count > 1 ? 300 * index / (p->count - 1) : 210;
	put(p,
		"<path fill=\"none\" stroke=\"hsl(%d,65%%,%d%%)\" stroke-width=\"%s\" "
		"d=\"",
		hue, strong ? 30 : 50, strong ? "3" : "1.3");
	for (int a = 0; a < HOTA_THRESHOLD_COUNT; a++)
		put(p, "%s%.1f %.1f", a ? "L" : "M", x_at(hota_threshold(a)),
			y_at(line->hota.by_threshold[a]));
	put(p, "\"/>\n<text x=\"%.1f\" y=\"%d\" fill=\"hsl(%d,65%%,%d%%)\"%s>", x_at(1) + 12,
		TOP + 16 * index, hue, strong ? 30 : 40, strong ? " font-weight=\"bold\"" : "");
	put_escaped(p, line->name);
	put(p, " %.1f</text>\n", 100 * line->hota.hota);
}

int trackplot_svg(struct trackplot *plot, const char **ret_svg, size_t *ret_length)
{
	plot->length = 0;
	put_axes(plot);
	for (int i = 0; i < plot->count; i++)
		put_line(plot, i);
	put(plot, "</svg>\n");
	if (plot->failed)
		return -ENOMEM;
	*ret_svg = plot->svg;
	*ret_length = plot->length;
	return 0;
}
