/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "torture.h"
#include "base/document.h"
#include "base/json.h"

/* jansson's own reader loses characters of a string while it finds no memory: "https://api.example"
 * would be the audience "https://api.exampl". */
static enum torture_result
read_json(void *context)
{
	enum torture_result result = TORTURE_WRONG;
	json_t *root = NULL;
	struct err err = { "" };

	(void)context;
	if (!json_read(SPAN("{\"aud\":[\"https://api.example/\",\"0123456789abcdefghijklmnopqrstuv"
			    "wxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ\"],\"n\":1e999,\"t\":true}"),
		1000, &root, &err))
		return root == NULL && err.text[0] != '\0' ? TORTURE_CLEAN : TORTURE_WRONG;
	if (span_is(json_text(json_at(root, SPAN("/aud/0"))), "https://api.example/") &&
	    span_is(json_text(json_at(root, SPAN("/aud/1"))),
		"0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
	    json_is_true(json_at(root, SPAN("/t"))) && json_at(root, SPAN("/n")) != NULL)
		result = TORTURE_RIGHT;
	json_decref(root);
	return result;
}

static void
json_is_read_to_the_letter_or_not_without_memory(void **state)
{
	(void)state;
	torture_run("JSON", read_json, NULL);
}

static enum torture_result
read_document(void *context)
{
	struct arena arena;
	struct mistakes mistakes = { .arena = &arena };
	struct node *root = NULL;
	enum torture_result result = TORTURE_WRONG;

	(void)context;
	arena_init(&arena, 1 << 20);
	if (!document_parse(SPAN("a: [one, two]\nb: {c: three}\n"), "x.yaml", &mistakes, &root))
		result = TORTURE_CLEAN;
	else if (root != NULL && root->count == 2 && document_get(root, "a")->count == 2 &&
		 span_is(document_get(document_get(root, "b"), "c")->text, "three"))
		result = TORTURE_RIGHT;
	arena_done(&arena);
	return result;
}

static void
a_document_is_whole_or_not_there_without_memory(void **state)
{
	(void)state;
	torture_run("YAML", read_document, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_read_to_the_letter_or_not_without_memory),
		cmocka_unit_test(a_document_is_whole_or_not_there_without_memory),
	};

	torture_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
