#include "base/options_table.h"
#include "test.h"

#include <errno.h>
#include <string.h>

struct fixture {
	struct all all;
	struct problems problems;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	options_defaults(&all_table, &f->all);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	options_free(&all_table, &f->all);
	problems_finish(&f->problems);
	free(f);
	return 0;
}

static int read_text(struct fixture *f, const char *yaml)
{
	int code = options_read(&all_table, yaml, strlen(yaml), &f->all, &f->problems);
	problems_sort(&f->problems);
	return code;
}

/* Exactly these problems, each as it would be printed, in this order. */
static void expect(struct fixture *f, const char *yaml, const char *const *lines)
{
	int errors = 0, code = read_text(f, yaml);
	for (int i = 0; i < f->problems.count || lines[i]; i++) {
		char line[600] = "(nothing more)";
		if (i < f->problems.count)
			problem_format(&f->problems.items[i], NULL, line, sizeof(line));
		assert_string_equal(line, lines[i] ? lines[i] : "(nothing more)");
		errors += f->problems.items[i].level == PROBLEM_ERROR;
	}
	assert_int_equal(code, errors ? -EINVAL : 0);
}
#define EXPECT(state, yaml, ...) expect(*(state), yaml, (const char *const[]){__VA_ARGS__, NULL})

static void defaults_are_the_tables(void **state)
{
	const struct all *a = &((struct fixture *)*state)->all;
	assert_false(a->flag);
	assert_int_equal(a->count, 3);
	assert_true(a->ratio == 0.5);
	assert_null(a->path);
	assert_string_equal(a->mode_text, "slow");
	assert_int_equal(a->space, 1);
	assert_true(a->inner.rate_hz == 25 && a->inner.on);
	assert_int_equal(a->shared.seed, 7);
	assert_int_equal(a->spots.count, 0);
}

static void every_type_is_read(void **state)
{
	struct fixture *f = *state;
	const char *yaml = "flag: yes\n"
			   "count: -2\n"
			   "ratio: 2.5e-1\n"
			   "path: /a b/c.onnx\n"
			   "mode_text: \"\"\n"
			   "space: image\n"
			   "center: [1, -2.5]\n"
			   "area: [[0, 0], [4, 0], [4, 3]]\n"
			   "weights: [0.1, 0.2]\n"
			   "labels: [car, 'two words']\n"
			   "inner: {rate_hz: 50, on: off}\n"
			   "seed: 11\n"
			   "spots:\n"
			   "  - name: first\n"
			   "    at: [3, 4]\n"
			   "  - name: second\n"
			   "rules:\n"
			   "  - {kind: lamp, lamp: red}\n"
			   "  - limit_kmh: 50\n"
			   "    kind: speed_limit\n";
	assert_int_equal(read_text(f, yaml), 0);
	const struct all *a = &f->all;
	assert_true(a->flag && a->count == -2 && a->ratio == 0.25);
	assert_string_equal(a->path, "/a b/c.onnx");
	assert_null(a->mode_text);
	assert_int_equal(a->space, 0);
	assert_true(a->center.x == 1 && a->center.y == -2.5);
	assert_int_equal(a->area.count, 3);
	assert_true(a->area.items[2].x == 4 && a->area.items[2].y == 3);
	assert_true(a->weights.count == 2 && a->weights.items[1] == 0.2);
	assert_string_equal(a->labels.items[1], "two words");
	assert_true(a->inner.rate_hz == 50 && !a->inner.on);
	assert_int_equal(a->shared.seed, 11);

	const struct spot *spots = a->spots.items;
	assert_int_equal(a->spots.count, 2);
	assert_string_equal(spots[1].name, "second");
	assert_true(spots[0].at.x == 3 && spots[0].at.y == 4);
	assert_true(spots[0].where.line == 14 && spots[0].where.column == 5);

	assert_int_equal(a->rules.count, 2);
	assert_int_equal(a->rules.item_size, sizeof(struct lamp_rule));
	const struct lamp_rule *lamp = a->rules.items;
	assert_true(lamp->kind == 1 && lamp->lamp == 0 && lamp->grace_s == 0.3);
	const void *second = (const char *)a->rules.items + a->rules.item_size;
	const struct limit_rule *limit = second;
	assert_true(limit->kind == 0 && limit->limit_kmh == 50 && limit->where.line == 19);
}

