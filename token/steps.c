/* SPDX-License-Identifier: Apache-2.0 */
#include "token/steps.h"

#include <string.h>

#include "base/json.h"
#include "token/detail.h"

/* A list that is being made. */
struct listing {
	const struct steps_question *asked;
	struct arena *arena;
	struct step **last;
	bool failed; /* one has: the others were not reached */
	bool full;   /* no memory */
};

/* Does the reason mean this step? Some reasons are of several: their details begin with what they
 * are about. */
static bool
is_about(const struct steps_question *asked, const char *name)
{
	static const struct {
		const char *name;
		enum reason reason;
		const char *begin; /* of the detail; "": any */
	} rows[] = {
		{ "iss", REASON_ISSUER_UNKNOWN, "" },
		{ "iss", REASON_LOCAL_ISSUER_STANDING_BY, "" },
		{ "alg", REASON_ALGORITHM_NOT_ALLOWED, "alg" },
		{ "typ", REASON_TOKEN_TYPE_WRONG, "" },
		{ "kid", REASON_ALGORITHM_NOT_ALLOWED, "" },
		{ "kid", REASON_KEY_UNKNOWN, "" },
		{ "kid", REASON_KEYS_UNAVAILABLE, "" },
		{ "signature", REASON_SIGNATURE_INVALID, "" },
		{ "exp", REASON_TOKEN_EXPIRED, "" },
		{ "exp", REASON_CLAIM_REQUIRED_MISSING, "exp" },
		{ "exp", REASON_CLAIM_MALFORMED, "exp" },
		{ "nbf", REASON_TOKEN_NOT_YET_VALID, "nbf" },
		{ "nbf", REASON_CLAIM_MALFORMED, "nbf" },
		{ "iat", REASON_TOKEN_NOT_YET_VALID, "iat" },
		{ "iat", REASON_CLAIM_MALFORMED, "iat" },
		{ "max_age", REASON_TOKEN_TOO_OLD, "" },
		{ "max_age", REASON_CLAIM_REQUIRED_MISSING, "iat" },
		{ "aud", REASON_AUDIENCE_MISMATCH, "" },
		{ "aud", REASON_CLAIM_MALFORMED, "aud" },
		{ "cnf", REASON_BINDING_MISMATCH, "" },
		{ "cnf", REASON_CLAIM_MALFORMED, "cnf" },
		{ "claims", REASON_CLAIM_MALFORMED, "" },
	};
	const char *detail = asked->detail == NULL ? "" : asked->detail;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (asked->reason == rows[i].reason && strcmp(name, rows[i].name) == 0 &&
		    strncmp(detail, rows[i].begin, strlen(rows[i].begin)) == 0)
			return true;
	return false;
}

/* The detail of a refusal begins with the pointer of the claim that is not as it must be. */
static bool
is_about_claim(const struct steps_question *asked, const char *pointer)
{
	size_t len = strlen(pointer);

	return pointer[0] == '/' && asked->reason == REASON_CLAIM_REQUIRED_MISSING &&
	       asked->detail != NULL && strncmp(asked->detail, pointer, len) == 0 &&
	       asked->detail[len] == ' ';
}

/* Append a step. It fails if the reason is about it. */
static void
add(struct listing *listing, const char *name, const char *expected, const char *found)
{
	struct step *step = arena_alloc(listing->arena, sizeof(*step));

	if (step == NULL) {
		listing->full = true;
		return;
	}
	step->name = name;
	step->expected = expected;
	step->found = found;
	step->state = listing->failed ? STEP_UNREACHED : STEP_HOLDS;
	if (!listing->failed &&
	    (is_about(listing->asked, name) || is_about_claim(listing->asked, name))) {
		step->state = STEP_FAILS;
		listing->failed = true;
	}
	*listing->last = step;
	listing->last = &step->next;
}

static const char *
shown(const struct listing *listing, const json_t *claim)
{
	return claim == NULL || json_is_null(claim) ? NULL : detail_claim(listing->arena, claim);
}

static const char *
quoted(const struct listing *listing, struct span text)
{
	return text.at == NULL ? NULL : detail_quote(listing->arena, text);
}

