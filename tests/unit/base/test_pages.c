/* SPDX-License-Identifier: Apache-2.0 */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pages.h"

/* What is mapped and present of code, in kB. */
static long
code_kb(void)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	char line[512];
	bool code = false;
	long sum = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (strstr(line, " r-xp ") != NULL)
			code = true;
		else if (strstr(line, " r--p ") != NULL || strstr(line, " rw-p ") != NULL)
			code = false;
		else if (code && strncmp(line, "Rss:", 4) == 0)
			sum += strtol(line + 4, NULL, 10);
	}
	assert_int_equal(fclose(maps), 0);
	return sum;
}

static const char constant[] = "read from the program's file again";
static int variable = 1;
static const char *const relocated[] = { constant, "another" };

/* Much of the C library. */
static void
touch_code(void)
{
	regex_t pattern;

	assert_int_equal(regcomp(&pattern, "^a(b|c)*d$", REG_EXTENDED), 0);
	assert_int_equal(regexec(&pattern, "abcbd", 0, NULL, 0), 0);
	regfree(&pattern);
}

static void
what_is_needed_again_is_there_again(void **state)
{
	long before, after;

	(void)state;
	touch_code();
	variable = 2;
	before = code_kb();
	pages_let_go();
	after = code_kb();
	assert_true(after < before);
	assert_string_equal(relocated[0], "read from the program's file again");
	assert_string_equal(relocated[1], "another");
	assert_int_equal(variable, 2);
	touch_code();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_again_is_there_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
