/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that are numbers, and names that nobody can have. No name server need be there. */
#include "issuer/scratch.h"

#include <arpa/inet.h>

#include "base/clock.h"
#include "proxy/upstream/resolve.h"

/* RFC 6761 section 6.4: no such name exists, now or ever. */
#define NOBODY "nobody.invalid"

static struct resolve *
start(const char *host)
{
	struct resolve *resolve = NULL;
	struct err err;

	if (!resolve_start(host, "8080", &resolve, &err))
		fail_msg("%s", err.text);
	return resolve;
}

static void
a_number_is_its_own_address(void **state)
{
	static const struct {
		const char *host;
		sa_family_t family;
	} cases[] = { { "127.0.0.1", AF_INET }, { "::1", AF_INET6 }, { "2001:db8::7", AF_INET6 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct resolve *resolve = start(cases[i].host);
		struct resolve_answer answer;
		struct err err = { "" };
		char text[INET6_ADDRSTRLEN] = "";

		/* Without waiting: a deadline of long ago is enough. */
		assert_true(resolve_get(resolve, 1, &answer, &err));
		assert_int_equal(answer.count, 1);
		assert_int_equal(answer.addresses[0].address.ss_family, cases[i].family);
		if (cases[i].family == AF_INET) {
			const struct sockaddr_in *at =
			    (const struct sockaddr_in *)&answer.addresses[0].address;

			assert_int_equal(answer.addresses[0].len, sizeof(*at));
			assert_int_equal(ntohs(at->sin_port), 8080);
			(void)inet_ntop(AF_INET, &at->sin_addr, text, sizeof(text));
		} else {
			const struct sockaddr_in6 *at =
			    (const struct sockaddr_in6 *)&answer.addresses[0].address;

			assert_int_equal(answer.addresses[0].len, sizeof(*at));
			assert_int_equal(ntohs(at->sin6_port), 8080);
			(void)inet_ntop(AF_INET6, &at->sin6_addr, text, sizeof(text));
		}
		assert_string_equal(text, cases[i].host);
		assert_int_equal(answer.generation, resolve_generation(resolve));
		assert_true(resolve_has(resolve, &answer.addresses[0]));
		resolve_stop(resolve);
	}
}

static void
a_number_never_changes(void **state)
{
	struct resolve *resolve = start("127.0.0.1");
	uint64_t generation = resolve_generation(resolve);

	(void)state;
	assert_false(resolve_renew(resolve, generation, clock_mono_us() + 20 * INT64_C(1000000)));
	assert_int_equal(resolve_generation(resolve), generation);
	resolve_stop(resolve);
}

static void
another_address_is_not_among_its_own(void **state)
{
	struct resolve *resolve = start("127.0.0.1");
	struct resolve_answer answer;
	struct resolve_address other;
	struct err err;

	(void)state;
	assert_true(resolve_get(resolve, 1, &answer, &err));
	other = answer.addresses[0];
	((struct sockaddr_in *)&other.address)->sin_port = htons(8081);
	assert_false(resolve_has(resolve, &other));
	other = answer.addresses[0];
	other.len--;
	assert_false(resolve_has(resolve, &other));
	resolve_stop(resolve);
}

/* Whether a name server says no or none answers, the error has the name and nobody waits past the
 * deadline. */
static void
a_name_without_an_address_is_an_error(void **state)
{
	struct resolve *resolve = start(NOBODY);
	struct resolve_answer answer = { .count = 7 };
	struct err err = { "" };

	(void)state;
	assert_false(resolve_get(resolve, clock_mono_us() + 50000, &answer, &err));
	assert_int_equal(answer.count, 0);
	assert_true(strncmp(err.text, NOBODY ": ", strlen(NOBODY ": ")) == 0);
	assert_true(strlen(err.text) > strlen(NOBODY ": "));
	assert_int_equal(resolve_generation(resolve), 0);
	resolve_stop(resolve);
}

static void
a_name_that_was_not_asked_for_yet_says_so(void **state)
{
	struct resolve *resolve = start(NOBODY);
	struct resolve_answer answer;
	struct err err = { "" };

	(void)state;
	assert_false(resolve_get(resolve, 0, &answer, &err));
	assert_true(strncmp(err.text, NOBODY ": ", strlen(NOBODY ": ")) == 0);
	assert_false(resolve_renew(resolve, 0, 0)); /* does not wait either */
	resolve_stop(resolve);
}

static void
nothing_can_be_stopped(void **state)
{
	(void)state;
	resolve_stop(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_its_own_address),
		cmocka_unit_test(a_number_never_changes),
		cmocka_unit_test(another_address_is_not_among_its_own),
		cmocka_unit_test(a_name_without_an_address_is_an_error),
		cmocka_unit_test(a_name_that_was_not_asked_for_yet_says_so),
		cmocka_unit_test(nothing_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
