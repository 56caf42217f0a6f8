/* SPDX-License-Identifier: Apache-2.0 */
/* The chunked coding of response.h (RFC 9112 section 7.1), a byte at a time but for the data. */
#include "base/digits.h"
#include "proxy/http/response.h"

#define MAX_LINE 4096
#define MAX_TRAILER (16u << 10)

enum state {
	SIZE,      /* hexadecimal digits */
	EXTENSION, /* after ";", up to the CR */
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,      /* at the start of a trailer line */
	TRAILER_LINE, /* within one */
	TRAILER_LF,
	END_LF
};

/* Sizes end at 2^60: nothing overflows, and no honest chunk is as long. */
static bool
take_size(struct chunks *chunks, char c)
{
	int value = digits_hex(c);

	if (value >= 0) {
		chunks->left = chunks->left * 16 + (uint64_t)value;
		return ++chunks->digits <= 15;
	}
	if (chunks->digits == 0)
		return false;
	if (c == '\r')
		chunks->state = SIZE_LF;
	else if (c == ';')
		chunks->state = EXTENSION;
	else
		return false;
	return true;
}

static bool
take_extension(struct chunks *chunks, char c)
{
	if (c == '\r')
		chunks->state = SIZE_LF;
	else if ((unsigned char)c < 0x20 && c != '\t')
		return false;
	return ++chunks->line <= MAX_LINE;
}

static bool
take_size_end(struct chunks *chunks, char c)
{
	chunks->state = chunks->left > 0 ? DATA : TRAILER;
	chunks->line = 0;
	chunks->digits = 0;
	return c == '\n';
}

static bool
take_trailer(struct chunks *chunks, char c)
{
	if (c == '\r')
		chunks->state = chunks->state == TRAILER ? END_LF : TRAILER_LF;
	else if ((unsigned char)c < 0x20 && c != '\t')
		return false;
	else
		chunks->state = TRAILER_LINE;
	return ++chunks->line <= MAX_TRAILER;
}

/* One byte of framing. */
static enum response_read
take(struct chunks *chunks, char c)
{
	bool good = false;

	switch ((enum state)chunks->state) {
	case SIZE:
		good = take_size(chunks, c);
		break;
	case EXTENSION:
		good = take_extension(chunks, c);
		break;
	case SIZE_LF:
		good = take_size_end(chunks, c);
		break;
	case DATA_CR:
		good = c == '\r';
		chunks->state = DATA_LF;
		break;
	case DATA_LF:
		good = c == '\n';
		chunks->state = SIZE;
		break;
	case TRAILER:
	case TRAILER_LINE:
		good = take_trailer(chunks, c);
		break;
	case TRAILER_LF:
		good = c == '\n';
		chunks->state = TRAILER;
		break;
	case END_LF:
		return c == '\n' ? RESPONSE_DONE : RESPONSE_BAD;
	case DATA:
		break;
	}
	return good ? RESPONSE_MORE : RESPONSE_BAD;
}

enum response_read
chunks_read(struct chunks *chunks, struct span bytes, size_t *ret_used, struct span *ret_data)
{
	enum response_read read = RESPONSE_MORE;
	size_t at = 0;

	*ret_data = (struct span){ 0 };
	while (at < bytes.len && read == RESPONSE_MORE && chunks->state != DATA)
		read = take(chunks, bytes.at[at++]);
	if (read == RESPONSE_MORE && chunks->state == DATA && at < bytes.len) {
		size_t here = bytes.len - at;

		if (here > chunks->left)
			here = (size_t)chunks->left;
		*ret_data = (struct span){ bytes.at + at, here };
		at += here;
		chunks->left -= here;
		if (chunks->left == 0)
			chunks->state = DATA_CR;
	}
	*ret_used = at;
	return read;
}
