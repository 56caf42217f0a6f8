/* SPDX-License-Identifier: Apache-2.0 */
#include "setting.h"

#include "proxy/gate/next.h"
#include "proxy/gate/next_count.h"

#define TIMES "\"aud\":\"api\",\"iat\":999900,\"exp\":1000600"
#define READER TIMES ",\"sub\":\"jane\",\"groups\":[\"readers\"]"
#define WRITER TIMES ",\"sub\":\"john\",\"groups\":[\"writers\"]"
#define ANN "Basic YW5uOnBsZWFzZWxldG1laW4=" /* ann:pleaseletmein */

#define NEXT_POLICY                                                                                \
	"roles:\n"                                                                                 \
	"  other: {}\n"                                                                            \
	"  reader: {granted_to: [{issuer: idp, group: writers}]}\n"                                \
	"modules:\n"                                                                               \
	"  any: {paths: [\"/any\"], basic: false}\n"                                               \
	"privileges:\n"                                                                            \
	"  read: {paths: [\"/orders/*\"], methods: [GET], roles: [reader]}\n"                      \
	"  change: {paths: [\"/orders/*\"], methods: [PUT], roles: [reader]}\n"                    \
	"  plain: {paths: [\"/plain/*\"]}\n"                                                       \
	"  any: {modules: [any]}\n"                                                                \
	"  open: {paths: [\"/open\"]}\n"                                                           \
	"  fresh: {paths: [\"/fresh\"], roles: [reader]}\n"                                        \
	"  shadow: {paths: [\"/shadow\"], roles: [reader]}\n"                                      \
	"  tenant: {paths: [\"/tenants/{tenant}\"], match: {tenant: /tid}}\n"                      \
	"public: [\"/web/*\"]\n"

static struct setting setting;

static int
setup(void **state)
{
	char path[SCRATCH_ROOM * 2];
	struct config *config = NULL;
	struct err err;

	(void)state;
	setting_init(&setting);
	setting_put(&setting, "next.yaml", NEXT_POLICY);
	setting_put(&setting, "postern.yaml", CONFIG "policy_next: next.yaml\n");
	scratch_path(&setting.scratch, "postern.yaml", path);
	if (!config_read(path, CONFIG_TEXT, &config, &err))
		fail_msg("%s", err.text);
	config_free(setting.config);
	setting.config = config;
	setting.services.config = config;
	setting.snapshot.config = config;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	setting_done(&setting);
	return 0;
}

/* Finds the caller, and counts how often it had to. */
struct counting {
	struct setting_asking asking;
	int finds;
};

static enum reason
find(void *context, const struct judge_inputs *inputs, struct decision *decision)
{
	struct counting *counting = context;

	counting->finds++;
	return setting_find(&counting->asking, inputs, decision);
}

static const struct {
	const char *name, *method, *target;
	const char *caller; /* members of a token of the provider, or an Authorization header */
	enum next_verdict verdict;
	enum reason reason;
	const char *counted;
	int finds;
} cases[] = {
	{ "both let pass", "GET", "/plain/x", READER, NEXT_SAME, REASON_OK, NULL, 1 },
	{ "both refuse", "GET", "/nowhere", NULL, NEXT_SAME, REASON_NO_RULE, NULL, 0 },
	{ "a role that is granted to others", "GET", "/orders/1", READER, NEXT_WOULD_REFUSE,
	    REASON_PRIVILEGE_MISSING, "read", 1 },
	{ "to those others", "GET", "/orders/1", WRITER, NEXT_WOULD_ALLOW, REASON_OK, "read", 1 },
	{ "a new method", "PUT", "/orders/1", WRITER, NEXT_WOULD_ALLOW, REASON_OK, "change", 1 },
	{ "but not for all", "PUT", "/orders/1", READER, NEXT_SAME, REASON_PRIVILEGE_MISSING, NULL,
	    1 },
	{ "a path that was public", "GET", "/open", NULL, NEXT_WOULD_REFUSE,
	    REASON_CREDENTIALS_MISSING, "open", 1 },
	{ "whose callers may", "GET", "/open", READER, NEXT_SAME, REASON_OK, NULL, 1 },
	{ "unless their token is bad", "GET", "/open", "Bearer x.y.z", NEXT_WOULD_REFUSE,
	    REASON_TOKEN_MALFORMED, "open", 1 },
	{ "passwords are not checked for it", "GET", "/open", ANN, NEXT_SAME, REASON_OVERLOADED,
	    NULL, 0 },
	{ "a path that becomes public", "GET", "/web/x", NULL, NEXT_WOULD_ALLOW, REASON_OK, "web",
	    1 },
	{ "whatever the token was", "GET", "/web/x", "Bearer x.y.z", NEXT_WOULD_ALLOW, REASON_OK,
	    "web", 1 },
	{ "a path that is new", "GET", "/fresh", WRITER, NEXT_WOULD_ALLOW, REASON_OK, "fresh", 1 },
	{ "but not for all", "GET", "/fresh", READER, NEXT_SAME, REASON_PRIVILEGE_MISSING, NULL,
	    1 },
	{ "a path that goes", "GET", "/scoped", TIMES ",\"sub\":\"x\",\"scope\":\"orders:read\"",
	    NEXT_WOULD_REFUSE, REASON_NO_RULE, "scoped", 1 },
	{ "a path of the caller's own", "GET", "/tenants/t1", TIMES ",\"sub\":\"x\",\"tid\":\"t1\"",
	    NEXT_WOULD_ALLOW, REASON_OK, "tenant", 1 },
	{ "and of another", "GET", "/tenants/t2", TIMES ",\"sub\":\"x\",\"tid\":\"t1\"", NEXT_SAME,
	    REASON_CLAIM_MISMATCH, NULL, 1 },
	{ "a shadow that becomes real", "GET", "/shadow", READER, NEXT_WOULD_REFUSE,
	    REASON_PRIVILEGE_MISSING, "shadow", 1 },
	{ "also for nobody", "GET", "/shadow", NULL, NEXT_WOULD_REFUSE, REASON_CREDENTIALS_MISSING,
	    "shadow", 1 },
	{ "roles of the store are the same", "GET", "/orders/1", ANN, NEXT_SAME, REASON_OK, NULL,
	    1 },
	{ "no password any more", "GET", "/any", ANN, NEXT_WOULD_REFUSE, REASON_BASIC_NOT_ALLOWED,
	    "any", 1 },
	{ "passwords where there were none", "GET", "/plain/x", ANN, NEXT_SAME, REASON_OVERLOADED,
	    NULL, 1 },
};

