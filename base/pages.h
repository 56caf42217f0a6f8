/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages - the pages of the program and of its libraries that this process has mapped.
 *
 * Shell:  memory.
 * Threads: any.
 */
#ifndef POSTERN_BASE_PAGES_H
#define POSTERN_BASE_PAGES_H

/* Have the system unmap all that is code or constant. What is needed again is mapped again from the
 * page cache; what only the start needed, most of it, is no longer this process's memory, and the
 * system may use it otherwise. */
void pages_let_go(void);

#endif
