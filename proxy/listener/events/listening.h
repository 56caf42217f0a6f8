/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listening - the sockets of one address that listen: one that is made for it, or all that systemd
 * hands over by a name. For this directory only.
 *
 * Uses:   activation, unix_file, io (watch).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_LISTENING_H
#define POSTERN_PROXY_LISTENER_EVENTS_LISTENING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "proxy/listener/events/unix_file.h"

/* Sockets that may be handed over by one name. */
#define LISTENING_MAX 16

struct listening {
	int sockets[LISTENING_MAX]; /* non-blocking */
	size_t count;
	int port;              /* 0: none, or not known */
	bool handed;           /* they stay when this process ends, and what comes in waits there */
	struct unix_file file; /* "": none was made */
};

/*
 * Listen on "ADDRESS:PORT", "unix:/PATH" or "systemd:NAME" (proxy/config/address.h). The error
 * names the address.
 *
 * mode  of the file of a Unix socket
 */
MUST_CHECK bool listening_open(
    struct listening *listening, const char *address, mode_t mode, struct err *reterr);

/* Connections that the system dropped since nobody accepted them soon enough. False: not known. */
MUST_CHECK bool listening_drops(const struct listening *listening, uint64_t *ret_drops);

/* Close them; nothing watches them any more. The file that was made is removed. */
void listening_close(struct listening *listening);

#endif
