/* mem.c - what the library needs of <string.h>. Not libc's: a program may have others in its place, which make
 * system calls (AddressSanitizer), and those must not come from our handler.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    void *at = to;

    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(len) : : "memory");
    return to;
}

void *memset(void *to, int value, size_t len)
{
    void *at = to;

    __asm__ volatile("rep stosb" : "+D"(at), "+c"(len) : "a"(value) : "memory");
    return to;
}

int strncmp(const char *a, const char *b, size_t most)
{
    for (; most && *a && *a == *b; a++, b++)
        most--;
    return most ? (unsigned char)*a - (unsigned char)*b : 0;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++)
        b++;
    return (unsigned char)*a - (unsigned char)*b;
}

size_t strlen(const char *text)
{
    const char *end = text;

    while (*end)
        end++;
    return (size_t)(end - text);
}

char *strcpy(char *restrict to, const char *restrict from)
{
    return memcpy(to, from, strlen(from) + 1);
}
