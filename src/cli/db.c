/* gantry db: check, copy and export a store, and let go what need not be kept. */
#include "cli/args.h"
#include "cli/cli.h"
#include "store/evidence_files.h"
#include "store/retention.h"
#include "store/upkeep.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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
	"violations", "passages", "evidence", "alerts", "audit", "streams", "congestion", NULL};
static const char *const format_names[] = {"csv", "jsonl", NULL};
static const struct arg export_arg_list[] = {
	{"table", 't', ARG_CHOICE, offsetof(struct db_args, table), "TABLE", .names = table_names,
		.help = "violations (default), passages, evidence, alerts, audit, streams or "
			"congestion"},
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

struct retain_args {
	struct retention_params params; /* but for the sizes, which are counted in doubles here */
	double evidence_gb, violations_max, passages_max, alerts_max, audit_max;
};

#define DAYS(member) ARG_REAL, offsetof(struct retain_args, params.member), "DAYS", .max = 36500
#define ROWS(member) ARG_REAL, offsetof(struct retain_args, member), "COUNT", .max = 1e12
static const struct arg retain_arg_list[] = {
	{"violations-days", 0, DAYS(violations_days), .help = "older violations leave"},
	{"violations-max", 0, ROWS(violations_max), .help = "the oldest above so many leave"},
	{"confirmed-days", 0, DAYS(confirmed_days),
		.help = "confirmed ones stay at least so long; default: for ever"},
	{"pending-days", 0, DAYS(pending_days),
		.help = "unreviewed ones stay at least so long; default 0"},
	{"evidence-days", 0, DAYS(evidence_days), .help = "older evidence files leave"},
	{"evidence-gb", 0, ARG_REAL, offsetof(struct retain_args, evidence_gb), "GB", .max = 1e9,
		.help = "the oldest files above that size together leave"},
	{"passages-days", 0, DAYS(passages_days), .help = "older passages leave"},
	{"passages-max", 0, ROWS(passages_max), .help = "the oldest above so many leave"},
	{"alerts-days", 0, DAYS(alerts_days), .help = "older alerts that have ended leave"},
	{"alerts-max", 0, ROWS(alerts_max), .help = "the oldest of them above so many leave"},
	{"audit-days", 0, DAYS(audit_days), .help = "older lines of the audit log leave"},
	{"audit-max", 0, ROWS(audit_max), .help = "the oldest above so many leave"},
	{"sums-days", 0, DAYS(sums_days), .help = "older statistics of violations leave"},
	{"traffic-sums-days", 0, DAYS(traffic_sums_days),
		.help = "older statistics of traffic leave"},
};
static const struct arg_table retain_table = {
	.about = "let go what is older, or more, than is to be kept",
	.operands = "STORE",
	.operands_min = 1,
	.operands_max = 1,
	.args = retain_arg_list,
	.count = ARG_COUNT(retain_arg_list),
	.more = "Never: a violation that a case holds or that a backend has not been told of, and "
		"its files.\n"
		"Needs a store to which nothing writes; 'gantry serve' does it by itself.\n",
};

static struct retention_params params_of(const struct retain_args *args)
{
	struct retention_params params = args->params;
	params.evidence_bytes = (int64_t)(args->evidence_gb * 1e9);
	params.violations_max = (int64_t)args->violations_max;
	params.passages_max = (int64_t)args->passages_max;
	params.alerts_max = (int64_t)args->alerts_max;
	params.audit_max = (int64_t)args->audit_max;
	return params;
}

static void say_report(const char *path, const struct retention_report *report)
{
	printf("%s: %lld violations, %lld evidence files (%.1f MB), %lld passages, %lld alerts, "
	       "%lld audit lines left\n",
		path, (long long)report->violations, (long long)report->files,
		(double)report->bytes / 1e6, (long long)report->passages, (long long)report->alerts,
		(long long)report->audit);
	if (report->kept > 0)
		printf("%s: %lld violations are older and still needed\n", path,
			(long long)report->kept);
}

int cli_db_retain(int argc, char **argv)
{
	struct retain_args args = {0};
	struct retention_report report = {0};
	struct arg_operands operands;
	struct store *store = NULL;
	struct err err = {0};
	int code = args_read(&retain_table, argc, argv, &args, &operands);
	if (code != ARGS_GO_ON)
		return code;
	const char *path = operands.items[0];
	if (access(path, F_OK) < 0)
		return cli_failf(CLI_DATA, "%s: %s", path, strerror(errno));
	struct retention_params params = params_of(&args);
	int r = store_open(&(struct store_params){.path = path, .group_us = 1}, &err, &store);
	if (r < 0)
		return cli_fail(CLI_DATA, &err);
	r = retention_apply(store, &params, wall_now(), &err, &report);
	store_close(&store);
	say_report(path, &report);
	code = cli_flush();
	return r < 0 ? cli_fail(CLI_OUTPUT, &err) : code;
}
