/* SPDX-License-Identifier: MIT */
/* Proves that several vCPUs may use one device at once: each gets its own answers. */
#include "tests/proxy/fixture.h"

#define VCPUS 4
#define ROUNDS 2000

struct vcpu {
	struct fixture *fixture;
	uint64_t reg; /* this vCPU's own scratch register */
	unsigned wrong;
	pthread_t thread;
};

/* Writes its register and reads it back: nobody else touches it. */
static void *run(void *opaque)
{
	struct vcpu *vcpu = opaque;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t value = vcpu->reg << 24 | i;

		set_reg(vcpu->fixture, vcpu->reg, value);
		vcpu->wrong += reg(vcpu->fixture, vcpu->reg) != value;
	}
	return NULL;
}

thread_test(each_vcpu_reads_what_it_wrote)
{
	struct vcpu vcpus[VCPUS];

	for (unsigned i = 0; i < VCPUS; i++) {
		vcpus[i] = (struct vcpu){.fixture = *state, .reg = i * 8};
		assert_int_equal(pthread_create(&vcpus[i].thread, NULL, run, &vcpus[i]), 0);
	}
	for (unsigned i = 0; i < VCPUS; i++) {
		pthread_join(vcpus[i].thread, NULL);
		assert_int_equal(vcpus[i].wrong, 0);
	}
	assert_int_equal(reg(*state, FAKE_WRITES), VCPUS * ROUNDS);
}

/* Posts writes only, so that the ring is full most of the time. */
static void *flood(void *opaque)
{
	struct vcpu *vcpu = opaque;

	for (uint32_t i = 0; i < ROUNDS; i++)
		set_reg(vcpu->fixture, vcpu->reg, i);
	return NULL;
}

thread_test(a_full_ring_loses_nothing)
{
	struct vcpu vcpus[VCPUS];

	for (unsigned i = 0; i < VCPUS; i++) {
		vcpus[i] = (struct vcpu){.fixture = *state, .reg = i * 8};
		assert_int_equal(pthread_create(&vcpus[i].thread, NULL, flood, &vcpus[i]), 0);
	}
	for (unsigned i = 0; i < VCPUS; i++)
		pthread_join(vcpus[i].thread, NULL);
	assert_int_equal(reg(*state, FAKE_WRITES), VCPUS * ROUNDS);
	for (unsigned i = 0; i < VCPUS; i++)
		assert_int_equal(reg(*state, i * 8), ROUNDS - 1);
}
