/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/issuer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "issuer/bookkeeper.h"
#include "issuer/endpoint.h"
#include "issuer/mint.h"
#include "issuer/wish.h"

#define ARENA_MOST (64u << 10)
#define ANSWER_MOST (256u << 10)

/* --- starting and stopping --- */

static bool
copy_setup(struct issuer *issuer, const struct issuer_setup *setup)
{
	const struct local *local = setup->local;
	struct local *copy = &issuer->local;

	*copy = *local;
	copy->issuer = arena_text(&issuer->arena, span_of(local->issuer));
	copy->audience = arena_text(&issuer->arena, span_of(local->audience));
	copy->database = arena_text(&issuer->arena, span_of(local->database));
	issuer->state_dir = arena_text(&issuer->arena, span_of(setup->state_dir));
	issuer->changed = setup->changed;
	issuer->context = setup->context;
	copy->signing_map = copy->fallback_map = copy->lockout_map = NULL;
	copy->signing.key_map = NULL;
	if (local->signing.key_file != NULL) {
		copy->signing.key_file =
		    arena_text(&issuer->arena, span_of(local->signing.key_file));
		if (copy->signing.key_file == NULL)
			return false;
	}
	return copy->issuer != NULL && copy->audience != NULL && copy->database != NULL &&
	       issuer->state_dir != NULL;
}

/* A token may last so much longer for a verifier whose clock is behind. */
#define SKEW_MOST_S 300

/* Old signing keys are kept for the longest token that may be out. */
static void
keep_keys(struct issuer *issuer, const struct view *view)
{
	int64_t longest_s = view_longest_s(view);

	if (longest_s < issuer->local.token_lifetime_s)
		longest_s = issuer->local.token_lifetime_s;
	signing_keep(issuer->signing, longest_s + SKEW_MOST_S);
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

	return signing_open(&setup, &issuer->signing, reterr) && issuer_keys_take(issuer, reterr);
}

void
issuer_changed(struct issuer *issuer)
{
	atomic_fetch_add(&issuer->generation, 1);
	if (issuer->changed != NULL)
		issuer->changed(issuer->context);
}

/* taken: `view`. On the watching thread, and once on the starting one. */
static void
take_view(void *context, struct view *view)
{
	struct issuer *issuer = context;
	struct view *old = issuer->parts.view; /* replaced by us alone */
	size_t before, now = view_count(view);
	bool clients_too;

	if (old != NULL && view_same(old, view)) {
		view_unref(view);
		return;
	}
	keep_keys(issuer, view);
	clients_too = old != NULL && !view_clients_same(old, view);
	before = old == NULL ? 0 : view_count(old);
	(void)pthread_mutex_lock(&issuer->parts_lock);
	issuer->parts.view = view;
	(void)pthread_mutex_unlock(&issuer->parts_lock);
	if (old == NULL) {
		atomic_fetch_add(&issuer->generation, 1);
		return;
	}
	view_unref(old);
	if (clients_too)
		log_event(LOG_INFO, "clients_changed", "%zu clients, %zu before", now, before);
	issuer_changed(issuer);
}

/* taken: `store`. */
static bool
start_watch(struct issuer *issuer, struct store *store, struct err *reterr)
{
	struct watch_setup setup = { .database = issuer->local.database,
		.store = store,
		.loaded = take_view,
		.revoked = revoke_take,
		.keys = issuer_keys_shared,
		.context = issuer };

	return watch_start(&setup, &issuer->watch, reterr);
}

static bool
open_login(struct issuer *issuer, struct err *reterr)
{
	issuer->login = login_new(issuer->memory, &issuer->local.lockout);
	return issuer->login != NULL || err_set(reterr, "no memory");
}

/* The store before the keys: one that is missing beside keys that are there was lost. */
static bool
start_all(struct issuer *issuer, struct err *reterr)
{
	struct store *store = NULL;

	if (!store_open_at(issuer->local.database, issuer->state_dir, &store, reterr))
		return false;
	if (!open_signing(issuer, reterr) ||
	    !key_publisher_id(issuer->state_dir, issuer->gate_id, reterr) ||
	    !metadata_make(issuer, reterr) || !oauth_prepare(issuer, reterr) ||
	    !open_login(issuer, reterr)) {
		store_close(store);
		return false;
	}
	return start_watch(issuer, store, reterr) && issuer_keys_publish(issuer, reterr) &&
	       (rotation_start(issuer->signing, signing_changed, issuer, &issuer->rotation) ||
		   err_set(reterr, "signing keys: no thread")) &&
	       bookkeeper_start(issuer->used, issuer->watch, &issuer->bookkeeper, reterr);
}

bool
issuer_start(const struct issuer_setup *setup, struct issuer **ret_issuer, struct err *reterr)
{
	struct issuer *issuer = calloc(1, sizeof(*issuer));
	bool done;

	if (issuer == NULL)
		return err_set(reterr, "no memory");
	arena_init(&issuer->arena, ARENA_MOST);
	atomic_store(&issuer->owners, 1);
	atomic_store(&issuer->references, 1);
	(void)pthread_mutex_init(&issuer->keys_lock, NULL);
	(void)pthread_mutex_init(&issuer->parts_lock, NULL);
	issuer->memory = setup->memory == NULL ? memory_new() : memory_ref(setup->memory);
	if (issuer->memory == NULL || !copy_setup(issuer, setup))
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
texts_same(const struct texts *a, const struct texts *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		if (strcmp(a->at[i], b->at[i]) != 0)
			return false;
	}
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
	       strcmp(a->database, b->database) == 0 && texts_same(&a->resources, &b->resources) &&
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
	bookkeeper_stop(issuer->bookkeeper);
	rotation_stop(issuer->rotation);
	key_publisher_stop(issuer->publisher);
	if (issuer->watch != NULL)
		watch_halt(issuer->watch);
}

