#include "cli/args.h"

#include "base/did_you_mean.h"
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 64
#define HELP_COLUMN 28

static const struct arg help_arg = {"help", 'h', ARG_FLAG, .help = "print this text"};

/* Where in the command line the reader is. */
struct reader {
	const struct arg_table *table;
	const char *program;
	int argc, next;
	char **argv;
	void *target;
	bool wants_help;
};

__attribute__((format(printf, 2, 3))) static int usage_error(
	const struct reader *r, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", r->program, text, r->program);
	return CLI_USAGE;
}

static const struct arg *arg_at(const struct arg_table *table, int index)
{
	return index < table->count ? &table->args[index] : &help_arg;
}

/* The long option whose name is, or alone begins with, the `length` letters at `name`. */
static const struct arg *find_long(const struct arg_table *table, const char *name, size_t length)
{
	const struct arg *found = NULL;
	for (int i = 0; i <= table->count; i++) {
		const struct arg *a = arg_at(table, i);
		if (strncmp(a->name, name, length) != 0)
			continue;
		if (a->name[length] == '\0')
			return a;
		if (found)
			return NULL;
		found = a;
	}
	return found;
}

static const struct arg *find_letter(const struct arg_table *table, char letter)
{
	for (int i = 0; i <= table->count; i++)
		if (arg_at(table, i)->letter == letter)
			return arg_at(table, i);
	return NULL;
}

static int unknown_long(const struct reader *r, const char *name, size_t length)
{
	const char *names[ARGS_MAX + 2];
	char word[64];
	int count = 0;
	for (; count <= r->table->count && count < ARGS_MAX; count++)
		names[count] = arg_at(r->table, count)->name;
	names[count] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)length, name);
	const char *meant = did_you_mean(word, names);
	if (meant)
		return usage_error(r, "unknown option --%s: did you mean --%s?", word, meant);
	return usage_error(r, "unknown option --%s", word);
}

static int read_number(const struct reader *r, const struct arg *a, const char *text, double *ret)
{
	char *end;
	errno = 0;
	double value = strtod(text, &end);
	bool whole = a->type != ARG_INT || (value == floor(value) && fabs(value) <= INT_MAX);
	if (end == text || *end || errno || !isfinite(value) || !whole)
		return usage_error(r, "--%s must be a %snumber, is '%s'", a->name,
			a->type == ARG_INT ? "whole " : "", text);
	if ((a->min != 0 || a->max != 0) && (value < a->min || value > a->max))
		return usage_error(
			r, "--%s must be %.10g to %.10g, is %s", a->name, a->min, a->max, text);
	*ret = value;
	return ARGS_GO_ON;
}

