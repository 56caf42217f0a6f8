/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload - what became of reading the configuration again, for those who ask: POST /reload,
 * /readyz, /metrics.
 *
 * Uses:   base, config.
 * Threads: any; one short lock. reload_begin() and reload_end() on the one thread that reloads.
 */
#ifndef POSTERN_PROXY_GATE_RELOAD_H
#define POSTERN_PROXY_GATE_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/err.h"
#include "proxy/config/config.h"

struct reload;

/* NULL: no memory. */
MUST_CHECK struct reload *reload_new(void);

/* When nobody asks any more. Accepts NULL. */
void reload_free(struct reload *reload);

/* The last try, as it was told. */
struct reload_state {
	bool successful;   /* the last try; true after the start */
	int64_t success_s; /* when the configuration in force was read */
	char
	    configuration[2 * DIGEST_BYTES + 1]; /* of the one in force: its files' digest in hex */
	struct err err;                          /* why the last try failed, else "" */
	struct buffer mistakes; /* a JSON array of the lines of the last try, warnings too; its
				 * reader's own copy */
};

/* Ask for a reload; reload_await() what comes of it. */
uint64_t reload_ask(struct reload *reload);

/*
 * Wait until a reload that began after `asked` has ended. False: it did not within `timeout_ms`, or
 * there will be none. ret_state is set in any case: buffer_done() its mistakes.
 */
MUST_CHECK bool reload_await(
    struct reload *reload, uint64_t asked, int64_t timeout_ms, struct reload_state *ret_state);

/* How it stands now; as above. */
void reload_now(struct reload *reload, struct reload_state *ret_state);

/* Does anybody want one? Then it begins. */
bool reload_wanted(struct reload *reload);
void reload_begin(struct reload *reload);

/* It has ended: config is the one that was read (NULL: it did not come to that), err says why it
 * is not in force (NULL: it is). */
void reload_end(struct reload *reload, const struct config *config, const struct err *err);

/* There will be none any more: nobody waits. */
void reload_close(struct reload *reload);

#endif
