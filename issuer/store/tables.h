/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables - the tables of the store, in the words of each database.
 *
 * Uses:   nothing.
 * Pure:   yes.
 *
 * Both databases have the same tables and columns after each step.
 */
#ifndef POSTERN_ISSUER_STORE_TABLES_H
#define POSTERN_ISSUER_STORE_TABLES_H

/* The newest schema, and how many steps lead to it. */
#define TABLES_NEWEST 6

struct tables {
	const char *names;   /* the statement that lists the names of all tables */
	const char *version; /* makes the table that says which schema is there */
	/* Step i leads from schema i to schema i + 1. Steps are added, never changed. */
	const char *steps[TABLES_NEWEST];
};

extern const struct tables tables_sqlite;
extern const struct tables tables_postgres;

#endif
