/* SPDX-License-Identifier: MIT */
#ifndef DLA_COMMANDS_H
#define DLA_COMMANDS_H

/* One function a command; argv[0] is what it is called in messages, "dla NAME". They return the exit status. */
int cmd_info(int argc, char **argv);
int cmd_ops(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_learn(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_top(int argc, char **argv);

#endif
