/* SPDX-License-Identifier: Apache-2.0 */
/* Where the database and the keys are, whatever state the configuration is in. */
#include "said.h"
#include "issuer/scratch.h"

#include "base/file.h"
#include "cli/command.h"
#include "cli/place.h"

#define PLAIN                                                                                      \
	"upstream: http://127.0.0.1:9000\n"                                                        \
	"policy: policy.yaml\n"                                                                    \
	"state: state\n"                                                                           \
	"issuers: {idp: {issuer: 'https://idp.example', audience: a}}\n"
#define LOCAL "local_issuer: {issuer: 'http://127.0.0.1:8080', audience: b, database: local.db}\n"
#define POLICY "roles: {reader: {}, writer: {}}\nprivileges: {any: {paths: ['/*']}}\n"

static struct scratch scratch;
static struct said said;
static char config_path[SCRATCH_ROOM * 2];

static void
put(const char *name, const char *text)
{
	char path[SCRATCH_ROOM * 2];
	struct err err;

	scratch_path(&scratch, name, path);
	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	scratch_path(&scratch, "postern.yaml", config_path);
	put("policy.yaml", POLICY);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_done(&scratch);
	return 0;
}

struct place_case {
	const char *name, *yaml; /* NULL: there is no file */
	const char *database, *state;
	enum place_need need;
	int code;
	bool sound, given;
	const char *says; /* "" : nothing */
};

static const struct place_case cases[] = {
	{ "the configuration says it", PLAIN LOCAL, NULL, NULL, PLACE_DATABASE, EXIT_YES, true,
	    false, "" },
	{ "all of the issuer", PLAIN LOCAL, NULL, NULL, PLACE_ISSUER, EXIT_YES, true, false, "" },
	{ "the line goes first", PLAIN LOCAL, "other.db", NULL, PLACE_DATABASE, EXIT_YES, true,
	    true, "" },
	{ "a mistake elsewhere stops nothing", PLAIN LOCAL "log: {level: loud}\n", NULL, NULL,
	    PLACE_DATABASE, EXIT_YES, false, false, "continuing anyway" },
	{ "no file is needed with --database", NULL, "other.db", NULL, PLACE_DATABASE, EXIT_YES,
	    false, true, "continuing anyway" },
	{ "but without it", NULL, NULL, NULL, PLACE_DATABASE, EXIT_TROUBLE, false, false,
	    "--database" },
	{ "nor is one with --state", NULL, NULL, "keys", PLACE_STATE, EXIT_YES, false, true,
	    "continuing anyway" },
	{ "but without that", NULL, NULL, NULL, PLACE_STATE, EXIT_TROUBLE, false, false,
	    "--state" },
	{ "there is no local issuer", PLAIN, NULL, NULL, PLACE_DATABASE, EXIT_TROUBLE, true, false,
	    "has no local_issuer" },
	{ "a mistake where it counts", PLAIN "local_issuer: {database: [a]}\n", NULL, NULL,
	    PLACE_ISSUER, EXIT_NO, false, false, "local_issuer" },
};

static void
find(const struct place_case *one)
{
	struct command_line line = {
		.config = config_path, .database = one->database, .state = one->state
	};
	struct place place = { .command = "client" };
	int code = -1;
	bool found;

	(void)unlink(config_path);
	if (one->yaml != NULL)
		put("postern.yaml", one->yaml);
	said_begin(&said);
	found = place_find(&place, &line, one->need, &code);
	said_end(&said);
	if (code != one->code || found != (code == EXIT_YES))
		fail_msg("%s: exit code %d: %s", one->name, code, said.err);
	if (place.sound != one->sound || place.given != one->given)
		fail_msg("%s: sound %d, given %d", one->name, place.sound, place.given);
	if (one->says[0] == '\0' ? said.err[0] != '\0' : strstr(said.err, one->says) == NULL)
		fail_msg("%s: want %s, got %s", one->name, one->says, said.err);
	if (found && one->need == PLACE_DATABASE)
		assert_non_null(place.database);
	if (found && one->database != NULL)
		assert_string_equal(place.database, one->database);
	if (found && one->state != NULL)
		assert_string_equal(place.state, one->state);
	place_done(&place);
}

static void
it_is_found_or_said_why_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		find(&cases[i]);
}

