/* SPDX-License-Identifier: Apache-2.0 */
/* `postern init` with somebody at the terminal, which is one of our own, and with nobody. */
#include "said.h"
#include "issuer/scratch.h"

#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/command.h"

/* What they wait for, and what they type then. */
struct step {
	const char *prompt, *answer;
};

struct person {
	int terminal;
	const struct step *steps; /* ended by a prompt that is NULL */
	size_t done;
	char seen[SAID_ROOM];
};

static struct scratch scratch;
static struct said said;
static struct person person;

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	return chdir(scratch.dir);
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	scratch_done(&scratch);
	return 0;
}

#define PATIENCE_MS 60000

/* Read a byte. Who waits for ever for a question that does not come leaves. */
static bool
see(char *byte)
{
	struct pollfd poll_terminal = { .fd = person.terminal, .events = POLLIN };

	while (poll(&poll_terminal, 1, PATIENCE_MS) == 0)
		if (write(person.terminal, "\004", 1) != 1)
			return false;
	return read(person.terminal, byte, 1) == 1;
}

/* The command ends, so its terminal does, so the reading does. */
static void *
person_sit(void *unused)
{
	size_t len = 0, from = 0;

	(void)unused;
	while (len + 1 < sizeof(person.seen) && see(person.seen + len)) {
		const struct step *step = &person.steps[person.done];

		person.seen[++len] = '\0';
		if (step->prompt == NULL || strstr(person.seen + from, step->prompt) == NULL)
			continue;
		from = len;
		person.done++;
		if (write(person.terminal, step->answer, strlen(step->answer)) < 0)
			return NULL;
	}
	return NULL;
}

static int
run(const char *line)
{
	struct said_words words;

	said_split(&words, line);
	return init_command.run(words.argc, words.argv);
}

static int
run_at_terminal(const char *line, const struct step *steps)
{
	int ours, saved[2] = { dup(0), dup(2) };
	pthread_t thread;
	int code;

	memset(&person, 0, sizeof(person));
	person.steps = steps;
	assert_int_equal(openpty(&person.terminal, &ours, NULL, NULL, NULL), 0);
	said_begin(&said);
	assert_true(dup2(ours, 0) == 0 && dup2(ours, 2) == 2);
	(void)close(ours);
	assert_int_equal(pthread_create(&thread, NULL, person_sit, NULL), 0);
	code = run(line);
	(void)fflush(stderr);
	assert_true(dup2(saved[0], 0) == 0 && dup2(saved[1], 2) == 2);
	assert_int_equal(pthread_join(thread, NULL), 0);
	said_end(&said);
	(void)close(saved[0]);
	(void)close(saved[1]);
	(void)close(person.terminal);
	return code;
}

static bool
is_there(const char *name)
{
	struct stat status;

	return lstat(name, &status) == 0;
}

static void
assert_holds(const char *path, const char *part)
{
	struct buffer text;
	struct err err;

	buffer_init(&text, 1 << 20);
	if (!file_read(path, &text, &err))
		fail_msg("%s", err.text);
	if (strstr(text.at, part) == NULL)
		fail_msg("%s has no \"%s\":\n%s", path, part, text.at);
	buffer_done(&text);
}

