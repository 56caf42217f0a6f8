/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include "cli/client_line.h"
#include "cli/command.h"

static struct said said;

static bool
read_line(const char *text, struct client_line *line)
{
	static struct said_words words;
	int code;
	bool good;

	said_split(&words, text);
	*line = (struct client_line){ .line.config = COMMAND_CONFIG };
	said_begin(&said);
	good = options_read(
	    &client_command, (struct arguments){ words.argc, words.argv }, &line->line, &code);
	said_end(&said);
	return good;
}

static const struct {
	const char *line, *wrong; /* NULL: it is fine */
} finishes[] = {
	{ "client add a --scope x --scope y --token-lifetime 30m", NULL },
	{ "client add a --scope x --no-scopes", "--scope and --no-scopes cannot be used together" },
	{ "client add a --claim t=x --claim u=y --expires 90d", NULL },
	{ "client change a --no-claims", NULL },
	{ "client rotate a --expires 1h", NULL },
	{ "client change a --claim t=x --no-claims",
	    "--claim and --no-claims cannot be used together" },
	{ "client list --output env", "--output env works with add and rotate only" },
	{ "client add a --output env", NULL },
	{ "client rotate a --output env", NULL },
	{ "client list --json", NULL },
	{ "client change a", "nothing to change" },
	{ "client change a --label ''", NULL },
};

static void
what_must_hold_between_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(finishes) / sizeof(finishes[0]); i++) {
		struct client_line line;
		const char *got;

		if (!read_line(finishes[i].line, &line))
			fail_msg("%s: %s", finishes[i].line, said.err);
		got = client_line_finish(&line);
		if ((got == NULL) != (finishes[i].wrong == NULL) ||
		    (got != NULL && strstr(got, finishes[i].wrong) == NULL))
			fail_msg("%s: got %s", finishes[i].line, got == NULL ? "nothing" : got);
		options_done(&line.line);
	}
}

static void
fields_are_complete(void **state)
{
	struct client_line line;

	(void)state;
	assert_true(
	    read_line("client add shop --role r --label Shop --scope x --token-lifetime 30m "
		      "--auth-method private_key_jwt --jwks k.json --json",
		&line));
	assert_null(client_line_finish(&line));
	assert_int_equal(line.output, CLIENT_JSON);
	assert_int_equal(line.roles.count, 1);
	assert_string_equal(line.fields.label, "Shop");
	assert_null(line.fields.description);
	assert_true(line.fields.has_scopes && line.fields.has_lifetime && line.fields.has_method);
	assert_int_equal(line.fields.token_lifetime_s, 1800);
	assert_int_equal(line.fields.method, CLIENT_PRIVATE_KEY_JWT);
	assert_string_equal(line.jwks_path, "k.json");
	options_done(&line.line);
	assert_true(read_line("client change shop --no-scopes", &line));
	assert_null(client_line_finish(&line));
	assert_true(line.fields.has_scopes && line.fields.scopes.count == 0);
	assert_false(line.fields.has_lifetime || line.fields.has_method);
	options_done(&line.line);
}

static void
slots_are_words(void **state)
{
	static const struct {
		const char *line;
		int slot;
	} slots[] = {
		{ "client revoke-secret a", ADMIN_SLOT_OLDEST },
		{ "client revoke-secret a --slot 1", ADMIN_SLOT_1 },
		{ "client revoke-secret a --slot 2", ADMIN_SLOT_2 },
		{ "client revoke-secret a --slot both", ADMIN_SLOT_BOTH },
	};
	struct client_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		assert_true(read_line(slots[i].line, &line));
		assert_int_equal(line.slot, slots[i].slot);
		options_done(&line.line);
	}
	assert_false(read_line("client revoke-secret a --slot 3", &line));
	assert_non_null(strstr(said.err, "--slot must be 1, 2 or both (found \"3\")"));
	options_done(&line.line);
	assert_false(read_line("client add a --auth-method tls", &line));
	assert_non_null(strstr(said.err, "private_key_jwt"));
	options_done(&line.line);
	assert_false(read_line("client add a --token-lifetime soon", &line));
	assert_non_null(strstr(said.err, "a duration such as 30m"));
	options_done(&line.line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_must_hold_between_options),
		cmocka_unit_test(fields_are_complete),
		cmocka_unit_test(slots_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
