/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/scratch.h"

#include <stdlib.h>

static _Thread_local struct scratch *mine;

struct scratch *
scratch_mine(void)
{
	if (mine == NULL)
		mine = malloc(sizeof(*mine));
	return mine;
}

void
scratch_give_back(void)
{
	free(mine);
	mine = NULL;
}
