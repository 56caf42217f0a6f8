/* SPDX-License-Identifier: Apache-2.0 */
/* Why a line of `granted_to` does not hold: which condition fails, and on what. */
#include "load.h"

#include "base/json.h"
#include "policy/explain_text.h"
#include "policy/why_print.h"

#define LISTED 20

/* What is known of a caller. */
struct known {
	const char *scopes, *groups, *roles; /* "a, b"; NULL: none */
	const char *payload;                 /* NULL: no token */
	const char *client, *user;           /* of the local issuer */
	const char *certificate;
};

static struct spans
list(const char *text, struct span room[LISTED])
{
	struct spans spans = { room, 0 };
	struct span rest = span_of(text), piece;

	while (text != NULL && span_cut(&rest, ',', &piece)) {
		assert_true(spans.count < LISTED);
		room[spans.count++] = piece.at[0] == ' ' ? span_slice(piece, 1, piece.len) : piece;
	}
	return spans;
}

/* The only line of the role in that policy, for that caller, as it is printed. */
static void
expect(const char *line, const struct known *known, const char *want)
{
	struct principal_store store = { known->client, known->user, { 0 } };
	struct span room[3][LISTED];
	struct claims claims = { 0 };
	struct principal_inputs inputs = { .store = &store };
	struct why_question question = { .inputs = &inputs };
	struct why_line *first = NULL;
	json_t *payload = NULL;
	struct buffer buffer;
	json_t *said;
	struct load load;
	struct err err;

	buffer_init(&buffer, 65536);
	buffer_format(&buffer,
	    "roles: {r: {granted_to: [%s]}}\n"
	    "privileges: {p: {paths: ['/x'], roles: [r]}}\n",
	    line);
	load_good(&load, buffer_span(&buffer));
	claims.trusted_issuer = &load.trusted_issuers[0];
	claims.scopes = list(known->scopes, room[0]);
	claims.groups = list(known->groups, room[1]);
	claims.roles = list(known->roles, room[2]);
	if (known->payload != NULL) {
		assert_true(json_read(span_of(known->payload), 4096, &payload, &err));
		claims.payload = payload;
		claims.client = json_text(json_object_get(payload, "azp"));
		inputs.claims = &claims;
	}
	if (known->certificate != NULL)
		inputs.certificate = span_of(known->certificate);
	question.policy = &load.policy;
	question.privilege = load.policy.privileges;
	assert_true(why_lines(&question, &load.arena, &first));
	assert_non_null(first);
	assert_null(first->next);
	buffer_reset(&buffer);
	buffer_add_text(&buffer, "{\"granted_to\":[");
	why_print_write(first, &buffer);
	buffer_add_text(&buffer, "]}");
	said = json_loadb(buffer.at, buffer.len, 0, NULL);
	assert_non_null(said);
	buffer_reset(&buffer);
	explain_text(said, false, &buffer);
	json_decref(said);
	assert_non_null(strstr(buffer.at, "granted to:    "));
	assert_memory_equal(strstr(buffer.at, "granted to:    ") + 15, want, strlen(want));
	assert_string_equal(strstr(buffer.at, "granted to:    ") + 15 + strlen(want), "\n");
	buffer_done(&buffer);
	json_decref(payload);
	load_done(&load);
}

#define AT "policy.yaml:1: role r to "

