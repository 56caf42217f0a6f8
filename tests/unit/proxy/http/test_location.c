/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/cases.h"

#include "proxy/http/location.h"

static struct span
no_dash(struct span word)
{
	return span_is(word, "-") ? SPAN("") : word;
}

/* The texts of a line of the table that later lines need. */
struct kept {
	char texts[3][64];
	struct location location;
};

static struct span
keep(struct kept *kept, size_t i, struct span word)
{
	word = no_dash(word);
	assert_true(word.len < sizeof(kept->texts[i]));
	memcpy(kept->texts[i], word.at, word.len);
	return (struct span){ kept->texts[i], word.len };
}

static void
check(struct cases *cases, struct span line, struct kept *kept)
{
	struct span what = cases_word(&line), value = cases_word(&line), want = line, got;
	struct buffer out;
	bool mapped;

	if (span_is(what, "map")) {
		kept->location.base = keep(kept, 0, value);
		kept->location.prefix = keep(kept, 1, cases_word(&line));
		kept->location.sent = keep(kept, 2, line);
		return;
	}
	cases_unescape(&value);
	cases_unescape(&want);
	buffer_init(&out, 4096);
	mapped = span_is(what, "cookie") ? location_map_cookie(&kept->location, value, &out)
					 : location_map(&kept->location, value, &out);
	got = mapped ? buffer_span(&out) : SPAN("=");
	if (span_is(what, "cookie") && span_is(want, "="))
		want = value;
	if (!span_equal(got, want))
		cases_fail(cases, want, got);
	buffer_done(&out);
}

static void
the_cases_hold(void **state)
{
	struct kept kept = { .location = {
				 .authority = SPAN("crm:8080"), .host = SPAN("api.example") } };
	struct cases cases;
	struct span line;

	(void)state;
	cases_open(&cases, "locations.txt");
	while (cases_next(&cases, &line))
		check(&cases, line, &kept);
	cases_close(&cases);
}

static void
a_socket_has_no_authority(void **state)
{
	const struct location location = { .prefix = SPAN("/p"), .sent = SPAN("/") };
	struct buffer out;

	(void)state;
	buffer_init(&out, 64);
	assert_false(location_map(&location, SPAN("http:///x"), &out));
	assert_false(location_map(&location, SPAN("///x"), &out));
	assert_true(location_map(&location, SPAN("/x"), &out));
	assert_true(span_is(buffer_span(&out), "/p/x"));
	buffer_done(&out);
}

static void
what_has_no_room_is_no_mapping(void **state)
{
	const struct location location = { .prefix = SPAN("/prefix"), .sent = SPAN("/") };
	struct buffer out;

	(void)state;
	buffer_init(&out, 4);
	assert_false(location_map(&location, SPAN("/x"), &out) && !out.failed);
	buffer_done(&out);
	buffer_init(&out, 4);
	assert_false(location_map_cookie(&location, SPAN("a=b; Path=/x"), &out));
	buffer_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cases_hold),
		cmocka_unit_test(a_socket_has_no_authority),
		cmocka_unit_test(what_has_no_room_is_no_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
