/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "issuer/local/running.h"

#define ARENA_MAX (1u << 20)

/* What is to be written. */
struct change {
	const char *name, *from, *to;
};

/* Only in the place of the very hash that the password was right against: one that was changed
 * meanwhile stays. */
static bool
write_down(struct store *store, void *context, struct err *reterr)
{
	const struct change *change = context;
	struct user *user = NULL;
	struct arena arena;
	bool done;

	arena_init(&arena, ARENA_MAX);
	done = store_user_find(store, change->name, &arena, &user, reterr);
	if (done && user != NULL && strcmp(user->hash, change->from) == 0)
		done = store_user_rehash(store, user, change->to, reterr);
	arena_done(&arena);
	return done;
}

void
issuer_rehash(struct issuer *issuer, const struct login_attempt *attempt)
{
	char hash[PASSWORD_HASH_ROOM];
	struct change change = { .from = attempt->hash, .to = hash };
	struct store_sync_change write = { write_down, &change };
	struct arena arena;
	struct err err;

	if (!password_stale(attempt->hash))
		return;
	arena_init(&arena, ARENA_MAX);
	change.name = arena_text(&arena, attempt->name);
	if (change.name == NULL || !login_rehash(issuer->login, attempt, hash))
		(void)err_set(&err, "no memory");
	else if (store_sync_change(issuer->server.sync, &write, &err))
		err.text[0] = '\0';
	/* The old hash goes on to count: the next login tries again. */
	if (err.text[0] != '\0')
		log_event(
		    LOG_WARN, "rehash_failed", "a password cannot be hashed anew: %s", err.text);
	arena_done(&arena);
}
