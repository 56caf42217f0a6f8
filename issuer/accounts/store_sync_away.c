/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/store_sync_away.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define SECOND_US INT64_C(1000000)

void
store_sync_away_init(struct store_sync_away *away)
{
	*away = (struct store_sync_away){ .since_us = 0 };
	(void)pthread_mutex_init(&away->lock, NULL);
}

void
store_sync_away_done(struct store_sync_away *away)
{
	(void)pthread_mutex_destroy(&away->lock);
}

void
store_sync_away_tell(struct store_sync_away *away, bool well, const struct err *err)
{
	bool news;

	(void)pthread_mutex_lock(&away->lock);
	news = strcmp(away->reported.text, well ? "" : err->text) != 0;
	away->reported = well ? (struct err){ "" } : *err;
	if (well)
		away->since_us = 0;
	else if (away->since_us == 0)
		away->since_us = clock_mono_us();
	(void)pthread_mutex_unlock(&away->lock);
	if (news && well)
		log_event(LOG_INFO, "store_recovered", "the clients can be read again");
	else if (news)
		log_event(
		    LOG_ERROR, "store_failed", "%s; the clients stay as last read", err->text);
}

int64_t
store_sync_away_seconds(struct store_sync_away *away, struct err *ret_why)
{
	int64_t since_us;

	(void)pthread_mutex_lock(&away->lock);
	since_us = away->since_us;
	if (ret_why != NULL)
		*ret_why = away->reported;
	(void)pthread_mutex_unlock(&away->lock);
	return since_us == 0 ? 0 : (clock_mono_us() - since_us) / SECOND_US + 1;
}
