#include "eval/barplot.h"

#include <errno.h>
#include <math.h>

/* The picture, in SVG's units. */
#define WIDTH 760
#define LEFT 260 /* for the names */
#define RIGHT 70 /* for the values */
#define TOP 60
#define ROW 34
#define BAR 12

static const char *const colours[BARPLOT_SERIES_MAX] = {"#3b6ea8", "#d08a2e"};

void barplot_begin(struct barplot *plot, const char *title, const char *const *names, int series,
	double most, int rows)
{
	*plot = (struct barplot){.series = series, .most = most > 0 ? most : 1};
	svg_begin(&plot->svg, WIDTH, TOP + ROW * rows + 20);
	svg_put(&plot->svg, "<text x=\"20\" y=\"26\" font-size=\"15\">");
	svg_put_text(&plot->svg, title);
	svg_put(&plot->svg, "</text>\n");
	for (int i = 0; i < series; i++) {
		svg_put(&plot->svg,
			"<rect x=\"%d\" y=\"38\" width=\"10\" height=\"10\" fill=\"%s\"/>"
			"<text x=\"%d\" y=\"47\">",
			LEFT + 150 * i, colours[i], LEFT + 150 * i + 16);
		svg_put_text(&plot->svg, names[i]);
		svg_put(&plot->svg, "</text>\n");
	}
}

void barplot_add(struct barplot *plot, const char *name, const double *values)
{
	double top = TOP + ROW * plot->row++;
	svg_put(&plot->svg, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 10, top + 18);
	svg_put_text(&plot->svg, name);
	svg_put(&plot->svg, "</text>\n");
	for (int i = 0; i < plot->series; i++) {
		if (!isfinite(values[i]))
			continue;
		double share = fmin(fmax(values[i] / plot->most, 0), 1);
		double y = top + 4 + (plot->series > 1 ? i * (BAR + 1) : 0.5 * BAR);
		svg_put(&plot->svg,
			"<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>"
			"<text x=\"%.1f\" y=\"%.1f\" font-size=\"10\">%.4g</text>\n",
			LEFT, y, share * (WIDTH - LEFT - RIGHT), BAR, colours[i],
			LEFT + share * (WIDTH - LEFT - RIGHT) + 5, y + 10, values[i]);
	}
}

int barplot_end(struct barplot *plot)
{
	svg_put(&plot->svg, "</svg>\n");
	return plot->svg.failed ? -ENOMEM : 0;
}

void barplot_finish(struct barplot *plot)
{
	svg_finish(&plot->svg);
}
