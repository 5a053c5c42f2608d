/* unixctl.c - see unixctl.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/unixctl.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

char *unixctl_request(const char *method, const char *argument)
{
    const char *quote = argument ? "\"" : "";

    return g_strdup_printf("{\"id\":0,\"method\":\"%s\",\"params\":[%s%s%s]}", method, quote,
                           argument ? argument : "", quote);
}

/* A cursor; its functions return 1, 0 at the end of what is there, or -EPROTO. */
struct json {
    const char *at, *end;
};

static int skip_blanks(struct json *j)
{
    while (j->at < j->end && strchr(" \t\r\n", *j->at) && *j->at)
        j->at++;
    return j->at < j->end;
}

static int take(struct json *j, char c)
{
    int r = skip_blanks(j);

    if (r <= 0)
        return r;
    return *j->at++ == c ? 1 : -EPROTO;
}

/* What a string's character or escape stands for; other characters than ASCII's are of no interest here. */
static int take_character(struct json *j, char *out)
{
    static const char escapes[] = "b\bf\fn\nr\rt\t";
    const char *found;

    *out = *j->at++;
    if (*out != '\\')
        return 1;
    if (j->at == j->end)
        return 0;
    *out = *j->at++;
    if (*out == 'u') {
        if (j->end - j->at < 4)
            return 0;
        j->at += 4;
        *out = '?';
    } else if ((found = strchr(escapes, *out)) && *out && (found - escapes) % 2 == 0) {
        *out = found[1];
    }
    return 1;
}

/* Takes a string, of which text[size] (NULL: nothing) gets what fits. */
static int take_string(struct json *j, char *text, size_t size)
{
    int r = take(j, '"');
    size_t n = 0;
    char c;

    if (r <= 0)
        return r;
    while (j->at < j->end && *j->at != '"') {
        if (!take_character(j, &c))
            return 0;
        if (n + 1 < size)
            text[n++] = c;
    }
    if (size)
        text[n] = '\0';
    return take(j, '"');
}

/* Takes a value other than a string: a number, a word, or what is in brackets. */
static int skip_value(struct json *j)
{
    unsigned depth = 0;

    for (; j->at < j->end; j->at++) {
        if (*j->at == '"') {
            int r = take_string(j, NULL, 0);

            if (r <= 0)
                return r;
            j->at--;
        } else if (strchr("{[", *j->at)) {
            depth++;
        } else if (strchr("}],", *j->at)) {
            if (!depth)
                return 1;
            depth -= *j->at != ',';
        }
    }
    return 0;
}

/* A member of the reply. "error" and "result": one of them is a string, the other null. */
static int take_member(struct json *j, struct unixctl_reply *out)
{
    char name[16] = "";
    int r = take_string(j, name, sizeof(name));
    bool is_error = !strcmp(name, "error");

    if (r <= 0 || (r = take(j, ':')) <= 0 || (r = skip_blanks(j)) <= 0)
        return r;
    if (*j->at != '"' || (!is_error && strcmp(name, "result")))
        return *j->at == '"' ? take_string(j, NULL, 0) : skip_value(j);
    out->is_error = is_error;
    return take_string(j, out->text, sizeof(out->text));
}

long unixctl_parse(const char *bytes, size_t len, struct unixctl_reply *out)
{
    struct json j = { bytes, bytes + len };
    struct unixctl_reply reply = { 0 };
    int r = take(&j, '{');

    while (r > 0) {
        if ((r = take_member(&j, &reply)) <= 0 || (r = skip_blanks(&j)) <= 0)
            break;
        if (*j.at == '}') {
            *out = reply;
            return j.at + 1 - bytes;
        }
        r = take(&j, ',');
    }
    return r;
}
