/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/model/client.h"

static void
ids_and_secrets_differ(void **state)
{
	char a[CLIENT_ID_ROOM], b[CLIENT_ID_ROOM];
	char s[CLIENT_SECRET_ROOM], t[CLIENT_SECRET_ROOM];
	char h[CLIENT_HASH_ROOM], i[CLIENT_HASH_ROOM];

	(void)state;
	assert_true(client_new_id(a) && client_new_id(b));
	assert_int_equal(strlen(a), 22);
	assert_string_not_equal(a, b);
	assert_true(client_new_secret(s, h) && client_new_secret(t, i));
	assert_int_equal(strlen(s), 43);
	assert_string_not_equal(s, t);
	assert_string_not_equal(h, i);
	assert_null(strstr(h, s));
}

/* One in 64 would, and `postern client enable -GOU…` would be taken for an option. */
static void
an_id_never_begins_with_a_dash(void **state)
{
	char id[CLIENT_ID_ROOM];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		assert_true(client_new_id(id));
		assert_int_not_equal(id[0], '-');
	}
}

static void
salt_makes_two_hashes_of_one_secret(void **state)
{
	char a[CLIENT_HASH_ROOM], b[CLIENT_HASH_ROOM];

	(void)state;
	assert_true(client_hash(SPAN("x"), a) && client_hash(SPAN("x"), b));
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 7 + 22 + 1 + 43);
}

/* Made with: openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…0f, of "secret". */
static void
hash_is_the_documented_one(void **state)
{
	struct client client = { .slots = {
				     { .hash = "sha256$AAECAwQFBgcICQoLDA0ODw$"
					       "nMgQ9jNzbHO-a-edTJtThysbAf0Uuf3xf3lv-tu7YT4" } } };

	(void)state;
	assert_true(client_secret_slot(&client, SPAN("secret"), 100) >= 0);
	assert_int_equal(client_secret_slot(&client, SPAN("secreu"), 100), -1);
}

static void
either_slot_is_right(void **state)
{
	struct client client = { .id = "i" };
	char hash[CLIENT_HASH_ROOM];

	(void)state;
	assert_int_equal(client_secret_slot(&client, SPAN("one"), 100), -1);
	assert_true(client_hash(SPAN("one"), hash));
	memcpy(client.slots[0].hash, hash, sizeof(hash));
	assert_true(client_secret_slot(&client, SPAN("one"), 100) >= 0);
	assert_int_equal(client_secret_slot(&client, SPAN("two"), 100), -1);
	assert_true(client_hash(SPAN("two"), hash));
	memcpy(client.slots[1].hash, hash, sizeof(hash));
	assert_true(client_secret_slot(&client, SPAN("one"), 100) >= 0);
	assert_true(client_secret_slot(&client, SPAN("two"), 100) >= 0);
	assert_int_equal(client_secret_slot(&client, SPAN(""), 100), -1);
	client.slots[0].hash[0] = 0;
	assert_int_equal(client_secret_slot(&client, SPAN("one"), 100), -1);
	assert_true(client_secret_slot(&client, SPAN("two"), 100) >= 0);
}

static void
nobody_has_no_secret(void **state)
{
	(void)state;
	assert_int_equal(client_secret_slot(NULL, SPAN("x"), 100), -1);
	assert_int_equal(client_secret_slot(NULL, (struct span){ NULL, 0 }, 100), -1);
}

static const char *const bad_hashes[] = {
	"x",
	"sha256$",
	"sha256$$",
	"sha1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"sha256$AAECAwQFBgcICQoLDA0OD!$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"sha256$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
};

static void
unreadable_hash_is_never_right(void **state)
{
	struct client client = { .id = "i" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_hashes) / sizeof(bad_hashes[0]); i++) {
		(void)snprintf(client.slots[0].hash, CLIENT_HASH_ROOM, "%s", bad_hashes[i]);
		assert_int_equal(client_secret_slot(&client, SPAN("x"), 100), -1);
		assert_int_equal(client_secret_slot(&client, SPAN(""), 100), -1);
	}
}

/* clang-format off */
static const struct {
	const char *text;
	bool client, role;
} names[] = {
	{ "big_partner_company", true, true },
	{ "With a space. And dots", true, true },
	{ "h\xc3\xa9llo", true, true },
	{ "orders:read", false, true },
	{ "", false, false },
	{ " x", false, false },
	{ "x ", false, false },
	{ "a\nb", false, false },
	{ "a\x7f", false, false },
	{ "\xc2\x85", false, false },
	{ "\xff", false, false },
};
/* clang-format on */

static void
names_are_checked(void **state)
{
	char max[130];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (client_name_valid(span_of(names[i].text)) != names[i].client ||
		    client_role_valid(span_of(names[i].text)) != names[i].role)
			fail_msg("\"%s\"", names[i].text);
	}
	memset(max, 'a', sizeof(max));
	assert_true(client_name_valid((struct span){ max, 128 }));
	assert_false(client_name_valid((struct span){ max, 129 }));
}

static void
the_slot_of_a_right_secret_is_reported(void **state)
{
	struct client client = { .id = "i" };

	(void)state;
	assert_true(client_hash(SPAN("first"), client.slots[0].hash));
	assert_true(client_hash(SPAN("second"), client.slots[1].hash));
	assert_int_equal(client_secret_slot(&client, SPAN("first"), 100), 0);
	assert_int_equal(client_secret_slot(&client, SPAN("second"), 100), 1);
	assert_int_equal(client_secret_slot(&client, SPAN("third"), 100), -1);
	assert_int_equal(client_secret_slot(NULL, SPAN("first"), 100), -1);
}

/* At its end a secret is as good as a wrong one, but that the log may say why. */
static void
a_secret_may_have_an_end(void **state)
{
	struct client client = { .id = "i", .slots = { { .until_s = 100 } } };

	(void)state;
	assert_true(client_hash(SPAN("first"), client.slots[0].hash));
	assert_int_equal(client_secret_slot(&client, SPAN("first"), 99), 0);
	assert_int_equal(client_secret_slot(&client, SPAN("first"), 100), CLIENT_SECRET_EXPIRED);
	assert_int_equal(client_secret_slot(&client, SPAN("other"), 100), CLIENT_SECRET_WRONG);
	assert_true(client_hash(SPAN("first"), client.slots[1].hash));
	assert_int_equal(client_secret_slot(&client, SPAN("first"), 100), 1);
	client.slots[0].until_s = 0;
	client.slots[1].until_s = 100;
	assert_int_equal(client_secret_slot(&client, SPAN("first"), 100), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_may_have_an_end),
		cmocka_unit_test(the_slot_of_a_right_secret_is_reported),
		cmocka_unit_test(ids_and_secrets_differ),
		cmocka_unit_test(an_id_never_begins_with_a_dash),
		cmocka_unit_test(salt_makes_two_hashes_of_one_secret),
		cmocka_unit_test(hash_is_the_documented_one),
		cmocka_unit_test(either_slot_is_right),
		cmocka_unit_test(nobody_has_no_secret),
		cmocka_unit_test(unreadable_hash_is_never_right),
		cmocka_unit_test(names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
