/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/model/scope_grant.h"

struct row {
	const char *name;
	const char *allowed[3];
	const char *asked; /* NULL: nothing */
	bool done;
	const char *granted; /* NULL: none */
};

/* clang-format off */
static const struct row rows[] = {
	{ "no scopes, none asked", { NULL }, NULL, true, NULL },
	{ "no scopes, one asked", { NULL }, "a", false, NULL },
	{ "none asked gives all", { "a", "b" }, NULL, true, "a b" },
	{ "asking narrows", { "a", "b" }, "b", true, "b" },
	{ "asking for all gives all", { "a", "b" }, "b a", true, "b a" },
	{ "twice is once", { "a", "b" }, "a a", true, "a" },
	{ "one too many is refused", { "a", "b" }, "a c", false, NULL },
	{ "case counts", { "a" }, "A", false, NULL },
	{ "a longer name is another scope", { "a" }, "ab", false, NULL },
	{ "a leading space is refused", { "a" }, " a", false, NULL },
	{ "a trailing space is refused", { "a" }, "a ", false, NULL },
	{ "two spaces are refused", { "a", "b" }, "a  b", false, NULL },
	{ "a tab is refused", { "a", "b" }, "a\tb", false, NULL },
	{ "a quote is refused", { "a\"" }, "a\"", false, NULL },
	{ "a backslash is refused", { "a\\" }, "a\\", false, NULL },
};
/* clang-format on */

static void
decide(const struct row *row)
{
	struct client client = { .id = "i", .token_lifetime_s = 0 };
	struct scope_request request = { &client, span_of(row->asked), 3600 };
	struct scope_grant granted;
	const char *allowed[3];
	struct arena arena;
	bool done;

	memcpy(allowed, row->allowed, sizeof(allowed));
	client.scopes.at = allowed;
	while (client.scopes.count < 3 && allowed[client.scopes.count] != NULL)
		client.scopes.count++;
	arena_init(&arena, 1 << 16);
	done = scope_grant_decide(&request, &arena, &granted);
	if (done != row->done)
		fail_msg("%s: %s", row->name, done ? "granted" : "refused");
	if (done && (row->granted == NULL) != (granted.scope == NULL))
		fail_msg("%s: got %s", row->name, granted.scope);
	if (done && row->granted != NULL && strcmp(granted.scope, row->granted) != 0)
		fail_msg("%s: got %s", row->name, granted.scope);
	arena_done(&arena);
}

static void
scopes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		decide(&rows[i]);
}

static void
lifetime_is_the_clients_or_the_issuers(void **state)
{
	struct client client = { .id = "i" };
	struct scope_request request = { &client, { NULL, 0 }, 3600 };
	struct scope_grant granted;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 16);
	assert_true(scope_grant_decide(&request, &arena, &granted));
	assert_int_equal(granted.lifetime_s, 3600);
	client.token_lifetime_s = 60;
	assert_true(scope_grant_decide(&request, &arena, &granted));
	assert_int_equal(granted.lifetime_s, 60);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes),
		cmocka_unit_test(lifetime_is_the_clients_or_the_issuers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
