/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ords.h"

#include <string.h>

#include "cli/yaml_text.h"
#include "policy/pattern_form.h"

#define POLICY_MAX ((size_t)64 << 20)
#define PATTERN_MAX 4096u

static const char head[] =
    "# Made by `postern policy import-ords`. Read it, then `postern check`.\n"
    "# What no privilege covered was public in ORDS. Here it is closed: list it under \"public\" "
    "to\n"
    "# open it.\n";

/* --- YAML --- */

static void
add_list(struct buffer *out, const char *key, const json_t *list)
{
	if (json_array_size(list) == 0)
		return;
	buffer_format(out, "    %s: [", key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		buffer_add_text(out, i == 0 ? "" : ", ");
		yaml_text_quoted(out, span_of(json_string_value(json_array_get(list, i))));
	}
	buffer_add_text(out, "]\n");
}

static void
add_key(struct buffer *out, const char *name)
{
	buffer_add_text(out, "  ");
	yaml_text_quoted(out, span_of(name));
	buffer_add_byte(out, ':');
}

/* --- patterns --- */

/* A `*` is carried over only where ORDS has one: as the last segment. */
static bool
star_fits(const char *pattern)
{
	const char *star = strchr(pattern, '*');

	return strpbrk(pattern, "{}") == NULL &&
	       (star == NULL || (star[1] == '\0' && star > pattern && star[-1] == '/'));
}

/* In the spelling that a policy has: ORDS takes what is not escaped as well. */
static bool
spell(struct buffer *out)
{
	struct arena arena;
	struct err ignored;
	const char *better;
	bool done = pattern_form_check(buffer_span(out), &ignored);

	if (done)
		return true;
	arena_init(&arena, 1 << 17);
	better = pattern_form_spelled(buffer_span(out), &arena);
	if (better != NULL) {
		buffer_reset(out);
		buffer_add_text(out, better);
		buffer_add_byte(out, '\0');
		out->len -= out->failed ? 0 : 1;
		done = !out->failed && pattern_form_check(buffer_span(out), &ignored);
	}
	arena_done(&arena);
	return done;
}

/* With the prefix, without a slash at the end. False: it is none here. */
static bool
place(const struct ords *ords, const char *pattern, struct buffer *out)
{
	buffer_reset(out);
	buffer_add_text(out, ords->prefix);
	if (pattern[0] != '/')
		buffer_add_byte(out, '/');
	buffer_add_text(out, pattern);
	while (!out->failed && out->len > 1 && out->at[out->len - 1] == '/')
		out->at[--out->len] = '\0';
	return !out->failed && star_fits(out->at) && spell(out);
}

/* Has nobody else the pattern? ORDS does not say which privilege counts then. */
static bool
claim(struct ords *ords, const char *pattern, const char *privilege)
{
	const char *owner = ords_text(ords->patterns, pattern);

	if (owner != NULL)
		return strcmp(owner, privilege) == 0;
	if (json_object_set_new(ords->patterns, pattern, json_string(privilege)) != 0)
		ords->failed = true;
	return true;
}

static void
append(struct ords *ords, json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
			return;
	if (json_array_append_new(list, json_string(text)) != 0)
		ords->failed = true;
}

/* --- roles, modules --- */

/* fitting: those that keep their names, or the others. */
static void
name_roles(struct ords *ords, const json_t *list, bool fitting)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *role = json_string_value(json_array_get(list, i));

		if (role != NULL && ords_name_fits(ORDS_ROLE, role) == fitting)
			(void)ords_name(ords, ORDS_ROLE, role);
	}
}

static void
name_all_roles(struct ords *ords, bool fitting)
{
	const json_t *privileges = json_object_get(ords->export, "privileges");
	const json_t *clients = json_object_get(ords->export, "clients");

	name_roles(ords, json_object_get(ords->export, "roles"), fitting);
	for (size_t i = 0; i < json_array_size(privileges); i++)
		name_roles(ords, json_object_get(json_array_get(privileges, i), "roles"), fitting);
	for (size_t i = 0; i < json_array_size(clients); i++)
		name_roles(ords, json_object_get(json_array_get(clients, i), "roles"), fitting);
}

static void
write_roles(struct ords *ords)
{
	const char *raw;
	json_t *name;

	name_all_roles(ords, true);
	name_all_roles(ords, false);
	ords->made->roles = json_object_size(ords->names[ORDS_ROLE]);
	if (ords->made->roles > 0)
		buffer_add_text(&ords->made->policy, "roles:\n");
	json_object_foreach(ords->names[ORDS_ROLE], raw, name)
	{
		add_key(&ords->made->policy, json_string_value(name));
		buffer_add_text(&ords->made->policy, " {}\n");
	}
}

