/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"

#define TEXT_MAX (4u << 20)

/* Standard output and standard error go into files while a test logs; cmocka needs them after. */
static int kept[2];
static char *text;
static struct buffer big;

static void
capture(void)
{
	for (int i = 0; i < 2; i++) {
		FILE *file = tmpfile();

		assert_non_null(file);
		kept[i] = dup(STDOUT_FILENO + i);
		(void)fflush(i == 0 ? stdout : stderr);
		assert_true(dup2(fileno(file), STDOUT_FILENO + i) >= 0);
		(void)fclose(file);
	}
}

/* What was written to standard output (0) or standard error (1), in `text`. */
static void
release(int which)
{
	int fd = dup(STDOUT_FILENO + which);
	ssize_t len;

	for (int i = 0; i < 2; i++) {
		(void)dup2(kept[i], STDOUT_FILENO + i);
		(void)close(kept[i]);
	}
	free(text);
	text = calloc(1, TEXT_MAX + 1);
	assert_non_null(text);
	len = pread(fd, text, TEXT_MAX, 0);
	(void)close(fd);
	assert_true(len >= 0);
}

/* The line without its time, which is checked here. `before` is what stands in front of it. */
static const char *
after_time(const char *before)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	const char *at = text + strlen(before);

	assert_memory_equal(text, before, strlen(before));
	for (size_t i = 0; pattern[i] != '\0'; i++, at++) {
		if (pattern[i] == 'd')
			assert_in_range(*at, '0', '9');
		else
			assert_int_equal(*at, pattern[i]);
	}
	return at;
}

static const struct span groups[] = { { "a\"b", 3 }, { "c,d", 3 } };

static void
a_request_is_one_json_line_on_standard_output(void **state)
{
	struct log_line line;

	(void)state;
	log_setup(LOG_JSON, LOG_ERROR);
	capture();
	log_begin(&line, "request");
	log_text(&line, "reason", SPAN("token_expired"));
	log_number(&line, "status", 401);
	log_text(&line, "sub", SPAN(""));
	log_texts(&line, "groups", groups, 2);
	log_texts(&line, "roles", groups, 0);
	log_text(&line, "path", SPAN("/a\n{\"event\":\"forged\"}\"\xff"));
	log_number(&line, "least", INT64_MIN);
	log_end_request(&line);
	release(0);
	assert_string_equal(after_time("{\"time\":\""),
	    "\",\"event\":\"request\",\"reason\":\"token_expired\",\"status\":401,"
	    "\"groups\":[\"a\\\"b\",\"c,d\"],\"roles\":[],\"path\":\"/"
	    "a\\n{\\\"event\\\":\\\"forged\\\"}\\\"\xef\xbf\xbd\","
	    "\"least\":-9223372036854775808}\n");
}

static void
a_request_is_one_text_line_on_standard_output(void **state)
{
	struct log_line line;

	(void)state;
	log_setup(LOG_TEXT, LOG_ERROR);
	capture();
	log_begin(&line, "request");
	log_text(&line, "verdict", SPAN("refuse"));
	log_number(&line, "status", 401);
	log_text(&line, "method", SPAN("GET"));
	log_texts(&line, "groups", groups, 2);
	log_text(&line, "sub", (struct span){ NULL, 0 });
	log_text(&line, "number", SPAN("401"));
	log_text(&line, "path", SPAN("/a\nevent=\"x\"\\\xc3\xa4\x7f"));
	log_end_request(&line);
	release(0);
	assert_string_equal(after_time("time=\""),
	    "\" event=request verdict=refuse status=401 method=\"GET\" groups=\"a\\\"b\",\"c,d\" "
	    "number=\"401\" "
	    "path=\"/a\\x0aevent=\\\"x\\\"\\\\\\xc3\\xa4\\x7f\"\n");
}

static void
an_event_is_one_line_on_standard_error(void **state)
{
	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	capture();
	log_event(LOG_ERROR, "reload", "%s:%d: wrong\n", "postern.yaml", 7);
	release(1);
	assert_string_equal(after_time("{\"time\":\""),
	    "\",\"level\":\"error\",\"event\":\"reload\",\"message\":"
	    "\"postern.yaml:7: wrong\\n\"}\n");
	log_setup(LOG_TEXT, LOG_INFO);
	capture();
	log_event(LOG_WARN, "reload", "%s", "it is");
	release(1);
	assert_string_equal(
	    after_time("time=\""), "\" level=warn event=reload message=\"it is\"\n");
}

static void
a_line_of_keys_ends_with_its_level(void **state)
{
	struct log_line line;

	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	capture();
	log_begin(&line, "keys");
	log_number(&line, "count", 3);
	log_end(&line, LOG_INFO);
	release(1);
	assert_string_equal(
	    after_time("{\"time\":\""), "\",\"event\":\"keys\",\"count\":3,\"level\":\"info\"}\n");
}

