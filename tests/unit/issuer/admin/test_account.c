/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include "issuer/admin/account.h"
#include "issuer/accounts/password.h"
#include "issuer/accounts/directory.h"

static struct account_new
ann(void)
{
	static const char *roles[] = { "writer", "reader" };

	return (struct account_new){ "ann", "Ann", { roles, 2, NULL }, SPAN("correct horse") };
}

static void
add_ann(struct store *store)
{
	struct account_new new_user = ann();

	if (account_add(store, &new_user, &err) != ADMIN_OK)
		fail_msg("%s", err.text);
}

/* Read by a connection of its own: what it sees is on disk. */
static const struct user *
read_user(struct arena *arena, const char *name)
{
	struct store *store = open_store();
	struct user *user = NULL;

	if (!store_user_find(store, &(struct store_wanted){ name, arena }, &user, &err))
		fail_msg("%s", err.text);
	store_close(store);
	return user;
}

static bool
right(const struct user *user, const char *password)
{
	bool is_right = false;

	assert_non_null(user);
	assert_true(password_right(user->hash, span_of(password), &is_right));
	return is_right;
}

static void
a_user_is_kept_with_what_was_said_of_it(void **state)
{
	struct store *store = open_store();
	const struct user *user;
	struct arena arena;

	(void)state;
	add_ann(store);
	arena_init(&arena, 1 << 20);
	user = read_user(&arena, "ann");
	assert_true(right(user, "correct horse"));
	assert_false(right(user, "correct horsf"));
	assert_null(strstr(user->hash, "correct"));
	assert_string_equal(user->label, "Ann");
	assert_int_equal(user->roles.count, 2);
	assert_string_equal(user->roles.at[0], "reader");
	assert_false(user->disabled);
	assert_true(user->created_s > 0);
	assert_null(read_user(&arena, "Ann"));
	arena_done(&arena);
	store_close(store);
}

static void
a_changed_password_is_the_only_one(void **state)
{
	struct store *store = open_store();
	const struct user *user;
	struct arena arena;

	(void)state;
	add_ann(store);
	assert_int_equal(account_set_password(store, "ann", SPAN("another horse"), &err), ADMIN_OK);
	arena_init(&arena, 1 << 20);
	user = read_user(&arena, "ann");
	assert_true(right(user, "another horse"));
	assert_false(right(user, "correct horse"));
	arena_done(&arena);
	store_close(store);
}

static void
roles_are_granted_and_revoked(void **state)
{
	struct admin_grant grant = { "ann", "third", true };
	struct store *store = open_store();
	struct arena arena;
	bool changed = false;

	(void)state;
	add_ann(store);
	arena_init(&arena, 1 << 20);
	assert_int_equal(account_set_role(store, &grant, &changed, &err), ADMIN_OK);
	assert_true(changed);
	assert_int_equal(account_set_role(store, &grant, &changed, &err), ADMIN_OK);
	assert_false(changed);
	assert_int_equal(read_user(&arena, "ann")->roles.count, 3);
	grant.granted = false;
	assert_int_equal(account_set_role(store, &grant, &changed, &err), ADMIN_OK);
	assert_true(changed);
	assert_int_equal(read_user(&arena, "ann")->roles.count, 2);
	arena_done(&arena);
	store_close(store);
}

static void
who_is_disabled_stays_and_who_is_deleted_goes(void **state)
{
	struct store *store = open_store();
	struct arena arena;
	bool changed = false;

	(void)state;
	add_ann(store);
	arena_init(&arena, 1 << 20);
	assert_int_equal(
	    account_set_disabled(store, &(struct admin_switch){ "ann", true }, &changed, &err),
	    ADMIN_OK);
	assert_true(changed);
	assert_true(read_user(&arena, "ann")->disabled);
	assert_int_equal(account_delete(store, "ann", &err), ADMIN_OK);
	assert_null(read_user(&arena, "ann"));
	assert_int_equal(account_delete(store, "ann", &err), ADMIN_NO);
	add_ann(store); /* its roles are gone with it, so the name is free */
	assert_int_equal(read_user(&arena, "ann")->roles.count, 2);
	arena_done(&arena);
	store_close(store);
}

static void
a_view_finds_users_by_their_exact_name(void **state)
{
	struct store *store = open_store();
	struct directory *directory = NULL, *later = NULL;

	(void)state;
	add(store, "id", "bob"); /* a client, who is no user */
	add_ann(store);
	assert_true(directory_load(store, &directory, &err));
	assert_non_null(directory_user(directory, SPAN("ann")));
	assert_null(directory_user(directory, SPAN("an")));
	assert_null(directory_user(directory, SPAN("ann ")));
	assert_null(directory_user(directory, SPAN("bob")));
	assert_null(directory_user(directory, SPAN("")));
	assert_true(directory_load(store, &later, &err));
	assert_true(directory_same(directory, later));
	directory_unref(later);
	assert_int_equal(account_set_password(store, "ann", SPAN("another horse"), &err), ADMIN_OK);
	assert_true(directory_load(store, &later, &err));
	assert_false(directory_same(directory, later));
	assert_true(directory_clients_same(directory, later));
	directory_unref(later);
	directory_unref(directory);
	store_close(store);
}

static const char *const bad_roles[] = { "bad\n" };
static const char long_password[PASSWORD_MAX + 2];

/* clang-format off */
static const struct {
	const char *told;
	struct account_new new_user;
} refused[] = {
	{ "no name", { .name = "", .password = { "12345678", 8 } } },
	{ "a colon", { .name = "a:b", .password = { "12345678", 8 } } },
	{ "a space at the end", { .name = "a ", .password = { "12345678", 8 } } },
	{ "a control character", { .name = "a\nb", .password = { "12345678", 8 } } },
	{ "no UTF-8", { .name = "a\xff", .password = { "12345678", 8 } } },
	{ "no password", { .name = "a" } },
	{ "a short password", { .name = "a", .password = { "1234567", 7 } } },
	{ "a long password", { .name = "a", .password = { long_password, PASSWORD_MAX + 1 } } },
	{ "a NUL in the password", { .name = "a", .password = { "1234\0" "5678", 9 } } },
	{ "a password that is no UTF-8", { .name = "a", .password = { "12345678\xff", 9 } } },
	{ "a bad label", { .name = "a", .label = "\x1b[", .password = { "12345678", 8 } } },
	{ "a bad role", { .name = "a", .roles = { (const char **)bad_roles, 1, NULL },
	    .password = { "12345678", 8 } } },
	{ "a name twice", { .name = "ann", .password = { "12345678", 8 } } },
};
/* clang-format on */

static void
what_cannot_be_is_refused(void **state)
{
	struct store *store = open_store();

	(void)state;
	add_ann(store);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		err.text[0] = '\0';
		if (account_add(store, &refused[i].new_user, &err) != ADMIN_NO ||
		    err.text[0] == '\0')
			fail_msg("%s: is no mistake", refused[i].told);
	}
	store_close(store);
}

static void
passwords_that_we_make_differ_and_are_long_enough(void **state)
{
	char a[ACCOUNT_PASSWORD_ROOM], b[ACCOUNT_PASSWORD_ROOM];

	(void)state;
	assert_true(account_new_password(a) && account_new_password(b));
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 24);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_user_is_kept_with_what_was_said_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_changed_password_is_the_only_one, setup, teardown),
		cmocka_unit_test_setup_teardown(roles_are_granted_and_revoked, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    who_is_disabled_stays_and_who_is_deleted_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_view_finds_users_by_their_exact_name, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, setup, teardown),
		cmocka_unit_test(passwords_that_we_make_differ_and_are_long_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
