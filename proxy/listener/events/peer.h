/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer - how the other end of a connection is called. For this directory only.
 *
 * Uses:   request.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_PEER_H
#define POSTERN_PROXY_LISTENER_EVENTS_PEER_H

#include <sys/socket.h>

#include "proxy/http/request.h"

/* Of a name, with its NUL. */
#define PEER_ROOM REQUEST_PEER_ROOM

/* Its numeric address, of an IPv4 one behind an IPv6 socket the former; or REQUEST_PEER_UNIX.
 * Returns its port; 0: it has none. */
int peer_name(const struct sockaddr_storage *address, char ret_name[PEER_ROOM]);

#endif
