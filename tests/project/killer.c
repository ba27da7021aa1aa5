/* SPDX-License-Identifier: MIT */
/*
 * For examples.sh: kill examples/slots again and again.
 *
 *     killer TIMES SLOTS FILE
 *
 * Each time it has acknowledged some texts, and is killed in the middle of the
 * next.  What was acknowledged has to be in the file, or what came after it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *
start(char *slots, char *file, int stores, pid_t *child)
{
    static char texts[8][2];
    char *argv[11] = { slots, file };
    int ends[2];

    for (int i = 0; i < 8 && stores; i++) {
        texts[i][0] = (char)('a' + i);
        argv[2 + i] = texts[i];
    }
    if (pipe(ends) != 0)
        return NULL;
    *child = fork();
    if (*child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execv(slots, argv);
        _exit(127);
    }
    close(ends[1]);
    return fdopen(ends[0], "r");
}

static int
kill_one(char *slots, char *file, unsigned round, unsigned *safe)
{
    unsigned number = 0, taken = 0;
    char text[16] = "";
    pid_t child;
    FILE *out = start(slots, file, 1, &child);

    if (out == NULL || child < 0)
        return 1;
    while (taken++ < round % 7 && fscanf(out, "%u %15s", safe, text) == 2)
        ;
    kill(child, SIGKILL);
    while (fscanf(out, "%u %15s", safe, text) == 2)
        ;
    fclose(out);
    waitpid(child, NULL, 0);

    out = start(slots, file, 0, &child);
    if (out == NULL || child < 0)
        return 1;
    text[0] = '\0';
    if (fscanf(out, "%u %15s", &number, text) < 1)
        number = 0;
    fclose(out);
    waitpid(child, NULL, 0);
    if (number >= *safe && (number == 0 || (text[0] >= 'a' && text[0] <= 'h')))
        return 0;
    printf("round %u: %u was safe, and there is: %u %s\n", round, *safe,
           number, text);
    return 1;
}

int
main(int argc, char *argv[])
{
    unsigned safe = 0;
    int failed = argc != 4;

    for (unsigned i = 0; !failed && i < (unsigned)atoi(argv[1]); i++)
        failed = kill_one(argv[2], argv[3], i, &safe);
    return failed || safe == 0;
}
