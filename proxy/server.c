/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/log.h"
#include "jwks/fetch.h"
#include "proxy/admin.h"
#include "proxy/gate.h"

#define LISTENERS_MOST 8
#define TICK_MS 100
#define TRIM_TICKS 50

/* What a watched file looked like when it was last read. */
struct watched {
	struct timespec changed;
	ino_t inode;
};

struct server {
	struct gate gate;
	struct admin admin;
	struct listener *public[LISTENERS_MOST];
	size_t public_count;
	struct listener *private;
	atomic_bool reload_wanted;
	struct watched config_file, policy_file;
	char path[4096];
};

static void
look(const char *path, struct watched *watched)
{
	struct stat stat_now;

	if (stat(path, &stat_now) != 0)
		return;
	watched->changed = stat_now.st_mtim;
	watched->inode = stat_now.st_ino;
}

static bool
differs(const char *path, const struct watched *before)
{
	struct watched now = *before;

	look(path, &now);
	return now.inode != before->inode || now.changed.tv_sec != before->changed.tv_sec ||
	       now.changed.tv_nsec != before->changed.tv_nsec;
}

static void
look_at_files(struct server *server, const struct config *config)
{
	look(config->path, &server->config_file);
	look(config->policy_path, &server->policy_file);
}

/* The files' names are the running configuration's; only this thread swaps it. */
static bool
files_changed(const struct server *server)
{
	const struct config *config = atomic_load(&server->gate.world)->config;

	return differs(config->path, &server->config_file) ||
	       differs(config->policy_path, &server->policy_file);
}

static void
log_mistakes(const struct config *config)
{
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	     mistake = mistake->next)
		log_event(
		    mistake->warning ? LOG_WARN : LOG_ERROR, "configuration", "%s", mistake->text);
}

static bool
same_listeners(const struct config *a, const struct config *b)
{
	if (a->listen.count != b->listen.count || strcmp(a->admin, b->admin) != 0)
		return false;
	for (size_t i = 0; i < a->listen.count; i++)
		if (strcmp(a->listen.at[i], b->listen.at[i]) != 0)
			return false;
	return a->limits.connections == b->limits.connections &&
	       a->limits.header_bytes == b->limits.header_bytes &&
	       a->limits.header_timeout_ms == b->limits.header_timeout_ms &&
	       a->limits.body_timeout_ms == b->limits.body_timeout_ms &&
	       a->limits.idle_timeout_ms == b->limits.idle_timeout_ms;
}

/* The new world stands whole before the old one goes. */
static bool
reload(struct server *server, struct err *reterr)
{
	struct world *old = atomic_load(&server->gate.world), *world = NULL;
	struct config *config = NULL;

	if (!config_read(server->path, &config, reterr)) {
		if (config != NULL)
			log_mistakes(config);
		config_free(config);
		return false;
	}
	log_mistakes(config);
	if (!same_listeners(old->config, config))
		log_event(LOG_WARN, "reload",
		    "listen, admin and the limits of connections take effect at the next start");
	if (!world_new(config, old, &world, reterr))
		return false;
	log_setup((enum log_format)config->log_format, (enum log_level)config->log_level);
	look_at_files(server, config);
	gate_swap(&server->gate, world);
	return true;
}

static void
reload_and_tell(struct server *server)
{
	struct err err = { "" };
	bool done;

	look_at_files(server, atomic_load(&server->gate.world)->config);
	done = reload(server, &err);
	if (done)
		log_event(LOG_INFO, "reload", "the configuration was read again");
	else
		log_event(LOG_ERROR, "reload", "%s; the old configuration stays", err.text);
}

static void
want_reload(void *context)
{
	struct server *server = context;

	atomic_store(&server->reload_wanted, true);
}

/* Sockets for every client and its upstream, or accepting would spin when they run out. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	limit = (struct rlimit){ 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &limit); /* a core file would hold tokens and keys */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)mallopt(M_ARENA_MAX, 2); /* an arena per thread would cost more than it gives */
}