/* "RS256, ES256" */
static const char *
algorithms_text(const struct listing *listing)
{
	algorithm_set allowed = listing->asked->trusted_issuer->algorithms;
	const char *text = NULL;

	for (int i = 0; i < ALGORITHM_COUNT; i++) {
		const char *name = algorithm_name((enum algorithm)i);

		if ((allowed & ALGORITHM_BIT((unsigned)i)) != 0)
			text = text == NULL ? name
					    : arena_format(listing->arena, "%s, %s", text, name);
	}
	return text;
}

static void
add_header(struct listing *listing)
{
	const struct token *token = listing->asked->token;
	const struct trusted_issuer *trusted_issuer = listing->asked->trusted_issuer;

	add(listing, "alg", algorithms_text(listing), algorithm_name(token->algorithm));
	add(listing, "typ",
	    arena_format(listing->arena, "%s%s",
		detail_expected(listing->arena, &trusted_issuer->types),
		trusted_issuer->type_optional ? ", or none" : ""),
	    quoted(listing, token->type));
	add(listing, "kid", "a key of the issuer", quoted(listing, token->kid));
	add(listing, "signature", "made with that key", NULL);
}

static void
add_times(struct listing *listing)
{
	const struct steps_question *asked = listing->asked;
	const struct trusted_issuer *trusted_issuer = asked->trusted_issuer;
	const json_t *claims = asked->token->claims;
	long long now = (long long)asked->now_s, skew = (long long)trusted_issuer->skew_s;

	add(listing, "exp",
	    arena_format(listing->arena, "after %lld (now), give or take %lld s", now, skew),
	    shown(listing, json_object_get(claims, "exp")));
	add(listing, "nbf",
	    arena_format(listing->arena, "at most %lld (now), give or take %lld s", now, skew),
	    shown(listing, json_object_get(claims, "nbf")));
	add(listing, "iat",
	    arena_format(listing->arena, "at most %lld (now), give or take %lld s", now, skew),
	    shown(listing, json_object_get(claims, "iat")));
	if (trusted_issuer->max_age_s > 0)
		add(listing, "max_age",
		    arena_format(listing->arena, "iat at most %lld s ago",
			(long long)trusted_issuer->max_age_s),
		    shown(listing, json_object_get(claims, "iat")));
}

static void
add_required(struct listing *listing)
{
	const struct steps_question *asked = listing->asked;
	const struct trusted_issuer_require *require = asked->trusted_issuer->require;

	for (; require != NULL; require = require->next) {
		const char *expected = require->values.count == 0
					   ? "any value"
					   : detail_expected(listing->arena, &require->values);

		add(listing, require->pointer, expected,
		    shown(listing, json_at(asked->token->claims, span_of(require->pointer))));
	}
}

static const char *
audiences_text(const struct listing *listing)
{
	const struct trusted_issuer *trusted_issuer = listing->asked->trusted_issuer;

	if (listing->asked->audiences != NULL)
		return detail_expected(listing->arena, listing->asked->audiences);
	return trusted_issuer->any_audience
		   ? "any"
		   : detail_expected(listing->arena, &trusted_issuer->audience);
}

bool
steps_of(const struct steps_question *question, struct arena *arena, const struct step **ret_first)
{
	const struct trusted_issuer *trusted_issuer = question->trusted_issuer;
	const json_t *claims = question->token->claims;
	struct step *first = NULL;
	struct listing listing = { question, arena, &first, false, false };

	add(&listing, "iss", detail_quote(arena, span_of(trusted_issuer->issuer)),
	    quoted(&listing, question->token->issuer));
	if (!question->assumed)
		add_header(&listing);
	add_times(&listing);
	add(&listing, "aud", audiences_text(&listing),
	    shown(&listing, json_object_get(claims, "aud")));
	add_required(&listing);
	if (json_object_get(claims, "cnf") != NULL)
		add(&listing, "cnf", "the client's certificate",
		    shown(&listing, json_object_get(claims, "cnf")));
	if (question->reason == REASON_CLAIM_MALFORMED && !listing.failed)
		add(&listing, "claims", "of the types that the gate reads", NULL);
	if (!listing.full)
		*ret_first = first;
	return !listing.full;
}
