/* gantry db: check, copy and export a store. */
#include "cli/args.h"
#include "cli/cli.h"
#include "store/evidence_files.h"
#include "store/upkeep.h"

#include <errno.h>
#include <string.h>

struct db_args {
	const char *output;
	bool no_evidence;
	int table, format;
};

static const struct arg check_arg_list[] = {
	{"no-evidence", 0, ARG_FLAG, offsetof(struct db_args, no_evidence),
		.help = "do not read the evidence files"},
};
static const struct arg_table check_table = {
	.about = "look at every page and sum of a store, and compare evidence with its SHA-256",
	.operands = "STORE",
	.operands_min = 1,
	.operands_max = 1,
	.args = check_arg_list,
	.count = ARG_COUNT(check_arg_list),
	.more = "May run while a server writes to the store. Exits with 1 where something is "
		"wrong.\n",
};

static const struct arg_table backup_table = {
	.about = "copy a store into a new file, while others write to it",
	.operands = "STORE COPY",
	.operands_min = 2,
	.operands_max = 2,
	.more = "The copy is consistent and appears whole or not at all. Evidence files are not "
		"in\n"
		"it: they are plain files and never change, so copy their folder AFTER the "
		"store.\n",
};

static const char *const table_names[] = {
	"violations", "passages", "evidence", "alerts", "audit", "streams", NULL};
static const char *const format_names[] = {"csv", "jsonl", NULL};
static const struct arg export_arg_list[] = {
	{"table", 't', ARG_CHOICE, offsetof(struct db_args, table), "TABLE", .names = table_names,
		.help = "violations (default), passages, evidence, alerts, audit or streams"},
	{"format", 'f', ARG_CHOICE, offsetof(struct db_args, format), "FORMAT",
		.names = format_names, .help = "csv (default) or jsonl"},
	{"output", 'o', ARG_TEXT, offsetof(struct db_args, output), "FILE",
		.help = "default: standard output"},
};
static const struct arg_table export_table = {
	.about = "write the rows of a store as CSV or JSON Lines",
	.operands = "STORE",
	.operands_min = 1,
	.operands_max = 1,
	.args = export_arg_list,
	.count = ARG_COUNT(export_arg_list),
};

static int open_store(const char *path, struct store **ret_store)
{
	struct err err = {0};
	struct store_params params = {.path = path, .read_only = true};
	return store_open(&params, &err, ret_store) < 0 ? cli_fail(CLI_DATA, &err) : CLI_OK;
}

struct problems_seen {
	const char *path;
	int count;
};

static void say_problem(void *opaque, const char *problem)
{
	struct problems_seen *seen = opaque;
	seen->count++;
	printf("%s: %s\n", seen->path, problem);
}

static int say_file(void *opaque, int64_t violation_id, const char *path, const char *reason)
{
	struct problems_seen *seen = opaque;
	seen->count++;
	printf("%s: violation %lld: %s %s\n", seen->path, (long long)violation_id, path, reason);
	return 0;
}

int cli_db_check(int argc, char **argv)
{
	struct db_args args = {0};
	struct arg_operands operands;
	struct store *store = NULL;
	struct err err = {0};
	int64_t files = 0;
	int code = args_read(&check_table, argc, argv, &args, &operands);
	if (code != ARGS_GO_ON)
		return code;
	struct problems_seen seen = {operands.items[0], 0};
	code = open_store(seen.path, &store);
	if (code != CLI_OK)
		return code;
	int r = upkeep_check(store, say_problem, &seen, &err);
	if (r >= 0 && !args.no_evidence)
		r = evidence_files_verify(store, say_file, &seen, &err, &files);
	store_close(&store);
	if (r < 0)
		return cli_fail(CLI_DATA, &err);
	if (seen.count > 0)
		printf("%s: %d problems\n", seen.path, seen.count);
	else
		printf("%s: nothing wrong, %lld evidence files as they were sealed\n", seen.path,
			(long long)files);
	code = cli_flush();
	return code == CLI_OK && seen.count > 0 ? CLI_FAILED : code;
}

int cli_db_backup(int argc, char **argv)
{
	struct arg_operands operands;
	struct store *store = NULL;
	struct err err = {0};
	struct db_args args = {0};
	int code = args_read(&backup_table, argc, argv, &args, &operands);
	if (code != ARGS_GO_ON)
		return code;
	code = open_store(operands.items[0], &store);
	if (code != CLI_OK)
		return code;
	int r = upkeep_backup(store, operands.items[1], &err);
	store_close(&store);
	if (r < 0)
		return cli_fail(r == -EBADMSG ? CLI_DATA : CLI_OUTPUT, &err);
	return CLI_OK;
}

static int export_to(struct store *store, const struct db_args *args, FILE *out)
{
	struct err err = {0};
	int r = upkeep_export(
		store, (enum upkeep_table)args->table, (enum upkeep_format)args->format, out, &err);
	if (r == -EBADMSG)
		return cli_fail(CLI_DATA, &err);
	return r < 0 ? cli_fail(CLI_OUTPUT, &err) : CLI_OK;
}

int cli_db_export(int argc, char **argv)
{
	struct db_args args = {0};
	struct arg_operands operands;
	struct store *store = NULL;
	int code = args_read(&export_table, argc, argv, &args, &operands);
	if (code != ARGS_GO_ON)
		return code;
	code = open_store(operands.items[0], &store);
	if (code != CLI_OK)
		return code;
	FILE *out = args.output ? fopen(args.output, "we") : stdout;
	if (!out)
		code = cli_failf(
			CLI_OUTPUT, "%s: cannot be written: %s", args.output, strerror(errno));
	else
		code = export_to(store, &args, out);
	if (out && out != stdout && fclose(out) != 0 && code == CLI_OK)
		code = cli_failf(
			CLI_OUTPUT, "%s: cannot be written: %s", args.output, strerror(errno));
	store_close(&store);
	return code == CLI_OK ? cli_flush() : code;
}
