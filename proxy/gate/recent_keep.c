/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/recent_keep.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

#define PATH_KEPT 400
#define SUBJECT_KEPT 100
#define CLAIM_KEPT 300

static const char *
verdict_word(const struct transaction *transaction)
{
	if (transaction->reason != REASON_OK)
		return "refuse";
	if (transaction->authorizes)
		return "allow";
	return transaction->served_here ? "answer" : "forward";
}

/* A text that is longer than its share is cut, so that there is room for the others. */
static void
put_part(struct recent_record *record, enum recent_text what, struct span text, size_t share)
{
	record->cut = record->cut || text.len > share;
	recent_put(record, what, span_slice(text, 0, share));
}

/* The path without its query, which may contain secrets. */
static void
put_request(struct recent_record *record, const struct request *request)
{
	recent_put(record, RECENT_METHOD, span_slice(request->method, 0, 32));
	put_part(record, RECENT_PATH,
	    span_slice(request->target, 0, span_find(request->target, '?')), PATH_KEPT);
	recent_put(record, RECENT_PEER, span_of(request->peer));
}

static void
put_fields(struct recent_record *record, const struct access_fields *fields)
{
	recent_put(record, RECENT_PRIVILEGE, span_of(fields->privilege));
	recent_put(record, RECENT_PATTERN, span_of(fields->pattern));
	put_part(record, RECENT_HOST, span_of(fields->host), SUBJECT_KEPT);
	recent_put(record, RECENT_MODULE, span_of(fields->module));
	recent_put(record, RECENT_ISSUER, span_of(fields->issuer));
	recent_put(record, RECENT_USER, span_of(fields->user));
	put_part(record, RECENT_SUBJECT, fields->subject, SUBJECT_KEPT);
	put_part(record, RECENT_CLIENT, fields->client, SUBJECT_KEPT);
}

/* One value of a claim that `match` compares; half of one would be another one. */
static void
put_claim(struct recent_record *record, const char *pointer, struct span value)
{
	char pair[CLAIM_KEPT];
	size_t len = strlen(pointer) + 1;

	record->cut = record->cut || len + value.len > sizeof(pair);
	if (len + value.len > sizeof(pair))
		return;
	memcpy(pair, pointer, len);
	memcpy(pair + len, value.at, value.len);
	recent_put(record, RECENT_CLAIM, (struct span){ pair, len + value.len });
}

static void
put_claims(
    struct recent_record *record, const struct policy *policy, const struct principal *principal)
{
	for (size_t i = 0; principal->matched != NULL && i < principal->matched_count &&
			   i < policy->match_claims.count;
	    i++)
		for (size_t k = 0; k < principal->matched[i].count; k++)
			put_claim(record, policy->match_claims.at[i], principal->matched[i].at[k]);
}

static void
put_holds(struct recent_record *record, const struct transaction *transaction)
{
	const struct policy *policy = transaction->policy;
	const struct principal *principal = transaction->principal;

	record->authenticated = principal != NULL;
	if (principal == NULL)
		return;
	for (size_t i = 0; policy != NULL && i < policy->role_count; i++)
		if (principal_has(principal, i))
			recent_put(record, RECENT_ROLE, span_of(policy->roles[i].name));
	for (size_t i = 0; policy == NULL && i < transaction->roles.count; i++)
		recent_put(record, RECENT_ROLE, span_of(transaction->roles.at[i]));
	for (size_t i = 0; i < principal->scopes.count; i++)
		recent_put(record, RECENT_SCOPE, principal->scopes.at[i]);
	if (policy != NULL)
		put_claims(record, policy, principal);
}

/* As the log has it, but for a line of the policy, of which the record has all. */
static const char *
detail_of(const struct transaction *transaction)
{
	bool more = transaction->detail == NULL || transaction->reason == REASON_ORIGIN_NOT_ALLOWED;

	return more && transaction->log_detail != NULL ? transaction->log_detail
						       : transaction->detail;
}

