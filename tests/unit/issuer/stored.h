/* SPDX-License-Identifier: Apache-2.0 */
/* stored - a store in a scratch directory, or in PostgreSQL, for the tests of the store. */
#ifndef POSTERN_TESTS_ISSUER_STORED_H
#define POSTERN_TESTS_ISSUER_STORED_H

#include "database.h"

#include "issuer/store/store.h"

static struct scratch scratch;
static char path[DATABASE_ROOM];
static struct err err;

static inline int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	database_make(&scratch, path);
	memset(&err, 0, sizeof(err));
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	database_drop(path);
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
	database_run(path, sql);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
