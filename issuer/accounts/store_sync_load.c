/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/store_sync_load.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "issuer/accounts/audit_log.h"

/* What is being loaded. */
struct loading {
	struct store_sync_load *load;
	const struct store_sync_setup *setup;
	struct store *store;
	int64_t dated; /* as of struct store_version */
	bool all;
};

static bool
load_principals(const struct loading *loading, struct err *reterr)
{
	struct directory *directory = NULL;

	if (!directory_load(loading->store, &directory, reterr))
		return false;
	loading->setup->loaded(loading->setup->context, directory);
	return true;
}

static void
say_dated(const struct revocation *one)
{
	int64_t off_s = one->instead_s - one->before_s;

	/* A moment passes between the command and us: no reason for a warning. */
	if (off_s <= 2 && off_s >= -2)
		return;
	log_event(LOG_WARN, "revocation_redated",
	    "revoked until now by %s, whose clock is off by %+lld s: dated by the clock here",
	    one->by, (long long)off_s);
}

/* Dated by our clock, in force at once; the thread writes the date to the store later. */
static void
date_revocations(const struct loading *loading, struct revocation *first)
{
	int64_t now_s = clock_now_s();

	for (struct revocation *one = first; one != NULL; one = one->next) {
		bool fresh = loading->dated >= 0 && one->number > loading->dated;

		if (fresh && revocation_until_now(one))
			loading->load->undated = true;
		if (!revocation_date(one, fresh, now_s))
			continue;
		loading->load->undated = true;
		say_dated(one);
	}
}

static bool
load_revocations(const struct loading *loading, struct err *reterr)
{
	const struct store_sync_setup *setup = loading->setup;
	int64_t after = loading->all ? 0 : loading->load->version.revocations;
	struct store_revocations found;
	struct arena arena;
	bool done;

	if (setup->revoked == NULL)
		return true;
	arena_init(&arena, DIRECTORY_MAX_BYTES);
	done = store_revocations(
	    loading->store, &(struct store_after){ after, &arena }, &found, reterr);
	if (done) {
		date_revocations(loading, found.first);
		done = setup->revoked(setup->context, found.first, reterr);
	}
	arena_done(&arena);
	return done;
}

static bool
load_keys(const struct loading *loading, struct err *reterr)
{
	const struct store_sync_setup *setup = loading->setup;
	struct store_key *first = NULL;
	struct arena arena;
	bool done;

	if (setup->keys == NULL)
		return true;
	arena_init(&arena, DIRECTORY_MAX_BYTES);
	done = store_keys(loading->store, &arena, &first, reterr);
	if (done)
		setup->keys(setup->context, first);
	arena_done(&arena);
	return done;
}

/* A counter went back, or the database was restored: what was loaded may no longer be there. */
static bool
other_history(const struct store_version *had, const struct store_version *now)
{
	return now->restored != had->restored || now->principals < had->principals ||
	       now->revocations < had->revocations || now->keys < had->keys ||
	       now->audit < had->audit;
}

/* A counter is noted once what it counts was loaded, so that a failure is retried. */
static bool
load_newer(const struct loading *loading, const struct store_version *now, struct err *reterr)
{
	struct store_version *had = &loading->load->version;

	if (loading->all || now->principals != had->principals) {
		if (!load_principals(loading, reterr))
			return false;
		had->principals = now->principals;
	}
	if (loading->all || now->revocations != had->revocations) {
		if (!load_revocations(loading, reterr))
			return false;
		had->revocations = now->revocations;
	}
	if (loading->all || now->keys != had->keys) {
		if (!load_keys(loading, reterr))
			return false;
		had->keys = now->keys;
	}
	if (loading->all || now->audit != had->audit) {
		/* At the start, older audit rows stay in the store: they are not this gate's news.
		 */
		if (!loading->all && !audit_log(loading->store, had->audit, reterr))
			return false;
		had->audit = now->audit;
	}
	had->restored = now->restored;
	return true;
}

bool
store_sync_load(struct store_sync_load *load, const struct store_sync_setup *setup,
    struct store *store, struct err *reterr)
{
	struct loading loading = { .load = load, .setup = setup, .store = store };
	struct store_version now;

	/* Read the version first: a later commit is then noticed at the next look. */
	if (!store_version(store, &now, reterr))
		return false;
	if (load->loaded && other_history(&load->version, &now))
		load->loaded = false;
	loading.dated = now.dated;
	loading.all = !load->loaded;
	if (!load_newer(&loading, &now, reterr))
		return false;
	load->loaded = true;
	return true;
}

bool
store_sync_load_current(const struct store_sync_load *load, struct store *store)
{
	const struct store_version *had = &load->version;
	struct store_version now;
	struct err err; /* store_sync_load() meets it again, and tells */

	return load->loaded && store_version(store, &now, &err) && now.restored == had->restored &&
	       now.principals == had->principals && now.revocations == had->revocations &&
	       now.keys == had->keys && now.audit == had->audit;
}
