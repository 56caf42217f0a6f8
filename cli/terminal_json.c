/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal_json.h"

#include <stdio.h>
#include <stdlib.h>

void
terminal_json(const json_t *value)
{
	char *text = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	if (text == NULL)
		(void)printf("(none)");
	/* jansson takes DEL for printable. */
	for (const char *at = text; at != NULL && *at != '\0'; at++)
		(void)(*at == 0x7f ? printf("\\u007f") : putchar(*at));
	free(text);
}
