/* SPDX-License-Identifier: Apache-2.0 */
/* stored - a store in a scratch directory, for the tests of the store. */
#ifndef POSTERN_TESTS_ISSUER_STORED_H
#define POSTERN_TESTS_ISSUER_STORED_H

#include "scratch.h"

#include <sqlite3.h>

#include "issuer/store.h"

static struct scratch scratch;
static char path[SCRATCH_ROOM * 2];
static struct err err;

static inline int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	scratch_path(&scratch, "postern.db", path);
	memset(&err, 0, sizeof(err));
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	scratch_done(&scratch);
	return 0;
}

static inline struct store *
open_store(void)
{
	struct store *store = NULL;

	if (!store_open(path, &store, &err))
		fail_msg("%s", err.text);
	return store;
}

static inline void
add(struct store *store, const char *id, const char *name)
{
	struct client client = { .id = id, .name = name, .created_s = 5 };

	if (!store_add(store, &client, &err))
		fail_msg("%s", err.text);
}

static inline void
run_sql(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
