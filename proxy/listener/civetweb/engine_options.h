/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_options - the options for CivetWeb. Each one that is not a number turns off a default
 * feature.
 *
 * Uses:   listener (listener_setup).
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_ENGINE_OPTIONS_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_ENGINE_OPTIONS_H

#include "proxy/listener/listener.h"

struct engine_options {
	const char *list[64]; /* names and values in turn, ended by NULL */
	char threads[24], head_bytes[24], head_ms[24], idle_ms[24];
};

/* Fill it in; it lends from itself and from `setup`, so neither may move. */
void engine_options_make(struct engine_options *options, const struct listener_setup *setup);

#endif
