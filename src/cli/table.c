#include "cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CELL_MAX_BYTES 512
#define WRAP_MIN_COLUMNS 24

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

/* Bytes of `text` up to the last blank within `width` columns; all of it where it fits, and up to
 * the first blank where a word is wider. */
static size_t line_length(const char *text, int width)
{
	size_t best = 0, at = 0;
	for (int used = 0, bytes; text[at]; at += (size_t)bytes) {
		if (text[at] == ' ' && (used <= width || best == 0))
			best = at;
		used += code_point_width(decode((const unsigned char *)text + at, &bytes));
		if (used > width && best > 0)
			return best;
	}
	return at;
}

/* The last cell of a row, over as many lines as it takes, each behind `indent` blanks. */
static void print_wrapped(const char *text, int width, int indent, FILE *out)
{
	for (;;) {
		size_t length = line_length(text, width);
		fprintf(out, "%.*s\n", (int)length, text);
		text += length;
		text += strspn(text, " ");
		if (!*text)
			return;
		fprintf(out, "%*s", indent, "");
	}
}

static void print_cell(const struct table_column *column, const char *text, int width, FILE *out)
{
	int pad = width - table_text_width(text);
	if (column->align == TABLE_RIGHT)
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, pad, "");
}

static void print_rule(const int *widths, int count, FILE *out)
{
	for (int i = 0; i < count; i++) {
		for (int n = 0; n < widths[i]; n++)
			fputc('-', out);
		fputs(i + 1 < count ? "  " : "\n", out);
	}
}

/* `cells` may be fewer than a row has: the rest is empty. */
static void print_row(
	const struct table *t, char *const *cells, int cell_count, const int *widths, FILE *out)
{
	int last = t->column_count - 1, indent = 0;
	for (int i = 0; i < last; i++) {
		print_cell(&t->columns[i], i < cell_count ? cells[i] : "", widths[i], out);
		fputs("  ", out);
		indent += widths[i] + 2;
	}
	const char *text = last < cell_count ? cells[last] : "";
	if (t->columns[last].align == TABLE_LEFT) {
		print_wrapped(text, widths[last], indent, out);
		return;
	}
	print_cell(&t->columns[last], text, widths[last], out);
	fputc('\n', out);
}

static void print_titles(const struct table *t, const int *widths, FILE *out)
{
	char *titles[TABLE_COLUMNS_MAX];
	for (int i = 0; i < t->column_count; i++)
		titles[i] = (char *)(uintptr_t)t->columns[i].title;
	print_row(t, titles, t->column_count, widths, out);
	print_rule(widths, t->column_count, out);
}

/* Of each column: its widest cell; of the last one no more than `columns` leave for it. */
static void measure(const struct table *t, int columns, int widths[TABLE_COLUMNS_MAX])
{
	int last = t->column_count - 1, before = 0;
	for (int i = 0; i <= last; i++)
		widths[i] = table_text_width(t->columns[i].title);
	for (int i = 0; i < t->count; i++) {
		int width = t->cells[i] ? table_text_width(t->cells[i]) : 0;
		if (width > widths[i % t->column_count])
			widths[i % t->column_count] = width;
	}
	for (int i = 0; i < last; i++)
		before += widths[i] + 2;
	int left = columns - before;
	if (left < WRAP_MIN_COLUMNS)
		left = WRAP_MIN_COLUMNS;
	if (columns > 0 && t->columns[last].align == TABLE_LEFT && widths[last] > left)
		widths[last] = left;
}

void table_print_within(const struct table *t, int columns, FILE *out)
{
	int widths[TABLE_COLUMNS_MAX] = {0};
	measure(t, columns, widths);
	print_titles(t, widths, out);
	for (int row = 0; row < t->count; row += t->column_count) {
		if (t->cells[row])
			print_row(t, t->cells + row, t->count - row, widths, out);
		else
			print_rule(widths, t->column_count, out);
	}
	if (t->failed)
		fputs("(out of memory: the rest is missing)\n", out);
}

void table_print(const struct table *t, FILE *out)
{
	struct winsize size;
	int fd = fileno(out);
	bool is_terminal = fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0;
	table_print_within(t, is_terminal ? size.ws_col : 0, out);
}

void table_finish(struct table *t)
{
	for (int i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
