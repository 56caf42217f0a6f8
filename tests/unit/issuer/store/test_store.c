/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include <poll.h>
#include <pthread.h>

static void
what_is_written_is_read(void **state)
{
	const char *roles[] = { "r1", "role two" }, *scopes[] = { "s" };
	struct client client = { .id = "id1",
		.name = "n:1",
		.label = "l\xc3\xa9",
		.description = "d",
		.slots = { { "h1", 11 }, { "h2", 12 } },
		.roles = { .at = roles, .count = 2 },
		.scopes = { .at = scopes, .count = 1 },
		.disabled = true,
		.token_lifetime_s = 60,
		.created_s = 13 };
	struct client *got = NULL;
	struct store *store = open_store();
	struct arena arena;

	(void)state;
	assert_true(store_add(store, &client, &err));
	store_close(store);
	store = open_store();
	arena_init(&arena, 1 << 20);
	assert_true(store_find(store, &(struct store_wanted){ "id1", &arena }, &got, &err));
	assert_int_equal(strlen(got->incarnation), 22);
	client.incarnation = got->incarnation; /* the store's to make */
	assert_true(client_same(got, &client));
	got = NULL;
	assert_true(store_find(store, &(struct store_wanted){ "n:1", &arena }, &got, &err));
	assert_true(client_same(got, &client));
	assert_true(store_find(store, &(struct store_wanted){ "N:1", &arena }, &got, &err));
	assert_null(got);
	arena_done(&arena);
	store_close(store);
}

static void
who_is_added_again_is_another_one(void **state)
{
	struct client client = { .id = "i", .name = "n", .created_s = 5 }, *one = NULL, *two = NULL;
	struct user user = { .id = "u", .name = "ann", .label = "", .hash = "h" };
	struct user *ann = NULL, *other = NULL;
	struct store_principal one_of, ann_of;
	struct store *store = open_store();
	struct arena arena;
	bool found = false;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(store_add(store, &client, &err) && store_user_add(store, &user, &err));
	assert_true(store_find(store, &(struct store_wanted){ "i", &arena }, &one, &err));
	assert_true(store_user_find(store, &(struct store_wanted){ "ann", &arena }, &ann, &err));
	one_of = store_client(one);
	ann_of = store_user(ann);
	assert_true(store_delete(store, &one_of, &found, &err) && found);
	assert_true(store_delete(store, &ann_of, &found, &err) && found);
	assert_true(store_add(store, &client, &err) && store_user_add(store, &user, &err));
	assert_true(store_find(store, &(struct store_wanted){ "i", &arena }, &two, &err));
	assert_true(store_user_find(store, &(struct store_wanted){ "ann", &arena }, &other, &err));
	assert_string_not_equal(one->incarnation, two->incarnation);
	assert_string_not_equal(ann->incarnation, other->incarnation);
	assert_false(client_same(one, two));
	assert_false(user_same(ann, other));
	arena_done(&arena);
	store_close(store);
}

static void
claims_and_ends_are_kept(void **state)
{
	const char *own[] = { "tenant=a=b", "zone=h\xc3\xa9" }, *other[] = { "zone=x" };
	struct client client = { .id = "i",
		.name = "n",
		.slots = { { .hash = "x", .until_s = 70 }, { .hash = "y", .until_s = 80 } },
		.claims = { own, 2, NULL } };
	struct client_slot filled = { .hash = "z", .until_s = 90 };
	struct store *store = open_store();
	struct client *one = NULL, changed;
	struct arena arena;

	(void)state;
	add(store, "a", "before");
	assert_true(store_add(store, &client, &err));
	arena_init(&arena, 1 << 20);
	assert_true(store_find(store, &(struct store_wanted){ "n", &arena }, &one, &err));
	assert_int_equal(one->slots[0].until_s, 70);
	assert_int_equal(one->slots[1].until_s, 80);
	assert_int_equal(one->claims.count, 2);
	assert_string_equal(one->claims.at[0], own[0]);
	assert_string_equal(one->claims.at[1], own[1]);
	changed = *one;
	changed.claims = (struct texts){ other, 1, NULL };
	assert_false(client_same(one, &changed));
	assert_true(store_change(store, one, &changed, &err));
	assert_true(store_set_slot(store, one, &(struct store_slot){ 1, &filled }, &err));
	assert_true(store_list(store, &arena, &one, &err));
	assert_int_equal(one->claims.count, 0);
	one = one->next;
	assert_int_equal(one->claims.count, 1);
	assert_string_equal(one->claims.at[0], other[0]);
	assert_int_equal(one->slots[0].until_s, 70);
	assert_int_equal(one->slots[1].until_s, 90);
	arena_done(&arena);
	store_close(store);
}

static void
list_is_in_order_of_names(void **state)
{
	struct store *store = open_store();
	struct client *first = NULL;
	struct arena arena;

	(void)state;
	add(store, "i1", "b");
	add(store, "i2", "a");
	add(store, "i3", "c");
	arena_init(&arena, 1 << 20);
	assert_true(store_list(store, &arena, &first, &err));
	assert_string_equal(first->name, "a");
	assert_string_equal(first->next->name, "b");
	assert_string_equal(first->next->next->name, "c");
	assert_null(first->next->next->next);
	arena_done(&arena);
	store_close(store);
}

