/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/store_sync_writer.h"

void
store_sync_writer_init(
    struct store_sync_writer *writer, const char *database, struct store_sync_away *away)
{
	*writer = (struct store_sync_writer){ .database = database, .away = away };
	(void)pthread_mutex_init(&writer->lock, NULL);
}

void
store_sync_writer_done(struct store_sync_writer *writer)
{
	store_close(writer->store);
	(void)pthread_mutex_destroy(&writer->lock);
}

/* Reconnect if the connection was lost while idle, so that the change does not fail. */
static bool
open_store(struct store_sync_writer *writer, struct err *reterr)
{
	struct err ignored;

	if (writer->store != NULL &&
	    (!store_same(writer->store, &ignored) || !store_ping(writer->store, &ignored))) {
		store_close(writer->store);
		writer->store = NULL;
	}
	return writer->store != NULL || store_open_again(writer->database, &writer->store, reterr);
}

bool
store_sync_writer_write(
    struct store_sync_writer *writer, const struct store_sync_change *change, struct err *reterr)
{
	bool done;

	(void)pthread_mutex_lock(&writer->lock);
	if (store_sync_away_seconds(writer->away, NULL) > 0)
		done = err_set(reterr, "the database is away");
	else
		done = open_store(writer, reterr) &&
		       change->change(writer->store, change->context, reterr);
	(void)pthread_mutex_unlock(&writer->lock);
	return done;
}
