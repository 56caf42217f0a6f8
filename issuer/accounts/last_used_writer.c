/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/last_used_writer.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/worker.h"

struct last_used_writer {
	struct last_used *last_used;
	struct store_sync *sync;
	struct worker *worker;
	bool failed; /* said already */
};

static bool
write_use(struct store *store, void *context, struct err *reterr)
{
	const struct use *use = context;

	return store_used(
	    store, &(struct store_use){ use->client_id, use->slot, use->when_s }, reterr);
}

/* Log a failure only once until it is over: store_sync logs when the store itself is
 * unreachable. */
static void
tell(struct last_used_writer *writer, bool well, const struct err *err)
{
	if (!well && !writer->failed)
		log_event(LOG_WARN, "bookkeeping_failed",
		    "the last use of secrets cannot be recorded: %s", err->text);
	writer->failed = !well;
}

static void
write_round(struct last_used_writer *writer)
{
	struct err err = { "" };
	struct use use;
	bool well = true;
	int i;

	for (i = 0; well && i < LAST_USED_WRITER_AT_ONCE && last_used_take(writer->last_used, &use);
	    i++) {
		struct store_sync_change change = { write_use, &use };

		well = store_sync_change(writer->sync, &change, &err);
	}
	if (i > 0)
		tell(writer, well, &err);
}

static int64_t
step(void *context)
{
	write_round(context);
	return LAST_USED_WRITER_EVERY_S * INT64_C(1000000);
}

bool
last_used_writer_start(struct last_used *last_used, struct store_sync *sync,
    struct last_used_writer **ret_writer, struct err *reterr)
{
	struct last_used_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return err_set(reterr, "no memory");
	writer->last_used = last_used;
	writer->sync = sync;
	if (!worker_start(step, writer, &writer->worker, reterr)) {
		free(writer);
		return false;
	}
	*ret_writer = writer;
	return true;
}

void
last_used_writer_stop(struct last_used_writer *writer)
{
	if (writer == NULL)
		return;
	worker_stop(writer->worker);
	write_round(writer);
	free(writer);
}
