/*
 * A simulated scene through the pipeline, and what was found next to what really happened.
 *
 *     simulate [WORLD.yaml | builtin | random] [SEED]
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int find(struct gantry_sim *sim, struct gantry_pipeline *pipeline, int *ret_found)
{
	const struct gantry_frame *frame;
	struct gantry_error error;
	int r;
	while ((r = gantry_sim_next(sim, &frame, NULL, &error)) == 1) {
		struct gantry_result result;
		if (gantry_pipeline_process_frame(pipeline, frame, &result) < 0) {
			fprintf(stderr, "%s\n", gantry_pipeline_error(pipeline));
			return -1;
		}
		for (int i = 0; i < result.violation_count; i++)
			printf("found: %-16s at %7.3f s\n", result.violations[i].violation_type,
				(double)result.violations[i].media_time_us * 1e-6);
		*ret_found += result.violation_count;
	}
	if (r < 0)
		fprintf(stderr, "%s\n", error.text);
	return r;
}

static void print_truth(const struct gantry_sim *sim, int found)
{
	int count = gantry_sim_violation_count(sim);
	for (int i = 0; i < count; i++) {
		struct gantry_sim_violation v = gantry_sim_violation(sim, i);
		printf("truth: %-16s at %7.3f s\n", v.violation_type,
			(double)v.media_time_us * 1e-6);
	}
	printf("%lld frames: %d violations found, %d in truth\n",
		(long long)gantry_sim_frame_count(sim), found, count);
}

int main(int argc, char **argv)
{
	char scene_path[] = "/tmp/gantry-scene-XXXXXX";
	struct gantry_sim_config sim_config;
	gantry_sim_config_init(&sim_config);
	if (argc > 1)
		sim_config.world = argv[1];
	if (argc > 2)
		sim_config.seed = atoi(argv[2]);
	struct gantry_pipeline_config pipeline_config;
	gantry_pipeline_config_init(&pipeline_config);
	pipeline_config.scene_path = scene_path;

	struct gantry_error error;
	struct gantry_sim *sim = NULL;
	struct gantry_pipeline *pipeline = NULL;
	int found = 0, status = 1, fd = mkstemp(scene_path);
	if (fd < 0) {
		perror(scene_path);
		return 1;
	}
	/* The camera's own scene file tells the pipeline where the road and the lines are. */
	if (gantry_sim_create(&sim_config, &sim, &error) < 0 ||
		gantry_sim_write_scene(sim, scene_path, &error) < 0 ||
		gantry_pipeline_create(&pipeline_config, &pipeline, &error) < 0)
		fprintf(stderr, "%s\n", error.text);
	else if (find(sim, pipeline, &found) == 0) {
		print_truth(sim, found);
		status = 0;
	}
	gantry_pipeline_destroy(&pipeline);
	gantry_sim_destroy(&sim);
	close(fd);
	unlink(scene_path);
	return status;
}
