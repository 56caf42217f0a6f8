/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/bookkeeper.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/worker.h"

struct bookkeeper {
	struct used *used;
	struct watch *watch;
	struct worker *worker;
	bool failed; /* said already */
};

static bool
write_use(struct store *store, void *context, struct err *reterr)
{
	const struct use *use = context;

	return store_used(store, use->client_id, use->slot, use->when_s, reterr);
}

/* Trouble is told once, until it is over: the watch tells of the store itself. */
static void
tell(struct bookkeeper *bookkeeper, bool well, const struct err *err)
{
	if (!well && !bookkeeper->failed)
		log_event(LOG_WARN, "bookkeeping_failed",
		    "last uses of secrets are not written down: %s", err->text);
	bookkeeper->failed = !well;
}

static void
write_round(struct bookkeeper *bookkeeper)
{
	struct err err = { "" };
	struct use use;
	bool well = true;
	int i;

	for (i = 0; well && i < BOOKKEEPER_AT_ONCE && used_take(bookkeeper->used, &use); i++) {
		struct watch_change change = { write_use, &use };

		well = watch_change(bookkeeper->watch, &change, &err);
	}
	if (i > 0)
		tell(bookkeeper, well, &err);
}

static int64_t
step(void *context)
{
	write_round(context);
	return BOOKKEEPER_EVERY_S * INT64_C(1000000);
}

bool
bookkeeper_start(
    struct used *used, struct watch *watch, struct bookkeeper **ret_bookkeeper, struct err *reterr)
{
	struct bookkeeper *bookkeeper = calloc(1, sizeof(*bookkeeper));

	if (bookkeeper == NULL)
		return err_set(reterr, "no memory");
	bookkeeper->used = used;
	bookkeeper->watch = watch;
	if (!worker_start(step, bookkeeper, &bookkeeper->worker, reterr)) {
		free(bookkeeper);
		return false;
	}
	*ret_bookkeeper = bookkeeper;
	return true;
}

void
bookkeeper_stop(struct bookkeeper *bookkeeper)
{
	if (bookkeeper == NULL)
		return;
	worker_stop(bookkeeper->worker);
	write_round(bookkeeper);
	free(bookkeeper);
}
