/*
 * Cameras that come and go among others that stay, through the two doors that people use: the
 * public stream manager, and the cameras of a server with detection on.
 *
 *     camera-soak manager COUNT      a stream added, started and removed COUNT times
 *     camera-soak cameras COUNT      likewise a camera of a server
 *     camera-soak soak MINUTES       both, one after the other, as often as they can
 *
 * With the network $GANTRY_SOAK_MODEL where that is set, else motion detection.
 *
 * Ends with 1 where memory, descriptors or threads grew, where one that stayed lost its connection
 * or a frame went without account, or where frames became old.
 */
#include "base/heap.h"
#include "base/jsonin.h"
#include "cameras/cameras.h"
#include "gantry/stream_manager.h"
#include "rtsp/server.h"
#include "watch/probe.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEIGHBOURS 3
#define MOUNTS (NEIGHBOURS + 1) /* the last is for those that come and go */
/* Pools and allocators settle in the beginning; what grows afterwards grows for ever. */
#define SETTLE_RATIO 0.25
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/* They keep what was freed, and find leaks by themselves. */
#define MEMORY_SLACK_MB 4096
#else
#define MEMORY_SLACK_MB 16
#endif
#define DESCRIPTOR_SLACK 8
#define THREAD_SLACK 4
#define AGE_MAX_S 5

struct world {
	struct rtsp_server *server;
	pthread_t thread;
	char dir[64], url[MOUNTS][64];
	struct store *store;
	struct cameras *cameras;
	struct gantry_stream_manager *manager;
};

static void die(const char *text)
{
	fprintf(stderr, "camera-soak: %s\n", text);
	exit(2);
}

static void *serve(void *opaque)
{
	rtsp_server_run(opaque, NULL);
	return NULL;
}

static void start_server(struct world *w, const char *film)
{
	struct err err = {{0}};
	if (rtsp_server_create(&(struct rtsp_server_params){0}, &err, &w->server) < 0)
		die(err.text);
	for (int i = 0; i < MOUNTS; i++) {
		struct rtsp_source *source;
		char name[16];
		snprintf(name, sizeof(name), "cam%d", i);
		snprintf(w->url[i], sizeof(w->url[i]), "rtsp://127.0.0.1:%d/%s",
			rtsp_server_port(w->server), name);
		if (rtsp_source_files(&film, 1, true, &err, &source) < 0 ||
			rtsp_server_mount(w->server, name, &source, false, &err) < 0)
			die(err.text);
	}
	if (pthread_create(&w->thread, NULL, serve, w->server) != 0)
		die("no thread for the server");
}

static void stop_server(struct world *w)
{
	rtsp_server_stop(w->server);
	pthread_join(w->thread, NULL);
	rtsp_server_destroy(&w->server);
}

/* What comes and goes, and what stays, through one of the doors. */
struct door {
	const char *name;
	void (*open)(struct world *w);
	void (*add)(struct world *w, const char *id, const char *url);
	void (*remove)(struct world *w, const char *id);
	/* Errors and gaps of one that stays; how old its newest frame is. */
	int64_t (*troubles)(struct world *w, const char *id, double *ret_age_s);
	/* Ends all; frames without account. */
	int64_t (*close)(struct world *w);
};

static void manager_open(struct world *w)
{
	struct gantry_error error;
	if (gantry_stream_manager_create(&w->manager, &error) < 0)
		die(error.text);
}

static void manager_add(struct world *w, const char *id, const char *url)
{
	struct gantry_error error;
	struct gantry_stream_config config;
	gantry_stream_config_init(&config);
	config.reconnect_attempts = -1;
	config.clip_seconds = 5;
	if (gantry_stream_manager_add(w->manager, id, url, &config, &error) < 0 ||
		gantry_stream_manager_start(w->manager, id, &error) < 0)
		die(error.text);
}

static void manager_remove(struct world *w, const char *id)
{
	struct gantry_error error;
	if (gantry_stream_manager_remove(w->manager, id, &error) < 0)
		die(error.text);
}

static int64_t manager_troubles(struct world *w, const char *id, double *ret_age_s)
{
	struct gantry_stream_statistics s;
	if (gantry_stream_manager_get_statistics(w->manager, id, &s) < 0)
		die("one that stays is not there");
	*ret_age_s = s.last_frame_age;
	return s.total_errors + s.gaps;
}

