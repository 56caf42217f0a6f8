/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include <pthread.h>

#include "issuer/accounts/store_sync.h"

#define THREADS 8
#define ROUNDS 12

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct directory *current;
static struct store_sync *sync_of_all;

static void
loaded(void *context, struct directory *directory)
{
	struct directory *former;

	(void)context;
	(void)pthread_mutex_lock(&lock);
	former = current;
	current = directory;
	(void)pthread_mutex_unlock(&lock);
	directory_unref(former);
}

static bool
is_loaded(const char *name)
{
	bool found;

	(void)pthread_mutex_lock(&lock);
	found = directory_by_name(current, span_of(name)) != NULL;
	(void)pthread_mutex_unlock(&lock);
	return found;
}

/* Commit as another process would, look, and see. Returns the name of the first that is missing. */
static void *
commit_and_look(void *number)
{
	static char missing[THREADS][32];
	size_t thread = (size_t)(uintptr_t)number;
	struct store *store = NULL;
	struct err why;

	if (!store_open_again(path, &store, &why))
		return strcpy(missing[thread], "the store");
	for (int i = 0; i < ROUNDS && missing[thread][0] == '\0'; i++) {
		struct client client = { .created_s = 5 };
		char name[32];

		(void)snprintf(name, sizeof(name), "c%zu-%d", thread, i);
		client.id = client.name = name;
		if (!store_add(store, &client, &why))
			continue; /* another writer took too long: nothing was committed */
		if (i % 2 == 0 || !store_sync_current(sync_of_all))
			store_sync_look(sync_of_all);
		if (!is_loaded(name))
			memcpy(missing[thread], name, sizeof(name));
	}
	store_close(store);
	return missing[thread];
}

/* However many threads look at the same moment, and whatever the thread of its own looks at. */
static void
what_was_committed_before_a_look_is_loaded_after_it(void **state)
{
	struct store_sync_setup from = { .database = path, .loaded = loaded };
	pthread_t threads[THREADS];
	void *missing;

	(void)state;
	if (database_url() != NULL)
		skip(); /* there a look sees what it was notified of */
	from.store = open_store();
	if (!store_sync_start(&from, &sync_of_all, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, commit_and_look, (void *)(uintptr_t)i), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &missing), 0);
		assert_string_equal(missing, "");
	}
	store_sync_stop(sync_of_all);
	assert_true(directory_count(current) > THREADS);
	directory_unref(current);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_committed_before_a_look_is_loaded_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
