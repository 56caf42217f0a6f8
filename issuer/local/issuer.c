/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/local/issuer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "issuer/accounts/last_used_writer.h"
#include "issuer/accounts/revoke_write.h"
#include "issuer/local/running.h"
#include "issuer/keys/mint.h"
#include "issuer/model/scope_grant.h"

#define ARENA_MAX (1u << 20)

/* --- starting and stopping --- */

/* What the endpoints see of the configuration; all texts in the arena. */
static bool
describe_server(struct issuer *issuer)
{
	struct authorization_server *server = &issuer->server;
	struct local *local = &issuer->local;

	if (!local_audiences(local, &server->arena, &server->audiences))
		return false;
	local->resources =
	    (struct texts){ server->audiences.at + 1, server->audiences.count - 1, NULL };
	if (local->introspection_role != NULL)
		local->introspection_role =
		    arena_text(&server->arena, span_of(local->introspection_role));
	server->issuer = local->issuer;
	server->audience = local->audience;
	server->introspection_role = local->introspection_role;
	server->token_lifetime_s = local->token_lifetime_s;
	server->lockout = local->lockout;
	return true;
}

static bool
copy_setup(struct issuer *issuer, const struct issuer_setup *setup)
{
	const struct local *local = setup->local;
	struct local *copy = &issuer->local;

	*copy = *local;
	copy->issuer = arena_text(&issuer->server.arena, span_of(local->issuer));
	copy->audience = arena_text(&issuer->server.arena, span_of(local->audience));
	copy->database = arena_text(&issuer->server.arena, span_of(local->database));
	issuer->state_dir = arena_text(&issuer->server.arena, span_of(setup->state_dir));
	issuer->changed = setup->changed;
	issuer->context = setup->context;
	copy->signing_map = copy->fallback_map = copy->lockout_map = NULL;
	copy->signing.key_map = NULL;
	if (local->signing.key_file != NULL) {
		copy->signing.key_file =
		    arena_text(&issuer->server.arena, span_of(local->signing.key_file));
		if (copy->signing.key_file == NULL)
			return false;
	}
	return copy->issuer != NULL && copy->audience != NULL && copy->database != NULL &&
	       issuer->state_dir != NULL && describe_server(issuer);
}

static void
signing_changed(void *context)
{
	struct issuer *issuer = context;

	issuer_keys_changed(issuer);
	key_publisher_wake(issuer->publisher);
}

static bool
open_signing(struct issuer *issuer, struct err *reterr)
{
	const struct local_signing *local = &issuer->local.signing;
	struct signing_setup setup = { .state_dir = issuer->state_dir,
		.key_file = local->key_file,
		.algorithm = (enum signing_algorithm)local->algorithm,
		.rotate_after_s = local->rotate_after_s,
		.publish_ahead_s = local->publish_ahead_s };

	return signing_open(&setup, &issuer->server.signing, reterr) &&
	       issuer_keys_take(issuer, reterr);
}

/* taken: `store`. */
static bool
start_sync(struct issuer *issuer, struct store *store, struct err *reterr)
{
	struct store_sync_setup setup = { .database = issuer->local.database,
		.store = store,
		.loaded = issuer_directory_take,
		.revoked = issuer_revoked_take,
		.keys = issuer_keys_shared,
		.context = issuer };

	return store_sync_start(&setup, &issuer->server.sync, reterr);
}

static bool
open_login(struct issuer *issuer, struct err *reterr)
{
	issuer->login = login_new(issuer->server.memory, &issuer->local.lockout);
	return issuer->login != NULL || err_set(reterr, "no memory");
}

/* Open the store before the keys are made: a store that is missing although there are keys was
 * lost. */
static bool
start_all(struct issuer *issuer, struct err *reterr)
{
	struct store *store = NULL;

	if (!store_open_at(issuer->local.database, issuer->state_dir, &store, reterr))
		return false;
	if (!open_signing(issuer, reterr) ||
	    !key_publisher_id(issuer->state_dir, issuer->gate_id, reterr) ||
	    !authorization_server_ready(&issuer->server, reterr) || !open_login(issuer, reterr)) {
		store_close(store);
		return false;
	}
	return start_sync(issuer, store, reterr) && issuer_keys_publish(issuer, reterr) &&
	       (rotation_start(
		    issuer->server.signing, signing_changed, issuer, &issuer->rotation) ||
		   err_set(reterr, "signing keys: no thread")) &&
	       last_used_writer_start(
		   issuer->server.last_used, issuer->server.sync, &issuer->writer, reterr);
}

