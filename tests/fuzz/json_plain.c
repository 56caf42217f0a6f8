/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever json_plain() reads, jansson reads as the same: the same values of the same types, in the
 * same order. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_plain.h"

#define FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)

static void
check_same(const json_t *plain, const json_t *json)
{
	char *a = json_dumps(plain, JSON_COMPACT | JSON_ENCODE_ANY);
	char *b = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	MUST_HOLD(a != NULL && b != NULL);
	MUST_HOLD(strcmp(a, b) == 0);
	MUST_HOLD(json_equal(plain, json));
	free(a);
	free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = fuzz_span(data, size);
	json_t *plain = json_plain(text), *json;

	fuzz_accepted = plain != NULL;
	if (plain == NULL)
		return 0;
	json = json_loadb(text.at, text.len, FLAGS, NULL);
	MUST_HOLD(json != NULL);
	MUST_HOLD(memchr(text.at, '\0', text.len) == NULL);
	check_same(plain, json);
	json_decref(plain);
	json_decref(json);
	return 0;
}
