/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random policies and requests, judged by policy/ and by a second judge that shares no code with
 * it: no tree, no decoding, no bits; it holds every pattern against every path and sorts what fits.
 */
#include "load.h"
#include "caller.h"

#include "policy/decide.h"

#define RULES 12
#define DEPTH 4
#define ROLES 3
#define ROUNDS 3000
#define REQUESTS 40

/* A segment's plain bytes and the spellings that a policy and a request may have. */
static const struct {
	const char *plain, *pattern, *request;
} names[] = {
	{ "a", "a", "a" },
	{ "b", "b", "%62" },
	{ "ab", "ab", "a%62" },
	{ "a!", "a%21", "a!" },
	{ "a!", "a!", "a%21" },
	{ "*", "%2A", "*" },
	{ "\xc3\xa9", "%C3%A9", "%c3%a9" },
};

static const char *const methods[] = { "GET", "PUT" };

/* Segments by their place in `names`. */
struct route {
	int name[DEPTH]; /* -1: a star */
	int count;
	bool subtree;
};

/* One privilege, or public path when `public`. */
struct rule_made {
	struct route route;
	bool public, shadow;
	int method;                /* -1: every one */
	unsigned roles, all, deny; /* bits */
};

struct world {
	struct rule_made rules[RULES];
	int count;
	bool default_public;
};

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

static int
below(int limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int)((seed >> 33) % (uint64_t)limit);
}

static struct route
random_route(bool pattern)
{
	struct route route = { .count = below(DEPTH + 1) };

	for (int i = 0; i < route.count; i++)
		route.name[i] = pattern && below(3) == 0 ? -1 : below((int)COUNT_OF(names));
	route.subtree = pattern && below(2) == 0;
	/* a star at the end is an end star */
	if (!route.subtree && route.count > 0 && route.name[route.count - 1] == -1)
		route.name[route.count - 1] = 0;
	return route;
}

static bool
same_route(const struct route *a, const struct route *b)
{
	if (a->count != b->count || a->subtree != b->subtree)
		return false;
	for (int i = 0; i < a->count; i++) {
		if ((a->name[i] == -1) != (b->name[i] == -1))
			return false;
		if (a->name[i] != -1 &&
		    strcmp(names[a->name[i]].plain, names[b->name[i]].plain) != 0)
			return false;
	}
	return true;
}

/* May both stand in one policy? */
static bool
can_join(const struct world *world, const struct rule_made *rule)
{
	for (int i = 0; i < world->count; i++) {
		const struct rule_made *other = &world->rules[i];

		if (!same_route(&other->route, &rule->route))
			continue;
		if (other->public || rule->public || other->method == -1 || rule->method == -1 ||
		    other->method == rule->method)
			return false;
	}
	return true;
}

static void
random_world(struct world *world)
{
	int tries = 1 + below(RULES);

	*world = (struct world){ .default_public = below(4) == 0 };
	while (tries-- > 0) {
		struct rule_made rule = {
			.route = random_route(true),
			.public = below(6) == 0,
			.shadow = below(8) == 0,
			.method = below(3) - 1,
			.roles = (unsigned)below(1 << ROLES),
			.all = (unsigned)(below(1 << ROLES) & below(1 << ROLES)),
		};

		rule.deny = (unsigned)below(1 << ROLES) & ~(rule.roles | rule.all);
		if (can_join(world, &rule))
			world->rules[world->count++] = rule;
	}
}

static void
write_pattern(struct buffer *buffer, const struct route *route)
{
	for (int i = 0; i < route->count; i++)
		buffer_format(
		    buffer, "/%s", route->name[i] == -1 ? "*" : names[route->name[i]].pattern);
	if (route->subtree)
		buffer_add_text(buffer, "/*");
	else if (route->count == 0)
		buffer_add_text(buffer, "/");
}

static void
write_roles(struct buffer *buffer, const char *key, unsigned roles)
{
	buffer_format(buffer, ", %s: [", key);
	for (int i = 0, count = 0; i < ROLES; i++)
		if ((roles >> i & 1) != 0)
			buffer_format(buffer, "%sr%d", count++ == 0 ? "" : ", ", i);
	buffer_add_text(buffer, "]");
}

static void
write_rule(struct buffer *buffer, const struct rule_made *rule, int number)
{
	buffer_format(buffer, "  p%d: {paths: [\"", number);
	write_pattern(buffer, &rule->route);
	buffer_format(buffer, "\"], methods: [%s], shadow: %s",
	    rule->method == -1 ? "" : methods[rule->method], rule->shadow ? "true" : "false");
	write_roles(buffer, "roles", rule->roles);
	write_roles(buffer, "all_roles", rule->all);
	write_roles(buffer, "deny", rule->deny);
	buffer_add_text(buffer, "}\n");
}

static void
write_world(struct buffer *buffer, const struct world *world)
{
	int count = 0;

	buffer_reset(buffer);
	buffer_add_text(
	    buffer, "roles: {r0: {}, r1: {}, r2: {}}\nprivileges:\n  z: {paths: [/z]}\n");
	for (int i = 0; i < world->count; i++)
		if (!world->rules[i].public)
			write_rule(buffer, &world->rules[i], i);
	buffer_add_text(buffer, "public: [");
	for (int i = 0; i < world->count; i++) {
		if (!world->rules[i].public)
			continue;
		buffer_add_text(buffer, count++ == 0 ? "\"" : ", \"");
		write_pattern(buffer, &world->rules[i].route);
		buffer_add_text(buffer, "\"");
	}
	buffer_format(buffer, "]\ndefault: %s\n", world->default_public ? "public" : "deny");
}

