#include "cli/bench_serve_host.h"

#include "base/clock.h"
#include "cameras/cameras.h"
#include "store/store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX_BYTES 4096
#define PATIENCE_S 30
#define PYTHON "/usr/bin/python3" /* whose packages Debian's are */

/* Ours */

struct ours {
	struct store *store;
	struct cameras *cameras;
	struct server *server;
};

static int open_ours(struct ours *o, const char *store_path, int sockets_max, struct err *err)
{
	char host[] = "127.0.0.1", evidence[PATH_MAX];
	struct server_params params = {
		.host = host,
		.max_body_bytes = 65536,
		.max_connections = 2 * sockets_max + 100,
		.max_connections_per_address = 2 * sockets_max + 100,
		.max_websockets = sockets_max,
	};
	snprintf(evidence, sizeof(evidence), "%s-evidence", store_path);
	int r = store_open(&(struct store_params){.path = store_path}, err, &o->store);
	if (r == 0)
		r = cameras_create(
			&(struct cameras_params){.store = o->store, .evidence_dir = evidence}, err,
			&o->cameras);
	if (r == 0)
		r = server_create(&params, o->store, o->cameras, NULL, err, &o->server);
	return r;
}

static void close_ours(struct ours *o)
{
	if (o->cameras)
		cameras_stop(o->cameras);
	server_destroy(&o->server);
	cameras_destroy(&o->cameras);
	store_close(&o->store);
}

static void publish(struct server *server, int64_t number, size_t bytes)
{
	char text[MESSAGE_MAX_BYTES];
	int n = snprintf(text, sizeof(text),
		"{\"type\":\"frame\",\"n\":%lld,\"sent_us\":%lld,\"padding\":\"", (long long)number,
		(long long)mono_now().us);
	size_t used = (size_t)n;
	for (; used + 2 < bytes && used + 2 < sizeof(text); used++)
		text[used] = 'x';
	memcpy(text + used, "\"}", 2);
	server_publish(server, CHANNEL_REALTIME, "bench", text, used + 2);
}

/* Until the other end of the lifeline is closed. What comes too late for its time moves those after
 * it: a machine that is busy elsewhere must not become a burst. */
static void publish_all(struct server *server, int lifeline, double rate_hz, size_t bytes)
{
	struct pollfd end = {.fd = lifeline, .events = POLLIN};
	int64_t period_us = (int64_t)(1e6 / rate_hz), due_us = mono_now().us;
	for (int64_t number = 0;; number++) {
		int64_t now_us = mono_now().us;
		due_us = due_us + period_us > now_us ? due_us + period_us : now_us;
		int64_t left_us = due_us - now_us;
		struct timespec wait = {left_us / 1000000, (long)(left_us % 1000000) * 1000};
		if (ppoll(&end, 1, &wait, NULL) != 0)
			return;
		publish(server, number, bytes);
	}
}

static void be_ours(const char *store_path, int sockets_max, double rate_hz, size_t bytes, int say,
	int lifeline)
{
	struct ours ours = {0};
	struct err err = {0};
	char token[SERVER_TOKEN_SIZE] = "";
	int r = open_ours(&ours, store_path, sockets_max, &err);
	if (r == 0)
		r = server_first_token(ours.server, &err, token);
	if (r == 0)
		dprintf(say, "%d %s\n", server_port(ours.server), token);
	else
		dprintf(say, "0 %s\n", err.text);
	close(say);
	if (r == 0)
		publish_all(ours.server, lifeline, rate_hz, bytes);
	close_ours(&ours);
	_exit(r == 0 ? 0 : 1);
}

/* What the child says of itself: its port and its token, or 0 and what is wrong. */
static int hear(int fd, struct err *err, struct bench_host *host)
{
	char line[512];
	size_t used = 0;
	ssize_t n;
	while (used + 1 < sizeof(line) && (n = read(fd, line + used, sizeof(line) - 1 - used)) > 0)
		used += (size_t)n;
	line[used] = '\0';
	line[strcspn(line, "\n")] = '\0';
	char *end;
	host->port = (int)strtol(line, &end, 10);
	if (host->port <= 0)
		return err_set(err, -EIO, "the server did not start: %s", end);
	snprintf(host->token, sizeof(host->token), "%s", end + strspn(end, " "));
	return 0;
}

