/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/listener/engine.h"
#include "proxy/listener/engines/engines.h"

static void
an_engine_is_found_by_its_name(void **state)
{
	const struct engine *civetweb = engines_find(ENGINES_CIVETWEB);

	(void)state;
	assert_string_equal(engines_find(ENGINES_EVENTS)->name, "events");
	if (civetweb != NULL)
		assert_string_equal(civetweb->name, "civetweb");
}

static void
events_can_do_all_that_civetweb_can(void **state)
{
	(void)state;
	for (int i = 0; i < ENGINES_ABILITIES; i++)
		assert_true(engines_can(ENGINES_EVENTS, (enum engines_ability)i));
	assert_false(engines_can(ENGINES_CIVETWEB, ENGINES_UNIX));
	assert_false(engines_can(ENGINES_CIVETWEB, ENGINES_ACTIVATION));
}

static void
events_knows_any_method_and_civetweb_its_own(void **state)
{
	(void)state;
	assert_true(engines_know_method(ENGINES_EVENTS, SPAN("PURGE")));
	assert_false(engines_know_method(ENGINES_CIVETWEB, SPAN("PURGE")));
	assert_false(engines_know_method(ENGINES_CIVETWEB, SPAN("get")));
	if (engines_find(ENGINES_CIVETWEB) != NULL)
		assert_true(engines_know_method(ENGINES_CIVETWEB, SPAN("PROPFIND")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_engine_is_found_by_its_name),
		cmocka_unit_test(events_can_do_all_that_civetweb_can),
		cmocka_unit_test(events_knows_any_method_and_civetweb_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