static void
write_request(struct buffer *buffer, const struct route *route)
{
	buffer_reset(buffer);
	for (int i = 0; i < route->count; i++)
		buffer_format(buffer, "/%s", names[route->name[i]].request);
	if (route->count == 0 || below(4) == 0)
		buffer_add_text(buffer, "/");
}

static bool
fits(const struct route *pattern, const struct route *path)
{
	if (path->count < pattern->count || (path->count > pattern->count && !pattern->subtree))
		return false;
	for (int i = 0; i < pattern->count; i++)
		if (pattern->name[i] != -1 &&
		    strcmp(names[pattern->name[i]].plain, names[path->name[i]].plain) != 0)
			return false;
	return true;
}

/* A text that sorts by how specific the pattern is: literal, star, end star. */
static void
rank(const struct route *route, char text[DEPTH + 2])
{
	int len = 0;

	for (int i = 0; i < route->count; i++)
		text[len++] = route->name[i] == -1 ? 'm' : 'c';
	if (route->subtree)
		text[len++] = 'x';
	text[len] = '\0';
}

static enum reason
judge_rule(const struct rule_made *rule, bool known, unsigned roles)
{
	if (rule->public || rule->shadow)
		return REASON_OK;
	if (!known)
		return REASON_CREDENTIALS_MISSING;
	if ((rule->deny & roles) != 0 || (rule->all & ~roles) != 0)
		return REASON_PRIVILEGE_MISSING;
	return rule->roles == 0 || (rule->roles & roles) != 0 ? REASON_OK
							      : REASON_PRIVILEGE_MISSING;
}

/* Request and caller: what the second judge needs. */
struct asked {
	struct route route;
	int method;
	bool known;
	unsigned roles;
};

static enum reason
judge(const struct world *world, const struct asked *asked)
{
	char best[DEPTH + 2] = "", here[DEPTH + 2];
	bool covered = false;

	for (int i = 0; i < world->count; i++) {
		if (!fits(&world->rules[i].route, &asked->route))
			continue;
		rank(&world->rules[i].route, here);
		if (!covered || strcmp(here, best) < 0)
			(void)snprintf(best, sizeof(best), "%s", here);
		covered = true;
	}
	if (!covered)
		return world->default_public ? REASON_OK : REASON_NO_RULE;
	for (int i = 0; i < world->count; i++) {
		const struct rule_made *rule = &world->rules[i];

		rank(&rule->route, here);
		if (strcmp(here, best) == 0 && fits(&rule->route, &asked->route) &&
		    (rule->public || rule->method == -1 || rule->method == asked->method))
			return judge_rule(rule, asked->known, asked->roles);
	}
	return asked->known ? REASON_METHOD_NOT_GRANTED : REASON_CREDENTIALS_MISSING;
}

static enum reason
ask(struct load *load, const struct asked *asked, struct span raw)
{
	struct principal principal = { .roles = (uint64_t[]){ asked->roles, 0 } };
	struct target target;
	struct route_match route;
	struct verdict verdict;

	assert_int_equal(target_read(raw, &load->arena, &target), REASON_OK);
	decide_route(&load->policy,
	    asked->method == 0 && below(2) == 0 ? SPAN("HEAD") : span_of(methods[asked->method]),
	    &target, &route);
	verdict =
	    decide_caller(&load->policy, &route, asked->known ? &principal : NULL, &load->arena);
	return verdict.reason;
}

static void
two_judges_agree(void **state)
{
	struct buffer policy, raw;
	size_t seen[REASON_COUNT] = { 0 };

	(void)state;
	buffer_init(&policy, 65536);
	buffer_init(&raw, 65536);
	for (int round = 0; round < ROUNDS; round++) {
		struct world world;
		struct load load;

		random_world(&world);
		write_world(&policy, &world);
		load_good(&load, buffer_span(&policy));
		for (int i = 0; i < REQUESTS; i++) {
			struct asked asked = { random_route(false), below(2), below(4) != 0,
				(unsigned)below(1 << ROLES) };
			enum reason want = judge(&world, &asked), got;

			write_request(&raw, &asked.route);
			got = ask(&load, &asked, buffer_span(&raw));
			seen[got]++;
			if (got != want)
				fail_msg("%s %s known=%d roles=%x: want %s, got %s\n%s",
				    methods[asked.method], raw.at, asked.known, asked.roles,
				    reason_word(want), reason_word(got), policy.at);
		}
		load_done(&load);
	}
	/* the random requests must come to every kind of verdict, or they prove little */
	assert_int_not_equal(seen[REASON_OK], 0);
	assert_int_not_equal(seen[REASON_NO_RULE], 0);
	assert_int_not_equal(seen[REASON_PRIVILEGE_MISSING], 0);
	assert_int_not_equal(seen[REASON_CREDENTIALS_MISSING], 0);
	assert_int_not_equal(seen[REASON_METHOD_NOT_GRANTED], 0);
	buffer_done(&policy);
	buffer_done(&raw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_judges_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
