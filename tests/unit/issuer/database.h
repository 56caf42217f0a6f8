/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database - an empty database of a test's own: a file, or with POSTERN_TEST_DATABASE_URL a schema
 * of that PostgreSQL database.
 */
#ifndef POSTERN_TESTS_ISSUER_DATABASE_H
#define POSTERN_TESTS_ISSUER_DATABASE_H

#include "scratch.h"

#include <libpq-fe.h>
#include <sqlite3.h>

#define DATABASE_ROOM (SCRATCH_ROOM * 2)

static inline const char *
database_url(void)
{
	const char *url = getenv("POSTERN_TEST_DATABASE_URL");

	return url != NULL && url[0] != '\0' ? url : NULL;
}

static inline void
database_quiet(void *context, const char *notice)
{
	(void)context;
	(void)notice;
}

static inline void
database_run_postgres(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result;

	if (PQstatus(conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(conn));
	(void)PQsetNoticeProcessor(conn, database_quiet, NULL);
	result = PQexec(conn, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}

static inline void
database_run_sqlite(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* Run SQL behind the store's back. */
static inline void
database_run(const char *database, const char *sql)
{
	if (database_url() != NULL)
		database_run_postgres(database, sql);
	else
		database_run_sqlite(database, sql);
}

static inline void
database_make(const struct scratch *scratch, char out[DATABASE_ROOM])
{
	const char *url = database_url();
	static int made;
	char sql[64];
	int len;

	if (url == NULL) {
		scratch_path(scratch, "postern.db", out);
		return;
	}
	(void)snprintf(sql, sizeof(sql), "CREATE SCHEMA t_%ld_%d", (long)getpid(), ++made);
	database_run_postgres(url, sql);
	len = snprintf(out, DATABASE_ROOM, "%s%coptions=-csearch_path%%3Dt_%ld_%d", url,
	    strchr(url, '?') == NULL ? '?' : '&', (long)getpid(), made);
	assert_true(len > 0 && len < DATABASE_ROOM);
}

static inline void
database_drop(const char *database)
{
	const char *schema = database_url() == NULL ? NULL : strstr(database, "%3D");
	char sql[64];

	if (schema == NULL)
		return;
	(void)snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE", schema + 3);
	database_run_postgres(database, sql);
}

#endif