static void
name_or_id_is_one_of_a_kind(void **state)
{
	struct client same_name = { .id = "i2", .name = "n" };
	struct client names_id = { .id = "i3", .name = "i1" };
	struct client same_id = { .id = "i1", .name = "m" };
	struct store *store = open_store();
	struct client *first = NULL;
	struct arena arena;

	(void)state;
	add(store, "i1", "n");
	assert_false(store_add(store, &same_name, &err));
	assert_non_null(strstr(err.text, "there is a client \"n\" already"));
	assert_false(store_add(store, &names_id, &err));
	assert_false(store_add(store, &same_id, &err));
	arena_init(&arena, 1 << 20);
	assert_true(store_list(store, &arena, &first, &err));
	assert_string_equal(first->name, "n");
	assert_null(first->next);
	arena_done(&arena);
	store_close(store);
}

static void
half_an_addition_is_none(void **state)
{
	const char *roles[] = { "r" };
	struct client client = { .id = "i", .name = "n", .roles = { roles, 1, NULL } };
	struct store *store = open_store();
	struct client *got = NULL;
	struct arena arena;

	(void)state;
	run_sql(database_url() != NULL
		    ? "ALTER TABLE client_role ADD CONSTRAINT t CHECK (role = '')"
		    : "CREATE TRIGGER t BEFORE INSERT ON client_role"
		      " BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_false(store_add(store, &client, &err));
	arena_init(&arena, 1 << 20);
	assert_true(store_find(store, &(struct store_wanted){ "n", &arena }, &got, &err));
	assert_null(got);
	arena_done(&arena);
	run_sql(database_url() != NULL ? "ALTER TABLE client_role DROP CONSTRAINT t"
				       : "DROP TRIGGER t");
	assert_true(store_add(store, &client, &err));
	store_close(store);
}

static void
roles_are_granted_and_revoked(void **state)
{
	struct store_grant grant = { STORE_CLIENT, "i", "r", true, NULL };
	struct store *store = open_store();
	struct client *got = NULL;
	struct arena arena;
	bool changed = false;

	(void)state;
	add(store, "i", "n");
	assert_true(store_set_role(store, &grant, &changed, &err));
	assert_true(changed);
	assert_true(store_set_role(store, &grant, &changed, &err));
	assert_false(changed);
	arena_init(&arena, 1 << 20);
	assert_true(store_find(store, &(struct store_wanted){ "n", &arena }, &got, &err));
	assert_int_equal(got->roles.count, 1);
	assert_string_equal(got->roles.at[0], "r");
	grant.granted = false;
	assert_true(store_set_role(store, &grant, &changed, &err));
	assert_true(changed);
	assert_true(store_set_role(store, &grant, &changed, &err));
	assert_false(changed);
	grant = (struct store_grant){ STORE_CLIENT, "nobody", "r", true, NULL };
	assert_false(store_set_role(store, &grant, &changed, &err));
	arena_done(&arena);
	store_close(store);
}

static int64_t
version(struct store *store)
{
	struct store_version now;

	assert_true(store_version(store, &now, &err));
	return now.principals;
}

/* A file tells at once, a server soon. */
static void
wait_for_newer(struct store *store, int64_t before)
{
	struct pollfd fd = { .fd = store_descriptor(store), .events = POLLIN };

	while (version(store) <= before)
		assert_int_equal(poll(&fd, 1, 180000), 1);
}

static void
version_counts_everybodys_changes(void **state)
{
	struct store *a = open_store(), *b = open_store();
	int64_t before = version(a);

	(void)state;
	assert_true(version(a) == before);
	add(a, "i1", "own");
	assert_true(version(a) > before);
	before = version(a);
	add(b, "i2", "another's");
	wait_for_newer(a, before);
	before = version(a);
	assert_true(version(a) == before);
	store_close(b);
	store_close(a);
}

#define WRITERS 2
#define WRITES 50

static void *
write_many(void *context)
{
	const char *prefix = context;
	struct client client = { .id = NULL };
	struct store *store = NULL;
	struct err trouble;
	char name[32];
	intptr_t failed = 0;
	int i;

	if (!store_open(path, &store, &trouble))
		return (void *)(intptr_t)-1;
	client.id = client.name = name;
	for (i = 0; i < WRITES; i++) {
		(void)snprintf(name, sizeof(name), "%s%d", prefix, i);
		failed += !store_add(store, &client, &trouble);
	}
	store_close(store);
	return (void *)failed;
}

static void
two_stores_write_at_once(void **state)
{
	static char prefixes[WRITERS][2] = { "a", "b" };
	pthread_t threads[WRITERS];
	struct client *first = NULL;
	struct store *store;
	struct arena arena;
	void *failed;
	int i, count = 0;

	(void)state;
	for (i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, prefixes[i]), 0);
	for (i = 0; i < WRITERS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_int_equal((intptr_t)failed, 0);
	}
	store = open_store();
	arena_init(&arena, 1 << 20);
	assert_true(store_list(store, &arena, &first, &err));
	for (; first != NULL; first = first->next)
		count++;
	assert_int_equal(count, WRITERS * WRITES);
	arena_done(&arena);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(who_is_added_again_is_another_one),
		TEST(claims_and_ends_are_kept),
		TEST(list_is_in_order_of_names),
		TEST(name_or_id_is_one_of_a_kind),
		TEST(half_an_addition_is_none),
		TEST(roles_are_granted_and_revoked),
		TEST(version_counts_everybodys_changes),
		TEST(two_stores_write_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
