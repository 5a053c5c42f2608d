/* reply_fault.h - faults on the client's side: what it is sent is not what the kernel would send.
 *
 * A fault is asked for as text behind "reply:": "KIND[@NAME][:n|:n..|:*|:N%]". It strikes the first message that KIND can be done to, the nth,
 * all from the nth on, every one, or a seeded share. NAME is a message's (OVS_FLOW_CMD_NEW) or an attribute's
 * (OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS): no other message, and no other attribute, is touched.
 *
 * How it works: replies, errors, dumps, notifications and upcalls all come to their socket by sock_push(), and here before they
 * are queued (netlink_set_carrier); the recorder sees what is left of them. Each fault draws from a stream of its own, made from the
 * run's seed: without faults nothing else changes, and one fault changes nothing of another's draws. The trace says
 * "fault reply:KIND MESSAGE ATTRIBUTE: what". Sockets of the simulator itself, and AF_PACKET ones, are left alone.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLY_FAULT_H
#define SIM_REPLY_FAULT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct err;
struct netns;
struct sim;
struct reply_faults;

/* What follows "reply:". 0, or -ENOENT (no such KIND) and -EINVAL with a sentence. */
int reply_fault_add(struct sim *sim, const char *text, struct err *e);
/* Is there one that was to strike a certain message, and has not? Then -ESRCH, naming it. */
int reply_fault_check(const struct sim *sim, struct err *e);
void reply_faults_free(struct reply_faults *all);       /* what is on its way has not arrived; NULL allowed */
/* A namespace goes: what is on its way to its sockets is lost. */
void reply_faults_forget(struct reply_faults *all, const struct netns *ns);
/* Lines, one for each message that was struck (the first hundred), and how many there were; without faults nothing. */
void reply_faults_print(const struct sim *sim, GString *out);

/* The kinds: names with a sentence each. False: there is none with this number. */
bool reply_fault_kind(size_t i, const char **name, const char **help);

#endif
