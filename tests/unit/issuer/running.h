/* SPDX-License-Identifier: Apache-2.0 */
/* running - a local issuer started in a scratch directory, with one client. */
#ifndef POSTERN_TESTS_ISSUER_RUNNING_H
#define POSTERN_TESTS_ISSUER_RUNNING_H

#include "database.h"

#include <stdatomic.h>

#include "issuer/admin/admin.h"
#include "issuer/local/issuer.h"

struct running {
	struct scratch scratch;
	char database[DATABASE_ROOM];
	struct local local;
	struct issuer *issuer;
	struct store *store; /* another connection, as a command has one */
	struct admin_made made;
	_Atomic int changes;
};

static inline void
running_changed(void *context)
{
	struct running *running = context;

	atomic_fetch_add(&running->changes, 1);
}

static inline void
running_start(struct running *running)
{
	struct issuer_setup setup = { .local = &running->local,
		.state_dir = running->scratch.dir,
		.changed = running_changed,
		.context = running };
	struct err err;

	if (!issuer_start(&setup, &running->issuer, &err))
		fail_msg("%s", err.text);
}

/* An issuer at `url`, and the client "partner" with the scopes "a" and "b". */
static inline void
running_init(struct running *running, const char *url)
{
	static const char *scopes[] = { "a", "b" };
	struct admin_new new_client = { .name = "partner", .fields.scopes = { scopes, 2, NULL } };
	struct err err;

	memset(running, 0, sizeof(*running));
	scratch_init(&running->scratch);
	database_make(&running->scratch, running->database);
	running->local = (struct local){ .issuer = url,
		.audience = "api://local",
		.database = running->database,
		.token_lifetime_s = 3600,
		.lockout = { .failures = 5, .first_s = 60, .most_s = 300, .forget_s = 3600 } };
	if (!store_open(running->database, &running->store, &err))
		fail_msg("%s", err.text);
	assert_int_equal(admin_add(running->store, &new_client, &running->made, &err), ADMIN_OK);
	running_start(running);
}

/* What the issuer has now; issuer_parts_drop() it. */
static inline struct issuer_parts
running_parts(const struct running *running)
{
	struct issuer_parts parts;

	issuer_parts_take(running->issuer, &parts);
	return parts;
}

/* Does it know that client, by its id or name? */
static inline bool
running_knows(const struct running *running, struct span name_or_id)
{
	struct issuer_parts parts = running_parts(running);
	bool knows = directory_client(parts.directory, name_or_id) != NULL;

	issuer_parts_drop(&parts);
	return knows;
}

static inline void
running_done(struct running *running)
{
	issuer_stop(running->issuer);
	store_close(running->store);
	database_drop(running->database);
	scratch_done(&running->scratch);
}

#endif
