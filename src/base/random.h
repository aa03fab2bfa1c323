/*
 * Random numbers that depend on what they are for and on nothing else: a stream is named by a seed
 * and up to three indices (frame, object, purpose), so the result is the same whatever was drawn
 * before, in whatever order, on whatever machine.
 *
 *     struct random r = random_at(seed, frame, object, PURPOSE_NOISE);
 *     x += sigma * random_normal(&r);
 *
 * SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), its start
 * hashed from the indices with the same finalizer. For simulation, not for secrets.
 *
 * Threads: a struct random belongs to its holder. Memory: plain value.
 */
#pragma once

#include <stdint.h>

struct random {
	uint64_t state;
};

struct random random_at(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

uint64_t random_u64(struct random *random);
/* Uniform in [0, 1), 53 bits. */
double random_unit(struct random *random);
/* Uniform in [low, high). */
double random_range(struct random *random, double low, double high);
/* Uniform in 0 .. count - 1; 0 where count < 1. */
int random_index(struct random *random, int count);
/* Mean 0, standard deviation 1 (Box and Muller 1958; two draws each, nothing is kept). */
double random_normal(struct random *random);
/* How many events of a Poisson process with that mean, 0 to 500 (Knuth, TAOCP 2, 3.4.1). */
int random_poisson(struct random *random, double mean);
