/* SPDX-License-Identifier: Apache-2.0 */
#include "setting.h"

#define TIMES "\"aud\":\"api\",\"iat\":999900,\"exp\":1000600"
#define JANE TIMES ",\"sub\":\"jane\""

static struct setting setting;
static const struct request_certificate *client_certificate; /* of who asks; NULL: none */

static int
setup(void **state)
{
	(void)state;
	setting_init(&setting);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	setting_done(&setting);
	return 0;
}

static enum reason
judge(const char *method, const char *target, const char *authorization, struct arena *arena,
    struct decision *decision)
{
	struct judge_inputs inputs = setting_inputs(&setting);
	struct request request;

	inputs.certificate = client_certificate;
	setting_request(&request, method, target, authorization);
	return setting_judge(&inputs, &request, arena, decision);
}

static void
expect(enum reason want, const char *name, const char *method, const char *target,
    const char *authorization)
{
	struct decision decision;
	struct arena arena;
	enum reason got;

	arena_init(&arena, 1 << 20);
	got = judge(method, target, authorization, &arena, &decision);
	if (got != want)
		fail_msg("%s: want %s, got %s (%s)", name, reason_word(want), reason_word(got),
		    decision.verdict.detail == NULL ? "" : decision.verdict.detail);
	assert_int_equal(decision.verdict.reason, got);
	if (got != REASON_OK && decision.caller != NULL && decision.route.reason == REASON_OK &&
	    reason_status(got) == 401)
		fail_msg("%s: somebody is known who was not believed", name);
	judge_forget(&decision);
	arena_done(&arena);
}

/* --- without a token --- */

static const struct {
	enum reason want;
	const char *name, *method, *target, *authorization;
} plain[] = {
	{ REASON_OK, "a public path asks nobody", "GET", "/open", NULL },
	{ REASON_OK, "and looks at no token", "GET", "/open", "Bearer x.y.z" },
	{ REASON_CREDENTIALS_MALFORMED, "but a header must be readable there, too", "GET", "/open",
	    "Bearer" },
	{ REASON_CREDENTIALS_MISSING, "nobody is not anybody", "GET", "/any", NULL },
	{ REASON_CREDENTIALS_MISSING, "another scheme presents nothing", "GET", "/any",
	    "Digest x" },
	{ REASON_CREDENTIALS_MISSING, "which methods are granted is told to nobody unknown",
	    "DELETE", "/orders/7", NULL },
	{ REASON_NO_RULE, "what nothing covers is refused", "GET", "/elsewhere", NULL },
	{ REASON_PATH_AMBIGUOUS, "a path must be read in one way", "GET", "/orders/../any", NULL },
	{ REASON_METHOD_NOT_SUPPORTED, "and so must the method", "TRACE", "/any", NULL },
	{ REASON_TOKEN_MALFORMED, "a bearer is a JWT", "GET", "/any", "Bearer abc" },
	{ REASON_BASIC_WRONG, "an unknown user", "GET", "/any",
	    "Basic emVkOnBsZWFzZWxldG1laW4=" /* zed:pleaseletmein */ },
	{ REASON_BASIC_WRONG, "a user that is disabled", "GET", "/any",
	    "Basic Ym9iOnBsZWFzZWxldG1laW4=" /* bob:pleaseletmein */ },
	{ REASON_BASIC_WRONG, "a wrong password", "GET", "/any", "Basic YW5uOnNlc2FtZQ==" },
	{ REASON_OK, "the right one", "GET", "/any",
	    "Basic YW5uOnBsZWFzZWxldG1laW4=" /* ann:pleaseletmein */ },
	{ REASON_OK, "a user has its roles", "GET", "/orders/7", "Basic YW5uOnBsZWFzZWxldG1laW4=" },
	{ REASON_BASIC_NOT_ALLOWED, "a module may take none", "GET", "/plain/x",
	    "Basic YW5uOnBsZWFzZWxldG1laW4=" },
	{ REASON_CREDENTIALS_MALFORMED, "what is no base64", "GET", "/any", "Basic ann" },
};

