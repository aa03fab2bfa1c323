#include "cameras/view.h"

#include "pipeline/session_shapes.h"
#include "record/annotate.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define FRESH_US 1000000
/* So long frames are drawn after somebody looked. */
#define LOOKED_US 3000000

struct view {
	/* live's thread. */
	const struct scene *scene;
	const struct calibration *calibration;
	struct shapes shapes;
	struct annotator *annotator; /* NULL: nobody looked since begin */

	pthread_mutex_t lock;
	/* Below: under lock. */
	struct mono wanted_until;
	struct frame *drawn; /* NULL: none */
	struct mono drawn_at;
};

int view_create(struct view **ret_view)
{
	struct view *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	pthread_mutex_init(&v->lock, NULL);
	*ret_view = v;
	return 0;
}

void view_destroy(struct view **view)
{
	struct view *v = *view;
	*view = NULL;
	if (!v)
		return;
	view_end(v);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

void view_begin(struct view *view, const struct scene *scene, const struct calibration *calibration)
{
	view_end(view);
	view->scene = scene;
	view->calibration = calibration;
}

static void keep(struct view *v, struct frame *drawn)
{
	pthread_mutex_lock(&v->lock);
	struct frame *old = v->drawn;
	v->drawn = drawn;
	v->drawn_at = mono_now();
	pthread_mutex_unlock(&v->lock);
	frame_unref(&old);
}

void view_end(struct view *view)
{
	keep(view, NULL);
	annotator_destroy(&view->annotator);
	shapes_finish(&view->shapes);
}

static bool is_wanted(struct view *v)
{
	pthread_mutex_lock(&v->lock);
	bool wanted = mono_now().us < v->wanted_until.us;
	pthread_mutex_unlock(&v->lock);
	return wanted;
}

static bool prepare(struct view *v)
{
	if (v->annotator)
		return true;
	shapes_finish(&v->shapes);
	shapes_init(&v->shapes, v->scene, v->calibration);
	return annotator_create(v->shapes.items, v->shapes.count, NULL, &v->annotator) == 0;
}

/* A picture that cannot be drawn, because all are still looked at, is left out. */
void view_step(struct view *view, const struct frame *frame, const struct pipeline_result *result,
	const struct trails *trails)
{
	struct frame *drawn;
	if (!is_wanted(view) || !prepare(view))
		return;
	if (annotator_draw(view->annotator, frame, &result->measures, &result->violations, trails,
		    NULL, &drawn) == 0)
		keep(view, drawn);
}

int view_latest(struct view *view, struct frame **ret_frame)
{
	struct mono now = mono_now();
	int r = -EAGAIN;
	pthread_mutex_lock(&view->lock);
	view->wanted_until = mono_after(now, LOOKED_US);
	if (view->drawn && now.us - view->drawn_at.us < FRESH_US) {
		*ret_frame = frame_ref(view->drawn);
		r = 0;
	}
	pthread_mutex_unlock(&view->lock);
	return r;
}
