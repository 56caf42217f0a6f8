/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judged - one honest token of one profile, spoilt in one claim, and what is said of it. Include
 * it after <cmocka.h>.
 *
 * The honest token is from second 1000 to before second 2000.
 */
#ifndef POSTERN_TESTS_JUDGED_H
#define POSTERN_TESTS_JUDGED_H

#include "signer.h"
#include "token/provider.h"
#include "token/verify.h"

#define HONEST_HEADER "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"at+jwt\"}"
#define HONEST_CLAIMS                                                                              \
	"{\"iss\":\"https://idp.test\",\"aud\":\"api://a\",\"exp\":2000,\"iat\":1000,"             \
	"\"sub\":\"alice\"}"

struct judged {
	const char *name;
	const char *set;  /* claims to set, as a JSON object; NULL: none */
	const char *drop; /* a claim to remove; NULL: none */
	int64_t now_s;    /* 0: 1500 */
	enum reason want;
	const char *detail; /* part of it; NULL: whatever it is */
};

/* The honest token's profile, with a skew of 0. Texts are static. */
static inline struct trusted_issuer
judged_issuer(void)
{
	static const char *audience[] = { "api://a", "api://b" };
	static const char *types[] = { "at+jwt", "JWT" };
	struct trusted_issuer trusted_issuer = {
		.name = "idp",
		.provider = PROVIDER_GENERIC,
		.issuer = "https://idp.test",
		.audience = { .at = audience, .count = 2 },
		.algorithms = ALGORITHM_ALL,
		.types = { .at = types, .count = 2 },
		.type_optional = true,
	};

	provider_claims(provider_find(PROVIDER_GENERIC), &trusted_issuer.claims);
	return trusted_issuer;
}

/* A set with the honest key. */
static inline struct keyset *
judged_keys(void)
{
	json_t *jwk = signer_jwk(signer_key(ALGORITHM_ES256, 0), "k", NULL);
	char *text = signer_set(&jwk, 1);
	struct err err = { "" };
	struct keyset *set = NULL;

	if (!keyset_parse(span_of(text), &set, &err))
		fail_msg("%s", err.text);
	free(text);
	return set;
}

/* The honest claims with what the case sets and drops: free() it. */
static inline char *
judged_claims(const struct judged *judged)
{
	json_t *claims = json_loads(HONEST_CLAIMS, 0, NULL);
	char *text;

	if (judged->set != NULL) {
		json_t *set = json_loads(judged->set, 0, NULL);

		if (set == NULL)
			fail_msg("%s: the case is no JSON", judged->name);
		json_object_update(claims, set);
		json_decref(set);
	}
	if (judged->drop != NULL)
		assert_int_equal(json_object_del(claims, judged->drop), 0);
	text = json_dumps(claims, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(claims);
	return text;
}

/* One judgement, to be looked at. */
struct judgement {
	char *text;
	struct arena arena;
	struct token token;
	struct claims claims;
	enum reason reason;
};

static inline void
judge_text(struct judgement *judgement, const struct verify_inputs *inputs, char *text)
{
	*judgement = (struct judgement){ .text = text };
	arena_init(&judgement->arena, 1 << 20);
	judgement->reason = token_read(span_of(text), &judgement->arena, &judgement->token);
	if (judgement->reason == REASON_OK)
		judgement->reason =
		    verify_token(inputs, &judgement->token, &judgement->arena, &judgement->claims);
}

static inline void
judge(struct judgement *judgement, const struct verify_inputs *inputs, const struct judged *judged)
{
	char *claims = judged_claims(judged);

	judge_text(judgement, inputs,
	    signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256, SPAN(HONEST_HEADER),
		span_of(claims)));
	free(claims);
}

static inline void
decision_done(struct judgement *judgement)
{
	token_done(&judgement->token);
	arena_done(&judgement->arena);
	free(judgement->text);
}

/* Judge, compare, and release. */
static inline void
judged_expect(const struct verify_inputs *inputs, const struct judged *judged)
{
	struct verify_inputs at = *inputs;
	struct judgement judgement;
	const char *detail;

	at.now_s = judged->now_s == 0 ? 1500 : judged->now_s;
	judge(&judgement, &at, judged);
	detail = judgement.token.detail;
	if (judgement.reason != judged->want)
		fail_msg("%s: want %s, got %s (%s)", judged->name, reason_word(judged->want),
		    reason_word(judgement.reason), detail == NULL ? "" : detail);
	if ((judgement.reason == REASON_OK) != (detail == NULL))
		fail_msg("%s: detail and reason disagree", judged->name);
	if (judged->detail != NULL && strstr(detail, judged->detail) == NULL)
		fail_msg("%s: want \"%s\", got \"%s\"", judged->name, judged->detail, detail);
	if (judgement.reason != REASON_OK && judgement.claims.trusted_issuer != NULL)
		fail_msg("%s: claims are set with a refusal", judged->name);
	decision_done(&judgement);
}

static inline void
judged_expect_all(
    const struct trusted_issuer *trusted_issuer, const struct judged cases[], size_t count)
{
	struct keyset *keys = judged_keys();
	struct verify_inputs inputs = { .trusted_issuer = trusted_issuer, .keys = keys };

	for (size_t i = 0; i < count; i++)
		judged_expect(&inputs, &cases[i]);
	keyset_free(keys);
}

#endif
