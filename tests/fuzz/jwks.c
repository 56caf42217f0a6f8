/* SPDX-License-Identifier: Apache-2.0 */
/* A key set that is accepted holds at least one key, and never a key without a type. */
#include "jwks/keyset.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keyset *set = NULL;
	struct err err = { "" };

	if (!keyset_parse(fuzz_span(data, size), &set, &err)) {
		PROMISE(set == NULL && err.text[0] != '\0');
		return 0;
	}
	PROMISE(keyset_count(set) > 0);
	for (size_t i = 0; i < keyset_count(set); i++)
		PROMISE(key_bits(keyset_at(set, i)) >= 255);
	PROMISE(keyset_same(set, set));
	keyset_free(set);
	return 0;
}
