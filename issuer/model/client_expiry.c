/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/model/client_expiry.h"

static bool
has_end(const struct client_slot *slot)
{
	return slot->hash[0] != '\0' && slot->until_s != 0;
}

bool
client_expiry_soon(const struct client_slot *slot, int64_t now_s)
{
	return has_end(slot) && now_s < slot->until_s &&
	       now_s >= slot->until_s - CLIENT_EXPIRY_SOON_S;
}

bool
client_expiry_due(
    const struct client_slot *slot, int64_t before_s, int64_t now_s, int64_t *ret_next_s)
{
	static const int64_t days[] = { 14, 7, 3, 1, 0 };
	bool due = false;

	if (!has_end(slot))
		return false;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		int64_t at_s = slot->until_s - days[i] * CLIENT_EXPIRY_DAY_S;

		due = due || (before_s < at_s && at_s <= now_s);
		if (at_s > now_s && at_s < *ret_next_s)
			*ret_next_s = at_s;
	}
	return due;
}

struct client_expiry_count
client_expiry_count(const struct client *first, int64_t now_s)
{
	struct client_expiry_count count = { 0 };

	for (const struct client *client = first; client != NULL; client = client->next) {
		for (int i = 0; i < CLIENT_SLOTS; i++) {
			const struct client_slot *slot = &client->slots[i];
			bool ahead = has_end(slot) && slot->until_s > now_s;

			count.soon += client_expiry_soon(slot, now_s);
			count.expired += client_slot_expired(slot, now_s);
			if (ahead && (count.next_s == 0 || slot->until_s < count.next_s))
				count.next_s = slot->until_s;
		}
	}
	return count;
}
