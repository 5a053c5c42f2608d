/* replay.h - a recorded client plays against the datapath of today: what is different now?
 *
 * How it works: a new simulation gets what the recording's clients did, and frames that came from outside, at the
 * times they came. Whatever it sends to clients or lets out of devices is compared with the recording, in
 * order for each socket and each device. The player lives beside the clock's events as
 * recorded clients did (struct clock_outside), so that both come in the order they came in then.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLAY_REPLAY_H
#define SIM_REPLAY_REPLAY_H

#include "sim/replay/tape.h"

struct replay_difference {
    uint64_t number;            /* of the recorded message; of what caused it if there is none */
    char *message;              /* "OVS_FLOW_CMD_NEW", "frame", "do" */
    char *path;                 /* of the field, or "missing", "not recorded" */
    char *text;                 /* all there is to say, several lines */
};

struct replay_result {
    GPtrArray *differences;     /* of struct replay_difference */
    unsigned n_requests, n_answers, n_frames_in, n_frames_out;      /* that were played or compared */
    GString *remarks;           /* what could not be known: a line each */
};

/* 'all': goes on behind the first difference. A capture without events gets them in 't'. */
void replay_client(struct tape *t, bool all, struct replay_result *result);
void replay_result_done(struct replay_result *result);

#endif
