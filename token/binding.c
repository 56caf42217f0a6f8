/* SPDX-License-Identifier: Apache-2.0 */
#include "token/binding.h"

#include "base/base64url.h"
#include "base/digest.h"
#include "base/json.h"

#define MEMBER "x5t#S256"

static enum reason
refuse(struct token *token, const char *detail)
{
	return token_refuse(token, REASON_BINDING_MISMATCH, detail);
}

/* The digest in `x5t#S256`: canonical base64url without padding (RFC 8705 section 3.1). */
static bool
read_thumbprint(struct span text, unsigned char digest[DIGEST_BYTES])
{
	unsigned char bytes[BASE64URL_DECODED(BASE64URL_ENCODED(DIGEST_BYTES))];
	size_t len;

	if (text.len != BASE64URL_ENCODED(DIGEST_BYTES) || !base64url_decode(text, bytes, &len))
		return false;
	memcpy(digest, bytes, DIGEST_BYTES);
	return true;
}

enum reason
binding_check(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	const json_t *cnf = json_object_get(token->claims, "cnf");
	const json_t *thumbprint = json_object_get(cnf, MEMBER);
	unsigned char digest[DIGEST_BYTES];

	(void)arena;
	if (cnf == NULL)
		return REASON_OK;
	if (thumbprint == NULL || json_object_size(cnf) != 1)
		return refuse(token, "the token is bound to a key (cnf) by something else than one "
				     "\"" MEMBER "\", which the gate cannot check");
	if (!read_thumbprint(json_text(thumbprint), digest))
		return refuse(token, "\"" MEMBER "\" in cnf is not a SHA-256 digest in base64url");
	if (inputs->thumbprint.at == NULL)
		return refuse(token, "the token is bound to a client certificate (cnf), and none "
				     "was presented");
	if (!span_equal(inputs->thumbprint, (struct span){ (const char *)digest, DIGEST_BYTES }))
		return refuse(token, "the token is bound to another client certificate (cnf)");
	return REASON_OK;
}
