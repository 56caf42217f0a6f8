/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/listener/events/activation.h"
#include "proxy/listener/events/listening.h"

/* The service manager's part: this socket is the first that is handed over, to this process. */
static void
hand_over(int fd, const char *names)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	assert_int_equal(dup2(fd, ACTIVATION_FIRST), ACTIVATION_FIRST);
	if (fd != ACTIVATION_FIRST)
		close(fd);
	assert_int_equal(setenv("LISTEN_PID", pid, 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "1", 1), 0);
	assert_int_equal(setenv("LISTEN_FDNAMES", names, 1), 0);
}

static void
expect_error(const char *address, const char *wrong)
{
	struct listening listening;
	struct err err = { "" };

	assert_false(listening_open(&listening, address, 0600, &err));
	if (strstr(err.text, wrong) == NULL || strstr(err.text, address) == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(listening.count, 0);
}

static void
a_port_is_of_one_family(void **state)
{
	struct listening six, four;
	struct err err = { "" };
	char both[32];

	(void)state;
	if (!listening_open(&six, "[::]:0", 0, &err))
		skip(); /* a machine without IPv6 */
	assert_false(six.handed);
	(void)snprintf(both, sizeof(both), "0.0.0.0:%d", six.port);
	if (!listening_open(&four, both, 0, &err))
		fail_msg("%s", err.text);
	expect_error(both, "Address already in use");
	listening_close(&four);
	listening_close(&six);
}

static void
what_was_handed_over_is_taken(void **state)
{
	struct listening listening;
	struct err err = { "" };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(listen(fd, 1), 0);
	hand_over(fd, "web");
	expect_error("systemd:other", "no socket of that name");
	if (!listening_open(&listening, "systemd:web", 0, &err))
		fail_msg("%s", err.text);
	assert_true(listening.handed);
	assert_int_equal(listening.count, 1);
	assert_int_equal(listening.sockets[0], ACTIVATION_FIRST);
	assert_int_not_equal(fcntl(ACTIVATION_FIRST, F_GETFL) & O_NONBLOCK, 0);
	assert_int_not_equal(fcntl(ACTIVATION_FIRST, F_GETFD) & FD_CLOEXEC, 0);
	listening_close(&listening);
}

static void
what_does_not_listen_is_refused(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		hand_over(socket(AF_INET, types[i], 0), "web");
		expect_error("systemd:web", "no stream socket that listens");
	}
	hand_over(open("/dev/null", O_RDONLY), "web");
	expect_error("systemd:web", "no stream socket that listens");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_of_one_family),
		cmocka_unit_test(what_was_handed_over_is_taken),
		cmocka_unit_test(what_does_not_listen_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
