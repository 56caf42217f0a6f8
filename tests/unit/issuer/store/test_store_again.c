/* SPDX-License-Identifier: Apache-2.0 */
/* What is done again changes nothing: no second row, no second line of the audit, nobody is told.
 */
#include "stored.h"

#include <pthread.h>

#include "issuer/admin/account.h"
#include "issuer/admin/admin.h"

#define ISSUER "https://issuer.example"

static struct store_version
version(struct store *store)
{
	struct store_version now;

	store_expect_news(store);
	assert_true(store_version(store, &now, &err));
	return now;
}

/* How many rows of the audit and of the others `done` made. */
static void
want_made(struct store *store, const struct store_version *before, const struct store_version *want)
{
	struct store_version now = version(store);

	assert_int_equal(now.audit - before->audit, want->audit);
	assert_int_equal(now.principals - before->principals, want->principals);
	assert_int_equal(now.revocations - before->revocations, want->revocations);
}

static const struct store_version nothing = { 0 };

static void
want_nothing(struct store *store, const struct store_version *before)
{
	want_made(store, before, &nothing);
}

static size_t
rows_of(struct store *store, int64_t *ret_until_s)
{
	struct store_revocations found;
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, 1 << 20);
	assert_true(store_revocations(store, &(struct store_after){ 0, &arena }, &found, &err));
	for (; found.first != NULL; found.first = found.first->next) {
		*ret_until_s = found.first->until_s;
		count++;
	}
	arena_done(&arena);
	return count;
}

static bool
revoke_it(struct store *store, const struct revocation *revocation)
{
	bool new = false;

	if (!store_revoke(store, revocation, &new, &err))
		fail_msg("%s", err.text);
	return new;
}

static void
a_token_is_revoked_once(void **state)
{
	struct revocation one = { .issuer = ISSUER, .value = "j", .until_s = 100, .by = "a" };
	struct store *store = open_store();
	struct store_version before = version(store);
	int64_t until_s = 0;

	(void)state;
	assert_true(revoke_it(store, &one));
	want_made(store, &before, &(struct store_version){ .audit = 1, .revocations = 1 });
	before = version(store);
	one.by = "b";
	for (int i = 0; i < 5; i++)
		assert_false(revoke_it(store, &one));
	one.until_s = 50; /* it is remembered for longer */
	assert_false(revoke_it(store, &one));
	want_nothing(store, &before);
	assert_int_equal(rows_of(store, &until_s), 1);
	assert_int_equal(until_s, 100);
	store_close(store);
}

static void
others_are_others(void **state)
{
	char longer[200];
	struct revocation one = { .issuer = ISSUER, .value = "j", .created_s = 1 };
	struct store *store = open_store();
	int64_t until_s;

	(void)state;
	assert_true(revoke_it(store, &one));
	one.issuer = ISSUER "/";
	assert_true(revoke_it(store, &one));
	one.kind = REVOKE_SUBJECT;
	assert_true(revoke_it(store, &one));
	/* Two that begin alike, as the index sees them. */
	memset(longer, 'j', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	one.value = longer;
	assert_true(revoke_it(store, &one));
	longer[sizeof(longer) - 2] = 'k';
	assert_true(revoke_it(store, &one));
	assert_false(revoke_it(store, &one));
	assert_int_equal(rows_of(store, &until_s), 5);
	store_close(store);
}

static void
a_token_is_remembered_for_longer_in_the_same_row(void **state)
{
	struct revocation one = { .issuer = ISSUER, .value = "j", .until_s = 100 };
	struct store *store = open_store(), *other = open_store();
	struct store_version before;
	int64_t until_s = 0;

	(void)state;
	assert_true(revoke_it(store, &one));
	before = version(store);
	one.until_s = 200;
	assert_false(revoke_it(store, &one));
	/* Every gate reads it again, and nobody has done anything. */
	want_made(store, &before, &(struct store_version){ .revocations = 1 });
	assert_true(store_forget(other, 150, &err));
	assert_int_equal(rows_of(other, &until_s), 1);
	assert_int_equal(until_s, 200);
	one.until_s = 0;
	assert_false(revoke_it(store, &one));
	assert_true(store_forget(other, INT64_MAX, &err));
	assert_int_equal(rows_of(other, &until_s), 1);
	store_close(other);
	store_close(store);
}

static void
a_later_date_is_something_new(void **state)
{
	struct revocation one = {
		.kind = REVOKE_CLIENT, .issuer = ISSUER, .value = "c", .before_s = 10
	};
	struct store *store = open_store();
	int64_t until_s;

	(void)state;
	assert_true(revoke_it(store, &one));
	one.before_s = 9;
	assert_false(revoke_it(store, &one));
	one.before_s = 11;
	assert_true(revoke_it(store, &one));
	one.before_s = 10;
	assert_false(revoke_it(store, &one));
	assert_int_equal(rows_of(store, &until_s), 2);
	store_close(store);
}

#define TIMES 20

static void *
revoke_many(void *context)
{
	intptr_t *new = context;
	struct store *store = NULL;
	struct err trouble;
	char jti[16];
	bool made;

	if (!store_open(path, &store, &trouble))
		return "cannot open";
	for (int i = 0; i < TIMES; i++) {
		struct revocation one = { .issuer = ISSUER, .value = jti };

		(void)snprintf(jti, sizeof(jti), "j%d", i);
		if (!store_revoke(store, &one, &made, &trouble))
			return "cannot revoke";
		*new += made;
	}
	store_close(store);
	return NULL;
}

static void
two_gates_that_revoke_the_same_at_once_make_one_row(void **state)
{
	struct store *store = open_store();
	struct store_version before = version(store);
	intptr_t new[2] = { 0, 0 };
	pthread_t threads[2];
	void *failed = NULL;
	int64_t until_s;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, revoke_many, &new[i]), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(new[0] + new[1], TIMES);
	assert_int_equal(rows_of(store, &until_s), TIMES);
	want_made(store, &before, &(struct store_version){ .audit = TIMES, .revocations = TIMES });
	store_close(store);
}

