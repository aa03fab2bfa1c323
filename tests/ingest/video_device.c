#include "video_device.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BUFFERS 8
#define FPS 30
#define PERIOD_US (1000000 / FPS)
#define LINE_BYTES (2 * VIDEO_DEVICE_WIDTH_PX)
#define FRAME_BYTES (LINE_BYTES * VIDEO_DEVICE_HEIGHT_PX)
/* Mapped at whole pages. */
#define BUFFER_BYTES ((FRAME_BYTES + 4095) / 4096 * 4096)

static struct {
	pthread_mutex_t lock;
	bool in, held, streaming, blocks;
	int open_count;
	int fd; /* of the buffers' memory, which stands for the device; -1: not open */
	unsigned char *memory;
	int queue[BUFFERS], queued_count; /* given by the reader, to be filled in this order */
	int64_t next_us;
	uint32_t sequence;
} device = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

void video_device_plug(bool in)
{
	pthread_mutex_lock(&device.lock);
	device.in = in;
	pthread_mutex_unlock(&device.lock);
}

void video_device_hold(bool hold)
{
	pthread_mutex_lock(&device.lock);
	device.held = hold;
	pthread_mutex_unlock(&device.lock);
}

int video_device_open_count(void)
{
	pthread_mutex_lock(&device.lock);
	int count = device.open_count;
	pthread_mutex_unlock(&device.lock);
	return count;
}

static int64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

/* The reader closes the file as any other, so what is left of it goes when it is opened again. */
static int open_device(int flags)
{
	if (!device.in)
		return fail(ENOENT);
	if (device.memory)
		munmap(device.memory, BUFFERS * BUFFER_BYTES);
	device.memory = NULL;
	int fd = memfd_create("video", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, BUFFERS * BUFFER_BYTES) < 0)
		return -1;
	void *memory =
		mmap(NULL, BUFFERS * BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -1;
	device.memory = memory;
	device.fd = fd;
	device.blocks = !(flags & O_NONBLOCK);
	device.streaming = false;
	device.queued_count = 0;
	device.open_count++;
	return fd;
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (strcmp(path, VIDEO_DEVICE_PATH) != 0)
		return openat(AT_FDCWD, path, flags | O_LARGEFILE, mode);
	pthread_mutex_lock(&device.lock);
	int fd = open_device(flags);
	pthread_mutex_unlock(&device.lock);
	return fd;
}

static int describe(struct v4l2_capability *cap)
{
	memset(cap, 0, sizeof(*cap));
	memcpy(cap->card, "test camera", sizeof("test camera"));
	cap->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
	cap->capabilities = cap->device_caps | V4L2_CAP_DEVICE_CAPS;
	return 0;
}

static int describe_input(struct v4l2_input *input)
{
	if (input->index > 0)
		return fail(EINVAL);
	memset(input, 0, sizeof(*input));
	input->type = V4L2_INPUT_TYPE_CAMERA;
	return 0;
}

/* Whatever format is asked for, this is what it has. */
static int give_format(struct v4l2_format *format)
{
	format->fmt.pix = (struct v4l2_pix_format){
		.width = VIDEO_DEVICE_WIDTH_PX,
		.height = VIDEO_DEVICE_HEIGHT_PX,
		.pixelformat = V4L2_PIX_FMT_YUYV,
		.field = V4L2_FIELD_NONE,
		.bytesperline = LINE_BYTES,
		.sizeimage = FRAME_BYTES,
	};
	return 0;
}

static int give_rate(struct v4l2_streamparm *parm)
{
	memset(&parm->parm.capture, 0, sizeof(parm->parm.capture));
	parm->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
	parm->parm.capture.timeperframe = (struct v4l2_fract){1, FPS};
	return 0;
}

static int place_buffer(struct v4l2_buffer *buffer)
{
	if (buffer->index >= BUFFERS)
		return fail(EINVAL);
	buffer->length = BUFFER_BYTES;
	buffer->m.offset = buffer->index * BUFFER_BYTES;
	return 0;
}

static int queue_buffer(const struct v4l2_buffer *buffer)
{
	if (buffer->index >= BUFFERS || device.queued_count == BUFFERS)
		return fail(EINVAL);
	device.queue[device.queued_count++] = (int)buffer->index;
	return 0;
}

static bool is_due(void)
{
	return device.in && device.streaming && !device.held && device.queued_count > 0 &&
	       now_us() >= device.next_us;
}

/* A grey picture with a bright column that moves. */
static void draw(unsigned char *at)
{
	memset(at, 128, FRAME_BYTES);
	for (int y = 0; y < VIDEO_DEVICE_HEIGHT_PX; y++)
		at[y * LINE_BYTES + 2 * (int)(device.sequence % VIDEO_DEVICE_WIDTH_PX)] = 230;
}

static int dequeue_buffer(struct v4l2_buffer *buffer)
{
	while (device.in && !is_due()) {
		if (!device.blocks)
			return fail(EAGAIN);
		pthread_mutex_unlock(&device.lock);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		pthread_mutex_lock(&device.lock);
	}
	if (!device.in)
		return fail(ENODEV);
	int index = device.queue[0];
	memmove(device.queue, device.queue + 1, sizeof(int) * (size_t)--device.queued_count);
	draw(device.memory + (size_t)index * BUFFER_BYTES);
	int64_t at = now_us();
	buffer->index = (uint32_t)index;
	buffer->bytesused = FRAME_BYTES;
	buffer->sequence = device.sequence++;
	buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	buffer->timestamp = (struct timeval){at / 1000000, at % 1000000};
	device.next_us =
		at - device.next_us > PERIOD_US ? at + PERIOD_US : device.next_us + PERIOD_US;
	return 0;
}

static int answer(unsigned long request, void *argument)
{
	if (!device.in)
		return fail(ENODEV);
	switch (request) {
	case VIDIOC_QUERYCAP:
		return describe(argument);
	case VIDIOC_G_INPUT:
		*(int *)argument = 0;
		return 0;
	case VIDIOC_ENUMINPUT:
		return describe_input(argument);
	case VIDIOC_G_FMT:
	case VIDIOC_S_FMT:
		return give_format(argument);
	case VIDIOC_G_PARM:
	case VIDIOC_S_PARM:
		return give_rate(argument);
	case VIDIOC_REQBUFS:
		((struct v4l2_requestbuffers *)argument)->count = BUFFERS;
		return 0;
	case VIDIOC_QUERYBUF:
		return place_buffer(argument);
	case VIDIOC_QBUF:
		return queue_buffer(argument);
	case VIDIOC_DQBUF:
		return dequeue_buffer(argument);
	case VIDIOC_STREAMON:
		device.streaming = true;
		device.next_us = now_us();
		return 0;
	case VIDIOC_STREAMOFF:
		device.streaming = false;
		return 0;
	default:
		return fail(ENOTTY);
	}
}

/* Another ioctl of the C library's than this one: the next after this program's own. */
static int hand_on(int fd, unsigned long request, void *argument)
{
	int (*next)(int, unsigned long, ...);
	void *symbol = dlsym(RTLD_NEXT, "ioctl");
	memcpy(&next, &symbol, sizeof(next));
	return next(fd, request, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	va_start(args, request);
	void *argument = va_arg(args, void *);
	va_end(args);
	pthread_mutex_lock(&device.lock);
	bool own = fd >= 0 && fd == device.fd && _IOC_TYPE(request) == 'V';
	int r = own ? answer(request, argument) : 0, error = errno;
	pthread_mutex_unlock(&device.lock);
	if (!own)
		return hand_on(fd, request, argument);
	errno = error;
	return r;
}
