/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/fiber.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

/* Reserved, not used: a request touches about 30 KiB. Below it is a page that ends an overflow. */
#define STACK_BYTES (256u << 10)
#define GUARD_BYTES 4096u

/* boost/context/detail/fcontext.hpp: functions of assembly, with C linkage. */
typedef void *fcontext_t;
struct transfer {
	fcontext_t from;
	void *data;
};
struct transfer jump_fcontext(fcontext_t to, void *data);
fcontext_t make_fcontext(void *top, size_t size, void (*run)(struct transfer));

struct fiber {
	fcontext_t inside;  /* where it goes on */
	fcontext_t outside; /* where its thread goes on */
	void (*run)(void *context);
	void *context;
	void *local[FIBER_SLOTS];
	int word;
	bool waits;
	char *stack; /* the lowest byte, above the guard */
	struct fiber *next;
#if defined(__SANITIZE_ADDRESS__)
	void *fake_inside, *fake_outside;
	const void *outside_bottom;
	size_t outside_size;
#endif
#if defined(__SANITIZE_THREAD__)
	void *tsan_inside, *tsan_outside;
#endif
};

static _Thread_local struct fiber *current;
static _Thread_local struct fiber *kept;
static _Thread_local size_t kept_count, running_count, most;

struct fiber *
fiber_current(void)
{
	return current;
}

void **
fiber_local(struct fiber *fiber, enum fiber_slot slot)
{
	return &fiber->local[slot];
}

size_t
fiber_running(void)
{
	return running_count;
}

size_t
fiber_kept(void)
{
	return kept_count;
}

/* From the fiber to its thread; returns when the fiber is entered again. */
static void
leave(struct fiber *fiber)
{
	struct transfer back;

#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_start_switch_fiber(
	    &fiber->fake_inside, fiber->outside_bottom, fiber->outside_size);
#endif
#if defined(__SANITIZE_THREAD__)
	__tsan_switch_to_fiber(fiber->tsan_outside, 0);
#endif
	back = jump_fcontext(fiber->outside, fiber);
	fiber->outside = back.from;
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(
	    fiber->fake_inside, &fiber->outside_bottom, &fiber->outside_size);
#endif
}

/* Into the fiber; returns when it waits or has ended. */
static void
enter(struct fiber *fiber)
{
	struct transfer back;

	current = fiber;
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_start_switch_fiber(&fiber->fake_outside, fiber->stack, STACK_BYTES);
#endif
#if defined(__SANITIZE_THREAD__)
	fiber->tsan_outside = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(fiber->tsan_inside, 0);
#endif
	back = jump_fcontext(fiber->inside, fiber);
	fiber->inside = back.from;
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(fiber->fake_outside, NULL, NULL);
#endif
	current = NULL;
}

/* The outermost function of each stack. It never returns: a stack is used for one fiber after
 * another. */
static void
bottom(struct transfer transfer)
{
	struct fiber *fiber = transfer.data;

	fiber->outside = transfer.from;
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_finish_switch_fiber(NULL, &fiber->outside_bottom, &fiber->outside_size);
#endif
	for (;;) {
		fiber->run(fiber->context);
		fiber->run = NULL;
		leave(fiber);
	}
}

static struct fiber *
make(void)
{
	struct fiber *fiber = calloc(1, sizeof(*fiber));
	char *memory;

	if (fiber == NULL)
		return NULL;
	memory = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (memory == MAP_FAILED) {
		free(fiber);
		return NULL;
	}
	if (mprotect(memory, GUARD_BYTES, PROT_NONE) != 0) {
		(void)munmap(memory, GUARD_BYTES + STACK_BYTES);
		free(fiber);
		return NULL;
	}
	fiber->stack = memory + GUARD_BYTES;
	fiber->inside = make_fcontext(fiber->stack + STACK_BYTES, STACK_BYTES, bottom);
#if defined(__SANITIZE_THREAD__)
	fiber->tsan_inside = __tsan_create_fiber(0);
#endif
	return fiber;
}

static void
unmake(struct fiber *fiber)
{
#if defined(__SANITIZE_THREAD__)
	__tsan_destroy_fiber(fiber->tsan_inside);
#endif
#if defined(__SANITIZE_ADDRESS__)
	/* Whoever is given these addresses next has nothing to do with the frames here. */
	__asan_unpoison_memory_region(fiber->stack, STACK_BYTES);
#endif
	(void)munmap(fiber->stack - GUARD_BYTES, GUARD_BYTES + STACK_BYTES);
	free(fiber);
}

/* Run it until it waits or ends; then its stack is kept for another. */
static void
run_on(struct fiber *fiber)
{
	enter(fiber);
	if (fiber->run != NULL)
		return;
	running_count--;
	fiber->next = kept;
	kept = fiber;
	kept_count++;
}

/* Those used last are in the processor's caches still: they stay. */
void
fiber_trim(size_t keep)
{
	struct fiber **at = &kept;

	if (kept_count <= keep)
		return;
	for (size_t i = 0; i < keep; i++)
		at = &(*at)->next;
	while (*at != NULL) {
		struct fiber *fiber = *at;

		*at = fiber->next;
		unmake(fiber);
	}
	kept_count = keep;
}

size_t
fiber_most(void)
{
	size_t had = most;

	most = running_count;
	return had;
}

bool
fiber_start(void (*run)(void *context), void *context)
{
	struct fiber *fiber = kept;

	assert(current == NULL);
	if (fiber != NULL) {
		kept = fiber->next;
		kept_count--;
	} else if ((fiber = make()) == NULL) {
		return false;
	}
	running_count++;
	if (running_count > most)
		most = running_count;
	fiber->run = run;
	fiber->context = context;
	for (int slot = 0; slot < FIBER_SLOTS; slot++)
		fiber->local[slot] = NULL;
	run_on(fiber);
	return true;
}

int
fiber_wait(void)
{
	struct fiber *fiber = current;
	int number = errno;

	assert(fiber != NULL);
	fiber->waits = true;
	leave(fiber);
	errno = number;
	return fiber->word;
}

void
fiber_wake(struct fiber *fiber, int word)
{
	assert(current == NULL && fiber->waits);
	fiber->waits = false;
	fiber->word = word;
	run_on(fiber);
}
