/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/config_print.h"

/* What must never be seen, wherever it was written. */
#define SECRET "s3cr3t"

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/postern-test-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "postern.yaml", "policy.yaml", "again.yaml" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static void
put(const char *name, struct span text, char path[128])
{
	struct err err;

	(void)snprintf(path, 128, "%s/%s", dir, name);
	if (!file_write(path, text, 0600, &err))
		fail_msg("%s", err.text);
}

/* Print what the file says, mistakes or not. */
static void
print(const char *yaml, struct buffer *out)
{
	struct config *config = NULL;
	struct err err = { "" };
	char path[128];

	put("policy.yaml", SPAN("{}"), path);
	put("postern.yaml", span_of(yaml), path);
	buffer_init(out, 1 << 20);
	if (!config_read(path, CONFIG_TEXT, &config, &err))
		fail_msg("%s: %s", err.text,
		    config == NULL || config->mistakes.first == NULL
			? ""
			: config->mistakes.first->text);
	if (!config_print(config, out, &err))
		fail_msg("%s", err.text);
	config_free(config);
}

#define PLAIN                                                                                      \
	"listen: {address: 127.0.0.1:8080}\n"                                                      \
	"admin: {address: 127.0.0.1:9901}\n"                                                       \
	"upstream: http://127.0.0.1:9000\n"                                                        \
	"policy: policy.yaml\n"                                                                    \
	"state: /var/lib/postern\n"

static void
what_is_not_said_is_printed_with_its_default(void **state)
{
	static const char *const lines[] = { "format: json", "authorization: strip", "X-User",
		"upstream: \"http://127.0.0.1:9000\"" };
	struct buffer out;

	(void)state;
	print(PLAIN, &out);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strstr(out.at, lines[i]) == NULL)
			fail_msg("%s is not in\n%s", lines[i], out.at);
	buffer_done(&out);
}

static void
what_is_printed_is_read_again_and_says_the_same(void **state)
{
	struct buffer out, again;
	char *text;

	(void)state;
	print(PLAIN "limits: {body_bytes: 1m}\nlog: {level: error}\n", &out);
	text = strdup(out.at);
	assert_non_null(text);
	print(text, &again);
	assert_string_equal(again.at, out.at);
	free(text);
	buffer_done(&out);
	buffer_done(&again);
}

/* Where somebody may have written a secret. */
static const struct {
	const char *name, *yaml;
} secrets[] = {
	{ "a database's password",
	    "local_issuer: {issuer: 'http://127.0.0.1:8080', audience: 'api://local', "
	    "database: 'postgresql://postern:" SECRET "@db/postern'}" },
	{ "one with an @ in it",
	    "local_issuer: {issuer: 'http://127.0.0.1:8080', audience: 'api://local', "
	    "database: 'postgresql://postern:" SECRET "@" SECRET "@db/postern'}" },
	{ "one in the query",
	    "local_issuer: {issuer: 'http://127.0.0.1:8080', audience: 'api://local', "
	    "database: 'postgresql://db/postern?password=" SECRET "'}" },
	{ "a client key's password in the query",
	    "local_issuer: {issuer: 'http://127.0.0.1:8080', audience: 'api://local', "
	    "database: 'postgresql://db/postern?sslpassword=" SECRET "&sslmode=require'}" },
	{ "a database that lacks its scheme",
	    "local_issuer: {issuer: 'http://127.0.0.1:8080', audience: 'api://local', "
	    "database: '//postern:" SECRET "@db/postern'}" },
	{ "a token for the key set", "issuers: {a: {issuer: 'https://a.example', audience: a, "
				     "jwks_uri: 'https://a.example/keys?p=x&token=" SECRET "'}}" },
	{ "an alias", "issuers: {a: {issuer: 'https://a.example', audience: a, "
		      "issuer_aliases: ['https://u:" SECRET "@b.example']}}" },
	{ "a token among types",
	    "issuers: {a: {issuer: 'https://a.example', audience: a, types: ['Bearer " SECRET
	    "']}}" },
	{ "a token that is an audience",
	    "issuers: {a: {issuer: 'https://a.example', audience: eyJhbGciOiJub25lIn0." SECRET
	    ".x}}" },
	{ "a name of the local issuer's",
	    "local_issuer: {issuer: 'http://127.0.0.1:8080', audience: 'x:" SECRET "@h', "
	    "introspection_role: 'client_secret=" SECRET "'}" },
};

static void
no_secret_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		struct buffer out, yaml;

		buffer_init(&yaml, 1 << 16);
		buffer_format(&yaml, PLAIN "%s\n", secrets[i].yaml);
		print(yaml.at, &out);
		if (strstr(out.at, SECRET) != NULL || strstr(out.at, "(secret)") == NULL)
			fail_msg("%s:\n%s", secrets[i].name, out.at);
		buffer_done(&yaml);
		buffer_done(&out);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_said_is_printed_with_its_default),
		TEST(what_is_printed_is_read_again_and_says_the_same),
		TEST(no_secret_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
