/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge POLICY REQUESTS SECONDS - what processor time it takes to read the policy, and to judge by
 * it: prints milliseconds, and nanoseconds for each of the requests (lines of a method and a
 * target) in turn.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buffer.h"
#include "base/file.h"
#include "policy/decide.h"
#include "policy/policy.h"

#define BYTES ((size_t)256 << 20)
#define JUDGED_BYTES ((size_t)1 << 20)

static _Noreturn void
fail(const char *what)
{
	(void)fprintf(stderr, "judge: %s\n", what);
	_Exit(2);
}

static int64_t
cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* As the gate reads it, with a local issuer. */
static void
read_policy(const char *path, struct arena *arena, struct policy *policy)
{
	static struct trusted_issuer local = { .name = "local" };
	struct policy_names names = {
		.trusted_issuers = &local, .trusted_issuer_count = 1, .local_issuer = "local"
	};
	struct mistakes mistakes = { .arena = arena };
	struct node *root;
	struct err err;

	if (!document_read(path, &mistakes, &root, &err))
		fail(err.text);
	policy_read(root, &names, policy, &mistakes);
	if (mistakes.errors > 0)
		fail(mistakes.first->text);
}

/* Whoever has every role. */
static struct principal
everybody(const struct policy *policy, struct arena *arena)
{
	struct principal principal = { .issuer = "local", .subject = SPAN("bench") };

	principal.roles = arena_array(arena, policy->role_words + 1, sizeof(uint64_t));
	if (principal.roles == NULL)
		fail("no memory");
	for (size_t i = 0; i < policy->role_words; i++)
		principal.roles[i] = UINT64_MAX;
	return principal;
}

static void
judge(const struct policy *policy, const struct principal *principal, struct span line)
{
	struct route_match route;
	struct arena arena;
	struct target target;
	struct span method;

	arena_init(&arena, JUDGED_BYTES);
	(void)span_cut(&line, ' ', &method);
	if (target_read(line, &arena, &target) != REASON_OK)
		fail("a target cannot be read");
	decide_route(policy, method, &target, &route);
	if (route.reason != REASON_OK ||
	    decide_caller(policy, &route, principal, &arena).reason != REASON_OK)
		fail("a request is refused");
	arena_done(&arena);
}

static double
measure(const struct policy *policy, const struct principal *principal, struct span requests,
    double seconds)
{
	int64_t began = cpu_ns(), until = began + (int64_t)(seconds * 1e9), count = 0;

	while (cpu_ns() < until) {
		struct span rest = requests, line;

		while (span_cut(&rest, '\n', &line) && line.len > 0) {
			judge(policy, principal, line);
			count++;
		}
	}
	return (double)(cpu_ns() - began) / (double)count;
}

int
main(int argc, char **argv)
{
	struct principal principal;
	struct policy policy;
	struct buffer requests;
	struct arena arena;
	struct err err;
	int64_t began;
	double load_ms;

	if (argc != 4)
		fail("usage: judge POLICY REQUESTS SECONDS");
	arena_init(&arena, BYTES);
	buffer_init(&requests, BYTES);
	if (!file_read(argv[2], &requests, &err))
		fail(err.text);
	began = cpu_ns();
	read_policy(argv[1], &arena, &policy);
	load_ms = (double)(cpu_ns() - began) / 1e6;
	principal = everybody(&policy, &arena);
	(void)printf("%.1f %.0f\n", load_ms,
	    measure(&policy, &principal, buffer_span(&requests), strtod(argv[3], NULL)));
	buffer_done(&requests);
	arena_done(&arena);
	return 0;
}
