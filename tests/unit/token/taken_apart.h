/* SPDX-License-Identifier: Apache-2.0 */
/*
 * taken_apart - token_read() on a text, and what is expected of it. Include it after <cmocka.h>.
 */
#ifndef POSTERN_TESTS_TAKEN_APART_H
#define POSTERN_TESTS_TAKEN_APART_H

#include "signer.h"
#include "token/token.h"

#define HEADER "{\"alg\":\"RS256\"}"
#define PAYLOAD "{\"iss\":\"i\"}"
#define N8(x) x x x x x x x x
#define N32(x) N8(x) N8(x) N8(x) N8(x)

/* One reading, and what it left. */
struct reading {
	struct arena arena;
	struct token token;
	enum reason reason;
};

static inline void
taken_apart_read(struct reading *reading, struct span text)
{
	arena_init(&reading->arena, 1 << 20);
	reading->reason = token_read(text, &reading->arena, &reading->token);
	if ((reading->reason == REASON_OK) != (reading->token.detail == NULL))
		fail_msg("detail and reason disagree");
}

static inline void
taken_apart_done(struct reading *reading)
{
	token_done(&reading->token);
	arena_done(&reading->arena);
}

static inline void
taken_apart_expect(const char *name, struct span text, enum reason want, const char *detail)
{
	struct reading reading;

	taken_apart_read(&reading, text);
	if (reading.reason != want)
		fail_msg("%s: want %s, got %s (%s)", name, reason_word(want),
		    reason_word(reading.reason),
		    reading.token.detail == NULL ? "" : reading.token.detail);
	if (detail != NULL && strstr(reading.token.detail, detail) == NULL)
		fail_msg("%s: want \"%s\", got \"%s\"", name, detail, reading.token.detail);
	taken_apart_done(&reading);
}

/* A token of a header, a payload and a signature that means nothing. */
static inline char *
taken_apart_text(struct span header, struct span payload)
{
	char *input = signer_input(header, payload);
	char *token = signer_join(input, SPAN("signature"));

	free(input);
	return token;
}

/* A piece of a token, and what is said of the whole. */
struct part_case {
	const char *name;
	struct span text;
	enum reason want;
	const char *detail;
};

/* {"alg":"RS256","x":"aaa…"} of exactly `bytes`. */
static inline char *
taken_apart_padded(const char *start, size_t bytes)
{
	char *json = malloc(bytes + 1);

	memset(json, 'a', bytes);
	memcpy(json, start, strlen(start));
	memcpy(json + bytes - 2, "\"}", 3);
	return json;
}

#endif
