/*
 * A camera on a cable where there is none: a Video4Linux device (linux/videodev2.h, streaming with
 * mapped buffers) inside the test's own process, in place of the kernel's. libav opens it and talks
 * to it as to any other, because this file's open64() and ioctl() come before the C library's;
 * every other file and request is handed on to those.
 *
 * 320x240 YUYV at 30 frames a second. It can be pulled out, put in again, and stop sending.
 *
 * Threads: any. Memory: that of its buffers, while it is open.
 */
#pragma once

#include <stdbool.h>

#define VIDEO_DEVICE_PATH "/dev/video977"
#define VIDEO_DEVICE_WIDTH_PX 320
#define VIDEO_DEVICE_HEIGHT_PX 240

/* Out: there is no such file, and what was opened gives ENODEV. At first it is out. */
void video_device_plug(bool in);
/* Open as ever, but no picture comes. */
void video_device_hold(bool hold);
/* How many times it was opened. */
int video_device_open_count(void);
