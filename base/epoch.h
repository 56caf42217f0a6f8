/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch - free what was displaced when the last reader has left (epoch-based reclamation).
 *
 * Uses:   nothing.
 * Threads: any. Entering and leaving write to a place of the thread's own, so that readers never
 *          meet on a lock or a counter however many cores there are.
 *
 * A reader brackets its look with epoch_enter()/epoch_leave(); a pointer that it loads in between
 * stays valid until it leaves. A writer swaps the pointer, then retires the old one. Both with the
 * plain operations of C11 (sequentially consistent): a weaker load could pass epoch_enter().
 * Brackets do not nest and must be short: nothing that waits stands inside one.
 */
#ifndef POSTERN_BASE_EPOCH_H
#define POSTERN_BASE_EPOCH_H

/* Begin a look at shared pointers. Brackets do not nest. */
void epoch_enter(void);

/* End it: what was loaded since epoch_enter() is not to be touched any more. */
void epoch_leave(void);

/* taken: `retired` is freed by free_it(retired) once no reader can hold it. Never blocks on
 * readers; may free earlier ones on the way. Call outside of a bracket. */
void epoch_retire(void *retired, void (*free_it)(void *retired));

/* Free what can be freed now. Call now and then from a housekeeping thread. */
void epoch_collect(void);

/* Free all that is retired: at the end of the program, when no reader is left. */
void epoch_drain(void);

#endif