static void everything_wrong_is_said_in_one_pass(void **state)
{
	EXPECT(state,
		"flag: maybe\n"
		"count: 301\n"
		"ratoi: 1\n"
		"space: raod\n"
		"inner:\n"
		"    rate_hz: fast\n"
		"rules:\n"
		"  - kind: speed_limits\n"
		"  - kind: speed_limit\n"
		"    limit_kmh: -5\n"
		"    zone: [1]\n",
		"1:7: error: flag: must be true or false, is 'maybe'",
		"2:8: error: count: must be a whole number, -5 to 300, is '301'",
		"3:1: error: ratoi: unknown key: did you mean 'ratio'?",
		"4:8: error: space: must be one of image, road, is 'raod': did you mean 'road'?",
		"6:14: error: inner.rate_hz: must be a number, 1 to 240 Hz, is 'fast'",
		"8:11: error: rules[0].kind: must be one of speed_limit, lamp, is 'speed_limits': "
		"did "
		"you mean 'speed_limit'?",
		"10:16: error: rules[1].limit_kmh: must be a number, 1 to 300 km/h, is '-5'",
		"11:11: error: rules[1].zone: must be a text, is a list");
}

static void what_is_right_is_filled_in_all_the_same(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_text(f, "count: 9\nratio: 7\nspots: [3, {name: x}]\n"), -EINVAL);
	assert_int_equal(f->all.count, 9);
	assert_true(f->all.ratio == 0.5);
	assert_int_equal(f->all.spots.count, 1);
	assert_int_equal(f->problems.error_count, 2);
}

static void wrong_types(void **state)
{
	EXPECT(state,
		"count: 1.5\n"
		"ratio: '0.5'\n"
		"path:\n"
		"center: [1]\n"
		"area: [[0, 0], [1, x], 7]\n"
		"weights: 3\n"
		"labels: [[a], ok]\n"
		"inner: 5\n"
		"spots: {name: a}\n",
		"1:8: error: count: must be a whole number, -5 to 300, is '1.5'",
		"2:8: error: ratio: must be a number, 0 to 1, is '0.5' in quotes: remove them",
		"3:6: error: path: must be a text, is empty: write a value or leave the key out",
		"4:9: error: center: must be a point [x, y], is a list",
		"5:16: error: area[1]: must be a point [x, y], is a list",
		"5:24: error: area[2]: must be a point [x, y], is '7'",
		"6:10: error: weights: must be a list of 2 numbers [a, b, ...], is '3'",
		"7:10: error: labels[0]: must be a text, is a list",
		"8:8: error: inner: must be a mapping (key: value lines), is '5'",
		"9:8: error: spots: must be a list of 0 to 3 sections, each after a '-', is a "
		"mapping "
		"(key: value)");
}

static void numbers_are_decimal_and_finite(void **state)
{
	EXPECT(state,
		"inner:\n  rate_hz: .inf\ncenter: [nan, 0x10]\nratio: 1e999\ncount: 99999999999\n",
		"2:12: error: inner.rate_hz: must be a number, 1 to 240 Hz, is '.inf'",
		"3:9: error: center: must be a point [x, y], is a list",
		"4:8: error: ratio: must be a number, 0 to 1, is '1e999'",
		"5:8: error: count: must be a whole number, -5 to 300, is '99999999999'");
}

static void counts_of_lists(void **state)
{
	EXPECT(state,
		"area: [[0, 0], [1, 1]]\n"
		"weights: [1, 2, 3]\n"
		"spots: [{name: a}, {name: b}, {name: c}, {name: d}]\n",
		"1:7: error: area: must be a list of 3 to 8 points [[x, y], [x, y], ...], has 2",
		"2:10: error: weights: must be a list of 2 numbers [a, b, ...], has 3",
		"3:8: error: spots: must be a list of 0 to 3 sections, each after a '-', has 4");
}

static void missing_keys(void **state)
{
	EXPECT(state, "spots:\n  - at: [1, 2]\nrules:\n  - kind: speed_limit\n  - limit_kmh: 3\n",
		"2:5: error: spots[0]: the key 'name' is missing: a text",
		"4:5: error: rules[0]: the key 'limit_kmh' is missing: a number, 1 to 300 km/h",
		"5:5: error: rules[1]: the key 'kind' is missing: one of speed_limit, lamp");
}

