// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "keys.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Who is in the background is stopped for touching the terminal, or for reading it. */
static bool in_foreground(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Each time anew: a shell that stopped us and goes on with us may have set it back. */
static void see_each(struct keys *keys)
{
	struct termios each;

	if (tcgetattr(STDIN_FILENO, &each) || !(each.c_lflag & ICANON))
		return;
	if (!keys->changed)
		keys->before = each;
	keys->changed = true;
	each.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	each.c_cc[VMIN] = 1;
	each.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &each);
}

int keys_open(struct keys *keys)
{
	sigset_t ends;

	*keys = (struct keys) { 0 };
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	keys->ends = signalfd(-1, &ends, SFD_CLOEXEC);
	return keys->ends < 0 ? -errno : 0;
}

void keys_close(struct keys *keys)
{
	if (keys->changed && in_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &keys->before);
	close(keys->ends);
}

bool keys_wait(struct keys *keys, double seconds)
{
	double end = now() + seconds;
	double left = seconds;
	bool terminal = in_foreground();

	if (terminal)
		see_each(keys);
	while (left > 0) {
		struct pollfd sources[] = {
			{ .fd = keys->ends, .events = POLLIN },
			{ .fd = terminal ? STDIN_FILENO : -1, .events = POLLIN },
		};
		/* An interval may be longer than poll() can wait. */
		int ready = poll(sources, 2, left < 3600 ? (int)(left * 1000) + 1 : 3600000);
		char key;

		if (ready < 0 && errno != EINTR)
			return false;
		if (ready > 0 && sources[0].revents)
			return false;
		if (ready > 0 && sources[1].revents) {
			if (!in_foreground() || read(STDIN_FILENO, &key, 1) != 1)
				terminal = false;
			else if (key == 'q')
				return false;
		}
		left = end - now();
	}
	return true;
}