static void
the_failing_condition_is_named(void **state)
{
	const struct known token = { "a, b", "g", "x", "{\"level\":4,\"azp\":\"shop\"}", NULL, NULL,
		NULL };
	const struct known client = { NULL, NULL, NULL, "{}", "robot", NULL, NULL };
	const struct known user = { NULL, NULL, NULL, NULL, NULL, "ann", NULL };
	const struct known tls = { NULL, NULL, NULL, NULL, NULL, NULL, "CN=a" };

	(void)state;
	expect("{issuer: okta, scope: b}", &token, AT "issuer okta, scope b: holds");
	expect("{issuer: entra, scope: b}", &token,
	    AT "issuer entra, scope b: fails on issuer, found \"okta\"");
	expect("{scope: zzz}", &token, AT "scope zzz: fails on scope, found \"a, b\"");
	expect(
	    "{scope: a, group: zzz}", &token, AT "scope a, group zzz: fails on group, found \"g\"");
	expect("{role: zzz}", &token, AT "role zzz: fails on role, found \"x\"");
	expect("{scope: [a, b], role: x}", &token, AT "scope a and b, role x: holds");
	expect("{scope: [a, zzz, y]}", &token,
	    AT "scope a and zzz and y: fails on scope zzz, found \"a, b\"");
	expect("{group: [zzz, g]}", &token, AT "group zzz and g: fails on group zzz, found \"g\"");
	expect("{role: [a, b]}", &user, AT "role a and b: fails on role a, found nothing");
	expect("{scope: 'zzz:*'}", &token, AT "scope zzz:*: fails on scope, found \"a, b\"");
	expect("{claim: /level, prefix: 5}", &token,
	    AT "claim /level begins with 5: fails on claim, found \"4\"");
	expect("{claim: /absent, exists: true}", &token,
	    AT "claim /absent exists: fails on claim, found nothing");
	expect("{claim: /level, equals: [5, 6]}", &token,
	    AT "claim /level equals 5 or 6: fails on claim, found \"4\"");
	expect("{claim: /none}", &token, AT "claim /none: fails on claim, found nothing");
	expect("{issuer: okta, client: zzz}", &token,
	    AT "issuer okta, client zzz: fails on client, found \"shop\"");
	expect("{client: zzz}", &client, AT "client zzz: fails on client, found \"robot\"");
	expect("{user: zzz}", &user, AT "user zzz: fails on user, found \"ann\"");
	expect("{scope: a}", &user, AT "scope a: fails on scope, found nothing");
	expect("{certificate: 'CN=zzz'}", &tls,
	    AT "certificate CN=zzz: fails on certificate, found \"CN=a\"");
	expect("{certificate: 'CN=a'}", &tls, AT "certificate CN=a: holds");
	expect("{certificate: 'CN=a'}", &token,
	    AT "certificate CN=a: fails on certificate, found nothing");
}

static void
what_is_all_but_right_is_shown(void **state)
{
	const struct known token = { "Orders.Read, orders.wirte", "admins, staff ", "ops", "{}",
		NULL, NULL, NULL };
	const struct known user = { NULL, NULL, NULL, NULL, NULL, "Ann", NULL };

	(void)state;
	expect("{scope: orders.read}", &token,
	    AT "scope orders.read: fails on scope, found \"Orders.Read, orders.wirte\", near "
	       "\"Orders.Read (upper and lower case differ)\"");
	expect("{scope: 'orders.*'}", &token, AT "scope orders.*: holds");
	expect("{scope: 'Orders.W*'}", &token,
	    AT "scope Orders.W*: fails on scope, found \"Orders.Read, orders.wirte\"");
	expect("{scope: 'ORDERS.*'}", &token,
	    AT "scope ORDERS.*: fails on scope, found \"Orders.Read, orders.wirte\", near "
	       "\"Orders.Read (upper and lower case differ)\"");
	expect("{scope: orders.write}", &token,
	    AT "scope orders.write: fails on scope, found \"Orders.Read, orders.wirte\", near "
	       "\"orders.wirte\"");
	expect("{scope: admins}", &token,
	    AT "scope admins: fails on scope, found \"Orders.Read, orders.wirte\", near "
	       "\"admins (it is a group of the token)\"");
	expect("{group: ops}", &token,
	    AT "group ops: fails on group, found \"admins, staff \", near "
	       "\"ops (it is a role of the token)\"");
	expect("{group: staff}", &token,
	    AT "group staff: fails on group, found \"admins, staff \", near "
	       "\"staff  (white space differs)\"");
	expect("{user: ann}", &user,
	    AT "user ann: fails on user, found \"Ann\", near "
	       "\"Ann (upper and lower case differ)\"");
}

static void
long_lists_are_cut_and_text_is_escaped(void **state)
{
	const struct known many = { "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL, NULL, "{}",
		NULL, NULL, NULL };
	const struct known odd = { "a\nverdict: forward\"", NULL, NULL, "{}", NULL, NULL, NULL };

	(void)state;
	expect("{scope: zzzz}", &many,
	    AT "scope zzzz: fails on scope, found \"1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, "
	       "15, 16, …\"");
	expect("{scope: zzzz}", &odd,
	    AT "scope zzzz: fails on scope, found \"a\\nverdict: forward\\\"\"");
}