static void
without_a_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(plain); i++)
		expect(plain[i].want, plain[i].name, plain[i].method, plain[i].target,
		    plain[i].authorization);
}

/* --- with one --- */

static const struct {
	enum reason want;
	const char *name, *method, *target, *issuer;
	size_t signer; /* 0: the provider's, 1: the local issuer's, 2: nobody's */
	const char *claims;
} tokens[] = {
	{ REASON_OK, "any caller will do", "GET", "/any", IDP, 0, JANE },
	{ REASON_OK, "a group has the role", "GET", "/orders/7", IDP, 0,
	    JANE ",\"groups\":[\"readers\"]" },
	{ REASON_OK, "HEAD is as GET", "HEAD", "/orders/7", IDP, 0,
	    JANE ",\"groups\":\"readers\"" },
	{ REASON_PRIVILEGE_MISSING, "another group has not", "GET", "/orders/7", IDP, 0,
	    JANE ",\"groups\":[\"writers\"]" },
	{ REASON_OK, "what is in shadow refuses nobody", "GET", "/shadow", IDP, 0, JANE },
	{ REASON_METHOD_NOT_GRANTED, "a known caller is told of the method", "DELETE", "/orders/7",
	    IDP, 0, JANE ",\"groups\":[\"readers\"]" },
	{ REASON_OK, "a scope satisfies", "GET", "/scoped", IDP, 0,
	    JANE ",\"scope\":\"profile orders:read\"" },
	{ REASON_SCOPE_MISSING, "a longer scope is another one", "GET", "/scoped", IDP, 0,
	    JANE ",\"scope\":\"orders:readall\"" },
	{ REASON_ISSUER_UNKNOWN, "a stranger's", "GET", "/any", "https://idp.example.evil", 0,
	    JANE },
	{ REASON_KEYS_UNAVAILABLE, "without keys nothing can be shown", "GET", "/any", EMPTY, 0,
	    JANE },
	{ REASON_SIGNATURE_INVALID, "one issuer's key is not another's", "GET", "/any", IDP, 1,
	    JANE },
	{ REASON_SIGNATURE_INVALID, "nor the other way round", "GET", "/any", LOCAL, 0, JANE },
	{ REASON_TOKEN_EXPIRED, "expired", "GET", "/any", IDP, 0,
	    "\"aud\":\"api\",\"iat\":999000,\"exp\":999960,\"sub\":\"jane\"" },
	{ REASON_OK, "the skew forgives", "GET", "/any", IDP, 0,
	    "\"aud\":\"api\",\"iat\":999000,\"exp\":999990,\"sub\":\"jane\"" },
	{ REASON_TOKEN_NOT_YET_VALID, "not yet valid", "GET", "/any", IDP, 0,
	    JANE ",\"nbf\":1000100" },
	{ REASON_TOKEN_TOO_OLD, "older than the issuer's may be", "GET", "/any", IDP, 0,
	    "\"aud\":\"api\",\"iat\":996000,\"exp\":1000600,\"sub\":\"jane\"" },
	{ REASON_AUDIENCE_MISMATCH, "meant for another", "GET", "/any", IDP, 0,
	    "\"aud\":[\"apis\"],\"iat\":999900,\"exp\":1000600,\"sub\":\"jane\"" },
	{ REASON_CLAIM_MALFORMED, "a subject is a text", "GET", "/any", IDP, 0,
	    TIMES ",\"sub\":7" },
	{ REASON_TOKEN_REVOKED, "revoked", "GET", "/any", IDP, 0, JANE ",\"jti\":\"revoked\"" },
	{ REASON_OK, "another token of hers is not", "GET", "/any", IDP, 0,
	    JANE ",\"jti\":\"revoked2\"" },
	{ REASON_CLIENT_DISABLED, "a client that is not there", "GET", "/any", LOCAL, 1,
	    TIMES ",\"sub\":\"id-none\",\"client_id\":\"id-none\"" },
	{ REASON_CLIENT_DISABLED, "a former client of that id", "GET", "/any", LOCAL, 1,
	    TIMES ",\"sub\":\"id-shop\",\"client_id\":\"id-shop\",\"incarnation\":\"other\"" },
	{ REASON_CLIENT_DISABLED, "or one from before there were any", "GET", "/any", LOCAL, 1,
	    TIMES ",\"sub\":\"id-shop\",\"client_id\":\"id-shop\"" },
	{ REASON_CLIENT_DISABLED, "a user that is not there", "GET", "/any", LOCAL, 1,
	    TIMES ",\"sub\":\"zed\"" },
};

