/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"
#include "jwks/fetch.h"
#include "proxy/gate/admin.h"
#include "proxy/gate/authorize.h"
#include "proxy/gate/gate.h"
#include "proxy/listener/events/activation.h"
#include "proxy/gate/key_wait.h"
#include "proxy/gate/proxied.h"

#define TICK_MS 100
#define TRIM_TICKS 50
#define HEAP_KEPT (16 << 20)

struct server {
	struct gate gate;
	struct admin admin;
	struct listener *public[CONFIG_LISTENERS + 1]; /* and that of `forward_auth` */
	size_t public_count;
	struct listener *private; /* of `admin` */
	struct listener *metrics; /* NULL: none */
	size_t secure_count;      /* of the public ones: how many have TLS, from the first on */
	struct reload *reload;
	struct inputs_watch *watch; /* of the files that were read last, active or not */
	char path[4096];
};

/* Enough that scrapers which hang do not keep a probe out. */
#define ADMIN_CONNECTIONS 32

/* Nobody is asked for credentials there. */
#define ADMIN_SOCKET_MODE 0600

/* Watch the files that were read. The digest of what was read is compared with their contents, so
 * that a change during reading is noticed as well. Without memory the previous list stays, and the
 * files are read again. `all`: also watch key files, which nothing else does when the services
 * could not start. */
static void
watch_inputs(struct server *server, const struct config *config, bool all)
{
	struct inputs_watch *watch = inputs_watch(&config->mistakes.inputs, all);

	if (watch == NULL)
		return;
	inputs_unwatch(server->watch);
	server->watch = watch;
}

static void
log_mistakes(const struct config *config)
{
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	    mistake = mistake->next)
		log_event(
		    mistake->warning ? LOG_WARN : LOG_ERROR, "configuration", "%s", mistake->text);
}

static void
tell_listeners(const struct config *old, const struct config *config)
{
	if (!config_listen_same(old, config))
		log_event(LOG_WARN, "reload",
		    "listen, admin, metrics, forward_auth.address, explain, token_cache and the "
		    "limits of "
		    "connections take effect "
		    "at the next start");
}

/* New connections are of the new certificates; those that are open go on. */
static void
renew_tls(struct server *server, const struct config *config)
{
	if (config->tls.server == NULL)
		return;
	for (size_t i = 0; i < server->secure_count; i++)
		listener_secure(server->public[i], config->tls.server);
}

/* The new services are complete before the old ones end. The reload is reported as done first,
 * since ending them may take a while. */
static bool
take_over(struct server *server, struct config *config, struct err *reterr)
{
	struct services_setup setup = { .config = config,
		.previous = server->gate.services,
		.changed = gate_renew,
		.tried = key_wait_over,
		.context = &server->gate };
	struct services *services = NULL, *former;

	tell_listeners(setup.previous->config, config);
	watch_inputs(server, config, true);
	if (!services_start(&setup, &services, reterr))
		return false;
	watch_inputs(server, config, false);
	log_setup((enum log_format)config->log_format, (enum log_level)config->log_level);
	former = gate_swap(&server->gate, services);
	renew_tls(server, config);
	reload_end(server->reload, config, NULL);
	services_end(former);
	return true;
}

static void
reload_and_tell(struct server *server)
{
	struct config *config = NULL;
	struct err err = { "" };
	bool done;

	reload_begin(server->reload);
	done = config_read(server->path, CONFIG_WHOLE, &config, &err);
	if (config != NULL)
		log_mistakes(config);
	if (done) {
		done = take_over(server, config, &err); /* which takes it */
		config = NULL;
	} else if (config != NULL) {
		watch_inputs(server, config, true);
	}
	if (done) {
		log_event(LOG_INFO, "reload", "the configuration was reloaded");
	} else {
		log_event(LOG_ERROR, "reload", "%s; the old configuration stays", err.text);
		reload_end(server->reload, config, &err);
	}
	config_free(config);
}

/* Each client needs two sockets, its own and one to the upstream. If descriptors ran out, accept()
 * would fail in a busy loop. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	limit = (struct rlimit){ 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &limit); /* a core file would contain tokens and keys */
	/* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet */
	(void)signal(SIGPIPE, SIG_IGN);
	/* An arena per thread would cost more memory than it is worth. */
	(void)mallopt(M_ARENA_MAX, 2);
	/* Under load the heap's end is not given back to be asked for again at once; while nobody
	 * asks, give_memory_back() does it. */
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	/* NOLINTEND(concurrency-mt-unsafe) */
}

