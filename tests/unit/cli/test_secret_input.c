/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords from a pipe and from a terminal; the terminal is one of our own. */
#include "said.h"

#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <termios.h>

#include "cli/secret_input.h"

static struct buffer secret;
static struct err err;
static int saved;

static int
setup(void **state)
{
	(void)state;
	saved = dup(0);
	err.text[0] = '\0';
	buffer_init(&secret, SECRET_INPUT_MAX);
	return saved < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	buffer_wipe(&secret);
	(void)dup2(saved, 0);
	return close(saved);
}

static void
give(const char *bytes, size_t len)
{
	int file = memfd_create("input", 0);

	assert_true(file >= 0 && write(file, bytes, len) == (ssize_t)len);
	assert_true(lseek(file, 0, SEEK_SET) == 0 && dup2(file, 0) == 0);
	(void)close(file);
	buffer_reset(&secret);
}

static void
a_pipe_gives_one_line(void **state)
{
	static const char *const cases[][2] = {
		{ "pass word", "pass word" },
		{ "pass word\n", "pass word" },
		{ "pass word\r\n", "pass word" },
		{ " blanks count \n", " blanks count " },
		{ "\r", "" },
		{ "\n", "" },
		{ "", "" },
		{ "a\rb\n", "a\rb" },
		{ "p\xc3\xa4ss\n", "p\xc3\xa4ss" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		give(cases[i][0], strlen(cases[i][0]));
		if (!secret_input("Password: ", &secret, &err))
			fail_msg("%s: %s", cases[i][0], err.text);
		if (!span_is(buffer_span(&secret), cases[i][1]))
			fail_msg("%s: %.*s", cases[i][0], (int)secret.len, secret.at);
	}
}

/* A file of two lines is not what was meant, and the first of them no password. */
static void
two_lines_are_refused(void **state)
{
	(void)state;
	give("first\nsecond\n", 13);
	assert_false(secret_input("Password: ", &secret, &err));
	assert_string_equal(err.text, "standard input holds more than one line");
	give("first\n\n", 7);
	assert_false(secret_input("Password: ", &secret, &err));
}

static void
what_is_too_long_is_refused(void **state)
{
	static char many[SECRET_INPUT_MAX + 1];

	(void)state;
	memset(many, 'a', sizeof(many));
	give(many, sizeof(many));
	assert_false(secret_input("Password: ", &secret, &err));
	assert_true(err.text[0] != '\0');
}

/* Somebody at the terminal, who types each answer when they are asked for it. */
struct person {
	int terminal, prompts; /* what they see of standard error */
	const char *answers[2];
	char seen[2][16];
	bool echoed; /* while they typed */
};

static void *
person_answer(void *context)
{
	struct person *person = context;
	struct termios now;

	for (int i = 0; i < 2; i++) {
		size_t len = 0;

		/* A prompt ends with a space. */
		while (len + 1 < sizeof(person->seen[i]) &&
		       (len == 0 || person->seen[i][len - 1] != ' ') &&
		       read(person->prompts, person->seen[i] + len, 1) == 1)
			if (person->seen[i][len] != '\n')
				len++;
		if (tcgetattr(person->terminal, &now) != 0 || (now.c_lflag & ECHO) != 0)
			person->echoed = true;
		if (write(person->terminal, person->answers[i], strlen(person->answers[i])) < 0)
			return NULL;
	}
	return NULL;
}

static bool
ask(struct person *person)
{
	int terminal, ours, errors = dup(2), prompts[2];
	struct termios after;
	pthread_t thread;
	bool done;

	assert_int_equal(openpty(&terminal, &ours, NULL, NULL, NULL), 0);
	assert_int_equal(pipe(prompts), 0);
	assert_true(errors >= 0 && dup2(ours, 0) == 0 && dup2(prompts[1], 2) == 2);
	person->terminal = terminal;
	person->prompts = prompts[0];
	buffer_reset(&secret);
	assert_int_equal(pthread_create(&thread, NULL, person_answer, person), 0);
	done = secret_input("Password: ", &secret, &err);
	/* Had they not been asked a second time, they would wait for ever. */
	(void)dup2(errors, 2);
	(void)close(prompts[1]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(tcgetattr(ours, &after), 0);
	assert_true((after.c_lflag & ECHO) != 0); /* as it was before */
	(void)close(prompts[0]);
	(void)close(errors);
	(void)close(terminal);
	(void)close(ours);
	return done;
}

static void
a_terminal_is_asked_twice_and_shows_nothing(void **state)
{
	struct person person = { .answers = { "pass word\n", "pass word\n" } };

	(void)state;
	for (int i = 0; i < 20; i++) { /* an answer may not get lost on its way */
		memset(person.seen, 0, sizeof(person.seen));
		assert_true(ask(&person));
		assert_true(span_is(buffer_span(&secret), "pass word"));
		assert_string_equal(person.seen[0], "Password: ");
		assert_string_equal(person.seen[1], "Again: ");
		assert_false(person.echoed);
	}
}

static void
two_answers_that_differ_are_refused(void **state)
{
	struct person person = { .answers = { "pass word\n", "pass wort\n" } };

	(void)state;
	assert_false(ask(&person));
	assert_string_equal(err.text, "the two are not the same");
	assert_false(person.echoed);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pipe_gives_one_line),
		TEST(two_lines_are_refused),
		TEST(what_is_too_long_is_refused),
		TEST(a_terminal_is_asked_twice_and_shows_nothing),
		TEST(two_answers_that_differ_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