/* read = decoded + undecodable (+ in the decoder: none, as these have no B frames), and so on. */
static int64_t manager_close(struct world *w)
{
	int64_t missing = 0;
	gantry_stream_manager_stop_all(w->manager);
	for (int i = 0; i < NEIGHBOURS; i++) {
		struct gantry_stream_statistics s;
		char id[16];
		snprintf(id, sizeof(id), "cam%d", i);
		gantry_stream_manager_get_statistics(w->manager, id, &s);
		missing += llabs(s.frames_read - s.frames_decoded - s.dropped_undecodable) +
			   llabs(s.frames_decoded - s.dropped_rate - s.dropped_late -
				   s.frames_given - s.frames_waiting);
	}
	gantry_stream_manager_destroy(&w->manager);
	return missing;
}

static void cameras_open(struct world *w)
{
	char path[96], evidence[96];
	struct err err = {{0}};
	snprintf(path, sizeof(path), "%s/store.db", w->dir);
	snprintf(evidence, sizeof(evidence), "%s/evidence", w->dir);
	if (store_open(&(struct store_params){.path = path}, &err, &w->store) < 0)
		die(err.text);
	const struct cameras_params params = {.store = w->store, .evidence_dir = evidence};
	if (cameras_create(&params, &err, &w->cameras) < 0 || cameras_load(w->cameras, &err) < 0)
		die(err.text);
}

static void cameras_add_one(struct world *w, const char *id, const char *url)
{
	const char *model = getenv("GANTRY_SOAK_MODEL");
	char body[1024];
	struct problems problems = {0};
	struct err err = {{0}};
	int64_t version;
	int n = snprintf(body, sizeof(body),
		"{\"id\":\"%s\",\"source\":\"%s\",\"reconnect_attempts\":-1"
		"%s%s%s}",
		id, url, model ? ",\"pipeline\":{\"detection_model_path\":\"" : "",
		model ? model : "", model ? "\"}" : "");
	struct cameras_change change = {
		.body = body, .length = (size_t)n, .expected_version = -1, .actor = "soak"};
	if (cameras_add(w->cameras, &change, &problems, &err, &version) < 0)
		die(err.text[0] ? err.text : "a camera's configuration is refused");
	problems_finish(&problems);
}

static void cameras_remove_one(struct world *w, const char *id)
{
	struct err err = {{0}};
	struct cameras_change change = {.id = id, .expected_version = -1, .actor = "soak"};
	if (cameras_remove(w->cameras, &change, &err) < 0)
		die(err.text);
}

/* NaN where it is null or not there. */
static double number_of(struct world *w, const char *id, enum cameras_view view, const char *name)
{
	struct json json = {0};
	struct jsonin *document = NULL;
	double number = NAN;
	if (cameras_write(w->cameras, id, view, &json) == 0 &&
		jsonin_parse(json.text, json.length, NULL, &document) == 0)
		number = jsonin_real(jsonin_get(document, name), NAN);
	jsonin_free(&document);
	json_finish(&json);
	return number;
}

static int64_t cameras_troubles(struct world *w, const char *id, double *ret_age_s)
{
	*ret_age_s = number_of(w, id, CAMERAS_HEALTH, "last_frame_age_s");
	return (int64_t)(number_of(w, id, CAMERAS_STATISTICS, "total_errors") +
			 number_of(w, id, CAMERAS_STATISTICS, "gaps"));
}

static int64_t cameras_close(struct world *w)
{
	double missing = 0;
	cameras_stop(w->cameras);
	for (int i = 0; i < NEIGHBOURS; i++) {
		char id[16];
		snprintf(id, sizeof(id), "cam%d", i);
		missing += fabs(number_of(w, id, CAMERAS_STATISTICS, "unaccounted"));
		printf("%s: %.0f frames decoded, %.0f looked at, %.0f dropped late\n", id,
			number_of(w, id, CAMERAS_STATISTICS, "frames_decoded"),
			number_of(w, id, CAMERAS_STATISTICS, "frames_looked_at"),
			number_of(w, id, CAMERAS_STATISTICS, "dropped_late"));
	}
	cameras_destroy(&w->cameras);
	store_close(&w->store);
	return (int64_t)missing;
}

static const struct door manager_door = {
	"manager", manager_open, manager_add, manager_remove, manager_troubles, manager_close};
static const struct door cameras_door = {"cameras", cameras_open, cameras_add_one,
	cameras_remove_one, cameras_troubles, cameras_close};

/* All that stay: their troubles, and the oldest of their newest frames. */
static int64_t neighbours(struct world *w, const struct door *door, double *ret_age_s)
{
	int64_t troubles = 0;
	double oldest_s = 0, age_s;
	for (int i = 0; i < NEIGHBOURS; i++) {
		char id[16];
		snprintf(id, sizeof(id), "cam%d", i);
		troubles += door->troubles(w, id, &age_s);
		oldest_s = isnan(age_s) || age_s < 0 ? INFINITY : fmax(oldest_s, age_s);
	}
	*ret_age_s = oldest_s;
	return troubles;
}

