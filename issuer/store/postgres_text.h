/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_text - statements that were written for SQLite, in PostgreSQL's words.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_ISSUER_STORE_POSTGRES_TEXT_H
#define POSTERN_ISSUER_STORE_POSTGRES_TEXT_H

#include "base/buffer.h"

/* Append the statement with its parameters ?1, ?2 … as $1, $2 …; what stands in quotes stays. */
void postgres_text_query(struct buffer *buffer, const char *text);

/* Append a script: types as PostgreSQL calls them, texts compared byte by byte, without the table
 * options that only SQLite has. What stands in quotes stays. */
void postgres_text_script(struct buffer *buffer, const char *text);

#endif
