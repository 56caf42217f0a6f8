/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/admin/admin.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/digest.h"

#define ARENA_MAX (1u << 20)

static bool
empty(const struct client *client, int slot)
{
	return client->slots[slot].hash[0] == '\0';
}

/* One that is empty or has expired, else that of the older secret. */
static int
slot_to_fill(const struct client *client, int64_t now_s)
{
	for (int i = 0; i < CLIENT_SLOTS; i++)
		if (empty(client, i))
			return i;
	for (int i = 0; i < CLIENT_SLOTS; i++)
		if (client_slot_expired(&client->slots[i], now_s))
			return i;
	return client->slots[1].issued_s < client->slots[0].issued_s ? 1 : 0;
}

/* The older of those that are there; -1: there is none. */
static int
oldest_slot(const struct client *client)
{
	if (empty(client, 0))
		return empty(client, 1) ? -1 : 1;
	if (empty(client, 1))
		return 0;
	return client->slots[1].issued_s < client->slots[0].issued_s ? 1 : 0;
}

static enum admin_result
rotate(struct store *store, const struct client *client, struct admin_made *ret_made,
    struct err *reterr)
{
	struct client_slot slot = { .issued_s = clock_now_s(), .until_s = ret_made->until_s };
	int at = slot_to_fill(client, slot.issued_s);

	if (client->method == CLIENT_PRIVATE_KEY_JWT)
		return admin_no(err_set(reterr,
		    "the client authenticates with private_key_jwt: change its keys instead"));
	(void)snprintf(ret_made->id, sizeof(ret_made->id), "%s", client->id);
	ret_made->slot = at + 1;
	if (!client_new_secret(ret_made->secret, slot.hash)) {
		(void)err_set(reterr, "the random generator failed");
		return ADMIN_TROUBLE;
	}
	if (!store_set_slot(store, client, &(struct store_slot){ at, &slot }, reterr))
		return ADMIN_TROUBLE;
	return ADMIN_OK;
}

enum admin_result
admin_rotate(struct store *store, const struct admin_rotation *rotation,
    struct admin_made *ret_made, struct err *reterr)
{
	struct client *client = NULL;
	struct client_slot none = { .issued_s = 0 };
	struct admin_made made = { .slot = 0 };
	enum admin_result result;
	struct arena arena;

	if (!admin_secret_until(rotation->expires_s, clock_now_s(), &made.until_s, reterr))
		return ADMIN_NO;
	arena_init(&arena, ARENA_MAX);
	result = admin_find(
	    store, &(struct store_wanted){ rotation->name_or_id, &arena }, &client, reterr);
	if (result == ADMIN_OK)
		result = rotate(store, client, &made, reterr);
	if (result == ADMIN_OK && rotation->revoke_other &&
	    !store_set_slot(store, client, &(struct store_slot){ 2 - made.slot, &none }, reterr))
		result = ADMIN_TROUBLE;
	if (result == ADMIN_OK)
		*ret_made = made;
	digest_wipe(&made, sizeof(made));
	arena_done(&arena);
	return result;
}

/* Bits of the slots to be emptied; 0: there is none. */
static int
chosen(const struct client *client, enum admin_slot slot)
{
	int there = (empty(client, 0) ? 0 : 1) | (empty(client, 1) ? 0 : 2);
	int oldest = oldest_slot(client);

	switch (slot) {
	case ADMIN_SLOT_1:
		return there & 1;
	case ADMIN_SLOT_2:
		return there & 2;
	case ADMIN_SLOT_BOTH:
		return there;
	default:
		return oldest < 0 ? 0 : 1 << oldest;
	}
}

static bool
no_secret(const struct client *client, enum admin_slot slot, struct err *reterr)
{
	if (slot == ADMIN_SLOT_1 || slot == ADMIN_SLOT_2)
		return err_set(reterr, "client %.128s has no secret in slot %d", client->name,
		    slot == ADMIN_SLOT_1 ? 1 : 2);
	return err_set(reterr, "client %.128s has no secret", client->name);
}

enum admin_result
admin_revoke_secret(
    struct store *store, const struct admin_unsecret *which, int *ret_revoked, struct err *reterr)
{
	struct client_slot none = { .issued_s = 0 };
	struct client *client = NULL;
	enum admin_result result;
	struct arena arena;
	int slots = 0;

	arena_init(&arena, ARENA_MAX);
	result =
	    admin_find(store, &(struct store_wanted){ which->name_or_id, &arena }, &client, reterr);
	if (result == ADMIN_OK) {
		slots = chosen(client, which->slot);
		if (slots == 0)
			result = admin_no(no_secret(client, which->slot, reterr));
	}
	for (int i = 0; i < CLIENT_SLOTS && result == ADMIN_OK; i++)
		if ((slots & 1 << i) != 0 &&
		    !store_set_slot(store, client, &(struct store_slot){ i, &none }, reterr))
			result = ADMIN_TROUBLE;
	if (result == ADMIN_OK)
		*ret_revoked = slots;
	arena_done(&arena);
	return result;
}