static void begin(struct world *w, const struct door *door)
{
	double age_s = INFINITY;
	door->open(w);
	for (int i = 0; i < NEIGHBOURS; i++) {
		char id[16];
		snprintf(id, sizeof(id), "cam%d", i);
		door->add(w, id, w->url[i]);
	}
	for (int tries = 0; isinf(age_s); tries++) {
		if (tries > 600)
			die("no pictures within a minute");
		usleep(100000);
		neighbours(w, door, &age_s);
	}
}

/* Most go at once, in whatever state they are; every tenth has the time to be analysed. */
static void come_and_go(struct world *w, const struct door *door, int number)
{
	door->add(w, "guest", w->url[NEIGHBOURS]);
	if (number % 10 == 0)
		usleep(300000);
	door->remove(w, "guest");
}

/* `count` times, or for `seconds` where that is not 0. True where something grew or broke. */
static bool churn(struct world *w, const struct door *door, int count, double seconds)
{
	struct probe probe = {0};
	struct probe_sample first = {0}, last;
	double age_s, oldest_s = 0, done = 0;
	begin(w, door);
	struct mono start = mono_now();
	int64_t before = neighbours(w, door, &age_s);
	int i = 0;
	for (; done < 1; i++) {
		come_and_go(w, door, i);
		double passed_s = (double)(mono_now().us - start.us) * 1e-6;
		done = seconds > 0 ? passed_s / seconds : (double)(i + 1) / count;
		if (done <= SETTLE_RATIO || i == 0)
			probe_take(&probe, &first);
		neighbours(w, door, &age_s);
		oldest_s = fmax(oldest_s, age_s);
	}
	probe_take(&probe, &last);
	int64_t troubles = neighbours(w, door, &age_s) - before;
	double memory_mb = last.process_memory_mb - first.process_memory_mb;
	double files = last.open_files - first.open_files;
	double threads = last.process_threads - first.process_threads;
	int64_t missing = door->close(w);
	bool bad = memory_mb > MEMORY_SLACK_MB || files > DESCRIPTOR_SLACK ||
		   threads > THREAD_SLACK || oldest_s > AGE_MAX_S || troubles != 0 || missing != 0;
	printf("%s: %d added and removed in %.1f s: memory %+.1f MB of %.1f, descriptors %+.0f, "
	       "threads %+.0f; of the others: errors and gaps %" PRId64 ", unaccounted %" PRId64
	       ", oldest newest frame %.2f s: %s\n",
		door->name, i, (double)(mono_now().us - start.us) * 1e-6, memory_mb,
		last.process_memory_mb, files, threads, troubles, missing, oldest_s,
		bad ? "BAD" : "flat");
	fflush(stdout);
	return bad;
}

/* Four seconds, as small as a film can be. */
static void make_film(const struct world *w, char *path, size_t size)
{
	char command[512];
	snprintf(path, size, "%s/film.mp4", w->dir);
	snprintf(command, sizeof(command),
		"ffmpeg -v error -f lavfi -i testsrc=size=320x240:rate=25:duration=4 "
		"-pix_fmt yuv420p -c:v libx264 -bf 0 -g 25 '%s'",
		path);
	if (system(command) != 0) {
		fprintf(stderr, "camera-soak: no film can be made: is ffmpeg there?\n");
		exit(77); /* to meson: skipped */
	}
}

int main(int argc, char **argv)
{
	static struct world w = {.dir = "/tmp/gantry-soak-XXXXXX"};
	const char *what = argc == 3 ? argv[1] : "";
	double amount = argc == 3 ? strtod(argv[2], NULL) : 0;
	bool manager = strcmp(what, "manager") == 0, cameras = strcmp(what, "cameras") == 0;
	bool soak = strcmp(what, "soak") == 0, bad = false;
	char command[128], film[96];
	if (amount <= 0 || !(manager || cameras || soak)) {
		fprintf(stderr, "usage: camera-soak manager COUNT | cameras COUNT | soak MINUTES\n"
				"with the network $GANTRY_SOAK_MODEL, else motion detection\n");
		return 2;
	}
	heap_share(); /* as the server does */
	if (!mkdtemp(w.dir))
		die("no temporary folder");
	make_film(&w, film, sizeof(film));
	start_server(&w, film);
	if (manager || soak)
		bad |= churn(&w, &manager_door, (int)amount, soak ? 30 * amount : 0);
	if (cameras || soak)
		bad |= churn(&w, &cameras_door, (int)amount, soak ? 30 * amount : 0);
	stop_server(&w);
	snprintf(command, sizeof(command), "rm -rf '%s'", w.dir);
	return system(command) != 0 || bad;
}
