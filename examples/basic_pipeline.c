/*
 * The original system's first example: one picture through the pipeline.
 *
 *     basic_pipeline IMAGE [MODEL.onnx]
 */
#include <gantry/gantry.h>

#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: %s IMAGE [MODEL.onnx]\n", argv[0]);
		return 2;
	}
	struct gantry_pipeline_config config;
	gantry_pipeline_config_init(&config);
	config.device_id = "main_camera";
	config.detection_model_path = argc == 3 ? argv[2] : NULL;

	struct gantry_error error;
	struct gantry_frame *frame = NULL;
	struct gantry_pipeline *pipeline = NULL;
	int status = 1;
	if (gantry_frame_load(argv[1], &frame, &error) < 0 ||
		gantry_pipeline_create(&config, &pipeline, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		goto end;
	}
	struct gantry_result result;
	if (gantry_pipeline_process_frame(pipeline, frame, &result) < 0) {
		fprintf(stderr, "%s\n", gantry_pipeline_error(pipeline));
		goto end;
	}
	printf("Detected %d vehicles\n", result.detection_count);
	for (int i = 0; i < result.detection_count; i++) {
		const struct gantry_detection *d = &result.detections[i];
		printf("  %-10s %.2f  [%.0f %.0f %.0f %.0f]\n", d->class_name, d->confidence,
			d->bbox[0], d->bbox[1], d->bbox[2], d->bbox[3]);
	}
	printf("Tracked %d vehicles\n", result.tracked_vehicle_count);
	printf("Found %d violations\n", result.violation_count);
	status = 0;
end:
	gantry_pipeline_destroy(&pipeline);
	gantry_frame_free(&frame);
	return status;
}
