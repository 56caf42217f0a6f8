/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/directory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"

/* A hash table with open addressing: its size is a power of two, and it is at most half full, so
 * that a search ends. Its items are clients or users. */
struct table {
	const void **slots;
	size_t mask;
};

struct directory {
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
index_clients(struct directory *directory)
{
	const struct client *client;

	for (client = directory->first; client != NULL; client = client->next)
		directory->count++;
	if (!table_init(&directory->by_id, &directory->arena, directory->count) ||
	    !table_init(&directory->by_name, &directory->arena, directory->count))
		return false;
	for (client = directory->first; client != NULL; client = client->next) {
		table_put(&directory->by_id, key_id(client), client);
		table_put(&directory->by_name, key_name(client), client);
	}
	return true;
}

static bool
index_users(struct directory *directory)
{
	size_t count = 0;

	for (const struct user *user = directory->users; user != NULL; user = user->next)
		count++;
	if (!table_init(&directory->users_by_name, &directory->arena, count))
		return false;
	for (const struct user *user = directory->users; user != NULL; user = user->next)
		table_put(&directory->users_by_name, key_user(user), user);
	return true;
}

bool
directory_load(struct store *store, struct directory **ret_directory, struct err *reterr)
{
	struct directory *directory = calloc(1, sizeof(*directory));
	struct client *first = NULL;
	struct user *users = NULL;

	if (directory == NULL)
		return err_set(reterr, "clients: no memory");
	atomic_init(&directory->references, 1);
	arena_init(&directory->arena, DIRECTORY_MAX_BYTES);
	if (!store_list(store, &directory->arena, &first, reterr) ||
	    !store_user_list(store, &directory->arena, &users, reterr)) {
		directory_unref(directory);
		return false;
	}
	directory->first = first;
	directory->users = users;
	if (!index_clients(directory) || !index_users(directory)) {
		directory_unref(directory);
		return err_set(reterr, "clients: no memory");
	}
	*ret_directory = directory;
	return true;
}

struct directory *
directory_ref(struct directory *directory)
{
	atomic_fetch_add_explicit(&directory->references, 1, memory_order_relaxed);
	return directory;
}

void
directory_unref(struct directory *directory)
{
	if (directory == NULL || atomic_fetch_sub(&directory->references, 1) != 1)
		return;
	arena_done(&directory->arena);
	free(directory);
}

const struct client *
directory_first(const struct directory *directory)
{
	return directory->first;
}

size_t
directory_count(const struct directory *directory)
{
	return directory->count;
}

const struct client *
directory_by_id(const struct directory *directory, struct span id)
{
	return table_get(&directory->by_id, id, key_id);
}

const struct client *
directory_by_name(const struct directory *directory, struct span name)
{
	return table_get(&directory->by_name, name, key_name);
}

const struct client *
directory_client(const struct directory *directory, struct span name_or_id)
{
	const struct client *client = directory_by_id(directory, name_or_id);

	return client != NULL ? client : directory_by_name(directory, name_or_id);
}

int64_t
directory_longest_s(const struct directory *directory)
{
	const struct client *client;
	int64_t longest_s = 0;

	for (client = directory->first; client != NULL; client = client->next) {
		if (client->token_lifetime_s > longest_s)
			longest_s = client->token_lifetime_s;
	}
	return longest_s;
}

const struct user *
directory_user(const struct directory *directory, struct span name)
{
	return table_get(&directory->users_by_name, name, key_user);
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
directory_clients_same(const struct directory *a, const struct directory *b)
{
	const struct client *x = a->first, *y = b->first;

	while (x != NULL && y != NULL && client_same(x, y)) {
		x = x->next;
		y = y->next;
	}
	return x == NULL && y == NULL;
}

bool
directory_same(const struct directory *a, const struct directory *b)
{
	return directory_clients_same(a, b) && users_same(a->users, b->users);
}
