// Floating point: five bodies under gravity, advanced in small steps.
#include "kernel.h"

enum { kBodies = 5 };
struct body {
  double x, y, z, vx, vy, vz, mass;
};
// Round numbers of the order of the solar system's, in astronomical units, years/2pi and solar masses.
static struct body bodies[kBodies] = {
    {0, 0, 0, 0, 0, 0, 1.0},
    {5.2, 0.3, -0.1, -0.02, 0.43, 0.001, 9.5e-4},
    {-9.0, 2.5, 0.3, -0.08, -0.30, 0.005, 2.9e-4},
    {14.0, -13.0, -0.2, 0.15, 0.16, -0.001, 4.4e-5},
    {18.0, -24.0, 0.1, 0.14, 0.11, -0.005, 5.2e-5},
};

static double square_root(double x) { return __builtin_sqrt(x); }

static void attract(struct body* a, struct body* b, double dt) {
  double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
  double distance2 = dx * dx + dy * dy + dz * dz;
  double strength = dt / (distance2 * square_root(distance2));
  a->vx -= dx * b->mass * strength;
  a->vy -= dy * b->mass * strength;
  a->vz -= dz * b->mass * strength;
  b->vx += dx * a->mass * strength;
  b->vy += dy * a->mass * strength;
  b->vz += dz * a->mass * strength;
}

static void advance(double dt) {
  for (int i = 0; i < kBodies; i++) {
    for (int j = i + 1; j < kBodies; j++) attract(&bodies[i], &bodies[j], dt);
  }
  for (int i = 0; i < kBodies; i++) {
    bodies[i].x += dt * bodies[i].vx;
    bodies[i].y += dt * bodies[i].vy;
    bodies[i].z += dt * bodies[i].vz;
  }
}

static double energy(void) {
  double sum = 0;
  for (int i = 0; i < kBodies; i++) {
    struct body* b = &bodies[i];
    sum += 0.5 * b->mass * (b->vx * b->vx + b->vy * b->vy + b->vz * b->vz);
    for (int j = i + 1; j < kBodies; j++) {
      double dx = b->x - bodies[j].x, dy = b->y - bodies[j].y, dz = b->z - bodies[j].z;
      sum -= b->mass * bodies[j].mass / square_root(dx * dx + dy * dy + dz * dz);
    }
  }
  return sum;
}

uint64_t kernel(uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; i++) advance(0.001);
  double sum = energy();
  uint64_t bits;
  __builtin_memcpy(&bits, &sum, sizeof bits);
  return bits;
}