static void duplicate_keys(void **state)
{
	EXPECT(state, "count: 4\nratio: 1\ncount: 5\nrules: [{kind: lamp, kind: lamp}]\n",
		"3:1: error: count: was given already in line 1",
		"4:22: error: rules[0].kind: was given already in line 4");
	assert_int_equal(((struct fixture *)*state)->all.count, 4);
}

static void unknown_keys_without_a_likeness_list_the_known(void **state)
{
	EXPECT(state, "inner: {colour: 3}\n? [a, b]\n: 1\n",
		"1:9: error: inner.colour: unknown key: must be one of rate_hz, on",
		"2:3: error: a key must be a word, is a list");
}

static void an_empty_file_is_an_error(void **state)
{
	const char *line =
		"1:1: error: is empty: give at least one key, one of flag, count, ratio, path, "
		"mode_text, space, center, area, weights, labels, inner, seed, spots, rules";
	const char *const texts[] = {"", "# nothing\n", "---\n", "{}", "~"};
	for (int i = 0; i < OPTION_COUNT(texts); i++) {
		EXPECT(state, texts[i], line);
		problems_finish(&((struct fixture *)*state)->problems);
		((struct fixture *)*state)->problems.error_count = 0;
	}
}

static void an_empty_section_is_a_warning(void **state)
{
	EXPECT(state, "inner:\nspots:\n# - name: a\n",
		"1:7: warning: inner: has no content: the defaults apply",
		"2:7: warning: spots: has no content: the defaults apply");
}

static void syntax_errors_have_a_place(void **state)
{
	EXPECT(state, "count: 3\n\tratio: 1\n",
		"2:1: error: is not valid YAML: found a tab character that violates indentation");
}

static void unclosed_lists_have_a_place(void **state)
{
	EXPECT(state, "area: [[1, 2], [3\ncount: 4\n",
		"2:6: error: is not valid YAML: did not find expected ',' or ']'");
}

static void not_text_at_all(void **state)
{
	EXPECT(state, "count: \xff\xfe\n",
		"1:8: error: is not UTF-8 text: invalid leading UTF-8 octet");
}

static void what_is_not_used_of_yaml_is_refused(void **state)
{
	struct fixture *f = *state;
	EXPECT(state, "count: !!int 4\n",
		"1:8: error: has the tag 'tag:yaml.org,2002:int': tags are not used here, remove "
		"it");
	problems_finish(&f->problems);
	EXPECT(state, "count: 4\n---\ncount: 5\n",
		"2:1: error: has a second document ('---'): only one is read");
	problems_finish(&f->problems);
	EXPECT(state, "count: *none\n",
		"1:8: error: *none refers to an anchor that is not defined above");
	problems_finish(&f->problems);
	EXPECT(state, "spots: &s [*s]\n", "1:12: error: *s is inside itself");
	problems_finish(&f->problems);
	EXPECT(state, "path: \"a\\0b\"\n", "1:7: error: contains a NUL character");
}

static void aliases_are_followed(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_text(f, "inner: {rate_hz: &r 50}\ncenter: [*r, *r]\n"
				      "area: &a [[1, 2], [3, 4], [5, 6]]\n"),
		0);
	assert_true(f->all.center.x == 50 && f->all.center.y == 50);
}

static void nesting_is_bounded(void **state)
{
	char yaml[200] = "area: ";
	memset(yaml + 6, '[', 100);
	EXPECT(state, yaml, "1:38: error: is nested more than 32 levels deep");
}

static void length_is_bounded(void **state)
{
	struct fixture *f = *state;
	size_t length = (1 << 20) + 1;
	char *yaml = malloc(length);
	memset(yaml, '#', length);
	assert_int_equal(options_read(&all_table, yaml, length, &f->all, &f->problems), -EINVAL);
	free(yaml);
	assert_string_equal(f->problems.items[0].text,
		"has 1048577 bytes: a configuration has at most 1048576");
}

