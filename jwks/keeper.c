/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/keeper.h"

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
#include "jwks/kept.h"
#include "jwks/source_files.h"

#define FILE_EVERY_S 2
#define CLOCKS_DIFFER_S 60

/* The texts that a keeper owns. */
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
keeper_init(
    struct keeper *keeper, const struct source *source, const char *state_dir, struct err *reterr)
{
	struct source *own = &keeper->source;
	bool good = true;

	(void)pthread_mutex_init(&keeper->lock, NULL);
	thread_cond_init(&keeper->ended);
	buffer_init(&keeper->json, KEYSET_MAX_BYTES);
	*own = *source;
	keeper->state_dir = state_dir;
	own->etag = NULL;
	own->unread = NULL;
	for (size_t i = 0; i < TEXTS; i++)
		good = copy_text(text_at(own, i)) && good;
	return good || err_set(reterr, "out of memory");
}

void
keeper_done(struct keeper *keeper)
{
	keyset_free(keeper->keys);
	buffer_done(&keeper->json);
	(void)pthread_cond_destroy(&keeper->ended);
	(void)pthread_mutex_destroy(&keeper->lock);
	for (size_t i = 0; i < TEXTS; i++)
		free((char *)(uintptr_t)*text_at(&keeper->source, i));
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
keeper_alike(const struct keeper *a, const struct keeper *b)
{
	return a->source.kind == b->source.kind && same_text(a->source.name, b->source.name) &&
	       same_text(a->source.issuer, b->source.issuer) &&
	       same_text(a->source.place, b->source.place);
}

bool
keeper_settle(struct keeper *keeper, struct keyset *set, struct span json, int64_t good_s)
{
	struct keyset *old = keeper->keys;
	bool changed = old == NULL || !keyset_same(old, set);

	if (changed) {
		keeper->keys = set;
		keyset_free(old);
		buffer_reset(&keeper->json);
		buffer_add(&keeper->json, json);
	} else {
		keyset_free(set);
	}
	keyset_seen(keeper->keys, good_s);
	return changed;
}

/* What an earlier keyring knows of this issuer. */
static int64_t
recall_earlier(struct keeper *keeper, struct keeper *earlier, struct buffer *json)
{
	(void)pthread_mutex_lock(&earlier->lock);
	buffer_add(json, buffer_span(&earlier->json));
	keeper->plan = earlier->plan;
	memcpy(keeper->fetches, earlier->fetches, sizeof(keeper->fetches));
	keeper->last_failure = earlier->last_failure;
	keeper->told_bad = earlier->told_bad;
	memcpy(keeper->last_error, earlier->last_error, sizeof(keeper->last_error));
	(void)pthread_mutex_unlock(&earlier->lock);
	return keeper->plan.good_s;
}

/* What was kept on disk. A time that has not come says nothing about how old the keys are. */
static bool
recall_kept(struct keeper *keeper, struct buffer *json, int64_t *ret_good_s, struct err *reterr)
{
	int64_t age_s;

	if (!kept_read(keeper->state_dir, &keeper->source, json, ret_good_s, reterr))
		return false;
	age_s = clock_now_s() - *ret_good_s;
	if (age_s < -CLOCKS_DIFFER_S)
		return err_set(reterr, "they were kept at a time that has not come yet");
	*ret_good_s = clock_mono_s() - age_s;
	return true;
}

void
keeper_recall(struct keeper *keeper, struct keeper *earlier)
{
	struct err err = { "" };
	struct keyset *set = NULL;
	struct buffer json;
	int64_t good_s = 0;
	bool found = false;

	buffer_init(&json, KEYSET_MAX_BYTES);
	if (earlier != NULL)
		good_s = recall_earlier(keeper, earlier, &json);
	found = json.len > 0;
	if (!found && keeper->state_dir != NULL)
		found = recall_kept(keeper, &json, &good_s, &err);
	if (found && keyset_parse(buffer_span(&json), &set, &err)) {
		keeper->plan.good_s = good_s;
		(void)keeper_settle(keeper, set, buffer_span(&json), good_s);
	}
	if (err.text[0] != '\0')
		log_event(LOG_WARN, "keys", "issuer %s: kept keys are not used: %s",
		    keeper->source.name, err.text);
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
read_file(
    struct keeper *keeper, struct fetch_answer *answer, struct keyset **ret_set, struct err *reterr)
{
	struct stat now = { 0 };
	bool good;

	keeper->file_s = clock_now_s();
	(void)stat(keeper->source.place, &now);
	keeper->file = now;
	answer->max_age_s = -1;
	answer->retry_after_s = -1;
	answer->failure = FAILURE_FILE_UNREADABLE;
	buffer_init(&answer->body, KEYSET_MAX_BYTES);
	good = source_files_keys(keeper->source.place, &answer->body, ret_set, reterr);
	if (!good && answer->body.len > 0)
		answer->failure = failure_of_set(buffer_span(&answer->body));
	return good;
}

static bool
file_unchanged(const struct keeper *keeper)
{
	struct stat now;

	return keeper->plan.good_s != 0 && stat(keeper->source.place, &now) == 0 &&
	       file_same(&now, &keeper->file) && file_settled(&now, keeper->file_s);
}

/* Where it went wrong, without what may be a secret in a URL. Always false. */
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

/* An etag says something at the place only that it came from. */
static bool
get_set(struct keeper *keeper, struct source *source, const char *url, struct fetch_answer *answer,
    struct err *reterr)
{
	source->etag = strcmp(url, keeper->tagged) == 0 ? keeper->etag : NULL;
	if (!fetch_get(source, url, &keeper->stop, answer, reterr))
		return within(reterr, url);
	if (answer->status == 200)
		(void)snprintf(keeper->tagged, sizeof(keeper->tagged), "%s", url);
	return true;
}

/* By way of discovery: two fetches, within the time of one. */
static bool
discover(struct keeper *keeper, struct fetch_answer *answer, struct err *reterr)
{
	char url[DISCOVERY_URL_ROOM], jwks_uri[DISCOVERY_URL_ROOM];
	int64_t begun_us = clock_mono_us();
	struct source source = keeper->source;
	bool good;

	if (!discovery_url(keeper->source.issuer, url))
		return err_set(reterr, "the issuer is too long a URL");
	if (!fetch_get(&keeper->source, url, &keeper->stop, answer, reterr))
		return within(reterr, url);
	good = discovery_read(buffer_span(&answer->body), keeper->source.issuer, jwks_uri, reterr);
	if (!good)
		answer->failure =
		    discovery_failure(buffer_span(&answer->body), keeper->source.issuer);
	buffer_done(&answer->body);
	if (!good)
		return false;
	source.timeout_ms -= (clock_mono_us() - begun_us) / 1000;
	if (source.timeout_ms < 1)
		source.timeout_ms = 1;
	return get_set(keeper, &source, jwks_uri, answer, reterr);
}

static bool
get(struct keeper *keeper, struct fetch_answer *answer, struct keyset **ret_set, struct err *reterr)
{
	const char *place = keeper->source.place;
	struct source source = keeper->source;
	bool good = false;

	if (keeper->source.kind == SOURCE_FILE)
		return read_file(keeper, answer, ret_set, reterr);
	if (keeper->source.kind == SOURCE_DISCOVERY)
		good = discover(keeper, answer, reterr);
	else
		good = get_set(keeper, &source, place, answer, reterr);
	if (!good || answer->status == 304)
		return good;
	keeper->etag[0] = '\0';
	if (!keyset_parse(buffer_span(&answer->body), ret_set, reterr)) {
		answer->failure = failure_of_set(buffer_span(&answer->body));
		return within(reterr, place);
	}
	memcpy(keeper->etag, answer->etag, sizeof(keeper->etag));
	return true;
}

/* A line when it turns bad and when it turns good again, not one per try. */
static void
tell(struct keeper *keeper, bool good, const char *why)
{
	if (!good && !keeper->told_bad)
		log_event(LOG_ERROR, "keys_failed", "issuer %s: %s: %s", keeper->source.name,
		    failure_word(keeper->last_failure), why);
	else if (good && (keeper->told_bad || keeper->fetches[FAILURE_NONE] == 0))
		log_event(LOG_INFO, "keys_ok", "issuer %s: %zu keys", keeper->source.name,
		    keyset_count(keeper->keys));
	keeper->told_bad = !good;
}

static void
settle_good(struct keeper *keeper, struct keyset *set, struct span json, bool *ret_changed)
{
	if (set == NULL && keeper->keys != NULL) /* 304: the same as before */
		keyset_seen(keeper->keys, keeper->plan.good_s);
	else if (set != NULL)
		*ret_changed = keeper_settle(keeper, set, json, keeper->plan.good_s);
	keeper->last_error[0] = '\0';
	tell(keeper, true, "");
	keeper->last_failure = FAILURE_NONE;
	keeper->fetches[FAILURE_NONE]++;
	keeper->unkept = keeper->state_dir != NULL && keeper->source.kind != SOURCE_FILE;
}

static void
settle_bad(struct keeper *keeper, enum failure failure, const struct err *why)
{
	keeper->last_failure = failure == FAILURE_NONE ? FAILURE_OTHER : failure;
	keeper->fetches[keeper->last_failure]++;
	tell(keeper, false, why->text);
	memcpy(keeper->last_error, why->text, sizeof(keeper->last_error));
}

static void
look_again_soon(struct keeper *keeper, int64_t now_s)
{
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->plan.asked_s = now_s;
	keeper->plan.next_s = now_s + FILE_EVERY_S;
	(void)pthread_mutex_unlock(&keeper->lock);
}

bool
keeper_ask(struct keeper *keeper, int64_t now_s)
{
	struct plan_answer told = { .max_age_s = -1, .retry_after_s = -1 };
	struct fetch_answer answer = { .max_age_s = -1, .retry_after_s = -1 };
	struct keyset *set = NULL;
	struct err err = { "" };
	bool changed = false;

	if (keeper->source.kind == SOURCE_FILE && file_unchanged(keeper)) {
		look_again_soon(keeper, now_s);
		return false;
	}
	told.good = get(keeper, &answer, &set, &err);
	if (!told.good && atomic_load(&keeper->stop)) {
		buffer_done(&answer.body);
		return false; /* we gave up, not the issuer */
	}
	told.max_age_s = answer.max_age_s;
	told.retry_after_s = answer.retry_after_s;
	if (!digest_random(&told.dice, sizeof(told.dice)))
		told.dice = 0;
	(void)pthread_mutex_lock(&keeper->lock);
	plan_answered(&keeper->plan, &keeper->source, &told, now_s);
	if (keeper->source.kind == SOURCE_FILE)
		keeper->plan.next_s = now_s + FILE_EVERY_S;
	if (told.good)
		settle_good(keeper, set, buffer_span(&answer.body), &changed);
	else
		settle_bad(keeper, answer.failure, &err);
	(void)pthread_mutex_unlock(&keeper->lock);
	buffer_done(&answer.body);
	return changed;
}

void
keeper_keep(struct keeper *keeper)
{
	struct err err = { "" };
	struct buffer json;
	int64_t good_s;
	bool kept;

	(void)pthread_mutex_lock(&keeper->lock);
	if (!keeper->unkept) {
		(void)pthread_mutex_unlock(&keeper->lock);
		return;
	}
	keeper->unkept = false;
	good_s = clock_unix_of_mono(keeper->plan.good_s, clock_now_us(), clock_mono_us());
	buffer_init(&json, KEYSET_MAX_BYTES);
	buffer_add(&json, buffer_span(&keeper->json));
	(void)pthread_mutex_unlock(&keeper->lock);
	kept = !json.failed &&
	       kept_write(keeper->state_dir, &keeper->source, buffer_span(&json), good_s, &err);
	buffer_done(&json);
	if (!kept && !keeper->told_unkept)
		log_event(LOG_WARN, "keys", "issuer %s: keys are not kept: %s", keeper->source.name,
		    err.text);
	keeper->told_unkept = !kept;
}