static void
lower_levels_are_left_out(void **state)
{
	static const enum log_level levels[] = { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

	(void)state;
	for (size_t chosen = 0; chosen < 4; chosen++) {
		for (size_t i = 0; i < 4; i++) {
			struct log_line line;

			log_setup(LOG_JSON, levels[chosen]);
			assert_int_equal(log_wants(levels[i]), i <= chosen);
			capture();
			log_event(levels[i], "e", "m");
			release(1);
			assert_int_equal(text[0] != '\0', i <= chosen);
			capture();
			log_begin(&line, "e");
			log_end(&line, levels[i]);
			release(1);
			assert_int_equal(text[0] != '\0', i <= chosen);
		}
	}
}

static void
fill(size_t len)
{
	buffer_init(&big, len + 1);
	while (big.len < len)
		buffer_add_byte(&big, 'X');
	assert_false(big.failed);
}

static void
a_long_text_is_kept_and_an_endless_one_cuts_only_itself(void **state)
{
	struct log_line line;
	json_t *json;

	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	fill(500000);
	capture();
	log_begin(&line, "request");
	log_text(&line, "long", buffer_span(&big));
	log_number(&line, "status", 200);
	log_end_request(&line);
	release(0);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_string_length(json_object_get(json, "long")), 500000);
	assert_int_equal(json_integer_value(json_object_get(json, "status")), 200);
	json_decref(json);
	buffer_done(&big);

	fill(2000000);
	capture();
	log_begin(&line, "request");
	log_text(&line, "endless", buffer_span(&big));
	log_number(&line, "status", 200);
	log_end_request(&line);
	release(0);
	assert_string_equal(
	    after_time("{\"time\":\""), "\",\"event\":\"request\",\"status\":200}\n");
	buffer_done(&big);
}

/* Near the limit the closing bracket must still find room, whatever the length. */
static void
a_full_line_is_still_closed(void **state)
{
	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	for (size_t less = 40; less < 80; less++) {
		struct log_line line;
		json_t *json;

		fill((1u << 20) - less - 20);
		capture();
		log_begin(&line, "e");
		log_text(&line, "a", buffer_span(&big));
		log_text(&line, "b", SPAN("0123456789"));
		log_end_request(&line);
		release(0);
		json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_object_get(json, "event")), "e");
		json_decref(json);
		buffer_done(&big);
	}
}

/* A pipe takes a long line in several parts: nobody else's line may come between. */
static int pipe_ends[2];

static void *
log_lines(void *of_length)
{
	for (int i = 0; i < 50; i++) {
		struct log_line line;

		log_begin(&line, "request");
		log_text(&line, "x", span_slice(buffer_span(&big), 0, *(size_t *)of_length));
		log_end_request(&line);
	}
	return NULL;
}

static void *
read_pipe(void *unused)
{
	size_t len = 0;
	ssize_t got = 1;

	(void)unused;
	while (got > 0 && len < TEXT_MAX) {
		got = read(pipe_ends[0], text + len, TEXT_MAX - len < 1000 ? TEXT_MAX - len : 1000);
		len += got > 0 ? (size_t)got : 0;
	}
	return NULL;
}

static void
lines_of_many_threads_stay_whole(void **state)
{
	static size_t lengths[] = { 10, 20000, 3000, 10000 };
	pthread_t threads[4];
	pthread_t reader;
	size_t lines = 0;
	char *rest;
	char *end;

	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	fill(20000);
	free(text);
	text = calloc(1, TEXT_MAX + 1);
	assert_non_null(text);
	assert_int_equal(pipe(pipe_ends), 0);
	kept[0] = dup(STDOUT_FILENO);
	(void)fflush(stdout);
	assert_true(dup2(pipe_ends[1], STDOUT_FILENO) >= 0);
	(void)close(pipe_ends[1]);
	(void)pthread_create(&reader, NULL, read_pipe, NULL);
	for (size_t i = 0; i < 4; i++)
		(void)pthread_create(&threads[i], NULL, log_lines, &lengths[i]);
	for (size_t i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	(void)dup2(kept[0], STDOUT_FILENO);
	(void)close(kept[0]);
	(void)pthread_join(reader, NULL);
	(void)close(pipe_ends[0]);
	for (rest = text; (end = strchr(rest, '\n')) != NULL; rest = end + 1, lines++) {
		json_t *json = json_loadb(rest, (size_t)(end - rest), JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(json);
		json_decref(json);
	}
	assert_int_equal(lines, 200);
	assert_string_equal(rest, "");
	buffer_done(&big);
}

static void
a_log_that_cannot_be_written_stops_nothing(void **state)
{
	struct log_line line;
	int full = dup(STDOUT_FILENO);
	FILE *device = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(device);
	(void)fflush(stdout);
	assert_true(dup2(fileno(device), STDOUT_FILENO) >= 0);
	log_begin(&line, "request");
	log_end_request(&line);
	(void)dup2(full, STDOUT_FILENO);
	(void)close(full);
	(void)fclose(device);
	assert_null(line.buffer.at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_one_json_line_on_standard_output),
		cmocka_unit_test(a_request_is_one_text_line_on_standard_output),
		cmocka_unit_test(an_event_is_one_line_on_standard_error),
		cmocka_unit_test(a_line_of_keys_ends_with_its_level),
		cmocka_unit_test(lower_levels_are_left_out),
		cmocka_unit_test(a_long_text_is_kept_and_an_endless_one_cuts_only_itself),
		cmocka_unit_test(a_full_line_is_still_closed),
		cmocka_unit_test(lines_of_many_threads_stay_whole),
		cmocka_unit_test(a_log_that_cannot_be_written_stops_nothing),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}