static int read_choice(const struct reader *r, const struct arg *a, const char *text, int *ret)
{
	char words[256] = "";
	for (int i = 0; a->names[i]; i++) {
		if (strcmp(a->names[i], text) == 0) {
			*ret = i;
			return ARGS_GO_ON;
		}
		size_t n = strlen(words);
		snprintf(words + n, sizeof(words) - n, "%s%s", i ? ", " : "", a->names[i]);
	}
	const char *meant = did_you_mean(text, a->names);
	return usage_error(r, "--%s must be one of %s, is '%s'%s%s%s", a->name, words, text,
		meant ? ": did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

static int read_value(struct reader *r, const struct arg *a, const char *text)
{
	void *at = (char *)r->target + a->offset;
	struct arg_texts *texts = at;
	double number = 0;
	int code = ARGS_GO_ON;
	switch (a->type) {
	case ARG_FLAG:
		break;
	case ARG_TEXT:
		*(const char **)at = text;
		break;
	case ARG_TEXTS:
		if (texts->count == ARG_TEXTS_MAX)
			return usage_error(
				r, "--%s was given more than %d times", a->name, ARG_TEXTS_MAX);
		texts->items[texts->count++] = text;
		break;
	case ARG_INT:
	case ARG_REAL:
		code = read_number(r, a, text, &number);
		if (code == ARGS_GO_ON && a->type == ARG_INT)
			*(int *)at = (int)number;
		else if (code == ARGS_GO_ON)
			*(double *)at = number;
		break;
	case ARG_CHOICE:
		code = read_choice(r, a, text, at);
		break;
	}
	return code;
}

static void set_flag(struct reader *r, const struct arg *a)
{
	if (a == &help_arg)
		r->wants_help = true;
	else
		*(bool *)((char *)r->target + a->offset) = true;
}

/* --name, --name=value or --name value; `text` is behind the hyphens. */
static int read_long(struct reader *r, const char *text)
{
	size_t length = strcspn(text, "=");
	const struct arg *a = find_long(r->table, text, length);
	if (!a)
		return unknown_long(r, text, length);
	if (a->type == ARG_FLAG) {
		if (text[length])
			return usage_error(r, "--%s takes no value", a->name);
		set_flag(r, a);
		return ARGS_GO_ON;
	}
	if (text[length])
		return read_value(r, a, text + length + 1);
	if (r->next == r->argc)
		return usage_error(r, "--%s needs a value: --%s %s", a->name, a->name, a->value);
	return read_value(r, a, r->argv[r->next++]);
}

/* -a, -ab, -c value or -cvalue; `text` is behind the hyphen. */
static int read_letters(struct reader *r, const char *text)
{
	for (; *text; text++) {
		const struct arg *a = find_letter(r->table, *text);
		if (!a)
			return usage_error(r, "unknown option -%c", *text);
		if (a->type == ARG_FLAG) {
			set_flag(r, a);
			continue;
		}
		if (text[1])
			return read_value(r, a, text + 1);
		if (r->next == r->argc)
			return usage_error(r, "-%c needs a value: -%c %s", *text, *text, a->value);
		return read_value(r, a, r->argv[r->next++]);
	}
	return ARGS_GO_ON;
}

static int check_operands(const struct reader *r, const struct arg_operands *operands)
{
	const struct arg_table *t = r->table;
	if (!t->operands && operands->count > 0)
		return usage_error(r, "'%s' is one word too many", operands->items[0]);
	if (operands->count < t->operands_min)
		return usage_error(r, "%s is missing", t->operands);
	if (t->operands && operands->count > t->operands_max)
		return usage_error(
			r, "'%s' is one word too many", operands->items[t->operands_max]);
	return ARGS_GO_ON;
}

int args_read(const struct arg_table *table, int argc, char **argv, void *target,
	struct arg_operands *ret_operands)
{
	struct reader r = {table, argv[0], argc, 1, argv, target, false};
	struct arg_operands operands = {argv + 1, 0};
	bool only_operands = false;
	int code = ARGS_GO_ON;
	while (r.next < argc && code == ARGS_GO_ON && !r.wants_help) {
		char *word = argv[r.next++];
		if (only_operands || word[0] != '-' || word[1] == '\0')
			operands.items[operands.count++] = word;
		else if (strcmp(word, "--") == 0)
			only_operands = true;
		else if (word[1] == '-')
			code = read_long(&r, word + 2);
		else
			code = read_letters(&r, word + 1);
	}
	if (code == ARGS_GO_ON && r.wants_help) {
		args_print_help(table, argv[0], stdout);
		return cli_flush();
	}
	if (code == ARGS_GO_ON)
		code = check_operands(&r, &operands);
	if (code == ARGS_GO_ON && ret_operands)
		*ret_operands = operands;
	return code;
}

static void print_arg(const struct arg *a, FILE *out)
{
	char left[80], letter[8] = "    ";
	if (a->letter)
		snprintf(letter, sizeof(letter), "-%c, ", a->letter);
	int n = snprintf(left, sizeof(left), "  %s--%s%s%s", letter, a->name, a->value ? " " : "",
		a->value ? a->value : "");
	fprintf(out, "%s", left);
	if (n >= HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		fprintf(out, "%*s", HELP_COLUMN - n, "");
	fprintf(out, "%s\n", a->help);
}

void args_print_help(const struct arg_table *t, const char *program, FILE *out)
{
	fprintf(out, "%s: %s\n\nusage: %s%s%s%s\n\noptions:\n", program, t->about, program,
		t->count ? " [options]" : "", t->operands ? " " : "",
		t->operands ? t->operands : "");
	for (int i = 0; i <= t->count; i++)
		print_arg(arg_at(t, i), out);
	if (t->more)
		fprintf(out, "\n%s", t->more);
}
