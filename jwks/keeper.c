/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/keeper.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/epoch.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread.h"
#include "jwks/discovery.h"
#include "jwks/fetch.h"
#include "jwks/kept.h"

#define FILE_EVERY_S 2
#define CLOCKS_DIFFER_S 60

static bool
copy_text(const char **text)
{
	if (*text != NULL)
		*text = strdup(*text);
	return *text != NULL;
}

bool
keeper_init(
    struct keeper *keeper, const struct source *source, const char *state_dir, struct err *reterr)
{
	struct source *own = &keeper->source;

	(void)pthread_mutex_init(&keeper->lock, NULL);
	thread_cond_init(&keeper->changed);
	buffer_init(&keeper->json, KEYSET_MAX_BYTES);
	*own = *source;
	keeper->state_dir = state_dir;
	if (copy_text(&own->name) + copy_text(&own->issuer) + copy_text(&own->place) +
		copy_text(&own->ca_file) + copy_text(&own->proxy) <
	    (source->name != NULL) + (source->issuer != NULL) + (source->place != NULL) +
		(source->ca_file != NULL) + (source->proxy != NULL))
		return err_set(reterr, "out of memory");
	return true;
}

void
keeper_done(struct keeper *keeper)
{
	keyset_free(atomic_load(&keeper->keys));
	buffer_done(&keeper->json);
	(void)pthread_cond_destroy(&keeper->changed);
	(void)pthread_mutex_destroy(&keeper->lock);
	free((char *)(uintptr_t)keeper->source.name);
	free((char *)(uintptr_t)keeper->source.issuer);
	free((char *)(uintptr_t)keeper->source.place);
	free((char *)(uintptr_t)keeper->source.ca_file);
	free((char *)(uintptr_t)keeper->source.proxy);
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

static void
free_set(void *set)
{
	keyset_free(set);
}

bool
keeper_settle(struct keeper *keeper, struct keyset *set, struct span json, int64_t good_s)
{
	struct keyset *old = atomic_load(&keeper->keys);
	bool changed = old == NULL || !keyset_same(old, set);

	if (changed) {
		atomic_store(&keeper->keys, set);
		if (old != NULL)
			epoch_retire(old, free_set);
		buffer_reset(&keeper->json);
		buffer_add(&keeper->json, json);
	} else {
		keyset_free(set);
	}
	atomic_store(&keeper->good_s, good_s);
	return changed;
}

/* What an earlier keyring knows of this issuer. */
static int64_t
recall_earlier(struct keeper *keeper, struct keeper *earlier, struct buffer *json)
{
	(void)pthread_mutex_lock(&earlier->lock);
	buffer_add(json, buffer_span(&earlier->json));
	keeper->plan = earlier->plan;
	keeper->fetches_good = earlier->fetches_good;
	keeper->fetches_bad = earlier->fetches_bad;
	keeper->told_bad = earlier->told_bad;
	memcpy(keeper->last_error, earlier->last_error, sizeof(keeper->last_error));
	(void)pthread_mutex_unlock(&earlier->lock);
	return keeper->plan.good_s;
}

/* What was kept on disk. A time that has not come says nothing about how old the keys are. */
static bool
recall_kept(struct keeper *keeper, struct buffer *json, int64_t *ret_good_s, struct err *reterr)
{
	if (!kept_read(keeper->state_dir, &keeper->source, json, ret_good_s, reterr))
		return false;
	if (*ret_good_s > clock_now_s() + CLOCKS_DIFFER_S)
		return err_set(reterr, "they were kept at a time that has not come yet");
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

static bool
read_file(struct keeper *keeper, struct fetch_answer *answer, struct err *reterr)
{
	struct stat now = { 0 };

	(void)stat(keeper->source.place, &now);
	keeper->file = now;
	answer->max_age_s = -1;
	answer->retry_after_s = -1;
	buffer_init(&answer->body, KEYSET_MAX_BYTES);
	return file_read(keeper->source.place, &answer->body, reterr);
}

static bool
file_unchanged(const struct keeper *keeper)
{
	struct stat now;

	return keeper->plan.good_s != 0 && stat(keeper->source.place, &now) == 0 &&
	       now.st_ino == keeper->file.st_ino && now.st_size == keeper->file.st_size &&
	       now.st_mtim.tv_sec == keeper->file.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == keeper->file.st_mtim.tv_nsec;
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
		return err_within(reterr, "%s", url);
	good = discovery_read(buffer_span(&answer->body), keeper->source.issuer, jwks_uri, reterr);
	buffer_done(&answer->body);
	if (!good)
		return false;
	source.timeout_ms -= (clock_mono_us() - begun_us) / 1000;
	if (source.timeout_ms < 1)
		source.timeout_ms = 1;
	return fetch_get(&source, jwks_uri, &keeper->stop, answer, reterr) ||
	       err_within(reterr, "%s", jwks_uri);
}

static bool
get(struct keeper *keeper, struct fetch_answer *answer, struct keyset **ret_set, struct err *reterr)
{
	const char *place = keeper->source.place;
	bool good = false;

	if (keeper->source.kind == SOURCE_FILE)
		good = read_file(keeper, answer, reterr);
	else if (keeper->source.kind == SOURCE_DISCOVERY)
		good = discover(keeper, answer, reterr);
	else
		good = fetch_get(&keeper->source, place, &keeper->stop, answer, reterr) ||
		       err_within(reterr, "%s", place);
	if (!good)
		return false;
	return keyset_parse(buffer_span(&answer->body), ret_set, reterr) ||
	       err_within(reterr, "%s", place);
}

/* A line when it turns bad and when it turns good again, not one per try. */
static void
tell(struct keeper *keeper, bool good, const char *why)
{
	if (!good && !keeper->told_bad)
		log_event(LOG_ERROR, "keys_failed", "issuer %s: %s", keeper->source.name, why);
	else if (good && (keeper->told_bad || keeper->fetches_good == 0))
		log_event(LOG_INFO, "keys_ok", "issuer %s: %zu keys", keeper->source.name,
		    keyset_count(atomic_load(&keeper->keys)));
	keeper->told_bad = !good;
}

static void
settle_good(struct keeper *keeper, struct keyset *set, struct span json, bool *ret_changed)
{
	*ret_changed = keeper_settle(keeper, set, json, keeper->plan.good_s);
	keeper->last_error[0] = '\0';
	tell(keeper, true, "");
	keeper->fetches_good++;
	keeper->unkept = keeper->state_dir != NULL && keeper->source.kind != SOURCE_FILE;
}

static void
settle_bad(struct keeper *keeper, const struct err *why)
{
	keeper->fetches_bad++;
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
		settle_bad(keeper, &err);
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
	good_s = keeper->plan.good_s;
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
