/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/peer.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "proxy/http/request.h"

/* The last 4 of the 16 bytes. */
#define MAPPED 12

int
peer_name(const struct sockaddr_storage *address, char ret_name[PEER_ROOM])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;

	ret_name[0] = '\0';
	if (address->ss_family == AF_INET) {
		(void)inet_ntop(AF_INET, &four->sin_addr, ret_name, PEER_ROOM);
		return ntohs(four->sin_port);
	}
	if (address->ss_family == AF_INET6) {
		/* A client is the same by whichever socket it comes. */
		if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
			(void)inet_ntop(
			    AF_INET, six->sin6_addr.s6_addr + MAPPED, ret_name, PEER_ROOM);
		else
			(void)inet_ntop(AF_INET6, &six->sin6_addr, ret_name, PEER_ROOM);
		return ntohs(six->sin6_port);
	}
	(void)snprintf(ret_name, PEER_ROOM, "%s", REQUEST_PEER_UNIX);
	return 0;
}
