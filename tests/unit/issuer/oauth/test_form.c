/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/oauth/form.h"

struct row {
	const char *name;
	struct span body;
	const char *a, *b; /* wanted values of "a" and "b"; NULL: not there */
	const char *wrong; /* part of what is wrong; NULL: nothing */
};

/* clang-format off */
static const struct row rows[] = {
	{ "an empty body has no fields", { "", 0 }, NULL, NULL, NULL },
	{ "two fields", { "a=1&b=2", 7 }, "1", "2", NULL },
	{ "a plus is a space", { "a=x+y", 5 }, "x y", NULL, NULL },
	{ "percent is decoded once", { "a=%2525", 7 }, "%25", NULL, NULL },
	{ "hex digits have either case", { "a=%2f%2F", 8 }, "//", NULL, NULL },
	{ "a value may hold an equals sign", { "a=b=c", 5 }, "b=c", NULL, NULL },
	{ "a value may be UTF-8", { "a=%C3%A9", 8 }, "\xc3\xa9", NULL, NULL },
	{ "an empty value counts as left out", { "a=&b=2", 6 }, NULL, "2", NULL },
	{ "a name alone counts as left out", { "a&b=2", 5 }, NULL, "2", NULL },
	{ "empty pieces are nothing", { "&&a=1&", 6 }, "1", NULL, NULL },
	{ "a decoded name is the name", { "%61=1", 5 }, "1", NULL, NULL },
	{ "a name twice is refused", { "a=1&a=1", 7 }, NULL, NULL, "twice" },
	{ "a name twice, once encoded, is refused", { "a=1&%61=2", 9 }, NULL, NULL, "twice" },
	{ "an unknown name twice is refused", { "z=1&z=2", 7 }, NULL, NULL, "twice" },
	{ "an empty value twice is refused", { "a=&a=1", 6 }, NULL, NULL, "twice" },
	{ "a lone percent is refused", { "a=%", 3 }, NULL, NULL, "percent" },
	{ "a cut percent is refused", { "a=%4", 4 }, NULL, NULL, "percent" },
	{ "no hex is refused", { "a=%4g", 5 }, NULL, NULL, "percent" },
	{ "an encoded NUL is refused", { "a=%00", 5 }, NULL, NULL, "UTF-8" },
	{ "a raw NUL is refused", { "a=\0", 3 }, NULL, NULL, "byte" },
	{ "a raw newline is refused", { "a=1\n", 4 }, NULL, NULL, "byte" },
	{ "a raw space is refused", { "a= 1", 4 }, NULL, NULL, "byte" },
	{ "a raw high byte is refused", { "a=\xc3\xa9", 4 }, NULL, NULL, "byte" },
	{ "overlong UTF-8 is refused", { "a=%C0%AF", 8 }, NULL, NULL, "UTF-8" },
	{ "a value without a name is refused", { "=1", 2 }, NULL, NULL, "name" },
};
/* clang-format on */

static void
want(const struct row *row, struct span got, const char *wanted)
{
	if ((wanted == NULL) != (got.at == NULL) || (wanted != NULL && !span_is(got, wanted)))
		fail_msg("%s: got \"%.*s\"", row->name, SPAN_ARG(got));
}

static void
bodies(void **state)
{
	static struct form form;
	const char *wrong;
	struct arena arena;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wrong = NULL;
		arena_init(&arena, 1 << 20);
		if (form_read(rows[i].body, &arena, &form, &wrong)) {
			if (rows[i].wrong != NULL)
				fail_msg("%s: it was taken", rows[i].name);
			want(&rows[i], form_get(&form, "a"), rows[i].a);
			want(&rows[i], form_get(&form, "b"), rows[i].b);
			assert_int_equal(form_has(&form, "a"), rows[i].a != NULL);
		} else if (rows[i].wrong == NULL || strstr(wrong, rows[i].wrong) == NULL) {
			fail_msg("%s: refused: %s", rows[i].name, wrong);
		}
		arena_done(&arena);
	}
}

static void
count_is_limited(void **state)
{
	static struct form form;
	char body[FORM_MAX_FIELDS * 8 + 16];
	struct arena arena;
	const char *wrong = NULL;
	size_t len = 0;
	int i;

	(void)state;
	for (i = 0; i < FORM_MAX_FIELDS; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len, "f%d=1&", i);
	arena_init(&arena, 1 << 20);
	assert_true(form_read((struct span){ body, len }, &arena, &form, &wrong));
	assert_int_equal(form.count, FORM_MAX_FIELDS);
	len += (size_t)snprintf(body + len, sizeof(body) - len, "g=1");
	assert_false(form_read((struct span){ body, len }, &arena, &form, &wrong));
	assert_non_null(strstr(wrong, "too many"));
	arena_done(&arena);
}

static void
no_memory_is_a_refusal(void **state)
{
	static struct form form;
	static char body[4096];
	struct arena arena;
	const char *wrong = NULL;

	(void)state;
	memset(body, 'a', sizeof(body));
	arena_init(&arena, 1024);
	assert_false(form_read((struct span){ body, sizeof(body) }, &arena, &form, &wrong));
	assert_non_null(strstr(wrong, "too large"));
	arena_done(&arena);
}

/* clang-format off */
static const struct {
	const char *text;
	bool fits;
} types[] = {
	{ "application/x-www-form-urlencoded", true },
	{ "Application/X-WWW-Form-URLEncoded", true },
	{ "application/x-www-form-urlencoded; charset=UTF-8", true },
	{ "application/x-www-form-urlencoded;charset=\"utf-8\"", true },
	{ "application/x-www-form-urlencoded ;", true },
	{ "application/x-www-form-urlencoded; charset=utf-16", false },
	{ "application/x-www-form-urlencoded; boundary=x", false },
	{ "application/x-www-form-urlencodedx", false },
	{ "application/json", false },
	{ "multipart/form-data; boundary=x", false },
	{ "", false },
};
/* clang-format on */

static void
content_types(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (form_content_type(span_of(types[i].text)) != types[i].fits)
			fail_msg("%s", types[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(count_is_limited),
		cmocka_unit_test(no_memory_is_a_refusal),
		cmocka_unit_test(content_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
