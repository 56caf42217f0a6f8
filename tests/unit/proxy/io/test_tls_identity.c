/* SPDX-License-Identifier: Apache-2.0 */
#include "certificates.h"

static void
expect_no_certificate(const char *pem, const char *says)
{
	struct tls_identity *identity = NULL;
	struct err err = { "" };

	assert_false(tls_identity_new(span_of(pem), &identity, &err));
	assert_null(identity);
	if (strncmp(err.text, says, strlen(says)) != 0)
		fail_msg("%s", err.text);
}

static void
what_is_no_certificate_is_said(void **state)
{
	struct made made = made_valid("a", NULL, NULL);
	char *certificate = made_pem(&made, false, NULL), *key = made_pem(&made, true, NULL);
	char *broken = malloc(2 * strlen(certificate) + 1);

	(void)state;
	expect_no_certificate("", "there is no certificate in it (PEM)");
	expect_no_certificate("no PEM", "there is no certificate in it (PEM)");
	expect_no_certificate(key, "there is no certificate in it (PEM)");
	assert_non_null(broken);
	(void)sprintf(broken, "%s%s", certificate, certificate);
	memset(broken + strlen(certificate) + 40, '!', 10);
	expect_no_certificate(broken, "a further certificate cannot be read");
	free(broken);
	free(certificate);
	free(key);
	made_free(&made);
}

static void
a_key_must_be_one_that_fits(void **state)
{
	struct made made = made_valid("a", NULL, NULL), other = made_valid("b", NULL, NULL);
	char *certificate = made_pem(&made, false, NULL);
	char *keys[] = { strdup("nothing"), made_pem(&made, false, NULL),
		made_pem(&made, true, "secret"), made_pem(&other, true, NULL),
		made_pem(&made, true, NULL) };
	const char *says[] = { "there is no private key in it (PEM)",
		"there is no private key in it (PEM)",
		"the key has a passphrase: store it without one",
		"the key does not fit the certificate", NULL };
	struct tls_identity *identity = NULL;
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	struct err err = { "" };

	(void)state;
	assert_true(tls_identity_new(span_of(certificate), &identity, &err));
	assert_false(tls_identity_use(identity, context, &err));
	assert_string_equal(err.text, "the certificate has no key");
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		assert_int_equal(
		    tls_identity_key(identity, span_of(keys[i]), &err), says[i] == NULL);
		if (says[i] != NULL)
			assert_string_equal(err.text, says[i]);
		free(keys[i]);
	}
	assert_true(tls_identity_use(identity, context, &err));
	SSL_CTX_free(context);
	tls_identity_free(identity);
	tls_identity_free(NULL);
	free(certificate);
	made_free(&made);
	made_free(&other);
}

static void
names_are_those_of_the_certificate(void **state)
{
	static const struct {
		const char *names, *host;
		bool serves;
	} cases[] = {
		{ "DNS:a.test", "a.test", true },
		{ "DNS:a.test", "A.Test", true },
		{ "DNS:a.test,DNS:b.test", "b.test", true },
		{ "DNS:*.a.test", "x.a.test", true },
		{ "DNS:*.a.test", "a.test", false },
		{ "DNS:*.a.test", "x.y.a.test", false },
		{ "DNS:x*.a.test", "xy.a.test", false },
		{ "DNS:a.test", "b.test", false },
		{ "DNS:a.test", "", false },
		{ "IP:127.0.0.1", "127.0.0.1", false },
		{ NULL, "common", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct made made = made_valid("common", cases[i].names, NULL);
		struct tls_identity *identity = made_identity(&made);

		if (tls_identity_serves(identity, span_of(cases[i].host)) != cases[i].serves)
			fail_msg("%s for %s", cases[i].names, cases[i].host);
		tls_identity_free(identity);
		made_free(&made);
	}
}

static void
its_time_is_that_of_the_certificate(void **state)
{
	struct made made = made_new((struct wanted){ "a", NULL, -100, 200, NULL });
	struct tls_identity *identity = made_identity(&made);
	int64_t from_s, until_s;

	(void)state;
	tls_identity_valid(identity, &from_s, &until_s);
	assert_int_equal(until_s - from_s, 300);
	assert_true(from_s <= (int64_t)time(NULL) - 100);
	assert_true(from_s > (int64_t)time(NULL) - 3600);
	tls_identity_free(identity);
	made_free(&made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_certificate_is_said),
		cmocka_unit_test(a_key_must_be_one_that_fits),
		cmocka_unit_test(names_are_those_of_the_certificate),
		cmocka_unit_test(its_time_is_that_of_the_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
