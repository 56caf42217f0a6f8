/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's counters as Prometheus reads them. */
#include "issuer/scratch.h"

#include <pthread.h>

#include "proxy/gate/metrics.h"

#define DURATION "postern_request_duration_seconds"

static struct metrics *metrics;

static int
setup(void **state)
{
	(void)state;
	metrics = metrics_new();
	return metrics == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	metrics_free(metrics);
	return 0;
}

static const char *
text_now(void)
{
	static char text[65536];
	struct buffer buffer;

	buffer_init(&buffer, sizeof(text) - 1);
	metrics_text(metrics, &buffer);
	assert_false(buffer.failed);
	memcpy(text, buffer.at, buffer.len + 1);
	buffer_done(&buffer);
	return text;
}

static void
expect(const char *line)
{
	const char *text = text_now(), *at = strstr(text, line);

	if (at == NULL || (at != text && at[-1] != '\n'))
		fail_msg("no line %s in\n%s", line, text);
}

/* A reason that did not occur yet is 0, so that its rate is known from the first on. */
static void
every_reason_is_there_from_the_start(void **state)
{
	char line[128];

	(void)state;
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		(void)snprintf(line, sizeof(line), "postern_requests_total{reason=\"%s\"} 0\n",
		    reason_word((enum reason)reason));
		expect(line);
	}
	expect(DURATION "_count 0\n");
	expect(DURATION "_sum 0.000000\n");
}

static void
a_request_is_counted_under_its_reason_alone(void **state)
{
	char line[128];

	(void)state;
	for (int reason = 0; reason < REASON_COUNT; reason++)
		for (int n = 0; n <= reason; n++)
			metrics_request(metrics, (enum reason)reason, 1);
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		(void)snprintf(line, sizeof(line), "postern_requests_total{reason=\"%s\"} %d\n",
		    reason_word((enum reason)reason), reason + 1);
		expect(line);
	}
}

static void
durations_fall_into_buckets(void **state)
{
	static const char *const lines[] = {
		DURATION "_bucket{le=\"0.0001\"} 2\n",
		DURATION "_bucket{le=\"0.00025\"} 3\n",
		DURATION "_bucket{le=\"0.0005\"} 3\n",
		DURATION "_bucket{le=\"0.001\"} 3\n",
		DURATION "_bucket{le=\"0.0025\"} 3\n",
		DURATION "_bucket{le=\"0.005\"} 3\n",
		DURATION "_bucket{le=\"0.01\"} 3\n",
		DURATION "_bucket{le=\"0.05\"} 3\n",
		DURATION "_bucket{le=\"0.25\"} 3\n",
		DURATION "_bucket{le=\"1\"} 4\n",
		DURATION "_bucket{le=\"10\"} 4\n",
		DURATION "_bucket{le=\"+Inf\"} 5\n",
		DURATION "_count 5\n",
		DURATION "_sum 61.000201\n",
	};

	(void)state;
	metrics_request(metrics, REASON_OK, 0);
	metrics_request(metrics, REASON_OK, 100); /* the bound itself is within */
	metrics_request(metrics, REASON_OK, 101);
	metrics_request(metrics, REASON_TOKEN_EXPIRED, 1000000);
	metrics_request(metrics, REASON_OK, 60000000);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(lines[i]);
}

/* Text format 0.0.4: a HELP and a TYPE before the first sample of each metric, and only there. */
static void
each_metric_has_one_heading(void **state)
{
	const char *text = text_now(), *line;
	size_t headings = 0;

	(void)state;
	for (line = text; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1)
		headings += strncmp(line, "# ", 2) == 0;
	assert_int_equal(headings, 4);
	assert_true(strstr(text, "# TYPE postern_requests_total counter\n") <
		    strstr(text, "\npostern_requests_total{"));
	assert_true(strstr(text, "# TYPE " DURATION " histogram\n") <
		    strstr(text, "\n" DURATION "_bucket"));
}

#define THREADS 20 /* more than there are places to count in */
#define EACH 1000

static void *
count_many(void *context)
{
	(void)context;
	for (int i = 0; i < EACH; i++)
		metrics_request(metrics, REASON_NO_RULE, 10);
	return NULL;
}

static void
threads_lose_no_count(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	expect("postern_requests_total{reason=\"no_rule\"} 20000\n");
	expect(DURATION "_sum 0.200000\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_reason_is_there_from_the_start),
		TEST(a_request_is_counted_under_its_reason_alone),
		TEST(durations_fall_into_buckets),
		TEST(each_metric_has_one_heading),
		TEST(threads_lose_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
