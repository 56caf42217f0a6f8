/* SPDX-License-Identifier: Apache-2.0 */
/* What can still be known of a configuration that has mistakes. */
#include "issuer/scratch.h"

#include "base/file.h"
#include "proxy/config/config_part.h"

static struct scratch scratch;
static struct arena arena;
static char path[SCRATCH_ROOM * 2];

static int
setup(void **state)
{
	char policy[SCRATCH_ROOM * 2];
	struct err err;

	(void)state;
	arena_init(&arena, 1 << 20);
	scratch_init(&scratch);
	scratch_path(&scratch, "postern.yaml", path);
	scratch_path(&scratch, "policy.yaml", policy);
	return file_write(policy, SPAN("privileges: {any: {paths: ['/*']}}\n"), 0600, &err) ? 0
											    : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	scratch_done(&scratch);
	return 0;
}

static void
put(const char *text)
{
	struct err err;

	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

/* The probe of a container asks where a gate listens that runs on in spite of a mistake. */
static void
where_the_admin_listens_is_found_in_spite_of_mistakes(void **state)
{
	static const struct {
		const char *text, *address; /* NULL: it cannot be known */
	} cases[] = {
		{ "admin: {address: '127.0.0.1:1'}\n", "127.0.0.1:1" },
		{ "admin:\n  address: 127.0.0.1:1\nlisten: {address: nonsense}\n", "127.0.0.1:1" },
		{ "admin:\n  address: '[::1]:1'\n", "[::1]:1" },
		{ "lisen: {}\nadmin: {address: '127.0.0.1:1', adress: x}\n", "127.0.0.1:1" },
		/* the default, where nothing is said */
		{ "upstream: http://127.0.0.1:3\n", "127.0.0.1:9901" },
		{ "admin: {}\n", "127.0.0.1:9901" },
		{ "", "127.0.0.1:9901" },
		/* no YAML elsewhere in the file */
		{ "upstream: {\nadmin:\n  address: 127.0.0.1:1\n", "127.0.0.1:1" },
		{ "admin:\n  # for us alone\n\n  address: 127.0.0.1:1\nupstream: {\n",
		    "127.0.0.1:1" },
		{ "upstream: {\n", "127.0.0.1:9901" },
		/* nor there */
		{ "admin: {address: '127.0.0.1:1'\nupstream: a\n", NULL },
		{ "upstream: {\n  admin: {address: '127.0.0.1:1'}\n", NULL },
		{ "admin: {address: nonsense}\n", NULL },
		{ "admin: {address: ['127.0.0.1:1', '127.0.0.1:2']}\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *address = NULL;
		struct err err = { "" };

		put(cases[i].text);
		if (config_part_admin(path, &arena, &address, &err) != (cases[i].address != NULL))
			fail_msg("%s: %s", cases[i].text, err.text);
		if (cases[i].address != NULL && strcmp(address, cases[i].address) != 0)
			fail_msg("%s: %s", cases[i].text, address);
		if (cases[i].address == NULL)
			assert_true(err.text[0] != '\0');
	}
}

static void
a_mistake_is_told_with_its_place(void **state)
{
	const char *address = NULL;
	struct err err = { "" };

	(void)state;
	put("upstream: a\nadmin:\n  address: nonsense\n");
	assert_false(config_part_admin(path, &arena, &address, &err));
	assert_non_null(strstr(err.text, "postern.yaml:3:12: /admin/address: "));
	put("admin: {address: {a: b}}\n");
	assert_false(config_part_admin(path, &arena, &address, &err));
	assert_non_null(strstr(err.text, "/admin/address: must be a single value"));
	assert_int_equal(unlink(path), 0);
	assert_false(config_part_admin(path, &arena, &address, &err));
	assert_non_null(strstr(err.text, "No such file or directory"));
}

/* A command goes on with those settings of a bad file that are not bad. */
static void
a_setting_is_sound_when_no_mistake_is_at_it(void **state)
{
	static const struct {
		const char *text;
		bool section, issuer, database;
	} cases[] = {
		{ "local_issuer: {issuer: 'http://127.0.0.1:1', audience: api}\n", true, true,
		    true },
		{ "local_issuer: {issuer: 'http://127.0.0.1:1', audience: api}\nlog: {level: x}\n",
		    true, true, true },
		{ "local_issuer: {issuer: nonsense, audience: api}\n", true, false, true },
		/* The key that is not known may be the other one, misspelt. */
		{ "local_issuer: {issuer: 'http://127.0.0.1:1', audience: api, databse: x}\n", true,
		    true, false },
		{ "local_issuer: {issuer: 'http://127.0.0.1:1', audience: api, "
		  "database: [a, b]}\n",
		    true, true, false },
		/* What is no map has no keys: who asks looks for the section first. */
		{ "local_issuer: []\n", false, true, true },
		{ "upstream: http://127.0.0.1:3\n", false, true, true },
		{ "local_issuer: {\n", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *config = NULL;
		struct err err;

		put(cases[i].text);
		if (!config_read(path, CONFIG_TEXT, &config, &err))
			assert_non_null(config);
		if (config_part_section(config, "local_issuer") != cases[i].section)
			fail_msg("%s: whether there is the section", cases[i].text);
		if (config_part_sound(config, "local_issuer", "issuer") != cases[i].issuer)
			fail_msg("%s: whether the issuer is sound", cases[i].text);
		if (config_part_sound(config, "local_issuer", "database") != cases[i].database)
			fail_msg("%s: whether the database is sound", cases[i].text);
		config_free(config);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(where_the_admin_listens_is_found_in_spite_of_mistakes),
		TEST(a_mistake_is_told_with_its_place),
		TEST(a_setting_is_sound_when_no_mistake_is_at_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
