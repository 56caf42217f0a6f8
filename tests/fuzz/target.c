/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical spelling of a canonical spelling is itself, and holds nothing ambiguous. */
#include "policy/target.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target target = { 0 }, again = { 0 };
	struct arena arena;

	arena_init(&arena, 16u << 20);
	if (target_read(fuzz_span(data, size), &arena, &target) != REASON_OK) {
		PROMISE(target.detail != NULL);
		arena_done(&arena);
		return 0;
	}
	PROMISE(target.path.len > 0 && target.path.at[0] == '/');
	PROMISE(target_read(target.path, &arena, &again) == REASON_OK);
	PROMISE(span_equal(target.path, again.path) && target.mild == again.mild);
	for (size_t i = 0; i + 1 < target.path.len; i++) {
		PROMISE(target.path.at[i] != '\\' && target.path.at[i] > 0x20);
		PROMISE(target.path.at[i] != '/' || target.path.at[i + 1] != '/');
	}
	arena_done(&arena);
	return 0;
}
