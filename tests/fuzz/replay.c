/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without a fuzzer: every file of the folders given as
 * arguments, then a fixed series of mutations of them, the same every time.
 * The target runs in a child, so that an input that ends it in whatever way
 * is named, kept in TEST_UNDECLARED_OUTPUTS_DIR (or /tmp) and reported as TAP.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_LIMIT 65536
#define MUTATIONS 5000
/* Seconds after which an input counts as hanging: SIGALRM ends the child. */
#define HANG_SECONDS 60

struct seed {
	char *name;
	uint8_t *data;
	size_t size;
};

struct corpus {
	struct seed *seeds;
	size_t count;
};

/* What the child works on, shared with the parent that outlives it. */
struct progress {
	size_t size;
	char name[256];
	uint8_t data[INPUT_LIMIT];
};

static struct progress *progress;

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(2);
}

static void add_file(struct corpus *corpus, const char *folder, const char *file)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	struct stat st;
	if (stat(path, &st) < 0)
		die(path);
	if (!S_ISREG(st.st_mode))
		return;

	FILE *f = fopen(path, "rb");
	if (!f)
		die(path);
	struct seed seed = {.name = strdup(path), .data = malloc(INPUT_LIMIT)};
	if (!seed.name || !seed.data)
		die("seed");
	seed.size = fread(seed.data, 1, INPUT_LIMIT, f);
	fclose(f);

	corpus->seeds = realloc(corpus->seeds, (corpus->count + 1) * sizeof(seed));
	if (!corpus->seeds)
		die("corpus");
	corpus->seeds[corpus->count++] = seed;
}

static void add_folder(struct corpus *corpus, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	if (count < 0)
		die(folder);
	for (int i = 0; i < count; i++) {
		add_file(corpus, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void free_corpus(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		free(corpus->seeds[i].name);
		free(corpus->seeds[i].data);
	}
	free(corpus->seeds);
}

/* xorshift64*: the same series on every machine. */
static uint32_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1dULL) >> 32);
}

static uint8_t interesting_byte(uint64_t *state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x20, 0x2c};
	return bytes[next_random(state) % sizeof(bytes)];
}

/* Moves `count` bytes of the input from one place to another, over what is there. */
static void copy_within(uint8_t *data, size_t size, uint64_t *state)
{
	size_t from = next_random(state) % size, to = next_random(state) % size;
	size_t room = size - (from > to ? from : to);
	memmove(data + to, data + from, 1 + next_random(state) % room);
}

static size_t insert_byte(uint8_t *data, size_t size, uint64_t *state)
{
	if (size == INPUT_LIMIT)
		return size;
	size_t at = next_random(state) % (size + 1);
	memmove(data + at + 1, data + at, size - at);
	data[at] = interesting_byte(state);
	return size + 1;
}

static size_t mutate_once(uint8_t *data, size_t size, uint64_t *state)
{
	if (size == 0)
		return insert_byte(data, size, state);
	size_t at = next_random(state) % size;
	switch (next_random(state) % 6) {
	case 0:
		data[at] ^= 1u << (next_random(state) % 8);
		return size;
	case 1:
		data[at] = interesting_byte(state);
		return size;
	case 2:
		data[at] = (uint8_t)next_random(state);
		return size;
	case 3:
		copy_within(data, size, state);
		return size;
	case 4:
		return at; /* cut off */
	default:
		return insert_byte(data, size, state);
	}
}

static void run(const char *name)
{
	snprintf(progress->name, sizeof(progress->name), "%s", name);
	/* An exact copy on the heap lets AddressSanitizer see reads past the end. */
	uint8_t *input = malloc(progress->size ? progress->size : 1);
	if (!input)
		die("input");
	memcpy(input, progress->data, progress->size);
	alarm(HANG_SECONDS);
	LLVMFuzzerTestOneInput(input, progress->size);
	alarm(0);
	free(input);
}

static void load(const struct seed *seed)
{
	memcpy(progress->data, seed->data, seed->size);
	progress->size = seed->size;
}

static void run_corpus(const struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		load(&corpus->seeds[i]);
		run(corpus->seeds[i].name);
	}
}

static void run_mutations(const struct corpus *corpus)
{
	uint64_t state = 0x6d7072696e67ULL;
	for (unsigned i = 0; i < MUTATIONS; i++) {
		const struct seed *seed = &corpus->seeds[next_random(&state) % corpus->count];
		load(seed);
		for (unsigned n = 1 + next_random(&state) % 8; n > 0; n--)
			progress->size = mutate_once(progress->data, progress->size, &state);
		char name[256];
		snprintf(name, sizeof(name), "mutation %u of %.200s", i, seed->name);
		run(name);
	}
}

/* Keeps the input that ended the child, for running it again. */
static void keep_input(void)
{
	const char *folder = getenv("TEST_UNDECLARED_OUTPUTS_DIR");
	char path[4096];
	snprintf(path, sizeof(path), "%s/crash-%d", folder ? folder : "/tmp", (int)getpid());
	FILE *f = fopen(path, "wb");
	if (!f)
		return;
	fwrite(progress->data, 1, progress->size, f);
	fclose(f);
	printf("# the input (%zu bytes) is kept in %s\n", progress->size, path);
}

static bool passes(int number, const char *what, void (*inputs)(const struct corpus *),
		   const struct corpus *corpus)
{
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		inputs(corpus);
		/* exit() and not _exit(): LeakSanitizer looks at exit. */
		exit(0);
	}

	int status;
	if (waitpid(child, &status, 0) < 0)
		die("waitpid");
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	printf("%s %d - %s\n", good ? "ok" : "not ok", number, what);
	if (!good) {
		if (WIFSIGNALED(status))
			printf("# %s: ended by signal %d (%s)\n", progress->name, WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
		else
			printf("# %s: ended with status %d\n", progress->name, WEXITSTATUS(status));
		keep_input();
	}
	return good;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
		return 2;
	}
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (progress == MAP_FAILED)
		die("mmap");

	struct corpus corpus = {0};
	for (int i = 1; i < argc; i++)
		add_folder(&corpus, argv[i]);
	if (corpus.count == 0) {
		errno = ENOENT;
		die("no input in the folders given");
	}

	printf("1..2\n");
	char what[64];
	snprintf(what, sizeof(what), "%zu inputs of the corpus", corpus.count);
	bool good = passes(1, what, run_corpus, &corpus);
	snprintf(what, sizeof(what), "%d mutations of them", MUTATIONS);
	good &= passes(2, what, run_mutations, &corpus);
	free_corpus(&corpus);
	return good ? 0 : 1;
}
