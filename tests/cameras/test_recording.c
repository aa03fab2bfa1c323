/* What becomes of a camera's evidence and clips while the disk is full, and afterwards. */
#include "av/clip.h"
#include "av/codec_watch.h"
#include "av/demux.h"
#include "av/writer.h"
#include "base/log.h"
#include "cameras/recording.h"
#include "record/fixtures.h"
#include "store/evidence_files.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define WIDTH_PX 320
#define HEIGHT_PX 180
#define FPS 25
#define WAIT_MS 20000

/* A store and an evidence folder on one small disk, and somebody who asks for the counts. */
struct fixture {
	char dir[32], evidence[48], ballast[48];
	bool mounted;
	struct store *store;
	struct recording *recording;
	struct packet_ring *ring;
	struct frame_pool *pool;
	struct pipeline_result result;
	pthread_t asker;
	atomic_bool stop;
	atomic_int went_back_count; /* counts that became less */
	atomic_int began_count, over_count; /* lines of the log */
};

static void on_line(void *opaque, enum log_level level, const char *line)
{
	struct fixture *f = opaque;
	(void)level;
	if (strstr(line, " cannot be written: "))
		atomic_fetch_add(&f->began_count, 1);
	if (strstr(line, " are written again; "))
		atomic_fetch_add(&f->over_count, 1);
}

static void *ask(void *opaque)
{
	struct fixture *f = opaque;
	struct recording_counts last = {0};
	while (!atomic_load(&f->stop)) {
		struct recording_counts now = recording_counts(f->recording);
		if (now.violation_count < last.violation_count || now.bare_count < last.bare_count)
			atomic_fetch_add(&f->went_back_count, 1);
		last = now;
		usleep(1000);
	}
	return NULL;
}

static void begin(struct fixture *f)
{
	const struct recording_params params = {
		.store = f->store,
		.evidence_dir = f->evidence,
		.device = "north",
		.version = 1,
		.start = {1714564800000000},
		.ring = f->ring,
	};
	recording_begin(f->recording, &params);
}

