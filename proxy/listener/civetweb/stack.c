/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/civetweb/stack.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE 4096u

/* Our own frame, and what the ABI lets a leaf use below it. Frames made later find fresh pages. */
#define KEPT_BYTES 1024u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

char *
stack_find(void)
{
	pthread_attr_t attributes;
	void *lowest = NULL;
	size_t size;

	if (SANITIZED || pthread_getattr_np(pthread_self(), &attributes) != 0)
		return NULL;
	if (pthread_attr_getstack(&attributes, &lowest, &size) != 0)
		lowest = NULL;
	(void)pthread_attr_destroy(&attributes);
	return lowest;
}

void
stack_give_back(char *lowest)
{
	uintptr_t used = (uintptr_t)__builtin_frame_address(0);
	uintptr_t end = (used - KEPT_BYTES) & ~(uintptr_t)(PAGE - 1);
	uintptr_t start = ((uintptr_t)lowest + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

	if (lowest != NULL && end > start)
		(void)madvise((void *)start, end - start, MADV_DONTNEED);
}