static struct listener_setup
listener_setup_of(const struct config *config, const char *address)
{
	return (struct listener_setup){
		.engine = engines_find(config->engine),
		.threads = config->threads,
		.address = address,
		.socket_mode = config->socket_mode,
		.header_bytes = config->limits.header_bytes,
		.connections = (int)config->limits.connections,
		.header_timeout_ms = config->limits.header_timeout_ms,
		.body_timeout_ms = config->limits.body_timeout_ms,
		.body_min_rate = config->limits.body_min_rate,
		.idle_timeout_ms = config->limits.idle_timeout_ms,
		.write_timeout_ms = config->limits.write_timeout_ms,
	};
}

/* What an operator asks is answered however many clients hold threads of the other engine; a loop
 * is enough. For `admin` and `metrics`, each with places of its own. */
static struct listener_setup
admin_setup_of(const struct config *config, const char *address)
{
	struct listener_setup setup = listener_setup_of(config, address);

	if (config->engine != ENGINES_EVENTS)
		setup.threads = 1;
	setup.engine = engines_find(ENGINES_EVENTS);
	setup.connections = ADMIN_CONNECTIONS;
	setup.socket_mode = ADMIN_SOCKET_MODE;
	return setup;
}

/* address NULL: there is none. */
static bool
names_socket(const char *address, struct span name)
{
	struct span rest = span_of(address), scheme;

	return span_cut(&rest, ':', &scheme) && span_is(scheme, "systemd") &&
	       span_equal(rest, name);
}

/* Nobody would notice but the clients, which wait there. */
static void
warn_of_unserved(const struct config *config)
{
	struct activation activation = activation_here();
	struct span name;

	for (int fd = ACTIVATION_FIRST; activation_name(&activation, fd, &name); fd++) {
		bool served = names_socket(config->admin, name) ||
			      names_socket(config->metrics, name) ||
			      names_socket(config->forward_auth.address, name);

		for (size_t i = 0; i < config->listen.count; i++)
			served = served || names_socket(config->listen.at[i], name);
		if (!served)
			log_event(LOG_WARN, "start",
			    "systemd hands over a socket \"%.*s\" that no address names: whoever "
			    "connects there waits",
			    (int)name.len, name.at);
	}
}

/* `metrics`, if there is one. */
static bool
listen_metrics(struct server *server, const struct config *config, struct err *reterr)
{
	struct listener_setup setup;

	if (config->metrics == NULL)
		return true;
	setup = admin_setup_of(config, config->metrics);
	setup.serve = admin_serve_metrics;
	setup.refuse = admin_refuse;
	setup.context = &server->admin;
	return listener_start(&setup, &server->metrics, reterr) || err_within(reterr, "metrics");
}

/* `forward_auth`, if there is one: drained like the public ones, since requests wait for it. */
static bool
listen_forward_auth(struct server *server, const struct config *config, struct err *reterr)
{
	struct listener_setup setup = listener_setup_of(config, config->forward_auth.address);

	if (config->forward_auth.address == NULL)
		return true;
	setup.engine = engines_find(ENGINES_EVENTS);
	setup.serve = authorize_serve;
	setup.refuse = gate_refuse;
	setup.context = &server->gate;
	if (!listener_start(&setup, &server->public[server->public_count], reterr))
		return err_within(reterr, "forward_auth");
	server->public_count++;
	return true;
}

/* The listeners of probes start last: once a probe succeeds, the others are ready. */
static bool
listen_all(struct server *server, const struct config *config, struct err *reterr)
{
	struct listener_setup setup;

	warn_of_unserved(config);
	for (size_t i = 0; i < config->listen.count; i++) {
		setup = listener_setup_of(config, config->listen.at[i]);
		setup.tls = config->tls.server;
		setup.greets = proxied_greets;
		setup.serve = gate_serve;
		setup.refuse = gate_refuse;
		setup.context = &server->gate;
		if (!listener_start(&setup, &server->public[i], reterr))
			return err_within(reterr, "listen");
		server->public_count++;
	}
	server->secure_count = config->tls.server == NULL ? 0 : server->public_count;
	if (!listen_forward_auth(server, config, reterr))
		return false;
	server->admin.listeners = server->public;
	server->admin.listener_count = server->public_count;
	if (!listen_metrics(server, config, reterr))
		return false;
	if (!address_read(config->admin, &server->admin.address, reterr))
		return err_within(reterr, "admin");
	setup = admin_setup_of(config, config->admin);
	setup.serve = admin_serve;
	setup.refuse = admin_refuse;
	setup.context = &server->admin;
	return listener_start(&setup, &server->private, reterr) || err_within(reterr, "admin");
}

