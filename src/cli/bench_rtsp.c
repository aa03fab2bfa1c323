#include "cli/bench_rtsp.h"

#include "cli/cpu_time.h"
#include "rtsp/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int mount_all(struct rtsp_server *server, const char *video, int count, struct err *err)
{
	int r = 0;
	for (int i = 0; i < count && r == 0; i++) {
		struct rtsp_source *source = NULL;
		char name[16];
		snprintf(name, sizeof(name), "cam%d", i + 1);
		r = rtsp_source_files(&video, 1, true, err, &source);
		if (r == 0)
			r = rtsp_server_mount(server, name, &source, false, err);
		rtsp_source_destroy(&source);
	}
	return r;
}

/* Until it is killed, or the one that measures has gone. */
static void serve(struct rtsp_server *server)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	struct err err;
	rtsp_server_run(server, &err);
	_exit(1);
}

int bench_rtsp_start(const char *video, int count, struct err *err, struct bench_rtsp *ret_server)
{
	struct rtsp_server *server = NULL;
	pid_t pid = 0;
	int r = rtsp_server_create(&(struct rtsp_server_params){0}, err, &server);
	if (r == 0)
		r = mount_all(server, video, count, err);
	if (r == 0) {
		pid = fork();
		if (pid == 0)
			serve(server);
		if (pid < 0)
			r = err_set(err, -errno, "a process for the cameras could not be started");
	}
	if (r == 0)
		*ret_server = (struct bench_rtsp){pid, rtsp_server_port(server)};
	rtsp_server_destroy(&server);
	return r;
}

void bench_rtsp_stop(struct bench_rtsp *server)
{
	if (server->pid > 0) {
		kill(server->pid, SIGTERM);
		waitpid(server->pid, NULL, 0);
	}
	*server = (struct bench_rtsp){0};
}

double bench_rtsp_cpu_us(const struct bench_rtsp *server)
{
	clockid_t clock;
	if (server->pid <= 0 || clock_getcpuclockid(server->pid, &clock) != 0)
		return 0;
	return cpu_time_us(clock);
}
