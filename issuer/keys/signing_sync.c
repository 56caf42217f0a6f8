/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/keys/signing_sync.h"

#include <string.h>

#include "base/file.h"

#define PEM_MAX 16384

bool
signing_sync_given(
    const struct signing_place *place, struct signing_key **ret_key, struct err *reterr)
{
	struct buffer pem;
	bool done;

	buffer_init(&pem, PEM_MAX);
	done = file_read_private(place->key_file, &pem, reterr) &&
	       (signing_key_read(buffer_span(&pem), place->algorithm, ret_key, reterr) ||
		   err_within(reterr, "%s", place->key_file));
	buffer_wipe(&pem);
	if (done && !signing_key_able(*ret_key)) {
		signing_key_free(*ret_key);
		return err_set(reterr, "%s: not a private key in PEM", place->key_file);
	}
	return done;
}

/* The configured key replaces its public part, whose file has its times. */
static bool
add_given(
    const struct signing_place *place, struct signing_set *set, int64_t now_s, struct err *reterr)
{
	struct signing_times times = { .created_s = now_s, .signs_s = now_s };
	struct signing_key *key = NULL;
	size_t at;
	bool known;

	if (!signing_sync_given(place, &key, reterr))
		return false;
	at = signing_set_find(set, signing_key_kid(key));
	known = at != SIZE_MAX;
	if (known) {
		times = set->times[at];
		set->times[at].able = false;
	}
	if (!signing_set_add(set, key, &times, reterr))
		return false;
	at = set->count - 1;
	for (size_t i = 0; i < set->count; i++)
		if (set->keys[i] == key)
			at = i;
	set->times[at].given = true;
	return known || signing_set_write(place->directory, set, at, reterr);
}

static bool
make_key(const struct signing_place *place, struct signing_set *set,
    const struct signing_times *times, struct err *reterr)
{
	struct signing_times own = *times;
	struct signing_key *key = NULL;

	/* Two keys made within the same second keep their order. */
	for (size_t i = 0; i < set->count; i++)
		if (set->times[i].created_s >= own.created_s)
			own.created_s = set->times[i].created_s + 1;
	own.fits = true;
	if (!signing_key_make(place->algorithm, &key, reterr) ||
	    !signing_set_add(set, key, &own, reterr))
		return false;
	if (signing_set_write(place->directory, set, set->count - 1, reterr))
		return true;
	signing_key_free(set->keys[--set->count]);
	return false;
}

static bool
drop_ended(
    const struct signing_place *place, struct signing_set *set, uint32_t ended, struct err *reterr)
{
	bool done = true;
	size_t i;

	for (i = set->count; i-- > 0;) {
		if ((ended & (1u << i)) != 0)
			done &= signing_set_remove(place->directory, set, i, reterr);
	}
	return done;
}

/* The key that signs remembers how long its tokens may last, for when the settings shrink. */
static bool
note_longest(const struct signing_place *place, struct signing_set *set, struct err *reterr)
{
	int64_t keep_s = place->settings.keep_s;

	if (set->current == SIZE_MAX || set->times[set->current].longest_s >= keep_s)
		return true;
	set->times[set->current].longest_s = keep_s;
	return signing_set_write(place->directory, set, set->current, reterr);
}

static struct signing_plan
plan_now(const struct signing_place *place, struct signing_set *set, int64_t now_s)
{
	struct signing_plan plan;

	for (size_t i = 0; i < set->count; i++)
		set->times[i].fits = signing_key_algorithm(set->keys[i]) == place->algorithm;
	plan = signing_plan(set->times, set->count, &place->settings, now_s);
	set->current = plan.current;
	return plan;
}

/* Is a key waiting to sign? */
static bool
one_waits(const struct signing_set *set, int64_t now_s)
{
	for (size_t i = 0; i < set->count; i++)
		if (i != set->current && set->times[i].signs_s > now_s)
			return true;
	return false;
}

