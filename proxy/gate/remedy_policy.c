/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/remedy_policy.h"

#include "policy/host_set.h"
#include "policy/module.h"
#include "policy/pattern.h"
#include "policy/privilege.h"
#include "policy/rule.h"

static const struct policy *
policy_of(const struct remedy *remedy)
{
	return &remedy->snapshot->config->policy;
}

/* The ruling of the pattern that decided; NULL: it is not configured any more. */
static const struct ruling *
decided(const struct remedy *remedy)
{
	const char *pattern = remedy_text(remedy, "pattern"), *host = remedy_text(remedy, "host");
	const struct ruling *one = policy_of(remedy)->rulings;

	while (one != NULL && pattern != NULL &&
	       (strcmp(one->pattern, pattern) != 0 || (one->host == NULL) != (host == NULL) ||
		   (host != NULL && strcmp(one->host->name, host) != 0)))
		one = one->next;
	return pattern == NULL ? NULL : one;
}

/* Every privilege on the pattern that decided: any one of them may be given the method. */
static void
say_method(const struct remedy *remedy)
{
	const char *method = remedy_text(remedy, "method"), *or = "";
	const struct ruling *ruling = decided(remedy);

	if (method == NULL || ruling == NULL)
		return;
	if (!privilege_is_method(method)) {
		remedy_say(remedy,
		    "have the client send another method: a policy has capitals, digits, \"-\" and "
		    "\"_\" in methods, and compares them exactly: \"%s\" is none of them",
		    method);
		return;
	}
	if (strcmp(method, "HEAD") == 0)
		method = "GET"; /* which includes it */
	for (const struct rule *rule = ruling->first; rule != NULL; rule = rule->next)
		if (rule->privilege != NULL) {
			remedy_say(remedy, "%sadd %s to `methods` of privilege %s (%s)", or, method,
			    rule->privilege->name,
			    remedy_place(remedy, rule->privilege->node, "methods"));
			or = "or ";
		}
	remedy_say(remedy,
	    "or write another privilege with the path \"%s\" and methods: [%s]; the most specific "
	    "pattern alone decides, so one that is wider does not help",
	    ruling->pattern, method);
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

/* The pattern of one host that matches the path: so the request was for another host. */
static const struct ruling *
of_host(const struct remedy *remedy, const char *path)
{
	for (const struct ruling *one = policy_of(remedy)->rulings; one != NULL; one = one->next)
		if (one->host != NULL && pattern_within(span_of(path), span_of(one->pattern)))
			return one;
	return NULL;
}

/* The pattern for every host that would match if upper and lower case were one. */
static const struct ruling *
nearly(const struct remedy *remedy, const char *path)
{
	struct span wanted = lower(remedy, path);

	for (const struct ruling *one = policy_of(remedy)->rulings; one != NULL; one = one->next)
		if (one->host == NULL && pattern_within(wanted, lower(remedy, one->pattern)))
			return one;
	return NULL;
}

static void
say_near_rule(const struct remedy *remedy, const char *path)
{
	const struct ruling *near = nearly(remedy, path), *other = of_host(remedy, path);

	if (near != NULL)
		remedy_say(remedy,
		    "the pattern \"%s\" differs in upper and lower case alone: ask for the path "
		    "as it is written there, or give its module case_sensitive: false",
		    near->pattern);
	if (other != NULL)
		remedy_say(remedy,
		    "the pattern \"%s\" is for the host %s alone: if that is meant, the request "
		    "must have it in Host, and a proxy in front must keep it",
		    other->pattern, other->host->name);
}

static void
say_no_rule(const struct remedy *remedy)
{
	const struct module *module = remedy_module(remedy);
	const char *path = remedy_text(remedy, "path");

	if (path != NULL)
		say_near_rule(remedy, path);
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

/* What a module may allow has a word; what it may not, the client must not send. */
static void
say_ambiguous(const struct remedy *remedy)
{
	const char *detail = remedy_text(remedy, "detail");
	const struct module *module = remedy_module(remedy);
	unsigned mild = 1;

	while (
	    detail != NULL && mild < TARGET_MILD_END && strcmp(target_mild_text(mild), detail) != 0)
		mild++;
	if (detail == NULL)
		return;
	remedy_say(remedy, "let the client send the path without it");
	if (mild == TARGET_MILD_END)
		remedy_say(remedy, "no `path_allow` admits it");
	else if (module != NULL)
		remedy_say(remedy,
		    "or, if the API needs it, give module %s (%s) path_allow: [%s], and no "
		    "narrower rules below its paths: the API may read such a path in another way",
		    module->name, remedy_place(remedy, module->node, "path_allow"),
		    module_allow_words(mild | module->path_allow, remedy->arena));
	else
		remedy_say(remedy,
		    "or, if the API needs it, give it a module for this path with path_allow: "
		    "[%s], and no narrower rules below that",
		    module_allow_words(mild, remedy->arena));
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
	remedy_say_proxies(
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

/* What the detail says of an upstream that may well be running; NULL: it is not known. */
static const char *
upstream_hint(const char *detail, bool secure)
{
	static const struct {
		const char *words, *hint;
	} hints[] = {
		{ "certificate is refused",
		    "it answers, but its certificate is not trusted: give `tls` of the upstream "
		    "ca_file, the certificates of who signed it, or server_name, the name in it" },
		{ "handshake failed", "it answers, but not with TLS as the gate speaks it: if it "
				      "speaks plain HTTP there, write http:// in `upstream`" },
		{ "does not begin with strip_prefix",
		    "the upstream takes strip_prefix off every path: give a module with an "
		    "upstream of its own to the paths that do not begin with it" },
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (detail != NULL && strstr(detail, hints[i].words) != NULL)
			return hints[i].hint;
	if (detail != NULL && !secure && strstr(detail, "closed without an answer") != NULL)
		return "it accepts connections and closes them: if it speaks TLS there, write "
		       "https:// in `upstream`; else look into its own log";
	return NULL;
}

/* Where the upstream is configured that was to get the request. */
static void
say_upstream(const struct remedy *remedy)
{
	const struct config *config = remedy->snapshot->config;
	const struct module *module = remedy_module(remedy);
	const struct backend *backend = config_backend(config, module);
	const char *hint =
	    backend == NULL ? NULL : upstream_hint(remedy_text(remedy, "detail"), backend->secure);

	if (backend == NULL) {
		remedy_say(remedy,
		    "no upstream is configured for this path: give its module one, or write "
		    "`upstream` at the top of %s",
		    config->path);
		return;
	}
	if (hint != NULL)
		remedy_say(remedy, "%s", hint);
	else
		remedy_say(remedy,
		    "start the API at %s, or see why it does not answer this machine",
		    backend->url);
	if (module != NULL && module->upstream != NULL)
		remedy_say(remedy, "or correct `upstream` of module %s (%s)", module->name,
		    remedy_place(remedy, module->node, "upstream"));
	else
		remedy_say(remedy, "or correct `upstream` (%s)",
		    remedy_place(remedy, config->root, "upstream"));
}

/* What a gateway that asks has wrong: the usual first question. */
static void
say_asked(const struct remedy *remedy)
{
	static const struct {
		const char *form, *wants;
	} forms[] = {
		[ASKED_ORIGINAL] = { "original",
		    "exactly one X-Original-URI and one X-Original-Method" },
		[ASKED_FORWARDED] = { "forwarded",
		    "exactly one X-Forwarded-Uri and one X-Forwarded-Method" },
		[ASKED_PATH_BELOW] = { "path",
		    "the method, and the path below /_postern/authorize, in the question itself" },
	};
	const struct config *config = remedy->snapshot->config;
	const struct node *map = document_get(config->root, "forward_auth");
	const char *detail = remedy_text(remedy, "detail"), *peer = remedy_text(remedy, "peer");

	if (detail != NULL && strstr(detail, "forward_auth.form") != NULL) {
		remedy_say(remedy,
		    "forward_auth.form is %s (%s): have the gateway send %s, none of its client's "
		    "and none of another form",
		    forms[config->forward_auth.form].form, remedy_place(remedy, map, "form"),
		    forms[config->forward_auth.form].wants);
		remedy_say(remedy,
		    "or set the form that the gateway speaks: original for nginx and HAProxy, "
		    "forwarded for Caddy and Traefik, path for Envoy");
	} else if (detail != NULL && strstr(detail, "forward_auth.trusted_proxies") != NULL) {
		remedy_say(remedy,
		    "if %s is your gateway, add it to forward_auth.trusted_proxies (%s)",
		    peer == NULL ? "the peer" : peer, remedy_place(remedy, map, "trusted_proxies"));
	}
}

void
remedy_policy(const struct remedy *remedy, enum reason reason)
{
	static void (*const says[REASON_COUNT])(const struct remedy *) = {
		[REASON_METHOD_NOT_GRANTED] = say_method,
		[REASON_NO_RULE] = say_no_rule,
		[REASON_PATH_AMBIGUOUS] = say_ambiguous,
		[REASON_ORIGIN_NOT_ALLOWED] = say_origin,
		[REASON_RATE_LIMITED] = say_rate,
		[REASON_REQUEST_MALFORMED] = say_asked,
		[REASON_UPSTREAM_UNREACHABLE] = say_upstream,
	};

	if (says[reason] != NULL)
		says[reason](remedy);
}