/* The pattern of a module: all below its base path. */
static bool
module_pattern(const struct ords *ords, const json_t *module, struct buffer *out)
{
	const char *base = ords_text(module, "uri_prefix");
	struct buffer whole;
	bool done;

	buffer_init(&whole, PATTERN_MAX);
	buffer_add_text(&whole, base == NULL ? "/" : base);
	if (whole.failed || whole.at[whole.len - 1] != '/')
		buffer_add_byte(&whole, '/');
	buffer_add_byte(&whole, '*');
	done = !whole.failed && place(ords, whole.at, out);
	buffer_done(&whole);
	return done;
}

static const char *
module_trouble(struct ords *ords, const json_t *module, const json_t *seen, struct buffer *pattern)
{
	const char *status = ords_text(module, "status");

	if (status != NULL && strcmp(status, "PUBLISHED") != 0)
		return "is not published";
	if (!module_pattern(ords, module, pattern))
		return "has a base path that is no path here";
	return json_object_get(seen, pattern->at) != NULL ? "has the base path of another module"
							  : NULL;
}

/* paths: {name in ORDS: pattern} of those that were written. */
static void
write_modules(struct ords *ords, json_t *paths)
{
	const json_t *modules = json_object_get(ords->export, "modules");
	json_t *seen = json_object();
	struct buffer pattern;

	buffer_init(&pattern, PATTERN_MAX);
	for (size_t i = 0; i < json_array_size(modules); i++) {
		const json_t *module = json_array_get(modules, i);
		const char *name = ords_text(module, "name"), *here, *why;

		if (name == NULL || json_object_get(paths, name) != NULL)
			continue;
		why = module_trouble(ords, module, seen, &pattern);
		if (why != NULL) {
			ords_note(ords, "module", name, why);
			continue;
		}
		here = ords_name(ords, ORDS_MODULE, name);
		if (here == NULL ||
		    json_object_set_new(paths, name, json_string(pattern.at)) != 0 ||
		    json_object_set_new(seen, pattern.at, json_true()) != 0)
			ords->failed = true;
		if (here == NULL)
			break;
		buffer_add_text(
		    &ords->made->policy, ords->made->modules++ == 0 ? "modules:\n" : "");
		add_key(&ords->made->policy, here);
		buffer_add_text(&ords->made->policy, " {paths: [");
		yaml_text_quoted(&ords->made->policy, buffer_span(&pattern));
		buffer_add_text(&ords->made->policy, "]}\n");
	}
	json_decref(seen);
	buffer_done(&pattern);
}

/* --- privileges --- */

static void
take_modules(struct ords *ords, const json_t *privilege, const json_t *paths, json_t *list)
{
	const json_t *modules = json_object_get(privilege, "modules");
	const char *name = ords_text(privilege, "name");

	for (size_t i = 0; i < json_array_size(modules); i++) {
		const char *module = json_string_value(json_array_get(modules, i));
		const char *pattern = module == NULL ? NULL : ords_text(paths, module);

		if (module == NULL)
			continue;
		if (pattern == NULL)
			ords_note(ords, "module of a privilege", module, "was not carried over");
		else if (!claim(ords, pattern, name))
			ords_note(ords, "module of a privilege", module,
			    "has its path in another privilege already");
		else
			append(ords, list, ords_name(ords, ORDS_MODULE, module));
	}
}

static void
take_patterns(struct ords *ords, const json_t *privilege, json_t *list)
{
	const json_t *patterns = json_object_get(privilege, "patterns");
	const char *name = ords_text(privilege, "name");
	struct buffer placed;

	buffer_init(&placed, PATTERN_MAX);
	for (size_t i = 0; i < json_array_size(patterns); i++) {
		const char *pattern = json_string_value(json_array_get(patterns, i));

		if (pattern == NULL)
			continue;
		if (!place(ords, pattern, &placed))
			ords_note(ords, "pattern", pattern,
			    "is no pattern here: a wider one decides for its paths, if there is "
			    "any");
		else if (!claim(ords, placed.at, name))
			ords_note(ords, "pattern", pattern, "is in another privilege already");
		else
			append(ords, list, placed.at);
	}
	buffer_done(&placed);
}

static void
take_roles(struct ords *ords, const json_t *privilege, json_t *list)
{
	const json_t *roles = json_object_get(privilege, "roles");

	for (size_t i = 0; i < json_array_size(roles); i++) {
		const char *role = json_string_value(json_array_get(roles, i));
		const char *name = role == NULL ? NULL : ords_name(ords, ORDS_ROLE, role);

		if (name != NULL)
			append(ords, list, name);
	}
}

