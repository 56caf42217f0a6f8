/* SPDX-License-Identifier: Apache-2.0 */
/* When the local issuer takes over, what is logged, and what other processes read of it. Seconds
 * are those of a clock that the test turns. */
#include "client.h"

#include <sys/stat.h>

#include "proxy/gate/fallback.h"

#define START_S 1000
#define AFTER_S 60
#define HOLD_S 10

static struct scratch scratch;
static struct config config;
static struct trusted_issuer issuers[2];
static struct keyring *ring;
static struct fallback *fallback;

static int
setup(void **state)
{
	static const struct source idp = { .name = "idp", .kind = SOURCE_GIVEN, .stale_s = 3600 };
	const struct source sources[] = { idp, { .name = "local", .kind = SOURCE_GIVEN } };
	struct keyring_setup setup = { .sources = sources, .count = 2 };
	struct err err;

	(void)state;
	log_setup(LOG_JSON, LOG_WARN);
	scratch_init(&scratch);
	config = (struct config){ .trusted_issuers = issuers,
		.trusted_issuer_count = 2,
		.has_local = true,
		.local_index = 1,
		.state = scratch.dir };
	config.local.accept = LOCAL_FALLBACK;
	config.local.fallback = (struct standby_settings){ AFTER_S, HOLD_S };
	fallback = fallback_new(NULL, START_S);
	return fallback == NULL || !keyring_start(&setup, &ring, &err) ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	fallback_free(fallback);
	keyring_stop(ring);
	scratch_done(&scratch);
	return 0;
}

/* Look once, and give what was logged. */
static const char *
look(int64_t now_s)
{
	static char text[4096];
	int saved = dup(2), file = memfd_create("log", 0);
	ssize_t got;

	assert_true(saved >= 0 && file >= 0 && dup2(file, 2) == 2);
	fallback_look(fallback, &config, ring, now_s);
	got = pread(file, text, sizeof(text) - 1, 0);
	assert_true(got >= 0 && dup2(saved, 2) == 2);
	text[got] = '\0';
	(void)close(saved);
	(void)close(file);
	return text;
}

/* The identity provider has keys from now on. */
static void
idp_returns(void)
{
	keyring_give(ring, 0, setting_keys(0));
}

/* Never heard of since the start: it is down when that is longer ago than `after`. */
static void
it_takes_over_when_every_issuer_is_down(void **state)
{
	const char *logged;

	(void)state;
	assert_string_equal(look(START_S + AFTER_S), "");
	assert_false(fallback_in_force(fallback));
	logged = look(START_S + AFTER_S + 1);
	assert_non_null(strstr(logged, "\"event\":\"fallback_entered\""));
	assert_non_null(strstr(logged, "\"level\":\"warn\""));
	assert_true(fallback_in_force(fallback));
	assert_int_equal(fallback_changes(fallback), 1);
	assert_int_equal(fallback_since_s(fallback), START_S + AFTER_S + 1);
	/* It is told once. */
	assert_string_equal(look(START_S + AFTER_S + 2), "");
	assert_int_equal(fallback_changes(fallback), 1);
}

static void
it_returns_to_standby_when_one_is_back_for_a_while(void **state)
{
	int64_t now_s = START_S + AFTER_S + 1;

	(void)state;
	(void)look(now_s);
	idp_returns();
	assert_string_equal(look(++now_s), "");
	assert_true(fallback_in_force(fallback));
	assert_string_equal(look(now_s + HOLD_S - 1), "");
	assert_non_null(strstr(look(now_s + HOLD_S), "\"event\":\"fallback_left\""));
	assert_false(fallback_in_force(fallback));
	assert_int_equal(fallback_changes(fallback), 2);
}

static void
while_one_has_keys_it_stands_by(void **state)
{
	(void)state;
	idp_returns();
	assert_string_equal(look(START_S + 100 * AFTER_S), "");
	assert_false(fallback_in_force(fallback));
}

/* Its own keys are always there; they are none of a third party. */
static void
the_local_issuer_is_not_looked_at(void **state)
{
	(void)state;
	keyring_give(ring, 1, setting_keys(1));
	(void)look(START_S + AFTER_S + 1);
	assert_true(fallback_in_force(fallback));
}

/* Housekeeping may come around more often than the clock moves. */
static void
a_second_is_looked_at_once(void **state)
{
	int64_t now_s = START_S + AFTER_S + 1;

	(void)state;
	(void)look(now_s);
	idp_returns();
	(void)look(now_s);
	(void)look(now_s + HOLD_S); /* the first to see it back */
	assert_true(fallback_in_force(fallback));
	(void)look(now_s + 2 * HOLD_S);
	assert_false(fallback_in_force(fallback));
}

