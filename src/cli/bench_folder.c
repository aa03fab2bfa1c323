#include "cli/bench_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int bench_folder_create(
	const char *parent, const char *name, struct err *err, struct bench_folder *ret_folder)
{
	struct bench_folder *f = ret_folder;
	parent = parent ? parent : ".";
	int n = snprintf(f->path, sizeof(f->path), "%s/bench-%s-XXXXXX", parent, name);
	int r = n >= (int)sizeof(f->path) ? -ENAMETOOLONG : 0;
	if (r == 0 && !mkdtemp(f->path))
		r = -errno;
	if (r < 0) {
		f->path[0] = '\0';
		return err_set(err, r, "%s: no folder can be made there: %s", parent, strerror(-r));
	}
	snprintf(f->store, sizeof(f->store), "%s/store.db", f->path);
	return 0;
}

void bench_folder_remove(struct bench_folder *folder)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-lock", "-evidence"};
	if (!folder->path[0])
		return;
	for (int i = 0; i < 5; i++) {
		char name[PATH_MAX + 16];
		snprintf(name, sizeof(name), "%s%s", folder->store, endings[i]);
		remove(name);
	}
	rmdir(folder->path);
	folder->path[0] = '\0';
}