void
recent_keep(struct recent *recent, struct transaction *transaction)
{
	const struct request *request = transaction->request;
	struct recent_record *record;

	if (recent == NULL ||
	    (transaction->reason == REASON_OK && !recent_wants(recent, clock_mono_s())))
		return;
	record = recent_begin(recent);
	memcpy(record->id, transaction->id, sizeof(record->id));
	record->time_us = clock_now_us();
	record->reason = transaction->reason;
	record->shadow_reason = transaction->shadow_reason;
	record->status = transaction->status;
	record->verdict = verdict_word(transaction);
	record->public = transaction->public;
	put_request(record, request);
	put_fields(record, &transaction->fields);
	if (request->certificate != NULL)
		put_part(record, RECENT_CERTIFICATE, request->certificate->subject, SUBJECT_KEPT);
	put_holds(record, transaction);
	recent_put(record, RECENT_DETAIL, span_of(detail_of(transaction)));
	recent_end(record, transaction->why);
	transaction->why = NULL;
}

/* By enum recent_text: the members of explain_json(). */
static const char *const members[] = { "method", "path", "pattern", "host", "privilege", "module",
	"issuer", "subject", "client", "user", "certificate", "peer", "detail", "roles", "scopes",
	"claims" };

/* What is cut may end within a character. */
static json_t *
text_json(struct span text)
{
	while (text.len > 0 && !utf8_valid(text))
		text.len--;
	return json_stringn(text.len == 0 ? "" : text.at, text.len);
}

/* {"/tid": ["acme"]} */
static bool
add_claim(json_t *claims, struct span pair)
{
	struct span pointer = span_slice(pair, 0, span_find(pair, '\0'));
	json_t *values = json_object_get(claims, pointer.at), *value;

	if (values == NULL) {
		values = json_array();
		if (json_object_set_new(claims, pointer.at, values) != 0)
			return false;
	}
	value = text_json(span_slice(pair, pointer.len + 1, pair.len));
	return json_array_append_new(values, value) == 0;
}

static bool
add_texts(json_t *said, const struct recent_record *record)
{
	enum recent_text what;
	struct span text;
	size_t at = 0;

	while (recent_next(record, &at, &what, &text)) {
		json_t *member = json_object_get(said, members[what]);
		bool done;

		if (what == RECENT_CLAIM)
			done = add_claim(member, text);
		else if (what >= RECENT_ROLE)
			done = json_array_append_new(member, text_json(text)) == 0;
		else
			done = json_object_set_new(said, members[what], text_json(text)) == 0;
		if (!done)
			return false;
	}
	return true;
}

static json_t *
pattern_list(const json_t *said)
{
	const json_t *pattern = json_object_get(said, "pattern");

	return json_is_string(pattern) ? json_pack("[O]", pattern) : json_array();
}

/* As much as explain_json() would give of what was kept. */
static json_t *
compact(const struct recent_record *record)
{
	json_t *said = json_pack("{s:s, s:i, s:b, s:b, s:[], s:[], s:{}}", "reason",
	    reason_word(record->reason), "status", record->status, "public", record->public,
	    "authenticated", record->authenticated, "roles", "scopes", "claims");

	for (size_t i = 0; i < RECENT_ROLE; i++)
		json_object_set_new(said, members[i], json_null());
	json_object_set_new(said, "shadow_reason",
	    record->shadow_reason == REASON_OK ? json_null()
					       : json_string(reason_word(record->shadow_reason)));
	if (said == NULL || !add_texts(said, record) ||
	    json_object_set_new(said, "patterns", pattern_list(said)) != 0) {
		json_decref(said);
		return NULL;
	}
	return said;
}

json_t *
recent_keep_json(const struct recent_record *record)
{
	json_t *said = compact(record), *whole = NULL;
	char at[32];

	if (said != NULL && record->whole != NULL)
		whole = json_loads(record->whole, JSON_ALLOW_NUL, NULL);
	if (whole != NULL)
		(void)json_object_update(said, whole);
	json_decref(whole);
	clock_format(record->time_us, at);
	if (said == NULL ||
	    json_object_set_new(said, "verdict", json_string(record->verdict)) != 0 ||
	    json_object_set_new(said, "request_id", json_string(record->id)) != 0 ||
	    json_object_set_new(said, "time", json_string(at)) != 0 ||
	    json_object_set_new(said, "cut", json_boolean(record->cut)) != 0) {
		json_decref(said);
		return NULL;
	}
	return said;
}