static bool
grant_rotate(const struct signing_place *place, struct signing_set *set,
    struct signing_request *request, struct err *reterr)
{
	struct signing_times times = { .created_s = request->now_s, .signs_s = request->signs_s };

	if (place->key_file != NULL)
		return err_set(
		    reterr, "the key is given by local_issuer.signing.key: change it there");
	if (one_waits(set, request->now_s) && request->signs_s > request->now_s)
		return err_set(reterr, "a new key is already waiting");
	if (!make_key(place, set, &times, reterr))
		return false;
	request->made = strdup(signing_key_kid(set->keys[set->count - 1]));
	return request->made != NULL || err_set(reterr, "no memory");
}

static bool
grant_retire(
    const struct signing_place *place, struct signing_set *set, const char *kid, struct err *reterr)
{
	size_t at = signing_set_find(set, kid);

	if (at == SIZE_MAX)
		return err_set(reterr, "there is no key %.64s", kid);
	if (set->times[at].given)
		return err_set(reterr,
		    "%.64s is given by local_issuer.signing.key: put another one there", kid);
	return signing_set_remove(place->directory, set, at, reterr);
}

/* A key dated in the future was made while the clock was ahead. If the date stayed, a waiting key
 * would wait until then, and a signing key would have no successor. So it is dated now. */
static bool
redate(
    const struct signing_place *place, struct signing_set *set, int64_t now_s, struct err *reterr)
{
	for (size_t i = 0; i < set->count; i++) {
		struct signing_times *times = &set->times[i];

		if (times->created_s <= now_s + SIGNING_CLOCKS_DIFFER_S || times->given)
			continue;
		times->created_s = now_s;
		times->signs_s =
		    i == set->current ? now_s : now_s + place->settings.publish_ahead_s;
		set->redated++;
		if (!signing_set_write(place->directory, set, i, reterr))
			return false;
	}
	return true;
}

static bool
grant(const struct signing_place *place, struct signing_set *set, struct signing_request *request,
    struct err *reterr)
{
	(void)plan_now(place, set, request->now_s);
	if (request->rotate && !grant_rotate(place, set, request, reterr))
		return false;
	return request->retire == NULL || grant_retire(place, set, request->retire, reterr);
}

/* Make and drop what is due. A new key may be one that signs at once, so it is planned again. */
static bool
settle(const struct signing_place *place, struct signing_set *set,
    const struct signing_request *request, struct err *reterr)
{
	struct signing_plan plan = plan_now(place, set, request->now_s);
	struct signing_times times = { .created_s = request->now_s, .signs_s = plan.make_signs_s };
	bool done = true;

	/* Commands also do the first pass, so it makes a key only if none can sign. */
	if (plan.make && (plan.current == SIZE_MAX || !(request->strict || request->hold))) {
		done = make_key(place, set, &times, reterr);
		plan = plan_now(place, set, request->now_s);
	}
	if (!request->hold)
		done &= drop_ended(place, set, plan.ended, reterr);
	(void)plan_now(place, set, request->now_s);
	return note_longest(place, set, reterr) && done;
}

bool
signing_sync(const struct signing_place *place, struct signing_request *request,
    struct signing_set **ret_set, struct err *reterr)
{
	struct signing_set *set = NULL;
	bool done;

	if (!signing_set_read(place->directory, request->strict, &set, reterr))
		return false;
	done = place->key_file == NULL || add_given(place, set, request->now_s, reterr);
	if (done)
		(void)plan_now(place, set, request->now_s);
	done = done && redate(place, set, request->now_s, reterr) &&
	       grant(place, set, request, reterr);
	if (!done) {
		signing_set_free(set);
		return false;
	}
	done = settle(place, set, request, reterr);
	if (set->current == SIZE_MAX) {
		signing_set_free(set);
		return false;
	}
	*ret_set = set;
	return done;
}
