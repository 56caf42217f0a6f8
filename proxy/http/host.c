/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/host.h"

#include "base/host_name.h"

bool
host_plain(struct span host)
{
	return host_name_plain(host, NULL);
}