bool
issuer_start(const struct issuer_setup *setup, struct issuer **ret_issuer, struct err *reterr)
{
	struct issuer *issuer = calloc(1, sizeof(*issuer));
	bool done;

	if (issuer == NULL)
		return err_set(reterr, "no memory");
	authorization_server_init(&issuer->server);
	atomic_store(&issuer->owners, 1);
	atomic_store(&issuer->references, 1);
	(void)pthread_mutex_init(&issuer->keys_lock, NULL);
	issuer->server.memory = setup->memory == NULL ? memory_new() : memory_ref(setup->memory);
	if (issuer->server.memory == NULL || !copy_setup(issuer, setup))
		done = err_set(reterr, "no memory");
	else
		done = start_all(issuer, reterr);
	if (!done) {
		issuer_stop(issuer);
		return false;
	}
	*ret_issuer = issuer;
	return true;
}

static bool
signing_same(const struct local_signing *a, const struct local_signing *b)
{
	return a->algorithm == b->algorithm && a->rotate_after_s == b->rotate_after_s &&
	       a->publish_ahead_s == b->publish_ahead_s &&
	       span_equal(span_of(a->key_file), span_of(b->key_file));
}

bool
issuer_same(const struct issuer *issuer, const struct issuer_setup *setup)
{
	const struct local *a = &issuer->local, *b = setup->local;

	return strcmp(a->issuer, b->issuer) == 0 && strcmp(a->audience, b->audience) == 0 &&
	       strcmp(a->database, b->database) == 0 &&
	       schema_texts_same(&a->resources, &b->resources) &&
	       span_equal(span_of(a->introspection_role), span_of(b->introspection_role)) &&
	       memcmp(&a->lockout, &b->lockout, sizeof(a->lockout)) == 0 &&
	       a->accept == b->accept && a->token_lifetime_s == b->token_lifetime_s &&
	       a->basic == b->basic && signing_same(&a->signing, &b->signing) &&
	       strcmp(issuer->state_dir, setup->state_dir) == 0 &&
	       issuer->changed == setup->changed && issuer->context == setup->context;
}

struct issuer *
issuer_ref(struct issuer *issuer)
{
	atomic_fetch_add(&issuer->owners, 1);
	atomic_fetch_add(&issuer->references, 1);
	return issuer;
}

void
issuer_halt(struct issuer *issuer)
{
	if (atomic_fetch_sub(&issuer->owners, 1) != 1)
		return;
	last_used_writer_stop(issuer->writer);
	rotation_stop(issuer->rotation);
	key_publisher_stop(issuer->publisher);
	if (issuer->server.sync != NULL)
		store_sync_halt(issuer->server.sync);
}

void
issuer_unref(struct issuer *issuer)
{
	if (issuer == NULL || atomic_fetch_sub(&issuer->references, 1) != 1)
		return;
	store_sync_stop(issuer->server.sync);
	signing_close(issuer->server.signing);
	login_free(issuer->login);
	(void)pthread_mutex_destroy(&issuer->keys_lock);
	authorization_server_done(&issuer->server);
	free(issuer);
}

void
issuer_stop(struct issuer *issuer)
{
	if (issuer == NULL)
		return;
	issuer_halt(issuer);
	issuer_unref(issuer);
}

/* --- what the gate asks --- */

void
issuer_stand_by(struct issuer *issuer, bool stands_by)
{
	atomic_store(&issuer->server.stands_by, stands_by);
}

bool
issuer_stands_by(const struct issuer *issuer)
{
	return atomic_load(&issuer->server.stands_by);
}

void
issuer_parts_take(struct issuer *issuer, struct issuer_parts *ret_parts)
{
	authorization_server_parts(&issuer->server, ret_parts);
}

struct login *
issuer_login(const struct issuer *issuer)
{
	return issuer->login;
}

const struct texts *
issuer_audiences(const struct issuer *issuer)
{
	return &issuer->server.audiences;
}

uint64_t
issuer_generation(const struct issuer *issuer)
{
	return atomic_load(&issuer->generation);
}

/* --- what it writes --- */

