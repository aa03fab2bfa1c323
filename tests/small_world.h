/* A street with one car, four seconds long, for cameras whose pictures only have to come. */
#pragma once

static const char small_world[] =
	"name: small\nduration_s: 4\n"
	"video: {width_px: 160, height_px: 96, fps: 10}\n"
	"camera: {position: [-1, 0], height_m: 9, pitch_deg: 13, focal_px: 170}\n"
	"roads: [{name: main, points: [[0, -60], [0, 320]], forward: 1, "
	"backward: 1}]\n"
	"users: [{kind: car, route: [main.f1], at_m: 10, speed_kmh: 60}]\n";