int bench_host_start(const char *store_path, int sockets_max, double rate_hz, size_t message_bytes,
	struct err *err, struct bench_host *ret_host)
{
	int say[2], life[2];
	struct bench_host host = {.lifeline = -1};
	if (pipe2(say, O_CLOEXEC) < 0)
		return err_set(err, -errno, "a pipe cannot be made: %s", strerror(errno));
	if (pipe2(life, O_CLOEXEC) < 0) {
		close(say[0]), close(say[1]);
		return err_set(err, -errno, "a pipe cannot be made: %s", strerror(errno));
	}
	host.pid = fork();
	if (host.pid == 0) {
		close(say[0]);
		close(life[1]);
		be_ours(store_path, sockets_max, rate_hz, message_bytes, say[1], life[0]);
	}
	close(say[1]);
	close(life[0]);
	host.lifeline = life[1];
	int r = host.pid > 0 ? hear(say[0], err, &host)
			     : err_set(err, -EAGAIN, "a process cannot be made");
	close(say[0]);
	if (r < 0)
		bench_host_stop(&host);
	else
		*ret_host = host;
	return r;
}

/* Theirs */

static int connect_to(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof(to));
	if (fd >= 0)
		close(fd);
	return r;
}

/* One that nobody has at this moment. */
static int free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int port = 0;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0 &&
		getsockname(fd, (struct sockaddr *)&at, &size) == 0)
		port = ntohs(at.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}

static void be_other(const char *app, const char *store_path, const char *token, int port)
{
	char dir[PATH_MAX], module[NAME_MAX + 8], number[16];
	const char *slash = strrchr(app, '/');
	const char *name = slash ? slash + 1 : app;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - app) : 1, slash ? app : ".");
	snprintf(module, sizeof(module), "%.*s:app", (int)strcspn(name, "."), name);
	snprintf(number, sizeof(number), "%d", port);
	setenv("STORE", store_path, 1);
	setenv("TOKEN", token, 1);
	int nowhere = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= 2; fd++)
		dup2(nowhere, fd);
	execl(PYTHON, PYTHON, "-B", "-m", "uvicorn", module, "--app-dir", dir, "--port", number,
		"--no-access-log", "--log-level", "error", (char *)NULL);
	_exit(127);
}

int bench_host_start_other(const char *app, const char *store_path, const char *token,
	struct err *err, struct bench_host *ret_host)
{
	struct bench_host host = {.lifeline = -1, .port = free_port()};
	if (access(app, R_OK) < 0)
		return err_set(err, -ENOENT, "%s is not here: --app says where it is", app);
	snprintf(host.token, sizeof(host.token), "%s", token);
	host.pid = fork();
	if (host.pid == 0)
		be_other(app, store_path, token, host.port);
	if (host.pid < 0)
		return err_set(err, -EAGAIN, "a process cannot be made");
	for (int i = 0; i < PATIENCE_S * 20; i++) {
		if (connect_to(host.port) == 0) {
			*ret_host = host;
			return 0;
		}
		if (waitpid(host.pid, NULL, WNOHANG) == host.pid) {
			host.pid = 0;
			break;
		}
		usleep(50000);
	}
	bench_host_stop(&host);
	return err_set(err, -ENOENT,
		"uvicorn does not start: are Debian's python3-fastapi and python3-uvicorn here?");
}

void bench_host_stop(struct bench_host *host)
{
	if (host->pid > 0) {
		if (host->lifeline >= 0)
			close(host->lifeline);
		else
			kill(host->pid, SIGTERM);
		waitpid(host->pid, NULL, 0);
	}
	*host = (struct bench_host){.lifeline = -1};
}

/* What they cost: proc(5) */

static bool read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
	return n > 0;
}

double bench_host_cpu_s(const struct bench_host *host)
{
	char text[1024];
	unsigned long user, kernel;
	/* Behind the name, which may have spaces: state, 10 numbers, utime, stime. */
	const char *end =
		read_proc(host->pid, "stat", text, sizeof(text)) ? strrchr(text, ')') : NULL;
	if (!end || sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			    &kernel) != 2)
		return 0;
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

double bench_host_memory_mb(const struct bench_host *host)
{
	char text[128];
	long resident;
	if (!read_proc(host->pid, "statm", text, sizeof(text)) ||
		sscanf(text, "%*d %ld", &resident) != 1)
		return 0;
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}