bool
issuer_revoke(
    struct issuer *issuer, const struct revocation *revocation, bool *ret_new, struct err *reterr)
{
	return revoke_write(issuer->server.sync, revocation, ret_new, reterr);
}

int64_t
issuer_database_away_s(const struct issuer *issuer, struct err *ret_why)
{
	return store_sync_away_s(issuer->server.sync, ret_why);
}

/* What is to be written. */
struct rehash {
	const char *name, *from, *to;
};

/* Replace only the hash that the password was checked against: a password changed in the meantime
 * is left alone. */
static bool
write_hash(struct store *store, void *context, struct err *reterr)
{
	const struct rehash *rehash = context;
	struct user *user = NULL;
	struct arena arena;
	bool done;

	arena_init(&arena, ARENA_MAX);
	done =
	    store_user_find(store, &(struct store_wanted){ rehash->name, &arena }, &user, reterr);
	if (done && user != NULL && strcmp(user->hash, rehash->from) == 0)
		done = store_user_rehash(store, user, rehash->to, reterr);
	arena_done(&arena);
	return done;
}

void
issuer_rehash(struct issuer *issuer, const struct login_attempt *attempt)
{
	char hash[PASSWORD_HASH_ROOM];
	struct rehash rehash = { .from = attempt->hash, .to = hash };
	struct store_sync_change change = { write_hash, &rehash };
	struct arena arena;
	struct err err;

	if (!password_stale(attempt->hash))
		return;
	arena_init(&arena, ARENA_MAX);
	rehash.name = arena_text(&arena, attempt->name);
	if (rehash.name == NULL || !login_rehash(issuer->login, attempt, hash))
		(void)err_set(&err, "no memory");
	else if (store_sync_change(issuer->server.sync, &change, &err))
		err.text[0] = '\0';
	/* The old hash stays valid, and the next login tries again. */
	if (err.text[0] != '\0')
		log_event(LOG_WARN, "rehash_failed", "a password cannot be rehashed: %s", err.text);
	arena_done(&arena);
}

/* --- endpoints --- */

bool
issuer_serves(const struct issuer *issuer, struct span path)
{
	const struct endpoint_request request = { .path = path };

	return endpoint_read_line(&issuer->server.paths, &request).endpoint != ENDPOINT_COUNT;
}

bool
issuer_at_once(struct issuer *issuer, const struct endpoint_request *request)
{
	return endpoints_at_once(&issuer->server, request);
}

void
issuer_answer(struct issuer *issuer, const struct endpoint_request *request, int64_t now_s,
    struct endpoint_answer *answer)
{
	endpoints_answer(&issuer->server, request, now_s, answer);
}

/* --- tokens for the operator of the machine --- */

static const char *
audience_of(const struct issuer *issuer, const struct issuer_wanted *wanted)
{
	return wanted->audience != NULL ? wanted->audience : issuer->local.audience;
}

bool
issuer_mint(struct issuer *issuer, const struct issuer_wanted *wanted, struct buffer *token,
    struct err *reterr)
{
	const struct client *client = wanted->client;
	struct scope_request request = { client, span_of(wanted->scope),
		issuer->local.token_lifetime_s };
	struct scope_grant granted;
	struct arena arena;
	bool done;

	arena_init(&arena, ARENA_MAX);
	if (!scope_grant_decide(&request, &arena, &granted)) {
		done = err_set(reterr, "the client may not have that scope");
	} else {
		struct mint mint = { .issuer = issuer->local.issuer,
			.audience = audience_of(issuer, wanted),
			.subject = client->id,
			.client_id = client->id,
			.incarnation = client->incarnation,
			.scope = granted.scope,
			.claims = &client->claims,
			.now_s = clock_now_s(),
			.lifetime_s = granted.lifetime_s };

		done = mint_token(issuer->server.signing, &mint, token, reterr);
	}
	arena_done(&arena);
	return done;
}

bool
issuer_mint_user(struct issuer *issuer, const struct issuer_wanted *wanted, struct buffer *token,
    struct err *reterr)
{
	struct mint mint = { .issuer = issuer->local.issuer,
		.audience = audience_of(issuer, wanted),
		.subject = wanted->user->name,
		.incarnation = wanted->user->incarnation,
		.now_s = clock_now_s(),
		.lifetime_s = issuer->local.token_lifetime_s };

	return mint_token(issuer->server.signing, &mint, token, reterr);
}