static void
a_database_that_was_named_is_never_made(void **state)
{
	char path[SCRATCH_ROOM * 2];
	struct command_line line = { .config = config_path, .database = path };
	struct place place = { .command = "client" };
	int code;

	(void)state;
	put("postern.yaml", PLAIN LOCAL);
	scratch_path(&scratch, "absent.db", path);
	said_begin(&said);
	assert_true(place_find(&place, &line, PLACE_DATABASE, &code));
	assert_false(place_open(&place, &code));
	said_end(&said);
	assert_int_equal(code, EXIT_TROUBLE);
	assert_non_null(strstr(said.err, "client: "));
	assert_int_equal(access(path, F_OK), -1);
	place_done(&place);
}

static void
the_configurations_is_made(void **state)
{
	struct command_line line = { .config = config_path };
	struct place place = { .command = "client" };
	const char *issuer = NULL;
	struct err err = { "" };
	int code;

	(void)state;
	put("postern.yaml", PLAIN LOCAL);
	assert_true(place_find(&place, &line, PLACE_DATABASE, &code));
	assert_true(place_open(&place, &code));
	assert_non_null(place.store);
	assert_true(place_issuer(&place, &issuer, &err));
	assert_string_equal(issuer, "http://127.0.0.1:8080");
	place_done(&place);
}

static void
an_issuer_that_nobody_named_is_not_guessed(void **state)
{
	char path[SCRATCH_ROOM * 2];
	struct command_line line = { .config = config_path };
	struct place place = { .command = "revoke" };
	struct store *store = NULL;
	const char *issuer = NULL;
	struct err err = { "" };
	int code;

	(void)state;
	scratch_path(&scratch, "local.db", path);
	assert_true(store_open(path, &store, &err));
	store_close(store);
	line.database = path;
	said_begin(&said);
	assert_true(place_find(&place, &line, PLACE_DATABASE, &code)); /* without a file */
	assert_true(place_open(&place, &code));
	said_end(&said);
	assert_false(place_issuer(&place, &issuer, &err));
	assert_non_null(strstr(err.text, "not known"));
	assert_null(issuer);
	place_done(&place);
}

static void
a_role_is_one_of_the_policys(void **state)
{
	struct command_line line = { .config = config_path };
	struct place place = { .command = "client" };
	int code;

	(void)state;
	put("postern.yaml", PLAIN LOCAL);
	assert_true(place_find(&place, &line, PLACE_DATABASE, &code));
	assert_true(place_role_known(&place, "reader"));
	said_begin(&said);
	assert_false(place_role_known(&place, "raeder"));
	said_end(&said);
	assert_non_null(strstr(said.err, "did you mean \"reader\"?"));
	said_begin(&said);
	assert_false(place_role_known(&place, "xyz"));
	said_end(&said);
	assert_non_null(strstr(said.err, "reader, writer"));
	place_done(&place);
}

static void
a_policy_that_cannot_be_relied_upon_refuses_no_role(void **state)
{
	struct command_line line = { .config = config_path };
	struct place place = { .command = "client" };
	int code;

	(void)state;
	put("postern.yaml", PLAIN LOCAL);
	put("policy.yaml", "roles: [reader]\n");
	said_begin(&said);
	assert_true(place_find(&place, &line, PLACE_DATABASE, &code));
	assert_true(place_role_known(&place, "reader"));
	said_end(&said);
	assert_non_null(strstr(said.err, "cannot check whether"));
	place_done(&place);
}

static void
what_admin_says_is_an_exit_code(void **state)
{
	struct place place = { .command = "client" };
	struct err err = { "there is none" };

	(void)state;
	said_begin(&said);
	assert_int_equal(place_report(&place, ADMIN_OK, &err), EXIT_YES);
	assert_int_equal(place_report(&place, ADMIN_NO, &err), EXIT_NO);
	assert_int_equal(place_report(&place, ADMIN_TROUBLE, &err), EXIT_TROUBLE);
	said_end(&said);
	assert_string_equal(
	    said.err, "postern: client: there is none\npostern: client: there is none\n");
	place_done(&place);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_found_or_said_why_not),
		TEST(a_database_that_was_named_is_never_made),
		TEST(the_configurations_is_made),
		TEST(an_issuer_that_nobody_named_is_not_guessed),
		TEST(a_role_is_one_of_the_policys),
		TEST(a_policy_that_cannot_be_relied_upon_refuses_no_role),
		TEST(what_admin_says_is_an_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