static void
with_a_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(tokens); i++) {
		char *bearer = setting_bearer(tokens[i].issuer, tokens[i].signer, tokens[i].claims);

		expect(tokens[i].want, tokens[i].name, tokens[i].method, tokens[i].target, bearer);
		free(bearer);
	}
}

/* --- with a client certificate --- */

#define ANN "Basic YW5uOnBsZWFzZWxldG1laW4=" /* ann:pleaseletmein */

static const struct request_certificate partner = { .subject = { PARTNER, sizeof(PARTNER) - 1 },
	.sha256 = { 1 } };
static const struct request_certificate other = { .subject = { "CN=other", 8 }, .sha256 = { 2 } };
static const struct request_certificate nameless = { .sha256 = { 3 } };

static const struct {
	enum reason want;
	const char *name, *target;
	const struct request_certificate *certificate;
	const char *authorization; /* NULL: none; "": a token of jane's */
} certified[] = {
	{ REASON_OK, "its owner is a caller", "/any", &partner, NULL },
	{ REASON_OK, "whatever its subject", "/any", &other, NULL },
	{ REASON_OK, "and without one", "/any", &nameless, NULL },
	{ REASON_OK, "with the roles of the subject", "/partner", &partner, NULL },
	{ REASON_PRIVILEGE_MISSING, "and of no other", "/partner", &other, NULL },
	{ REASON_PRIVILEGE_MISSING, "nobody has those of a name", "/partner", &nameless, NULL },
	{ REASON_PRIVILEGE_MISSING, "it is no token", "/pinned", &partner, NULL },
	{ REASON_CREDENTIALS_MISSING, "nor is its absence", "/partner", NULL, NULL },
	{ REASON_OK, "a token beside it has its roles", "/partner", &partner, "" },
	{ REASON_PRIVILEGE_MISSING, "but not those of another", "/partner", &other, "" },
	{ REASON_PRIVILEGE_MISSING, "nor without one", "/partner", NULL, "" },
	{ REASON_OK, "both must hold", "/pinned", &partner, "" },
	{ REASON_PRIVILEGE_MISSING, "not the token alone", "/pinned", NULL, "" },
	{ REASON_PRIVILEGE_MISSING, "nor beside another", "/pinned", &other, "" },
	{ REASON_OK, "a password beside it", "/pinned", &partner, ANN },
	{ REASON_PRIVILEGE_MISSING, "not the password alone", "/pinned", NULL, ANN },
	{ REASON_PRIVILEGE_MISSING, "nor beside another", "/pinned", &other, ANN },
	/* only where nothing else is presented */
	{ REASON_TOKEN_MALFORMED, "a bad token stays bad", "/partner", &partner, "Bearer x" },
	{ REASON_BASIC_WRONG, "so does a wrong password", "/any", &partner,
	    "Basic YW5uOnNlc2FtZQ==" },
	{ REASON_CREDENTIALS_MALFORMED, "and half a header", "/any", &partner, "Bearer" },
	{ REASON_CREDENTIALS_MISSING, "another scheme is something else", "/any", &partner,
	    "Digest x" },
	{ REASON_NO_RULE, "it opens no path", "/elsewhere", &partner, NULL },
};

