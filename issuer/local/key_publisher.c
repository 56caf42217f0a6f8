/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/local/key_publisher.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/steady.h"
#include "base/worker.h"

#define LOOK_US INT64_C(1000000)
#define ROWS_MAX ((size_t)4 << 20)

struct key_publisher {
	struct key_publisher_setup setup;
	struct worker *worker;
	atomic_bool wanted; /* the keys have changed */
	int64_t due_mono_s;
	struct steady steady;
	bool failed; /* said already */
};

bool
key_publisher_id(const char *state_dir, char id[KEY_PUBLISHER_ID_ROOM], struct err *reterr)
{
	struct buffer path, text;
	bool done;

	buffer_init(&path, 8192);
	buffer_init(&text, KEY_PUBLISHER_ID_ROOM);
	buffer_format(&path, "%s/gate_id", state_dir);
	if (path.failed) {
		done = err_set(reterr, "no memory");
	} else if (access(path.at, F_OK) != 0) {
		done = (client_new_id(id) || err_set(reterr, "the random generator failed")) &&
		       file_write(path.at, span_of(id), 0600, reterr);
	} else {
		done = file_read(path.at, &text, reterr);
		if (done && (text.len == 0 || strlen(text.at) != text.len))
			done = err_set(reterr, "%s: damaged", path.at);
		if (done)
			(void)snprintf(id, KEY_PUBLISHER_ID_ROOM, "%s", text.at);
	}
	buffer_done(&path);
	buffer_done(&text);
	return done;
}

/* --- the rows --- */

/* Our keys as they are now. */
struct rows {
	const struct key_publisher *publisher;
	struct arena arena;
	struct store_key *first;
	bool forget; /* the clock may be believed: drop what is over */
};

static bool
add_row(struct rows *rows, const struct signing_set *set, size_t index)
{
	const struct key_publisher_setup *setup = &rows->publisher->setup;
	int64_t lease_s = signing_longest_s(setup->signing) + 2 * KEY_PUBLISHER_EVERY_S;
	struct store_key *row = arena_alloc(&rows->arena, sizeof(*row));
	int64_t end_s = signing_end_s(setup->signing, set, index);

	if (row == NULL)
		return false;
	row->issuer = setup->issuer;
	row->gate = setup->gate;
	row->kid = arena_text(&rows->arena, span_of(signing_key_kid(set->keys[index])));
	row->jwk = arena_text(&rows->arena, signing_key_jwk(set->keys[index]));
	row->until_s = clock_now_s() + lease_s;
	if (end_s < row->until_s)
		row->until_s = end_s;
	row->next = rows->first;
	rows->first = row;
	return row->kid != NULL && row->jwk != NULL;
}

static bool
take_rows(struct rows *rows)
{
	struct signing_set *set = signing_now(rows->publisher->setup.signing);
	bool done = true;

	for (size_t i = 0; done && i < set->count; i++)
		done = add_row(rows, set, i);
	signing_set_free(set);
	return done;
}

static bool
write_rows(struct store *store, void *context, struct err *reterr)
{
	const struct rows *rows = context;
	const struct key_publisher_setup *setup = &rows->publisher->setup;
	struct store_key_owner owner = { setup->issuer, setup->gate,
		rows->forget ? clock_now_s() : 0 };

	return store_keys_publish(store, &owner, rows->first, reterr);
}

static bool
reread(struct store *store, void *context, struct err *reterr)
{
	struct rows *rows = context;
	const struct key_publisher_setup *setup = &rows->publisher->setup;

	if (!store_keys(store, &rows->arena, &rows->first, reterr))
		return false;
	setup->reread(setup->context, rows->first);
	return true;
}

/* Log a failure only once until it is over. */
static void
tell(struct key_publisher *publisher, bool well, const struct err *err)
{
	if (!well && !publisher->failed)
		log_event(LOG_WARN, "key_publish_failed",
		    "this gate's keys cannot be shared with other gates: %s", err->text);
	publisher->failed = !well;
}

static bool
publish(struct key_publisher *publisher, bool steady)
{
	struct rows rows = { .publisher = publisher, .forget = steady };
	struct store_sync_change change = { write_rows, &rows };
	struct err err = { "no memory" };
	bool done;

	arena_init(&rows.arena, ROWS_MAX);
	done = take_rows(&rows) && store_sync_change(publisher->setup.sync, &change, &err);
	arena_done(&rows.arena);
	tell(publisher, done, &err);
	return done;
}

static void
look_for_ended(struct key_publisher *publisher)
{
	struct rows rows = { .publisher = publisher };
	struct store_sync_change change = { reread, &rows };
	struct err err;

	if (clock_now_s() < publisher->setup.ends_s(publisher->setup.context))
		return;
	arena_init(&rows.arena, ROWS_MAX);
	if (!store_sync_change(publisher->setup.sync, &change, &err))
		tell(publisher, false, &err); /* tried again in a second */
	arena_done(&rows.arena);
}

/* --- the thread --- */

static int64_t
step(void *context)
{
	struct key_publisher *publisher = context;
	bool steady = steady_look(&publisher->steady, clock_now_s(), clock_mono_s(), NULL);

	/* Failures are retried after a second. */
	if (atomic_exchange(&publisher->wanted, false) || clock_mono_s() >= publisher->due_mono_s)
		publisher->due_mono_s =
		    publish(publisher, steady) ? clock_mono_s() + KEY_PUBLISHER_EVERY_S : 0;
	look_for_ended(publisher);
	return LOOK_US;
}

bool
key_publisher_start(const struct key_publisher_setup *setup, struct key_publisher **ret_publisher,
    struct err *reterr)
{
	struct key_publisher *publisher = calloc(1, sizeof(*publisher));

	if (publisher == NULL)
		return err_set(reterr, "no memory");
	publisher->setup = *setup;
	atomic_init(&publisher->wanted, true);
	if (!worker_start(step, publisher, &publisher->worker, reterr)) {
		free(publisher);
		return false;
	}
	*ret_publisher = publisher;
	return true;
}

void
key_publisher_wake(struct key_publisher *publisher)
{
	if (publisher == NULL)
		return;
	atomic_store(&publisher->wanted, true);
	worker_wake(publisher->worker);
}

void
key_publisher_stop(struct key_publisher *publisher)
{
	if (publisher == NULL)
		return;
	worker_stop(publisher->worker);
	free(publisher);
}
