/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands as somebody types them, one after the other in one directory: the exit code, and what is
 * said. `$TOKEN` stands for the last token that was printed.
 */
#include "said.h"
#include "issuer/scratch.h"

#include <sys/stat.h>

#include "base/file.h"
#include "cli/command.h"

#define CONFIG                                                                                     \
	"upstream: http://127.0.0.1:9000\n"                                                        \
	"admin: {address: '127.0.0.1:1'}\n"                                                        \
	"policy: policy.yaml\n"                                                                    \
	"state: state\n"                                                                           \
	"local_issuer: {issuer: 'http://127.0.0.1:8080', audience: api, database: local.db}\n"
#define POLICY                                                                                     \
	"roles: {reader: {}, writer: {}}\n"                                                        \
	"privileges:\n"                                                                            \
	"  read: {paths: ['/orders/*'], methods: [GET], roles: [reader]}\n"                        \
	"public: ['/open']\n"

static const struct command *const commands[] = { &check_command, &explain_command, &verify_command,
	&client_command, &user_command, &keys_command, &token_command, &revoke_command,
	&store_command, &jwks_command, &health_command };

static struct scratch scratch;
static struct said said;
static char token[4096];

static void
put(const char *name, const char *text)
{
	struct err err;

	if (!file_write(name, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	if (chdir(scratch.dir) != 0 || mkdir("state", 0700) != 0)
		return -1;
	put("postern.yaml", CONFIG);
	put("policy.yaml", POLICY);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_done(&scratch);
	return chdir("/");
}

static int
run(const char *line)
{
	struct said_words words;
	int code = -1;

	said_split(&words, line);
	for (int i = 0; i < words.argc; i++)
		if (strcmp(words.argv[i], "$TOKEN") == 0)
			words.argv[i] = token;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i]->name, words.argv[0]) == 0) {
			said_begin(&said);
			code = commands[i]->run(words.argc, words.argv);
			said_end(&said);
		}
	if (strncmp(said.out, "eyJ", 3) == 0)
		(void)snprintf(
		    token, sizeof(token), "%.*s", (int)strcspn(said.out, "\n"), said.out);
	return code;
}

struct step {
	const char *line;
	int code;
	const char *out, *err; /* what is there; NULL: nothing is */
};

static void
follow(const struct step *steps)
{
	for (const struct step *step = steps; step->line != NULL; step++) {
		int code = run(step->line);

		if (code != step->code ||
		    (step->out == NULL ? said.out[0] != '\0'
				       : strstr(said.out, step->out) == NULL) ||
		    (step->err == NULL ? said.err[0] != '\0' : strstr(said.err, step->err) == NULL))
			fail_msg("%s: exit code %d, printed\n%sand\n%s", step->line, code, said.out,
			    said.err);
	}
}

static void
clients(void **state)
{
	static const struct step steps[] = {
		{ "client list", 0, "NAME", NULL },
		{ "client add shop --role reader --scope x", 0, "client_secret", "shown" },
		{ "client add shop", 1, NULL, "shop" },
		{ "client add other --role raeder", 1, NULL, "did you mean \"reader\"?" },
		{ "client list", 0, "shop", NULL },
		{ "client list --json", 0, "\"name\":\"shop\"", NULL },
		{ "client show shop", 0, "reader", NULL },
		{ "client show shp", 1, NULL, "did you mean \"shop\"?" },
		{ "client grant shop writer", 0, NULL, NULL },
		{ "client grant shop writer", 0, NULL, "already" },
		{ "client revoke shop writer", 0, NULL, NULL },
		{ "client change shop --label Shop", 0, NULL, NULL },
		{ "client rename shop store", 0, NULL, NULL },
		{ "client show store", 0, "Shop", NULL },
		{ "client rotate store --output env", 0, "CLIENT_SECRET=", NULL },
		{ "client revoke-secret store --slot both", 0, "both secrets", NULL },
		{ "client revoke-secret store", 1, NULL, "store" },
		{ "client disable store", 0, NULL, NULL },
		{ "client show store", 0, "disabled", NULL },
		{ "client enable store", 0, NULL, NULL },
		{ "client export", 0, "\"clients\"", NULL },
		{ "client delete store", 0, NULL, NULL },
		{ "client delete store", 1, NULL, "store" },
		{ "client import absent.json", 2, NULL, "absent.json" },
		{ NULL, 0, NULL, NULL },
	};

	(void)state;
	follow(steps);
}

