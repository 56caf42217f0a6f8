/* SPDX-License-Identifier: Apache-2.0 */
/* A form that is read has no name twice. */
#include "issuer/form.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *wrong = NULL;
	struct arena arena;
	struct form *form = malloc(sizeof(*form));

	PROMISE(form != NULL);
	*form = (struct form){ 0 };
	arena_init(&arena, 4u << 20);
	if (form_read(fuzz_span(data, size), &arena, form, &wrong)) {
		for (size_t i = 0; i < form->count; i++)
			for (size_t k = 0; k < i; k++)
				PROMISE(!span_equal(form->fields[i].name, form->fields[k].name));
		(void)form_get(form, "grant_type");
	} else {
		PROMISE(wrong != NULL);
	}
	(void)form_content_type(fuzz_span(data, size));
	arena_done(&arena);
	free(form);
	return 0;
}
