/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jwks/cachecontrol.h"

struct header_case {
	const char *name;
	const char *lines[2]; /* of Cache-Control */
	const char *age;
	int64_t fresh_s;
};

static const struct header_case cases[] = {
	{ "nothing", { NULL }, NULL, -1 },
	{ "an empty line", { "" }, NULL, -1 },
	{ "max-age", { "max-age=600" }, NULL, 600 },
	{ "max-age among others", { "public, max-age=600, must-revalidate" }, NULL, 600 },
	{ "without blanks", { "public,max-age=600,immutable" }, NULL, 600 },
	{ "in capitals", { "MAX-AGE=600" }, NULL, 600 },
	{ "in quotes", { "max-age=\"600\"" }, NULL, 600 },
	{ "half in quotes", { "max-age=\"600" }, NULL, -1 },
	{ "0", { "max-age=0" }, NULL, 0 },
	{ "the age is subtracted", { "max-age=600" }, "200", 400 },
	{ "an age with blanks", { "max-age=600" }, " 200 ", 400 },
	{ "an age beyond max-age", { "max-age=600" }, "601", 0 },
	{ "an age that is no number", { "max-age=600" }, "-200", 600 },
	{ "an age without max-age", { NULL }, "200", -1 },
	{ "no-store", { "no-store" }, NULL, 0 },
	{ "no-cache beside max-age", { "max-age=600, no-cache" }, NULL, 0 },
	{ "no-store before max-age", { "no-store, max-age=600" }, NULL, 0 },
	{ "no-store on another line", { "no-store", "max-age=600" }, NULL, 0 },
	{ "no-cache for one field only is not about the whole", { "no-cache=\"x\", max-age=600" },
	    NULL, 600 },
	{ "two: the shorter one", { "max-age=600, max-age=300" }, NULL, 300 },
	{ "two on two lines: the shorter one", { "max-age=300", "max-age=600" }, NULL, 300 },
	{ "s-maxage is for shared caches", { "s-maxage=60, max-age=600" }, NULL, 600 },
	{ "a directive within quotes is none", { "ext=\"a, max-age=5\", max-age=600" }, NULL, 600 },
	{ "a quote within quotes", { "ext=\"a\\\", max-age=5\", max-age=600" }, NULL, 600 },
	{ "an open quote", { "max-age=600, ext=\"no-store, max-age=5" }, NULL, 600 },
	{ "a backslash at the end", { "ext=\"\\" }, NULL, -1 },
	{ "negative", { "max-age=-1" }, NULL, -1 },
	{ "with a fraction", { "max-age=1.5" }, NULL, -1 },
	{ "no number", { "max-age=" }, NULL, -1 },
	{ "a word", { "max-age=long" }, NULL, -1 },
	{ "blank before the number", { "max-age= 600" }, NULL, -1 },
	{ "beyond 64 bits", { "max-age=99999999999999999999999999" }, NULL, INT32_MAX },
	{ "commas only", { ",,, ," }, NULL, -1 },
	{ "a longer word", { "x-max-age=600" }, NULL, -1 },
};

static void
what_an_answer_says_of_its_freshness(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cachecontrol said = CACHECONTROL_UNSAID;
		int64_t got_s;

		for (size_t k = 0; k < 2; k++)
			if (cases[i].lines[k] != NULL)
				cachecontrol_read(&said, span_of(cases[i].lines[k]));
		if (cases[i].age != NULL)
			cachecontrol_read_age(&said, span_of(cases[i].age));
		got_s = cachecontrol_fresh_s(&said);
		if (got_s != cases[i].fresh_s)
			fail_msg("%s: want %lld, got %lld", cases[i].name,
			    (long long)cases[i].fresh_s, (long long)got_s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_answer_says_of_its_freshness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
