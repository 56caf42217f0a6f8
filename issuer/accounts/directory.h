/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory - all clients and users in memory, as one snapshot that never changes.
 *
 * Uses:   base, client, store.
 * Pure:   but for directory_load(), which reads the store. Safe to read from any thread.
 * Limits: DIRECTORY_MAX_BYTES; a store that needs more is an error.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_DIRECTORY_H
#define POSTERN_ISSUER_ACCOUNTS_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "issuer/model/client.h"
#include "issuer/store/store.h"
#include "issuer/model/user.h"

#define DIRECTORY_MAX_BYTES ((size_t)1 << 30)

struct directory;

/* ret_directory  given: one reference, directory_unref() drops it. */
MUST_CHECK bool directory_load(
    struct store *store, struct directory **ret_directory, struct err *reterr);

/* Add a reference. Returns its argument. */
struct directory *directory_ref(struct directory *directory);

/* Drop a reference; the last one frees it. Accepts NULL. */
void directory_unref(struct directory *directory);

/* Its clients by their names, linked by `next`; NULL: there is none. Lent by the directory. */
const struct client *directory_first(const struct directory *directory);

/* How many clients there are. */
size_t directory_count(const struct directory *directory);

/* The client of that client_id, or of that name; NULL: there is none. Lent by the directory. */
const struct client *directory_by_id(const struct directory *directory, struct span id);
const struct client *directory_by_name(const struct directory *directory, struct span name);

/* The client of that client_id or else of that name. Lent likewise. */
const struct client *directory_client(const struct directory *directory, struct span name_or_id);

/* The longest token lifetime that a client of it has of its own, in seconds; 0: none has. */
int64_t directory_longest_s(const struct directory *directory);

/* The user of that name; NULL: there is none. Lent by the directory. */
const struct user *directory_user(const struct directory *directory, struct span name);

/* Do both hold the same clients and users, alike in every field? */
bool directory_same(const struct directory *a, const struct directory *b);

/* Do both hold the same clients, whatever their users are? */
bool directory_clients_same(const struct directory *a, const struct directory *b);

#endif
