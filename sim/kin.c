/* kin.c - see kin.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/kin.h"

#include <dirent.h>
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

#include "sim/procfs.h"

struct member {
    pid_t pid, parent;
    ino_t inode;                /* with the pid, names a process for ever; 0: added, not seen yet */
    uint64_t look;              /* that has seen it last */
    enum { MEMBER_UNKNOWN, MEMBER_OURS, MEMBER_FOREIGN } kind;
    bool has_hidden_parent;     /* which was not there at two looks: not one of ours (hidepid) */
};

struct kin {
    DIR *proc;
    pid_t root;
    GHashTable *members;        /* by pid */
    GPtrArray *newcomers;       /* of this look, in order of pid */
    uint64_t n_looks;
};

struct kin *kin_new(pid_t root)
{
    DIR *proc = opendir("/proc");
    struct kin *k;

    if (!proc)
        return NULL;
    k = g_new0(struct kin, 1);
    k->proc = proc;
    k->root = root;
    k->members = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    k->newcomers = g_ptr_array_new();
    return k;
}

void kin_free(struct kin *k)
{
    if (!k)
        return;
    closedir(k->proc);
    g_hash_table_destroy(k->members);
    g_ptr_array_free(k->newcomers, TRUE);
    g_free(k);
}

static struct member *find(const struct kin *k, pid_t pid)
{
    return g_hash_table_lookup(k->members, GINT_TO_POINTER(pid));
}

static struct member *set(struct kin *k, pid_t pid)
{
    struct member *m = g_new0(struct member, 1);

    m->pid = pid;
    (void)g_hash_table_replace(k->members, GINT_TO_POINTER(pid), m);
    return m;
}

static gboolean is_foreign(gpointer pid, gpointer member, gpointer unused)
{
    (void)pid;
    (void)unused;
    return ((struct member *)member)->kind == MEMBER_FOREIGN;
}

/* Some that were foreign may be its descendants. */
void kin_add(struct kin *k, pid_t pid)
{
    const struct member *m = find(k, pid);

    if (m && m->kind == MEMBER_OURS)
        return;
    (void)g_hash_table_foreach_remove(k->members, is_foreign, NULL);
    set(k, pid)->kind = MEMBER_OURS;
}

/* One entry of /proc. */
static void see(struct kin *k, pid_t pid, ino_t inode)
{
    struct member *m = find(k, pid);
    struct procfs_stat stat;
    bool is_same;

    if (m && !m->inode) {
        m->inode = inode;
        g_ptr_array_add(k->newcomers, m);
    } else if (!m || m->inode != inode || m->kind == MEMBER_UNKNOWN) {
        if (!procfs_stat(pid, &stat))
            return;
        is_same = m && m->inode == inode && m->parent == stat.parent;
        m = set(k, pid);
        m->inode = inode;
        m->parent = stat.parent;
        m->has_hidden_parent = is_same;
        g_ptr_array_add(k->newcomers, m);
    }
    m->look = k->n_looks;
}

/* Returns true if it has become known. */
static bool classify(const struct kin *k, struct member *m)
{
    const struct member *parent = find(k, m->parent);

    if (m->kind != MEMBER_UNKNOWN)
        return false;
    if (m->parent == k->root)
        m->kind = MEMBER_OURS;
    else if (!m->parent || m->pid == k->root)
        m->kind = MEMBER_FOREIGN;
    else if (parent && parent->look == k->n_looks)
        m->kind = parent->kind;
    else if (m->has_hidden_parent)
        m->kind = MEMBER_FOREIGN;
    return m->kind != MEMBER_UNKNOWN;
}

static bool classify_one(const struct kin *k)
{
    bool found = false;

    for (guint i = 0; i < k->newcomers->len; i++)
        found |= classify(k, g_ptr_array_index(k->newcomers, i));
    return found;
}

static gboolean has_gone(gpointer pid, gpointer member, gpointer kin)
{
    (void)pid;
    return ((struct member *)member)->look != ((struct kin *)kin)->n_looks;
}

bool kin_look(struct kin *k, kin_fn *born, void *ctx)
{
    const struct dirent *entry;
    bool are_known = true;

    k->n_looks++;
    rewinddir(k->proc);
    while ((entry = readdir(k->proc))) {
        if (g_ascii_isdigit(*entry->d_name))
            see(k, atoi(entry->d_name), entry->d_ino);
    }
    while (classify_one(k))
        ;
    for (guint i = 0; i < k->newcomers->len; i++) {
        const struct member *m = g_ptr_array_index(k->newcomers, i);

        if (m->kind == MEMBER_OURS)
            born(ctx, m->pid);
        are_known &= m->kind != MEMBER_UNKNOWN;
    }
    g_ptr_array_set_size(k->newcomers, 0);
    (void)g_hash_table_foreach_remove(k->members, has_gone, k);
    return are_known;
}
