/* SPDX-License-Identifier: Apache-2.0 */
#include "running.h"

#include <fcntl.h>
#include <time.h>

#include "opened.h"

static struct running running;
static struct err err;

static int
setup(void **state)
{
	(void)state;
	running_init(&running, "http://127.0.0.1:8080");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	running_done(&running);
	return 0;
}

#define TICKS 18000 /* three minutes: what did not happen by then never will */

static void
tick(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

/* Wait until the issuer has seen that many changes. */
static void
await_changes(int changes)
{
	for (int i = 0; i < TICKS && atomic_load(&running.changes) < changes; i++)
		tick();
	assert_true(atomic_load(&running.changes) >= changes);
}

static bool
has_role(const char *role)
{
	const struct client *client;
	struct issuer_parts parts = running_parts(&running);
	bool has = false;
	size_t i;

	client = directory_by_id(parts.directory, span_of(running.made.id));
	if (client != NULL) {
		for (i = 0; i < client->roles.count; i++)
			has |= strcmp(client->roles.at[i], role) == 0;
	}
	issuer_parts_drop(&parts);
	return has;
}

static void
clients_are_found_by_id_and_by_name(void **state)
{
	(void)state;
	struct issuer_parts parts = running_parts(&running);

	assert_non_null(directory_by_id(parts.directory, span_of(running.made.id)));
	assert_null(directory_by_id(parts.directory, SPAN("partner")));
	issuer_parts_drop(&parts);
	assert_true(running_knows(&running, SPAN("partner")));
	assert_true(running_knows(&running, span_of(running.made.id)));
	assert_false(running_knows(&running, SPAN("nobody")));
}

static void
change_by_another_is_seen(void **state)
{
	struct admin_grant grant = { "partner", "r", true };
	uint64_t before = issuer_generation(running.issuer);
	bool changed;

	(void)state;
	assert_false(has_role("r"));
	assert_int_equal(admin_set_role(running.store, &grant, &changed, &err), ADMIN_OK);
	await_changes(1);
	assert_true(has_role("r"));
	assert_true(issuer_generation(running.issuer) > before);
	grant.granted = false;
	assert_int_equal(admin_set_role(running.store, &grant, &changed, &err), ADMIN_OK);
	await_changes(2);
	assert_false(has_role("r"));
}

static void
commit_that_changes_nothing_is_no_change(void **state)
{
	struct admin_grant same = { "partner", "r", false }, real = { "partner", "r", true };
	uint64_t before = issuer_generation(running.issuer);
	bool changed = true;

	(void)state;
	assert_int_equal(admin_set_role(running.store, &same, &changed, &err), ADMIN_OK);
	assert_false(changed);
	assert_int_equal(admin_set_role(running.store, &real, &changed, &err), ADMIN_OK);
	await_changes(1);
	assert_true(issuer_generation(running.issuer) == before + 1);
}

/* As an operator has to who replaces a database: its log belongs to it, and would be replayed into
 * the new one. */
static void
drop_log(void)
{
	static const char *const names[] = { "postern.db-wal", "postern.db-shm" };
	char path[SCRATCH_ROOM * 2];
	size_t i;

	for (i = 0; i < 2; i++) {
		scratch_path(&running.scratch, names[i], path);
		(void)unlink(path);
	}
}

static void
make_other(char other[SCRATCH_ROOM * 2])
{
	struct admin_new new_client = { .name = "restored" };
	struct store *store = NULL;
	struct admin_made made;

	scratch_path(&running.scratch, "other.db", other);
	assert_true(store_open(other, &store, &err));
	assert_int_equal(admin_add(store, &new_client, &made, &err), ADMIN_OK);
	store_close(store);
}

static void
want_restored(void)
{
	assert_true(running_knows(&running, SPAN("restored")));
	assert_false(running_knows(&running, SPAN("partner")));
}

static void
await_away(bool away)
{
	for (int i = 0; i < TICKS; i++) {
		if ((issuer_database_away_s(running.issuer, &err) > 0) == away)
			return;
		tick();
	}
	fail_msg("the database is %s", away ? "not away" : "away");
}

static void
restored_database_is_read(void **state)
{
	char other[SCRATCH_ROOM * 2];

	(void)state;
	if (database_url() != NULL)
		skip(); /* of files */
	make_other(other);
	if (!store_restore(running.database, other, &err))
		fail_msg("%s", err.text);
	await_changes(1);
	want_restored();
	await_away(false);
}

/* Somebody else's file is not taken for ours, and revoking does not pretend. */
static void
replaced_database_is_away_until_restored(void **state)
{
	struct revocation revocation = {
		.kind = REVOKE_TOKEN, .issuer = "i", .value = "j", .by = "b"
	};
	char other[SCRATCH_ROOM * 2], moved[SCRATCH_ROOM * 2];
	bool new = false;
	int changes;

	(void)state;
	if (database_url() != NULL)
		skip(); /* of files */
	make_other(other);
	scratch_path(&running.scratch, "moved.db", moved);
	assert_int_equal(rename(running.database, moved), 0);
	await_away(true);
	assert_non_null(strstr(err.text, "was deleted"));
	assert_false(issuer_revoke(running.issuer, &revocation, &new, &err));
	/* The same one again is ours. */
	assert_int_equal(rename(moved, running.database), 0);
	await_away(false);
	assert_true(issuer_revoke(running.issuer, &revocation, &new, &err) && new);
	assert_true(issuer_revoke(running.issuer, &revocation, &new, &err) && !new);
	changes = atomic_load(&running.changes); /* that it was revoked is one */
	assert_int_equal(changes, 1);
	assert_int_equal(link(other, moved), 0);
	assert_int_equal(rename(other, running.database), 0);
	await_away(true);
	assert_non_null(strstr(err.text, "was replaced"));
	assert_false(issuer_revoke(running.issuer, &revocation, &new, &err));
	assert_int_equal(atomic_load(&running.changes), changes);
	assert_int_equal(unlink(running.database), 0);
	if (!store_restore(running.database, moved, &err))
		fail_msg("%s", err.text);
	await_changes(changes + 1);
	want_restored();
	await_away(false);
	assert_true(issuer_revoke(running.issuer, &revocation, &new, &err));
}

static void
damaged_replacement_keeps_the_clients(void **state)
{
	const struct timespec a_while = { 1, 500000000 };
	char other[SCRATCH_ROOM * 2];
	static char noise[8192];
	int fd;

	(void)state;
	if (database_url() != NULL)
		skip(); /* of files */
	scratch_path(&running.scratch, "other.db", other);
	memset(noise, 'x', sizeof(noise));
	fd = open(other, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, noise, sizeof(noise)), sizeof(noise));
	close(fd);
	drop_log();
	assert_int_equal(rename(other, running.database), 0);
	nanosleep(&a_while, NULL);
	assert_true(running_knows(&running, SPAN("partner")));
	assert_int_equal(atomic_load(&running.changes), 0);
}

