/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include "proxy/gate/rate_limits.h"

#define BOTH                                                                                       \
	"modules: {m: {paths: [/a], rate: {limit: 1/s}}}\n"                                        \
	"privileges: {p: {modules: [m], rate: {limit: 2/s, by: user}}}\n"

/* A policy and the limits for it. */
struct limited {
	struct load load;
	struct rate_limits *limits;
};

static void
limited_init(struct limited *limited, const char *text, const struct limited *previous)
{
	load_good(&limited->load, span_of(text));
	limited->limits =
	    rate_limits_new(&limited->load.policy, previous == NULL ? NULL : previous->limits, 0);
	assert_non_null(limited->limits);
}

static void
limited_done(struct limited *limited)
{
	rate_limits_free(limited->limits);
	load_done(&limited->load);
}

static struct rate_limit *
of_privilege(const struct limited *limited)
{
	return limited->limits->at[limited->load.policy.privileges->rate->index];
}

static struct rate_limit *
of_module(const struct limited *limited)
{
	return limited->limits->at[limited->load.policy.modules->rate->index];
}

static void
each_rate_has_its_own(void **state)
{
	struct limited limited;

	(void)state;
	limited_init(&limited, BOTH, NULL);
	assert_int_equal(limited.limits->count, 2);
	assert_ptr_not_equal(of_privilege(&limited), of_module(&limited));
	assert_string_equal(of_privilege(&limited)->rate.name, "p");
	assert_true(of_module(&limited)->rate.of_module);
	limited_done(&limited);
	rate_limits_free(NULL);
}

/* Whatever else a reload changes, and in whatever order. */
static void
what_is_the_same_is_kept(void **state)
{
	struct limited before, after;
	struct rate_limit *privilege, *module;

	(void)state;
	limited_init(&before, BOTH, NULL);
	privilege = of_privilege(&before);
	module = of_module(&before);
	limited_init(&after,
	    "privileges: {p: {paths: [/b], methods: [PUT], rate: {by: user, limit: 120/m, burst: "
	    "2}}, q: {paths: [/q], rate: {limit: 1/s}}}\n"
	    "modules: {m: {paths: [/a], rate: {limit: 1/s, burst: 1}}}\n",
	    &before);
	limited_done(&before);
	assert_ptr_equal(of_privilege(&after), privilege);
	assert_ptr_equal(of_module(&after), module);
	assert_int_equal(atomic_load(&module->references), 1);
	limited_done(&after);
}

static const char *const changes[] = {
	"modules: {p: {paths: [/a], rate: {limit: 2/s, by: user}}}\nprivileges: {p: {modules: [p], "
	"rate: {limit: 3/s, by: user}}}",
	"modules: {m: {paths: [/a], rate: {limit: 1/s}}}\nprivileges: {q: {modules: [m], rate: "
	"{limit: 2/s, by: user}}}",
	"modules: {m: {paths: [/a], rate: {limit: 1/s}}}\nprivileges: {p: {modules: [m], rate: "
	"{limit: 2/s, by: peer}}}",
	"modules: {m: {paths: [/a], rate: {limit: 1/s}}}\nprivileges: {p: {modules: [m], rate: "
	"{limit: 2/s, by: user, burst: 3}}}",
	"modules: {m: {paths: [/a], rate: {limit: 1/s}}}\nprivileges: {p: {modules: [m], rate: "
	"{limit: 2/m, by: user}}}",
};

static void
what_changes_begins_anew(void **state)
{
	struct limited before, after;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		limited_init(&before, BOTH, NULL);
		limited_init(&after, changes[i], &before);
		assert_ptr_not_equal(of_privilege(&after), of_privilege(&before));
		limited_done(&before);
		limited_done(&after);
	}
}

static void
they_are_counted_by_name(void **state)
{
	struct limited limited;
	struct buffer text;

	(void)state;
	buffer_init(&text, 1 << 16);
	limited_init(&limited, "public: [/a]", NULL);
	rate_limits_text(limited.limits, &text);
	assert_int_equal(text.len, 0);
	limited_done(&limited);
	limited_init(&limited, BOTH, NULL);
	atomic_store(&of_privilege(&limited)->refused, 7);
	rate_limits_text(limited.limits, &text);
	buffer_add_byte(&text, '\0');
	assert_non_null(strstr(text.at, "\npostern_rate_limited_total{privilege=\"p\"} 7\n"));
	assert_non_null(strstr(text.at, "\npostern_rate_limited_total{module=\"m\"} 0\n"));
	assert_non_null(strstr(text.at, "\npostern_rate_crowded_total{privilege=\"p\"} 0\n"));
	limited_done(&limited);
	buffer_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rate_has_its_own),
		cmocka_unit_test(what_is_the_same_is_kept),
		cmocka_unit_test(what_changes_begins_anew),
		cmocka_unit_test(they_are_counted_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
