/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64url - RFC 4648 section 5 without padding (RFC 7515 section 2), and section 4 for Basic.
 *
 * Uses:   span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_BASE64URL_H
#define POSTERN_BASE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/span.h"

/* Bytes that `len` characters decode to, at most. */
#define BASE64URL_DECODED(len) ((len) / 4 * 3 + 3)

/* Characters that `len` bytes encode to. */
#define BASE64URL_ENCODED(len) (((len) * 4 + 2) / 3)

/*
 * Decode strictly: only A-Z a-z 0-9 - _, no padding, no white space, and canonical (unused bits of
 * the last character are zero), so that each value has exactly one encoding.
 *
 * out      borrowed, at least BASE64URL_DECODED(text.len) bytes. May not overlap text.
 * ret_len  bytes written; set on success only.
 */
MUST_CHECK bool base64url_decode(struct span text, unsigned char *out, size_t *ret_len);

/* Encode without padding. out takes BASE64URL_ENCODED(bytes.len) characters and no NUL.
 * Returns the characters written. */
size_t base64url_encode(struct span bytes, char *out);

/* The standard alphabet with its padding (RFC 4648 section 4), as strictly. */
MUST_CHECK bool base64url_decode_standard(struct span text, unsigned char *out, size_t *ret_len);

#endif