static void open_all(struct fixture *f)
{
	char path[48];
	struct err err = {0};
	snprintf(path, sizeof(path), "%s/store.db", f->dir);
	snprintf(f->evidence, sizeof(f->evidence), "%s/evidence", f->dir);
	snprintf(f->ballast, sizeof(f->ballast), "%s/ballast", f->dir);
	if (store_open(&(struct store_params){.path = path}, &err, &f->store) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(frame_pool_create(WIDTH_PX, HEIGHT_PX, 4, &f->pool), 0);
	assert_int_equal(recording_create(&f->recording), 0);
	assert_int_equal(pthread_create(&f->asker, NULL, ask, f), 0);
	log_set_sink(on_line, f);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/gantry-recording-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->mounted = mount("tmpfs", f->dir, "tmpfs", 0, "size=4m") == 0;
	if (f->mounted)
		open_all(f);
	else
		print_message("# skipped: no disk can be mounted (%s)\n", strerror(errno));
	*state = f;
	return 0;
}

static void close_all(struct fixture *f)
{
	atomic_store(&f->stop, true);
	pthread_join(f->asker, NULL);
	recording_destroy(&f->recording);
	store_close(&f->store);
	log_set_sink(NULL, NULL);
	packet_ring_unref(&f->ring);
	frame_pool_destroy(&f->pool);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	if (f->mounted) {
		close_all(f);
		umount(f->dir);
	}
	int r = rmdir(f->dir);
	free(f);
	return r;
}

/* All of the disk but `pages`. */
static void fill_disk(struct fixture *f, int pages)
{
	static const char block[4096];
	struct stat st;
	FILE *file = fopen(f->ballast, "a");
	assert_non_null(file);
	setvbuf(file, NULL, _IONBF, 0);
	while (fwrite(block, 1, sizeof(block), file) == sizeof(block))
		continue;
	fclose(file);
	assert_int_equal(stat(f->ballast, &st), 0);
	assert_int_equal(truncate(f->ballast, st.st_size - pages * (off_t)sizeof(block)), 0);
}

static int count_files(const struct fixture *f, const char *ending)
{
	DIR *d = opendir(f->evidence);
	int n = 0;
	for (struct dirent *e; d && (e = readdir(d));) {
		size_t length = strlen(e->d_name), m = strlen(ending);
		n += e->d_name[0] != '.' && length >= m &&
		     strcmp(e->d_name + length - m, ending) == 0;
	}
	closedir(d);
	return n;
}

static int scene_pages(const struct fixture *f)
{
	char path[400];
	struct stat st = {0};
	DIR *d = opendir(f->evidence);
	for (struct dirent *e; (e = readdir(d));) {
		snprintf(path, sizeof(path), "%s/%s", f->evidence, e->d_name);
		if (strstr(e->d_name, "_scene.jpg"))
			assert_int_equal(stat(path, &st), 0);
	}
	closedir(d);
	assert_true(st.st_size > 0);
	return (int)((st.st_size + 4095) / 4096);
}

/* A frame at `media_s`; with the violation of that number, unless 0, at `at_s`. */
static struct recording_counts step(struct fixture *f, double media_s, int number, double at_s)
{
	struct frame *frame = fixture_frame(f->pool);
	struct violations *v = &f->result.violations;
	frame->media.us = (int64_t)(media_s * 1e6);
	v->count = number != 0;
	v->items[0] = fixture_violation();
	v->items[0].track_id = (uint32_t)number;
	v->items[0].at.us = (int64_t)(at_s * 1e6);
	recording_step(f->recording, frame, &f->result);
	frame_unref(&frame);
	return recording_counts(f->recording);
}

static int note_bad(void *opaque, int64_t id, const char *path, const char *reason)
{
	(void)id;
	print_message("# %s: %s\n", path, reason);
	++*(int *)opaque;
	return 0;
}

/* A store that waits for the disk refuses until it has tried again. */
static void flush(struct fixture *f)
{
	struct err err = {0};
	int r = store_flush(f->store, &err);
	for (int ms = 0; r == -ENOSPC && ms < WAIT_MS; ms += 10) {
		usleep(10000);
		r = store_flush(f->store, &err);
	}
	if (r < 0)
		fail_msg("%s", err.text);
}

/* Every file that a row names is as it was when the row was made; gives how many there are. */
static int64_t sound_files(struct fixture *f)
{
	struct err err = {0};
	int64_t count = 0;
	int bad = 0;
	flush(f);
	assert_int_equal(evidence_files_verify(f->store, note_bad, &bad, &err, &count), 0);
	assert_int_equal(bad, 0);
	return count;
}

struct seen {
	int count, bare_count;
};

static int see(void *opaque, const struct violation_row *row)
{
	struct seen *seen = opaque;
	seen->count++;
	seen->bare_count += !row->evidence_path;
	return 0;
}

static void violations_are_recorded_without_pictures(void **state)
{
	struct fixture *f = *state;
	struct violation_filter filter = violation_filter_init();
	struct recording_counts now;
	struct seen seen = {0};
	struct err err = {0};
	if (!f->mounted)
		skip();
	begin(f);
	now = step(f, 1, 1, 1);
	assert_string_equal(now.problem, "");
	assert_int_equal(sound_files(f), 3);
	/* The scene has room, the vehicle has none. */
	fill_disk(f, scene_pages(f));
	now = step(f, 2, 2, 2);
	assert_int_equal(now.bare_count, 1);
	assert_non_null(strstr(now.problem, "_vehicle.jpg: cannot be written: No space left"));
	assert_int_equal(count_files(f, ""), 3);
	fill_disk(f, 0);
	for (int i = 3; i <= 5; i++)
		now = step(f, i, i, i);
	assert_int_equal(now.bare_count, 4);
	assert_int_equal(now.violation_count, 5);
	assert_int_equal(count_files(f, ""), 3);
	assert_int_equal(atomic_load(&f->began_count), 1);
	assert_int_equal(atomic_load(&f->over_count), 0);
	assert_int_equal(unlink(f->ballast), 0);
	now = step(f, 6, 6, 6);
	assert_int_equal(now.bare_count, 4);
	assert_int_equal(now.violation_count, 6);
	assert_int_equal(now.lost_count, 0);
	assert_string_equal(now.problem, "");
	assert_int_equal(atomic_load(&f->began_count), 1);
	assert_int_equal(atomic_load(&f->over_count), 1);
	/* All six are there, each with all of its files or none. */
	assert_int_equal(sound_files(f), 6);
	assert_int_equal(violation_rows_find(f->store, &filter, see, &seen, &err, NULL), 0);
	assert_int_equal(seen.count, 6);
	assert_int_equal(seen.bare_count, 4);
	assert_int_equal(atomic_load(&f->went_back_count), 0);
}

static void make_film(const char *path)
{
	struct av_writer *writer;
	const struct av_writer_params params = {.fps = FPS, .gop_frames = 10};
	struct frame_pool *pool;
	assert_int_equal(av_writer_open(path, 64, 48, &params, NULL, &writer), 0);
	assert_int_equal(frame_pool_create(64, 48, 64, &pool), 0);
	for (int i = 0; i < 100; i++) {
		struct frame *frame = fixture_frame(pool);
		frame->media.us = (int64_t)i * 1000000 / FPS;
		assert_int_equal(av_writer_write(writer, frame, NULL), 0);
		frame_unref(&frame);
	}
	assert_int_equal(av_writer_close(&writer, NULL), 0);
	frame_pool_destroy(&pool);
}

/* Four seconds of video, as a camera's connection leaves them. */
static void fill_ring(struct fixture *f)
{
	char film[48];
	struct av_demux *demux;
	struct codec_watch *watch;
	snprintf(film, sizeof(film), "%s/film.mp4", f->dir);
	make_film(film);
	assert_int_equal(packet_ring_create(1 << 20, 60, &f->ring), 0);
	assert_int_equal(av_demux_open(film, &(struct av_demux_params){0}, NULL, &demux), 0);
	assert_int_equal(codec_watch_create(demux, &watch), 0);
	while (av_demux_read(demux, NULL) == FLOW_MORE) {
		struct packet_codec *codec;
		struct packet *packet;
		struct packet_view view = packet_view(av_demux_packet(demux));
		assert_int_equal(
			codec_watch_packet(watch, av_demux_packet(demux), 64, 48, &codec), 0);
		assert_int_equal(packet_create(av_demux_packet(demux), codec, &packet), 0);
		packet->pts.us = view.pts_us;
		packet->dts.us = view.dts_us;
		assert_int_equal(packet_ring_push(f->ring, &packet), 0);
	}
	codec_watch_destroy(&watch);
	av_demux_close(&demux);
	assert_int_equal(unlink(film), 0);
}

static void clips_have_a_count_of_their_own(void **state)
{
	static const struct violations none;
	static const struct counts nobody;
	struct fixture *f = *state;
	struct recording_counts now;
	if (!f->mounted)
		skip();
	fill_ring(f);
	begin(f);
	now = step(f, 1.5, 1, 1.5);
	assert_int_equal(sound_files(f), 3);
	fill_disk(f, 0);
	now = step(f, 8, 0, 0); /* its clip is due */
	assert_int_equal(now.clip_lost_count, 1);
	assert_int_equal(now.bare_count, 0);
	assert_non_null(strstr(now.problem, "the clip cannot be written: No space left"));
	assert_int_equal(count_files(f, ""), 3);
	/* Pictures that are written say nothing of clips. */
	assert_int_equal(unlink(f->ballast), 0);
	now = step(f, 8.25, 2, 3);
	assert_int_equal(now.bare_count, 0);
	assert_non_null(strstr(now.problem, "the clip cannot be written"));
	assert_int_equal(atomic_load(&f->over_count), 0);
	now = step(f, 9, 0, 0);
	assert_string_equal(now.problem, "");
	assert_int_equal(now.clip_lost_count, 1);
	assert_int_equal(atomic_load(&f->over_count), 1);
	assert_int_equal(count_files(f, ".mp4"), 1);
	/* All that still wait when the camera is stopped are accounted for. */
	step(f, 9, 3, 3.75);
	step(f, 9, 4, 3.75);
	assert_int_equal(sound_files(f), 4 * 3 + 1);
	fill_disk(f, 0);
	recording_end(f->recording, &none, &nobody);
	now = recording_counts(f->recording);
	assert_int_equal(now.clip_lost_count, 3);
	assert_int_equal(count_files(f, ""), 4 * 3 + 1);
	assert_int_equal(unlink(f->ballast), 0);
	assert_int_equal(sound_files(f), 4 * 3 + 1);
}

/* A folder that is taken away, or a disk that is mounted late. */
static void a_folder_that_went_is_made_anew(void **state)
{
	struct fixture *f = *state;
	struct recording_counts now;
	if (!f->mounted)
		skip();
	begin(f);
	assert_int_equal(rmdir(f->evidence), 0);
	now = step(f, 1, 1, 1);
	assert_int_equal(now.bare_count, 1);
	assert_non_null(strstr(now.problem, "No such file"));
	now = step(f, 2, 2, 2);
	assert_int_equal(now.bare_count, 1);
	assert_string_equal(now.problem, "");
	assert_int_equal(sound_files(f), 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(violations_are_recorded_without_pictures), CASE(clips_have_a_count_of_their_own),
	CASE(a_folder_that_went_is_made_anew))
