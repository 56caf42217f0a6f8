/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include <pthread.h>

/* What a worker of the gate has. */
#define THREAD_STACK (100u << 10)

static char hostile[ENDPOINT_MAX_BODY];

static void
make_hostile(unsigned kind)
{
	static const char *const pieces[] = { "%", "&", "=", "&a", "%00", "a=b&", "+", "\xff",
		"client_secret=", "%25", GRANT "&", "scope=", "\n", "\"" };
	const char *piece = pieces[kind % (sizeof(pieces) / sizeof(pieces[0]))];
	size_t i, len = strlen(piece);

	for (i = 0; i < sizeof(hostile); i++)
		hostile[i] = piece[i % len];
	if (kind % 3 == 0)
		memcpy(hostile, GRANT "&scope=", sizeof(GRANT "&scope=") - 1);
}

static void *
ask_hostile(void *context)
{
	struct endpoint_request request = { .method = SPAN("POST"),
		.path = SPAN("/oauth/token"),
		.content_type = SPAN(FORM),
		.body = { hostile, sizeof(hostile) } };
	struct endpoint_answer answer;
	int *granted = context;
	unsigned kind;

	for (kind = 0; kind < 42; kind++) {
		make_hostile(kind);
		request.authorization = kind % 2 == 0 ? (struct span){ hostile, sizeof(hostile) }
						      : (struct span){ NULL, 0 };
		issuer_answer(running.issuer, &request, NOW_S, &answer);
		*granted += answer.status == 200;
		endpoint_answer_done(&answer);
	}
	return NULL;
}

static void *
ask_honestly(void *context)
{
	struct endpoint_answer answer;
	int *granted = context;

	post("{id}:{secret}", GRANT, &answer);
	*granted += answer.status == 200;
	endpoint_answer_done(&answer);
	return NULL;
}

static int
on_small_stack(void *(*run)(void *context))
{
	pthread_attr_t attr;
	pthread_t thread;
	int granted = 0;

	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, THREAD_STACK), 0);
	assert_int_equal(pthread_create(&thread, &attr, run, &granted), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	return granted;
}

static void
hundred_kib_of_stack_are_enough(void **state)
{
	(void)state;
	assert_int_equal(on_small_stack(ask_hostile), 0);
	assert_int_equal(on_small_stack(ask_honestly), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hundred_kib_of_stack_are_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
