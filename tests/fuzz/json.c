/* SPDX-License-Identifier: Apache-2.0 */
/* What is read can be written and read again, and is the same. */
#include "base/json.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = NULL, *again = NULL;
	struct err err = { "" };
	char *text;

	if (!json_read(fuzz_span(data, size), 1u << 20, &json, &err)) {
		PROMISE(err.text[0] != '\0');
		return 0;
	}
	text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
	PROMISE(text != NULL);
	PROMISE(json_read(span_of(text), 8u << 20, &again, &err));
	(void)json_at(json, SPAN("/a/b/0"));
	free(text);
	json_decref(json);
	json_decref(again);
	return 0;
}
