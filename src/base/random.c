#include "base/random.h"

#include <math.h>

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

struct random random_at(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
	/* Each index goes through the finalizer, so that neighbours share no part of a sequence. */
	uint64_t s = mix(seed + GOLDEN);
	s = mix(s ^ (a + 1 * GOLDEN));
	s = mix(s ^ (b + 2 * GOLDEN));
	s = mix(s ^ (c + 3 * GOLDEN));
	return (struct random){s};
}

uint64_t random_u64(struct random *random)
{
	random->state += GOLDEN;
	return mix(random->state);
}

double random_unit(struct random *random)
{
	return (double)(random_u64(random) >> 11) * 0x1p-53;
}

double random_range(struct random *random, double low, double high)
{
	return low + (high - low) * random_unit(random);
}

int random_index(struct random *random, int count)
{
	return count < 1 ? 0 : (int)(random_unit(random) * count);
}

double random_normal(struct random *random)
{
	double u = 1 - random_unit(random); /* (0, 1]: its logarithm is finite */
	double v = random_unit(random);
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

int random_poisson(struct random *random, double mean)
{
	double limit = exp(-fmin(fmax(mean, 0), 500));
	double product = random_unit(random);
	int count = 0;
	for (; product > limit; count++)
		product *= random_unit(random);
	return count;
}
