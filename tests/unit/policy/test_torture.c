/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "torture.h"
#include "policy/decide.h"
#include "policy/principal.h"

#define POLICY                                                                                     \
	"roles:\n"                                                                                 \
	"  reader: {granted_to: [{scope: read}, {issuer: okta, group: staff}]}\n"                  \
	"  admin: {granted_to: [{claim: /role, equals: [boss, chief]}, {group: admins}]}\n"        \
	"modules:\n"                                                                               \
	"  api: {paths: [/api/*, '/items/*/x']}\n"                                                 \
	"privileges:\n"                                                                            \
	"  read: {methods: [GET], paths: [/api/*], roles: [reader, admin]}\n"                      \
	"  write: {methods: [PUT], paths: [/api/*], roles: [admin]}\n"                             \
	"  one: {methods: [GET], paths: ['/items/*/x'], scopes: [one, two]}\n"                     \
	"public: [/api/open]\n"

/* What a verified caller asks, and what is right. */
static const struct question {
	const char *method, *target, *scope, *group;
	enum reason want;
} questions[] = {
	{ "GET", "/api/a", "read", NULL, REASON_OK },
	{ "GET", "/api/a", NULL, "staff", REASON_OK },
	{ "GET", "/api/a", NULL, "strangers", REASON_PRIVILEGE_MISSING },
	{ "PUT", "/api/a", "read", "staff", REASON_PRIVILEGE_MISSING },
	{ "PUT", "/api/a", NULL, "admins", REASON_OK },
	{ "DELETE", "/api/a", NULL, "admins", REASON_METHOD_NOT_GRANTED },
	{ "GET", "/items/7/x", "two", NULL, REASON_OK },
	{ "GET", "/items/7/x", "read", NULL, REASON_SCOPE_MISSING },
	{ "GET", "/api/open", NULL, NULL, REASON_OK },
	{ "GET", "/elsewhere", "read", "admins", REASON_NO_RULE },
	{ "GET", "/api/%2e%2e/x", "read", "admins", REASON_PATH_AMBIGUOUS },
};

#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

static enum reason
answer(const struct load *load, const struct question *question, struct arena *arena)
{
	struct span scope = span_of(question->scope), group = span_of(question->group);
	struct claims claims = {
		.trusted_issuer = &load->trusted_issuers[0],
		.subject = SPAN("alice"),
		.scopes = { &scope, question->scope != NULL },
		.groups = { &group, question->group != NULL },
	};
	struct principal principal;
	struct verdict verdict;
	struct target target;
	struct route_match route;
	enum reason reason = target_read(span_of(question->target), arena, &target);

	if (reason != REASON_OK)
		return reason;
	decide_route(&load->policy, span_of(question->method), &target, &route);
	if (!principal_of_claims(
		&load->policy, &(struct principal_inputs){ .claims = &claims }, &principal, arena))
		return REASON_OVERLOADED;
	verdict = decide_caller(&load->policy, &route, &principal, arena);
	return verdict.reason;
}

static enum torture_result
check(const struct load *load, const struct question *question)
{
	enum torture_result result = TORTURE_WRONG;
	enum reason reason;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	reason = answer(load, question, &arena);
	arena_done(&arena);
	if (reason == question->want)
		result = TORTURE_RIGHT;
	else if (reason != REASON_OK)
		result = TORTURE_CLEAN; /* refused, for whatever reason */
	else
		print_error("%s %s: %s\n", question->method, question->target, reason_word(reason));
	return result;
}

/* A policy that is read without a mistake decides as it is written. */
static enum torture_result
read_and_ask(void *context)
{
	enum torture_result result = TORTURE_RIGHT;
	struct node *root = NULL;
	struct load load;

	(void)context;
	load_init(&load);
	if (!document_parse(SPAN(POLICY), "policy.yaml", &load.mistakes, &root)) {
		load_done(&load);
		return TORTURE_CLEAN;
	}
	policy_read(root, &load.names, &load.policy, &load.mistakes);
	torture.left = -1; /* it is asked with memory */
	if (load.mistakes.errors > 0)
		result = TORTURE_CLEAN;
	for (size_t i = 0; result == TORTURE_RIGHT && i < QUESTIONS; i++)
		if (check(&load, &questions[i]) != TORTURE_RIGHT)
			result = TORTURE_WRONG;
	load_done(&load);
	return result;
}

static void
a_policy_is_whole_or_wrong_without_memory(void **state)
{
	(void)state;
	torture_run("a policy", read_and_ask, NULL);
}

struct asked {
	const struct load *load;
	const struct question *question;
};

static enum torture_result
ask(void *context)
{
	const struct asked *asked = context;

	return check(asked->load, asked->question);
}

static void
no_decision_turns_without_memory(void **state)
{
	struct load load;

	(void)state;
	load_good(&load, SPAN(POLICY));
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct asked asked = { &load, &questions[i] };

		torture_run(questions[i].target, ask, &asked);
	}
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_is_whole_or_wrong_without_memory),
		cmocka_unit_test(no_decision_turns_without_memory),
	};

	torture_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
