/*
 * Runs a fuzz target over every file of a folder (or over one file), each alone, then over each cut
 * short at several places: what libFuzzer found once stays fixed, in every build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly the size, so that a sanitizer sees the first byte read beyond it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int replay(const char *path)
{
	static uint8_t data[1 << 22];
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return 1;
	}
	size_t size = fread(data, 1, sizeof(data), file);
	fclose(file);
	run(data, size);
	for (size_t i = 1; i < 16; i++)
		run(data, size * i / 16);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 1;
	DIR *dir = opendir(argv[1]);
	if (!dir)
		return replay(argv[1]);
	int count = 0, failed = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		char path[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		failed |= replay(path);
		count++;
	}
	closedir(dir);
	printf("%d seeds\n", count);
	return failed || count == 0;
}
