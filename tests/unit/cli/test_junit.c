/* SPDX-License-Identifier: Apache-2.0 */
/* Results of tests as XML, whatever is in a name. */
#include "said.h"

#include "cli/junit.h"

static void
names_are_escaped(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 4096);
	junit_begin(&buffer, 2, 1);
	junit_case(&buffer, "a\"b.yaml", "<&\t\x01\xC3\xA9", NULL);
	junit_case(&buffer, "c", "d", "e\n\"f\"");
	junit_end(&buffer);
	buffer_add_byte(&buffer, '\0');
	assert_false(buffer.failed);
	assert_string_equal(buffer.at,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuite name=\"postern test\" tests=\"2\" failures=\"1\">\n"
	    "  <testcase classname=\"a&quot;b.yaml\" name=\"&lt;&amp;&#9;\xEF\xBF\xBD\xC3\xA9\"/>\n"
	    "  <testcase classname=\"c\" name=\"d\"><failure "
	    "message=\"e&#10;&quot;f&quot;\"/></testcase>\n"
	    "</testsuite>\n");
	buffer_done(&buffer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
