/* SPDX-License-Identifier: Apache-2.0 */
/* Via and Max-Forwards, as other gateways write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/gate/hops.h"

static struct request
request_with(const char *name, const char *value)
{
	struct request request = { .method = SPAN("OPTIONS") };

	request.headers[request.header_count++] = (struct header){ span_of(name), span_of(value) };
	return request;
}

static void
via_names_the_gate(void **state)
{
	static const struct {
		const char *name, *value;
		bool included;
	} rows[] = {
		{ "Via", "1.1 postern-a", true },
		{ "via", "1.0 other, 1.1 postern-a", true },
		{ "VIA", "1.1 postern-a , 2 last", true },
		{ "Via", "2 postern-a", true },
		{ "Via", "1.1 postern-b", false },
		{ "Via", "1.1 postern-ab", false },
		{ "Via", "", false },
		{ "Via", ",,", false },
		{ "X-Via", "1.1 postern-a", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request request = request_with(rows[i].name, rows[i].value);

		assert_int_equal(hops_include(&request, SPAN("1.1 postern-a")), rows[i].included);
	}
}

static void
max_forwards_counts_for_options(void **state)
{
	struct request request = request_with("Max-Forwards", "0");

	(void)state;
	assert_int_equal(hops_left(&request), 0);
	request = request_with("max-forwards", "12");
	assert_int_equal(hops_left(&request), 12);
	request = request_with("Max-Forwards", "-1");
	assert_int_equal(hops_left(&request), -1);
	request = request_with("Max-Forwards", "12345678901");
	assert_int_equal(hops_left(&request), -1);
	request = request_with("Max-Forwards", "0");
	request.method = SPAN("GET");
	assert_int_equal(hops_left(&request), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(via_names_the_gate),
		cmocka_unit_test(max_forwards_counts_for_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
