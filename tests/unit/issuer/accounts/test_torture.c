/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "torture.h"
#include "issuer/accounts/revoked.h"
#include "issuer/accounts/directory.h"

/* --- what was revoked --- */

static bool
is_revoked(const struct revoked *revoked, const char *jti, const char *client)
{
	struct revoked_question question = { .issuer = SPAN("https://idp.test"),
		.jti = span_of(jti),
		.client = span_of(client),
		.issued_s = 90,
		.has_issued = true };

	return revoked_has(revoked, &question);
}

/* What was taken as revoked is refused, without memory at the latest; and with memory nothing else
 * is. */
static enum torture_result
revoke_two(void *context)
{
	struct revocation token = { .kind = REVOKE_TOKEN,
		.issuer = "https://idp.test",
		.value = "jti-1",
		.by = "test",
		.until_s = 1000 };
	struct revocation client = { .kind = REVOKE_CLIENT,
		.issuer = "https://idp.test",
		.value = "partner",
		.by = "test",
		.before_s = 100 };
	struct revoked *revoked = revoked_new();
	enum torture_result result = TORTURE_RIGHT;
	struct err err = { "" };
	bool first, second;

	(void)context;
	if (revoked == NULL)
		return TORTURE_CLEAN;
	first = revoked_add(&revoked, &token, 100, &err);
	second = revoked_add(&revoked, &client, 100, &err);
	if ((first && !is_revoked(revoked, "jti-1", NULL)) ||
	    (second && !is_revoked(revoked, "jti-2", "partner")))
		result = TORTURE_WRONG;
	else if (!first || !second || is_revoked(revoked, "jti-2", "other"))
		result = TORTURE_CLEAN;
	revoked_unref(revoked);
	return result;
}

static void
what_is_taken_as_revoked_is_so_without_memory(void **state)
{
	(void)state;
	torture_run("revocations", revoke_two, NULL);
}

/* --- clients and users --- */

static struct scratch scratch;
static struct store *store;

static void
fill(void)
{
	static const char *roles[] = { "reader", "writer" };
	struct client one = { .id = "id-1", .name = "one", .roles = { roles, 2, NULL } };
	struct client two = { .id = "id-2", .name = "two", .disabled = true };
	struct err err;

	assert_true(store_add(store, &one, &err));
	assert_true(store_add(store, &two, &err));
}

/* All clients with all that is said of them, or none: one who is disabled does not come back. */
static enum torture_result
load(void *context)
{
	struct directory *directory = NULL;
	const struct client *one, *two;
	struct err err = { "" };
	bool right;

	(void)context;
	if (!directory_load(store, &directory, &err))
		return directory == NULL && err.text[0] != '\0' ? TORTURE_CLEAN : TORTURE_WRONG;
	one = directory_by_id(directory, SPAN("id-1"));
	two = directory_by_name(directory, SPAN("two"));
	right = directory_count(directory) == 2 && one != NULL && one->roles.count == 2 &&
		!one->disabled && two != NULL && two->disabled && two->roles.count == 0;
	directory_unref(directory);
	return right ? TORTURE_RIGHT : TORTURE_WRONG;
}

static void
clients_are_all_there_or_none_without_memory(void **state)
{
	char path[SCRATCH_ROOM * 2];
	struct err err;

	(void)state;
	scratch_init(&scratch);
	scratch_path(&scratch, "postern.db", path);
	assert_true(store_open(path, &store, &err));
	fill();
	torture_run("clients", load, NULL);
	store_close(store);
	scratch_done(&scratch);
}

/* --- secrets --- */

static enum torture_result
present(void *context)
{
	struct client *client = context;

	if (client_secret_slot(client, SPAN("wrong"), 100) >= 0 ||
	    client_secret_slot(NULL, SPAN("right"), 100) >= 0)
		return TORTURE_WRONG;
	return client_secret_slot(client, SPAN("right"), 100) == 0 ? TORTURE_RIGHT : TORTURE_CLEAN;
}

static void
no_wrong_secret_is_right_without_memory(void **state)
{
	struct client client = { .id = "i", .name = "n" };

	(void)state;
	assert_true(client_hash(SPAN("right"), client.slots[0].hash));
	torture_run("secrets", present, &client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_as_revoked_is_so_without_memory),
		cmocka_unit_test(clients_are_all_there_or_none_without_memory),
		cmocka_unit_test(no_wrong_secret_is_right_without_memory),
	};

	torture_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
