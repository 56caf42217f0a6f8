/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include "cli/ords.h"

static const struct {
	const char *name, *export, *prefix;
	const char *policy; /* that it holds; NULL: it is no export */
	const char *note;   /* the first one, or the error; NULL: there is none */
} cases[] = {
	{ "a privilege with all of it",
	    "{\"modules\":[{\"name\":\"m\",\"uri_prefix\":\"/m/"
	    "\"}],\"privileges\":[{\"name\":\"p\","
	    "\"label\":\"L\",\"roles\":[\"r\"],\"patterns\":[\"/x/*\",\"/y/"
	    "\"],\"modules\":[\"m\"]}]}",
	    "",
	    "roles:\n  \"r\": {}\nmodules:\n  \"m\": {paths: [\"/m/*\"]}\nprivileges:\n  \"p\":\n"
	    "    label: \"L\"\n    modules: [\"m\"]\n    paths: [\"/x/*\", \"/y\"]\n"
	    "    roles: [\"r\"]\ndefault: deny\n",
	    NULL },
	{ "a prefix", "{\"privileges\":[{\"name\":\"p\",\"patterns\":[\"/*\"]}]}", "/ords/hr",
	    "    paths: [\"/ords/hr/*\"]\n", NULL },
	{ "a role that cannot keep its name, beside one that can",
	    "{\"roles\":[\"a,b\",\"a_b\"],\"privileges\":[{\"name\":\"p\",\"roles\":[\"a,b\"],"
	    "\"patterns\":[\"/x\"]}]}",
	    "", "    roles: [\"a_b_2\"]\n", "is now called \"a_b_2\"" },
	{ "text that YAML would not print",
	    "{\"privileges\":[{\"name\":\"p\",\"label\":\"\\u0085\\\"\\\\\\ud83d\\ude00\","
	    "\"patterns\":[\"/x\"]}]}",
	    "", "    label: \"\\U00000085\\\"\\\\\\U0001f600\"\n", NULL },
	{ "a pattern of two privileges",
	    "{\"privileges\":[{\"name\":\"a\",\"roles\":[\"r\"],\"patterns\":[\"/x\"]},"
	    "{\"name\":\"b\",\"patterns\":[\"/x\"]}]}",
	    "", "privileges:\n  \"a\":\n    paths: [\"/x\"]\n    roles: [\"r\"]\ndefault: deny\n",
	    "is in another privilege already" },
	{ "a star that may mean something else",
	    "{\"privileges\":[{\"name\":\"p\",\"patterns\":[\"/a/*/b\"]}]}", "", "default: deny\n",
	    "is no pattern here" },
	{ "of two privileges with one pattern, the one without roles does not keep it",
	    "{\"privileges\":[{\"name\":\"b\",\"patterns\":[\"/x\"]},"
	    "{\"name\":\"a\",\"roles\":[\"r\"],\"patterns\":[\"/x\"]}]}",
	    "", "privileges:\n  \"a\":\n    paths: [\"/x\"]\n    roles: [\"r\"]\ndefault: deny\n",
	    "is in another privilege already" },
	{ "a pattern that is not escaped is no wider for it",
	    "{\"privileges\":[{\"name\":\"p\",\"patterns\":[\"/\\u00e9/a b/*\",\"/%c3%a9\"]}]}", "",
	    "    paths: [\"/%C3%A9/a%20b/*\", \"/%C3%A9\"]\n", NULL },
	{ "a name twice",
	    "{\"privileges\":[{\"name\":\"p\",\"patterns\":[\"/x\"]},{\"name\":\"p\",\"patterns\":"
	    "[\"/y\"]}]}",
	    "", "    paths: [\"/x\"]\n", "has the name of another one" },
	{ "a client's name twice",
	    "{\"privileges\":[],\"clients\":[{\"name\":\"c\",\"client_id\":\"1\",\"client_secret\":"
	    "\"0123456789012345678901\"},{\"name\":\"c\",\"client_id\":\"2\"}]}",
	    "", "default: deny\n", "has the name of another one" },
	{ "roles that are a text are not no roles",
	    "{\"privileges\":[{\"name\":\"p\",\"roles\":\"[\\\"r\\\"]\",\"patterns\":[\"/x\"]}]}",
	    "", NULL,
	    "\"roles\" of \"p\" in \"privileges\" must be a list of names: is FORMAT JSON" },
	{ "nor are those that are no names",
	    "{\"privileges\":[{\"name\":\"p\",\"roles\":[null],\"patterns\":[\"/x\"]}]}", "", NULL,
	    "must be a list of names" },
	{ "the patterns, too", "{\"privileges\":[{\"name\":\"p\",\"patterns\":{\"a\":\"/x\"}}]}",
	    "", NULL, "\"patterns\" of \"p\"" },
	{ "and what a client has",
	    "{\"privileges\":[],\"clients\":[{\"name\":\"c\",\"roles\":\"r\"}]}", "", NULL,
	    "\"roles\" of \"c\" in \"clients\"" },
	{ "no object", "{\"privileges\":[\"p\"]}", "", NULL, "must be a list of objects" },
	{ "roles that are none", "{\"privileges\":[],\"roles\":[1]}", "", NULL,
	    "\"roles\" must be a list of names" },
	{ "no export", "{\"privilege\":[]}", "", NULL, "there are no \"privileges\"" },
	{ "no list", "{\"privileges\":[],\"roles\":{}}", "", NULL, "\"roles\" must be a list" },
};

static void
each_export_is_carried_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *export = json_loads(cases[i].export, 0, NULL);
		struct ords_made made;
		struct err err = { "" };
		const char *note = NULL;
		bool done;

		assert_non_null(export);
		done = ords_make(export, cases[i].prefix, &made, &err);
		if (done)
			note = json_string_value(
			    json_object_get(json_array_get(made.notes, 0), "why"));
		else
			note = err.text;
		if (done != (cases[i].policy != NULL) ||
		    (done && strstr(made.policy.at, cases[i].policy) == NULL) ||
		    (note == NULL) != (cases[i].note == NULL) ||
		    (note != NULL && strstr(note, cases[i].note) == NULL))
			fail_msg("%s: %s\n%s", cases[i].name, note == NULL ? "-" : note,
			    done ? made.policy.at : "");
		ords_done(&made);
		json_decref(export);
	}
}

static void
clients_are_as_import_takes_them(void **state)
{
	json_t *export = json_loads(
	    "{\"privileges\":[],\"clients\":[{\"name\":\"a:b\",\"client_id\":\"i\",\"roles\":"
	    "[\"r\"],\"client_secret\":\"0123456789012345678901\",\"client_secret_2\":\"short\"}]}",
	    0, NULL);
	struct ords_made made;
	const json_t *client;
	struct err err;

	(void)state;
	assert_true(ords_make(export, "", &made, &err));
	client = json_array_get(json_object_get(made.clients, "clients"), 0);
	assert_string_equal(json_string_value(json_object_get(client, "name")), "a_b");
	assert_string_equal(json_string_value(json_at(client, SPAN("/roles/0"))), "r");
	assert_int_equal(json_array_size(json_object_get(client, "secrets")), 1);
	assert_int_equal(json_integer_value(json_at(client, SPAN("/secrets/0/slot"))), 1);
	ords_done(&made);
	json_decref(export);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_export_is_carried_over),
		cmocka_unit_test(clients_are_as_import_takes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
