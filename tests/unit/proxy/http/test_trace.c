/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "head.h"
#include "proxy/http/trace.h"

#define ID "0af7651916cd43dd8448eb211c80319c"
#define REST "-b7ad6b7169203331-01"
#define P "traceparent: "

/* W3C Trace Context level 1, section 3.2.2. */
static const struct {
	const char *lines;
	bool valid;
} parents[] = {
	{ P "00-" ID REST "\n", true },
	{ "TraceParent: 00-" ID REST "\n", true },
	{ P "01-" ID REST "\n", true },
	{ P "01-" ID REST "-more\n", true },
	{ P "cc-" ID REST "-\n", true },
	{ "", false },
	{ P "\n", false },
	{ P "00-" ID "\n", false },
	{ P "00-" ID REST "-more\n", false },
	{ P "01-" ID REST ".more\n", false },
	{ P "01-" ID REST "0\n", false },
	{ P "ff-" ID REST "\n", false },
	{ P "0x-" ID REST "\n", false },
	{ P "00_" ID REST "\n", false },
	{ P "00-0AF7651916CD43DD8448EB211C80319C" REST "\n", false },
	{ P "00-0af7651916cd43dd8448eb211c80319g" REST "\n", false },
	{ P "00-00000000000000000000000000000000" REST "\n", false },
	{ P "00-" ID "-0000000000000000-01\n", false },
	{ P "00-" ID "-b7ad6b7169203331-0x\n", false },
	{ P "00-" ID REST "\n" P "00-" ID REST "\n", false },
	{ P "00-" ID REST ", 00-" ID REST "\n", false },
};

static void
only_a_valid_parent_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		struct request request;
		struct span parent;

		head_read(&request, "GET", parents[i].lines);
		parent = trace_parent_of(&request);
		if ((parent.at != NULL) != parents[i].valid)
			fail_msg("%s", parents[i].lines);
		if (parent.at != NULL)
			assert_true(span_is(trace_id_of(parent), ID));
	}
}

static void
one_that_is_made_is_valid(void **state)
{
	unsigned char random[TRACE_RANDOM_BYTES];
	char parent[TRACE_PARENT_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (unsigned char)(i * 11);
	trace_parent_make(random, parent);
	assert_string_equal(parent, "00-000b16212c37424d58636e79848f9aa5-b0bbc6d1dce7f2fd-00");
}

#define I "X-Request-Id: "
#define LONG                                                                                       \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *lines, *id;
} ids[] = {
	{ I "a\n", "a" },
	{ "x-request-id: Root=1-67891233-abcdef012345678912345678\n",
	    "Root=1-67891233-abcdef012345678912345678" },
	{ I "f81d4fae-7dec-11d0-a765-00a0c91e6bf6\n", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" },
	{ I "az.AZ_09~:+/=@\n", "az.AZ_09~:+/=@" },
	{ I LONG "\n", LONG },
	{ I LONG "0\n", NULL },
	{ "", NULL },
	{ I "\n", NULL },
	{ I "a b\n", NULL },
	{ I "a,b\n", NULL },
	{ I "a\"b\n", NULL },
	{ I "a{b\n", NULL },
	{ I "<a>\n", NULL },
	{ I "\xc3\xa9\n", NULL },
	{ I "a\n" I "a\n", NULL },
	{ "X_Request_Id: a\n", NULL },
};

static void
only_a_harmless_id_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct request request;
		struct span id;

		head_read(&request, "GET", ids[i].lines);
		id = trace_request_id(&request);
		if (ids[i].id == NULL ? id.at != NULL : !span_is(id, ids[i].id))
			fail_msg("%s", ids[i].lines);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_valid_parent_counts),
		cmocka_unit_test(one_that_is_made_is_valid),
		cmocka_unit_test(only_a_harmless_id_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