static void
only_accept_fallback_looks(void **state)
{
	static const int others[] = { LOCAL_ALWAYS, LOCAL_NEVER };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		config.local.accept = others[i];
		assert_string_equal(look(START_S + AFTER_S + 1), "");
		assert_false(fallback_in_force(fallback));
	}
	config.local.accept = LOCAL_FALLBACK;
	config.has_local = false;
	(void)look(START_S + AFTER_S + 1);
	assert_false(fallback_in_force(fallback));
}

static void
a_reload_goes_on_from_where_it_was(void **state)
{
	struct fallback *next;

	(void)state;
	(void)look(START_S + AFTER_S + 1);
	next = fallback_new(fallback, START_S + AFTER_S + 5);
	assert_non_null(next);
	assert_true(fallback_in_force(next));
	assert_int_equal(fallback_changes(next), 1);
	assert_int_equal(fallback_since_s(next), START_S + AFTER_S + 1);
	fallback_free(next);
}

static const char *
kept_file(void)
{
	static char text[256];
	char path[SCRATCH_ROOM * 2];
	FILE *file;
	size_t got;

	scratch_path(&scratch, "fallback.json", path);
	file = fopen(path, "r");
	if (file == NULL)
		return NULL;
	got = fread(text, 1, sizeof(text) - 1, file);
	text[got] = '\0';
	(void)fclose(file);
	return text;
}

static bool
recalled(void)
{
	struct fallback *other = fallback_new(NULL, 1);
	bool in_force;

	assert_non_null(other);
	fallback_recall(other, scratch.dir);
	in_force = fallback_in_force(other);
	fallback_free(other);
	return in_force;
}

/* `postern explain` is another process: it reads what the gate wrote last. */
static void
other_processes_read_the_state_from_a_file(void **state)
{
	char path[SCRATCH_ROOM * 2];
	struct stat info;

	(void)state;
	assert_false(recalled()); /* there is no file yet */
	fallback_keep(fallback, &config);
	assert_string_equal(kept_file(), "{\"in_force\":false,\"since\":0}\n");
	(void)look(START_S + AFTER_S + 1);
	assert_false(recalled());
	fallback_keep(fallback, &config);
	assert_non_null(strstr(kept_file(), "\"in_force\":true"));
	assert_true(recalled());
	scratch_path(&scratch, "fallback.json", path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void
the_file_is_written_when_something_changed(void **state)
{
	char path[SCRATCH_ROOM * 2];

	(void)state;
	scratch_path(&scratch, "fallback.json", path);
	fallback_keep(fallback, &config);
	assert_int_equal(unlink(path), 0);
	fallback_keep(fallback, &config);
	assert_null(kept_file());
	(void)look(START_S + AFTER_S + 1);
	fallback_keep(fallback, &config);
	assert_non_null(kept_file());
}

/* A full disk must not be for ever. */
static void
what_could_not_be_written_is_tried_again(void **state)
{
	(void)state;
	config.state = "/nonexistent";
	fallback_keep(fallback, &config);
	config.state = scratch.dir;
	assert_null(kept_file());
	fallback_keep(fallback, &config);
	assert_non_null(kept_file());
}

static void
without_a_state_directory_nothing_is_written(void **state)
{
	(void)state;
	config.state = NULL;
	fallback_keep(fallback, &config);
	fallback_recall(fallback, NULL);
	assert_false(fallback_in_force(fallback));
}

static void
a_file_that_is_no_state_is_standby(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"in_force\":1}",
		"{\"in_force\":\"true\"}" };
	char path[SCRATCH_ROOM * 2];
	struct err err;

	(void)state;
	scratch_path(&scratch, "fallback.json", path);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(file_write(path, span_of(texts[i]), 0600, &err));
		assert_false(recalled());
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_takes_over_when_every_issuer_is_down),
		TEST(it_returns_to_standby_when_one_is_back_for_a_while),
		TEST(while_one_has_keys_it_stands_by),
		TEST(the_local_issuer_is_not_looked_at),
		TEST(a_second_is_looked_at_once),
		TEST(only_accept_fallback_looks),
		TEST(a_reload_goes_on_from_where_it_was),
		TEST(other_processes_read_the_state_from_a_file),
		TEST(the_file_is_written_when_something_changed),
		TEST(what_could_not_be_written_is_tried_again),
		TEST(without_a_state_directory_nothing_is_written),
		TEST(a_file_that_is_no_state_is_standby),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
