/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "proxy/listener/events/peer.h"

static const struct {
	int family;
	const char *address, *want;
	int port;
} cases[] = {
	{ AF_INET, "192.0.2.7", "192.0.2.7", 4711 },
	{ AF_INET6, "2001:db8::1", "2001:db8::1", 4711 },
	{ AF_INET6, "::ffff:192.0.2.7", "192.0.2.7", 4711 },
	{ AF_INET6, "::192.0.2.7", "::192.0.2.7", 4711 },
	{ AF_UNIX, "", "unix", 0 },
};

static void
a_peer_has_one_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage address = { .ss_family = (sa_family_t)cases[i].family };
		struct sockaddr_in *four = (struct sockaddr_in *)&address;
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
		char name[PEER_ROOM];

		if (cases[i].family == AF_INET) {
			four->sin_port = htons(4711);
			assert_int_equal(inet_pton(AF_INET, cases[i].address, &four->sin_addr), 1);
		} else if (cases[i].family == AF_INET6) {
			six->sin6_port = htons(4711);
			assert_int_equal(inet_pton(AF_INET6, cases[i].address, &six->sin6_addr), 1);
		}
		assert_int_equal(peer_name(&address, name), cases[i].port);
		assert_string_equal(name, cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_has_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
