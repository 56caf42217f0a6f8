/* SPDX-License-Identifier: Apache-2.0 */
/* Is it an export, to the last list? What is taken for an empty list of roles would let everybody
 * in. */
#include "cli/ords.h"

static bool
is_list(const json_t *list)
{
	return list == NULL || json_is_null(list) || json_is_array(list);
}

/* A list of names, or none. */
static bool
is_names(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return false;
	return is_list(list);
}

/* The lists of names in each entry of a list. */
static bool
entries_hold(const json_t *export, const char *key, const char *const *names, struct err *reterr)
{
	const json_t *list = json_object_get(export, key);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *name = ords_text(one, "name");

		if (!json_is_object(one))
			return err_set(reterr, "\"%s\" must be a list of objects", key);
		for (size_t k = 0; names[k] != NULL; k++)
			if (!is_names(json_object_get(one, names[k])))
				return err_set(reterr,
				    "\"%s\" of \"%.100s\" in \"%s\" must be a list of names: is "
				    "FORMAT JSON missing in the query?",
				    names[k], name == NULL ? "" : name, key);
	}
	return true;
}

bool
ords_shape(const json_t *export, struct err *reterr)
{
	static const char *const keys[] = { "modules", "roles", "privileges", "clients",
		"jwt_profiles" };
	static const char *const of_module[] = { NULL },
				 *const of_privilege[] = { "roles", "patterns", "modules", NULL },
				 *const of_client[] = { "roles", "privileges", NULL };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!is_list(json_object_get(export, keys[i])))
			return err_set(reterr, "\"%s\" must be a list", keys[i]);
	if (!is_names(json_object_get(export, "roles")))
		return err_set(reterr, "\"roles\" must be a list of names");
	if (!entries_hold(export, "modules", of_module, reterr) ||
	    !entries_hold(export, "privileges", of_privilege, reterr) ||
	    !entries_hold(export, "clients", of_client, reterr))
		return false;
	return json_object_get(export, "privileges") != NULL ||
	       err_set(reterr, "there are no \"privileges\" in it: is it what the manual's query "
			       "gives?");
}