static void
the_local_issuer_needs_four_answers(void **state)
{
	static const struct step steps[] = {
		{ "Directory for the files [.]: ", "\n" },
		{ "Provider: ", "local\n" },
		{ "Your API, such as http://127.0.0.1:9000: ", "http://127.0.0.1:7000\n" },
		{ "Where the gate listens [127.0.0.1:8080]: ", "\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_int_equal(run_at_terminal("init", steps), EXIT_YES);
	assert_int_equal(person.done, 4);
	assert_holds("postern.yaml", "upstream: http://127.0.0.1:7000\n");
	assert_holds("postern.yaml", "  issuer: http://127.0.0.1:8080\n");
	assert_holds("policy.yaml", "  reader: {}\n");
	assert_holds("cases.yaml", "cases:\n");
	assert_non_null(strstr(said.out, "  postern client add my_app --role reader\n"));
}

static void
what_does_not_fit_is_asked_again(void **state)
{
	static const struct step steps[] = {
		{ "Directory for the files [.]: ", "old\n" },
		{ "old/policy.yaml exists already, and nothing is overwritten", "  new  \n" },
		{ "Provider: ", "azure\n" },
		{ "did you mean \"entra\"?", "okta\n" },
		{ "or the whole issuer, such as https://example.okta.com/oauth2/default: ", "\n" },
		{ "must not be empty", "a b\n" },
		{ "must be a host name alone", "dev.okta.example\n" },
		{ "Audience, the \"aud\" of its tokens, such as api://default: ", "api://x # y\n" },
		{ "Your API, such as http://127.0.0.1:9000: ", "localhost\n" },
		{ "must start with", "http://127.0.0.1:7000\n" },
		{ "Where the gate listens [127.0.0.1:8080]: ", "8080\n" },
		{ "must be", "0.0.0.0:80\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_int_equal(mkdir("old", 0700), 0);
	assert_true(file_write("old/policy.yaml", SPAN("mine"), 0600, &(struct err){ "" }));
	assert_int_equal(run_at_terminal("init --offline", steps), EXIT_YES);
	assert_int_equal(person.done, 12);
	assert_holds("new/postern.yaml", "    issuer: https://dev.okta.example/oauth2/default\n");
	assert_holds("new/postern.yaml", "    audience: [\"api://x # y\"]\n");
	assert_holds("new/postern.yaml", "  address: \"0.0.0.0:80\"\n");
	assert_holds("old/policy.yaml", "mine");
	assert_non_null(strstr(said.out, "  curl -i http://127.0.0.1:80/\n"));
}

static void
the_whole_issuer_stands_for_its_parts(void **state)
{
	static const struct step steps[] = {
		{ "Provider: ", "keycloak\n" },
		{ "https://keycloak.example.com/realms/acme: ", "https://kc.example/realms/a/\n" },
		{ "write \"https://kc.example/realms/a\"", "https://kc.example/realms/a\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_int_equal(run_at_terminal("init . --offline --audience x --upstream "
					 "http://127.0.0.1:7000 --listen 127.0.0.1:8080",
			     steps),
	    EXIT_YES);
	assert_int_equal(person.done, 3);
	assert_holds("postern.yaml", "    issuer: https://kc.example/realms/a\n");
}

/* The provider is not there: nothing listens on port 1. */
static void
the_issuer_may_be_corrected(void **state)
{
	static const struct step steps[] = {
		{ "once more, or the word offline to go on without: ", "http://127.0.0.1:1/b\n" },
		{ "127.0.0.1:1/b/.well-known/openid-configuration: ", "" },
		{ "once more, or the word offline to go on without: ", "offline\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_int_equal(run_at_terminal("init . --provider other --issuer http://127.0.0.1:1/a "
					 "--audience x --upstream http://127.0.0.1:7000 --listen "
					 "127.0.0.1:8080",
			     steps),
	    EXIT_YES);
	assert_int_equal(person.done, 3);
	assert_holds("postern.yaml", "    issuer: http://127.0.0.1:1/b\n");
	assert_non_null(strstr(said.out, "was not asked"));
}

static void
the_end_of_the_input_ends_it(void **state)
{
	static const struct step steps[] = {
		{ "Directory for the files [.]: ", "new\n" },
		{ "Provider: ", "\004" },
		{ NULL, NULL },
	};

	(void)state;
	assert_int_equal(run_at_terminal("init", steps), EXIT_TROUBLE);
	assert_non_null(strstr(person.seen, "the input ended before every question was answered"));
	assert_false(is_there("new"));
}

static void
a_long_answer_is_none(void **state)
{
	static char answer[1100];
	const struct step steps[] = {
		{ "Provider: ", answer },
		{ "must be at most 1024 bytes long", "\004" },
		{ NULL, NULL },
	};

	(void)state;
	memset(answer, 'x', sizeof(answer) - 2);
	answer[sizeof(answer) - 2] = '\n';
	assert_int_equal(run_at_terminal("init .", steps), EXIT_TROUBLE);
	assert_int_equal(person.done, 2);
}

/* With nobody to ask, each line names the option. */
static void
nobody_is_asked(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "init", "init: --provider is missing" },
		{ "init --provider okta", "init: --domain (or --issuer) is missing" },
		{ "init --provider entra", "init: --tenant (or --issuer) is missing" },
		{ "init --provider other", "init: --issuer is missing" },
		{ "init --provider other --issuer https://a", "init: --audience is missing" },
		{ "init --provider local", "init: --upstream is missing" },
		{ "init --provider google", "init: --email is missing" },
		{ "init --provider cognito --pool eu_x", "init: --client is missing" },
		{ "init --provider oci", "init: --domain is missing" },
		{ "init --provider kubernetes", "init: --jwks-file is missing" },
		{ "init --provider okta --domain https://x",
		    "init: --domain: must be a host name" },
		{ "init --provider okta --realm x", "init: --realm is no part of okta" },
		{ "init --provider okta --domain a --issuer https://a",
		    "init: --issuer and --domain exclude each other" },
		{ "init --provider local --jwks-uri https://a", "init: the local issuer has" },
		{ "init --provider local --audience a --audience b",
		    "init: --audience: the local" },
		{ "init --provider other --jwks-uri https://a --jwks-file b",
		    "init: --jwks-uri and --jwks-file exclude each other" },
		{ "init --provider azure", "did you mean \"entra\"?" },
		{ "init --provider entra --tenant common --audience a",
		    "must be the id of one tenant" },
		{ "init --provider auth0 --issuer https://a", "write \"https://a/\"" },
		{ "init --provider other --issuer http://idp.example",
		    "--issuer: must start with" },
		{ "init --provider local --upstream http://localhost:8080",
		    "--listen: must not be your API's address" },
		{ "init --provider local --upstream http://[::1]:81 --listen [::]:81",
		    "--listen: must not be your API's address" },
		{ "init --provider local --listen 127.0.0.1:9901 --upstream http://127.0.0.1:1",
		    "--listen and --admin must be different" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int code;

		said_begin(&said);
		code = run(cases[i].line);
		said_end(&said);
		if (code != EXIT_TROUBLE || strstr(said.err, cases[i].says) == NULL)
			fail_msg("%s: %d\n%s", cases[i].line, code, said.err);
		assert_string_equal(said.out, "");
		assert_false(is_there("postern.yaml"));
	}
}

/* What `check` refuses is not left behind, whatever the questions let pass. */
static void
what_check_refuses_is_not_kept(void **state)
{
	static const char *const lines[] = {
		/* Okta does not publish these keys. */
		"init new --offline --provider okta --issuer https://example.okta.com --audience a "
		"--upstream http://127.0.0.1:1",
		/* Everybody's issuer without a condition. */
		"init new --offline --provider other --issuer https://accounts.google.com "
		"--audience a --upstream http://127.0.0.1:1",
		/* A key set that is not there. */
		"init new --provider kubernetes --jwks-file nowhere --audience a --upstream "
		"http://127.0.0.1:1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		said_begin(&said);
		assert_int_equal(run(lines[i]), EXIT_TROUBLE);
		said_end(&said);
		assert_true(said.err[0] != '\0');
		assert_false(is_there("new"));
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_local_issuer_needs_four_answers),
		TEST(what_does_not_fit_is_asked_again),
		TEST(the_whole_issuer_stands_for_its_parts),
		TEST(the_issuer_may_be_corrected),
		TEST(the_end_of_the_input_ends_it),
		TEST(a_long_answer_is_none),
		TEST(nobody_is_asked),
		TEST(what_check_refuses_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