static void
users(void **state)
{
	static const struct step steps[] = {
		{ "user add ann --generate --role reader", 0, "password", "shown" },
		{ "user add ann --generate", 1, NULL, "ann" },
		{ "user list", 0, "ann", NULL },
		{ "user show ann --json", 0, "\"roles\":[\"reader\"]", NULL },
		{ "user passwd ann --generate", 0, "password", "shown" },
		{ "user grant ann writer", 0, NULL, NULL },
		{ "user grant ann wirter", 1, NULL, "did you mean \"writer\"?" },
		{ "user revoke ann writer", 0, NULL, NULL },
		{ "user disable ann", 0, NULL, NULL },
		{ "user show ann", 0, "disabled", NULL },
		{ "user enable ann", 0, NULL, NULL },
		{ "user show bob", 1, NULL, "bob" },
		{ "user delete ann", 0, NULL, NULL },
		{ NULL, 0, NULL, NULL },
	};

	(void)state;
	follow(steps);
}

static void
tokens(void **state)
{
	static const struct step steps[] = {
		{ "client add shop --role reader", 0, "client_secret", "shown" },
		{ "client add poor", 0, "client_secret", "shown" },
		{ "user add ann --generate --role reader", 0, "password", "shown" },
		{ "token", 2, NULL, "--client" },
		{ "token --client shp", 1, NULL, "shop" },
		{ "token --client shop", 0, "eyJ", NULL },
		{ "explain /open", 0, "/open", NULL },
		{ "explain /orders/7", 1, "credentials_missing", NULL },
		{ "explain /orders/7 --token $TOKEN", 0, "shop", NULL },
		{ "explain /orders/7 -X DELETE --token $TOKEN", 1, "method_not_granted", NULL },
		{ "explain /nowhere --token $TOKEN", 1, "no_rule", NULL },
		{ "explain /orders/7 --token $TOKEN --at 4000000000", 1, "token_expired", NULL },
		{ "explain /orders/7 --client shop", 0, "reader", NULL },
		{ "explain /orders/7 --client poor --json", 1, "\"privilege_missing\"", NULL },
		{ "explain /orders/7 --user ann", 0, "ann", NULL },
		{ "explain /orders/7 --client none", 2, NULL, "none" },
		{ "explain /a/../b", 1, "path_ambiguous", NULL },
		{ "revoke --client shop", 0, NULL, "\"what\":\"client\"" },
		{ "explain /orders/7 --token $TOKEN", 1, "token_revoked", NULL },
		{ "token --user ann", 0, "eyJ", NULL },
		{ "explain /orders/7 --token $TOKEN", 0, "ann", NULL },
		{ "revoke --token $TOKEN", 2, NULL, "write --token -" },
		{ "revoke --subject ann", 0, NULL, "\"what\":\"subject\"" },
		{ "explain /orders/7 --token $TOKEN", 1, "token_revoked", NULL },
		{ "revoke", 2, NULL, "give --token" },
		{ "jwks", 0, "local", NULL },
		{ "verify $TOKEN", 2, NULL, "--jwks" },
		{ "verify x --jwks absent.json --signature-only", 2, NULL, "absent.json" },
		{ NULL, 0, NULL, NULL },
	};

	(void)state;
	follow(steps);
}

static void
keys(void **state)
{
	static const struct step steps[] = {
		{ "client add shop", 0, "client_secret", "shown" },
		{ "token --client shop", 0, "eyJ", NULL },
		{ "keys list", 0, "ES256", NULL },
		{ "keys rotate", 0, "\n", NULL },
		{ "keys list", 0, "waits", NULL },
		{ "keys retire none", 1, NULL, "none" },
		{ NULL, 0, NULL, NULL },
	};

	(void)state;
	follow(steps);
}

static void
stores(void **state)
{
	static const struct step steps[] = {
		{ "client add shop", 0, "client_secret", "shown" },
		{ "store check", 0, "1 client, 0 users", NULL },
		{ "store backup copy.db", 0, NULL, NULL },
		{ "store backup copy.db", 2, NULL, "copy.db" },
		{ "client delete shop", 0, NULL, NULL },
		{ "store restore absent.db", 2, NULL, "absent.db" },
		{ "store restore copy.db", 0, "1 client", NULL },
		{ "client show shop", 0, "shop", NULL },
		{ "store init", 2, NULL, "is there already" },
		{ NULL, 0, NULL, NULL },
	};

	(void)state;
	follow(steps);
}

static void
checks(void **state)
{
	static const struct step right[] = {
		{ "check", 0, "1 issuer, 2 roles", "/roles/writer: warning" },
		{ "check --offline", 0, "2 skipped", "/local_issuer/database: skipped" },
		{ "health", 1, NULL, "127.0.0.1:1" },
		{ NULL, 0, NULL, NULL },
	};
	static const struct step wrong[] = {
		{ "check", 1, NULL, "/log/level" },
		{ "explain /open", 2, NULL, "/log/level" },
		{ "client add shop", 2, NULL, "the database is missing" },
		{ "check -c absent.yaml", 2, NULL, "absent.yaml" },
		{ NULL, 0, NULL, NULL },
	};

	(void)state;
	follow(right);
	put("postern.yaml", CONFIG "log: {level: loud}\n");
	follow(wrong);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(clients),
		TEST(users),
		TEST(tokens),
		TEST(keys),
		TEST(stores),
		TEST(checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
