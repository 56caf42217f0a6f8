/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view - all clients and users in memory, as one snapshot that never changes.
 *
 * Uses:   base, client, store.
 * Pure:   but for view_load(), which reads the store. Safe to read from any thread.
 * Limits: VIEW_MAX_BYTES; a store that needs more is an error.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_VIEW_H
#define POSTERN_ISSUER_ACCOUNTS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "issuer/model/client.h"
#include "issuer/store/store.h"
#include "issuer/model/user.h"

#define VIEW_MAX_BYTES ((size_t)1 << 30)

struct view;

/* ret_view  given: one reference, view_unref() drops it. */
MUST_CHECK bool view_load(struct store *store, struct view **ret_view, struct err *reterr);

/* One more holder. Returns its argument. */
struct view *view_ref(struct view *view);

/* One less; the last one frees it. Accepts NULL. */
void view_unref(struct view *view);

/* How many clients there are. */
size_t view_count(const struct view *view);

/* The client of that client_id, or of that name; NULL: there is none. Lent by the view. */
const struct client *view_by_id(const struct view *view, struct span id);
const struct client *view_by_name(const struct view *view, struct span name);

/* The client of that client_id or else of that name. Lent likewise. */
const struct client *view_client(const struct view *view, struct span name_or_id);

/* The longest token lifetime that a client of it has of its own, in seconds; 0: none has. */
int64_t view_longest_s(const struct view *view);

/* The user of that name; NULL: there is none. Lent by the view. */
const struct user *view_user(const struct view *view, struct span name);

/* Do both hold the same clients and users, alike in every field? */
bool view_same(const struct view *a, const struct view *b);

/* Do both hold the same clients, whatever their users are? */
bool view_clients_same(const struct view *a, const struct view *b);

#endif
