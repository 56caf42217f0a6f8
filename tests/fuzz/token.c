/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token that is read has one spelling: its parts, encoded again, are its text, and the text with
 * anything around it is refused.
 *
 * An input that starts with "{" is header, payload and signature on a line each, which are encoded
 * here: a fuzzer would not get far behind base64url.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/base64url.h"
#include "base/buffer.h"
#include "base/json.h"
#include "token/token.h"

#define ARENA_BYTES (1u << 20)
#define TEXT_BYTES (1u << 20)

static void
add_encoded(struct buffer *text, struct span bytes)
{
	char *part = malloc(BASE64URL_ENCODED(bytes.len) + 1);

	MUST_HOLD(part != NULL);
	buffer_add(text, (struct span){ part, base64url_encode(bytes, part) });
	free(part);
}

static void
add_parts(struct buffer *text, struct span input)
{
	size_t header = span_find(input, '\n');
	struct span rest = span_slice(input, header + 1, input.len);
	size_t payload = span_find(rest, '\n');

	add_encoded(text, span_slice(input, 0, header));
	buffer_add_byte(text, '.');
	add_encoded(text, span_slice(rest, 0, payload));
	buffer_add_byte(text, '.');
	add_encoded(text, span_slice(rest, payload + 1, rest.len));
}

/* Refused as soon as something is put before or behind it. */
static void
check_around(struct span text)
{
	static const char *const around[] = { " ", "=", ".", ",", "\n", ".e30" };
	struct buffer changed;

	buffer_init(&changed, TEXT_BYTES);
	for (size_t i = 0; i < 2 * sizeof(around) / sizeof(around[0]); i++) {
		struct arena arena;
		struct token token;

		buffer_reset(&changed);
		if (i % 2 == 0)
			buffer_add_text(&changed, around[i / 2]);
		buffer_add(&changed, text);
		if (i % 2 == 1)
			buffer_add_text(&changed, around[i / 2]);
		MUST_HOLD(!changed.failed);
		arena_init(&arena, ARENA_BYTES);
		MUST_HOLD(token_read(buffer_span(&changed), &arena, &token) != REASON_OK);
		token_done(&token);
		arena_done(&arena);
	}
	buffer_done(&changed);
}

static void
check_header(const struct token *token)
{
	struct span alg = json_text(json_object_get(token->header, "alg"));

	MUST_HOLD(token->algorithm < ALGORITHM_COUNT);
	MUST_HOLD(span_is(alg, algorithm_name(token->algorithm)));
	MUST_HOLD(json_object_get(token->header, "crit") == NULL);
	MUST_HOLD(json_object_get(token->header, "b64") == NULL);
	MUST_HOLD((token->kid.at != NULL) == (json_object_get(token->header, "kid") != NULL));
	MUST_HOLD((token->type.at != NULL) == (json_object_get(token->header, "typ") != NULL));
}

static void
check_spelling(struct span text, const struct token *token)
{
	size_t header = span_find(text, '.');
	struct buffer again;

	buffer_init(&again, TEXT_BYTES);
	buffer_add(&again, span_slice(text, 0, header + 1));
	add_encoded(&again, token->payload);
	MUST_HOLD(span_equal(buffer_span(&again), token->input));
	buffer_add_byte(&again, '.');
	add_encoded(&again, token->signature);
	MUST_HOLD(!again.failed && span_equal(buffer_span(&again), text));
	buffer_done(&again);
}

static bool
read_whole(struct span text)
{
	struct arena arena;
	struct token token;
	enum reason reason;

	arena_init(&arena, ARENA_BYTES);
	reason = token_read(text, &arena, &token);
	if (reason == REASON_OK) {
		MUST_HOLD(text.len <= TOKEN_MAX_BYTES);
		MUST_HOLD(
		    span_equal(token.issuer, json_text(json_object_get(token.claims, "iss"))));
		check_header(&token);
		check_spelling(text, &token);
		check_around(text);
	} else {
		MUST_HOLD(token.detail != NULL && token.detail[0] != '\0');
	}
	token_done(&token);
	arena_done(&arena);
	return reason == REASON_OK;
}

/* Whatever is a token is also signed bytes, of the same header. */
static bool
read_signed(struct span text)
{
	struct arena arena;
	struct token token;
	enum reason reason;

	arena_init(&arena, ARENA_BYTES);
	reason = token_read_signed(text, &arena, &token);
	if (reason == REASON_OK) {
		MUST_HOLD(token.claims == NULL && token.issuer.at == NULL);
		check_header(&token);
		check_spelling(text, &token);
	}
	token_done(&token);
	arena_done(&arena);
	return reason == REASON_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = fuzz_span(data, size);
	struct buffer text;
	bool is_signed;

	buffer_init(&text, TEXT_BYTES);
	if (input.len > 0 && input.at[0] == '{')
		add_parts(&text, input);
	else
		buffer_add(&text, input);
	if (text.at != NULL)
		input = buffer_span(&text);
	is_signed = read_signed(input);
	fuzz_accepted = read_whole(input);
	MUST_HOLD(is_signed || !fuzz_accepted);
	buffer_done(&text);
	return 0;
}
