/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "base/json.h"
#include "policy/principal.h"
#include "policy/role.h"

#define PAYLOAD                                                                                    \
	"{\"sub\":\"alice\",\"client_id\":\"abc\",\"n\":5,\"big\":9007199254740993,\"r\":1.5,"     \
	"\"yes\":true,\"no\":false,\"nil\":null,\"s\":\"reader writer\",\"list\":[\"x\",7,true,"   \
	"[\"deep\"]],\"none\":[],\"o\":{\"a/b\":{\"ns\":\"billing\"}},\"empty\":\"\"}"

/* A caller from `issuer` with that payload. */
struct who {
	struct claims claims;
	json_t *payload;
	struct span scopes[2], groups[2], roles[2];
};

static void
who_init(struct who *who, const struct trusted_issuer *trusted_issuer)
{
	struct err err;

	*who = (struct who){ 0 };
	assert_true(json_read(SPAN(PAYLOAD), 4096, &who->payload, &err));
	who->scopes[0] = SPAN("orders:read");
	who->scopes[1] = SPAN("profile");
	who->groups[0] = SPAN("7f0c");
	who->groups[1] = SPAN("staff room");
	who->roles[0] = SPAN("SODA Developer");
	who->roles[1] = SPAN("reader");
	who->claims = (struct claims){
		.trusted_issuer = trusted_issuer,
		.subject = SPAN("alice"),
		.client = SPAN("abc"),
		.scopes = { who->scopes, 2 },
		.groups = { who->groups, 2 },
		.roles = { who->roles, 2 },
		.payload = who->payload,
	};
}

/* Is the role granted by that line? */
static bool
holds(const char *line, size_t issuer, const struct principal_store *store)
{
	struct load load;
	struct buffer text;
	struct who who;
	struct principal principal;
	bool held;

	buffer_init(&text, 65536);
	buffer_format(&text, "roles: {r: {granted_to: [%s]}}\n", line);
	load_good(&load, buffer_span(&text));
	who_init(&who, &load.trusted_issuers[issuer]);
	assert_true(principal_of_claims(&load.policy,
	    &(struct principal_inputs){ .claims = &who.claims, .store = store }, &principal,
	    &load.arena));
	held = principal_has(&principal, 0);
	json_decref(who.payload);
	buffer_done(&text);
	load_done(&load);
	return held;
}