static void
operator_mints_as_the_endpoint_does(void **state)
{
	struct issuer_parts parts = running_parts(&running);
	const struct client *client;
	struct opened opened;
	struct buffer token;

	(void)state;
	buffer_init(&token, 1 << 16);
	client = directory_client(parts.directory, SPAN("partner"));
	assert_true(issuer_mint(running.issuer,
	    &(struct issuer_wanted){
		.client = client, .scope = "b", .audience = "https://a.example/mcp" },
	    &token, &err));
	opened_init(&opened, buffer_span(&token));
	assert_string_equal(opened_text(opened.claims, "sub"), running.made.id);
	assert_string_equal(opened_text(opened.claims, "scope"), "b");
	assert_string_equal(opened_text(opened.claims, "iss"), "http://127.0.0.1:8080");
	assert_string_equal(opened_text(opened.claims, "aud"), "https://a.example/mcp");
	opened_done(&opened);
	buffer_reset(&token);
	assert_false(issuer_mint(running.issuer,
	    &(struct issuer_wanted){ .client = client, .scope = "z" }, &token, &err));
	issuer_parts_drop(&parts);
	buffer_done(&token);
}

static void
keys_are_those_of_the_next_start(void **state)
{
	struct keyset *before = NULL, *after = NULL;

	(void)state;
	assert_true(issuer_keys(running.issuer, &before, &err));
	issuer_stop(running.issuer);
	running_start(&running);
	assert_true(issuer_keys(running.issuer, &after, &err));
	assert_true(keyset_same(before, after));
	keyset_free(before);
	keyset_free(after);
}

static void
start_says_what_is_wrong(void **state)
{
	struct issuer_setup wrong = { .local = &running.local, .state_dir = running.database };
	struct issuer *issuer = NULL;

	(void)state;
	if (database_url() != NULL)
		skip(); /* of files */
	assert_false(issuer_start(&wrong, &issuer, &err));
	assert_non_null(strstr(err.text, "signing key: "));
	assert_non_null(strstr(err.text, "Not a directory"));
}

static void
last_owner_stops_it(void **state)
{
	struct issuer_setup same = { .local = &running.local,
		.state_dir = running.scratch.dir,
		.changed = running_changed,
		.context = &running };
	struct local other = running.local;

	(void)state;
	assert_true(issuer_same(running.issuer, &same));
	other.token_lifetime_s = 60;
	same.local = &other;
	assert_false(issuer_same(running.issuer, &same));
	same.local = &running.local;
	same.state_dir = "/elsewhere";
	assert_false(issuer_same(running.issuer, &same));
	assert_ptr_equal(issuer_ref(running.issuer), running.issuer);
	issuer_stop(running.issuer);
	assert_true(running_knows(&running, SPAN("partner")));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(clients_are_found_by_id_and_by_name),
		TEST(change_by_another_is_seen),
		TEST(commit_that_changes_nothing_is_no_change),
		TEST(restored_database_is_read),
		TEST(replaced_database_is_away_until_restored),
		TEST(damaged_replacement_keeps_the_clients),
		TEST(operator_mints_as_the_endpoint_does),
		TEST(keys_are_those_of_the_next_start),
		TEST(start_says_what_is_wrong),
		TEST(last_owner_stops_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
