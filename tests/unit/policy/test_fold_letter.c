/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "policy/fold_letter.h"

static void
what_becomes_a_letter_is_known(void **state)
{
	/* Kelvin, long s, sharp s, dotless i, ligature fi, full-width A and z, bold A, ordinal a */
	static const uint32_t like[] = { 0x212a, 0x17f, 0xdf, 0x131, 0xfb01, 0xff21, 0xff5a,
		0x1d400, 0xaa, 0x1f190 };
	static const uint32_t unlike[] = { 'a', 'Z', '0', 0x80, 0xe9, 0xc9, 0x3a9, 0x430, 0x4e2d,
		0x1f600, 0x2a80, 0x10ffff };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(like); i++)
		if (!fold_letter(like[i]))
			fail_msg("U+%04X", like[i]);
	for (size_t i = 0; i < COUNT_OF(unlike); i++)
		if (fold_letter(unlike[i]))
			fail_msg("U+%04X", unlike[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_becomes_a_letter_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
