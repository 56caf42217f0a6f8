/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/keys/mint.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jwt.h>

#include "base/base64url.h"
#include "base/digest.h"
#include "issuer/model/client_claim.h"
#include "issuer/model/incarnation.h"

#define JTI_BYTES 20
#define JTI_ROOM (BASE64URL_ENCODED(JTI_BYTES) + 1)

static bool
new_jti(char jti[JTI_ROOM])
{
	unsigned char bytes[JTI_BYTES];

	if (!digest_random(bytes, sizeof(bytes)))
		return false;
	jti[base64url_encode((struct span){ (const char *)bytes, sizeof(bytes) }, jti)] = 0;
	return true;
}

/* If they are not what a client may have, however they came into the store, none is added. */
static bool
add_own_claims(jwt_t *jwt, const struct texts *claims)
{
	char name[CLIENT_CLAIM_NAME_MAX + 1];
	struct err ignored;

	if (claims == NULL || !client_claim_valid(claims, &ignored))
		return true;
	for (size_t i = 0; i < claims->count; i++) {
		struct span claim = span_of(claims->at[i]), found = client_claim_name(claim);

		(void)snprintf(name, sizeof(name), "%.*s", SPAN_ARG(found));
		if (jwt_add_grant(jwt, name, client_claim_value(claim).at) != 0)
			return false;
	}
	return true;
}

/* RFC 9068 section 2.2. */
static bool
add_claims(jwt_t *jwt, const struct mint *mint)
{
	int64_t expires_s = mint->now_s + mint->lifetime_s;
	const char *incarnation = mint->incarnation == NULL ? "" : mint->incarnation;
	char jti[JTI_ROOM];

	if (mint->now_s < 0 || expires_s > LONG_MAX || !new_jti(jti))
		return false;
	return jwt_add_grant(jwt, "iss", mint->issuer) == 0 &&
	       jwt_add_grant(jwt, "sub", mint->subject) == 0 &&
	       jwt_add_grant(jwt, "aud", mint->audience) == 0 &&
	       (mint->client_id == NULL || jwt_add_grant(jwt, "client_id", mint->client_id) == 0) &&
	       (incarnation[0] == '\0' ||
		   jwt_add_grant(jwt, INCARNATION_CLAIM, incarnation) == 0) &&
	       jwt_add_grant_int(jwt, "iat", (long)mint->now_s) == 0 &&
	       jwt_add_grant_int(jwt, "exp", (long)expires_s) == 0 &&
	       jwt_add_grant(jwt, "jti", jti) == 0 &&
	       (mint->scope == NULL || jwt_add_grant(jwt, "scope", mint->scope) == 0) &&
	       add_own_claims(jwt, mint->claims);
}

/* taken: `json`, from libjwt; may be NULL. */
static void
add_part(struct buffer *input, char *json)
{
	struct span bytes = span_of(json);
	char *out = NULL;
	size_t len;

	if (json != NULL)
		out = malloc(BASE64URL_ENCODED(bytes.len) + 1);
	if (out == NULL) {
		input->failed = true;
	} else {
		len = base64url_encode(bytes, out);
		buffer_add(input, (struct span){ out, len });
	}
	free(out);
	free(json);
}

/* The encoded header of the key that signed last on this thread. */
struct header {
	char kid[64];
	enum signing_algorithm algorithm;
	char text[256];
	size_t len;
};

/* The same for each token of a key. */
static bool
make_header(const struct signing_key *key, struct header *header)
{
	const char *kid = signing_key_kid(key);
	enum signing_algorithm algorithm = signing_key_algorithm(key);
	struct buffer text;
	jwt_t *jwt = NULL;
	bool done;

	header->len = 0;
	buffer_init(&text, sizeof(header->text));
	done = strlen(kid) < sizeof(header->kid) && jwt_new(&jwt) == 0 &&
	       jwt_add_header(jwt, "alg", signing_algorithms[algorithm]) == 0 &&
	       jwt_add_header(jwt, "typ", "at+jwt") == 0 && jwt_add_header(jwt, "kid", kid) == 0;
	if (done)
		add_part(&text, jwt_get_headers_json(jwt, NULL));
	jwt_free(jwt);
	done = done && !text.failed;
	if (done) {
		memcpy(header->kid, kid, strlen(kid) + 1);
		header->algorithm = algorithm;
		memcpy(header->text, text.at, text.len);
		header->len = text.len;
	}
	buffer_done(&text);
	return done;
}

static bool
add_header(const struct signing_key *key, struct buffer *input)
{
	static _Thread_local struct header header;
	bool same = header.len > 0 && header.algorithm == signing_key_algorithm(key) &&
		    strcmp(header.kid, signing_key_kid(key)) == 0;

	if (!same && !make_header(key, &header))
		return false;
	buffer_add(input, (struct span){ header.text, header.len });
	buffer_add_byte(input, '.');
	return true;
}

static bool
sign(const struct signing_key *key, const struct buffer *input, struct buffer *token,
    struct err *reterr)
{
	char text[BASE64URL_ENCODED(SIGNING_BYTES)];
	unsigned char signature[SIGNING_BYTES];
	size_t len;

	if (!signing_key_sign(key, buffer_span(input), signature, &len))
		return err_set(reterr, "token: it cannot be signed");
	len = base64url_encode((struct span){ (const char *)signature, len }, text);
	buffer_add(token, buffer_span(input));
	buffer_add_byte(token, '.');
	buffer_add(token, (struct span){ text, len });
	return !token->failed || err_set(reterr, "token: no memory");
}

bool
mint_token(
    struct signing *signing, const struct mint *mint, struct buffer *token, struct err *reterr)
{
	struct signing_set *set = signing_now(signing); /* its key stays until it has signed */
	const struct signing_key *key = set->keys[set->current];
	struct buffer input;
	jwt_t *jwt = NULL;
	bool done = false;

	buffer_init(&input, token->max_bytes);
	if (jwt_new(&jwt) != 0 || !add_header(key, &input) || !add_claims(jwt, mint)) {
		(void)err_set(reterr, "token: it cannot be made");
		goto out;
	}
	add_part(&input, jwt_get_grants_json(jwt, NULL));
	if (input.failed) {
		(void)err_set(reterr, "token: no memory");
		goto out;
	}
	done = sign(key, &input, token, reterr);
out:
	jwt_free(jwt);
	buffer_done(&input);
	signing_set_free(set);
	return done;
}
