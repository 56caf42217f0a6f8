/* SPDX-License-Identifier: Apache-2.0 */
/* A canonical target is its own canonical form, and no reader finds "." or ".." in it. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/digits.h"
#include "policy/target.h"

#define ARENA_BYTES (4u << 20)

/* RFC 3986 section 2.3. */
static bool
is_unreserved(unsigned byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' ||
	       byte == '~';
}

/* The byte of an escape, whose digits are in upper case. */
static unsigned
escaped(struct span path, size_t at)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *high, *low;

	MUST_HOLD(at + 2 < path.len);
	high = memchr(digits, path.at[at + 1], 16);
	low = memchr(digits, path.at[at + 2], 16);
	MUST_HOLD(high != NULL && low != NULL);
	return (unsigned)((high - digits) * 16 + (low - digits));
}

/* Escapes are whole and needed; nothing else is out of the ordinary, or it is said. */
static void
check_spelling(struct span path, unsigned mild)
{
	for (size_t i = 0; i < path.len; i++) {
		unsigned value;

		MUST_HOLD(path.at[i] > ' ' && path.at[i] < 0x7f);
		MUST_HOLD(strchr("\\?#\"<>^`{}", path.at[i]) == NULL);
		MUST_HOLD(path.at[i] != '|' || (mild & TARGET_RAW_PIPE) != 0);
		if (path.at[i] != '%')
			continue;
		value = escaped(path, i);
		MUST_HOLD(value >= 0x20 && value != 0x7f);
		MUST_HOLD(value != '\\' || (mild & TARGET_ENCODED_BACKSLASH) != 0);
		MUST_HOLD(value != '%' || (mild & TARGET_ENCODED_PERCENT) != 0);
		MUST_HOLD(!is_unreserved(value));
		i += 2;
	}
}

/* Without what some servers cut off: parameters, and what follows a decoded "?" or "#". */
static struct span
bare(struct span piece)
{
	size_t end = 0;

	while (end < piece.len && strchr(";?#", piece.at[end]) == NULL)
		end++;
	return span_slice(piece, 0, end);
}

/* Decode what is an escape, in place. */
static void
decode(struct span *plain)
{
	char *at = (char *)plain->at; /* of check_decoded() */
	size_t len = 0;

	for (size_t i = 0; i < plain->len; i++) {
		int high = plain->len - i > 2 ? digits_hex(at[i + 1]) : -1;
		int low = plain->len - i > 2 ? digits_hex(at[i + 2]) : -1;
		bool escape = at[i] == '%' && high >= 0 && low >= 0;

		at[len++] = escape ? (char)(high * 16 + low) : at[i];
		i += escape ? 2 : 0;
	}
	plain->len = len;
}

/* No reader finds "." or ".." who takes a backslash for a slash. */
static void
check_pieces(struct span plain)
{
	struct span rest, piece;

	for (size_t i = 0; i < plain.len; i++)
		if (plain.at[i] == '\\')
			((char *)plain.at)[i] = '/';
	rest = plain;
	MUST_HOLD(span_cut(&rest, '/', &piece) && piece.len == 0);
	while (span_cut(&rest, '/', &piece)) {
		MUST_HOLD(!span_is(bare(piece), ".") && !span_is(bare(piece), ".."));
		MUST_HOLD(piece.len > 0 || rest.at == NULL);
	}
}

/* As servers that decode before they split would see it: once, twice, or as often as they can. */
static void
check_decoded(struct span path)
{
	struct span plain = { malloc(path.len), path.len };

	MUST_HOLD(plain.at != NULL);
	memcpy((char *)plain.at, path.at, path.len);
	for (int times = 0; times < 4; times++) {
		decode(&plain);
		check_pieces(plain);
	}
	free((char *)plain.at);
}

static void
check_again(const struct target *target)
{
	char *text = malloc(target->path.len + target->query.len + 1);
	struct arena arena;
	struct target again;
	struct span raw = { text, target->path.len };

	MUST_HOLD(text != NULL);
	memcpy(text, target->path.at, target->path.len);
	if (target->has_query) {
		text[raw.len++] = '?';
		if (target->query.len > 0)
			memcpy(text + raw.len, target->query.at, target->query.len);
		raw.len += target->query.len;
	}
	arena_init(&arena, ARENA_BYTES);
	MUST_HOLD(target_read(raw, &arena, &again) == REASON_OK);
	MUST_HOLD(span_equal(again.path, target->path));
	MUST_HOLD(span_equal(again.query, target->query));
	MUST_HOLD(again.has_query == target->has_query && again.mild == target->mild);
	arena_done(&arena);
	free(text);
}

/* good: what goes through without a module that allows mild ambiguities. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span raw = fuzz_span(data, size);
	struct arena arena;
	struct target target;
	enum reason reason;

	arena_init(&arena, ARENA_BYTES);
	reason = target_read(raw, &arena, &target);
	fuzz_accepted = reason == REASON_OK && target.mild == 0;
	if (reason == REASON_OK) {
		MUST_HOLD(target.path.len > 0 && target.path.at[0] == '/');
		MUST_HOLD(target.path.len <= raw.len);
		check_spelling(target.path, target.mild);
		check_decoded(target.path);
		check_again(&target);
	} else {
		MUST_HOLD(reason == REASON_PATH_AMBIGUOUS || reason == REASON_REQUEST_MALFORMED);
		MUST_HOLD(target.detail != NULL && target.path.at == NULL);
	}
	arena_done(&arena);
	return 0;
}
