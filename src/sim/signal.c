#include "sim/signal.h"

#include <errno.h>

double signal_cycle_s(const struct sim_signal_params *p)
{
	const struct sim_phase_params *phases = p->plan.items;
	double cycle = 0;
	for (int i = 0; i < p->plan.count; i++)
		cycle += phases[i].duration_s;
	return cycle;
}

int signal_check(const struct sim_signal_params *p, struct err *err)
{
	const struct sim_phase_params *phases = p->plan.items;
	if (p->plan.count < 1)
		return err_set(err, -EINVAL, "signal %s: its plan has no phases", p->name);
	for (int i = 0; i < p->plan.count; i++)
		if (!(phases[i].duration_s > 0))
			return err_set(err, -EINVAL,
				"signal %s: phase %d lasts %g s; it must last longer than 0",
				p->name, i + 1, phases[i].duration_s);
	return 0;
}

enum sim_lamp signal_at(const struct sim_signal_params *p, double t_s)
{
	const struct sim_phase_params *phases = p->plan.items;
	double cycle = signal_cycle_s(p);
	double t = fmod(t_s + p->offset_s, cycle);
	if (t < 0)
		t += cycle;
	int i = 0;
	while (i + 1 < p->plan.count && t >= phases[i].duration_s)
		t -= phases[i++].duration_s;
	return (enum sim_lamp)phases[i].lamp;
}

static bool is_red(int lamp)
{
	return lamp == SIM_LAMP_RED || lamp == SIM_LAMP_RED_YELLOW;
}

double signal_red_for(const struct sim_signal_params *p, double t_s)
{
	const struct sim_phase_params *phases = p->plan.items;
	double cycle = signal_cycle_s(p), t = fmod(t_s + p->offset_s, cycle);
	if (t < 0)
		t += cycle;
	int i = 0;
	while (i + 1 < p->plan.count && t >= phases[i].duration_s)
		t -= phases[i++].duration_s;
	if (!is_red(phases[i].lamp))
		return 0;
	/* Back through the phases before, at most one round. */
	for (int k = 1; k < p->plan.count; k++) {
		const struct sim_phase_params *before =
			&phases[(i - k + p->plan.count) % p->plan.count];
		if (!is_red(before->lamp))
			break;
		t += before->duration_s;
	}
	return fmax(t, 1e-9);
}
