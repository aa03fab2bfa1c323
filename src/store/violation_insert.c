#include "store/violation_insert.h"

#include "store/sql_rows.h"

#include <math.h>
#include <stddef.h>

enum kind { INT, INT64, TRACK, REAL, SIDE, TEXT };

/* In the order of the statement below. */
static const struct {
	enum kind kind;
	size_t offset;
} columns[] = {
	{INT64, offsetof(struct violation_row, id)},
	{TEXT, offsetof(struct violation_row, key)},
	{INT64, offsetof(struct violation_row, at.us)},
	{TEXT, offsetof(struct violation_row, device)},
	{TEXT, offsetof(struct violation_row, type)},
	{INT, offsetof(struct violation_row, severity)},
	{TEXT, offsetof(struct violation_row, rule)},
	{TRACK, offsetof(struct violation_row, track_id)},
	{TEXT, offsetof(struct violation_row, class_name)},
	{TEXT, offsetof(struct violation_row, plate)},
	{REAL, offsetof(struct violation_row, measured)},
	{REAL, offsetof(struct violation_row, uncertainty)},
	{REAL, offsetof(struct violation_row, limit)},
	{REAL, offsetof(struct violation_row, tolerance)},
	{TEXT, offsetof(struct violation_row, unit)},
	{SIDE, offsetof(struct violation_row, box.x1)},
	{SIDE, offsetof(struct violation_row, box.y1)},
	{SIDE, offsetof(struct violation_row, box.x2)},
	{SIDE, offsetof(struct violation_row, box.y2)},
	{TEXT, offsetof(struct violation_row, explanation)},
	{TEXT, offsetof(struct violation_row, evidence_path)},
	{TEXT, offsetof(struct violation_row, record)},
	{INT64, offsetof(struct violation_row, config_version)},
};

static const char insert_text[] =
	"INSERT INTO violations(id, key, at_us, device, type, severity, rule, track_id, class,"
	" plate, measured, uncertainty, limit_value, tolerance, unit, x1, y1, x2, y2, explanation,"
	" evidence, record, config_version)"
	" SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17,"
	" c18, c19, c20, c21, c22 FROM given";

static double side(const struct box *box, float value)
{
	return box->x2 > box->x1 && box->y2 > box->y1 ? (double)value : NAN;
}

static void cell(const void *rows, size_t index, int column, struct sqlite3_context *to)
{
	const struct violation_row *row = ((const struct violation_row *const *)rows)[index];
	const void *at = (const char *)row + columns[column].offset;
	switch (columns[column].kind) {
	case INT:
		sql_rows_int(to, *(const int *)at);
		break;
	case TRACK:
		if (row->track_id < 0)
			break;
		/* fall through */
	case INT64:
		sql_rows_int(to, *(const int64_t *)at);
		break;
	case REAL:
		sql_rows_real(to, *(const double *)at);
		break;
	case SIDE:
		sql_rows_real(to, side(&row->box, *(const float *)at));
		break;
	case TEXT:
		sql_rows_text(to, *(const char *const *)at);
		break;
	}
}

int violation_insert_rows(
	struct sql *sql, const struct violation_row *const *rows, size_t count, struct err *err)
{
	return sql_run_rows(sql, insert_text, &(struct sql_rows){cell, rows, count}, err);
}
