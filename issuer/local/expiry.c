/* SPDX-License-Identifier: Apache-2.0 */
/* Warn of client secrets that end. */
#include "base/clock.h"
#include "base/log.h"
#include "issuer/local/running.h"

static void
warn(const struct client *client, int slot, int64_t now_s)
{
	bool expired = client_slot_expired(&client->slots[slot], now_s);
	char until[32];
	struct log_line line;

	clock_format(client->slots[slot].until_s * 1000000, until);
	log_begin(&line, expired ? "client_secret_expired" : "client_secret_expires");
	log_text(&line, "client", span_of(client->name));
	log_number(&line, "slot", slot + 1);
	log_text(&line, "expires", span_of(until));
	log_end(&line, LOG_WARN);
}

void
issuer_warn_expiry(struct issuer *issuer, int64_t now_s)
{
	int64_t next_s = INT64_MAX;
	struct issuer_parts parts;

	if (!atomic_exchange(&issuer->expiry_stale, false) && now_s < issuer->expiry_next_s)
		return;
	issuer_parts_take(issuer, &parts);
	for (const struct client *client = directory_first(parts.directory); client != NULL;
	    client = client->next)
		for (int i = 0; i < CLIENT_SLOTS; i++)
			if (client_expiry_due(
				&client->slots[i], issuer->expiry_seen_s, now_s, &next_s))
				warn(client, i, now_s);
	issuer_parts_drop(&parts);
	issuer->expiry_seen_s = now_s;
	issuer->expiry_next_s = next_s;
}

struct client_expiry_count
issuer_count_expiry(struct issuer *issuer, int64_t now_s)
{
	struct client_expiry_count count;
	struct issuer_parts parts;

	issuer_parts_take(issuer, &parts);
	count = client_expiry_count(directory_first(parts.directory), now_s);
	issuer_parts_drop(&parts);
	return count;
}
