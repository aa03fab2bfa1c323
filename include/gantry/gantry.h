/*
 * libgantry: road users in video detected, tracked, measured on the road plane and judged.
 *
 *     struct gantry_pipeline_config config;
 *     gantry_pipeline_config_init(&config);
 *     config.scene_path = "north-gate.yaml";
 *     struct gantry_pipeline *pipeline = gantry_pipeline_create(&config, &error);
 *     struct gantry_result result;
 *     if (gantry_pipeline_process_frame(pipeline, &frame, &result) == 0)
 *             printf("%d vehicles\n", result.tracked_vehicle_count);
 *     gantry_pipeline_destroy(&pipeline);
 *
 * Errors: functions return 0 or a negative errno value and write a sentence into the struct
 * gantry_error they are given (NULL: none wanted). Pointers NULLed by destroy take `&pointer`.
 * Threads: objects may be used by one thread at a time, different objects by different threads.
 */
#pragma once

#include "gantry/analytics.h"
#include "gantry/frame.h"
#include "gantry/pipeline.h"
#include "gantry/server.h"
#include "gantry/sim.h"
#include "gantry/stream.h"
#include "gantry/stream_manager.h"
#include "gantry/stream_processor.h"
#include "gantry/traffic.h"
#include "gantry/version.h"