static void
with_a_client_certificate(void **state)
{
	char *bearer = setting_bearer(IDP, 0, JANE);

	(void)state;
	for (size_t i = 0; i < CASES_OF(certified); i++) {
		const char *authorization = certified[i].authorization;
		bool has_token = authorization != NULL && authorization[0] == '\0';

		client_certificate = certified[i].certificate;
		expect(certified[i].want, certified[i].name, "GET", certified[i].target,
		    has_token ? bearer : authorization);
	}
	client_certificate = NULL;
	free(bearer);
}

static void
a_bound_token_counts_beside_its_certificate(void **state)
{
	const struct request_certificate *const wrong[] = { NULL, &other, &nameless };
	char *bearer = setting_bearer(IDP, 0, JANE BOUND);
	char *free_one = setting_bearer(IDP, 0, JANE);

	(void)state;
	client_certificate = &partner;
	expect(REASON_OK, "its own", "GET", "/any", bearer);
	expect(REASON_OK, "one that is not bound", "GET", "/any", free_one);
	for (size_t i = 0; i < CASES_OF(wrong); i++) {
		client_certificate = wrong[i];
		expect(REASON_BINDING_MISMATCH, "another", "GET", "/any", bearer);
		expect(REASON_OK, "one that is not bound", "GET", "/any", free_one);
	}
	client_certificate = NULL;
	free(bearer);
	free(free_one);
}

static void
the_owner_of_a_certificate_is_its_subject(void **state)
{
	struct decision decision;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	client_certificate = &partner;
	assert_int_equal(judge("GET", "/partner", NULL, &arena, &decision), REASON_OK);
	client_certificate = NULL;
	assert_true(span_is(decision.caller->principal.subject, PARTNER));
	assert_null(decision.caller->principal.issuer);
	assert_null(decision.caller->principal.user);
	assert_int_equal(decision.caller->identity_count, 2);
	assert_true(span_is(decision.caller->identity[0].name, "X-User"));
	assert_true(span_is(decision.caller->identity[0].value, PARTNER));
	assert_true(span_is(decision.caller->identity[1].name, "X-Roles"));
	assert_true(span_is(decision.caller->identity[1].value, "partner"));
	arena_done(&arena);
}

/* --- holders of local tokens --- */

static char *
local_bearer(const char *holder, const char *incarnation)
{
	char claims[256];

	(void)snprintf(
	    claims, sizeof(claims), TIMES ",%s,\"incarnation\":\"%s\"", holder, incarnation);
	return setting_bearer(LOCAL, 1, claims);
}

static void
holders_are_looked_up_when_they_ask(void **state)
{
	const struct {
		enum reason want;
		const char *name, *target, *holder, *incarnation;
	} holders[] = {
		{ REASON_OK, "a client with its role", "/orders/7",
		    "\"sub\":\"id-shop\",\"client_id\":\"id-shop\"", setting.client },
		{ REASON_CLIENT_DISABLED, "one that is disabled", "/any",
		    "\"sub\":\"id-gone\",\"client_id\":\"id-gone\"", setting.gone },
		{ REASON_OK, "a user with its role", "/orders/7", "\"sub\":\"ann\"", setting.user },
		{ REASON_CLIENT_DISABLED, "a user that is disabled", "/any", "\"sub\":\"bob\"",
		    setting.former },
		{ REASON_CLIENT_DISABLED, "a former user of that name", "/any", "\"sub\":\"ann\"",
		    setting.former },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(holders); i++) {
		char *bearer = local_bearer(holders[i].holder, holders[i].incarnation);

		expect(holders[i].want, holders[i].name, "GET", holders[i].target, bearer);
		free(bearer);
	}
}

static void
standing_by_it_counts_for_nobody_but_basic(void **state)
{
	char *bearer = local_bearer("\"sub\":\"ann\"", setting.user);

	(void)state;
	setting.snapshot.local_counts = false;
	expect(REASON_LOCAL_ISSUER_STANDING_BY, "its tokens", "GET", "/any", bearer);
	expect(
	    REASON_OK, "accept: is about tokens", "GET", "/any", "Basic YW5uOnBsZWFzZWxldG1laW4=");
	free(bearer);
	bearer = setting_bearer(IDP, 0, JANE);
	expect(REASON_OK, "nor is it about others'", "GET", "/any", bearer);
	free(bearer);
}

