/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/remedy_policy.h"

#include "policy/pattern.h"
#include "policy/rule.h"

#define NEAR_MAX 3

static const struct policy *
policy_of(const struct remedy *remedy)
{
	return &remedy->snapshot->config->policy;
}

static const char *
member(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text == NULL ? "" : text;
}

static void
say_line(const struct remedy *remedy, const json_t *line)
{
	remedy_say(remedy,
	    "%s:%lld wants %s %s, and the caller has %s: write it alike there and at the identity "
	    "provider",
	    member(line, "file"), json_integer_value(json_object_get(line, "line")),
	    member(line, "failed"), member(line, "wanted"), member(line, "near"));
}

/* What is all but right is nearly always the cause: first what differs in case or the like, which
 * says so in parentheses, then what may be misspelt. Of many such lines a few are told. */
static void
say_near(const struct remedy *remedy, const json_t *lines)
{
	int told = 0;

	for (int sure = 1; sure >= 0; sure--)
		for (size_t i = 0; i < json_array_size(lines) && told < NEAR_MAX; i++) {
			const json_t *line = json_array_get(lines, i);
			const char *near = member(line, "near");

			if (near[0] == '\0' || (strchr(near, '(') != NULL) != (sure == 1))
				continue;
			say_line(remedy, line);
			told++;
		}
}

/* Is it for where the client is that a line fails? */
static bool
fails_on_peer(const json_t *lines)
{
	for (size_t i = 0; i < json_array_size(lines); i++)
		if (strcmp(member(json_array_get(lines, i), "failed"), "peer") == 0)
			return true;
	return false;
}

static void
say_proxies(const struct remedy *remedy, const char *what)
{
	const struct node *root = remedy->snapshot->config->root;

	remedy_say(remedy,
	    "if a proxy stands in front of the gate, list its address in listen.trusted_proxies "
	    "(%s): until then %s",
	    remedy_place(remedy, document_get(root, "listen"), "trusted_proxies"), what);
}

static void
say_lacking(const struct remedy *remedy)
{
	const json_t *lines = json_object_get(remedy->said, "granted_to");
	const struct privilege *privilege = remedy_privilege(remedy);
	const char *name = privilege == NULL ? "the privilege" : privilege->name;

	say_near(remedy, lines);
	if (fails_on_peer(lines))
		say_proxies(remedy, "the proxy counts as the client, and its X-Forwarded-For is "
				    "not believed");
	if (json_array_size(json_object_get(remedy->said, "to_pass")) > 0)
		remedy_say(remedy,
		    "have the caller get what one of the lines `to pass` names (a scope, group or "
		    "role is given at the identity provider), or write what it does have into "
		    "`granted_to` of the role");
	else
		remedy_say(remedy,
		    "nothing gives a role that %s wants: write a line under its role's "
		    "`granted_to` (%s)",
		    name,
		    remedy_place(remedy, privilege == NULL ? NULL : privilege->node, "roles"));
}

static void
say_scope(const struct remedy *remedy)
{
	const struct privilege *privilege = remedy_privilege(remedy);

	if (privilege == NULL || privilege->scopes.count == 0)
		return;
	remedy_say(remedy,
	    "have the client ask for one of the scopes %s, and the identity provider give it; for "
	    "a client of the local issuer: `postern client change NAME --scope SCOPE`",
	    remedy_list(remedy, &privilege->scopes));
	remedy_say(remedy, "or change `scopes` of privilege %s (%s), or give it `roles`",
	    privilege->name, remedy_place(remedy, privilege->node, "scopes"));
}

/* Every privilege on the pattern that decided. */
static void
say_method(const struct remedy *remedy)
{
	const char *pattern = remedy_text(remedy, "pattern"),
		   *method = remedy_text(remedy, "method");
	const struct ruling *ruling = policy_of(remedy)->rulings;

	while (pattern != NULL && ruling != NULL && strcmp(ruling->pattern, pattern) != 0)
		ruling = ruling->next;
	if (pattern == NULL || method == NULL || ruling == NULL)
		return;
	for (const struct rule *rule = ruling->first; rule != NULL; rule = rule->next)
		if (rule->privilege != NULL)
			remedy_say(remedy, "add %s to `methods` of privilege %s (%s)", method,
			    rule->privilege->name,
			    remedy_place(remedy, rule->privilege->node, "methods"));
	remedy_say(remedy,
	    "or write another privilege with the path \"%s\" and methods: [%s]; the most specific "
	    "pattern alone decides, so one that is wider does not help",
	    pattern, method);
}

