/* mark.h - tells AddressSanitizer or valgrind which bytes inside a larger buffer may be used.
 *
 * Both see a read past the end of what malloc() returned, but not one past a packet in a buffer that holds more. Builds with ASan,
 * and Debug builds where valgrind's headers are installed (DPSIM_MARK_VALGRIND), mark those bytes; in all others these functions
 * are empty. ASan knows no undefined bytes, and of a range that is to be inaccessible leaves up to 7 bytes before its end accessible if
 * the end is not a multiple of 8.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MARK_H
#define BASE_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __has_feature
#define __has_feature(f) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>

static inline void mark_inaccessible(const void *p, size_t len)
{
    __asan_poison_memory_region(p, len);
}

/* May be written, and must be before it is read. */
static inline void mark_undefined(const void *p, size_t len)
{
    __asan_unpoison_memory_region(p, len);
}

/* May be read as it is. */
static inline void mark_defined(const void *p, size_t len)
{
    __asan_unpoison_memory_region(p, len);
}

/* Does anybody look at marks? */
static inline bool mark_is_on(void)
{
    return true;
}

/* The first of 'len' bytes that is marked inaccessible; NULL: none is, or nobody looks. */
static inline const void *mark_find_inaccessible(const void *p, size_t len)
{
    return __asan_region_is_poisoned((void *)(uintptr_t)p, len);
}

#elif defined(DPSIM_MARK_VALGRIND)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <valgrind/memcheck.h>
#pragma GCC diagnostic pop

static inline void mark_inaccessible(const void *p, size_t len)
{
    (void)VALGRIND_MAKE_MEM_NOACCESS(p, len);
}

static inline void mark_undefined(const void *p, size_t len)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

/* What was undefined before stays so. */
static inline void mark_defined(const void *p, size_t len)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

static inline bool mark_is_on(void)
{
    return RUNNING_ON_VALGRIND;
}

/* Under valgrind it is reported, too. */
static inline const void *mark_find_inaccessible(const void *p, size_t len)
{
    return (const void *)(uintptr_t)VALGRIND_CHECK_MEM_IS_ADDRESSABLE(p, len);
}

#else

static inline void mark_inaccessible(const void *p, size_t len)
{
    (void)p;
    (void)len;
}

static inline void mark_undefined(const void *p, size_t len)
{
    mark_inaccessible(p, len);
}

static inline void mark_defined(const void *p, size_t len)
{
    mark_inaccessible(p, len);
}

static inline bool mark_is_on(void)
{
    return false;
}

static inline const void *mark_find_inaccessible(const void *p, size_t len)
{
    mark_inaccessible(p, len);
    return NULL;
}

#endif
#endif