static void
without_a_local_issuer_basic_counts_nowhere(void **state)
{
	struct login *login = setting.snapshot.login;

	(void)state;
	setting.snapshot.login = NULL;
	expect(
	    REASON_BASIC_NOT_ALLOWED, "no login", "GET", "/any", "Basic YW5uOnBsZWFzZWxldG1laW4=");
	setting.snapshot.login = login;
}

/* --- what the shell goes by --- */

static void
a_key_that_is_not_there_is_to_be_fetched(void **state)
{
	struct decision decision;
	struct arena arena;
	char *token = signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256,
	    SPAN("{\"alg\":\"ES256\",\"kid\":\"new\"}"), SPAN("{\"iss\":\"" IDP "\"," JANE "}"));
	char *bearer = malloc(strlen(token) + 8);

	(void)state;
	(void)snprintf(bearer, strlen(token) + 8, "Bearer %s", token);
	arena_init(&arena, 1 << 20);
	assert_int_equal(judge("GET", "/any", bearer, &arena, &decision), REASON_KEY_UNKNOWN);
	assert_int_equal(decision.issuer_index, 0);
	arena_done(&arena);
	free(token);
	free(bearer);
}

static void
what_a_revocation_was_found_by_is_kept(void **state)
{
	char *bearer = setting_bearer(IDP, 0, JANE ",\"jti\":\"revoked\",\"azp\":\"shop\"");
	struct decision decision;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(judge("GET", "/any", bearer, &arena, &decision), REASON_TOKEN_REVOKED);
	free(bearer); /* and lives in the arena */
	assert_true(span_is(decision.revoked.issuer, IDP));
	assert_true(span_is(decision.revoked.jti, "revoked"));
	assert_true(span_is(decision.revoked.client, "shop"));
	assert_true(span_is(decision.revoked.subject, "jane"));
	assert_true(decision.revoked.has_issued && decision.revoked.issued_s == 999900);
	arena_done(&arena);
}

static void
a_caller_outlives_its_token(void **state)
{
	char *bearer = setting_bearer(IDP, 0, JANE ",\"azp\":\"shop\",\"groups\":[\"readers\"]");
	struct decision decision;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(judge("GET", "/orders/7", bearer, &arena, &decision), REASON_OK);
	memset(bearer, 'x', strlen(bearer));
	free(bearer);
	assert_true(span_is(decision.caller->principal.subject, "jane"));
	assert_true(span_is(decision.caller->principal.client, "shop"));
	assert_int_equal(decision.caller->issuer_index, 0);
	assert_int_equal(decision.caller->until_s, 1000630);
	assert_string_equal(decision.route.privilege->name, "read");
	for (size_t i = 0; i < decision.caller->identity_count; i++)
		if (span_is(decision.caller->identity[i].name, "X-Roles"))
			assert_true(span_is(decision.caller->identity[i].value, "reader"));
	arena_done(&arena);
}

static void
a_shadow_reports_what_it_would_have_said(void **state)
{
	char *bearer = setting_bearer(IDP, 0, JANE);
	struct decision decision;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(judge("GET", "/shadow", bearer, &arena, &decision), REASON_OK);
	assert_int_equal(decision.verdict.shadow_reason, REASON_PRIVILEGE_MISSING);
	free(bearer);
	arena_done(&arena);
}

