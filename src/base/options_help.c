#include "base/options_inside.h"

#include <math.h>
#include <string.h>

/* Beyond these a bound is there for the machine, not for the reader. */
#define BOUND_TOLD_MAX 1e9

static void append(char *text, const char *more)
{
	size_t length = strlen(text);
	snprintf(text + length, OPTION_EXPECTATION_MAX - length, "%s", more);
}

/* ", 1 to 240 fps", or what of it there is. */
static void append_range(const struct option *o, char *text)
{
	bool limited = o->min != 0 || o->max != 0;
	char range[96] = "";
	if (limited && o->max > BOUND_TOLD_MAX)
		snprintf(range, sizeof(range), ", at least %.10g", o->min);
	else if (limited && o->min < -BOUND_TOLD_MAX)
		snprintf(range, sizeof(range), ", at most %.10g", o->max);
	else if (limited)
		snprintf(range, sizeof(range), ", %.10g to %.10g", o->min, o->max);
	append(text, range);
	if (o->unit) {
		append(text, limited ? " " : " of ");
		append(text, o->unit);
	}
}

/* "3 to 64 ", or nothing. */
static void append_count(const struct option *o, char *text)
{
	char count[64] = "";
	if (o->min == 0 && o->max == 0)
		return;
	if (o->max > OPTION_VALUES_MAX)
		snprintf(count, sizeof(count), "at least %.0f ", o->min);
	else if (o->min == o->max)
		snprintf(count, sizeof(count), "%.0f ", o->min);
	else
		snprintf(count, sizeof(count), "%.0f to %.0f ", o->min, o->max);
	append(text, count);
}

static void append_words(const char *const *names, char *text)
{
	append(text, names[0] && names[1] ? "one of " : "");
	for (int i = 0; names[i]; i++) {
		if (strlen(text) + strlen(names[i]) > OPTION_EXPECTATION_MAX - 16) {
			append(text, ", ...");
			return;
		}
		append(text, i ? ", " : "");
		append(text, names[i]);
	}
}

const char *option_expectation(const struct option *o, char text[OPTION_EXPECTATION_MAX])
{
	static const char *const plain[] = {
		[OPTION_BOOL] = "true or false",
		[OPTION_INT] = "a whole number",
		[OPTION_REAL] = "a number",
		[OPTION_STRING] = "a text",
		[OPTION_POINT] = "a point [x, y]",
		[OPTION_TABLE] = "a mapping (key: value lines)",
	};
	static const char *const lists[] = {
		[OPTION_POINTS] = "points [[x, y], [x, y], ...]",
		[OPTION_REALS] = "numbers [a, b, ...]",
		[OPTION_STRINGS] = "texts [a, b, ...]",
		[OPTION_LIST] = "sections, each after a '-'",
		[OPTION_KINDS] = "sections, each after a '- kind: ...'",
	};
	text[0] = '\0';
	switch (o->type) {
	case OPTION_INT:
	case OPTION_REAL:
		append(text, plain[o->type]);
		append_range(o, text);
		break;
	case OPTION_ENUM:
		append_words(o->names, text);
		break;
	case OPTION_POINTS:
	case OPTION_REALS:
	case OPTION_STRINGS:
	case OPTION_LIST:
	case OPTION_KINDS:
		append(text, "a list of ");
		append_count(o, text);
		append(text, lists[o->type]);
		break;
	default:
		append(text, plain[o->type]);
		break;
	}
	return text;
}

/* The default as it would be written, or "" where there is none to show. */
static const char *default_text(const struct option *o, char *text, size_t size)
{
	text[0] = '\0';
	if (o->required)
		return text;
	if (o->type == OPTION_BOOL)
		snprintf(text, size, "%s", o->def != 0 ? "true" : "false");
	else if (o->type == OPTION_INT || o->type == OPTION_REAL)
		snprintf(text, size, "%.10g", o->def);
	else if (o->type == OPTION_ENUM)
		snprintf(text, size, "%s", o->names[(int)o->def]);
	else if (o->type == OPTION_STRING && o->def_text)
		snprintf(text, size, "%s", o->def_text);
	return text;
}

static bool is_section(const struct option *o)
{
	return o->type == OPTION_TABLE || o->type == OPTION_LIST || o->type == OPTION_KINDS;
}

/*
 * YAML. A key that has a default stands there with it; one that has none, or has to be given,
 * stands behind a '#', so that the whole is a legal file that changes nothing.
 */

#define COMMENT_COLUMN 44

static void yaml_table(const struct option_table *table, FILE *out, const char *lead, int depth);

