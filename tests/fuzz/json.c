/* SPDX-License-Identifier: Apache-2.0 */
/* What is read is no deeper than promised, survives being written and read again, and each member
 * is found by its pointer. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/json_number.h"

#define MAX_BYTES (64u << 10)

static int
depth_of(json_t *json)
{
	json_t *child;
	const char *key;
	size_t index;
	int depth = 0;

	json_object_foreach(json, key, child)
	{
		int below = depth_of(child);

		depth = below > depth ? below : depth;
	}
	json_array_foreach(json, index, child)
	{
		int below = depth_of(child);

		depth = below > depth ? below : depth;
	}
	return json_is_object(json) || json_is_array(json) ? depth + 1 : 0;
}

/* Is a number too large for jansson in it? Written again it would be something else. */
static bool
has_large(json_t *json)
{
	json_t *child;
	const char *key;
	size_t index;
	bool large = json_number_text(json).at != NULL;

	json_object_foreach(json, key, child) large = large || has_large(child);
	json_array_foreach(json, index, child) large = large || has_large(child);
	return large;
}

static void
check_again(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	struct err err;
	json_t *again = NULL;

	MUST_HOLD(text != NULL);
	MUST_HOLD(json_read(span_of(text), SIZE_MAX, &again, &err));
	MUST_HOLD(json_equal(json, again));
	json_decref(again);
	free(text);
}

/* RFC 6901 section 3. */
static void
add_token(struct buffer *pointer, const char *key)
{
	for (; *key != '\0'; key++) {
		if (*key == '~' || *key == '/')
			buffer_add_text(pointer, *key == '~' ? "~0" : "~1");
		else
			buffer_add_byte(pointer, *key);
	}
}

static void
check_pointers(json_t *json)
{
	json_t *child;
	const char *key;
	size_t index;
	struct buffer pointer;

	MUST_HOLD(json_at(json, SPAN("")) == json);
	buffer_init(&pointer, 2u * MAX_BYTES + 2);
	json_object_foreach(json, key, child)
	{
		buffer_reset(&pointer);
		buffer_add_byte(&pointer, '/');
		add_token(&pointer, key);
		MUST_HOLD(json_pointer_valid(buffer_span(&pointer)));
		MUST_HOLD(json_at(json, buffer_span(&pointer)) == child);
	}
	json_array_foreach(json, index, child)
	{
		buffer_reset(&pointer);
		buffer_format(&pointer, "/%zu", index);
		MUST_HOLD(json_at(json, buffer_span(&pointer)) == child);
	}
	buffer_done(&pointer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = fuzz_span(data, size);
	json_t *json = NULL;
	struct err err = { "" };

	fuzz_accepted = json_read(text, MAX_BYTES, &json, &err);
	if (fuzz_accepted) {
		MUST_HOLD(json != NULL && size <= MAX_BYTES && err.text[0] == '\0');
		MUST_HOLD(depth_of(json) <= JSON_MAX_DEPTH + has_large(json));
		MUST_HOLD(memchr(text.at, '\0', text.len) == NULL);
		if (!has_large(json)) {
			check_again(json);
			check_pointers(json);
		}
	} else {
		MUST_HOLD(json == NULL && err.text[0] != '\0');
	}
	json_decref(json);
	/* the input as a pointer, into something it can find its way in */
	json = json_pack("{s:[i,{s:s}],s:n}", "a", 1, "~/", "x", "");
	MUST_HOLD(json != NULL);
	MUST_HOLD(json_at(json, text) == NULL || json_pointer_valid(text));
	json_decref(json);
	return 0;
}
