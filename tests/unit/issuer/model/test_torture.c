/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "torture.h"
#include "issuer/model/client.h"
#include "issuer/model/incarnation.h"
#include "issuer/model/scope_grant.h"

/* --- scopes --- */

static const char *scopes[] = { "orders:read", "orders:write", "profile" };
static const struct client partner = { .name = "partner", .scopes = { scopes, 3, NULL } };

/* All that was asked for and is the client's, or nothing at all. */
static enum torture_result
grant(void *context)
{
	struct scope_request request = {
		.client = &partner, .scope = span_of(context), .default_lifetime_s = 60
	};
	const char *want = context == NULL ? "orders:read orders:write profile" : context;
	struct scope_grant granted = { .scope = "untouched" };
	enum torture_result result = TORTURE_WRONG;
	struct arena arena;

	arena_init(&arena, 1 << 16);
	if (!scope_grant_decide(&request, &arena, &granted))
		result = strcmp(granted.scope, "untouched") == 0 ? TORTURE_CLEAN : TORTURE_WRONG;
	else if (granted.scope != NULL && strcmp(granted.scope, want) == 0)
		result = TORTURE_RIGHT;
	arena_done(&arena);
	return result;
}

static void
scopes_are_all_granted_or_none_without_memory(void **state)
{
	char two[] = "orders:read profile";

	(void)state;
	torture_run("all scopes", grant, NULL);
	torture_run("two scopes", grant, two);
}

/* --- secrets --- */

/* A secret that is given is the one of the hash that is given. */
static enum torture_result
make_secret(void *context)
{
	struct client client = { .name = "partner" };
	char secret[CLIENT_SECRET_ROOM] = "";

	(void)context;
	if (!client_new_secret(secret, client.slots[1].hash))
		return TORTURE_CLEAN;
	if (!client_secret_ours(span_of(secret)) ||
	    !client_hash_valid(span_of(client.slots[1].hash)))
		return TORTURE_WRONG;
	/* Looking needs memory, too: then no slot fits. */
	return client_secret_slot(&client, span_of(secret), 100) == 1 ? TORTURE_RIGHT
								      : TORTURE_CLEAN;
}

/* Whatever is missing, a wrong secret fits nothing: not an empty slot, not half a hash. */
static enum torture_result
try_secret(void *context)
{
	struct client *client = context;

	return client_secret_slot(
		   client, SPAN("0123456789012345678901234567890123456789012"), 100) == -1 &&
		       client_secret_slot(client, SPAN(""), 100) == -1 &&
		       client_secret_slot(NULL, SPAN("x"), 100) == -1
		   ? TORTURE_RIGHT
		   : TORTURE_WRONG;
}

static enum torture_result
hash_one(void *context)
{
	char hash[CLIENT_HASH_ROOM] = "";

	(void)context;
	if (!client_hash(SPAN("s3cr3t-s3cr3t-s3cr3t-s3cr3t"), hash))
		return TORTURE_CLEAN;
	return client_hash_valid(span_of(hash)) ? TORTURE_RIGHT : TORTURE_WRONG;
}

static void
a_secret_is_never_taken_for_another_without_memory(void **state)
{
	struct client client = { .name = "partner" };

	(void)state;
	assert_true(client_hash(SPAN("another secret of the same client"), client.slots[0].hash));
	torture_run("a new secret", make_secret, NULL);
	torture_run("a wrong secret", try_secret, &client);
	torture_run("a hash", hash_one, NULL);
}

/* --- ids --- */

static enum torture_result
make_ids(void *context)
{
	static char former[2][CLIENT_ID_ROOM];
	char id[CLIENT_ID_ROOM] = "", incarnation[INCARNATION_ROOM] = "";

	(void)context;
	free(malloc(1)); /* they need none of ours: this is the one that may fail */
	if (!client_new_id(id) || !incarnation_new(incarnation))
		return TORTURE_CLEAN;
	if (strlen(id) != 22 || strlen(incarnation) != 22 || strcmp(id, former[0]) == 0 ||
	    strcmp(incarnation, former[1]) == 0)
		return TORTURE_WRONG;
	memcpy(former[0], id, sizeof(id));
	memcpy(former[1], incarnation, sizeof(id));
	return TORTURE_RIGHT;
}

static void
an_id_is_random_or_not_there_without_memory(void **state)
{
	(void)state;
	torture_run("ids", make_ids, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_are_all_granted_or_none_without_memory),
		cmocka_unit_test(a_secret_is_never_taken_for_another_without_memory),
		cmocka_unit_test(an_id_is_random_or_not_there_without_memory),
	};

	torture_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
