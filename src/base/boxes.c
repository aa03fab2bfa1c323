#include "base/boxes.h"

void boxes_iou(const struct boxes *boxes, struct box box, float *ret_iou)
{
	for (int i = 0; i < boxes->count; i++)
		ret_iou[i] = box_iou(boxes_at(boxes, i), box);
}

float boxes_most_in_front(const struct boxes *boxes, struct box box)
{
	float common[BOXES_MAX], most = 0;
	for (int i = 0; i < boxes->count; i++) {
		float area = box_overlap_area(boxes_at(boxes, i), box);
		common[i] = boxes->y2[i] > box.y2 ? area : 0;
	}
	for (int i = 0; i < boxes->count; i++)
		most = common[i] > most ? common[i] : most;
	return most;
}

bool boxes_any_over(const struct boxes *boxes, struct vec2 p, float y2_min)
{
	int over = 0;
	for (int i = 0; i < boxes->count; i++) {
		bool across = (boxes->x1[i] < p.x) & (boxes->x2[i] > p.x);
		over += across & (boxes->y1[i] < p.y) & (boxes->y2[i] > y2_min);
	}
	return over > 0;
}
