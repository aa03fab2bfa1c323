#include "cli/args.h"
#include "cli/cli.h"
#include "test.h"

#include <string.h>

struct values {
	bool quiet, verbose;
	const char *config;
	struct arg_texts set;
	int count;
	double rate;
	int style;
};

static const char *const styles[] = {"bar", "lines", "none", NULL};
static const struct arg list[] = {
	{"quiet", 'q', ARG_FLAG, offsetof(struct values, quiet), .help = "say less"},
	{"verbose", 'v', ARG_FLAG, offsetof(struct values, verbose), .help = "say more"},
	{"config", 'c', ARG_TEXT, offsetof(struct values, config), "FILE", .help = "the scene"},
	{"set", 0, ARG_TEXTS, offsetof(struct values, set), "KEY=VALUE", .help = "override"},
	{"count", 'n', ARG_INT, offsetof(struct values, count), "N", .min = 1, .max = 9,
		.help = "n"},
	{"rate", 0, ARG_REAL, offsetof(struct values, rate), "HZ", .help = "rate"},
	{"style", 0, ARG_CHOICE, offsetof(struct values, style), "STYLE", styles, .help = "style"},
};
static const struct arg_table table = {.about = "do something",
	.operands = "SOURCE...",
	.operands_min = 1,
	.operands_max = 3,
	.args = list,
	.count = ARG_COUNT(list),
	.more = "example:\n  test -q a.mp4\n"};

/* What was written to standard error by the last call of read_line(). */
static char said[2048];

/* `line` is split at spaces. */
static int read_line(const char *line, struct values *values, struct arg_operands *operands)
{
	static char copy[1024];
	static char *argv[64];
	int argc = 0;
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	*values = (struct values){.count = 5, .rate = 2.5};
	int code = args_read(&table, argc, argv, values, operands);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
	return code;
}

static void options_and_operands_in_any_order(void **state)
{
	(void)state;
	struct values v;
	struct arg_operands o;
	assert_int_equal(
		read_line("test a -q --config=x.yaml b -n3 --set k=1 --rate 4.5 --set l=2 -v c "
			  "--style lines",
			&v, &o),
		ARGS_GO_ON);
	assert_true(v.quiet && v.verbose);
	assert_string_equal(v.config, "x.yaml");
	assert_true(v.count == 3 && v.rate == 4.5 && v.style == 1);
	assert_int_equal(v.set.count, 2);
	assert_string_equal(v.set.items[1], "l=2");
	assert_int_equal(o.count, 3);
	assert_string_equal(o.items[0], "a");
	assert_string_equal(o.items[2], "c");
}

static void defaults_stay(void **state)
{
	(void)state;
	struct values v;
	struct arg_operands o;
	assert_int_equal(read_line("test a", &v, &o), ARGS_GO_ON);
	assert_true(!v.quiet && !v.config && v.count == 5 && v.rate == 2.5 && v.set.count == 0);
}

static void letters_together_and_the_end_of_options(void **state)
{
	(void)state;
	struct values v;
	struct arg_operands o;
	assert_int_equal(read_line("test -qvc x.yaml -- -q - --", &v, &o), ARGS_GO_ON);
	assert_true(v.quiet && v.verbose);
	assert_string_equal(v.config, "x.yaml");
	assert_int_equal(o.count, 3);
	assert_string_equal(o.items[0], "-q");
	assert_string_equal(o.items[2], "--");
}

static void long_names_may_be_shortened(void **state)
{
	(void)state;
	struct values v;
	struct arg_operands o;
	assert_int_equal(read_line("test a --conf x --rat=1", &v, &o), ARGS_GO_ON);
	assert_true(v.rate == 1 && strcmp(v.config, "x") == 0);
}

static void check_error(const char *line, const char *expected)
{
	struct values v;
	struct arg_operands o;
	char whole[600];
	assert_int_equal(read_line(line, &v, &o), CLI_USAGE);
	snprintf(whole, sizeof(whole), "%s\nTry 'test --help'.\n", expected);
	assert_string_equal(said, whole);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	check_error("test", "test: SOURCE... is missing");
	check_error("test a b c d", "test: 'd' is one word too many");
	check_error("test --confg x", "test: unknown option --confg: did you mean --config?");
	check_error("test --colour", "test: unknown option --colour");
	check_error("test --hlep", "test: unknown option --hlep: did you mean --help?");
	check_error("test -x", "test: unknown option -x");
	check_error("test --quiet=1", "test: --quiet takes no value");
	check_error("test a --config", "test: --config needs a value: --config FILE");
	check_error("test a -c", "test: -c needs a value: -c FILE");
	check_error("test -n 0", "test: --count must be 1 to 9, is 0");
	check_error("test -n 1.5", "test: --count must be a whole number, is '1.5'");
	check_error("test --rate fast", "test: --rate must be a number, is 'fast'");
	check_error("test --rate inf", "test: --rate must be a number, is 'inf'");
	check_error("test --style barr",
		"test: --style must be one of bar, lines, none, is 'barr': did you mean 'bar'?");
}

static void help_lists_every_option(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	args_print_help(&table, "test", out);
	fclose(out);
	assert_string_equal(text, "test: do something\n"
				  "\n"
				  "usage: test [options] SOURCE...\n"
				  "\n"
				  "options:\n"
				  "  -q, --quiet               say less\n"
				  "  -v, --verbose             say more\n"
				  "  -c, --config FILE         the scene\n"
				  "      --set KEY=VALUE       override\n"
				  "  -n, --count N             n\n"
				  "      --rate HZ             rate\n"
				  "      --style STYLE         style\n"
				  "  -h, --help                print this text\n"
				  "\n"
				  "example:\n  test -q a.mp4\n");
	free(text);
}

TEST_MAIN(cmocka_unit_test(options_and_operands_in_any_order), cmocka_unit_test(defaults_stay),
	cmocka_unit_test(letters_together_and_the_end_of_options),
	cmocka_unit_test(long_names_may_be_shortened), cmocka_unit_test(what_is_wrong_is_said),
	cmocka_unit_test(help_lists_every_option))
