/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/issuer_keys.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/hide.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "jwks/discovery.h"
#include "jwks/fetch.h"
#include "jwks/keys_on_disk.h"
#include "jwks/source_files.h"

#define FILE_EVERY_S 2
#define CLOCKS_DIFFER_S 60

/* Free the strings that an issuer_keys owns. */
static const size_t texts[] = {
	offsetof(struct source, name),
	offsetof(struct source, issuer),
	offsetof(struct source, place),
	offsetof(struct source, ca_file),
	offsetof(struct source, proxy),
	offsetof(struct source, client_certificate),
	offsetof(struct source, client_key),
	offsetof(struct source, bearer),
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static const char **
text_at(struct source *source, size_t index)
{
	return (const char **)(void *)((char *)source + texts[index]);
}

static bool
copy_text(const char **text)
{
	bool given = *text != NULL;

	if (given)
		*text = strdup(*text);
	return !given || *text != NULL;
}

bool
issuer_keys_init(struct issuer_keys *issuer, const struct source *source, const char *state_dir,
    struct err *reterr)
{
	struct source *own = &issuer->source;
	bool good = true;

	(void)pthread_mutex_init(&issuer->lock, NULL);
	buffer_init(&issuer->json, KEYSET_MAX_BYTES);
	*own = *source;
	issuer->state_dir = state_dir;
	own->etag = NULL;
	own->unread = NULL;
	for (size_t i = 0; i < TEXTS; i++)
		good = copy_text(text_at(own, i)) && good;
	return good || err_set(reterr, "out of memory");
}

void
issuer_keys_done(struct issuer_keys *issuer)
{
	keyset_free(issuer->keys);
	buffer_done(&issuer->json);
	(void)pthread_mutex_destroy(&issuer->lock);
	for (size_t i = 0; i < TEXTS; i++)
		free((char *)(uintptr_t)*text_at(&issuer->source, i));
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
issuer_keys_alike(const struct issuer_keys *a, const struct issuer_keys *b)
{
	return a->source.kind == b->source.kind && same_text(a->source.name, b->source.name) &&
	       same_text(a->source.issuer, b->source.issuer) &&
	       same_text(a->source.place, b->source.place);
}

bool
issuer_keys_settle(struct issuer_keys *issuer, struct keyset *set, struct span json, int64_t good_s)
{
	struct keyset *old = issuer->keys;
	bool changed = old == NULL || !keyset_same(old, set);

	if (changed) {
		issuer->keys = set;
		keyset_free(old);
		buffer_reset(&issuer->json);
		buffer_add(&issuer->json, json);
	} else {
		keyset_free(set);
	}
	keyset_seen(issuer->keys, good_s);
	return changed;
}

/* Copy the state of this issuer from an earlier keyring. A fetch that is under way there will not
 * end any more, so it is begun again here, without a cooldown. */
static int64_t
recall_earlier(struct issuer_keys *issuer, struct issuer_keys *earlier, struct buffer *json)
{
	(void)pthread_mutex_lock(&earlier->lock);
	buffer_add(json, buffer_span(&earlier->json));
	issuer->schedule = earlier->schedule;
	memcpy(issuer->fetches, earlier->fetches, sizeof(issuer->fetches));
	issuer->last_failure = earlier->last_failure;
	issuer->reported_bad = earlier->reported_bad;
	memcpy(issuer->last_error, earlier->last_error, sizeof(issuer->last_error));
	issuer->wanted = earlier->asking || earlier->wanted;
	(void)pthread_mutex_unlock(&earlier->lock);
	return issuer->schedule.good_s;
}

/* Load the keys stored on disk. If their time is in the future, their age is unknown. */
static bool
recall_kept(
    struct issuer_keys *issuer, struct buffer *json, int64_t *ret_good_s, struct err *reterr)
{
	struct keys_on_disk kept = { issuer->state_dir, &issuer->source };
	int64_t age_s;

	if (!keys_on_disk_read(&kept, json, ret_good_s, reterr))
		return false;
	age_s = clock_now_s() - *ret_good_s;
	if (age_s < -CLOCKS_DIFFER_S)
		return err_set(reterr, "they were saved at a time in the future");
	*ret_good_s = clock_mono_s() - age_s;
	return true;
}

void
issuer_keys_recall(struct issuer_keys *issuer, struct issuer_keys *earlier)
{
	struct err err = { "" };
	struct keyset *set = NULL;
	struct buffer json;
	int64_t good_s = 0;
	bool found = false;

	buffer_init(&json, KEYSET_MAX_BYTES);
	if (earlier != NULL)
		good_s = recall_earlier(issuer, earlier, &json);
	found = json.len > 0;
	if (!found && issuer->state_dir != NULL)
		found = recall_kept(issuer, &json, &good_s, &err);
	if (found && keyset_parse(buffer_span(&json), &set, &err)) {
		issuer->schedule.good_s = good_s;
		(void)issuer_keys_settle(issuer, set, buffer_span(&json), good_s);
	}
	if (err.text[0] != '\0')
		log_event(LOG_WARN, "keys", "issuer %s: saved keys are not used: %s",
		    issuer->source.name, err.text);
	buffer_done(&json);
}

static enum failure
failure_of_set(struct span json)
{
	struct err err = { "" };
	json_t *root = NULL;

	if (!json_read(json, KEYSET_MAX_BYTES, &root, &err))
		return FAILURE_NOT_JSON;
	json_decref(root);
	return FAILURE_NO_USABLE_KEY;
}

static bool
read_file(struct issuer_keys *issuer, struct fetch_answer *answer, struct keyset **ret_set,
    struct err *reterr)
{
	struct stat now = { 0 };
	bool good;

	issuer->file_s = clock_now_s();
	(void)stat(issuer->source.place, &now);
	issuer->file = now;
	answer->max_age_s = -1;
	answer->retry_after_s = -1;
	answer->failure = FAILURE_FILE_UNREADABLE;
	buffer_init(&answer->body, KEYSET_MAX_BYTES);
	good = source_files_keys(issuer->source.place, &answer->body, ret_set, reterr);
	if (!good && answer->body.len > 0)
		answer->failure = failure_of_set(buffer_span(&answer->body));
	return good;
}

static bool
file_unchanged(const struct issuer_keys *issuer)
{
	struct stat now;

	return issuer->schedule.good_s != 0 && stat(issuer->source.place, &now) == 0 &&
	       file_same(&now, &issuer->file) && file_settled(&now, issuer->file_s);
}

/* Prefix the error with the URL, without possible secrets. Always false. */
static bool
within(struct err *reterr, const char *place)
{
	struct buffer shown;

	buffer_init(&shown, 8192);
	hide_message(span_of(place), &shown);
	(void)err_within(reterr, "%s", shown.failed || shown.at == NULL ? "" : shown.at);
	buffer_wipe(&shown);
	return false;
}

/* An ETag is valid only for the URL that it came from. */
static bool
get_set(struct issuer_keys *issuer, const struct fetch_request *place, struct fetch_answer *answer,
    struct err *reterr)
{
	const char *url = place->url;
	struct source source = *place->source;
	struct fetch_request request = { &source, url, place->stop };

	source.etag = strcmp(url, issuer->tagged) == 0 ? issuer->etag : NULL;
	if (!fetch_get(&request, answer, reterr))
		return within(reterr, url);
	if (answer->status == 200)
		(void)snprintf(issuer->tagged, sizeof(issuer->tagged), "%s", url);
	return true;
}

/* Fetch by discovery: two requests within one timeout. */
static bool
discover(struct issuer_keys *issuer, struct fetch_answer *answer, struct err *reterr)
{
	char url[DISCOVERY_URL_ROOM], jwks_uri[DISCOVERY_URL_ROOM];
	int64_t begun_us = clock_mono_us();
	struct source source = issuer->source;
	struct fetch_request first = { &issuer->source, url, &issuer->stop };
	struct fetch_request second = { &source, jwks_uri, &issuer->stop };
	bool good;

	if (!discovery_url(issuer->source.issuer, url))
		return err_set(reterr, "the issuer's URL is too long");
	if (!fetch_get(&first, answer, reterr))
		return within(reterr, url);
	good = discovery_read(buffer_span(&answer->body), issuer->source.issuer, jwks_uri, reterr);
	if (!good)
		answer->failure =
		    discovery_failure(buffer_span(&answer->body), issuer->source.issuer);
	buffer_done(&answer->body);
	if (!good)
		return false;
	source.timeout_ms -= (clock_mono_us() - begun_us) / 1000;
	if (source.timeout_ms < 1)
		source.timeout_ms = 1;
	return get_set(issuer, &second, answer, reterr);
}

static bool
get(struct issuer_keys *issuer, struct fetch_answer *answer, struct keyset **ret_set,
    struct err *reterr)
{
	const char *place = issuer->source.place;
	struct fetch_request request = { &issuer->source, place, &issuer->stop };
	bool good = false;

	if (issuer->source.kind == SOURCE_FILE)
		return read_file(issuer, answer, ret_set, reterr);
	if (issuer->source.kind == SOURCE_DISCOVERY)
		good = discover(issuer, answer, reterr);
	else
		good = get_set(issuer, &request, answer, reterr);
	if (!good || answer->status == 304)
		return good;
	issuer->etag[0] = '\0';
	if (!keyset_parse(buffer_span(&answer->body), ret_set, reterr)) {
		answer->failure = failure_of_set(buffer_span(&answer->body));
		return within(reterr, place);
	}
	memcpy(issuer->etag, answer->etag, sizeof(issuer->etag));
	return true;
}

/* Log one line when fetches start to fail and one when they succeed again, not one per try. */
static void
tell(struct issuer_keys *issuer, bool good, const char *why)
{
	if (!good && !issuer->reported_bad)
		log_event(LOG_ERROR, "keys_failed", "issuer %s: %s: %s", issuer->source.name,
		    failure_word(issuer->last_failure), why);
	else if (good && (issuer->reported_bad || issuer->fetches[FAILURE_NONE] == 0))
		log_event(LOG_INFO, "keys_ok", "issuer %s: %zu keys", issuer->source.name,
		    keyset_count(issuer->keys));
	issuer->reported_bad = !good;
}

static void
settle_good(struct issuer_keys *issuer, struct keyset *set, struct span json, bool *ret_changed)
{
	if (set == NULL && issuer->keys != NULL) /* 304: the same as before */
		keyset_seen(issuer->keys, issuer->schedule.good_s);
	else if (set != NULL)
		*ret_changed = issuer_keys_settle(issuer, set, json, issuer->schedule.good_s);
	issuer->last_error[0] = '\0';
	tell(issuer, true, "");
	issuer->last_failure = FAILURE_NONE;
	issuer->fetches[FAILURE_NONE]++;
	issuer->unkept = issuer->state_dir != NULL && issuer->source.kind != SOURCE_FILE;
}

static void
settle_bad(struct issuer_keys *issuer, enum failure failure, const struct err *why)
{
	issuer->last_failure = failure == FAILURE_NONE ? FAILURE_OTHER : failure;
	issuer->fetches[issuer->last_failure]++;
	tell(issuer, false, why->text);
	memcpy(issuer->last_error, why->text, sizeof(issuer->last_error));
}

static void
look_again_soon(struct issuer_keys *issuer, int64_t now_s)
{
	(void)pthread_mutex_lock(&issuer->lock);
	issuer->schedule.asked_s = now_s;
	issuer->schedule.next_s = now_s + FILE_EVERY_S;
	(void)pthread_mutex_unlock(&issuer->lock);
}

bool
issuer_keys_ask(struct issuer_keys *issuer, int64_t now_s)
{
	struct refresh_schedule_answer outcome = { .max_age_s = -1, .retry_after_s = -1 };
	struct fetch_answer answer = { .max_age_s = -1, .retry_after_s = -1 };
	struct keyset *set = NULL;
	struct err err = { "" };
	bool changed = false;

	if (issuer->source.kind == SOURCE_FILE && file_unchanged(issuer)) {
		look_again_soon(issuer, now_s);
		return false;
	}
	outcome.good = get(issuer, &answer, &set, &err);
	if (!outcome.good && atomic_load(&issuer->stop)) {
		buffer_done(&answer.body);
		return false; /* stopped by us; not a failure of the issuer */
	}
	outcome.max_age_s = answer.max_age_s;
	outcome.retry_after_s = answer.retry_after_s;
	if (!digest_random(&outcome.dice, sizeof(outcome.dice)))
		outcome.dice = 0;
	(void)pthread_mutex_lock(&issuer->lock);
	refresh_schedule_answered(&issuer->schedule, &issuer->source, &outcome, now_s);
	if (issuer->source.kind == SOURCE_FILE)
		issuer->schedule.next_s = now_s + FILE_EVERY_S;
	if (outcome.good)
		settle_good(issuer, set, buffer_span(&answer.body), &changed);
	else
		settle_bad(issuer, answer.failure, &err);
	(void)pthread_mutex_unlock(&issuer->lock);
	buffer_done(&answer.body);
	return changed;
}

void
issuer_keys_keep(struct issuer_keys *issuer)
{
	struct keys_on_disk place = { issuer->state_dir, &issuer->source };
	struct err err = { "" };
	struct buffer json;
	int64_t good_s;
	bool kept;

	(void)pthread_mutex_lock(&issuer->lock);
	if (!issuer->unkept) {
		(void)pthread_mutex_unlock(&issuer->lock);
		return;
	}
	issuer->unkept = false;
	good_s = clock_unix_of_mono(issuer->schedule.good_s, clock_now_us(), clock_mono_us());
	buffer_init(&json, KEYSET_MAX_BYTES);
	buffer_add(&json, buffer_span(&issuer->json));
	(void)pthread_mutex_unlock(&issuer->lock);
	kept = !json.failed && keys_on_disk_write(&place, buffer_span(&json), good_s, &err);
	buffer_done(&json);
	if (!kept && !issuer->reported_unkept)
		log_event(LOG_WARN, "keys", "issuer %s: keys cannot be saved: %s",
		    issuer->source.name, err.text);
	issuer->reported_unkept = !kept;
}
