// SPDX-License-Identifier: MIT
/* What ends the wait of `dla top`, on a terminal of its own. */
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include <cmocka.h>

#include "../../userspace/tools/keys.h"

enum { WAITED = 10, ENDED = 11 };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A process that waits; it says so on the terminal once the first wait, which is none, has set that up. */
static pid_t start(int *terminal, double seconds, bool background)
{
	struct keys keys;
	int ours, theirs;
	bool waited;
	pid_t child;

	assert_int_equal(openpty(&ours, &theirs, NULL, NULL, NULL), 0);
	child = fork();
	assert_true(child >= 0);
	if (child) {
		char ready;

		close(theirs);
		assert_int_equal(read(ours, &ready, 1), 1);
		*terminal = ours;
		return child;
	}
	close(ours);
	if (login_tty(theirs))
		_exit(1);
	if (background && fork())
		pause();
	if (background)
		setpgid(0, 0);
	if (keys_open(&keys) || !keys_wait(&keys, 0) || write(STDOUT_FILENO, ".", 1) != 1)
		_exit(1);
	waited = keys_wait(&keys, seconds);
	keys_close(&keys);
	if (background)
		kill(getppid(), SIGKILL);
	_exit(waited ? WAITED : ENDED);
}

static int finish(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool canonical(int terminal)
{
	struct termios modes;

	assert_int_equal(tcgetattr(terminal, &modes), 0);
	return modes.c_lflag & ICANON && modes.c_lflag & ECHO;
}

static void q_ends_it(void **state)
{
	int terminal;
	pid_t child = start(&terminal, 60, false);
	double begun = now();

	(void)state;
	assert_false(canonical(terminal));
	assert_int_equal(write(terminal, "axq", 3), 3);
	assert_int_equal(finish(child), ENDED);
	assert_true(now() - begun < 30);
	assert_true(canonical(terminal));
	close(terminal);
}

static void other_keys_do_not(void **state)
{
	double begun = now();
	int terminal;
	pid_t child = start(&terminal, 0.5, false);

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(write(terminal, "Q x\n", 4), 4);
	assert_int_equal(finish(child), WAITED);
	assert_true(now() - begun >= 0.5);
	assert_true(canonical(terminal));
	close(terminal);
}

static void signals_end_it(void **state)
{
	static const int ends[] = { SIGINT, SIGTERM };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int terminal;
		pid_t child = start(&terminal, 60, false);

		/* As the terminal sends it, too. */
		if (ends[i] == SIGINT)
			assert_int_equal(write(terminal, "\003", 1), 1);
		else
			kill(child, ends[i]);
		assert_int_equal(finish(child), ENDED);
		assert_true(canonical(terminal));
		close(terminal);
	}
}

static void background_leaves_the_terminal_alone(void **state)
{
	int terminal, status;
	pid_t leader = start(&terminal, 0.3, true);

	(void)state;
	assert_true(canonical(terminal));
	/* Nobody may read that in the background: who does is stopped, and the leader never killed. */
	assert_int_equal(write(terminal, "q\n", 2), 2);
	alarm(30);
	assert_int_equal(waitpid(leader, &status, 0), leader);
	alarm(0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(terminal);
}

static void files_are_not_read(void **state)
{
	struct keys keys;
	int pipes[2], saved = dup(STDIN_FILENO);
	double begun = now();

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "q", 1), 1);
	dup2(pipes[0], STDIN_FILENO);
	assert_int_equal(keys_open(&keys), 0);
	assert_true(keys_wait(&keys, 0.2));
	assert_true(now() - begun >= 0.2);
	raise(SIGTERM);
	assert_false(keys_wait(&keys, 60));
	keys_close(&keys);
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(q_ends_it),
		cmocka_unit_test(other_keys_do_not),
		cmocka_unit_test(signals_end_it),
		cmocka_unit_test(background_leaves_the_terminal_alone),
		cmocka_unit_test(files_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