/* A few kilobytes that stand for nine million numbers. */
static void what_aliases_multiply_is_bounded(void **state)
{
	struct fixture *f = *state;
	size_t capacity = 64 * 1024, n = 0;
	char *yaml = malloc(capacity);
	n += (size_t)snprintf(yaml + n, capacity - n, "labels: &l [a");
	for (int i = 0; i < 3000; i++)
		n += (size_t)snprintf(yaml + n, capacity - n, ",a");
	n += (size_t)snprintf(yaml + n, capacity - n, "]\nspots: [&s {name: x, labels: *l}");
	for (int i = 0; i < 3000; i++)
		n += (size_t)snprintf(yaml + n, capacity - n, ",*s");
	n += (size_t)snprintf(yaml + n, capacity - n, "]\n");
	assert_int_equal(options_read(&all_table, yaml, n, &f->all, &f->problems), -EINVAL);
	free(yaml);
	assert_int_equal(f->problems.count, 2); /* more than three spots, and: */
	assert_string_equal(f->problems.items[1].text,
		"has more than 100000 values, those repeated by aliases included");
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct fixture *f = *state;
	struct err err;
	assert_int_equal(options_read_file(&all_table, "no/such.yaml", &f->all, &f->problems, &err),
		-ENOENT);
	assert_string_equal(err.text, "no/such.yaml: cannot be opened: No such file or directory");
	assert_int_equal(options_read_file(&all_table, "/", &f->all, &f->problems, &err), -EISDIR);
	assert_string_equal(err.text, "/: cannot be read: Is a directory");
}

static void set_ok(struct fixture *f, const char *path, const char *text)
{
	struct err err = {0};
	if (options_set(&all_table, &f->all, path, text, &err) != 0)
		fail_msg("%s", err.text);
}

static void values_are_set_by_path(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_text(f, "spots: [{name: a}]\nrules: [{kind: lamp}]\n"), 0);
	set_ok(f, "flag", "true");
	set_ok(f, "inner.rate_hz", "12.5");
	set_ok(f, "path", "C: # odd, but a path");
	set_ok(f, "space", "image");
	set_ok(f, "area", "[[1, 2], [3, 4], [5, 6]]");
	set_ok(f, "seed", "5");
	set_ok(f, "spots[0].name", "b");
	set_ok(f, "rules[0].lamp", "amber");
	assert_true(f->all.flag && f->all.inner.rate_hz == 12.5 && f->all.shared.seed == 5);
	assert_string_equal(f->all.path, "C: # odd, but a path");
	assert_int_equal(f->all.area.count, 3);
	assert_string_equal(((const struct spot *)f->all.spots.items)->name, "b");
	assert_int_equal(((const struct lamp_rule *)f->all.rules.items)->lamp, 1);
	set_ok(f, "path", "");
	assert_null(f->all.path);
}

static void set_error(struct fixture *f, const char *path, const char *text, const char *expected)
{
	struct err err = {0};
	assert_int_equal(options_set(&all_table, &f->all, path, text, &err), -EINVAL);
	assert_string_equal(err.text, expected);
}

static void what_cannot_be_set_says_why(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_text(f, "spots: [{name: a}]\n"), 0);
	set_error(f, "inner.rate", "1", "inner.rate: unknown key 'rate': did you mean 'rate_hz'?");
	set_error(f, "inner.rate_hz", "0", "inner.rate_hz: must be a number, 1 to 240 Hz, is '0'");
	set_error(f, "count", "",
		"count: must be a whole number, -5 to 300, is empty: write a value or "
		"leave the key out");
	set_error(f, "area", "[[1, 2], 3, [4, 5]]", "area[1]: must be a point [x, y], is '3'");
	set_error(f, "area", "[", "area: is not valid YAML: did not find expected node content");
	set_error(f, "spots[1].name", "x",
		"spots[1].name: 'spots' has 1 items: write spots[0] to spots[0]");
	set_error(f, "spots[0]", "x", "spots[0]: must end in the name of a value");
	set_error(f, "count[0]", "x", "count[0]: 'count' is no list of sections");
	set_error(f, "count.x", "x", "count.x: 'count' is no section");
	set_error(f, "inner.", "x", "inner.: must end in the name of a value");
	set_error(f, "", "x", ": an empty path names nothing");
	assert_true(f->all.inner.rate_hz == 25 && f->all.count == 3 && f->all.area.count == 0);
}

