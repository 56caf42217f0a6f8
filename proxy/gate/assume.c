/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/assume.h"

#include <string.h>

#include "base/distinguished_name.h"
#include "base/json.h"
#include "issuer/model/client_claim.h"
#include "token/verify.h"

#define ASSUMED_LIFE_S 300
#define ASSUMED_LAST_S (INT64_MAX - ASSUMED_LIFE_S)

size_t
assume_issuer(const struct config *config, const char *name)
{
	size_t i = 0;

	while (
	    i < config->trusted_issuer_count && strcmp(config->trusted_issuers[i].name, name) != 0)
		i++;
	return i;
}

void
assume_rest(json_t *payload, const struct trusted_issuer *trusted_issuer, int64_t now_s)
{
	if (json_object_get(payload, "iss") == NULL)
		json_object_set_new(payload, "iss", json_string(trusted_issuer->issuer));
	if (json_object_get(payload, "exp") == NULL)
		json_object_set_new(payload, "exp",
		    json_integer(now_s < ASSUMED_LAST_S ? now_s + ASSUMED_LIFE_S : now_s));
}

static void
assume_audience(const struct assume_token *assumed, const struct trusted_issuer *trusted_issuer)
{
	const struct texts *audiences =
	    assumed->audiences != NULL ? assumed->audiences : &trusted_issuer->audience;

	if (json_object_get(assumed->payload, "aud") == NULL && audiences->count > 0)
		json_object_set_new(assumed->payload, "aud", json_string(audiences->at[0]));
}

bool
assume_own_claims(json_t *payload, const struct client *client)
{
	for (size_t i = 0; payload != NULL && i < client->claims.count; i++) {
		struct span claim = span_of(client->claims.at[i]);
		struct span name = client_claim_name(claim), value = client_claim_value(claim);

		if (json_object_setn_new(
			payload, name.at, name.len, json_stringn(value.at, value.len)) != 0)
			return false;
	}
	return payload != NULL;
}

enum reason
assume_claims(const struct judge_inputs *inputs, const struct assume_token *assumed,
    struct claims *ret_claims, const char **ret_detail)
{
	struct verify_inputs verify = {
		.trusted_issuer = &inputs->config->trusted_issuers[assumed->issuer_index],
		.audiences = assumed->audiences,
		.now_s = inputs->now_s,
		.thumbprint = judge_thumbprint(inputs),
	};
	struct token token = {
		.claims = assumed->payload,
		.issuer = json_text(json_object_get(assumed->payload, "iss")),
	};
	enum reason reason;

	assume_audience(assumed, verify.trusted_issuer);
	reason = verify_assumed(&verify, &token, assumed->arena, ret_claims);

	*ret_detail = token.detail;
	return reason;
}

bool
assume_certificate(struct span subject, struct arena *arena,
    struct request_certificate *ret_certificate, struct err *reterr)
{
	*ret_certificate = (struct request_certificate){ 0 };
	return distinguished_name_read(subject, arena, &ret_certificate->subject, reterr);
}

bool
assume_peer(struct span text, char ret_peer[REQUEST_PEER_ROOM], struct err *reterr)
{
	struct cidr_address address;

	if (span_is(text, REQUEST_PEER_UNIX))
		memcpy(ret_peer, REQUEST_PEER_UNIX, sizeof(REQUEST_PEER_UNIX));
	else if (cidr_address_read(text, &address))
		cidr_address_write(&address, ret_peer);
	else
		return err_set(reterr, "must be an address, or the word unix");
	return true;
}