static void
all_conditions_of_a_line_must_hold(void **state)
{
	static const struct {
		const char *line;
		bool held;
	} cases[] = {
		{ "{issuer: okta}", true },
		{ "{issuer: entra}", false },
		{ "{issuer: okta, scope: \"orders:read\"}", true },
		{ "{issuer: entra, scope: \"orders:read\"}", false },
		{ "{scope: profile}", true },
		{ "{scope: orders}", false },
		{ "{scope: \"orders:read profile\"}", false },
		{ "{scope: PROFILE}", false },
		{ "{group: 7f0c}", true },
		{ "{group: staff room}", true },
		{ "{group: staff}", false },
		{ "{group: reader}", false },
		{ "{role: reader}", true },
		{ "{role: read}", false },
		{ "{role: SODA Developer}", true },
		{ "{role: SODA}", false },
		{ "{role: Developer}", false },
		{ "{issuer: okta, scope: profile, group: 7f0c, role: reader}", true },
		{ "{issuer: okta, scope: profile, group: 7f0d, role: reader}", false },
		{ "{issuer: okta, client: abc}", true },
		{ "{issuer: okta, client: ab}", false },
		{ "{issuer: entra, client: abc}", false },
		/* all of a list */
		{ "{scope: [\"orders:read\", profile]}", true },
		{ "{scope: [\"orders:read\", email]}", false },
		{ "{scope: [email, \"orders:read\"]}", false },
		{ "{group: [staff room, 7f0c]}", true },
		{ "{group: [staff room, 7f0d]}", false },
		{ "{role: [reader, SODA Developer]}", true },
		{ "{role: [reader, writer]}", false },
		/* no list is mistaken for another one */
		{ "{role: [reader, 7f0c]}", false },
		{ "{group: [7f0c, reader]}", false },
		/* a prefix ends after a mark, and something follows it */
		{ "{scope: \"orders:*\"}", true },
		{ "{scope: \"ORDERS:*\"}", false },
		{ "{scope: \"order:*\"}", false },
		{ "{scope: \"orders:read:*\"}", false },
		{ "{scope: \"orders*\"}", false },
		{ "{scope: \"*\"}", false },
		{ "{scope: \":*\"}", false },
		{ "{scope: [\"orders:*\", profile]}", true },
		{ "{scope: [\"orders:*\", \"profile:*\"]}", false },
		{ "{group: \"7f0c/*\"}", false },
		/* any one line */
		{ "{scope: no}, {issuer: okta}", true },
		{ "{scope: no}, {issuer: entra}", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (holds(cases[i].line, 0, NULL) != cases[i].held)
			fail_msg("%s: want %d", cases[i].line, cases[i].held);
}

static void
claims_are_compared_by_value(void **state)
{
	static const struct {
		const char *line;
		bool held;
	} cases[] = {
		{ "{claim: /sub, equals: alice}", true },
		{ "{claim: /sub, equals: Alice}", false },
		{ "{claim: /sub, equals: ali}", false },
		{ "{claim: /sub, equals: [bob, alice]}", true },
		{ "{claim: /sub, equals: [bob, carol]}", false },
		{ "{claim: /n, equals: 5}", true },
		{ "{claim: /n, equals: 05}", false },
		{ "{claim: /n, equals: 5.0}", false },
		{ "{claim: /big, equals: 9007199254740993}", true },
		{ "{claim: /big, equals: 9007199254740992}", false },
		{ "{claim: /r, equals: 1.5}", false },
		{ "{claim: /yes, equals: true}", true },
		{ "{claim: /yes, equals: True}", false },
		{ "{claim: /no, equals: false}", true },
		{ "{claim: /nil, equals: \"null\"}", false },
		{ "{claim: /s, equals: reader}", false },
		{ "{claim: /s, equals: reader writer}", true },
		{ "{claim: /list, equals: x}", true },
		{ "{claim: /list, equals: 7}", true },
		{ "{claim: /list, equals: deep}", false },
		{ "{claim: /list/0, equals: x}", true },
		{ "{claim: /none, equals: x}", false },
		{ "{claim: /sub, prefix: ali}", true },
		{ "{claim: /sub, prefix: alice}", true },
		{ "{claim: /sub, prefix: alicex}", false },
		{ "{claim: /sub, prefix: Ali}", false },
		{ "{claim: /sub, prefix: lice}", false },
		{ "{claim: /n, prefix: 5}", false },
		{ "{claim: /yes, prefix: t}", false },
		{ "{claim: /list, prefix: x}", true },
		{ "{claim: /list, prefix: y}", false },
		{ "{claim: /list, prefix: deep}", false },
		{ "{claim: /none, prefix: x}", false },
		{ "{claim: /nil, prefix: n}", false },
		{ "{claim: /sub, exists: true}", true },
		{ "{claim: /no, exists: true}", true },
		{ "{claim: /list, exists: true}", true },
		{ "{claim: /nil, exists: true}", false },
		{ "{claim: /none, exists: true}", true },
		{ "{claim: /absent, exists: true}", false },
		{ "{claim: /o, equals: x}", false },
		{ "{claim: /o/a~1b/ns, equals: billing}", true },
		{ "{claim: /o/a/b/ns, equals: billing}", false },
		{ "{claim: /absent, equals: x}", false },
		/* without equals: there, and not null or false */
		{ "{claim: /sub}", true },
		{ "{claim: /yes}", true },
		{ "{claim: /no}", false },
		{ "{claim: /nil}", false },
		{ "{claim: /absent}", false },
		{ "{claim: /empty}", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (holds(cases[i].line, 0, NULL) != cases[i].held)
			fail_msg("%s: want %d", cases[i].line, cases[i].held);
}

static void
a_client_is_the_local_issuers(void **state)
{
	static const struct principal_store partner = { .client_name = "big_partner" };

	(void)state;
	assert_true(holds("{client: big_partner}", 2, &partner));
	assert_true(holds("{client: abc}", 2, &partner));
	assert_true(holds("{issuer: local, client: big_partner}", 2, &partner));
	assert_false(holds("{client: big}", 2, &partner));
	assert_false(holds("{issuer: okta, client: big_partner}", 2, &partner));
	assert_false(holds("{client: big_partner, scope: none}", 2, &partner));
	/* a token of another issuer that names the same client id */
	assert_false(holds("{client: abc}", 0, NULL));
	assert_false(holds("{user: alice}", 0, NULL));
}

/* The roles of a local user by Basic under that line. */
static bool
user_holds(const char *line, const struct principal_store *store)
{
	struct load load;
	struct buffer text;
	struct principal principal;
	bool held;

	buffer_init(&text, 65536);
	buffer_format(&text, "roles: {r: {granted_to: [%s]}, granted: {}}\n", line);
	load_good(&load, buffer_span(&text));
	assert_true(principal_of_user(
	    &load.policy, &(struct principal_inputs){ .store = store }, &principal, &load.arena));
	assert_null(principal.issuer);
	assert_string_equal(principal.user, store->user);
	assert_true(span_is(principal.subject, store->user));
	assert_true(principal.client.at == NULL);
	held = principal_has(&principal, role_find(&load.policy, SPAN("r"))->index);
	buffer_done(&text);
	load_done(&load);
	return held;
}

static void
a_user_by_basic_has_no_claims(void **state)
{
	static const struct principal_store user = { .user = "api_user" };
	static const char *const lines[] = { "{user: api_use}", "{user: Api_user}",
		"{issuer: okta}", "{issuer: local, user: api_user}",
		"{user: api_user, scope: profile}", "{claim: /sub, equals: api_user}",
		"{client: api_user}", "{group: g}" };

	(void)state;
	assert_true(user_holds("{user: api_user}", &user));
	assert_true(user_holds("{user: x}, {user: api_user}", &user));
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (user_holds(lines[i], &user))
			fail_msg("%s holds", lines[i]);
}

static void
the_store_grants_roles_by_name(void **state)
{
	const char *granted[] = { "writer", "unknown", "SODA Developer" };
	struct principal_store store = { .client_name = "c", .roles = { granted, 3, NULL } };
	struct load load;
	struct who who;
	struct principal principal;

	(void)state;
	load_good(&load, SPAN("roles: {reader: {}, writer: {}, SODA Developer: {}, SODA: {}}"));
	who_init(&who, &load.trusted_issuers[2]);
	assert_true(principal_of_claims(&load.policy,
	    &(struct principal_inputs){ .claims = &who.claims, .store = &store }, &principal,
	    &load.arena));
	for (size_t i = 0; i < load.policy.role_count; i++)
		assert_int_equal(principal_has(&principal, i),
		    strcmp(load.policy.roles[i].name, "writer") == 0 ||
			strcmp(load.policy.roles[i].name, "SODA Developer") == 0);
	assert_string_equal(principal.issuer, "local");
	assert_string_equal(principal.client_name, "c");
	assert_true(span_is(principal.subject, "alice"));
	assert_true(span_is(principal.client, "abc"));
	assert_int_equal(principal.scopes.count, 2);
	json_decref(who.payload);
	load_done(&load);
}

#define PARTNER "{certificate: \" cn=partner, O=Big\\\\, Co\"}"
#define SUBJECT "CN=partner,O=Big\\, Co"
#define SUBJECT_YAML "CN=partner,O=Big\\\\, Co"

/* What a caller is known by, besides the certificate. */
enum known_by { BY_TOKEN, BY_PASSWORD, BY_CERTIFICATE };

/* Is the role granted by that line to a caller with that certificate? */
static bool
certificate_holds(const char *line, enum known_by by, struct span certificate)
{
	static const struct principal_store user = { .user = "api_user" };
	static bool (*const make[])(const struct policy *, const struct principal_inputs *,
	    struct principal *,
	    struct arena *) = { principal_of_claims, principal_of_user, principal_of_certificate };
	struct principal_inputs inputs = { .certificate = certificate };
	struct load load;
	struct buffer text;
	struct who who;
	struct principal principal;
	bool held;

	buffer_init(&text, 65536);
	buffer_format(&text, "roles: {r: {granted_to: [%s]}}\n", line);
	load_good(&load, buffer_span(&text));
	who_init(&who, &load.trusted_issuers[0]);
	inputs.claims = by == BY_TOKEN ? &who.claims : NULL;
	inputs.store = by == BY_PASSWORD ? &user : NULL;
	assert_true(make[by](&load.policy, &inputs, &principal, &load.arena));
	if (by == BY_CERTIFICATE) {
		assert_true(span_equal(principal.subject, certificate));
		assert_null(principal.issuer);
		assert_null(principal.user);
		assert_true(principal.client.at == NULL);
	}
	held = principal_has(&principal, 0);
	json_decref(who.payload);
	buffer_done(&text);
	load_done(&load);
	return held;
}

static void
a_certificate_is_a_condition_like_the_others(void **state)
{
	static const struct {
		const char *line;
		bool by_token, by_password, by_certificate;
	} cases[] = {
		{ PARTNER, true, true, true },
		{ "{certificate: \"CN=partner\"}", false, false, false },
		{ "{certificate: \"O=Big\\\\, Co,CN=partner\"}", false, false, false },
		{ "{certificate: \"CN=Partner,O=Big\\\\, Co\"}", false, false, false },
		{ "{certificate: \"CN=partner,O=Big, Co=x\"}", false, false, false },
		{ "{issuer: okta, certificate: \"" SUBJECT_YAML "\"}", true, false, false },
		{ "{issuer: entra, certificate: \"" SUBJECT_YAML "\"}", false, false, false },
		{ "{scope: profile, certificate: \"" SUBJECT_YAML "\"}", true, false, false },
		{ "{user: api_user, certificate: \"" SUBJECT_YAML "\"}", false, true, false },
		{ "{client: partner, certificate: \"" SUBJECT_YAML "\"}", false, false, false },
		{ "{claim: /sub, certificate: \"" SUBJECT_YAML "\"}", true, false, false },
		/* what a token or a password proves is not proved by a certificate */
		{ "{issuer: okta}", true, false, false },
		{ "{user: api_user}", false, true, false },
		{ "{claim: /sub, equals: \"" SUBJECT_YAML "\"}", false, false, false },
		{ "{user: \"" SUBJECT_YAML "\"}", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *line = cases[i].line;

		if (certificate_holds(line, BY_TOKEN, SPAN(SUBJECT)) != cases[i].by_token ||
		    certificate_holds(line, BY_PASSWORD, SPAN(SUBJECT)) != cases[i].by_password ||
		    certificate_holds(line, BY_CERTIFICATE, SPAN(SUBJECT)) !=
			cases[i].by_certificate)
			fail_msg("%s", line);
	}
}

static void
without_its_certificate_no_line_holds(void **state)
{
	static const struct span others[] = { { NULL, 0 }, { "", 0 },
		{ SUBJECT, sizeof(SUBJECT) - 2 }, { SUBJECT "\0", sizeof(SUBJECT) } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		for (enum known_by by = BY_TOKEN; by <= BY_CERTIFICATE; by++)
			assert_false(certificate_holds(PARTNER, by, others[i]));
}

/* Is the role granted by that line to a caller with alice's token, or to api_user, there? */
static bool
peer_holds(const char *line, enum known_by by, const char *peer)
{
	static const struct principal_store user = { .user = "api_user" };
	struct principal_inputs inputs = { .peer = span_of(peer) };
	struct load load;
	struct buffer text;
	struct who who;
	struct principal principal;
	bool held;

	buffer_init(&text, 65536);
	buffer_format(&text, "roles: {r: {granted_to: [%s]}}\n", line);
	load_good(&load, buffer_span(&text));
	assert_true(load.policy.asks_peer == (strstr(line, "peer") != NULL));
	who_init(&who, &load.trusted_issuers[0]);
	inputs.claims = by == BY_TOKEN ? &who.claims : NULL;
	inputs.store = by == BY_PASSWORD ? &user : NULL;
	assert_true(by == BY_TOKEN
			? principal_of_claims(&load.policy, &inputs, &principal, &load.arena)
			: principal_of_user(&load.policy, &inputs, &principal, &load.arena));
	held = principal_has(&principal, 0);
	json_decref(who.payload);
	buffer_done(&text);
	load_done(&load);
	return held;
}

static void
where_the_client_is_is_a_condition_like_the_others(void **state)
{
	static const struct {
		const char *line, *peer;
		bool by_token, by_password;
	} cases[] = {
		{ "{peer: 10.0.0.0/8}", "10.1.2.3", true, true },
		{ "{peer: 10.0.0.0/8}", "11.1.2.3", false, false },
		{ "{peer: 10.0.0.0/8}", "unix", false, false },
		{ "{peer: 10.0.0.0/8}", "unknown", false, false },
		{ "{peer: 0.0.0.0/0}", "_hidden", false, false },
		{ "{peer: 10.0.0.0/8}", NULL, false, false },
		{ "{peer: 192.0.2.1}", "192.0.2.1", true, true },
		{ "{peer: '2001:db8::/32'}", "2001:db8::1", true, true },
		{ "{peer: '::/0'}", "unknown", false, false },
		{ "{peer: unix}", "unix", true, true },
		{ "{peer: unix}", "127.0.0.1", false, false },
		{ "{issuer: okta, peer: 10.0.0.0/8}", "10.1.2.3", true, false },
		{ "{issuer: entra, peer: 10.0.0.0/8}", "10.1.2.3", false, false },
		{ "{user: api_user, peer: 10.0.0.0/8}", "10.1.2.3", false, true },
		{ "{user: api_user, peer: 10.0.0.0/8}", "11.1.2.3", false, false },
		{ "{issuer: okta}", "10.1.2.3", true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (peer_holds(cases[i].line, BY_TOKEN, cases[i].peer) != cases[i].by_token ||
		    peer_holds(cases[i].line, BY_PASSWORD, cases[i].peer) != cases[i].by_password)
			fail_msg("%s: %s", cases[i].line, cases[i].peer);
}

static void
roles_beyond_the_first_word_are_reported_apart(void **state)
{
	struct load load;
	struct buffer text;
	struct who who;
	struct principal principal;
	char name[8];

	(void)state;
	buffer_init(&text, 65536);
	buffer_add_text(&text, "roles:\n");
	for (int i = 0; i < 130; i++)
		buffer_format(&text, "  r%03d: {granted_to: [{scope: %s}]}\n", i,
		    i % 64 == 1 ? "profile" : "none");
	load_good(&load, buffer_span(&text));
	who_init(&who, &load.trusted_issuers[0]);
	assert_true(principal_of_claims(&load.policy,
	    &(struct principal_inputs){ .claims = &who.claims }, &principal, &load.arena));
	for (size_t i = 0; i < 130; i++) {
		(void)snprintf(name, sizeof(name), "r%03zu", i);
		assert_string_equal(load.policy.roles[i].name, name);
		assert_int_equal(principal_has(&principal, i), i % 64 == 1);
	}
	json_decref(who.payload);
	buffer_done(&text);
	load_done(&load);
}

static void
no_memory_is_reported(void **state)
{
	struct load load;
	struct arena small;
	struct who who;
	struct principal principal;

	(void)state;
	load_good(&load, SPAN("roles: {r: {granted_to: [{issuer: okta}]}}"));
	who_init(&who, &load.trusted_issuers[0]);
	arena_init(&small, 1);
	assert_false(principal_of_claims(
	    &load.policy, &(struct principal_inputs){ .claims = &who.claims }, &principal, &small));
	arena_done(&small);
	json_decref(who.payload);
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_conditions_of_a_line_must_hold),
		cmocka_unit_test(claims_are_compared_by_value),
		cmocka_unit_test(a_client_is_the_local_issuers),
		cmocka_unit_test(a_user_by_basic_has_no_claims),
		cmocka_unit_test(the_store_grants_roles_by_name),
		cmocka_unit_test(a_certificate_is_a_condition_like_the_others),
		cmocka_unit_test(without_its_certificate_no_line_holds),
		cmocka_unit_test(where_the_client_is_is_a_condition_like_the_others),
		cmocka_unit_test(roles_beyond_the_first_word_are_reported_apart),
		cmocka_unit_test(no_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
