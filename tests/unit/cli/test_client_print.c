/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include "base/json.h"
#include "cli/client_print.h"
#include "cli/user_print.h"

#define HASH "sha256$c2FsdA$aGFzaA"

static const char *roles[] = { "reader", "wri\"ter" };
static const char *claims[] = { "te=n\"ant" };
static struct client other = { .id = "id-2", .name = "other", .disabled = true };
static struct client shop = { .id = "id-1",
	.name = "sh\"op",
	.label = "The shop",
	.slots = { { HASH, 86400, 172800, 86400 + 20 * 86400 }, { "", 0, 0, 0 } },
	.claims = { claims, 1, NULL },
	.roles = { roles, 2, NULL },
	.token_lifetime_s = 60,
	.created_s = 86400,
	.next = &other };
static struct user bob = { .name = "bob", .label = "", .hash = HASH, .disabled = true };
static struct user ann = { .name = "ann",
	.label = "Ann",
	.hash = HASH,
	.roles = { roles, 2, NULL },
	.created_s = 86400,
	.next = &bob };

static struct buffer out;

static void
expect(const char *text)
{
	if (strstr(out.at, text) == NULL)
		fail_msg("lacks %s in\n%s", text, out.at);
}

/* What is printed as JSON is JSON. */
static json_t *
printed(void)
{
	json_t *root = NULL;
	struct err err = { "" };

	if (!json_read(buffer_span(&out), 1 << 16, &root, &err))
		fail_msg("%s: %s", err.text, out.at);
	return root;
}

static const char *
text_at(const json_t *root, const char *pointer)
{
	const char *text = json_string_value(json_at(root, span_of(pointer)));

	return text == NULL ? "" : text;
}

static int
setup(void **state)
{
	(void)state;
	buffer_init(&out, 1 << 16);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buffer_done(&out);
	return 0;
}

static void
a_list_of_clients_never_shows_a_hash(void **state)
{
	json_t *root;

	(void)state;
	client_print_list(&out, CLIENT_TABLE, &shop, 86400);
	expect("NAME ");
	expect("id-2                    disabled  -  ");
	expect("1970-01-22  ");
	assert_null(strstr(out.at, HASH));
	buffer_reset(&out);
	client_print_list(&out, CLIENT_TABLE, &shop, 20 * 86400);
	expect("1970-01-22 (soon)");
	buffer_reset(&out);
	client_print_list(&out, CLIENT_TABLE, &shop, 21 * 86400);
	expect("1970-01-22 (expired)");
	buffer_reset(&out);
	client_print_list(&out, CLIENT_JSON, &shop, 86400);
	assert_null(strstr(out.at, HASH));
	root = printed();
	assert_int_equal(json_array_size(root), 2);
	assert_string_equal(text_at(root, "/0/name"), "sh\"op");
	assert_string_equal(text_at(root, "/0/roles/1"), "wri\"ter");
	assert_true(json_is_true(json_at(root, SPAN("/1/disabled"))));
	json_decref(root);
	buffer_reset(&out);
	client_print_list(&out, CLIENT_JSON, NULL, 86400);
	root = printed();
	assert_int_equal(json_array_size(root), 0);
	json_decref(root);
}

static void
one_client_is_shown_with_its_times(void **state)
{
	json_t *root;

	(void)state;
	client_print_one(&out, CLIENT_TABLE, &shop);
	expect("The shop");
	expect("1970-01-02T00:00:00");
	expect("secret 1 used");
	expect("secret 1 ends   1970-01-22T00:00:00");
	expect("te=n\"ant");
	assert_null(strstr(out.at, "secret 2"));
	assert_null(strstr(out.at, HASH));
	buffer_reset(&out);
	client_print_one(&out, CLIENT_JSON, &shop);
	root = printed();
	assert_int_equal(json_array_size(json_object_get(root, "secrets")), 1);
	assert_int_equal(json_integer_value(json_at(root, SPAN("/secrets/0/slot"))), 1);
	assert_string_equal(text_at(root, "/secrets/0/expires"), "1970-01-22T00:00:00.000Z");
	assert_string_equal(text_at(root, "/claims/te"), "n\"ant");
	json_decref(root);
}

