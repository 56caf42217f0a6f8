/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/failure.h"

static const char *const words[FAILURE_COUNT] = {
	[FAILURE_NONE] = "ok",
	[FAILURE_UNREACHABLE] = "unreachable",
	[FAILURE_TIMEOUT] = "timeout",
	[FAILURE_TLS] = "tls",
	[FAILURE_REDIRECT] = "redirect",
	[FAILURE_HTTP_STATUS] = "http_status",
	[FAILURE_HTML] = "html",
	[FAILURE_TRUNCATED] = "truncated",
	[FAILURE_TOO_LARGE] = "too_large",
	[FAILURE_COMPRESSED] = "compressed",
	[FAILURE_NOT_JSON] = "not_json",
	[FAILURE_NO_USABLE_KEY] = "no_usable_key",
	[FAILURE_ISSUER_MISMATCH] = "issuer_mismatch",
	[FAILURE_DISCOVERY] = "discovery",
	[FAILURE_FILE_UNREADABLE] = "file_unreadable",
	[FAILURE_BEARER] = "bearer",
	[FAILURE_OTHER] = "other",
};

const char *
failure_word(enum failure failure)
{
	return words[failure];
}
