/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/model/client_claim.h"

#include "base/utf8.h"

/* Compared without case: some readers of JSON do not tell "Sub" from "sub". */
static const char *const reserved[] = { "iss", "sub", "aud", "exp", "nbf", "iat", "jti",
	"auth_time", "acr", "amr", "client_id", "cid", "appid", "azp", "scope", "scp", "groups",
	"roles", "entitlements", "permissions", "cnf", "act", "may_act", "incarnation" };

struct span
client_claim_name(struct span claim)
{
	return span_slice(claim, 0, span_find(claim, '='));
}

struct span
client_claim_value(struct span claim)
{
	size_t at = span_find(claim, '=');

	return span_slice(claim, at < claim.len ? at + 1 : at, claim.len);
}

bool
client_claim_reserved(struct span name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (span_equal_nocase(name, span_of(reserved[i])))
			return true;
	return false;
}

static bool
name_valid(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] > '~' || name.at[i] == '"' ||
		    name.at[i] == '\\')
			return false;
	return name.len >= 1 && name.len <= CLIENT_CLAIM_NAME_MAX;
}

static bool
one_valid(struct span claim, struct err *reterr)
{
	struct span name = client_claim_name(claim), value = client_claim_value(claim);

	if (name.len == claim.len || !name_valid(name))
		return err_set(reterr,
		    "a claim is NAME=VALUE, its name 1 to %u characters of visible ASCII without "
		    "quotes and backslashes",
		    CLIENT_CLAIM_NAME_MAX);
	if (client_claim_reserved(name))
		return err_set(reterr,
		    "claim \"%.*s\": the name is reserved: the issuer sets it, or "
		    "verifiers take it for who the caller is",
		    SPAN_ARG(name));
	return (value.len >= 1 && value.len <= CLIENT_CLAIM_VALUE_MAX && utf8_plain(value)) ||
	       err_set(reterr,
		   "claim \"%.*s\": a value has 1 to %u bytes of UTF-8 and no control characters",
		   SPAN_ARG(name), CLIENT_CLAIM_VALUE_MAX);
}

static bool
among(const struct texts *claims, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(client_claim_name(span_of(claims->at[i])), name))
			return true;
	return false;
}

bool
client_claim_valid(const struct texts *claims, struct err *reterr)
{
	if (claims->count > CLIENT_CLAIMS_MAX)
		return err_set(reterr, "a client has at most %u claims", CLIENT_CLAIMS_MAX);
	for (size_t i = 0; i < claims->count; i++) {
		struct span claim = span_of(claims->at[i]), name = client_claim_name(claim);

		if (!one_valid(claim, reterr))
			return false;
		if (among(claims, i, name))
			return err_set(reterr, "claim \"%.*s\" is given twice", SPAN_ARG(name));
	}
	return true;
}
