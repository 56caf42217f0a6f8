/* SPDX-License-Identifier: Apache-2.0 */
/* `listen.tls`: what is said of its files, and what is made of them. */
#include "io/certificates.h"
#include "issuer/scratch.h"

#include "base/file.h"
#include "proxy/config/config.h"

#define FILE_NAMES "certificate: gate.pem, key: gate.key"

static struct scratch scratch;
static struct config *config;
static struct err err;

static void
put(const char *name, const char *text)
{
	char path[SCRATCH_ROOM * 2];

	scratch_path(&scratch, name, path);
	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static void
put_pem(const char *name, const struct made *made, bool key)
{
	char *pem = made_pem(made, key, NULL);

	put(name, pem);
	free(pem);
}

static void
put_made(const char *certificate, const char *key, struct wanted wanted)
{
	struct made made = made_new(wanted);

	put_pem(certificate, &made, false);
	put_pem(key, &made, true);
	made_free(&made);
}

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	config = NULL;
	put("policy.yaml", "privileges: {any: {paths: ['/*']}}\n");
	put_made("gate.pem", "gate.key", (struct wanted){ "gate", "DNS:a", -60, 60, NULL });
	put_made("old.pem", "old.key", (struct wanted){ "old", "DNS:a", -120, -60, NULL });
	put_made("early.pem", "early.key", (struct wanted){ "early", "DNS:a", 3600, 7200, NULL });
	put("garbage", "not a PEM file");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_free(config);
	scratch_done(&scratch);
	return 0;
}

static bool
read_tls(const char *tls, enum config_reading how)
{
	char path[SCRATCH_ROOM * 2], yaml[1024];

	(void)snprintf(yaml, sizeof(yaml),
	    "listen: {%s}\nupstream: http://127.0.0.1:9000\npolicy: policy.yaml\nstate: .\n"
	    "issuers: {idp: {issuer: 'https://idp.example', audience: a}}\n",
	    tls);
	put("postern.yaml", yaml);
	scratch_path(&scratch, "postern.yaml", path);
	config_free(config);
	config = NULL;
	return config_read(path, how, &config, &err);
}

static bool
said(const char *text)
{
	for (const struct mistake *one = config->mistakes.first; one != NULL; one = one->next)
		if (strstr(one->text, text) != NULL)
			return true;
	return false;
}

static void
each_mistake_is_said_where_it_is(void **state)
{
	static const struct {
		const char *tls, *pointer, *rule;
	} cases[] = {
		{ "tls: {certificate: gate.pem}", "/listen/tls: ", "\"key\" is missing" },
		{ "tls: {key: gate.key}", "/listen/tls: ", "\"certificate\" is missing" },
		{ "tls: []", "/listen/tls: ", "map" },
		{ "tls: {certificate: none.pem, key: gate.key}",
		    "/listen/tls/certificate: ", "none.pem" },
		{ "tls: {certificate: gate.pem, key: none.key}", "/listen/tls/key: ", "none.key" },
		{ "tls: {certificate: garbage, key: gate.key}",
		    "/listen/tls/certificate: ", "garbage: there is no certificate in it (PEM)" },
		{ "tls: {certificate: gate.pem, key: garbage}",
		    "/listen/tls/key: ", "garbage: there is no private key in it (PEM)" },
		{ "tls: {certificate: gate.pem, key: old.key}",
		    "/listen/tls/key: ", "old.key: the key does not fit the certificate" },
		{ "tls: {" FILE_NAMES ", certificates: [{certificate: old.pem, key: gate.key}]}",
		    "/listen/tls/certificates/0/key: ", "the key does not fit the certificate" },
		{ "tls: {" FILE_NAMES ", certificates: [{certificate: old.pem}]}",
		    "/listen/tls/certificates/0: ", "\"key\" is missing" },
		{ "tls: {" FILE_NAMES ", certificates: [x]}",
		    "/listen/tls/certificates/0: ", "map" },
		{ "tls: {" FILE_NAMES ", client_certificate: always}",
		    "/listen/tls/client_certificate: ", "must be one of none, optional, required" },
		{ "tls: {" FILE_NAMES ", client_certificate: required}",
		    "/listen/tls/client_certificate: ", "\"client_ca\" must name the file" },
		{ "tls: {" FILE_NAMES ", client_certificate: optional, client_ca: garbage}",
		    "/listen/tls/client_ca: ", "garbage: there is no certificate in it (PEM)" },
		{ "engine: civetweb, tls: {" FILE_NAMES "}",
		    "/listen/tls: ", "the engine civetweb has no TLS; \"engine\": events has" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_false(read_tls(cases[i].tls, CONFIG_WHOLE));
		assert_null(config->tls.server);
		if (!said(cases[i].pointer) || !said(cases[i].rule))
			fail_msg("%s: %s", cases[i].tls,
			    config->mistakes.first == NULL ? "" : config->mistakes.first->text);
	}
}

static void
more_certificates_than_there_is_room_for_are_a_mistake(void **state)
{
	char tls[4096] = "tls: {" FILE_NAMES ", certificates: [";

	(void)state;
	for (int i = 0; i < TLS_SERVER_CERTIFICATES; i++)
		(void)snprintf(tls + strlen(tls), sizeof(tls) - strlen(tls), "{},");
	(void)snprintf(tls + strlen(tls), sizeof(tls) - strlen(tls), "]}");
	assert_false(read_tls(tls, CONFIG_TEXT));
	assert_true(said("at most 63 certificates"));
}

static void
what_is_odd_is_a_warning(void **state)
{
	static const struct {
		const char *tls, *warning;
	} cases[] = {
		{ "tls: {certificate: old.pem, key: old.key}", "the certificate has expired on " },
		{ "tls: {certificate: early.pem, key: early.key}",
		    "the certificate is not valid before " },
		{ "tls: {" FILE_NAMES ", client_ca: old.pem}",
		    "clients are not asked for a certificate" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(read_tls(cases[i].tls, CONFIG_WHOLE));
		assert_non_null(config->tls.server);
		assert_int_equal(config->mistakes.warnings, 1);
		assert_true(said(cases[i].warning));
	}
}

/* Files are read for whoever serves; other commands must work without them. */
static void
a_server_is_made_of_the_files(void **state)
{
	const char *tls = "tls: {" FILE_NAMES ", certificates: [{certificate: gate.pem, key: "
			  "gate.key}], client_ca: gate.pem, client_certificate: optional}";
	size_t inputs = 0, secrets = 0;

	(void)state;
	assert_true(read_tls(tls, CONFIG_WHOLE));
	assert_int_equal(config->mistakes.warnings, 0);
	assert_non_null(config->tls.server);
	for (const struct input *one = config->mistakes.inputs.first; one != NULL;
	    one = one->next) {
		inputs += strstr(one->path, "gate.") != NULL;
		secrets += one->secret;
	}
	assert_int_equal(inputs, 5); /* which are watched */
	assert_int_equal(secrets, 2);
	assert_true(read_tls("tls: {certificate: none.pem, key: none.key}", CONFIG_TEXT));
	assert_null(config->tls.server);
	assert_true(read_tls(tls, CONFIG_OFFLINE));
	assert_null(config->tls.server);
	assert_int_equal(config->mistakes.left_out, 6); /* and the state directory */
	assert_true(read_tls("threads: 1", CONFIG_WHOLE));
	assert_null(config->tls.server);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_mistake_is_said_where_it_is),
		TEST(more_certificates_than_there_is_room_for_are_a_mistake),
		TEST(what_is_odd_is_a_warning),
		TEST(a_server_is_made_of_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