static void
a_password_is_asked_for_once_and_wiped(void **state)
{
	struct judge_inputs inputs = setting_inputs(&setting);
	struct login_outcome outcome;
	struct decision decision;
	struct caller *caller = NULL;
	struct request request;
	struct span password;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	setting_request(&request, "GET", "/any", "Basic YW5uOnBsZWFzZWxldG1laW4=");
	assert_int_equal(judge_admit(&request, NULL, &arena, &decision), REASON_OK);
	assert_int_equal(judge_request(&inputs, &request, &decision), REASON_OK);
	assert_true(decision.basic);
	assert_int_equal(judge_attempt(&inputs, &request, &arena, &decision), REASON_OK);
	assert_int_equal(judge_basic(&inputs, &arena, &decision, &caller), REASON_BASIC_WRONG);
	assert_true(decision.unasked);
	assert_int_equal(
	    login_check(setting.snapshot.login, &decision.attempt, &outcome), LOGIN_RIGHT);
	assert_int_equal(judge_basic(&inputs, &arena, &decision, &caller), REASON_OK);
	assert_false(decision.unasked);
	assert_int_equal(caller->issuer_index, setting.config->trusted_issuer_count);
	assert_true(caller->until_s > NOW_S);
	password = decision.attempt.password;
	judge_forget(&decision);
	assert_null(decision.attempt.password.at);
	for (size_t i = 0; i < password.len; i++)
		assert_int_equal(password.at[i], 0);
	judge_forget(&decision); /* there is none any more */
	arena_done(&arena);
}

static void
only_the_local_issuers_tokens_are_introspected(void **state)
{
	struct judge_inputs inputs = setting_inputs(&setting);
	char *theirs = setting_bearer(IDP, 0, JANE);
	char *ours = local_bearer("\"sub\":\"ann\"", setting.user);
	char *elsewhere = setting_bearer(
	    LOCAL, 1, "\"aud\":\"api://other\",\"iat\":999900,\"exp\":1000600,\"sub\":\"ann\"");
	struct token token = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(judge_introspect(&inputs, span_of(ours + 7), &arena, &token));
	token_done(&token);
	assert_false(judge_introspect(&inputs, span_of(theirs + 7), &arena, &token));
	token_done(&token);
	assert_false(judge_introspect(&inputs, span_of(elsewhere + 7), &arena, &token));
	token_done(&token);
	assert_false(judge_introspect(&inputs, SPAN("x"), &arena, &token));
	token_done(&token);
	setting.snapshot.local_counts = false;
	assert_false(judge_introspect(&inputs, span_of(ours + 7), &arena, &token));
	token_done(&token);
	free(ours);
	free(theirs);
	free(elsewhere);
	arena_done(&arena);
}

static void
without_memory_nobody_is_known(void **state)
{
	struct judge_inputs inputs = setting_inputs(&setting);
	char *bearer = setting_bearer(IDP, 0, JANE);
	struct decision decision;
	struct caller *caller = NULL;
	struct request request;
	struct arena arena;

	(void)state;
	setting_request(&request, "GET", "/any", bearer);
	arena_init(&arena, 1 << 20);
	assert_int_equal(judge_admit(&request, NULL, &arena, &decision), REASON_OK);
	assert_int_equal(judge_request(&inputs, &request, &decision), REASON_OK);
	arena_done(&arena);
	arena_init(&arena, 0);
	assert_int_equal(judge_bearer(&inputs, &arena, &decision, &caller), REASON_OVERLOADED);
	assert_null(caller);
	arena_done(&arena);
	free(bearer);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_token),
		TEST(with_a_token),
		TEST(with_a_client_certificate),
		TEST(a_bound_token_counts_beside_its_certificate),
		TEST(the_owner_of_a_certificate_is_its_subject),
		TEST(holders_are_looked_up_when_they_ask),
		TEST(standing_by_it_counts_for_nobody_but_basic),
		TEST(without_a_local_issuer_basic_counts_nowhere),
		TEST(a_key_that_is_not_there_is_to_be_fetched),
		TEST(what_a_revocation_was_found_by_is_kept),
		TEST(a_caller_outlives_its_token),
		TEST(a_shadow_reports_what_it_would_have_said),
		TEST(a_password_is_asked_for_once_and_wiped),
		TEST(only_the_local_issuers_tokens_are_introspected),
		TEST(without_memory_nobody_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
