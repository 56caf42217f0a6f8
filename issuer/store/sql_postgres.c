/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine of PostgreSQL. Every wait for the server has a time limit: if it does not answer in
 * time the connection is lost, and every later call fails at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "issuer/store/postgres_connect.h"
#include "issuer/store/postgres_wire.h"
#include "issuer/store/sql.h"

/* The server cancels a statement after five seconds; one that does not is considered lost. */
#define ANSWER_MS 7000
/* A ping takes the server no work, so its limit is short. */
#define PING_MS 3000

struct postgres {
	struct sql sql;
	PGconn *conn;
	int answer_ms;  /* how long a statement may take */
	bool lost;      /* what state it is in is not known */
	bool committed; /* we did, since the last look for news */
};

/* Rows that are looked at. */
struct rows {
	PGresult *result;
	bool misread; /* a number was asked for where none is */
};

static struct postgres *
of(struct sql *sql)
{
	return (struct postgres *)(void *)sql;
}

/* Mark the connection as lost, with the error of libpq, or that the server does not answer. */
static bool
lose(struct postgres *pg, struct err *reterr)
{
	pg->lost = true;
	if (PQstatus(pg->conn) != CONNECTION_OK)
		return postgres_says(pg->sql.name, pg->conn, PQerrorMessage(pg->conn), reterr);
	return err_set(reterr, "%s: the database does not answer", pg->sql.name);
}

static bool
fail(struct postgres *pg, const PGresult *result, struct err *reterr)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (PQstatus(pg->conn) != CONNECTION_OK)
		pg->lost = true;
	return postgres_says(
	    pg->sql.name, pg->conn, primary != NULL ? primary : PQerrorMessage(pg->conn), reterr);
}

/* --- rows --- */

static struct span
pg_column(const struct sql_row *row, int column)
{
	const struct rows *rows = row->at;

	return (struct span){ PQgetvalue(rows->result, row->index, column),
		(size_t)PQgetlength(rows->result, row->index, column) };
}

static int64_t
pg_column_number(const struct sql_row *row, int column)
{
	struct rows *rows = row->at;
	const char *text = PQgetvalue(rows->result, row->index, column);
	char *end = NULL;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0) {
		rows->misread = true;
		return 0;
	}
	return number;
}

static bool
each_row(struct postgres *pg, struct sql_query *query, PGresult *result, struct err *reterr)
{
	struct rows rows = { result, false };
	struct sql_row row = { &sql_postgres, &rows, 0 };

	if (query->each == NULL)
		return true;
	for (; row.index < PQntuples(result); row.index++) {
		if (!query->each(query->context, &row, reterr))
			return false;
		if (rows.misread)
			return err_set(
			    reterr, "%s: the database is damaged (no number)", pg->sql.name);
	}
	return true;
}

static bool
take(struct postgres *pg, struct sql_query *query, PGresult *result, struct err *reterr)
{
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK)
		return each_row(pg, query, result, reterr);
	if (status != PGRES_COMMAND_OK)
		return fail(pg, result, reterr);
	query->changed = strtoll(PQcmdTuples(result), NULL, 10);
	return true;
}

/* Every result is read also after a failure, so that the next statement finds its own. */
static bool
finish(struct postgres *pg, struct sql_query *query, struct err *reterr)
{
	int64_t until_us = clock_mono_us() + pg->answer_ms * INT64_C(1000);
	PGresult *result;
	bool done = true;

	if (!postgres_flush(pg->conn, until_us))
		return lose(pg, reterr);
	while (postgres_next(pg->conn, until_us, &result)) {
		if (result == NULL)
			return done;
		done = done && take(pg, query, result, reterr);
		PQclear(result);
	}
	return lose(pg, reterr);
}

/* --- statements --- */

static bool
usable(const struct postgres *pg, struct err *reterr)
{
	return !pg->lost || err_set(reterr, "%s: the connection was lost", pg->sql.name);
}

static bool
pg_run(struct sql *sql, struct sql_query *query, struct err *reterr)
{
	struct postgres *pg = of(sql);

	if (!usable(pg, reterr))
		return false;
	if (!postgres_send(pg->conn, query))
		return fail(pg, NULL, reterr);
	/* Row by row, so that a hundred thousand clients are not in memory twice. */
	if (query->each != NULL)
		(void)PQsetSingleRowMode(pg->conn);
	return finish(pg, query, reterr);
}

/* Statements without parameters, several at once. */
static bool
exec(struct postgres *pg, const char *text, struct err *reterr)
{
	struct sql_query query = { .text = text };

	if (!usable(pg, reterr))
		return false;
	if (PQsendQuery(pg->conn, text) == 0)
		return fail(pg, NULL, reterr);
	return finish(pg, &query, reterr);
}

static bool
pg_script(struct sql *sql, const char *text, struct err *reterr)
{
	return exec(of(sql), text, reterr);
}

/* --- transactions --- */

/* One writer at a time, whatever it writes: of two that migrate an empty database at once, the
 * second finds it done. By schema, since that is what a database of ours is. */
#define WRITER_LOCK "SELECT pg_advisory_xact_lock(1886351220, hashtext(current_schema()))"

