#include "base/boxes.h"

void boxes_iou(const struct boxes *boxes, struct box box, float *ret_iou)
{
	for (int i = 0; i < boxes->count; i++)
		ret_iou[i] = box_iou(boxes_at(boxes, i), box);
}

float boxes_most_in_front(const struct boxes *boxes, struct box box)
{
	float common[BOXES_MAX], most = 0;
	for (int i = 0; i < boxes->count; i++)
		common[i] = box_overlap_area(boxes_at(boxes, i), box);
	for (int i = 0; i < boxes->count; i++)
		if (boxes->y2[i] > box.y2 && common[i] > most)
			most = common[i];
	return most;
}
