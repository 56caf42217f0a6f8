/* SPDX-License-Identifier: Apache-2.0 */
/* A hash of a password that can be read asks for work within bounds, and is stale or not, without
 * being tried. */
#include "fuzz.h"

#include "issuer/accounts/password.h"

/* good: a hash that this build can check. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span hash = fuzz_span(data, size);
	char text[PASSWORD_HASH_ROOM] = "";

	fuzz_accepted = password_hash_valid(hash);
	if (!fuzz_accepted)
		return 0;
	MUST_HOLD(hash.len < sizeof(text));
	MUST_HOLD(span_starts(hash, SPAN("$scrypt$ln=")));
	MUST_HOLD(span_find(hash, '\0') == hash.len);
	memcpy(text, hash.at, hash.len);
	(void)password_stale(text);
	return 0;
}
