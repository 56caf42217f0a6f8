/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy - roles, modules, privileges and public paths, read from policy.yaml and compiled.
 *
 * Uses:   token (trusted_issuer, claims), base.
 * Pure:   yes, once read. Safe to read from any thread.
 * Limits: POLICY_MAX_ROLES roles.
 */
#ifndef POSTERN_POLICY_POLICY_H
#define POSTERN_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cidr.h"
#include "base/cors.h"
#include "base/document.h"
#include "base/schema.h"
#include "policy/backend.h"
#include "policy/credential_places.h"
#include "policy/pattern.h"
#include "policy/protected_resource.h"
#include "policy/rate.h"
#include "token/trusted_issuer.h"

#define POLICY_MAX_ROLES 4096

/* One line of `granted_to`: all of its conditions must hold. */
struct grant {
	const char *issuer;                 /* trusted issuer's name; NULL: any */
	struct texts scopes, groups, roles; /* every one of them; a scope: see scope_match.h */
	const char *claim;                  /* JSON Pointer */
	struct texts equals; /* any one of: strings, true, false and whole numbers as text; of a
				list any element */
	const char *prefix;  /* a string begins with it; of a list any element; NULL: not asked */
	bool exists;         /* it is there and not null; none of the three: nor false */
	const char
	    *client; /* of the local issuer, by name or id; with `issuer`: the client claim */
	const char *user;
	const char *certificate; /* the client certificate's subject, see distinguished_name.h */
	const char *peer;        /* the network that the client is in, as written */
	struct cidr_set network; /* the same; of a line without `peer` empty */
	const struct node *node; /* where it was written, for explanations */
	struct grant *next;
};

struct role {
	const char *name;
	size_t index; /* its bit */
	struct grant *grants;
};

/* One entry of `hosts`, shared by all modules that list it. Lent by the policy's arena. */
struct host_set {
	const char *name; /* api.example, or *.b.example */
	struct span key;  /* the name, canonical; without its "*." */
	bool label;       /* it has a "*.": any one label stands before the key */
	struct pattern_set *rules, *serving; /* as those of the policy */
	struct host_set *next;               /* in policy->hosts */
};

/* `hosts` of a module, for each of which it has the set. */
struct host_sets {
	struct host_set **at;
	size_t count; /* 0: it is for every host */
};

struct module {
	const char *name;
	struct texts paths;
	struct host_sets hosts;
	const struct backend *upstream; /* NULL: the configuration's */
	unsigned path_allow;            /* enum target_mild */
	bool tunnel_until_expiry;       /* tunnels and event streams end with what let them in */
	bool basic;                     /* Basic authentication of local users counts here */
	const struct cors *cors;        /* NULL: browsers get the upstream's word */
	const struct credential_places *credentials; /* NULL: Authorization alone */
	const struct rate *rate;                     /* NULL: no limit */
	const struct protected_resource *resource;   /* NULL: it is a part of the gate's */
	size_t index;                                /* place in the list, from 0 */
	const char **lower; /* paths in lower case, once casing.h has asked; or NULL */
	bool folds;         /* upper and lower case are one, see casing.h */
	bool lookalikes;    /* ... or are so below a path of it: what is like a letter is refused */
	const struct node *node; /* where it was written, for explanations */
	struct module *next;
};

/* A line of `match`: the claim equals the segment {NAME} of the path. See match.h. */
struct match {
	const char *name;  /* of the segment */
	const char *claim; /* JSON Pointer */
	size_t index;      /* of the claim in policy->match_claims */
	const struct node *node;
	struct match *next;
};

struct privilege {
	const char *name, *label, *description;
	struct texts modules, paths, methods, roles, scopes, all_roles, deny;
	uint64_t *role_bits, *all_bits, *deny_bits; /* policy->role_words words each */
	bool shadow;
	const struct rate *rate;  /* NULL: no limit */
	const struct node *match; /* as written; NULL: none */
	struct match *matches;    /* every one of them must hold */
	size_t match_count;
	const struct node *node; /* where it was written, for explanations */
	struct privilege *next;
};

struct policy {
	struct role *roles; /* by index, which is the order of their names */
	size_t role_count;
	size_t role_words; /* 64-bit words in a set of roles */
	bool asks_peer;    /* a role depends on where the client is */
	struct module *modules;
	const struct module **sorted_modules; /* by name */
	size_t module_count;
	struct texts credential_cookies, credential_queries; /* their names in all modules */
	struct texts resources; /* the URLs of modules' `resource`, each once */
	struct privilege *privileges;
	struct rate *rates; /* of privileges and modules */
	size_t rate_count;
	struct texts match_claims; /* JSON Pointers of the claims in `match`, each once */
	struct texts public_paths;
	bool default_public;
	struct host_set *hosts;
	struct host_set **sorted_hosts; /* the same, to be found, see host_set.h */
	size_t host_count;
	struct ruling *rulings;      /* the rule of each pattern, see rule.h */
	struct pattern_set *rules;   /* compiled: struct ruling of privileges and public paths */
	struct pattern_set *serving; /* compiled: struct module; not those that ignore case */
	/* the last two are of what is for every host */
	struct {
		struct pattern_set *serving, *rules;
	} folded; /* for modules that ignore case, see casing.h; NULL: there are none */
};

/* What the configuration gives to the policy: the names that it may use, and what the gate takes.
 */
struct policy_names {
	const struct trusted_issuer *trusted_issuers;
	size_t trusted_issuer_count;
	const char *local_issuer;      /* name of the local issuer, or NULL */
	const struct texts *own_paths; /* of the gate's own endpoints; NULL: there are none */
	bool (*method_served)(struct span method); /* does the gate take it? NULL: every one */
	bool client_certificates;                  /* does the listener ask clients for them? */
};

/* The keys at the top of policy.yaml; for the manual. */
extern const struct field policy_fields[];

/*
 * Compile policy.yaml. Every mistake is reported (unknown roles, modules and issuers, the same
 * pattern and method twice, bad patterns, upstream URLs). Warnings: see lint.h,
 * condition_lint.h and path_lint.h.
 *
 * root      borrowed; NULL (an empty file): no path has a rule.
 * policy    do not use it after a mistake; a request without a rule is refused in any case.
 * mistakes  everything is lent by their arena; it, and the document's arena, must outlive the
 *           policy.
 */
void policy_read(const struct node *root, const struct policy_names *names, struct policy *policy,
    struct mistakes *mistakes);

#endif
