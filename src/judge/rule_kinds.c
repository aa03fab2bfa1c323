#include "judge/rule.h"

/* Both in one order: the index is the `kind` of a rule's parameters. */
const struct rule_ops *const rule_kinds[] = {
	&rule_speed_ops,
	&rule_red_light_ops,
	&rule_lane_ops,
	&rule_wrong_way_ops,
	&rule_stay_parking_ops,
	&rule_stay_junction_ops,
	&rule_turn_ops,
	&rule_u_turn_ops,
	&rule_stop_sign_ops,
	&rule_tailgating_ops,
	&rule_crosswalk_ops,
	NULL,
};

const struct option_table *const rule_tables[] = {
	&rule_speed_options,
	&rule_red_light_options,
	&rule_lane_options,
	&rule_wrong_way_options,
	&rule_stay_parking_options,
	&rule_stay_junction_options,
	&rule_turn_options,
	&rule_u_turn_options,
	&rule_stop_sign_options,
	&rule_tailgating_options,
	&rule_crosswalk_options,
	NULL,
};
