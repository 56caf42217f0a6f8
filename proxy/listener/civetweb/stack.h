/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack - giving back the part of a thread's stack that is not in use. A request touches some
 * twenty kilobytes of it; a thousand connections that keep those while they wait are twenty
 * megabytes for nothing.
 *
 * Uses:   nothing.
 * Shell:  the thread's memory.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_STACK_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_STACK_H

/* The lowest byte of the calling thread's stack; NULL when it cannot be told, or when a sanitizer
 * keeps its own books about it. */
char *stack_find(void);

/* Give back what lies between `lowest` (of the calling thread) and the frames in use. NULL: does
 * nothing. */
void stack_give_back(char *lowest);

#endif
