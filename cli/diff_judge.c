/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/diff_judge.h"

#include "proxy/gate/assume.h"
#include "policy/decide.h"
#include "policy/module_resource.h"

/* Longer paths are cut off in the log. */
#define PATH_SHOWN 2048

/* What is known of who asked. */
enum known {
	KNOWN_CALLER,
	KNOWN_NOBODY,  /* no credentials */
	KNOWN_REFUSED, /* credentials that any policy refuses */
	KNOWN_NOTHING  /* nobody looked, or the log does not say */
};

struct judging {
	const struct config *config;
	const struct diff_policies *policies;
	const json_t *line;
	struct arena *arena;
	struct target target;
	enum reason logged;
	enum known known;
	struct claims claims;
	struct diff_caller caller;
	bool basic; /* known by name and password */
	struct diff_found found;
};

static struct span
text(const struct judging *judging, const char *key)
{
	return json_text(json_object_get(judging->line, key));
}

static enum diff_outcome
undecidable(struct judging *judging, const char *why)
{
	judging->found.why = why;
	return judging->found.outcome = DIFF_UNDECIDABLE;
}

/* REASON_COUNT: a word of another version. */
static enum reason
find_reason(struct span word)
{
	int reason = 0;

	while (reason < REASON_COUNT && !span_is(word, reason_word((enum reason)reason)))
		reason++;
	return (enum reason)reason;
}

/* Reasons that the policy gives. */
static bool
by_policy(enum reason reason)
{
	return reason == REASON_CREDENTIALS_MISSING || reason == REASON_PRIVILEGE_MISSING ||
	       reason == REASON_SCOPE_MISSING || reason == REASON_METHOD_NOT_GRANTED ||
	       reason == REASON_NO_RULE || reason == REASON_PATH_AMBIGUOUS ||
	       reason == REASON_CLAIM_MISMATCH;
}

/* Reasons of what comes after the policy let it pass. */
static bool
after_policy(enum reason reason)
{
	return reason == REASON_OK || reason == REASON_BODY_TOO_LARGE ||
	       reason == REASON_UPSTREAM_UNREACHABLE || reason == REASON_UPSTREAM_TIMEOUT ||
	       reason == REASON_UPSTREAM_MALFORMED || reason == REASON_CLIENT_GONE ||
	       reason == REASON_REQUEST_TIMEOUT || reason == REASON_RATE_LIMITED;
}

/* Reasons of credentials, whatever the policy. */
static bool
by_credentials(enum reason reason)
{
	return !by_policy(reason) && reason_status(reason) == 401;
}

/* --- who asked --- */

static bool
read_spans(const json_t *list, struct spans *spans, struct arena *arena)
{
	spans->at = arena_array(arena, json_array_size(list) + 1, sizeof(*spans->at));
	if (spans->at == NULL)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		spans->at[spans->count++] = json_text(json_array_get(list, i));
	return true;
}

/* False: no memory, or an issuer that the configuration does not name. */
static bool
read_token(struct judging *judging, const char *issuer, json_t *empty)
{
	const struct config *config = judging->config;
	size_t index = assume_issuer(config, issuer);

	if (index == config->trusted_issuer_count)
		return false;
	judging->claims = (struct claims){ .trusted_issuer = &config->trusted_issuers[index],
		.subject = text(judging, "sub"),
		.client = text(judging, "client"),
		.payload = empty };
	judging->caller.claims = &judging->claims;
	judging->caller.local = config->has_local && index == config->local_index;
	return read_spans(json_object_get(judging->line, "scopes"), &judging->claims.scopes,
		   judging->arena) &&
	       read_spans(json_object_get(judging->line, "groups"), &judging->claims.groups,
		   judging->arena);
}

static bool
names_caller(const struct judging *judging)
{
	return text(judging, "issuer").at != NULL || text(judging, "user").at != NULL ||
	       text(judging, "certificate").at != NULL || text(judging, "sub").at != NULL;
}

/* empty  an object without members, that outlives the judging. */
static bool
read_caller(struct judging *judging, json_t *empty)
{
	const char *issuer = json_string_value(json_object_get(judging->line, "issuer"));
	struct diff_caller *caller = &judging->caller;

	caller->roles = json_object_get(judging->line, "roles");
	caller->certificate = text(judging, "certificate");
	caller->peer = text(judging, "peer");
	caller->store.user = json_string_value(json_object_get(judging->line, "user"));
	caller->store.client_name =
	    json_string_value(json_object_get(judging->line, "client_name"));
	caller->local = caller->store.user != NULL;
	judging->basic = issuer == NULL && caller->store.user != NULL;
	judging->known = by_credentials(judging->logged)                 ? KNOWN_REFUSED
			 : json_is_array(caller->roles)                  ? KNOWN_CALLER
			 : judging->logged == REASON_CREDENTIALS_MISSING ? KNOWN_NOBODY
									 : KNOWN_NOTHING;
	if (judging->known != KNOWN_CALLER || issuer == NULL)
		return true;
	return read_token(judging, issuer, empty);
}

/* --- what a policy says --- */

static bool
find_principal(struct judging *judging, bool by_new, struct principal *principal)
{
	const struct diff_caller *caller = &judging->caller;

	*principal = (struct principal){ .subject = text(judging, "sub"),
		.client = text(judging, "client"),
		.client_name = caller->store.client_name,
		.user = caller->store.user,
		.scopes = judging->claims.scopes };
	return by_new ? diff_roles_new(judging->policies, caller, principal, judging->arena)
		      : diff_roles_old(judging->policies, caller, principal, judging->arena);
}

