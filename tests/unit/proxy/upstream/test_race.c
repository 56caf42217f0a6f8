/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several addresses gets the connection, on loopback. */
#include "issuer/scratch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/upstream/race.h"

#define SOON_US (20 * INT64_C(1000000))

static struct resolve_address
loopback(int port)
{
	struct resolve_address to = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *at = (struct sockaddr_in *)&to.address;

	at->sin_family = AF_INET;
	at->sin_port = htons((uint16_t)port);
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return to;
}

static int
port_of(int socket)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	assert_int_equal(getsockname(socket, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

/* A port of loopback that is taken; it listens, or refuses. */
static int
taken(bool listens)
{
	struct resolve_address at = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at.address, at.len), 0);
	if (listens)
		assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* One that neither takes a connection nor refuses it: its queue is full. */
struct deaf {
	int listener, waiting[8];
};

static void
deaf_begin(struct deaf *deaf)
{
	struct resolve_address to;

	deaf->listener = taken(false);
	assert_int_equal(listen(deaf->listener, 0), 0);
	to = loopback(port_of(deaf->listener));
	for (int i = 0; i < 8; i++) {
		deaf->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_true(deaf->waiting[i] >= 0);
		(void)connect(deaf->waiting[i], (struct sockaddr *)&to.address, to.len);
	}
}

static void
deaf_end(const struct deaf *deaf)
{
	for (int i = 0; i < 8; i++)
		(void)close(deaf->waiting[i]);
	(void)close(deaf->listener);
}

static struct race
to(const int *sockets, size_t count)
{
	struct race race = { .deadline_us = clock_mono_us() + SOON_US };

	for (size_t i = 0; i < count; i++)
		race.answer.addresses[i] = loopback(port_of(sockets[i]));
	race.answer.count = count;
	return race;
}

static int
peer_port(int socket)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	assert_int_equal(getpeername(socket, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static void
the_first_address_that_answers_wins(void **state)
{
	int sockets[2] = { taken(true), taken(true) }, got = -1;
	struct race race = to(sockets, 2);

	(void)state;
	assert_int_equal(race_run(&race, &got), REASON_OK);
	assert_int_equal(peer_port(got), port_of(sockets[0]));
	assert_memory_equal(
	    &race.won.address, &race.answer.addresses[0].address, race.answer.addresses[0].len);
	assert_true(race_goes_on(&race));
	(void)close(got);
	(void)close(sockets[0]);
	(void)close(sockets[1]);
}

static void
one_that_refuses_makes_way_for_the_next(void **state)
{
	int sockets[3] = { taken(false), taken(false), taken(true) }, got = -1;
	struct race race = to(sockets, 3);

	(void)state;
	assert_int_equal(race_run(&race, &got), REASON_OK);
	assert_int_equal(peer_port(got), port_of(sockets[2]));
	assert_int_equal(race.failure, ECONNREFUSED);
	assert_false(race_goes_on(&race));
	(void)close(got);
	for (int i = 0; i < 3; i++)
		(void)close(sockets[i]);
}

static void
one_that_is_silent_does_not_hold_up_the_next(void **state)
{
	struct deaf deaf;
	int sockets[2], got = -1;
	struct race race;

	(void)state;
	deaf_begin(&deaf);
	sockets[0] = deaf.listener;
	sockets[1] = taken(true);
	race = to(sockets, 2);
	assert_int_equal(race_run(&race, &got), REASON_OK);
	assert_int_equal(peer_port(got), port_of(sockets[1]));
	/* The silent one was called off, not found useless. */
	assert_true(race_goes_on(&race));
	assert_false(race.tried[0]);
	(void)close(got);
	(void)close(sockets[1]);
	deaf_end(&deaf);
}

static void
a_second_race_leaves_the_first_winner_out(void **state)
{
	int sockets[2] = { taken(true), taken(true) }, got = -1;
	struct race race = to(sockets, 2);

	(void)state;
	assert_int_equal(race_run(&race, &got), REASON_OK);
	(void)close(got);
	assert_int_equal(race_run(&race, &got), REASON_OK);
	assert_int_equal(peer_port(got), port_of(sockets[1]));
	(void)close(got);
	assert_int_equal(race_run(&race, &got), REASON_UPSTREAM_UNREACHABLE);
	assert_int_equal(got, -1);
	(void)close(sockets[0]);
	(void)close(sockets[1]);
}

static void
when_all_refuse_nobody_is_waited_for(void **state)
{
	int sockets[2] = { taken(false), taken(false) }, got = 0;
	struct race race = to(sockets, 2);

	(void)state;
	assert_int_equal(race_run(&race, &got), REASON_UPSTREAM_UNREACHABLE);
	assert_int_equal(got, -1);
	assert_int_equal(race.failure, ECONNREFUSED);
	assert_true(clock_mono_us() < race.deadline_us);
	(void)close(sockets[0]);
	(void)close(sockets[1]);
}

static void
silence_lasts_until_the_deadline(void **state)
{
	struct deaf deaf;
	struct race race;
	int got = 0;

	(void)state;
	deaf_begin(&deaf);
	race = to(&deaf.listener, 1);
	race.deadline_us = clock_mono_us() + 30000;
	assert_int_equal(race_run(&race, &got), REASON_UPSTREAM_TIMEOUT);
	assert_int_equal(got, -1);
	deaf_end(&deaf);
}

static void
a_deadline_that_has_passed_starts_nothing(void **state)
{
	int listener = taken(true), got = 0;
	struct race race = to(&listener, 1);

	(void)state;
	race.deadline_us = clock_mono_us() - 1;
	assert_int_equal(race_run(&race, &got), REASON_UPSTREAM_TIMEOUT);
	assert_true(race_goes_on(&race));
	(void)close(listener);
}

static void
an_address_of_an_unknown_family_is_passed_over(void **state)
{
	int listener = taken(true), got = -1;
	struct race race = to(&listener, 1);

	(void)state;
	race.answer.addresses[1] = race.answer.addresses[0];
	race.answer.addresses[0].address.ss_family = AF_MAX;
	race.answer.count = 2;
	assert_int_equal(race_run(&race, &got), REASON_OK);
	assert_int_equal(race.failure, EAFNOSUPPORT);
	(void)close(got);
	(void)close(listener);
}

static void
without_an_address_there_is_no_race(void **state)
{
	struct race race = { .deadline_us = clock_mono_us() + SOON_US };
	int got = 0;

	(void)state;
	assert_int_equal(race_run(&race, &got), REASON_UPSTREAM_UNREACHABLE);
	assert_int_equal(got, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_address_that_answers_wins),
		cmocka_unit_test(one_that_refuses_makes_way_for_the_next),
		cmocka_unit_test(one_that_is_silent_does_not_hold_up_the_next),
		cmocka_unit_test(a_second_race_leaves_the_first_winner_out),
		cmocka_unit_test(when_all_refuse_nobody_is_waited_for),
		cmocka_unit_test(silence_lasts_until_the_deadline),
		cmocka_unit_test(a_deadline_that_has_passed_starts_nothing),
		cmocka_unit_test(an_address_of_an_unknown_family_is_passed_over),
		cmocka_unit_test(without_an_address_there_is_no_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
