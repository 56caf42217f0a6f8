/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mistake_rule - the one table of what a mistake or a warning may be about.
 *
 * Uses:   nothing.
 * Pure:   yes.
 *
 * Each row makes the enum, the word in `check --json` and `check --sarif`, whether it is a warning,
 * and one line for people. Words are added, never renamed: reviewers switch rules off by them.
 */
#ifndef POSTERN_BASE_MISTAKE_RULE_H
#define POSTERN_BASE_MISTAKE_RULE_H

#include <stdbool.h>

/* clang-format off */
/*        name                   word                       warning  what is wrong */
#define MISTAKE_RULE_TABLE(RULE) \
	RULE(VALUE,              "value",                   false, "a value that is not valid") \
	RULE(YAML,               "yaml",                    false, "the file is no YAML, or uses more of it than is read here") \
	RULE(DUPLICATE_KEY,      "duplicate-key",           false, "a key that is there twice") \
	RULE(UNKNOWN_KEY,        "unknown-key",             false, "a key that does not exist") \
	RULE(MISSING_KEY,        "missing-key",             false, "a key that is required") \
	RULE(UNKNOWN_NAME,       "unknown-name",            false, "a role, module or issuer that does not exist") \
	RULE(CONFLICT,           "conflict",                false, "two rules for the same path and method") \
	RULE(UNREADABLE,         "unreadable",              false, "a file that cannot be read") \
	RULE(ROLE_UNOBTAINABLE,  "role-unobtainable",       true,  "a role that nobody can get") \
	RULE(ROLE_UNUSED,        "role-unused",             true,  "a role that no privilege uses") \
	RULE(MODULE_UNPROTECTED, "module-path-unprotected", true,  "a module's path without a privilege") \
	RULE(PATH_LAXER,         "path-laxer",              true,  "a narrower path that is laxer than the wider one") \
	RULE(HOST_LAXER,         "host-laxer",              true,  "a host's path that is laxer than a narrower one for every host") \
	RULE(LOCAL_ABSENT,       "local-issuer-absent",     true,  "a line for the local issuer's callers, without a local issuer") \
	RULE(LOCAL_GROUPS,       "local-token-groups",      true,  "a group or role of the local issuer's tokens") \
	RULE(SCOPE_SPACE,        "scope-space",             true,  "a scope with a space") \
	RULE(VALUE_CHARACTER,    "value-character",         true,  "a character that no scope, or hardly any name, has") \
	RULE(EXACT_STAR,         "exact-star",              true,  "a \"*\" in a value that is compared exactly") \
	RULE(LIST_EMPTY,         "list-empty",              true,  "an empty list that opens a privilege") \
	RULE(METHOD_MISSPELT,    "method-misspelt",         true,  "a method that is probably misspelt") \
	RULE(METHOD_REFUSED,     "method-refused",          true,  "a method that is never forwarded") \
	RULE(PATH_PLACEHOLDER,   "path-placeholder",        true,  "a placeholder of other routers in a path") \
	RULE(PATH_REFUSED,       "path-refused",            true,  "a path that the gate refuses") \
	RULE(PATH_OWN,           "path-own-endpoint",       true,  "a path of the gate's own endpoints") \
	RULE(CERTIFICATE_UNASKED,"certificate-not-asked",   true,  "a client certificate that nobody is asked for") \
	RULE(CERTIFICATE_DATES,  "certificate-dates",       true,  "a certificate of the listener that has expired, or is not valid yet") \
	RULE(PROXY_EVERYBODY,    "proxy-everybody",         true,  "\"trusted_proxies\" that are everybody") \
	RULE(UPSTREAM_OWN,       "upstream-own",            true,  "an upstream that is the gate itself") \
	RULE(CLIENT_CA_UNUSED,   "client-ca-unused",        true,  "a \"client_ca\" that is not used") \
	RULE(CLAIM_POINTER,      "claim-pointer",           true,  "a claim pointer that fits no token") \
	RULE(CLAIM_UNGIVEN,      "claim-not-given",         true,  "a scope, group, role or claim that no issuer gives") \
	RULE(PATH_REDUNDANT,     "path-redundant",          true,  "a path that changes nothing beside a wider one") \
	RULE(PATH_CASE,          "path-case",               true,  "paths that differ in case only") \
	RULE(MODULE_PUBLIC,      "module-path-public",      true,  "a module's path that a wider public one opens") \
	RULE(ISSUER_UNNAMED,     "issuer-unnamed",          true,  "an issuer that no token names")
/* clang-format on */

enum mistake_rule {
#define MISTAKE_RULE_ENUM(name, word, warning, text) MISTAKE_##name,
	MISTAKE_RULE_TABLE(MISTAKE_RULE_ENUM)
#undef MISTAKE_RULE_ENUM
	    MISTAKE_RULE_COUNT
};

/* The word of a rule. */
const char *mistake_rule_word(enum mistake_rule rule);

/* What is wrong, as a phrase without a full stop. */
const char *mistake_rule_text(enum mistake_rule rule);

/* Does the rule make warnings, which leave the configuration valid? */
bool mistake_rule_warns(enum mistake_rule rule);

#endif