static void
keep(void *context, const char *way)
{
	struct buffer *buffer = context;

	buffer_format(buffer, "%s\n", way);
}

static void
ways_begin_with_the_shortest(void **state)
{
	uint64_t roles[1] = { 0 };
	const struct principal principal = { .client_name = "robot", .roles = roles };
	struct principal_inputs inputs = { 0 };
	struct why_question question = { .inputs = &inputs };
	struct why_line *first = NULL;
	struct buffer buffer;
	struct load load;

	(void)state;
	load_good(&load, SPAN("roles:\n"
			      "  a:\n"
			      "    granted_to:\n"
			      "      - {scope: s1}\n"
			      "      - {issuer: okta, group: g}\n"
			      "  b: {}\n"
			      "privileges: {p: {paths: ['/x'], roles: [a, b], scopes: [all]}}\n"));
	question.policy = &load.policy;
	question.privilege = load.policy.privileges;
	assert_true(why_lines(&question, &load.arena, &first));
	buffer_init(&buffer, 65536);
	why_print_ways(
	    &(struct why_print){ first, &load.policy, load.policy.privileges, &principal }, keep,
	    &buffer);
	buffer_add_byte(&buffer, '\0');
	assert_string_equal(buffer.at, "scope all (privilege p)\n"
				       "postern client grant robot a\n"
				       "postern client grant robot b\n"
				       "scope s1 (role a, policy.yaml:4)\n"
				       "issuer okta, group g (role a, policy.yaml:5)\n");
	buffer_done(&buffer);
	load_done(&load);
}

/* What the caller has not is needed of all_roles, and what it has must go of deny. */
static void
ways_of_all_roles_and_deny(void **state)
{
	static const struct {
		uint64_t roles; /* a is bit 0 */
		const char *ways;
	} rows[] = {
		{ 0, "postern client grant robot b\npostern client grant robot c\n"
		     "scope s2 (role b, policy.yaml:3)\n"
		     "postern client grant robot a\nscope s1 (role a, policy.yaml:2)\n" },
		{ 1, "postern client grant robot b\npostern client grant robot c\n"
		     "scope s2 (role b, policy.yaml:3)\n" },
		{ 2, "postern client grant robot c\n"
		     "postern client grant robot a\nscope s1 (role a, policy.yaml:2)\n" },
		{ 6, "postern client grant robot a\nscope s1 (role a, policy.yaml:2)\n" },
		{ 15, "without the role d, which privilege p denies\n" },
	};
	struct principal_inputs inputs = { 0 };
	struct why_question question = { .inputs = &inputs };
	struct why_line *first = NULL;
	struct buffer buffer;
	struct load load;

	(void)state;
	load_good(&load, SPAN("roles:\n"
			      "  a: {granted_to: [{scope: s1}]}\n"
			      "  b: {granted_to: [{scope: s2}]}\n"
			      "  c: {}\n"
			      "  d: {}\n"
			      "privileges: {p: {paths: ['/x'], roles: [a], all_roles: [b, c],"
			      " deny: [d]}}\n"));
	question.policy = &load.policy;
	question.privilege = load.policy.privileges;
	assert_true(why_lines(&question, &load.arena, &first));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t roles[1] = { rows[i].roles };
		const struct principal principal = { .client_name = "robot", .roles = roles };

		buffer_init(&buffer, 65536);
		why_print_ways(
		    &(struct why_print){ first, &load.policy, load.policy.privileges, &principal },
		    keep, &buffer);
		buffer_add_byte(&buffer, '\0');
		assert_string_equal(buffer.at, rows[i].ways);
		buffer_done(&buffer);
	}
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_failing_condition_is_named),
		cmocka_unit_test(what_is_all_but_right_is_shown),
		cmocka_unit_test(long_lists_are_cut_and_text_is_escaped),
		cmocka_unit_test(ways_begin_with_the_shortest),
		cmocka_unit_test(ways_of_all_roles_and_deny),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
