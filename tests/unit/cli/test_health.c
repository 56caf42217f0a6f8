/* SPDX-License-Identifier: Apache-2.0 */
/* The probe of a container: what it asks, and what its exit code makes of the answer. */
#include "said.h"

#include "cli/command.h"
#include "jwks/idp.h"

static struct idp gate; /* which answers everything alike */
static struct said said;
static char address[32];

static int
setup(void **state)
{
	(void)state;
	idp_start(&gate);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%d", gate.port);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	idp_stop(&gate);
	return 0;
}

static int
run(const char *at, const char *more)
{
	struct said_words words;
	char line[128];
	int code;

	(void)snprintf(line, sizeof(line), "health --address %s%s", at, more);
	said_split(&words, line);
	said_begin(&said);
	code = health_command.run(words.argc, words.argv);
	said_end(&said);
	assert_string_equal(said.out, "");
	return code;
}

static void
a_gate_that_says_200_is_well(void **state)
{
	(void)state;
	idp_says(&gate, "HTTP/1.1 200 OK\r\n\r\nalive\n", IDP_CLOSE);
	assert_int_equal(run(address, ""), 0);
	assert_string_equal(said.err, "");
	assert_memory_equal(gate.asked, "GET /livez HTTP/1.1\r\n", 21);
	assert_non_null(strstr(gate.asked, "\r\nConnection: close\r\n"));
	assert_int_equal(run(address, " --ready"), 0);
	assert_memory_equal(gate.asked, "GET /readyz HTTP/1.1\r\n", 22);
}

static void
anything_else_is_not(void **state)
{
	static const struct {
		const char *answer, *says;
	} cases[] = {
		{ "HTTP/1.1 503 Service Unavailable\r\n\r\n", "/readyz says 503" },
		{ "HTTP/1.1 204 No Content\r\n\r\n", "/readyz says 204" },
		{ "HTTP/1.1 20", "/readyz does not answer" },
		{ "HTTP/1.1 abc\r\n\r\n", "/readyz does not answer" },
		{ "HTTP/2.0 200 OK\r\n\r\n", "/readyz does not answer" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "/readyz does not answer" },
		{ "", "/readyz does not answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		idp_says(&gate, cases[i].answer, IDP_CLOSE);
		if (run(address, " --ready") != 1 || strstr(said.err, cases[i].says) == NULL ||
		    strstr(said.err, address) == NULL)
			fail_msg("%s: %s", cases[i].answer, said.err);
	}
}

/* "listen everywhere" is no address that can be asked; a name on loopback needs no name server. */
static void
an_address_that_means_all_is_asked_on_loopback(void **state)
{
	static const char *const hosts[] = { "0.0.0.0", "localhost", "127.0.0.1" };
	char at[64];

	(void)state;
	idp_says(&gate, "HTTP/1.1 200 OK\r\n\r\n", IDP_CLOSE);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		(void)snprintf(at, sizeof(at), "%s:%d", hosts[i], gate.port);
		if (run(at, "") != 0)
			fail_msg("%s: %s", at, said.err);
	}
}

static void
where_nobody_listens_nobody_is_well(void **state)
{
	(void)state;
	idp_stop(&gate);
	assert_int_equal(run(address, ""), 1);
	assert_non_null(strstr(said.err, "Connection refused"));
	idp_start(&gate);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_gate_that_says_200_is_well),
		TEST(anything_else_is_not),
		TEST(an_address_that_means_all_is_asked_on_loopback),
		TEST(where_nobody_listens_nobody_is_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