static int
busy(const struct server *server)
{
	int sum = 0;

	for (size_t i = 0; i < server->public_count; i++)
		sum += listener_busy(server->public[i]);
	return sum;
}

/* Drain: no connection is kept alive, and requests under way may finish. The listener still
 * accepts, so that clients whose load balancer has not noticed yet are served and not refused. */
static void
drain(struct server *server)
{
	const struct config *config = server->gate.services->config;
	int64_t until_us = clock_mono_us() + config->limits.upstream_timeout_ms * INT64_C(1000);

	log_event(LOG_INFO, "drain", "%d requests in progress", busy(server));
	atomic_store(&server->admin.draining, true);
	for (size_t i = 0; i < server->public_count; i++)
		listener_drain(server->public[i]);
	while (busy(server) > 0 && clock_mono_us() < until_us)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static void
stop_listeners(struct server *server)
{
	for (size_t i = 0; i < server->public_count; i++)
		listener_stop(server->public[i]);
	listener_stop(server->private);
	listener_stop(server->metrics);
}

/* Return heap memory that a burst of requests needed to the system once the gate is idle. */
static void
give_memory_back(const struct server *server)
{
	if (busy(server) == 0)
		(void)malloc_trim(0);
}

/* Wait for signals, and do the housekeeping in between. */
static void
run(struct server *server, const sigset_t *signals)
{
	struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	int ticks = 0;

	pages_let_go();

	for (;;) {
		int signal_number = sigtimedwait(signals, NULL, &tick);

		if (signal_number == SIGTERM || signal_number == SIGINT)
			return;
		gate_tend(&server->gate);
		if (ticks % TRIM_TICKS == 0)
			give_memory_back(server);
		if (signal_number == SIGHUP || reload_wanted(server->reload) ||
		    (++ticks % 10 == 0 && inputs_changed(server->watch)))
			reload_and_tell(server);
	}
}

static bool
start(struct server *server, struct config *config, struct err *reterr)
{
	struct services_setup setup = { .config = config,
		.changed = gate_renew,
		.tried = key_wait_over,
		.context = &server->gate };
	struct services *services = NULL;

	(void)snprintf(server->path, sizeof(server->path), "%s", config->path);
	watch_inputs(server, config, false);
	server->reload = reload_new();
	if (server->watch == NULL || server->reload == NULL) {
		config_free(config);
		return err_set(reterr, "out of memory");
	}
	if (mkdir(config->state, 0700) != 0 && errno != EEXIST) {
		(void)err_errno(reterr, errno, "state: %s: cannot be created", config->state);
		config_free(config);
		return false;
	}
	if (!gate_init(&server->gate, (size_t)config->limits.token_cache_bytes, reterr)) {
		config_free(config);
		return false;
	}
	if (config->explain_recent > 0)
		server->gate.recent = recent_new((size_t)config->explain_recent);
	if (config->explain_recent > 0 && server->gate.recent == NULL) {
		config_free(config);
		return err_set(reterr, "out of memory");
	}
	if (!services_start(&setup, &services, reterr))
		return false;
	(void)gate_swap(&server->gate, services);
	reload_end(server->reload, config, NULL);
	server->admin.gate = &server->gate;
	server->admin.reload = server->reload;
	return listen_all(server, config, reterr);
}

bool
server_run(struct config *config, struct err *reterr)
{
	struct server *server = calloc(1, sizeof(*server));
	sigset_t signals;
	bool started;

	if (server == NULL) {
		config_free(config);
		return err_set(reterr, "out of memory");
	}
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	raise_limits();
	log_setup((enum log_format)config->log_format, (enum log_level)config->log_level);
	if (!log_start(reterr)) {
		config_free(config);
		free(server);
		return false;
	}
	log_mistakes(config);
	started = fetch_setup(reterr) && start(server, config, reterr);
	if (started) {
		log_event(LOG_INFO, "start", "postern " POSTERN_VERSION " is ready");
		run(server, &signals);
		reload_close(server->reload);
		drain(server);
	}
	stop_listeners(server);
	if (started)
		log_event(LOG_INFO, "stop", "postern stops");
	if (server->gate.cache != NULL)
		gate_done(&server->gate);
	reload_free(server->reload);
	inputs_unwatch(server->watch);
	fetch_teardown();
	free(server);
	log_stop();
	return started;
}