static struct listener_setup
listener_setup_of(const struct config *config, const char *address)
{
	return (struct listener_setup){
		.address = address,
		.header_bytes = config->limits.header_bytes,
		.connections = (int)config->limits.connections,
		.header_timeout_ms = config->limits.header_timeout_ms,
		.body_timeout_ms = config->limits.body_timeout_ms,
		.idle_timeout_ms = config->limits.idle_timeout_ms,
	};
}

static bool
listen_all(struct server *server, const struct config *config, struct err *reterr)
{
	struct listener_setup setup = listener_setup_of(config, config->admin);

	setup.connections = 8;
	setup.serve = admin_serve;
	setup.refuse = admin_refuse;
	setup.context = &server->admin;
	if (!listener_start(&setup, &server->private, reterr))
		return err_within(reterr, "admin");
	if (config->listen.count > LISTENERS_MOST)
		return err_set(reterr, "listen: more than %d addresses", LISTENERS_MOST);
	for (size_t i = 0; i < config->listen.count; i++) {
		setup = listener_setup_of(config, config->listen.at[i]);
		setup.serve = gate_serve;
		setup.refuse = gate_refuse;
		setup.context = &server->gate;
		if (!listener_start(&setup, &server->public[i], reterr))
			return err_within(reterr, "listen");
		server->public_count++;
	}
	server->admin.listener = server->public[0];
	return true;
}

static int
busy(const struct server *server)
{
	int sum = 0;

	for (size_t i = 0; i < server->public_count; i++)
		sum += listener_busy(server->public[i]);
	return sum;
}

/* Nothing new is kept; what is under way may end. The listener goes on accepting meanwhile, so
 * that a client sent here by a balancer's old view is served, not refused. */
static void
drain(struct server *server)
{
	const struct config *config = atomic_load(&server->gate.world)->config;
	int64_t until_us = clock_mono_us() + config->limits.upstream_timeout_ms * INT64_C(1000);

	log_event(LOG_INFO, "drain", "%d requests under way", busy(server));
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
}

/* What a burst of requests took of the heap goes back to the system once the gate is quiet. */
static void
give_memory_back(const struct server *server)
{
	if (busy(server) == 0)
		(void)malloc_trim(0);
}

/* Wait for signals; between them keep house. */
static void
run(struct server *server, const sigset_t *signals)
{
	struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	int ticks = 0;

	for (;;) {
		int signal_number = sigtimedwait(signals, NULL, &tick);

		if (signal_number == SIGTERM || signal_number == SIGINT)
			return;
		epoch_collect();
		gate_tend(&server->gate);
		if (ticks % TRIM_TICKS == 0)
			give_memory_back(server);
		if (signal_number == SIGHUP || atomic_exchange(&server->reload_wanted, false) ||
		    (++ticks % 10 == 0 && files_changed(server)))
			reload_and_tell(server);
	}
}

static bool
start(struct server *server, struct config *config, struct err *reterr)
{
	struct world *world = NULL;

	(void)snprintf(server->path, sizeof(server->path), "%s", config->path);
	look_at_files(server, config);
	if (mkdir(config->state, 0700) != 0 && errno != EEXIST) {
		(void)err_errno(reterr, errno, "state: %s: cannot be made", config->state);
		config_free(config);
		return false;
	}
	if (!world_new(config, NULL, &world, reterr))
		return false;
	if (!gate_init(&server->gate, world, reterr)) {
		world_free(world);
		return false;
	}
	server->admin.gate = &server->gate;
	server->admin.reload = want_reload;
	server->admin.context = server;
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
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	raise_limits();
	log_setup((enum log_format)config->log_format, (enum log_level)config->log_level);
	log_mistakes(config);
	started = fetch_setup(reterr) && start(server, config, reterr);
	if (started) {
		log_event(LOG_INFO, "start", "postern " POSTERN_VERSION " is ready");
		run(server, &signals);
		drain(server);
	}
	stop_listeners(server);
	if (started)
		log_event(LOG_INFO, "stop", "postern ends");
	if (server->gate.cache != NULL)
		gate_done(&server->gate);
	fetch_teardown();
	free(server);
	return started;
}