static void
expect(size_t i, const char *authorization)
{
	struct judge_inputs inputs = setting_inputs(&setting);
	struct counting counting = { 0 };
	struct request request;
	struct decision decision;
	struct arena arena;
	struct judge_who who = { find, &counting, &arena, &request };
	struct next next;
	enum reason live;

	arena_init(&arena, 1 << 20);
	setting_request(&request, cases[i].method, cases[i].target, authorization);
	counting.asking = (struct setting_asking){ &arena, &request };
	assert_int_equal(judge_admit(&request, NULL, &arena, &decision), REASON_OK);
	live = judge_steps(&inputs, &who, &decision);
	assert_int_equal(live, decision.verdict.reason);
	next = next_judge(&inputs, &who, &decision);
	if (next.verdict != cases[i].verdict || next.reason != cases[i].reason ||
	    counting.finds != cases[i].finds ||
	    (cases[i].counted != NULL &&
		(next.counted == NULL || strcmp(next.counted, cases[i].counted) != 0)))
		fail_msg("%s: %d, %s, %s, %d", cases[i].name, next.verdict,
		    reason_word(next.reason), next.counted == NULL ? "-" : next.counted,
		    counting.finds);
	judge_forget(&decision);
	arena_done(&arena);
}

static void
what_would_change_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool claims = cases[i].caller != NULL && cases[i].caller[0] == '"';
		char *bearer = claims ? setting_bearer(IDP, 0, cases[i].caller) : NULL;

		expect(i, claims ? bearer : cases[i].caller);
		free(bearer);
	}
}

static void
they_are_counted_by_privilege(void **state)
{
	struct next_count *count = next_count_new(setting.config);
	struct next lost = { .verdict = NEXT_WOULD_REFUSE, .counted = "read" };
	struct next nowhere = { .verdict = NEXT_WOULD_ALLOW };
	struct buffer text;

	(void)state;
	assert_non_null(count);
	next_count_add(count, &lost);
	next_count_add(count, &lost);
	next_count_add(count, &nowhere);
	buffer_init(&text, 1 << 16);
	next_count_text(count, &text);
	buffer_add_byte(&text, '\0');
	assert_non_null(strstr(text.at, "postern_policy_next_total{verdict=\"would_refuse\"} 2\n"));
	assert_non_null(strstr(text.at, "postern_policy_next_total{verdict=\"would_allow\"} 1\n"));
	assert_non_null(
	    strstr(text.at, "privilege_total{verdict=\"would_refuse\",privilege=\"read\"} 2\n"));
	assert_non_null(
	    strstr(text.at, "privilege_total{verdict=\"would_allow\",privilege=\"\"} 1\n"));
	assert_null(strstr(text.at, "\"scoped\""));
	buffer_done(&text);
	next_count_free(count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_would_change_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(they_are_counted_by_privilege, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
