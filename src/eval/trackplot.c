#include "eval/trackplot.h"

#include "eval/svg.h"

#include <errno.h>
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
	struct svg svg;
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
	svg_finish(&(*plot)->svg);
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
	svg_begin(&p->svg, WIDTH, HEIGHT);
	for (int i = 0; i <= 10; i += 2) {
		double v = i / 10.0;
		svg_put(&p->svg,
			"<path d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1f\" stroke=\"#ddd\"/>\n"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.1f</text>\n",
			x_at(0), y_at(v), x_at(1), x_at(v), y_at(0), y_at(1), x_at(0) - 6,
			y_at(v) + 4, 10 * i, x_at(v), y_at(0) + 16, v);
	}
	svg_put(&p->svg,
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
	svg_put(&p->svg,
		"<path fill=\"none\" stroke=\"hsl(%d,65%%,%d%%)\" stroke-width=\"%s\" "
		"d=\"",
		hue, strong ? 30 : 50, strong ? "3" : "1.3");
	for (int a = 0; a < HOTA_THRESHOLD_COUNT; a++)
		svg_put(&p->svg, "%s%.1f %.1f", a ? "L" : "M", x_at(hota_threshold(a)),
			y_at(line->hota.by_threshold[a]));
	svg_put(&p->svg, "\"/>\n<text x=\"%.1f\" y=\"%d\" fill=\"hsl(%d,65%%,%d%%)\"%s>",
		x_at(1) + 12, TOP + 16 * index, hue, strong ? 30 : 40,
		strong ? " font-weight=\"bold\"" : "");
	svg_put_text(&p->svg, line->name);
	svg_put(&p->svg, " %.1f</text>\n", 100 * line->hota.hota);
}

int trackplot_svg(struct trackplot *plot, const char **ret_svg, size_t *ret_length)
{
	put_axes(plot);
	for (int i = 0; i < plot->count; i++)
		put_line(plot, i);
	svg_put(&plot->svg, "</svg>\n");
	if (plot->svg.failed)
		return -ENOMEM;
	*ret_svg = plot->svg.text;
	*ret_length = plot->svg.length;
	return 0;
}
