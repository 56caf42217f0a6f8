/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason - the one table of refusals.
 *
 * Uses:   nothing.
 * Pure:   yes.
 *
 * Each row makes the enum, the word in the log, the metric and the answer, the HTTP status, the RFC
 * 6750 section 3.1 error code and the public title. Words are added, never renamed. A request is
 * forwarded only on REASON_OK; there is no row for "unknown".
 */
#ifndef POSTERN_BASE_REASON_H
#define POSTERN_BASE_REASON_H

/* clang-format off */
/*        name                  word                     status RFC 6750 error        title */
#define REASON_TABLE(REASON) \
	REASON(OK,                   "ok",                       200, "",                   "OK") \
	REASON(CREDENTIALS_MISSING,  "credentials_missing",      401, "",                   "Credentials are required") \
	REASON(CREDENTIALS_MALFORMED,"credentials_malformed",    400, "invalid_request",    "The Authorization header is malformed") \
	REASON(CREDENTIALS_DUPLICATE,"credentials_duplicate",    400, "invalid_request",    "More than one set of credentials") \
	REASON(TOKEN_MALFORMED,      "token_malformed",          401, "invalid_token",      "The token is not a well-formed signed JWT") \
	REASON(TOKEN_TOO_LARGE,      "token_too_large",          401, "invalid_token",      "The token is too large") \
	REASON(TOKEN_TYPE_WRONG,     "token_type_wrong",         401, "invalid_token",      "The token has the wrong type") \
	REASON(ALGORITHM_NOT_ALLOWED,"algorithm_not_allowed",    401, "invalid_token",      "The token's algorithm is not allowed") \
	REASON(ISSUER_UNKNOWN,       "issuer_unknown",           401, "invalid_token",      "The token's issuer is not trusted here") \
	REASON(KEY_UNKNOWN,          "key_unknown",              401, "invalid_token",      "The token's key is not known") \
	REASON(KEYS_UNAVAILABLE,     "keys_unavailable",         503, "",                   "The issuer's keys are not available now") \
	REASON(SIGNATURE_INVALID,    "signature_invalid",        401, "invalid_token",      "The token's signature is wrong") \
	REASON(CLAIM_MALFORMED,      "claim_malformed",          401, "invalid_token",      "A claim of the token is malformed") \
	REASON(CRITICAL_UNKNOWN,     "critical_unknown",         401, "invalid_token",      "The token requires an unknown extension") \
	REASON(TOKEN_EXPIRED,        "token_expired",            401, "invalid_token",      "The token has expired") \
	REASON(TOKEN_NOT_YET_VALID,  "token_not_yet_valid",      401, "invalid_token",      "The token is not valid yet") \
	REASON(TOKEN_TOO_OLD,        "token_too_old",            401, "invalid_token",      "The token was issued too long ago") \
	REASON(AUDIENCE_MISMATCH,    "audience_mismatch",        401, "invalid_token",      "The token is meant for another audience") \
	REASON(CLAIM_REQUIRED_MISSING,"claim_required_missing",  401, "invalid_token",      "The token lacks a required claim") \
	REASON(BINDING_MISMATCH,     "binding_mismatch",         401, "invalid_token",      "The token is bound to another key") \
	REASON(TOKEN_REVOKED,        "token_revoked",            401, "invalid_token",      "The token was revoked") \
	REASON(GROUPS_OVERAGE,       "groups_overage",           403, "",                   "The token does not list the caller's groups") \
	REASON(CLIENT_DISABLED,      "client_disabled",          401, "invalid_token",      "The client is disabled") \
	REASON(BASIC_NOT_ALLOWED,    "basic_not_allowed",        401, "",                   "Basic authentication is not accepted here") \
	REASON(BASIC_WRONG,          "basic_wrong",              401, "",                   "User name or password is wrong") \
	REASON(LOCKED_OUT,           "locked_out",               429, "",                   "Too many failed attempts") \
	REASON(PRIVILEGE_MISSING,    "privilege_missing",        403, "insufficient_scope", "The caller lacks a role for this") \
	REASON(SCOPE_MISSING,        "scope_missing",            403, "insufficient_scope", "The token lacks a scope for this") \
	REASON(CLAIM_MISMATCH,       "claim_mismatch",           403, "",                   "The path is not for this caller") \
	REASON(METHOD_NOT_GRANTED,   "method_not_granted",       403, "",                   "The method is not granted here") \
	REASON(NO_RULE,              "no_rule",                  403, "",                   "No rule matches this path") \
	REASON(ORIGIN_NOT_ALLOWED,   "origin_not_allowed",       403, "",                   "Pages of this origin are not allowed here") \
	REASON(RATE_LIMITED,         "rate_limited",             429, "",                   "Too many requests") \
	REASON(PATH_AMBIGUOUS,       "path_ambiguous",           400, "",                   "The path is ambiguous") \
	REASON(REQUEST_MALFORMED,    "request_malformed",        400, "",                   "The request is malformed") \
	REASON(HEADER_TOO_LARGE,     "header_too_large",         431, "",                   "The request's header is too large") \
	REASON(BODY_TOO_LARGE,       "body_too_large",           413, "",                   "The request's body is too large") \
	REASON(OVERLOADED,           "overloaded",               503, "",                   "The gate is overloaded") \
	REASON(UPSTREAM_UNREACHABLE, "upstream_unreachable",     502, "",                   "The API cannot be reached") \
	REASON(UPSTREAM_TIMEOUT,     "upstream_timeout",         504, "",                   "The API did not answer in time") \
	REASON(UPSTREAM_MALFORMED,   "upstream_malformed",       502, "",                   "The API's answer is malformed") \
	REASON(LOCAL_ISSUER_STANDING_BY,"local_issuer_standing_by",401,"invalid_token",     "The local issuer is on standby") \
	REASON(CLIENT_GONE,          "client_gone",              499, "",                   "The client left before it had its answer") \
	REASON(REQUEST_TIMEOUT,      "request_timeout",          408, "",                   "The request did not arrive in time") \
	REASON(METHOD_NOT_SUPPORTED, "method_not_supported",     501, "",                   "The method is not supported") \
	REASON(LOOP_DETECTED,        "loop_detected",            508, "",                   "The request has come through this gate before")
/* clang-format on */

#define REASON_ENUM(name, word, status, error, title) REASON_##name,
enum reason { REASON_TABLE(REASON_ENUM) REASON_COUNT };
#undef REASON_ENUM

/* The word, as in the log. Never NULL. */
const char *reason_word(enum reason reason);

/* The HTTP status. */
int reason_status(enum reason reason);

/* RFC 6750 section 3.1 error code, or "". */
const char *reason_error(enum reason reason);

/* The sentence that is sent to the client. */
const char *reason_title(enum reason reason);

#endif
