/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/diff_policy.h"

#include <string.h>

#include "base/buffer.h"

#define POINTER_MAX (64u << 10)

static bool
has_member(const json_t *list, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), value))
			return true;
	return false;
}

static bool
same_members(const json_t *a, const json_t *b)
{
	for (size_t i = 0; i < json_array_size(a); i++)
		if (!has_member(b, json_array_get(a, i)))
			return false;
	return true;
}

static bool
same(const json_t *a, const json_t *b)
{
	if (json_is_array(a) && json_is_array(b))
		return json_array_size(a) == json_array_size(b) && same_members(a, b) &&
		       same_members(b, a);
	return json_equal(a, b);
}

/* RFC 6901 section 3. */
static void
add_key(struct buffer *pointer, const char *key)
{
	buffer_add_byte(pointer, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~' || *key == '/')
			buffer_add_text(pointer, *key == '~' ? "~0" : "~1");
		else
			buffer_add_byte(pointer, *key);
	}
}

static bool
add(json_t *differences, const struct buffer *pointer, json_t *old, json_t *new)
{
	json_t *one = json_object();

	if (one == NULL || pointer->failed ||
	    json_object_set_new(one, "at", json_stringn(pointer->at, pointer->len)) != 0 ||
	    (old != NULL && json_object_set(one, "old", old) != 0) ||
	    (new != NULL &&json_object_set(one, "new", new) != 0)) {
		json_decref(one);
		return false;
	}
	return json_array_append_new(differences, one) == 0;
}

static bool compare(json_t *differences, struct buffer *pointer, json_t *old, json_t *new);

static bool
compare_members(json_t *differences, struct buffer *pointer, json_t *old, json_t *new)
{
	size_t len = pointer->len;
	const char *key;
	json_t *value;

	json_object_foreach(old, key, value)
	{
		add_key(pointer, key);
		if (!compare(differences, pointer, value, json_object_get(new, key)))
			return false;
		pointer->len = len;
	}
	json_object_foreach(new, key, value)
	{
		if (json_object_get(old, key) != NULL)
			continue;
		add_key(pointer, key);
		if (!compare(differences, pointer, NULL, value))
			return false;
		pointer->len = len;
	}
	return true;
}

static bool
compare(json_t *differences, struct buffer *pointer, json_t *old, json_t *new)
{
	if (json_is_object(old) && json_is_object(new))
		return compare_members(differences, pointer, old, new);
	if (old != NULL && new != NULL && same(old, new))
		return true;
	return add(differences, pointer, old, new);
}

json_t *
diff_policy(json_t *old, json_t *new)
{
	json_t *differences = json_array();
	struct buffer pointer;
	bool done;

	buffer_init(&pointer, POINTER_MAX);
	buffer_reserve(&pointer, 64);
	done = differences != NULL && compare(differences, &pointer, old, new);
	buffer_done(&pointer);
	if (done)
		return differences;
	json_decref(differences);
	return NULL;
}
