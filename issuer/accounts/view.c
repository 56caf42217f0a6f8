/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/view.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"

/* Open addressing; a power of two, at most half full, so that a search ends. A thing is a client
 * or a user. */
struct table {
	const void **slots;
	size_t mask;
};

struct view {
	atomic_uint references;
	struct arena arena;
	const struct client *first; /* by name */
	size_t count;
	struct table by_id, by_name;
	const struct user *users; /* by id */
	struct table users_by_name;
};

/* FNV-1a. The keys in the tables are the operator's, so nobody can choose them to collide. */
static size_t
hash(struct span text)
{
	uint64_t sum = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < text.len; i++)
		sum = (sum ^ (unsigned char)text.at[i]) * 0x100000001b3u;
	return (size_t)(sum ^ (sum >> 32));
}

static struct span
key_id(const void *client)
{
	return span_of(((const struct client *)client)->id);
}

static struct span
key_name(const void *client)
{
	return span_of(((const struct client *)client)->name);
}

static struct span
key_user(const void *user)
{
	return span_of(((const struct user *)user)->name);
}

static void
table_put(struct table *table, struct span key, const void *thing)
{
	size_t at = hash(key) & table->mask;

	while (table->slots[at] != NULL)
		at = (at + 1) & table->mask;
	table->slots[at] = thing;
}

static const void *
table_get(const struct table *table, struct span key, struct span (*key_of)(const void *))
{
	size_t at = hash(key) & table->mask;

	while (table->slots[at] != NULL && !span_equal(key_of(table->slots[at]), key))
		at = (at + 1) & table->mask;
	return table->slots[at];
}

static bool
table_init(struct table *table, struct arena *arena, size_t count)
{
	size_t room = 16;

	while (room < count * 2)
		room *= 2;
	table->slots = arena_array(arena, room, sizeof(table->slots[0]));
	table->mask = room - 1;
	return table->slots != NULL;
}

static bool
index_clients(struct view *view)
{
	const struct client *client;

	for (client = view->first; client != NULL; client = client->next)
		view->count++;
	if (!table_init(&view->by_id, &view->arena, view->count) ||
	    !table_init(&view->by_name, &view->arena, view->count))
		return false;
	for (client = view->first; client != NULL; client = client->next) {
		table_put(&view->by_id, key_id(client), client);
		table_put(&view->by_name, key_name(client), client);
	}
	return true;
}

static bool
index_users(struct view *view)
{
	size_t count = 0;

	for (const struct user *user = view->users; user != NULL; user = user->next)
		count++;
	if (!table_init(&view->users_by_name, &view->arena, count))
		return false;
	for (const struct user *user = view->users; user != NULL; user = user->next)
		table_put(&view->users_by_name, key_user(user), user);
	return true;
}

bool
view_load(struct store *store, struct view **ret_view, struct err *reterr)
{
	struct view *view = calloc(1, sizeof(*view));
	struct client *first = NULL;
	struct user *users = NULL;

	if (view == NULL)
		return err_set(reterr, "clients: no memory");
	atomic_init(&view->references, 1);
	arena_init(&view->arena, VIEW_MAX_BYTES);
	if (!store_list(store, &view->arena, &first, reterr) ||
	    !store_user_list(store, &view->arena, &users, reterr)) {
		view_unref(view);
		return false;
	}
	view->first = first;
	view->users = users;
	if (!index_clients(view) || !index_users(view)) {
		view_unref(view);
		return err_set(reterr, "clients: no memory");
	}
	*ret_view = view;
	return true;
}

struct view *
view_ref(struct view *view)
{
	atomic_fetch_add_explicit(&view->references, 1, memory_order_relaxed);
	return view;
}

void
view_unref(struct view *view)
{
	if (view == NULL || atomic_fetch_sub(&view->references, 1) != 1)
		return;
	arena_done(&view->arena);
	free(view);
}

size_t
view_count(const struct view *view)
{
	return view->count;
}

const struct client *
view_by_id(const struct view *view, struct span id)
{
	return table_get(&view->by_id, id, key_id);
}

const struct client *
view_by_name(const struct view *view, struct span name)
{
	return table_get(&view->by_name, name, key_name);
}

const struct client *
view_client(const struct view *view, struct span name_or_id)
{
	const struct client *client = view_by_id(view, name_or_id);

	return client != NULL ? client : view_by_name(view, name_or_id);
}

int64_t
view_longest_s(const struct view *view)
{
	const struct client *client;
	int64_t longest_s = 0;

	for (client = view->first; client != NULL; client = client->next) {
		if (client->token_lifetime_s > longest_s)
			longest_s = client->token_lifetime_s;
	}
	return longest_s;
}

const struct user *
view_user(const struct view *view, struct span name)
{
	return table_get(&view->users_by_name, name, key_user);
}

static bool
users_same(const struct user *x, const struct user *y)
{
	while (x != NULL && y != NULL && user_same(x, y)) {
		x = x->next;
		y = y->next;
	}
	return x == NULL && y == NULL;
}

bool
view_clients_same(const struct view *a, const struct view *b)
{
	const struct client *x = a->first, *y = b->first;

	while (x != NULL && y != NULL && client_same(x, y)) {
		x = x->next;
		y = y->next;
	}
	return x == NULL && y == NULL;
}

bool
view_same(const struct view *a, const struct view *b)
{
	return view_clients_same(a, b) && users_same(a->users, b->users);
}
