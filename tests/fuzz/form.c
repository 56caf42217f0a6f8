/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that are read have a name each, of their own; written with every byte escaped, they are
 * read the same. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "issuer/oauth/form.h"

#define ARENA_BYTES (16u << 20)

static void
add_escaped(struct buffer *body, struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		buffer_format(body, "%%%02x", (unsigned)(unsigned char)text.at[i]);
}

static bool
is_text(struct span text)
{
	return utf8_valid(text) && (text.len == 0 || memchr(text.at, '\0', text.len) == NULL);
}

static void
check_fields(const struct form *form)
{
	MUST_HOLD(form->count <= FORM_MAX_FIELDS);
	for (size_t i = 0; i < form->count; i++) {
		struct span name = form->fields[i].name, value = form->fields[i].value;

		MUST_HOLD(name.len > 0 && is_text(name) && is_text(value));
		for (size_t j = 0; j < i; j++)
			MUST_HOLD(!span_equal(name, form->fields[j].name));
		MUST_HOLD(form_has(form, name.at) == (value.len > 0));
		MUST_HOLD(span_equal(form_get(form, name.at), value));
	}
}

static void
check_again(const struct form *form)
{
	static struct form again;
	struct buffer body;
	struct arena arena;
	const char *wrong = NULL;

	buffer_init(&body, ARENA_BYTES);
	for (size_t i = 0; i < form->count; i++) {
		buffer_add_text(&body, i == 0 ? "" : "&");
		add_escaped(&body, form->fields[i].name);
		buffer_add_byte(&body, '=');
		add_escaped(&body, form->fields[i].value);
	}
	MUST_HOLD(!body.failed);
	arena_init(&arena, ARENA_BYTES);
	MUST_HOLD(form_read(buffer_span(&body), &arena, &again, &wrong));
	MUST_HOLD(again.count == form->count);
	for (size_t i = 0; i < form->count; i++) {
		MUST_HOLD(span_equal(again.fields[i].name, form->fields[i].name));
		MUST_HOLD(span_equal(again.fields[i].value, form->fields[i].value));
	}
	arena_done(&arena);
	buffer_done(&body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct form form;
	struct span body = fuzz_span(data, size);
	struct arena arena;
	const char *wrong = NULL;

	arena_init(&arena, ARENA_BYTES);
	fuzz_accepted = form_read(body, &arena, &form, &wrong);
	if (fuzz_accepted) {
		MUST_HOLD(wrong == NULL);
		check_fields(&form);
		check_again(&form);
	} else {
		MUST_HOLD(wrong != NULL);
	}
	arena_done(&arena);
	if (form_content_type(body))
		MUST_HOLD(span_find(body, '/') == sizeof("application") - 1 || body.at[0] == ' ' ||
			  body.at[0] == '\t');
	return 0;
}
