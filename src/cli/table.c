#include "cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX_BYTES 512

/* The code point at `text`, and how many bytes it has; a broken byte counts as one character. */
static uint32_t decode(const unsigned char *text, int *ret_bytes)
{
	static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
	*ret_bytes = 1;
	if (text[0] < 0xC2)
		return text[0];
	int bytes = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
	uint32_t c = text[0] ^ lead[bytes];
	for (int i = 1; i < bytes; i++) {
		if ((text[i] & 0xC0) != 0x80)
			return text[0];
		c = c << 6 | (text[i] & 0x3F);
	}
	*ret_bytes = bytes;
	return c;
}

/* The blocks of Unicode's East Asian Width W and F, and of combining marks, coarsely. */
static int code_point_width(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		int width;
	} blocks[] = {
		{0x0300, 0x036F, 0},
		{0x1100, 0x115F, 2},
		{0x200B, 0x200F, 0},
		{0x20D0, 0x20FF, 0},
		{0x2E80, 0xA4CF, 2},
		{0xAC00, 0xD7A3, 2},
		{0xF900, 0xFAFF, 2},
		{0xFE00, 0xFE0F, 0},
		{0xFE20, 0xFE2F, 0},
		{0xFE30, 0xFE6F, 2},
		{0xFF00, 0xFF60, 2},
		{0xFFE0, 0xFFE6, 2},
		{0x1F300, 0x1FAFF, 2},
		{0x20000, 0x3FFFD, 2},
	};
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (c >= blocks[i].first && c <= blocks[i].last)
			return blocks[i].width;
	return 1;
}

int table_text_width(const char *text)
{
	int width = 0, bytes;
	for (const unsigned char *at = (const unsigned char *)text; *at; at += bytes)
		width += code_point_width(decode(at, &bytes));
	return width;
}

void table_init(struct table *table, const struct table_column *columns, int column_count)
{
	assert(column_count > 0 && column_count <= TABLE_COLUMNS_MAX);
	*table = (struct table){.columns = columns, .column_count = column_count};
}

static void add_cell(struct table *t, char *cell)
{
	if (t->count == t->capacity) {
		int capacity = t->capacity ? 2 * t->capacity : 64;
		char **cells = realloc(t->cells, (size_t)capacity * sizeof(*cells));
		if (!cells) {
			t->failed = true;
			free(cell);
			return;
		}
		t->cells = cells;
		t->capacity = capacity;
	}
	t->cells[t->count++] = cell;
}

void table_cell(struct table *t, const char *fmt, ...)
{
	char text[CELL_MAX_BYTES];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	char *cell = t->failed ? NULL : strdup(text);
	if (cell)
		add_cell(t, cell);
	else
		t->failed = true;
}

void table_end_row(struct table *t)
{
	while (!t->failed && t->count % t->column_count != 0)
		table_cell(t, "%s", "");
}

void table_rule(struct table *t)
{
	table_end_row(t);
	for (int i = 0; i < t->column_count && !t->failed; i++)
		add_cell(t, NULL);
}

static void print_cell(
	const struct table_column *column, const char *text, int width, bool last, FILE *out)
{
	int pad = width - table_text_width(text);
	if (column->align == TABLE_RIGHT)
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", out);
}

static void print_rule(const int *widths, int count, FILE *out)
{
	for (int i = 0; i < count; i++) {
		for (int n = 0; n < widths[i]; n++)
			fputc('-', out);
		fputs(i + 1 < count ? "  " : "\n", out);
	}
}

static void print_row(
	const struct table *t, char *const *cells, int row_cells, const int *widths, FILE *out)
{
	for (int i = 0; i < t->column_count; i++)
		print_cell(&t->columns[i], i < row_cells ? cells[i] : "", widths[i],
			i + 1 == t->column_count, out);
}

void table_print(const struct table *t, FILE *out)
{
	int widths[TABLE_COLUMNS_MAX];
	for (int i = 0; i < t->column_count; i++)
		widths[i] = table_text_width(t->columns[i].title);
	for (int i = 0; i < t->count; i++) {
		int width = t->cells[i] ? table_text_width(t->cells[i]) : 0;
		if (width > widths[i % t->column_count])
			widths[i % t->column_count] = width;
	}
	for (int i = 0; i < t->column_count; i++)
		print_cell(&t->columns[i], t->columns[i].title, widths[i], i + 1 == t->column_count,
			out);
	print_rule(widths, t->column_count, out);
	for (int row = 0; row < t->count; row += t->column_count) {
		int row_cells = t->count - row;
		if (t->cells[row])
			print_row(t, t->cells + row, row_cells, widths, out);
		else
			print_rule(widths, t->column_count, out);
	}
	if (t->failed)
		fputs("(out of memory: the rest is missing)\n", out);
}

void table_finish(struct table *t)
{
	for (int i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
