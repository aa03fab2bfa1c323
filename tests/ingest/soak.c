/*
 * Streams for a long time, or very often: does anything grow?
 *
 *     stream-soak soak MINUTES       eight cameras with all kinds of faults, one coming and going;
 *                                    fails where memory, descriptors or the age of frames grow
 *     stream-soak refused COUNT      failed attempts in a row, without waiting between them
 *     stream-soak churn COUNT        a stream added and removed, eight others running
 *     stream-soak dead SECONDS       CPU time of 64 cameras none of which is there
 *
 * Prints a line of numbers, and ends with 1 where something grew.
 */
#include "base/heap.h"
#include "faults.h"
#include "ingest/stream.h"
#include "rtsp/server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CAMERAS 8
#define DEAD 64
/* Pools and allocators settle in the beginning; what grows afterwards grows for ever. */
#define SETTLE_PERCENT 25
#define MEMORY_SLACK_KB (24 << 10)
#define DESCRIPTOR_SLACK 16
#define AGE_MAX_S 15

struct camera {
	struct rtsp_server *server;
	struct rtsp_faults faults;
	struct rtsp_hooks hooks;
	pthread_t thread;
	struct stream *stream;
	char url[64];
};

static long resident_kb(void)
{
	long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file && fscanf(file, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int descriptors(void)
{
	int count = 0;
	for (int fd = 0; fd < 4096; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static double seconds_of(clockid_t clock)
{
	struct timespec ts;
	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static struct stream *open_with(const struct stream_params *params)
{
	struct err err = {{0}};
	struct stream *stream = NULL;
	if (stream_create(params, &err, &stream) == 0 && stream_start(stream, &err) == 0)
		return stream;
	fprintf(stderr, "stream-soak: %s\n", err.text);
	exit(2);
}

static struct stream *open_stream(const char *url)
{
	struct stream_params params;
	stream_params_init(&params);
	params.source = url;
	params.reconnect_attempts = -1;
	params.reconnect_delay_s = 0.5;
	params.reconnect_delay_max_s = 2;
	params.connect_timeout_s = params.stall_timeout_s = 2;
	params.ring_s = 5;
	return open_with(&params);
}

static void *serve(void *opaque)
{
	struct camera *camera = opaque;
	rtsp_server_run(camera->server, NULL);
	return NULL;
}

static void start_camera(struct camera *camera, const char *film, const char *fault, uint64_t seed)
{
	struct err err = {{0}};
	struct rtsp_source *source;
	rtsp_faults_init(&camera->faults, seed);
	if (fault)
		rtsp_faults_add(&camera->faults, fault);
	camera->hooks = rtsp_faults_hooks(&camera->faults);
	const struct rtsp_server_params params = {.hooks = &camera->hooks};
	if (rtsp_server_create(&params, &err, &camera->server) < 0 ||
		rtsp_source_files(&film, 1, true, &err, &source) < 0 ||
		rtsp_server_mount(camera->server, "cam", &source, false, &err) < 0 ||
		pthread_create(&camera->thread, NULL, serve, camera) != 0) {
		fprintf(stderr, "stream-soak: %s\n", err.text);
		exit(2);
	}
	snprintf(camera->url, sizeof(camera->url), "rtsp://127.0.0.1:%d/cam",
		rtsp_server_port(camera->server));
	camera->stream = open_stream(camera->url);
}

static void stop_camera(struct camera *camera)
{
	stream_destroy(&camera->stream);
	rtsp_server_stop(camera->server);
	pthread_join(camera->thread, NULL);
	rtsp_server_destroy(&camera->server);
}

/* The age of the oldest newest frame; those that are away for a good reason included. */
static double oldest_age_s(struct camera *cameras)
{
	double oldest_s = 0;
	for (int i = 0; i < CAMERAS; i++) {
		struct stream_stats st;
		stream_stats(cameras[i].stream, &st);
		oldest_s = st.last_age_s > oldest_s ? st.last_age_s : oldest_s;
	}
	return oldest_s;
}

static int verdict(const char *what, long memory_kb, int descriptor_count, double age_s)
{
	bool grown = memory_kb > MEMORY_SLACK_KB || descriptor_count > DESCRIPTOR_SLACK ||
		     age_s > AGE_MAX_S;
	printf("%s: memory %+ld kB, descriptors %+d, oldest frame %.1f s: %s\n", what, memory_kb,
		descriptor_count, age_s, grown ? "GROWN" : "flat");
	return grown;
}

static int soak(const char *film, double minutes)
{
	static const char *const faults[CAMERAS] = {NULL, "drop:ratio=0.05", "corrupt:ratio=0.05",
		"stall:after=7", "reset:after=5", "jump:after=4,by=500", "drip:after=6,rate=50",
		"wall:by=-7"};
	static struct camera cameras[CAMERAS];
	double start_s = seconds_of(CLOCK_MONOTONIC), end_s = start_s + minutes * 60;
	double settled_s = start_s + minutes * 60 * SETTLE_PERCENT / 100, age_s = 0;
	long memory_kb = 0;
	int descriptor_count = 0, comings = 0;
	for (int i = 0; i < CAMERAS; i++)
		start_camera(&cameras[i], film, faults[i], (uint64_t)i);
	for (double now_s = start_s; now_s < end_s; now_s = seconds_of(CLOCK_MONOTONIC)) {
		struct stream *guest = open_stream(cameras[comings++ % CAMERAS].url);
		usleep(500000);
		stream_destroy(&guest);
		if (now_s < settled_s) {
			memory_kb = resident_kb();
			descriptor_count = descriptors();
		} else if (oldest_age_s(cameras) > age_s) {
			age_s = oldest_age_s(cameras);
		}
	}
	int grown =
		verdict("soak", resident_kb() - memory_kb, descriptors() - descriptor_count, age_s);
	for (int i = 0; i < CAMERAS; i++)
		stop_camera(&cameras[i]);
	return grown;
}

/* One camera that refuses every connection at once; attempts follow each other without a pause. */
static int refused(int count)
{
	struct stream_params params;
	struct stream_stats st;
	stream_params_init(&params);
	params.source = "rtsp://user:secret@127.0.0.1:1/cam";
	params.reconnect_attempts = count - 1;
	params.reconnect_delay_s = 0;
	struct stream *stream = open_with(&params);
	long memory_kb = 0;
	int descriptor_count = 0;
	double start_s = seconds_of(CLOCK_MONOTONIC);
	do {
		usleep(10000);
		stream_stats(stream, &st);
		if (st.error_count <= count / 10) {
			memory_kb = resident_kb();
			descriptor_count = descriptors();
		}
	} while (st.state != STREAM_FAILED);
	printf("%" PRId64 " failed attempts in %.1f s\n", st.error_count,
		seconds_of(CLOCK_MONOTONIC) - start_s);
	int grown =
		verdict("refused", resident_kb() - memory_kb, descriptors() - descriptor_count, 0);
	stream_destroy(&stream);
	return grown || st.error_count != count;
}

static int churn(const char *film, int count)
{
	static struct camera cameras[CAMERAS];
	struct stream_stats before[CAMERAS], after;
	long memory_kb = 0, others = 0;
	int descriptor_count = 0;
	for (int i = 0; i < CAMERAS; i++)
		start_camera(&cameras[i], film, NULL, 0);
	usleep(2000000);
	for (int i = 0; i < CAMERAS; i++)
		stream_stats(cameras[i].stream, &before[i]);
	double start_s = seconds_of(CLOCK_MONOTONIC);
	for (int i = 0; i < count; i++) {
		struct stream *guest = open_stream(cameras[i % CAMERAS].url);
		if (i % 100 == 0)
			usleep(100000);
		stream_destroy(&guest);
		if (i <= count / 4) {
			memory_kb = resident_kb();
			descriptor_count = descriptors();
		}
	}
	double passed_s = seconds_of(CLOCK_MONOTONIC) - start_s;
	for (int i = 0; i < CAMERAS; i++) {
		stream_stats(cameras[i].stream, &after);
		others += after.error_count + after.gap_count - before[i].error_count -
			  before[i].gap_count;
	}
	printf("%d streams added and removed in %.1f s; errors and gaps of the others: %ld\n",
		count, passed_s, others);
	int grown = verdict("churn", resident_kb() - memory_kb, descriptors() - descriptor_count,
		oldest_age_s(cameras));
	for (int i = 0; i < CAMERAS; i++)
		stop_camera(&cameras[i]);
	return grown || others != 0;
}

static int dead(double seconds)
{
	struct stream *streams[DEAD];
	struct stream_params params;
	/* The delays that people have who set none. */
	stream_params_init(&params);
	params.source = "rtsp://127.0.0.1:1/cam";
	params.reconnect_attempts = -1;
	for (int i = 0; i < DEAD; i++)
		streams[i] = open_with(&params);
	usleep(3000000);
	double start_s = seconds_of(CLOCK_MONOTONIC), cpu_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	usleep((useconds_t)(seconds * 1e6));
	double share = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_s) /
		       (seconds_of(CLOCK_MONOTONIC) - start_s);
	printf("dead: %d cameras, %.2f %% of one core\n", DEAD, 100 * share);
	for (int i = 0; i < DEAD; i++)
		stream_destroy(&streams[i]);
	return share >= 0.01;
}

int main(int argc, char **argv)
{
	const char *film = getenv("GANTRY_SOAK_FILM");
	double amount = argc == 3 ? strtod(argv[2], NULL) : 0;
	bool film_needed = argc == 3 && (!strcmp(argv[1], "soak") || !strcmp(argv[1], "churn"));
	if (amount <= 0 || (film_needed && !film)) {
		fprintf(stderr, "usage: stream-soak soak MINUTES | refused COUNT | churn COUNT | "
				"dead SECONDS\nsoak and churn need a short H.264 file in "
				"$GANTRY_SOAK_FILM\n");
		return 2;
	}
	heap_share(); /* as the server does */
	if (!strcmp(argv[1], "soak"))
		return soak(film, amount);
	if (!strcmp(argv[1], "refused"))
		return refused((int)amount);
	if (!strcmp(argv[1], "churn"))
		return churn(film, (int)amount);
	return dead(amount);
}
