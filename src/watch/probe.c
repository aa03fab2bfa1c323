#include "watch/probe.h"

#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define CPU_FIELDS 8 /* user nice system idle iowait irq softirq steal */

/* The number behind `name` in a file of "name: number" lines. */
static double named_number(const char *path, const char *name)
{
	char line[256];
	double value = NAN;
	size_t length = strlen(name);
	FILE *file = fopen(path, "re");
	if (!file)
		return NAN;
	while (isnan(value) && fgets(line, sizeof(line), file))
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			value = strtod(line + length + 1, NULL);
	fclose(file);
	return value;
}

static int read_cpu(double *ret_busy, double *ret_total)
{
	double f[CPU_FIELDS] = {0};
	FILE *file = fopen("/proc/stat", "re");
	if (!file)
		return -1;
	int n = fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &f[0], &f[1], &f[2], &f[3],
		&f[4], &f[5], &f[6], &f[7]);
	fclose(file);
	if (n < 4)
		return -1;
	*ret_total = 0;
	for (int i = 0; i < CPU_FIELDS; i++)
		*ret_total += f[i];
	*ret_busy = *ret_total - f[3] - f[4];
	return 0;
}

static double process_seconds(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static double count_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return NAN;
	double count = -3; /* "." and ".." and the folder itself */
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static double read_load(void)
{
	double load;
	return getloadavg(&load, 1) == 1 ? load : NAN;
}

static void take_shares(struct probe *probe, struct probe_sample *sample)
{
	double busy = 0, total = 0;
	struct mono now = mono_now();
	double process_s = process_seconds();
	double elapsed_s = (double)(now.us - probe->at.us) * 1e-6;
	bool known = read_cpu(&busy, &total) == 0;
	bool first = probe->at.us == 0;
	sample->cpu_percent = known ? 0 : NAN;
	sample->process_cpu_percent = 0;
	if (!first && known && total > probe->machine_total)
		sample->cpu_percent =
			100 * (busy - probe->machine_busy) / (total - probe->machine_total);
	if (!first && elapsed_s > 0)
		sample->process_cpu_percent = 100 * (process_s - probe->process_s) / elapsed_s;
	*probe = (struct probe){busy, total, process_s, now};
}

void probe_take(struct probe *probe, struct probe_sample *ret_sample)
{
	const double kb_per_mb = 1024;
	double total = named_number("/proc/meminfo", "MemTotal") / kb_per_mb;
	double available = named_number("/proc/meminfo", "MemAvailable") / kb_per_mb;
	take_shares(probe, ret_sample);
	ret_sample->memory_total_mb = total;
	ret_sample->memory_used_mb = total - available;
	ret_sample->memory_percent = 100 * (total - available) / total;
	ret_sample->process_memory_mb = named_number("/proc/self/status", "VmRSS") / kb_per_mb;
	ret_sample->process_threads = named_number("/proc/self/status", "Threads");
	ret_sample->open_files = count_open_files();
	ret_sample->load_1m = read_load();
}
