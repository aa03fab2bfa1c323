#include "eval/svg.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void svg_put(struct svg *svg, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	size_t length = n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1;
	if (svg->length + length + 1 > svg->size) {
		size_t size = 2 * svg->size + length + 4096;
		char *grown = realloc(svg->text, size);
		if (!grown) {
			svg->failed = true;
			return;
		}
		svg->text = grown;
		svg->size = size;
	}
	memcpy(svg->text + svg->length, text, length + 1);
	svg->length += length;
}

void svg_put_text(struct svg *svg, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text) || (unsigned char)*text < 0x20)
			svg_put(svg, "&#%d;", (unsigned char)*text < 0x20 ? ' ' : *text);
		else
			svg_put(svg, "%c", *text);
	}
}

void svg_begin(struct svg *svg, int width, int height)
{
	svg->length = 0;
	svg_put(svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		width, height, width, height);
}

void svg_finish(struct svg *svg)
{
	free(svg->text);
	*svg = (struct svg){0};
}
