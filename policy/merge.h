/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge - several policy files as one document.
 *
 * Uses:   base (document).
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_MERGE_H
#define POSTERN_POLICY_MERGE_H

#include "base/document.h"

/*
 * Move what is in `root` to the end of `into`: the entries of its sections, and its public paths.
 * An entry or a value that both have is a mistake that names both places. Every node keeps its
 * file, line and place in its own list. Afterwards `root` must not be used.
 *
 * into, root  maps; of anything else a mistake is reported.
 */
void merge(struct node *into, struct node *root, struct mistakes *mistakes);

#endif
