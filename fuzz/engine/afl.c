/* afl.c - the grammar's mutator for AFL++ (AFL_CUSTOM_MUTATOR_LIBRARY), of targets whose inputs are programs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>

#include "fuzz/grammar.h"

struct afl_mutator {
    struct rng r;
    GByteArray *out;
};

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(void *data, uint8_t *in, size_t len, uint8_t **out, uint8_t *other, size_t other_len,
                       size_t most);
void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned seed)
{
    struct afl_mutator *m = g_new0(struct afl_mutator, 1);

    (void)afl;
    rng_init(&m->r, seed);
    m->out = g_byte_array_new();
    return m;
}

size_t afl_custom_fuzz(void *data, uint8_t *in, size_t len, uint8_t **out, uint8_t *other, size_t other_len,
                       size_t most)
{
    struct afl_mutator *m = data;

    (void)other;
    (void)other_len;
    g_byte_array_set_size(m->out, 0);
    g_byte_array_append(m->out, in, (guint)MIN(len, most));
    len = m->out->len;
    g_byte_array_set_size(m->out, (guint)most);
    *out = m->out->data;
    return grammar_mutate(m->out->data, len, most, &m->r);
}

void afl_custom_deinit(void *data)
{
    struct afl_mutator *m = data;

    g_byte_array_unref(m->out);
    g_free(m);
}
