/*
 * The original system's second example: a stream's frames through the pipeline.
 *
 *     stream_file VIDEO [SCENE.yaml]
 */
#include <gantry/gantry.h>

#include <stdio.h>

static void process_results(const struct gantry_result *result)
{
	for (int i = 0; i < result->violation_count; i++) {
		const struct gantry_violation *v = &result->violations[i];
		printf("%s %s %s: %s\n", v->timestamp, v->severity, v->violation_type,
			v->explanation);
	}
}

static int process_stream(struct gantry_stream *stream, struct gantry_pipeline *pipeline)
{
	while (gantry_stream_is_running(stream)) {
		const struct gantry_frame *frame = gantry_stream_next_frame(stream);
		if (!frame)
			break;
		struct gantry_result result;
		if (gantry_pipeline_process_frame(pipeline, frame, &result) < 0) {
			fprintf(stderr, "%s\n", gantry_pipeline_error(pipeline));
			return 1;
		}
		process_results(&result);
	}
	if (gantry_stream_error(stream)[0] == '\0')
		return 0;
	fprintf(stderr, "%s\n", gantry_stream_error(stream));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: %s VIDEO [SCENE.yaml]\n", argv[0]);
		return 2;
	}
	struct gantry_pipeline_config pipeline_config;
	gantry_pipeline_config_init(&pipeline_config);
	pipeline_config.scene_path = argc == 3 ? argv[2] : NULL;
	struct gantry_stream_config stream_config;
	gantry_stream_config_init(&stream_config);
	stream_config.target_fps = 0; /* every frame */

	struct gantry_error error;
	struct gantry_pipeline *pipeline = NULL;
	struct gantry_stream *stream = NULL;
	int status = 1;
	if (gantry_pipeline_create(&pipeline_config, &pipeline, &error) < 0 ||
		gantry_stream_create(argv[1], &stream_config, &stream, &error) < 0 ||
		gantry_stream_start(stream, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		goto end;
	}
	status = process_stream(stream, pipeline);
	struct gantry_pipeline_status state;
	gantry_pipeline_get_status(pipeline, &state);
	printf("%lld frames, %lld violations, %.2f ms a frame\n",
		(long long)state.metrics.frames_processed,
		(long long)state.metrics.violations_count, state.metrics.processing_time_ms);
end:
	gantry_stream_destroy(&stream);
	gantry_pipeline_destroy(&pipeline);
	return status;
}
