/* SPDX-License-Identifier: MIT */
/*
 * What one access to a register of the LSI53C895A costs the guest: reads of
 * ISTAT0 and writes of SCRATCHR through the memory BAR.
 *
 *   accesscost RESOURCE     /sys/bus/pci/devices/.../resource1
 *
 * Needs iomem=relaxed on the kernel's command line, because a driver owns the BAR.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#define BAR_SIZE 1024
#define ISTAT0 0x14
#define SCRATCHR 0x9c /* no driver uses it */
#define ROUNDS 9
#define ACCESSES 2000

static double now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void read_status(volatile uint8_t *bar)
{
	(void)bar[ISTAT0];
}

static void write_scratch(volatile uint8_t *bar)
{
	*(volatile uint32_t *)(bar + SCRATCHR) = 0;
}

/* The fastest of some rounds, in microseconds for one access: the others were
 * disturbed. */
static double cost(volatile uint8_t *bar, void (*access)(volatile uint8_t *))
{
	double best = 0;
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_us();
		for (int i = 0; i < ACCESSES; i++)
			access(bar);
		double each = (now_us() - start) / ACCESSES;
		if (round == 0 || each < best)
			best = each;
	}
	return best;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: accesscost RESOURCE\n");
		return 2;
	}
	int fd = open(argv[1], O_RDWR | O_SYNC);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	volatile uint8_t *bar = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bar == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	double read = cost(bar, read_status);
	/* A read after the writes waits until they were carried out. */
	double write = cost(bar, write_scratch);
	read_status(bar);
	printf("ACCESS read %.3f us write %.3f us\n", read, write);
	return 0;
}