static void
a_role_is_granted_and_taken_once(void **state)
{
	struct store_grant grant = { STORE_CLIENT, "i", "r", true, "n" };
	struct user ann = { .id = "u", .name = "ann", .label = "", .hash = "h" };
	struct store *store = open_store();
	struct store_version before;
	bool changed;

	(void)state;
	add(store, "i", "n");
	assert_true(store_user_add(store, &ann, &err));
	for (int granted = 1; granted >= 0; granted--) {
		grant = (struct store_grant){ STORE_CLIENT, "i", "r", granted, "n" };
		assert_true(store_set_role(store, &grant, &changed, &err) && changed);
		before = version(store);
		assert_true(store_set_role(store, &grant, &changed, &err) && !changed);
		want_nothing(store, &before);
		grant = (struct store_grant){ STORE_USER, "u", "r", granted, "ann" };
		assert_true(store_set_role(store, &grant, &changed, &err) && changed);
		before = version(store);
		assert_true(store_set_role(store, &grant, &changed, &err) && !changed);
		want_nothing(store, &before);
	}
	store_close(store);
}

static void
what_is_disabled_or_deleted_stays_so(void **state)
{
	struct client client = { .id = "i", .name = "n", .disabled = true };
	struct user ann = { .id = "u", .name = "ann", .label = "", .hash = "h" };
	struct store *store = open_store();
	struct store_principal client_of, ann_of;
	struct store_version before;
	bool changed;

	(void)state;
	add(store, "i", "n");
	assert_true(store_user_add(store, &ann, &err));
	ann.disabled = true;
	client_of = store_client(&client);
	ann_of = store_user(&ann);
	assert_true(store_set_disabled(store, &client_of, &changed, &err) && changed);
	assert_true(store_set_disabled(store, &ann_of, &changed, &err) && changed);
	before = version(store);
	assert_true(store_set_disabled(store, &client_of, &changed, &err) && !changed);
	assert_true(store_set_disabled(store, &ann_of, &changed, &err) && !changed);
	want_nothing(store, &before);
	assert_true(store_delete(store, &client_of, &changed, &err) && changed);
	assert_true(store_delete(store, &ann_of, &changed, &err) && changed);
	before = version(store);
	assert_true(store_delete(store, &client_of, &changed, &err) && !changed);
	assert_true(store_delete(store, &ann_of, &changed, &err) && !changed);
	assert_false(store_set_disabled(store, &client_of, &changed, &err));
	assert_false(store_set_disabled(store, &ann_of, &changed, &err));
	want_nothing(store, &before);
	store_close(store);
}

static void
a_change_to_what_is_there_is_none(void **state)
{
	const char *scopes[] = { "a", "b" };
	struct admin_fields fields = {
		.label = "l", .scopes = { scopes, 2, NULL }, .has_scopes = true
	};
	struct store *store = open_store();
	struct store_version before;

	(void)state;
	add(store, "i", "n");
	before = version(store);
	assert_int_equal(admin_change(store, "n", &fields, &err), ADMIN_OK);
	want_made(store, &before, &(struct store_version){ .audit = 1, .principals = 1 });
	before = version(store);
	assert_int_equal(admin_change(store, "n", &fields, &err), ADMIN_OK);
	want_nothing(store, &before);
	store_close(store);
}

static struct client *
find(struct store *store, struct arena *arena)
{
	struct client *client = NULL;

	assert_true(store_find(store, &(struct store_wanted){ "n", arena }, &client, &err));
	assert_non_null(client);
	return client;
}

/* Two that read the same and write one after the other: nothing of the first one's is undone. */
static void
what_somebody_changed_meanwhile_is_not_undone(void **state)
{
	struct client_slot one = { "h1", 1, 0, 0 }, two = { "h2", 2, 0, 0 };
	struct store *store = open_store();
	struct client *was, labelled;
	struct arena arena;
	bool changed;

	(void)state;
	arena_init(&arena, 1 << 20);
	add(store, "i", "n");
	was = find(store, &arena);
	assert_true(store_set_slot(store, was, &(struct store_slot){ 1, &one }, &err));
	assert_false(store_set_slot(store, was, &(struct store_slot){ 1, &two }, &err));
	assert_non_null(strstr(err.text, "try again"));
	assert_string_equal(find(store, &arena)->slots[1].hash, "h1");

	was = find(store, &arena);
	labelled = *was;
	labelled.label = "new";
	assert_true(store_set_disabled(
	    store, &(struct store_principal){ STORE_CLIENT, "i", "n", true }, &changed, &err));
	assert_false(store_change(store, was, &labelled, &err));
	assert_non_null(strstr(err.text, "try again"));
	assert_true(find(store, &arena)->disabled);
	assert_true(store_change(store, find(store, &arena), &labelled, &err));
	assert_true(find(store, &arena)->disabled);
	arena_done(&arena);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_is_revoked_once),
		TEST(others_are_others),
		TEST(a_token_is_remembered_for_longer_in_the_same_row),
		TEST(a_later_date_is_something_new),
		TEST(two_gates_that_revoke_the_same_at_once_make_one_row),
		TEST(a_role_is_granted_and_taken_once),
		TEST(what_is_disabled_or_deleted_stays_so),
		TEST(a_change_to_what_is_there_is_none),
		TEST(what_somebody_changed_meanwhile_is_not_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