static struct span
lower(const struct remedy *remedy, const char *text)
{
	struct span span = span_of(text);
	char *copy = arena_text(remedy->arena, span);

	for (size_t i = 0; copy != NULL && i < span.len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	return copy == NULL ? SPAN("") : (struct span){ copy, span.len };
}

/* The pattern that would match if upper and lower case were one. */
static const struct ruling *
nearly(const struct remedy *remedy, const char *path)
{
	struct span wanted = lower(remedy, path);

	for (const struct ruling *one = policy_of(remedy)->rulings; one != NULL; one = one->next)
		if (pattern_within(wanted, lower(remedy, one->pattern)))
			return one;
	return NULL;
}

static void
say_no_rule(const struct remedy *remedy)
{
	const struct module *module = remedy_module(remedy);
	const char *path = remedy_text(remedy, "path");
	const struct ruling *near = path == NULL ? NULL : nearly(remedy, path);

	if (near != NULL)
		remedy_say(remedy,
		    "the pattern \"%s\" differs in upper and lower case alone: ask for the path "
		    "as it is written there, or give its module case_sensitive: false",
		    near->pattern);
	if (module != NULL)
		remedy_say(remedy,
		    "module %s serves this path (%s), but no privilege covers it: write one with "
		    "modules: [%s], or with a path for it",
		    module->name, remedy_place(remedy, module->node, "paths"), module->name);
	else
		remedy_say(remedy,
		    "no module has this path either: add a privilege with a pattern for it, or a "
		    "line under `public` if anybody may call it");
	remedy_say(remedy,
	    "\"/a/*\" is /a and all below it, \"/a/*/b\" has one segment in place of the star, "
	    "and \"/a\" is that path alone");
}

static void
say_origin(const struct remedy *remedy)
{
	const struct module *module = remedy_module(remedy);

	if (module != NULL)
		remedy_say(remedy,
		    "if the page may call this API, add its origin (scheme, host and port, as the "
		    "browser sends it) to cors.origins of module %s (%s)",
		    module->name, remedy_place(remedy, module->node, "cors"));
	say_proxies(
	    remedy, "a request that came to it by https counts as http, which is another origin");
}

static void
say_rate(const struct remedy *remedy)
{
	const struct privilege *privilege = remedy_privilege(remedy);
	const struct module *module = remedy_module(remedy);

	remedy_say(remedy, "wait as long as Retry-After says, and spread the requests");
	if (privilege != NULL && privilege->rate != NULL)
		remedy_say(remedy, "or allow more: `rate` of privilege %s is %s (%s)",
		    privilege->name, privilege->rate->limit,
		    remedy_place(remedy, privilege->node, "rate"));
	if (module != NULL && module->rate != NULL)
		remedy_say(remedy, "or allow more: `rate` of module %s is %s (%s)", module->name,
		    module->rate->limit, remedy_place(remedy, module->node, "rate"));
}

/* Where the upstream is configured that was to get the request. */
static void
say_upstream(const struct remedy *remedy)
{
	const struct config *config = remedy->snapshot->config;
	const struct module *module = remedy_module(remedy);
	const struct backend *backend = config_backend(config, module);

	if (backend == NULL) {
		remedy_say(remedy,
		    "no upstream is configured for this path: give its module one, or write "
		    "`upstream` at the top of %s",
		    config->path);
		return;
	}
	remedy_say(remedy, "start the API at %s, or see why it does not answer this machine",
	    backend->url);
	if (module != NULL && module->upstream != NULL)
		remedy_say(remedy, "or correct `upstream` of module %s (%s)", module->name,
		    remedy_place(remedy, module->node, "upstream"));
	else
		remedy_say(remedy, "or correct `upstream` (%s)",
		    remedy_place(remedy, config->root, "upstream"));
}

void
remedy_policy(const struct remedy *remedy, enum reason reason)
{
	static void (*const says[REASON_COUNT])(const struct remedy *) = {
		[REASON_PRIVILEGE_MISSING] = say_lacking,
		[REASON_SCOPE_MISSING] = say_scope,
		[REASON_METHOD_NOT_GRANTED] = say_method,
		[REASON_NO_RULE] = say_no_rule,
		[REASON_ORIGIN_NOT_ALLOWED] = say_origin,
		[REASON_RATE_LIMITED] = say_rate,
		[REASON_UPSTREAM_UNREACHABLE] = say_upstream,
	};

	if (says[reason] != NULL)
		says[reason](remedy);
}
