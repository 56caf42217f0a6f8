/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes has one spelling: encoding it gives the input again. */
#include "base/base64url.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes = malloc(BASE64URL_DECODED(size));
	char *again = malloc(size + 4);
	size_t len = 0;

	PROMISE(bytes != NULL && again != NULL);
	if (base64url_decode(fuzz_span(data, size), bytes, &len)) {
		struct span decoded = { (const char *)bytes, len };

		PROMISE(base64url_encode(decoded, again) == size);
		PROMISE(span_equal((struct span){ again, size }, fuzz_span(data, size)));
	}
	(void)!base64_decode(fuzz_span(data, size), bytes, &len);
	free(bytes);
	free(again);
	return 0;
}
