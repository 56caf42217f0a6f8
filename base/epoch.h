/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch - free a replaced object once no reader can still use it (epoch-based reclamation).
 *
 * Uses:   nothing.
 * Threads: any. Entering and leaving write only to the thread's own slot, so readers never contend
 *          for a lock or a counter, whatever the number of cores.
 *
 * A reader calls epoch_enter() and epoch_leave(); a pointer that it loads in between stays valid
 * until it leaves. A writer swaps the pointer, then retires the old one. Both use C11's default
 * atomic operations (sequentially consistent): a weaker load could be reordered before
 * epoch_enter(). Read sections do not nest and must be short: never block inside one.
 */
#ifndef POSTERN_BASE_EPOCH_H
#define POSTERN_BASE_EPOCH_H

/* Begin a read section. Read sections do not nest. */
void epoch_enter(void);

/* End it: pointers loaded since epoch_enter() are no longer valid. */
void epoch_leave(void);

/* taken: `retired` is freed by free_it(retired) once no reader can hold it. Never blocks on
 * readers; may free objects retired earlier. Call outside a read section. */
void epoch_retire(void *retired, void (*free_it)(void *retired));

/* Free what can be freed now. Call now and then from a housekeeping thread. */
void epoch_collect(void);

/* Free all retired objects: at the end of the program, when there are no readers. */
void epoch_drain(void);

#endif
