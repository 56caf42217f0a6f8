/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload - requests to reload the configuration, and their results: for POST /reload, /readyz,
 * /metrics.
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

/* Call when no other thread uses it. Accepts NULL. */
void reload_free(struct reload *reload);

/* The result of the last reload. */
struct reload_state {
	bool successful;                          /* it succeeded; true after the start */
	int64_t success_s;                        /* when the active configuration was read */
	char configuration[2 * DIGEST_BYTES + 1]; /* of the active one: its files' digest in hex */
	struct err err;                           /* why the last reload failed, else "" */
	struct buffer mistakes; /* a JSON array of the lines of the last reload, with warnings; the
				 * reader's own copy */
};

/* Request a reload; wait for the result with reload_await(). */
uint64_t reload_ask(struct reload *reload);

/*
 * Wait until a reload that began after `asked` has ended. False: it did not within `timeout_ms`, or
 * the gate is stopping. ret_state is set in any case: buffer_done() its mistakes.
 */
MUST_CHECK bool reload_await(
    struct reload *reload, uint64_t asked, int64_t timeout_ms, struct reload_state *ret_state);

/* The current state; ret_state as above. */
void reload_now(struct reload *reload, struct reload_state *ret_state);

/* Was a reload requested? If so, it begins now. */
bool reload_wanted(struct reload *reload);
void reload_begin(struct reload *reload);

/* End the reload. config is the one that was read (NULL: none could be), err is why it is not
 * active (NULL: it is). */
void reload_end(struct reload *reload, const struct config *config, const struct err *err);

/* There will be no more reloads: wake all who wait. */
void reload_close(struct reload *reload);

#endif