static void reading_twice_replaces(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_text(f, "path: a\nlabels: [x]\nspots: [{name: a}]\n"), 0);
	assert_int_equal(read_text(f, "path: b\nlabels: [y, z]\nspots: [{name: b}]\n"), 0);
	assert_string_equal(f->all.path, "b");
	assert_int_equal(f->all.labels.count, 2);
	assert_string_equal(((const struct spot *)f->all.spots.items)->name, "b");
}

/* Written and read again it is the same, every type of it. */
static void json_says_what_differs(void **state)
{
	struct fixture *f = *state;
	struct json json = {0}, again = {0};
	options_write_json(&all_table, &f->all, &json);
	json_raw(&json, "", 1);
	assert_string_equal(json.text, "{\"center\":[0,0]}");
	json_reset(&json);
	assert_int_equal(
		read_text(f, "flag: true\nratio: 0.1\npath: \"a \\\"b\\\"\"\nspace: image\n"
			     "center: [1.5, -2]\narea: [[0, 0], [4, 0], [4, 3]]\n"
			     "weights: [0.1, 1e-12]\nlabels: [x, 'y z']\n"
			     "inner: {on: false}\nseed: 9\n"
			     "spots: [{name: a, at: [1, 2]}, {name: b, labels: [q]}]\n"
			     "rules: [{kind: speed_limit, limit_kmh: 30}, "
			     "{kind: lamp, lamp: green}]\n"),
		0);
	options_write_json(&all_table, &f->all, &json);
	assert_false(json.failed);
	options_free(&all_table, &f->all);
	options_defaults(&all_table, &f->all);
	assert_int_equal(
		options_read(&all_table, json.text, json.length, &f->all, &f->problems), 0);
	assert_true(f->all.flag && f->all.ratio == 0.1 && f->all.shared.seed == 9);
	options_write_json(&all_table, &f->all, &again);
	assert_int_equal(json.length, again.length);
	assert_memory_equal(json.text, again.text, json.length);
	json_finish(&json);
	json_finish(&again);
}

static char *printed(void (*print)(const struct option_table *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	print(&all_table, out);
	fclose(out);
	return text;
}

/* The reference is a file that can be read, and that changes nothing. */
static void the_yaml_reference_is_legal(void **state)
{
	struct fixture *f = *state;
	char *text = printed(options_print_yaml);
	assert_int_equal(read_text(f, text), 0);
	assert_int_equal(f->problems.count, 0);
	assert_true(f->all.count == 3 && f->all.inner.rate_hz == 25 && f->all.rules.count == 0);
	assert_non_null(strstr(text, "# how often (a number, 1 to 240 Hz)\n"));
	assert_non_null(strstr(text, "# - kind: speed_limit  # too fast\n"));
	free(text);
}

static void the_markdown_reference_has_every_section(void **state)
{
	(void)state;
	char *text = printed(options_print_markdown);
	assert_non_null(strstr(text, "\n## `inner`\n\na section\n"));
	assert_non_null(strstr(text, "\n## `rules[]`, `kind: speed_limit`\n"));
	assert_non_null(strstr(text, "| `limit_kmh` | a number, 1 to 300 km/h | required |  |\n"));
	assert_non_null(strstr(text, "| `ratio` | a number, 0 to 1 | `0.5` |  |\n"));
	free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(CASE(json_says_what_differs), CASE(defaults_are_the_tables), CASE(every_type_is_read),
	CASE(everything_wrong_is_said_in_one_pass), CASE(what_is_right_is_filled_in_all_the_same),
	CASE(wrong_types), CASE(numbers_are_decimal_and_finite), CASE(counts_of_lists),
	CASE(missing_keys), CASE(duplicate_keys),
	CASE(unknown_keys_without_a_likeness_list_the_known), CASE(an_empty_file_is_an_error),
	CASE(an_empty_section_is_a_warning), CASE(syntax_errors_have_a_place),
	CASE(unclosed_lists_have_a_place), CASE(not_text_at_all),
	CASE(what_is_not_used_of_yaml_is_refused), CASE(aliases_are_followed),
	CASE(nesting_is_bounded), CASE(length_is_bounded), CASE(what_aliases_multiply_is_bounded),
	CASE(files_that_cannot_be_read_are_named), CASE(values_are_set_by_path),
	CASE(what_cannot_be_set_says_why), CASE(reading_twice_replaces),
	CASE(the_yaml_reference_is_legal), CASE(the_markdown_reference_has_every_section))
