/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wildcard.h"

#include <string.h>

void
wildcard_warn(
    struct mistakes *mistakes, const struct node *node, const char *value, const char *instead)
{
	if (value != NULL && strchr(value, '*') != NULL)
		mistake_by(mistakes, mistake_place_at_key(node, MISTAKE_EXACT_STAR),
		    "is compared exactly, and \"*\" stands for nothing else: %s", instead);
}