static void
an_export_has_the_hashes(void **state)
{
	json_t *root;

	(void)state;
	client_print_export(&out, &shop);
	root = printed();
	assert_int_equal(json_array_size(json_object_get(root, "clients")), 2);
	expect(HASH);
	json_decref(root);
}

static void
a_secret_is_shown_as_it_is_asked_for(void **state)
{
	struct admin_new new_client = { .name = "shop", .roles = { roles, 1, NULL } };
	struct admin_made made = { .id = "id-1", .secret = "s3cr3t", .slot = 2 };
	struct admin_made signs = { .id = "id-1" };
	json_t *root;

	(void)state;
	client_print_made(&out, CLIENT_ENV, &new_client, &made);
	assert_string_equal(out.at, "CLIENT_ID=id-1\nCLIENT_SECRET=s3cr3t\n");
	buffer_reset(&out);
	client_print_made(&out, CLIENT_ENV, &new_client, &signs);
	assert_string_equal(out.at, "CLIENT_ID=id-1\n");
	buffer_reset(&out);
	client_print_made(&out, CLIENT_JSON, &new_client, &made);
	root = printed();
	assert_string_equal(text_at(root, "/client_secret"), "s3cr3t");
	assert_string_equal(text_at(root, "/roles/0"), "reader");
	json_decref(root);
	buffer_reset(&out);
	client_print_made(&out, CLIENT_JSON, &new_client, &signs);
	assert_null(strstr(out.at, "client_secret"));
	buffer_reset(&out);
	client_print_made(&out, CLIENT_TABLE, &new_client, &made);
	expect("client_secret   s3cr3t\n");
	buffer_reset(&out);
	client_print_rotated(&out, CLIENT_TABLE, "shop", &made);
	expect("slot            2\n");
	buffer_reset(&out);
	client_print_rotated(&out, CLIENT_ENV, "shop", &made);
	assert_string_equal(out.at, "CLIENT_ID=id-1\nCLIENT_SECRET=s3cr3t\n");
	buffer_reset(&out);
	client_print_rotated(&out, CLIENT_JSON, "shop", &made);
	root = printed();
	assert_int_equal(json_integer_value(json_object_get(root, "slot")), 2);
	json_decref(root);
}

static void
users_are_shown_without_their_hashes(void **state)
{
	json_t *root;

	(void)state;
	user_print_list(&out, false, &ann);
	expect("ann   enabled   reader, wri\"ter\n");
	expect("bob   disabled  \n");
	assert_null(strstr(out.at, HASH));
	buffer_reset(&out);
	user_print_list(&out, true, &ann);
	assert_null(strstr(out.at, HASH));
	root = printed();
	assert_int_equal(json_array_size(root), 2);
	assert_string_equal(text_at(root, "/0/roles/1"), "wri\"ter");
	assert_null(json_at(root, SPAN("/0/password")));
	json_decref(root);
	buffer_reset(&out);
	user_print_one(&out, false, &ann, "s3cr3t");
	expect("password        s3cr3t\n");
	expect("label           Ann\n");
	buffer_reset(&out);
	user_print_one(&out, true, &bob, NULL);
	root = printed();
	assert_null(json_object_get(root, "password"));
	assert_true(json_is_true(json_object_get(root, "disabled")));
	json_decref(root);
	buffer_reset(&out);
	user_print_one(&out, false, &bob, NULL);
	assert_null(strstr(out.at, "password"));
	assert_null(strstr(out.at, "label"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_list_of_clients_never_shows_a_hash),
		TEST(one_client_is_shown_with_its_times),
		TEST(an_export_has_the_hashes),
		TEST(a_secret_is_shown_as_it_is_asked_for),
		TEST(users_are_shown_without_their_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