static void
add_text(struct buffer *out, const json_t *privilege, const char *key)
{
	const char *text = ords_text(privilege, key);

	if (text == NULL)
		return;
	buffer_format(out, "    %s: ", key);
	yaml_text_quoted(out, span_of(text));
	buffer_add_byte(out, '\n');
}

static void
write_privilege(struct ords *ords, const json_t *privilege, const json_t *paths)
{
	struct buffer *out = &ords->made->policy;
	const char *name = ords_text(privilege, "name");
	json_t *modules = json_array(), *patterns = json_array(), *roles = json_array();

	take_modules(ords, privilege, paths, modules);
	take_patterns(ords, privilege, patterns);
	take_roles(ords, privilege, roles);
	if (json_array_size(modules) + json_array_size(patterns) == 0) {
		ords_note(ords, "privilege", name, "protects nothing that was carried over");
	} else {
		buffer_add_text(out, ords->made->privileges++ == 0 ? "privileges:\n" : "");
		add_key(out, ords_name(ords, ORDS_PRIVILEGE, name));
		buffer_add_byte(out, '\n');
		add_text(out, privilege, "label");
		add_text(out, privilege, "description");
		add_list(out, "modules", modules);
		add_list(out, "paths", patterns);
		add_list(out, "roles", roles);
	}
	json_decref(modules);
	json_decref(patterns);
	json_decref(roles);
}

/* Those with roles first: of two that have one pattern, the one that lets everybody in is not to
 * keep it. */
static void
write_privileges(struct ords *ords, const json_t *paths, bool guarded)
{
	const json_t *privileges = json_object_get(ords->export, "privileges");

	for (size_t i = 0; i < json_array_size(privileges) && !ords->failed; i++) {
		const json_t *privilege = json_array_get(privileges, i);
		const char *name = ords_text(privilege, "name");

		if ((json_array_size(json_object_get(privilege, "roles")) > 0) != guarded)
			continue;
		if (name == NULL || json_object_get(ords->names[ORDS_PRIVILEGE], name) != NULL)
			ords_note(ords, "privilege", name == NULL ? "" : name,
			    name == NULL ? "has no name" : "has the name of another one");
		else
			write_privilege(ords, privilege, paths);
	}
}

/* --- all of it --- */

static void
note_open_modules(struct ords *ords, const json_t *paths)
{
	const char *name;
	json_t *pattern;

	json_object_foreach((json_t *)paths, name,
	    pattern) if (ords_text(ords->patterns, json_string_value(pattern)) == NULL)
	    ords_note(ords, "module", name,
		"had no privilege of its own, and may have been public: it is closed "
		"now unless a privilege's path covers it");
}

static void
note_profiles(struct ords *ords)
{
	const json_t *profiles = json_object_get(ords->export, "jwt_profiles");

	for (size_t i = 0; i < json_array_size(profiles); i++) {
		const char *issuer = ords_text(json_array_get(profiles, i), "issuer");

		ords_note(ords, "JWT profile", issuer == NULL ? "" : issuer,
		    "write it under \"issuers\" of postern.yaml, and who gets which role under "
		    "\"granted_to\"");
	}
}

static void
make(struct ords *ords)
{
	json_t *paths = json_object();

	buffer_add_text(&ords->made->policy, head);
	write_roles(ords);
	write_modules(ords, paths);
	write_privileges(ords, paths, true);
	write_privileges(ords, paths, false);
	buffer_add_text(&ords->made->policy, "default: deny\n");
	note_open_modules(ords, paths);
	note_profiles(ords);
	ords_clients(ords);
	json_decref(paths);
	if (ords->made->policy.failed)
		ords->failed = true;
}

bool
ords_make(const json_t *export, const char *prefix, struct ords_made *ret_made, struct err *reterr)
{
	struct ords ords = {
		.export = export, .prefix = prefix, .made = ret_made, .patterns = json_object()
	};
	bool sound;

	*ret_made = (struct ords_made){ .notes = json_array() };
	buffer_init(&ret_made->policy, POLICY_MAX);
	for (size_t i = 0; i < sizeof(ords.names) / sizeof(ords.names[0]); i++)
		ords.names[i] = json_object();
	sound = ords_shape(export, reterr);
	if (sound)
		make(&ords);
	if (sound && ords.failed)
		(void)err_set(reterr, "out of memory");
	for (size_t i = 0; i < sizeof(ords.names) / sizeof(ords.names[0]); i++)
		json_decref(ords.names[i]);
	json_decref(ords.patterns);
	return sound && !ords.failed;
}

void
ords_done(struct ords_made *made)
{
	buffer_done(&made->policy);
	json_decref(made->clients);
	json_decref(made->notes);
}
