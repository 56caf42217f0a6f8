/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/model/client_expiry.h"

#define DAY CLIENT_EXPIRY_DAY_S
#define END (100 * DAY)

static const struct client_slot ending = { .hash = "x", .until_s = END };
static const struct client_slot lasting = { .hash = "x" };
static const struct client_slot emptied = { .until_s = END };

static const struct {
	int64_t before_s, now_s, next_s;
	bool due;
} moments[] = {
	{ 0, 80 * DAY, 86 * DAY, false }, { 0, 86 * DAY, 93 * DAY, true },
	{ 86 * DAY, 86 * DAY + 1, 93 * DAY, false },
	{ 0, 95 * DAY, 97 * DAY, true }, /* as at a start */
	{ 95 * DAY, 97 * DAY, 99 * DAY, true }, { 98 * DAY, 99 * DAY + 5, END, true },
	{ 99 * DAY, END - 1, END, false }, { END - 1, END, INT64_MAX, true },
	{ 0, END + DAY, INT64_MAX, true }, { END, END + DAY, INT64_MAX, false },
	{ 90 * DAY, 88 * DAY, 93 * DAY, false }, /* the clock was set back */
};

static void
warnings_come_once_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		int64_t next_s = INT64_MAX;
		bool due =
		    client_expiry_due(&ending, moments[i].before_s, moments[i].now_s, &next_s);

		if (due != moments[i].due || next_s != moments[i].next_s)
			fail_msg("moment %zu: %d, next %lld", i, due, (long long)next_s);
	}
}

static void
without_an_end_there_is_no_warning(void **state)
{
	int64_t next_s = INT64_MAX;

	(void)state;
	assert_false(client_expiry_due(&lasting, 0, END, &next_s));
	assert_false(client_expiry_due(&emptied, 0, END, &next_s));
	assert_int_equal(next_s, INT64_MAX);
	assert_false(client_slot_expired(&lasting, INT64_MAX));
	assert_false(client_slot_expired(&emptied, END));
}

static void
they_are_counted(void **state)
{
	struct client second = { .slots = { { .hash = "x", .until_s = END + 20 * DAY } } };
	struct client first = { .slots = { ending, lasting }, .next = &second };
	struct client_expiry_count count = client_expiry_count(&first, END - 1);

	(void)state;
	assert_int_equal(count.soon, 1);
	assert_int_equal(count.expired, 0);
	assert_int_equal(count.next_s, END);
	count = client_expiry_count(&first, END);
	assert_int_equal(count.soon, 0);
	assert_int_equal(count.expired, 1);
	assert_int_equal(count.next_s, END + 20 * DAY);
	count = client_expiry_count(NULL, END);
	assert_int_equal(count.next_s, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warnings_come_once_each),
		cmocka_unit_test(without_an_end_there_is_no_warning),
		cmocka_unit_test(they_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
