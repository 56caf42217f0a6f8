/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes has one spelling: encoding gives the text back. And what is encoded decodes. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/base64url.h"

static void
check_text(struct span text)
{
	unsigned char *bytes = malloc(BASE64URL_DECODED(text.len));
	char *again = malloc(text.len + 4);
	size_t len = 0;

	MUST_HOLD(bytes != NULL && again != NULL);
	fuzz_accepted = base64url_decode(text, bytes, &len);
	if (fuzz_accepted) {
		size_t written;

		MUST_HOLD(len <= text.len / 4 * 3 + 2);
		written = base64url_encode((struct span){ (const char *)bytes, len }, again);
		MUST_HOLD(span_equal((struct span){ again, written }, text));
	}
	free(again);
	free(bytes);
}

static void
check_bytes(struct span bytes)
{
	char *text = malloc(BASE64URL_ENCODED(bytes.len) + 1);
	unsigned char *again = malloc(bytes.len + 6);
	size_t len = 0, written;

	MUST_HOLD(text != NULL && again != NULL);
	written = base64url_encode(bytes, text);
	MUST_HOLD(written == BASE64URL_ENCODED(bytes.len));
	MUST_HOLD(base64url_decode((struct span){ text, written }, again, &len));
	MUST_HOLD(span_equal((struct span){ (const char *)again, len }, bytes));
	free(again);
	free(text);
}

/* The padded sort: a whole number of fours, and the same bytes as its translation to base64url. */
static void
check_standard(struct span text)
{
	unsigned char *bytes = malloc(BASE64URL_DECODED(text.len));
	char *again = malloc(text.len + 4);
	size_t len = 0, written;

	MUST_HOLD(bytes != NULL && again != NULL);
	if (base64url_decode_standard(text, bytes, &len)) {
		written = base64url_encode((struct span){ (const char *)bytes, len }, again);
		for (size_t i = 0; i < written; i++)
			again[i] = (char)(again[i] == '-' ? '+' : again[i] == '_' ? '/' : again[i]);
		while (written % 4 != 0)
			again[written++] = '=';
		MUST_HOLD(span_equal((struct span){ again, written }, text));
	}
	free(again);
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = fuzz_span(data, size);

	check_text(input);
	check_bytes(input);
	check_standard(input);
	return 0;
}
