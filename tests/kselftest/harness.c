// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "klog.h"

#define STATUS_FAIL	1
#define STATUS_SKIP	4
#define TIMEOUT_S	"300"

static struct nvdla_test *first, **last = &first;
static char *reason;			/* of a skip; shared with the child that runs the test */

void nvdla_test_register(struct nvdla_test *test)
{
	*last = test;
	last = &test->next;
}

void nvdla_test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(STATUS_FAIL);
}

void nvdla_test_skip(const char *why)
{
	snprintf(reason, 4096, "%s", why);
	_exit(STATUS_SKIP);
}

static int run_child(const struct nvdla_test *test)
{
	const char *timeout = getenv("NVDLA_TEST_TIMEOUT");
	pid_t child = fork();
	int status;

	if (child == 0) {
		alarm(atoi(timeout ? timeout : TIMEOUT_S));
		test->run();
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return STATUS_FAIL;
	if (WIFSIGNALED(status)) {
		printf("# killed by signal %d%s\n", WTERMSIG(status),
		       WTERMSIG(status) == SIGALRM ? ": takes too long" : "");
		return STATUS_FAIL;
	}
	return WEXITSTATUS(status);
}

/* Whatever a test thinks of itself, it fails if the kernel complains meanwhile. */
static int run(const struct nvdla_test *test)
{
	int klog = klog_open(), status = run_child(test);

	if (klog_trouble(klog))
		status = STATUS_FAIL;
	if (klog >= 0)
		close(klog);
	return status;
}

int main(int argc, char **argv)
{
	int count = 0, index = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	reason = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reason == MAP_FAILED)
		return 1;
	for (struct nvdla_test *test = first; test; test = test->next)
		count += argc < 2 || !strcmp(argv[1], test->name);
	printf("TAP version 13\n1..%d\n", count);
	for (struct nvdla_test *test = first; test; test = test->next) {
		int status;

		if (argc >= 2 && strcmp(argv[1], test->name))
			continue;
		status = run(test);
		failed += status != 0 && status != STATUS_SKIP;
		printf("%s %d - %s%s%s\n", status == 0 || status == STATUS_SKIP ? "ok" : "not ok", ++index,
		       test->name, status == STATUS_SKIP ? " # SKIP " : "", status == STATUS_SKIP ? reason : "");
	}
	return failed != 0;
}