static bool
start(struct sql *sql, const char *text, struct err *reterr)
{
	struct postgres *pg = of(sql);

	if (exec(pg, text, reterr))
		return true;
	/* The first half may have been done. */
	if (!pg->lost && PQtransactionStatus(pg->conn) != PQTRANS_IDLE) {
		struct err ignored;

		(void)exec(pg, "ROLLBACK", &ignored);
	}
	return false;
}

static bool
pg_begin(struct sql *sql, struct err *reterr)
{
	return start(sql, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " WRITER_LOCK, reterr);
}

static bool
pg_snapshot(struct sql *sql, struct err *reterr)
{
	return start(sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", reterr);
}

/* COMMIT of a transaction that failed is answered with ROLLBACK, and no error. */
static bool
pg_end(struct sql *sql, bool well, struct err *reterr)
{
	struct postgres *pg = of(sql);
	struct err ignored;

	if (well && !pg->lost && PQtransactionStatus(pg->conn) == PQTRANS_INTRANS) {
		if (exec(pg, "COMMIT", reterr)) {
			pg->committed = true;
			return true;
		}
		if (pg->lost)
			return err_set(reterr,
			    "%s: the connection was lost: whether the change was kept is not known",
			    sql->name);
	} else if (well) {
		(void)err_set(reterr, "%s: the transaction failed", sql->name);
	}
	if (!pg->lost)
		(void)exec(pg, "ROLLBACK", &ignored);
	return false;
}

/* --- opening --- */

static void
quiet(void *context, const char *message)
{
	(void)context;
	(void)message;
}

/* Settings that we rely on, and that a role or database may override. */
static bool
settle(struct postgres *pg, struct err *reterr)
{
	return exec(pg,
	    "SET statement_timeout = 5000; SET lock_timeout = 5000;"
	    "SET idle_in_transaction_session_timeout = 60000;"
	    "SET standard_conforming_strings = on; SET synchronous_commit = on;"
	    "SET client_min_messages = error; SET datestyle = ISO;"
	    "LISTEN postern_changed",
	    reterr);
}

static void
pg_close(struct sql *sql)
{
	struct postgres *pg = of(sql);

	PQfinish(pg->conn);
	free(pg->sql.name);
	free(pg);
}

static bool
pg_open(const char *database, enum sql_how how, struct sql **ret_sql, struct err *reterr)
{
	struct postgres *pg = calloc(1, sizeof(*pg));

	(void)how; /* the store checks whether it has tables */
	if (pg == NULL)
		return err_set(reterr, "no memory");
	pg->sql.engine = &sql_postgres;
	pg->answer_ms = ANSWER_MS;
	if (!postgres_connect(database, &pg->sql.name, &pg->conn, reterr)) {
		pg_close(&pg->sql);
		return false;
	}
	(void)PQsetNoticeProcessor(pg->conn, quiet, NULL);
	if (PQsetnonblocking(pg->conn, 1) != 0 || !settle(pg, reterr)) {
		pg_close(&pg->sql);
		return false;
	}
	*ret_sql = &pg->sql;
	return true;
}

/* --- news --- */

/* Only checks whether the server, or its kernel, has already closed the connection. */
static bool
pg_same(struct sql *sql, struct err *reterr)
{
	struct postgres *pg = of(sql);

	if (!usable(pg, reterr))
		return false;
	if (PQconsumeInput(pg->conn) != 0 && PQstatus(pg->conn) == CONNECTION_OK)
		return true;
	pg->lost = true;
	return fail(pg, NULL, reterr);
}

/* Notifications received so far; no round trip. Our own are among them. */
static bool
pg_news(struct sql *sql, bool *ret_news, struct err *reterr)
{
	struct postgres *pg = of(sql);
	PGnotify *notify;

	if (!pg_same(sql, reterr))
		return false;
	*ret_news = pg->committed;
	pg->committed = false;
	while ((notify = PQnotifies(pg->conn)) != NULL) {
		*ret_news = true;
		PQfreemem(notify);
	}
	return true;
}

static bool
pg_notify(struct sql *sql, struct err *reterr)
{
	return exec(of(sql), "NOTIFY postern_changed", reterr);
}

static int
pg_descriptor(const struct sql *sql)
{
	const struct postgres *pg = (const struct postgres *)(const void *)sql;

	return PQsocket(pg->conn);
}

static bool
pg_renewed(const struct sql *sql)
{
	return ((const struct postgres *)(const void *)sql)->lost;
}

static bool
pg_ping(struct sql *sql, struct err *reterr)
{
	struct postgres *pg = of(sql);
	bool done;

	pg->answer_ms = PING_MS;
	done = exec(pg, "SELECT 1", reterr);
	pg->answer_ms = ANSWER_MS;
	return done;
}

static bool
pg_backup(struct sql *sql, const char *path, struct err *reterr)
{
	(void)path;
	return err_set(reterr, "%s: use pg_dump for a copy of a PostgreSQL database", sql->name);
}

const struct sql_engine sql_postgres = {
	.open = pg_open,
	.close = pg_close,
	.run = pg_run,
	.script = pg_script,
	.begin = pg_begin,
	.snapshot = pg_snapshot,
	.end = pg_end,
	.news = pg_news,
	.notify = pg_notify,
	.descriptor = pg_descriptor,
	.same = pg_same,
	.renewed = pg_renewed,
	.ping = pg_ping,
	.backup = pg_backup,
	.column = pg_column,
	.column_number = pg_column_number,
};
