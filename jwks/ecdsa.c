/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/ecdsa.h"

#define DER_INTEGER 0x02
#define DER_SEQUENCE 0x30
#define DER_LENGTH_OF_ONE_BYTE ((char)0x81)

/* A positive INTEGER in its shortest form; 0 when the number is zero. */
static size_t
write_integer(struct span number, char *out)
{
	size_t sign_bytes;

	while (number.len > 0 && number.at[0] == 0)
		number = span_slice(number, 1, number.len);
	if (number.len == 0)
		return 0;
	sign_bytes = (number.at[0] & 0x80) != 0 ? 1 : 0;
	out[0] = DER_INTEGER;
	out[1] = (char)(sign_bytes + number.len);
	out[2] = 0;
	memcpy(out + 2 + sign_bytes, number.at, number.len);
	return 2 + sign_bytes + number.len;
}

size_t
ecdsa_der(struct span raw, char der[ECDSA_DER_MAX_BYTES])
{
	size_t half = raw.len / 2;
	size_t start, r_bytes, s_bytes;

	if (raw.len != 64 && raw.len != 96 && raw.len != 132)
		return 0;
	/* Only two numbers of P-521 can make a body of 128 bytes or more. */
	start = 3;
	r_bytes = write_integer(span_slice(raw, 0, half), der + start);
	if (r_bytes == 0)
		return 0;
	s_bytes = write_integer(span_slice(raw, half, raw.len), der + start + r_bytes);
	if (s_bytes == 0)
		return 0;
	der[0] = DER_SEQUENCE;
	if (r_bytes + s_bytes < 128) {
		memmove(der + 2, der + start, r_bytes + s_bytes);
		der[1] = (char)(r_bytes + s_bytes);
		return 2 + r_bytes + s_bytes;
	}
	der[1] = DER_LENGTH_OF_ONE_BYTE;
	der[2] = (char)(r_bytes + s_bytes);
	return 3 + r_bytes + s_bytes;
}
