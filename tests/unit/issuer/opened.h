/* SPDX-License-Identifier: Apache-2.0 */
/* opened - a token taken apart by the tests, without the code under test. */
#ifndef POSTERN_TESTS_ISSUER_OPENED_H
#define POSTERN_TESTS_ISSUER_OPENED_H

#include "scratch.h"

#include "base/base64url.h"
#include "base/json.h"

struct opened {
	json_t *header, *claims;
	struct span input, signature; /* of the token's own bytes; signature still encoded */
};

static inline json_t *
opened_part(struct span part)
{
	unsigned char *bytes = malloc(BASE64URL_DECODED(part.len));
	json_t *root = NULL;
	struct err err;
	size_t len;

	assert_non_null(bytes);
	assert_true(base64url_decode(part, bytes, &len));
	if (!json_read((struct span){ (const char *)bytes, len }, 1 << 16, &root, &err))
		fail_msg("%s", err.text);
	free(bytes);
	return root;
}

static inline void
opened_init(struct opened *opened, struct span token)
{
	struct span rest = token, header, claims;

	assert_true(span_cut(&rest, '.', &header));
	assert_true(span_cut(&rest, '.', &claims));
	assert_int_equal(span_find(rest, '.'), rest.len);
	opened->header = opened_part(header);
	opened->claims = opened_part(claims);
	opened->input = span_slice(token, 0, header.len + 1 + claims.len);
	opened->signature = rest;
}

static inline void
opened_done(struct opened *opened)
{
	json_decref(opened->header);
	json_decref(opened->claims);
}

static inline const char *
opened_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static inline long long
opened_number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

#endif
