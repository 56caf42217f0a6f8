/* SPDX-License-Identifier: Apache-2.0 */
/* The counters as Prometheus reads them. */
#include "issuer/scratch.h"

#include "proxy/upstream/upstream_count.h"

static char *
text_of(const struct upstream_sample *samples, size_t count)
{
	static char text[65536];
	struct buffer buffer;

	buffer_init(&buffer, sizeof(text) - 1);
	upstream_count_text(samples, count, &buffer);
	assert_false(buffer.failed);
	memcpy(text, buffer.len == 0 ? "" : buffer.at, buffer.len);
	text[buffer.len] = '\0';
	buffer_done(&buffer);
	return text;
}

static void
expect(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (at == NULL || (at != text && at[-1] != '\n'))
		fail_msg("no line %s in\n%s", line, text);
}

static size_t
times(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part)) != NULL) {
		count++;
		text++;
	}
	return count;
}

static void
every_failure_has_its_word(void **state)
{
	static const struct {
		enum upstream_failure failure;
		const char *word;
	} words[] = { { UPSTREAM_CONNECT, "connect" }, { UPSTREAM_TIMEOUT, "timeout" },
		{ UPSTREAM_MALFORMED, "malformed" }, { UPSTREAM_RESET, "reset" },
		{ UPSTREAM_TLS, "tls" }, { UPSTREAM_DNS, "dns" } };
	struct upstream_count count = { 0 };
	struct upstream_sample sample = { "api", &count, 0, true };
	char line[128];
	const char *text;

	(void)state;
	assert_int_equal(sizeof(words) / sizeof(words[0]), UPSTREAM_FAILURES);
	for (size_t i = 0; i < UPSTREAM_FAILURES; i++)
		for (size_t n = 0; n <= i; n++)
			upstream_count_failure(&count, words[i].failure);
	text = text_of(&sample, 1);
	for (size_t i = 0; i < UPSTREAM_FAILURES; i++) {
		(void)snprintf(line, sizeof(line),
		    "postern_upstream_failures_total{upstream=\"api\",kind=\"%s\"} %zu\n",
		    words[i].word, i + 1);
		expect(text, line);
	}
}

/* Prometheus: a bucket holds all that are at most as long as its bound, the shorter ones too. */
static void
answers_fall_into_buckets(void **state)
{
	struct upstream_count count = { 0 };
	struct upstream_sample sample = { "api", &count, 0, true };
	const char *text;

	(void)state;
	upstream_count_answer(&count, 0);
	upstream_count_answer(&count, 500); /* its bound is within */
	upstream_count_answer(&count, 501);
	upstream_count_answer(&count, 250001);
	upstream_count_answer(&count, 60000000); /* beyond all bounds */
	text = text_of(&sample, 1);
	expect(
	    text, "postern_upstream_first_byte_seconds_bucket{upstream=\"api\",le=\"0.0005\"} 2\n");
	expect(
	    text, "postern_upstream_first_byte_seconds_bucket{upstream=\"api\",le=\"0.001\"} 3\n");
	expect(
	    text, "postern_upstream_first_byte_seconds_bucket{upstream=\"api\",le=\"0.25\"} 3\n");
	expect(text, "postern_upstream_first_byte_seconds_bucket{upstream=\"api\",le=\"1\"} 4\n");
	expect(text, "postern_upstream_first_byte_seconds_bucket{upstream=\"api\",le=\"10\"} 4\n");
	expect(
	    text, "postern_upstream_first_byte_seconds_bucket{upstream=\"api\",le=\"+Inf\"} 5\n");
	expect(text, "postern_upstream_first_byte_seconds_count{upstream=\"api\"} 5\n");
	expect(text, "postern_upstream_first_byte_seconds_sum{upstream=\"api\"} 60.251002\n");
}

static void
connections_are_counted_by_state_and_kind(void **state)
{
	struct upstream_count count = { 0 };
	struct upstream_sample sample = { "api", &count, 3, true };
	const char *text;

	(void)state;
	for (int i = 0; i < 8; i++)
		upstream_count_one(&count, UPSTREAM_OPENED);
	for (int i = 0; i < 3; i++)
		upstream_count_one(&count, UPSTREAM_CLOSED);
	for (int i = 0; i < 900; i++)
		upstream_count_one(&count, UPSTREAM_REUSED);
	upstream_count_one(&count, UPSTREAM_RETRIES);
	text = text_of(&sample, 1);
	expect(text, "postern_upstream_connections{upstream=\"api\",state=\"open\"} 5\n");
	expect(text, "postern_upstream_connections{upstream=\"api\",state=\"idle\"} 3\n");
	expect(text, "postern_upstream_connects_total{upstream=\"api\",kind=\"new\"} 8\n");
	expect(text, "postern_upstream_connects_total{upstream=\"api\",kind=\"reused\"} 900\n");
	expect(text, "postern_upstream_retries_total{upstream=\"api\"} 1\n");
}

static void
requests_are_counted_and_who_gets_none_is_known(void **state)
{
	struct upstream_count count = { 0 };
	struct upstream_sample samples[] = { { "api", &count, 0, true },
		{ "crm", &count, 0, false } };
	const char *text;

	(void)state;
	for (int i = 0; i < 3; i++)
		upstream_count_one(&count, UPSTREAM_REQUESTS);
	text = text_of(samples, 2);
	expect(text, "postern_upstream_requests_total{upstream=\"api\"} 3\n");
	expect(text, "postern_upstream_up{upstream=\"api\"} 1\n");
	expect(text, "postern_upstream_up{upstream=\"crm\"} 0\n");
}

/* The text format allows one HELP and one TYPE for each metric. */
static void
two_upstreams_share_their_headings(void **state)
{
	struct upstream_count first = { 0 }, second = { 0 };
	struct upstream_sample samples[] = { { "api", &first, 0, true },
		{ "crm", &second, 1, true } };
	const char *text;

	(void)state;
	text = text_of(samples, 2);
	assert_int_equal(times(text, "# HELP "), 7);
	assert_int_equal(times(text, "# TYPE "), 7);
	assert_int_equal(times(text, "# TYPE postern_upstream_failures_total counter\n"), 1);
	expect(text, "postern_upstream_connections{upstream=\"api\",state=\"idle\"} 0\n");
	expect(text, "postern_upstream_connections{upstream=\"crm\",state=\"idle\"} 1\n");
	assert_int_equal(times(text, "upstream=\"crm\""), times(text, "upstream=\"api\""));
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void
a_name_cannot_leave_its_label(void **state)
{
	struct upstream_count count = { 0 };
	struct upstream_sample sample = { "a\"} 1\n# \\", &count, 0, true };
	const char *text;

	(void)state;
	text = text_of(&sample, 1);
	expect(
	    text, "postern_upstream_connections{upstream=\"a\\\"} 1 # \\\\\",state=\"open\"} 0\n");
	assert_null(strstr(text, "\n# \\"));
}

static void
without_an_upstream_there_is_no_text(void **state)
{
	(void)state;
	assert_string_equal(text_of(NULL, 0), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_has_its_word),
		cmocka_unit_test(answers_fall_into_buckets),
		cmocka_unit_test(connections_are_counted_by_state_and_kind),
		cmocka_unit_test(requests_are_counted_and_who_gets_none_is_known),
		cmocka_unit_test(two_upstreams_share_their_headings),
		cmocka_unit_test(a_name_cannot_leave_its_label),
		cmocka_unit_test(without_an_upstream_there_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
