/* SPDX-License-Identifier: Apache-2.0 */
/* Who asked for a reload, and what they are told of it. */
#include "issuer/scratch.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/file.h"
#include "proxy/gate/reload.h"

#define PATIENCE_MS 20000
#define GOOD                                                                                       \
	"upstream: http://127.0.0.1:3\npolicy: policy.yaml\n"                                      \
	"local_issuer: {issuer: 'http://127.0.0.1:1', audience: api}\n"

static struct scratch scratch;
static struct reload *reload;
static struct reload_state seen;

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	reload = reload_new();
	buffer_init(&seen.mistakes, 1);
	return reload == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	buffer_done(&seen.mistakes);
	reload_free(reload);
	scratch_done(&scratch);
	return 0;
}

static void
put(const char *name, const char *text)
{
	char path[SCRATCH_ROOM * 2];
	struct err err;

	scratch_path(&scratch, name, path);
	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

/* The configuration as it is read now, with mistakes or without. */
static struct config *
config_now(const char *text)
{
	struct config *config = NULL;
	char path[SCRATCH_ROOM * 2];
	struct err err;

	put("policy.yaml", "privileges: {any: {paths: ['/*']}}\n");
	put("postern.yaml", text);
	scratch_path(&scratch, "postern.yaml", path);
	if (!config_read(path, CONFIG_TEXT, &config, &err))
		assert_non_null(config); /* with its mistakes */
	return config;
}

static void
see(void)
{
	buffer_done(&seen.mistakes);
	reload_now(reload, &seen);
}

static bool
await(uint64_t asked, int64_t timeout_ms)
{
	buffer_done(&seen.mistakes);
	return reload_await(reload, asked, timeout_ms, &seen);
}

static void
at_first_nothing_is_wanted(void **state)
{
	(void)state;
	assert_false(reload_wanted(reload));
	see();
	assert_false(seen.successful);
	assert_string_equal(seen.configuration, "");
	assert_string_equal(seen.err.text, "");
}

static void
a_reload_that_succeeds_names_its_configuration(void **state)
{
	struct config *config = config_now(GOOD);
	uint64_t asked = reload_ask(reload);
	int64_t before_s = clock_now_s();
	char first[sizeof(seen.configuration)];

	(void)state;
	assert_true(reload_wanted(reload));
	reload_begin(reload);
	reload_end(reload, config, NULL);
	assert_false(reload_wanted(reload));
	assert_true(await(asked, PATIENCE_MS));
	assert_true(seen.successful);
	assert_true(seen.success_s >= before_s);
	assert_string_equal(seen.err.text, "");
	assert_int_equal(strlen(seen.configuration), 2 * DIGEST_BYTES);
	assert_int_equal(strspn(seen.configuration, "0123456789abcdef"), 2 * DIGEST_BYTES);
	memcpy(first, seen.configuration, sizeof(first));
	config_free(config);
	/* The same files give the same name, others another. */
	config = config_now(GOOD);
	reload_end(reload, config, NULL);
	see();
	assert_string_equal(seen.configuration, first);
	config_free(config);
	config = config_now(GOOD "# changed\n");
	reload_end(reload, config, NULL);
	see();
	assert_string_not_equal(seen.configuration, first);
	config_free(config);
}

static void
one_that_fails_says_why_and_leaves_the_configuration(void **state)
{
	struct config *config = config_now(GOOD);
	struct err err = { "postern.yaml: 2 mistakes" };
	char first[sizeof(seen.configuration)];
	int64_t success_s;
	uint64_t asked;

	(void)state;
	reload_end(reload, config, NULL);
	config_free(config);
	see();
	memcpy(first, seen.configuration, sizeof(first));
	success_s = seen.success_s;
	config = config_now(GOOD "log: {level: loud}\nlimits: {\"a\\\"b\": 1}\n");
	asked = reload_ask(reload);
	reload_begin(reload);
	reload_end(reload, config, &err);
	config_free(config);
	assert_true(await(asked, PATIENCE_MS));
	assert_false(seen.successful);
	assert_string_equal(seen.err.text, "postern.yaml: 2 mistakes");
	assert_string_equal(seen.configuration, first);
	assert_int_equal(seen.success_s, success_s);
	/* Each mistake is one JSON string, whatever is in it. */
	assert_memory_equal(seen.mistakes.at, "[\"", 2);
	assert_non_null(strstr(seen.mistakes.at, "/log/level: "));
	assert_non_null(strstr(seen.mistakes.at, "\",\""));
	assert_non_null(strstr(seen.mistakes.at, "a\\\"b"));
	assert_int_equal(seen.mistakes.at[seen.mistakes.len - 1], ']');
}

static void
a_file_that_cannot_be_read_has_no_lines(void **state)
{
	struct err err = { "postern.yaml: cannot be read" };

	(void)state;
	reload_end(reload, NULL, &err);
	see();
	assert_false(seen.successful);
	assert_string_equal(seen.mistakes.at, "[]");
}

static void
the_next_success_forgets_the_failure(void **state)
{
	struct config *config = config_now(GOOD);
	struct err err = { "no" };

	(void)state;
	reload_end(reload, NULL, &err);
	reload_end(reload, config, NULL);
	see();
	assert_true(seen.successful);
	assert_string_equal(seen.err.text, "");
	config_free(config);
}

/* Who asks while files are being read may have changed one that was read already. */
static void
who_asks_during_a_reload_gets_the_next_one(void **state)
{
	uint64_t first = reload_ask(reload), second;

	(void)state;
	reload_begin(reload);
	second = reload_ask(reload);
	reload_end(reload, NULL, &(struct err){ "first" });
	assert_true(await(first, 0));
	assert_false(await(second, 0));
	assert_true(reload_wanted(reload));
	reload_begin(reload);
	reload_end(reload, NULL, &(struct err){ "second" });
	assert_true(await(second, 0));
	assert_string_equal(seen.err.text, "second");
	assert_false(reload_wanted(reload));
}

static void
one_reload_answers_all_who_asked_before_it(void **state)
{
	uint64_t first = reload_ask(reload), second = reload_ask(reload);

	(void)state;
	assert_true(second > first);
	reload_begin(reload);
	reload_end(reload, NULL, NULL);
	assert_true(await(first, 0));
	assert_true(await(second, 0));
}

static void
nobody_waits_longer_than_they_want(void **state)
{
	(void)state;
	assert_false(await(reload_ask(reload), 10));
}

static void *
ask_and_wait(void *context)
{
	struct reload_state mine;
	bool *ended = context;

	*ended = reload_await(reload, reload_ask(reload), PATIENCE_MS, &mine);
	buffer_done(&mine.mistakes);
	return NULL;
}

static void
a_waiting_thread_is_woken(void **state)
{
	pthread_t thread;
	bool ended = false;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, ask_and_wait, &ended), 0);
	while (!reload_wanted(reload))
		(void)usleep(1000);
	reload_begin(reload);
	reload_end(reload, NULL, NULL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(ended);
}

static void
a_gate_that_stops_lets_them_go(void **state)
{
	pthread_t thread;
	bool ended = true;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, ask_and_wait, &ended), 0);
	while (!reload_wanted(reload))
		(void)usleep(1000);
	reload_close(reload);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(ended);
	assert_false(await(reload_ask(reload), PATIENCE_MS));
}

static void
nothing_can_be_freed(void **state)
{
	(void)state;
	reload_free(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(at_first_nothing_is_wanted),
		TEST(a_reload_that_succeeds_names_its_configuration),
		TEST(one_that_fails_says_why_and_leaves_the_configuration),
		TEST(a_file_that_cannot_be_read_has_no_lines),
		TEST(the_next_success_forgets_the_failure),
		TEST(who_asks_during_a_reload_gets_the_next_one),
		TEST(one_reload_answers_all_who_asked_before_it),
		TEST(nobody_waits_longer_than_they_want),
		TEST(a_waiting_thread_is_woken),
		TEST(a_gate_that_stops_lets_them_go),
		cmocka_unit_test(nothing_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
