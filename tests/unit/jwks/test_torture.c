/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "torture.h"
#include "jwks/discovery.h"
#include "wanted.h"

static bool
openssls(const struct err *why)
{
	return strcmp(why->text, "does not make a key") == 0 ||
	       strcmp(why->text, "is not a valid public key") == 0 ||
	       strcmp(why->text, "OpenSSL cannot verify by it") == 0;
}

/* All of the keys, or none; but OpenSSL does not always tell its own want of memory from a key that
 * is wrong: such a key is skipped, and that is told. */
static enum torture_result
parse(void *context)
{
	struct keyset *set = NULL;
	struct err err = { "" };
	enum torture_result result = TORTURE_WRONG;

	if (!keyset_parse(span_of(context), &set, &err))
		return set == NULL && err.text[0] != '\0' ? TORTURE_CLEAN : TORTURE_WRONG;
	if (keyset_count(set) == 3 && keyset_skipped(set) == 0 &&
	    span_is(key_kid(keyset_at(set, 0)), "a") && span_is(key_kid(keyset_at(set, 1)), "b") &&
	    span_is(key_kid(keyset_at(set, 2)), "c"))
		result = TORTURE_RIGHT;
	else if (keyset_count(set) == 2 && keyset_skipped(set) == 1 &&
		 openssls(&keyset_skip(set, 0)->why))
		result = TORTURE_CLEAN;
	else
		print_error("%zu keys, %zu skipped: %s\n", keyset_count(set), keyset_skipped(set),
		    keyset_skipped(set) > 0 ? keyset_skip(set, 0)->why.text : "");
	keyset_free(set);
	return result;
}

static void
a_set_is_whole_or_not_there_without_memory(void **state)
{
	const struct want wants[] = {
		{ ALGORITHM_RS256, 0, "a", "RS256", "sig" },
		{ ALGORITHM_ES256, 0, "b", NULL, NULL },
		{ ALGORITHM_EdDSA, 0, "c", NULL, NULL },
	};
	char *text = text_of(wants, CASES_OF(wants));

	(void)state;
	torture_run("three keys", parse, text);
	free(text);
}

static enum torture_result
parse_symmetric(void *context)
{
	struct keyset *set = NULL;
	struct err err = { "" };

	(void)context;
	if (!keyset_parse(SPAN("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"), &set, &err))
		return err.text[0] != '\0' ? TORTURE_RIGHT : TORTURE_WRONG;
	keyset_free(set);
	return TORTURE_WRONG;
}

static void
a_symmetric_key_is_none_without_memory(void **state)
{
	(void)state;
	torture_run("a symmetric key", parse_symmetric, NULL);
}

static enum torture_result
discover(void *context)
{
	char jwks_uri[DISCOVERY_URL_ROOM];
	struct err err = { "" };

	if (!discovery_read(span_of(context), "https://idp.test", jwks_uri, &err))
		return err.text[0] != '\0' ? TORTURE_CLEAN : TORTURE_WRONG;
	return strcmp(jwks_uri, "https://idp.test/keys") == 0 ? TORTURE_RIGHT : TORTURE_WRONG;
}

static void
a_discovery_document_is_read_or_not_without_memory(void **state)
{
	char text[] = "{\"issuer\":\"https://idp.test\",\"jwks_uri\":\"https://idp.test/keys\"}";

	(void)state;
	torture_run("discovery", discover, text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_whole_or_not_there_without_memory),
		cmocka_unit_test(a_symmetric_key_is_none_without_memory),
		cmocka_unit_test(a_discovery_document_is_read_or_not_without_memory),
	};

	torture_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
