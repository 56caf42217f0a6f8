/* SPDX-License-Identifier: Apache-2.0 */
/* A token is taken apart, or refused with a word and a detail; never by "OK" without its parts. */
#include "token/token.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token token = { 0 };
	struct arena arena;
	enum reason reason;

	arena_init(&arena, 4u << 20);
	reason = token_read(fuzz_span(data, size), &arena, &token);
	if (reason == REASON_OK) {
		PROMISE(token.algorithm < ALGORITHM_COUNT && token.issuer.at != NULL);
		PROMISE(token.signature.len > 0 && json_is_object(token.claims));
		PROMISE(json_object_get(token.header, "crit") == NULL);
	} else {
		PROMISE(token.detail != NULL);
	}
	token_done(&token);
	arena_done(&arena);
	arena_init(&arena, 4u << 20);
	token = (struct token){ 0 };
	if (token_read_signed(fuzz_span(data, size), &arena, &token) == REASON_OK)
		PROMISE(token.algorithm < ALGORITHM_COUNT && token.claims == NULL);
	else
		PROMISE(reason != REASON_OK);
	token_done(&token);
	arena_done(&arena);
	return 0;
}
