/*
 * gantry eval detect over coco_val128 with the model named on the command line: its AP50 is within
 * 0.02 of what Python measured, which the test data's README says in its table.
 */
#include "test.h"

#include "base/jsonin.h"

#include <math.h>

static const char *model;

/* "| NAME (licence) | input | output | how it is fed | .493 / .340 |" */
static double published_ap50(void)
{
	char line[1024];
	double ap50 = 0, ap;
	FILE *file = fopen(test_data("README.md"), "r");
	assert_non_null(file);
	while (ap50 == 0 && fgets(line, sizeof(line), file)) {
		size_t length = strlen(model);
		if (strncmp(line, "| ", 2) != 0 || strncmp(line + 2, model, length) != 0 ||
			line[2 + length] != ' ')
			continue;
		*strrchr(line, '|') = '\0';
		assert_int_equal(sscanf(strrchr(line, '|') + 1, " %lf / %lf", &ap50, &ap), 2);
	}
	fclose(file);
	assert_true(ap50 > 0);
	return ap50;
}

static void test_ap50(void **state)
{
	(void)state;
	char name[256], command[8192], path[4096], *text = NULL;
	size_t room = 0;
	snprintf(name, sizeof(name), "models/%s.onnx", model);
	test_data("images/coco_val128/images");
	snprintf(path, sizeof(path), "%s", test_data(name));
	*strstr(path, "/models/") = '\0';
	snprintf(command, sizeof(command),
		"'%s' eval detect --model '%s/%s' --images '%s/images/coco_val128/images' "
		"--labels '%s/images/coco_val128/labels' --json - 2>&1",
		getenv("GANTRY_PROGRAM"), path, name, path, path);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	ssize_t n = getdelim(&text, &room, -1, pipe);
	int status = pclose(pipe);
	assert_true(n > 0);
	if (strstr(text, "ONNX Runtime")) {
		print_message("# skipped: %s", text);
		skip();
	}
	if (status != 0)
		fail_msg("%s", text);

	struct jsonin *json;
	assert_int_equal(jsonin_parse(text, (size_t)n, NULL, &json), 0);
	free(text);
	double ap50 = jsonin_real(jsonin_get(json, "ap50"), NAN), want = published_ap50();
	assert_int_equal(jsonin_int(jsonin_get(json, "images"), 0), 128);
	print_message("# %s: AP50 %.3f, published %.3f\n", model, ap50, want);
	assert_true(fabs(ap50 - want) <= 0.02);
	jsonin_free(&json);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ap50)};
	model = argc > 1 ? argv[1] : "yolox_nano_416";
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