/* REASON_COUNT: it cannot be said, and found.why is set. */
static enum reason
reason_of_caller(struct judging *judging, bool by_new, const struct route_match *route)
{
	const struct policy *policy = by_new ? judging->policies->new : judging->policies->old;
	struct principal principal;
	enum reason reason;

	if (judging->known == KNOWN_REFUSED && judging->logged != REASON_BASIC_NOT_ALLOWED)
		return judging->logged;
	if (judging->known == KNOWN_NOBODY)
		return decide_caller(policy, route, NULL, judging->arena).reason;
	if (judging->known != KNOWN_CALLER) {
		(void)undecidable(judging, names_caller(judging)
					       ? "the log was not written with log.caller: full"
					       : "nobody asked for the caller's credentials");
		return REASON_COUNT;
	}
	if (judging->basic && route->module != NULL && !route->module->basic)
		return REASON_BASIC_NOT_ALLOWED;
	if (!find_principal(judging, by_new, &principal)) {
		(void)undecidable(judging, "there is no memory");
		return REASON_COUNT;
	}
	reason = decide_caller(policy, route, &principal, judging->arena).reason;
	if (reason != REASON_GROUPS_OVERAGE && reason != REASON_CLAIM_MISMATCH)
		return reason;
	(void)undecidable(judging, "it depends on claims that are not in the log");
	return REASON_COUNT;
}

static enum reason
reason_of(struct judging *judging, bool by_new, struct route_match *route)
{
	const struct policy *policy = by_new ? judging->policies->new : judging->policies->old;

	decide_route(policy, judging->found.method, &judging->target, route);
	if (route->public && route->reason == REASON_OK)
		return REASON_OK;
	if (route->reason != REASON_OK && route->reason != REASON_METHOD_NOT_GRANTED)
		return route->reason;
	return reason_of_caller(judging, by_new, route);
}

static const char *
privilege_of(const struct route_match *route)
{
	return route->privilege == NULL ? NULL : route->privilege->name;
}

/* Must the token that was presented be for another API, by the new policy? */
static bool
other_audience(
    const struct judging *judging, const struct route_match *old, const struct route_match *new)
{
	bool token =
	    judging->claims.trusted_issuer != NULL || judging->logged == REASON_AUDIENCE_MISMATCH;

	return token && !new->public && !module_resource_same(old->module, new->module);
}

static enum diff_outcome
compare(struct judging *judging)
{
	struct diff_found *found = &judging->found;
	struct route_match old, new;

	found->old = reason_of(judging, false, &old);
	if (found->old == REASON_COUNT)
		return found->outcome;
	if ((found->old == REASON_OK) != after_policy(judging->logged))
		return undecidable(judging, "the old policy is not the one that decided it");
	found->new = reason_of(judging, true, &new);
	if (found->new == REASON_COUNT)
		return found->outcome;
	if (other_audience(judging, &old, &new))
		return undecidable(judging, "the log does not say for which audience the token is");
	found->old_privilege = privilege_of(&old);
	found->new_privilege = privilege_of(&new);
	found->old_pattern = old.pattern;
	found->new_pattern = new.pattern;
	return found->outcome = (found->old == REASON_OK) == (found->new == REASON_OK)
				    ? DIFF_SAME
				    : DIFF_CHANGED;
}

static struct span
caller_of(const struct judging *judging)
{
	static const char *const keys[] = { "client_name", "client", "user", "sub", "certificate" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (text(judging, keys[i]).at != NULL)
			return text(judging, keys[i]);
	return (struct span){ NULL, 0 };
}

static enum diff_outcome
judge(struct judging *judging, json_t *empty)
{
	struct diff_found *found = &judging->found;

	if (!span_is(text(judging, "event"), "request"))
		return found->outcome = DIFF_NO_REQUEST;
	found->method = text(judging, "method");
	found->path = text(judging, "path");
	found->caller = caller_of(judging);
	judging->logged = find_reason(text(judging, "reason"));
	if (span_is(text(judging, "verdict"), "serve"))
		return found->outcome = DIFF_SAME; /* no policy is asked */
	if (found->method.at == NULL || found->path.at == NULL || judging->logged == REASON_COUNT)
		return undecidable(judging, "the line is not complete");
	if (found->path.len >= PATH_SHOWN)
		return undecidable(judging, "the path is cut off");
	if (target_read(found->path, judging->arena, &judging->target) != REASON_OK)
		return found->outcome = DIFF_SAME; /* no policy is asked */
	if (judging->policies->old->host_count > 0 || judging->policies->new->host_count > 0)
		return undecidable(judging, "the log does not say which host was asked");
	judging->target.host = SPAN("");
	if (!by_policy(judging->logged) && !after_policy(judging->logged) &&
	    !by_credentials(judging->logged))
		return undecidable(judging, "what refused it was not the policy");
	if (!read_caller(judging, empty))
		return undecidable(judging, "its issuer is not in the configuration");
	return compare(judging);
}

struct diff_found
diff_judge(const struct config *config, const struct diff_policies *policies, const json_t *line,
    struct arena *arena)
{
	struct judging judging = {
		.config = config, .policies = policies, .line = line, .arena = arena
	};
	json_t *empty = json_object();

	if (empty == NULL)
		(void)undecidable(&judging, "there is no memory");
	else
		(void)judge(&judging, empty);
	json_decref(empty);
	return judging.found;
}
