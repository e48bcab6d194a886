/* SPDX-License-Identifier: MIT */
#include "tests/lsi53c895a/allocations.h"

#include <stddef.h>

unsigned allocations;

/* The linker gives calls of f() to __wrap_f(), and of __real_f() to f(). */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
int __real_posix_memalign(void **p, size_t alignment, size_t size);
void __real_free(void *p);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
int __wrap_posix_memalign(void **p, size_t alignment, size_t size);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	allocations++;
	return __real_reallocarray(p, n, size);
}

int __wrap_posix_memalign(void **p, size_t alignment, size_t size)
{
	allocations++;
	return __real_posix_memalign(p, alignment, size);
}

/* free(NULL) frees nothing. */
void __wrap_free(void *p)
{
	allocations += p != NULL;
	__real_free(p);
}