static void yaml_leaf(const struct option *o, FILE *out, const char *lead, int depth)
{
	char def[128], expected[OPTION_EXPECTATION_MAX];
	default_text(o, def, sizeof(def));
	int n = fprintf(out, "%s%*s%s%s:%s%s", lead, 2 * depth, "", def[0] || *lead ? "" : "# ",
		o->name, def[0] ? " " : "", def);
	fprintf(out, "%*s # %s%s (%s)\n", n < COMMENT_COLUMN ? COMMENT_COLUMN - n : 0, "",
		o->required ? "REQUIRED: " : "", o->help ? o->help : o->name,
		option_expectation(o, expected));
}

static void yaml_items(const struct option *o, FILE *out, int depth)
{
	const struct option_table *const one[] = {o->table, NULL};
	const struct option_table *const *tables = o->type == OPTION_KINDS ? o->kinds : one;
	for (int i = 0; tables[i]; i++) {
		const char *kind = o->type == OPTION_KINDS ? tables[i]->name : NULL;
		fprintf(out, "#%*s-%s%s%s%s\n", 2 * depth + 1, "", kind ? " kind: " : "",
			kind ? kind : "", tables[i]->help ? "  # " : "",
			tables[i]->help ? tables[i]->help : "");
		yaml_table(tables[i], out, "# ", depth + 1);
	}
}

/* False where all of a section stands behind '#', and so it has to do so itself. */
static bool says_something(const struct option_table *table)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	char def[128];
	int count = option_slots(table, NULL, slots);
	for (int i = 0; i < count; i++) {
		const struct option *o = slots[i].option;
		if (o->type == OPTION_TABLE ? says_something(o->table)
					    : *default_text(o, def, sizeof(def)) != '\0')
			return true;
	}
	return false;
}

static void yaml_option(const struct option *o, FILE *out, const char *lead, int depth)
{
	if (!is_section(o)) {
		yaml_leaf(o, out, lead, depth);
		return;
	}
	const char *help = o->help ? o->help : o->table ? o->table->help : NULL;
	bool is_list = o->type != OPTION_TABLE;
	bool is_live = !is_list && says_something(o->table);
	fprintf(out, "%s%s%*s%s:%s%s\n", depth == 0 && !*lead ? "\n" : "",
		!is_live && !*lead ? "# " : lead, 2 * depth, "", o->name, help ? "  # " : "",
		help ? help : "");
	if (is_list)
		yaml_items(o, out, depth);
	else
		yaml_table(o->table, out, lead, depth + 1);
}

static void yaml_table(const struct option_table *table, FILE *out, const char *lead, int depth)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	int count = option_slots(table, NULL, slots);
	for (int i = 0; i < count; i++)
		yaml_option(slots[i].option, out, lead, depth);
}

void options_print_yaml(const struct option_table *table, FILE *out)
{
	yaml_table(table, out, "", 0);
}

/* Markdown: one heading and one table for each section, outermost first. */

static void markdown_table(const struct option_table *table, FILE *out, const char *path,
	const char *kind, const char *help);

static void markdown_cell(const char *text, FILE *out)
{
	for (; *text; text++)
		fprintf(out, "%s%c", *text == '|' ? "\\" : "", *text);
}

static void markdown_row(const struct option *o, FILE *out)
{
	char def[128], expected[OPTION_EXPECTATION_MAX];
	default_text(o, def, sizeof(def));
	fprintf(out, "| `%s` | ", o->name);
	markdown_cell(option_expectation(o, expected), out);
	fprintf(out, " | %s%s%s | ", def[0] ? "`" : "",
		def[0]        ? def
		: o->required ? "required"
			      : "",
		def[0] ? "`" : "");
	markdown_cell(o->help ? o->help : "", out);
	fprintf(out, " |\n");
}

static void markdown_section(const struct option *o, FILE *out, const char *path)
{
	char below[128];
	snprintf(below, sizeof(below), "%s%s%s%s", path, *path ? "." : "", o->name,
		o->type == OPTION_TABLE ? "" : "[]");
	if (o->type != OPTION_KINDS) {
		markdown_table(o->table, out, below, NULL, o->help);
		return;
	}
	for (int i = 0; o->kinds[i]; i++)
		markdown_table(o->kinds[i], out, below, o->kinds[i]->name, NULL);
}

static void markdown_table(const struct option_table *table, FILE *out, const char *path,
	const char *kind, const char *help)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	int count = option_slots(table, NULL, slots);
	if (*path)
		fprintf(out, "\n## `%s`%s%s%s\n", path, kind ? ", `kind: " : "", kind ? kind : "",
			kind ? "`" : "");
	if (*path && (help || table->help))
		fprintf(out, "\n%s\n", help ? help : table->help);
	fprintf(out, "\n| key | value | default | meaning |\n|---|---|---|---|\n");
	for (int i = 0; i < count; i++)
		markdown_row(slots[i].option, out);
	for (int i = 0; i < count; i++)
		if (is_section(slots[i].option))
			markdown_section(slots[i].option, out, path);
}

void options_print_markdown(const struct option_table *table, FILE *out)
{
	markdown_table(table, out, "", NULL, NULL);
}