void
issuer_unref(struct issuer *issuer)
{
	int i;

	if (issuer == NULL || atomic_fetch_sub(&issuer->references, 1) != 1)
		return;
	watch_stop(issuer->watch);
	shared_keys_free(issuer->shared);
	issuer_parts_drop(&issuer->parts);
	signing_close(issuer->signing);
	login_free(issuer->login);
	oauth_release(issuer);
	memory_unref(issuer->memory);
	(void)pthread_mutex_destroy(&issuer->parts_lock);
	(void)pthread_mutex_destroy(&issuer->keys_lock);
	for (i = 0; i < ENDPOINT_COUNT; i++)
		buffer_done(&issuer->documents[i]);
	arena_done(&issuer->arena);
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
	atomic_store(&issuer->stands_by, stands_by);
}

bool
issuer_stands_by(const struct issuer *issuer)
{
	return atomic_load(&issuer->stands_by);
}

void
issuer_parts_take(struct issuer *issuer, struct issuer_parts *ret_parts)
{
	struct issuer_parts *parts = &issuer->parts;

	(void)pthread_mutex_lock(&issuer->parts_lock);
	ret_parts->view = view_ref(parts->view);
	ret_parts->revoked = revoked_ref(parts->revoked);
	ret_parts->keys = parts->keys == NULL ? NULL : keyset_ref(parts->keys);
	(void)pthread_mutex_unlock(&issuer->parts_lock);
}

void
issuer_parts_drop(struct issuer_parts *parts)
{
	view_unref(parts->view);
	revoked_unref(parts->revoked);
	keyset_free(parts->keys);
	*parts = (struct issuer_parts){ NULL, NULL, NULL };
}

struct login *
issuer_login(const struct issuer *issuer)
{
	return issuer->login;
}

const struct texts *
issuer_audiences(const struct issuer *issuer)
{
	return &issuer->audiences;
}

uint64_t
issuer_generation(const struct issuer *issuer)
{
	return atomic_load(&issuer->generation);
}

/* --- endpoints --- */

bool
issuer_serves(const struct issuer *issuer, struct span path)
{
	return endpoint_meant(issuer, path) != ENDPOINT_COUNT;
}

void
endpoint_answer_failed(struct issuer_answer *answer)
{
	if (!answer->headers.failed && !answer->body.failed)
		return;
	buffer_reset(&answer->headers);
	buffer_reset(&answer->body);
	answer->status = 500;
	answer->error = "server_error";
}

void
issuer_answer(struct issuer *issuer, const struct issuer_request *request, int64_t now_s,
    struct issuer_answer *answer)
{
	enum endpoint endpoint = endpoint_find(issuer, request->path);

	*answer = (struct issuer_answer){ .status = 404, .error = "" };
	buffer_init(&answer->headers, ANSWER_MOST);
	buffer_init(&answer->body, ANSWER_MOST);
	buffer_init(&answer->introspected, ISSUER_MAX_BODY);
	if (endpoint == ENDPOINT_TOKEN)
		token_endpoint_answer(issuer, request, now_s, answer);
	else if (endpoint == ENDPOINT_REVOKE)
		revoke_endpoint_answer(issuer, request, now_s, answer);
	else if (endpoint == ENDPOINT_INTROSPECT)
		introspect_endpoint_answer(issuer, request, now_s, answer);
	else if (endpoint == ENDPOINT_AUTHORIZE)
		authorize_endpoint_answer(request, answer);
	else if (endpoint != ENDPOINT_COUNT)
		metadata_answer(issuer, endpoint, request, answer);
	else
		endpoint_missed(issuer, request, answer);
	endpoint_answer_failed(answer);
}

void
issuer_answer_done(struct issuer_answer *answer)
{
	buffer_done(&answer->headers);
	buffer_wipe(&answer->body);
	buffer_wipe(&answer->introspected);
}

/* --- tokens for the operator of the machine --- */

bool
issuer_mint(struct issuer *issuer, const struct client *client, const char *scope,
    struct buffer *token, struct err *reterr)
{
	struct wish wish = { client, span_of(scope), issuer->local.token_lifetime_s };
	struct wish_granted granted;
	struct arena arena;
	bool done;

	arena_init(&arena, ARENA_MOST);
	if (!wish_decide(&wish, &arena, &granted)) {
		done = err_set(reterr, "the client may not have that scope");
	} else {
		struct mint mint = { .issuer = issuer->local.issuer,
			.audience = issuer->local.audience,
			.subject = client->id,
			.client_id = client->id,
			.incarnation = client->incarnation,
			.scope = granted.scope,
			.now_s = clock_now_s(),
			.lifetime_s = granted.lifetime_s };

		done = mint_token(issuer->signing, &mint, token, reterr);
	}
	arena_done(&arena);
	return done;
}

bool
issuer_mint_user(
    struct issuer *issuer, const struct user *user, struct buffer *token, struct err *reterr)
{
	struct mint mint = { .issuer = issuer->local.issuer,
		.audience = issuer->local.audience,
		.subject = user->name,
		.incarnation = user->incarnation,
		.now_s = clock_now_s(),
		.lifetime_s = issuer->local.token_lifetime_s };

	return mint_token(issuer->signing, &mint, token, reterr);
}
