/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack - return the unused part of a thread's stack to the system. A request touches about 20 KiB
 * of it; a thousand idle connections would otherwise waste 20 MiB.
 *
 * Uses:   nothing.
 * Shell:  the thread's memory.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_STACK_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_STACK_H

/* The lowest byte of the calling thread's stack; NULL when it is not known, or when a sanitizer
 * tracks the stack. */
char *stack_find(void);

/* Give back what lies between `lowest` (of the calling thread) and the frames in use. NULL: does
 * nothing. */
void stack_give_back(char *lowest);

#endif
