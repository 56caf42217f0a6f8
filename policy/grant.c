/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/grant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_number.h"
#include "policy/scope_match.h"

static bool
spans_hold(const struct spans *spans, const char *text)
{
	for (size_t i = 0; i < spans->count; i++)
		if (span_is(spans->at[i], text))
			return true;
	return false;
}

static bool
texts_hold_span(const struct texts *texts, struct span span)
{
	for (size_t i = 0; i < texts->count; i++)
		if (span_is(span, texts->at[i]))
			return true;
	return false;
}

/* Is the scalar one of the texts? Fractions have too many spellings to be compared as text. */
static bool
scalar_equals(const json_t *value, const struct texts *texts)
{
	char digits[24];

	switch (json_typeof(value)) {
	case JSON_STRING:
		return texts_hold_span(texts, json_text(value));
	case JSON_TRUE:
		return texts_hold_span(texts, SPAN("true"));
	case JSON_FALSE:
		return texts_hold_span(texts, SPAN("false"));
	case JSON_INTEGER:
		(void)snprintf(
		    digits, sizeof(digits), "%" PRId64, (int64_t)json_integer_value(value));
		return texts_hold_span(texts, span_of(digits));
	default:
		return json_number_text(value).at != NULL &&
		       texts_hold_span(texts, json_number_text(value));
	}
}

static bool
scalar_holds(const struct grant *grant, const json_t *value)
{
	if (grant->prefix != NULL)
		return json_is_string(value) &&
		       span_starts(json_text(value), span_of(grant->prefix));
	return scalar_equals(value, &grant->equals);
}

static bool
claim_holds(const struct grant *grant, const struct claims *claims)
{
	const json_t *value = json_at(claims->payload, span_of(grant->claim));

	if (value == NULL)
		return false;
	if (grant->equals.count == 0 && grant->prefix == NULL)
		return !json_is_null(value) && (grant->exists || !json_is_false(value));
	if (!json_is_array(value))
		return scalar_holds(grant, value);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (scalar_holds(grant, json_array_get(value, i)))
			return true;
	return false;
}

const struct texts *
grant_list(const struct grant *grant, enum grant_condition condition)
{
	switch (condition) {
	case GRANT_SCOPE:
		return &grant->scopes;
	case GRANT_GROUP:
		return &grant->groups;
	case GRANT_ROLE:
		return &grant->roles;
	default:
		return NULL;
	}
}

const char *
grant_lacking(
    const struct grant *grant, enum grant_condition condition, const struct claims *claims)
{
	const struct texts *wanted = grant_list(grant, condition);
	const struct spans *held = condition == GRANT_GROUP ? &claims->groups : &claims->roles;

	for (size_t i = 0; i < wanted->count; i++)
		if (condition == GRANT_SCOPE ? !scope_match(wanted->at[i], &claims->scopes)
					     : !spans_hold(held, wanted->at[i]))
			return wanted->at[i];
	return NULL;
}

/* Only the local issuer's clients are in the store: a client of the same name in another issuer's
 * token is a different client. */
static bool
client_holds(const struct grant *grant, const struct principal_inputs *inputs)
{
	bool is_local = inputs->store != NULL && inputs->store->client_name != NULL;
	bool same_id = inputs->claims != NULL && span_is(inputs->claims->client, grant->client);

	if (is_local)
		return same_id || strcmp(inputs->store->client_name, grant->client) == 0;
	return same_id && grant->issuer != NULL;
}

static bool
certificate_holds(const struct grant *grant, const struct principal_inputs *inputs)
{
	return inputs->certificate.at != NULL && span_is(inputs->certificate, grant->certificate);
}

static bool
user_holds(const struct grant *grant, const struct principal_inputs *inputs)
{
	return inputs->store != NULL && inputs->store->user != NULL &&
	       strcmp(inputs->store->user, grant->user) == 0;
}

static bool
peer_holds(const struct grant *grant, const struct principal_inputs *inputs)
{
	return inputs->peer.at != NULL && cidr_set_has(&grant->network, inputs->peer);
}

/* Does it hold, for a caller with a token? */
static bool
token_holds(const struct grant *grant, enum grant_condition condition,
    const struct principal_inputs *inputs)
{
	const struct claims *claims = inputs->claims;

	switch (condition) {
	case GRANT_ISSUER:
		return trusted_issuer_is(claims->trusted_issuer, grant->issuer);
	case GRANT_GROUP:
		return inputs->any_group || grant_lacking(grant, condition, claims) == NULL;
	case GRANT_SCOPE:
	case GRANT_ROLE:
		return grant_lacking(grant, condition, claims) == NULL;
	default:
		return claim_holds(grant, claims);
	}
}

static bool
holds(const struct grant *grant, enum grant_condition condition,
    const struct principal_inputs *inputs)
{
	switch (condition) {
	case GRANT_CLIENT:
		return client_holds(grant, inputs);
	case GRANT_CERTIFICATE:
		return certificate_holds(grant, inputs);
	case GRANT_USER:
		return user_holds(grant, inputs);
	case GRANT_PEER:
		return peer_holds(grant, inputs);
	default:
		return inputs->claims != NULL && token_holds(grant, condition, inputs);
	}
}

enum grant_condition
grant_failing(const struct grant *grant, const struct principal_inputs *inputs)
{
	bool asks = false;

	for (enum grant_condition i = GRANT_ISSUER; i < GRANT_NOTHING; i++) {
		if (grant_wanted(grant, i) == NULL)
			continue;
		asks = true;
		if (!holds(grant, i, inputs))
			return i;
	}
	return asks ? GRANT_HOLDS : GRANT_NOTHING;
}

const char *
grant_condition_key(enum grant_condition condition)
{
	static const char *const keys[] = {
		[GRANT_HOLDS] = "",
		[GRANT_ISSUER] = "issuer",
		[GRANT_SCOPE] = "scope",
		[GRANT_GROUP] = "group",
		[GRANT_ROLE] = "role",
		[GRANT_CLAIM] = "claim",
		[GRANT_CLIENT] = "client",
		[GRANT_CERTIFICATE] = "certificate",
		[GRANT_USER] = "user",
		[GRANT_PEER] = "peer",
		[GRANT_NOTHING] = "",
	};

	return keys[condition];
}

const char *
grant_wanted(const struct grant *grant, enum grant_condition condition)
{
	const struct texts *list = grant_list(grant, condition);

	if (list != NULL)
		return list->count == 0 ? NULL : list->at[0];
	switch (condition) {
	case GRANT_ISSUER:
		return grant->issuer;
	case GRANT_CLAIM:
		return grant->claim;
	case GRANT_CLIENT:
		return grant->client;
	case GRANT_CERTIFICATE:
		return grant->certificate;
	case GRANT_USER:
		return grant->user;
	case GRANT_PEER:
		return grant->peer;
	default:
		return NULL;
	}
}
