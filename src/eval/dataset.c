#include "eval/dataset.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/*
 * The scales of the scores were fitted by logistic regression of "this detection is right" on the
 * score; those of ssd and yolo were not, as the truth there leaves out most of what they see.
 */
const struct dataset_kind dataset_kinds[] = {
	{"kitti", {{"pointrcnn", ROAD_USER_CAR, {true, 0.81, -2.38}}}, .kitti = true},
	{"mot15", {{"det", ROAD_USER_PERSON, {false, 0.87, -1.66}}}},
	{"aicity", {{"ssd", ROAD_USER_CAR}, {"yolo", ROAD_USER_CAR}, {"mog", ROAD_USER_UNKNOWN}},
		.moving_only = true},
	{NULL},
};

static const struct dataset_kind *find_kind(const char *name)
{
	for (const struct dataset_kind *k = dataset_kinds; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

/* NULL: the first. */
static const struct dataset_detector *find_detector(
	const struct dataset_kind *kind, const char *name)
{
	for (const struct dataset_detector *d = kind->detectors; d->name; d++)
		if (!name || !strcmp(d->name, name))
			return d;
	return NULL;
}

/* Where one sequence's files lie. `entry` is a file of gt/ for kitti, else a folder. */
struct paths {
	char truth[PATH_MAX], detections[PATH_MAX], info[PATH_MAX];
};

static void make_paths(const struct dataset_kind *kind, const char *directory, const char *entry,
	const char *detector, struct paths *out)
{
	size_t size = PATH_MAX;
	if (kind->kitti) {
		snprintf(out->truth, size, "%s/gt/%s", directory, entry);
		snprintf(out->detections, size, "%s/det_%s/%s", directory, detector, entry);
		out->info[0] = '\0';
		return;
	}
	snprintf(out->truth, size, "%s/%s/gt/gt.txt", directory, entry);
	snprintf(out->detections, size, "%s/%s/det/%s.txt", directory, entry, detector);
	snprintf(out->info, size, "%s/%s/seqinfo.ini", directory, entry);
}

/* KITTI has no file that says so: 10 frames/s, and as long as the truth. */
static void kitti_info(struct sequence *s)
{
	int truth_end = s->truth->last_frame + 1, end = s->detections->last_frame + 1;
	s->info.fps = 10;
	s->info.frame_count = truth_end > end ? truth_end : end;
	s->info.width_px = 1242;
	s->info.height_px = 375;
}

static int load_sequence(struct sequence *s, const struct dataset_kind *kind, const char *directory,
	const char *entry, const char *detector, struct err *err)
{
	struct paths paths;
	enum mot_format format = kind->kitti ? MOT_FORMAT_KITTI_DETECTIONS : MOT_FORMAT_CHALLENGE;
	size_t length = strcspn(entry, ".");
	snprintf(s->name, sizeof(s->name), "%.*s", (int)length, entry);
	make_paths(kind, directory, entry, detector, &paths);
	int rc = mot_load(paths.truth, kind->kitti ? MOT_FORMAT_KITTI : MOT_FORMAT_CHALLENGE, "Car",
		err, &s->truth);
	if (rc == 0)
		rc = mot_load(paths.detections, format, "Car", err, &s->detections);
	if (rc == 0 && kind->kitti)
		kitti_info(s);
	else if (rc == 0)
		rc = mot_info_load(paths.info, err, &s->info);
	s->first_frame = kind->kitti ? 0 : 1;
	if (rc == 0 && s->info.frame_count <= 0)
		rc = err_set(err, -EINVAL, "%s: seqLength is missing", paths.info);
	return rc;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_all(struct dataset *d, const char *directory, const char *detector, struct err *err)
{
	char folder[PATH_MAX];
	struct dirent **entries;
	snprintf(folder, sizeof(folder), "%s%s", directory, d->kind->kitti ? "/gt" : "");
	int count = scandir(folder, &entries, visible, by_name), rc = 0;
	if (count < 0)
		return err_set(err, -errno, "%s: cannot be listed: %s", folder, strerror(errno));
	d->sequences = calloc((size_t)count + 1, sizeof(*d->sequences));
	if (!d->sequences)
		rc = err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < count; i++) {
		if (rc == 0)
			rc = load_sequence(&d->sequences[d->count++], d->kind, directory,
				entries[i]->d_name, detector, err);
		free(entries[i]);
	}
	free(entries);
	if (rc == 0 && d->count == 0)
		rc = err_set(err, -ENOENT, "%s: has no sequences", folder);
	return rc;
}

int dataset_load(const char *kind, const char *directory, const char *detector, struct err *err,
	struct dataset **ret_dataset)
{
	const struct dataset_kind *k = find_kind(kind);
	if (!k)
		return err_set(
			err, -EINVAL, "%s: no such dataset; known are kitti, mot15, aicity", kind);
	const struct dataset_detector *found = find_detector(k, detector);
	if (!found)
		return err_set(
			err, -EINVAL, "%s: %s has no detections of that name", detector, kind);
	struct dataset *d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(err, -ENOMEM, "out of memory");
	d->kind = k;
	d->detector = found;
	int rc = load_all(d, directory, found->name, err);
	if (rc < 0)
		dataset_free(&d);
	else
		*ret_dataset = d;
	return rc;
}

void dataset_free(struct dataset **dataset)
{
	struct dataset *d = *dataset;
	if (!d)
		return;
	for (int i = 0; i < d->count; i++) {
		mot_free(&d->sequences[i].truth);
		mot_free(&d->sequences[i].detections);
	}
	free(d->sequences);
	free(d);
	*dataset = NULL;
}
