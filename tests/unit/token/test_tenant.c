/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "token/tenant.h"

static const struct {
	const char *text;
	bool id;
} cases[] = {
	{ "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", true },
	{ "9188040d-6c67-4c5b-b112-36a304b66dad", true },
	{ "8EAEF023-2B34-4DA1-9BAA-8BC8C9D6A490", false },
	{ "8eaef023-2b34-4da1-9baa-8bc8c9d6a49", false },
	{ "8eaef023-2b34-4da1-9baa-8bc8c9d6a4900", false },
	{ "8eaef0232-b34-4da1-9baa-8bc8c9d6a490", false },
	{ "8eaef023-2b34-4da1-9baa-8bc8c9d6a49g", false },
	{ "common", false },
	{ TENANT_TEMPLATE, false },
	{ "", false },
};

static void
an_id_is_a_guid_in_lower_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (tenant_is_id(span_of(cases[i].text)) != cases[i].id)
			fail_msg("%s", cases[i].text);
	assert_false(tenant_is_id((struct span){ "8eaef023-2b34-4da1-9baa-8bc8c9d6a4\00090", 36 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_a_guid_in_lower_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
