/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/token_digest.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A token has one place, chosen by its end, which is of its signature. The first time it leaves its
 * mark only, so tokens that never come again are not copied. */
struct mark {
	uint64_t end; /* the last bytes of a token */
	size_t len;   /* of the token that is known there; 0: none is */
};

struct known {
	unsigned char digest[DIGEST_BYTES];
	char bytes[TOKEN_DIGEST_LONGEST];
};

struct memory {
	struct mark marks[TOKEN_DIGEST_PLACES];
	struct known known[TOKEN_DIGEST_PLACES];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static bool has_thread_key;
static _Thread_local struct memory *mine;

static void
forget(void *memory)
{
	digest_wipe(memory, sizeof(struct memory));
	free(memory);
}

static void
make_key(void)
{
	has_thread_key = pthread_key_create(&thread_key, forget) == 0;
}

/* Of this thread; NULL: no memory. Pages that nothing was written to take none. */
static struct memory *
memory_mine(void)
{
	struct memory *memory;

	if (mine != NULL)
		return mine;
	(void)pthread_once(&once, make_key);
	memory = has_thread_key ? calloc(1, sizeof(*memory)) : NULL;
	if (memory != NULL && pthread_setspecific(thread_key, memory) != 0) {
		free(memory);
		memory = NULL;
	}
	return mine = memory;
}

static uint64_t
end_of(struct span token)
{
	uint64_t end;

	memcpy(&end, token.at + token.len - sizeof(end), sizeof(end));
	return end;
}

static size_t
place_of(uint64_t end)
{
	/* by the golden ratio, every byte of the end counts in the upper half */
	return end * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (TOKEN_DIGEST_PLACES - 1);
}

typedef unsigned char bytes16 __attribute__((vector_size(16)));

static bytes16
differing(const char *a, const char *b)
{
	bytes16 of_a, of_b;

	memcpy(&of_a, a, sizeof(of_a));
	memcpy(&of_b, b, sizeof(of_b));
	return of_a ^ of_b;
}

/* Are `len` bytes the same? At least 16; in a time that depends on `len` only. The last bytes may
 * be looked at twice. */
static bool
same_bytes(const char *a, const char *b, size_t len)
{
	size_t last = len - sizeof(bytes16);
	bytes16 all = differing(a + last, b + last);
	uint64_t halves[2];

	for (size_t at = 0; at < last; at += sizeof(all))
		all |= differing(a + at, b + at);
	memcpy(halves, &all, sizeof(all));
	return (halves[0] | halves[1]) == 0;
}

/* Call for a token of TOKEN_DIGEST_SHORTEST to TOKEN_DIGEST_LONGEST bytes. */
static bool
recall(struct memory *memory, struct span token, unsigned char out[DIGEST_BYTES])
{
	uint64_t end = end_of(token);
	size_t place = place_of(end);
	struct mark *mark = &memory->marks[place];
	struct known *known = &memory->known[place];

	if (mark->end != end) {
		*mark = (struct mark){ .end = end };
		return digest_sha256(token, out);
	}
	if (mark->len == token.len && same_bytes(known->bytes, token.at, token.len)) {
		memcpy(out, known->digest, DIGEST_BYTES);
		return true;
	}
	if (!digest_sha256(token, out))
		return false;
	mark->len = token.len;
	memcpy(known->bytes, token.at, token.len);
	memcpy(known->digest, out, DIGEST_BYTES);
	return true;
}

bool
token_digest(struct span token, unsigned char out[DIGEST_BYTES])
{
	struct memory *memory = NULL;

	if (token.len >= TOKEN_DIGEST_SHORTEST && token.len <= TOKEN_DIGEST_LONGEST)
		memory = memory_mine();
	return memory == NULL ? digest_sha256(token, out) : recall(memory, token, out);
}
