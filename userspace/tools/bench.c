// SPDX-License-Identifier: MIT
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "arguments.h"
#include "commands.h"
#include "interrupt.h"
#include "json_text.h"
#include "measure.h"
#include "page.h"
#include "status.h"
#include "timeline.h"
#include "watch.h"

#define MAX_REQUESTS	64
#define MAX_PROCESSES	32

static const char help[] =
	"usage: dla bench MODEL [OPTION]...\n"
	"       dla bench --calibrate [--device NAME]\n"
	"\n"
	"Run a network again and again, and tell how long it takes and where the time goes.\n"
	"\n"
	"  --device NAME     as for dla run; sim:nv_small@100MHz is the emulated NPU at the\n"
	"                    pace of such a clock\n"
	"  --place WHERE     as for dla run\n"
	"  --cpu KERNELS     likewise; so too --threads N, --exact, --head FILE, --input FILE,\n"
	"                    --rate HZ, --seed N\n"
	"  --seconds S       measure for so long (2)\n"
	"  --runs N          or so many runs in each process\n"
	"  --warmup N        runs before, which do not count (3)\n"
	"  --requests N      so many under way at a time (1)\n"
	"  --processes N     so many processes, each with its own requests (1)\n"
	"  --timeline FILE   write what ran when, for https://ui.perfetto.dev\n"
	"  --html FILE       write all that was measured as a page for any browser\n"
	"  --json            print one JSON object\n"
	"  --calibrate       measure this machine, and with --device npu what it costs to use that,\n"
	"                    for --place auto: stored in $XDG_CONFIG_HOME/nvdla/cpu-profile, or in\n"
	"                    ~/.config, and used from then on. Takes some seconds, in which the\n"
	"                    machine should do nothing else\n"
	"  --help            print this\n"
	"\n"
	"Every run has to give the bytes of the first. Exit codes are those of dla run; Ctrl-C ends\n"
	"the measurement, and what was measured until then is printed, but not written to files.\n";

struct options {
	struct measure_options measure;
	unsigned int processes;
	const char *timeline, *html;
	bool json, calibrate;
};

struct child {
	pid_t pid;
	int fd;
};

/* ------------------------------------------------------------------------- a process each */

static int transfer(int fd, void *data, size_t bytes, bool out)
{
	char *at = data;

	while (bytes) {
		ssize_t done = out ? send(fd, at, bytes, MSG_NOSIGNAL) : read(fd, at, bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		at += done;
		bytes -= (size_t)done;
	}
	return 0;
}

/* All begin when the last of them is ready. */
static int wait_for_the_others(void *ctx)
{
	int *fd = ctx;
	char byte = 0;

	return transfer(*fd, &byte, 1, true) || transfer(*fd, &byte, 1, false) ? EXIT_FAILURE : 0;
}

static int be_a_child(const struct options *o, int fd)
{
	struct measure_result result;
	int status;

	/* It may be interrupted twice: by the terminal, and by its parent, whose end is its own. */
	interrupt_catch(false);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	status = measure(&o->measure, wait_for_the_others, &fd, &result);

	if (!status && (transfer(fd, &result, sizeof(result), true) ||
			transfer(fd, result.run, result.run_count * sizeof(*result.run), true) ||
			transfer(fd, result.event, result.event_count * sizeof(*result.event), true)))
		status = EXIT_FAILURE;
	measure_release(&result);
	return status;
}

static int start_child(const struct options *o, struct child *child)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd)) {
		perror("dla bench: socketpair");
		return -1;
	}
	child->pid = fork();
	if (!child->pid) {
		close(fd[0]);
		exit(be_a_child(o, fd[1]));
	}
	close(fd[1]);
	child->fd = fd[0];
	if (child->pid > 0)
		return 0;
	perror("dla bench: fork");
	close(fd[0]);
	return -1;
}

static int receive(int fd, struct measure_result *result)
{
	struct dla_run_info *run = NULL;
	struct measure_event *event = NULL;
	int err = transfer(fd, result, sizeof(*result), false);

	if (!err) {
		run = calloc(result->run_count + 1, sizeof(*run));
		event = calloc(result->event_count + 1, sizeof(*event));
		err = !run || !event || transfer(fd, run, result->run_count * sizeof(*run), false) ||
		      transfer(fd, event, result->event_count * sizeof(*event), false);
	}
	result->run = run;
	result->event = event;
	return err ? -1 : 0;
}

struct children {
	struct child child[MAX_PROCESSES];
	unsigned int started;
};

/* Those that the terminal has told already are told again. */
static void interrupt_children(void *ctx)
{
	const struct children *children = ctx;

	for (unsigned int i = 0; i < children->started; i++)
		kill(children->child[i].pid, SIGINT);
}

/* A child that failed has said why, and its exit status is ours. */
static int measure_all(const struct options *o, struct measure_result *result)
{
	struct children children = { .started = 0 };
	struct child *child = children.child;
	unsigned int started = 0;
	int err = 0, status = 0;
	struct watch watch;
	char byte = 0;

	while (started < o->processes && !err) {
		err = start_child(o, &child[started]);
		started += !err;
	}
	children.started = started;
	watch_begin(&watch, "preparing", 0, interrupt_children, &children);
	for (unsigned int i = 0; i < started && !err; i++)
		err = transfer(child[i].fd, &byte, 1, false);
	for (unsigned int i = 0; i < started && !err; i++)
		err = transfer(child[i].fd, &byte, 1, true);
	watch_end(&watch);
	watch_begin(&watch, "measuring", o->measure.runs ? 0 : o->measure.seconds, interrupt_children, &children);
	for (unsigned int i = 0; i < started && !err; i++)
		err = receive(child[i].fd, &result[i]);
	watch_end(&watch);
	for (unsigned int i = 0; i < started; i++) {
		int how;

		/* Who still waits for the others sees that there is nothing to wait for. */
		close(child[i].fd);
		waitpid(child[i].pid, &how, 0);
		if (WIFEXITED(how) && WEXITSTATUS(how) && !(status && WEXITSTATUS(how) == EXIT_FAILURE))
			status = WEXITSTATUS(how);
		else if (!WIFEXITED(how))
			status = EXIT_FAILURE;
	}
	return err && !status ? EXIT_FAILURE : status;
}

/* ---------------------------------------------------------------------------- the numbers */

struct summary {
	const struct measure_result *first;
	unsigned int runs, wrong, processes, requests, retries;
	double seconds;
	double min, p50, p90, p99, max, mean;		/* latency, ns */
	double npu, cpu, convert, wait;			/* of a run, ns */
	double busy;					/* share of the time in which the NPUs worked */
	unsigned int conversions;			/* of a run */
	uint64_t convert_bytes;
	struct dla_npu_stats stats;			/* of all runs */
};

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The smallest that so many per cent are not above. */
static double percentile(const uint64_t *sorted, unsigned int count, unsigned int percent)
{
	uint64_t rank = ((uint64_t)count * percent + 99) / 100;

	return (double)sorted[rank - 1];
}

static void add_runs(struct summary *s, const struct measure_result *result, uint64_t *latency)
{
	for (unsigned int i = 0; i < result->run_count; i++) {
		const struct dla_run_info *run = &result->run[i];

		latency[s->runs++] = run->total_ns;
		s->mean += (double)run->total_ns;
		s->npu += (double)run->npu_ns;
		s->cpu += (double)run->cpu_ns;
		s->convert += (double)run->convert_ns;
		s->wait += (double)run->wait_ns;
		s->retries += run->retries;
		s->conversions = run->conversions;
		s->convert_bytes = run->convert_bytes;
	}
	s->wrong += result->wrong;
}

static void add_stats(struct dla_npu_stats *sum, const struct dla_npu_stats *stats)
{
	sum->operations += stats->operations;
	sum->macs += stats->macs;
	sum->cycles += stats->cycles;
	sum->mac_cycles += stats->mac_cycles;
	sum->read_bytes += stats->read_bytes;
	sum->write_bytes += stats->write_bytes;
	sum->register_writes += stats->register_writes;
	sum->interrupts += stats->interrupts;
	sum->late_ns += stats->late_ns;
}

static int summarise(const struct options *o, const struct measure_result *result, struct summary *s)
{
	uint64_t start = UINT64_MAX, end = 0, *latency;
	unsigned int runs = 0;

	*s = (struct summary) { .first = result, .processes = o->processes, .requests = o->measure.requests };
	for (unsigned int i = 0; i < o->processes; i++)
		runs += result[i].run_count;
	latency = calloc(runs + 1, sizeof(*latency));
	if (!runs || !latency) {
		free(latency);
		fprintf(stderr, "dla bench: %s\n", runs ? "out of memory" : "nothing has run");
		return EXIT_FAILURE;
	}
	for (unsigned int i = 0; i < o->processes; i++) {
		add_runs(s, &result[i], latency);
		add_stats(&s->stats, &result[i].stats);
		s->wrong += result[i].outputs_crc != result->outputs_crc;
		start = result[i].start_ns < start ? result[i].start_ns : start;
		end = result[i].end_ns > end ? result[i].end_ns : end;
	}
	qsort(latency, runs, sizeof(*latency), by_size);
	s->seconds = (double)(end - start) / 1e9;
	/* Each process has an emulated device of its own; all share a real one. */
	s->busy = s->npu / 1e9 / s->seconds / (strncmp(result->device, "sim:", 4) ? 1 : o->processes);
	s->min = (double)latency[0];
	s->p50 = percentile(latency, runs, 50);
	s->p90 = percentile(latency, runs, 90);
	s->p99 = percentile(latency, runs, 99);
	s->max = (double)latency[runs - 1];
	s->mean /= runs;
	s->npu /= runs;
	s->cpu /= runs;
	s->convert /= runs;
	s->wait /= runs;
	free(latency);
	return 0;
}

static double utilisation(const struct summary *s)
{
	return s->stats.cycles ? (double)s->stats.mac_cycles / (double)s->stats.cycles : 0;
}

static void print_text(const struct summary *s)
{
	const struct dla_npu_stats *stats = &s->stats;
	const struct dla_memory_info *memory = &s->first->memory;
	double total = s->mean / 100;

	printf("%s on %s: %u at a time in %u process%s, %u runs in %.3f s\n\n", s->first->network, s->first->device,
	       s->requests, s->processes, s->processes > 1 ? "es" : "", s->runs, s->seconds);
	printf("loading     %.3f ms\n", (double)s->first->load_ns / 1e6);
	printf("throughput  %.1f runs/s\n", s->runs / s->seconds);
	printf("latency     min %.3f  p50 %.3f  p90 %.3f  p99 %.3f  max %.3f  mean %.3f ms\n", s->min / 1e6,
	       s->p50 / 1e6, s->p90 / 1e6, s->p99 / 1e6, s->max / 1e6, s->mean / 1e6);
	printf("of which    NPU %.3f (%.0f %%)  CPU %.3f (%.0f %%)  conversion %.3f (%.0f %%)  waiting %.3f (%.0f %%)\n",
	       s->npu / 1e6, s->npu / total, s->cpu / 1e6, s->cpu / total, s->convert / 1e6, s->convert / total,
	       s->wait / 1e6, s->wait / total);
	printf("conversion  %u tensors, %" PRIu64 " bytes a run\n", s->conversions, s->convert_bytes);
	if (stats->operations)
		printf("NPU         busy %.1f %% of the time, %" PRIu64 " layers and %" PRIu64 " MACs a run\n",
		       100 * s->busy, stats->operations / s->runs, stats->macs / s->runs);
	if (stats->cycles)
		printf("            %" PRIu64 " cycles, MAC utilisation %.1f %%, %" PRIu64 " bytes read and %" PRIu64
		       " written a run\n", stats->cycles / s->runs, 100 * utilisation(s), stats->read_bytes / s->runs,
		       stats->write_bytes / s->runs);
	printf("memory      %zu bytes of weights; of a request %zu on the NPU and %zu on the CPU,\n"
	       "            of which %zu and %zu live at one moment\n", memory->weights, memory->npu, memory->host,
	       memory->npu_bound, memory->host_bound);
	if (s->retries)
		printf("            %u runs had to be done again because the NPU hung\n", s->retries);
	if (stats->late_ns > s->seconds * 1e9 * s->processes / 100)
		printf("The emulator was slower than the clock, by %.0f %% of the time: choose a slower one.\n",
		       (double)stats->late_ns / 1e7 / s->seconds / s->processes);
	if (s->wrong)
		printf("%u runs gave other bytes than the first.\n", s->wrong);
}

static json_t *summary_json(const struct summary *s)
{
	const struct dla_npu_stats *stats = &s->stats;
	json_int_t runs = s->runs;

	return json_pack(
		"{s:o, s:o, s:i, s:i, s:i, s:I, s:f, s:f, s:{s:f, s:f, s:f, s:f, s:f, s:f}, s:{s:f, s:f, s:f, s:f}, s:i, s:I,"
		" s:f, s:f, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:I, s:I}, s:i, s:i}",
		"model", json_text(s->first->network), "device", json_text(s->first->device),
		"processes", (int)s->processes, "requests", (int)s->requests, "runs", (int)runs,
		"load_ns", (json_int_t)s->first->load_ns,
		"seconds", s->seconds, "throughput", s->runs / s->seconds,
		"latency_ns", "min", s->min, "p50", s->p50, "p90", s->p90, "p99", s->p99, "max", s->max, "mean", s->mean,
		"run_ns", "npu", s->npu, "cpu", s->cpu, "convert", s->convert, "wait", s->wait,
		"conversions", (int)s->conversions, "convert_bytes", (json_int_t)s->convert_bytes,
		"npu_busy", s->busy, "mac_utilisation", utilisation(s),
		"npu", "operations", (json_int_t)stats->operations / runs, "macs", (json_int_t)stats->macs / runs,
		"cycles", (json_int_t)stats->cycles / runs, "mac_cycles", (json_int_t)stats->mac_cycles / runs,
		"read_bytes", (json_int_t)stats->read_bytes / runs,
		"write_bytes", (json_int_t)stats->write_bytes / runs,
		"register_writes", (json_int_t)stats->register_writes / runs,
		"interrupts", (json_int_t)stats->interrupts / runs, "late_ns", (json_int_t)stats->late_ns / runs,
		"memory", "weights", (json_int_t)s->first->memory.weights, "npu", (json_int_t)s->first->memory.npu,
		"host", (json_int_t)s->first->memory.host,
		"npu_bound", (json_int_t)s->first->memory.npu_bound,
		"host_bound", (json_int_t)s->first->memory.host_bound,
		"retries", (int)s->retries, "wrong", (int)s->wrong);
}

static int print(const struct options *o, const struct summary *s, const json_t *json)
{
	int err = 0;

	if (!o->json) {
		print_text(s);
	} else {
		err = json_dumpf(json, stdout, JSON_COMPACT);
		putchar('\n');
	}
	return err ? EXIT_FAILURE : 0;
}

/* -------------------------------------------------------------------------------- options */

static int take_seconds(const char *command, const struct argument *argument, const char *value)
{
	double *seconds = argument->into;
	char *end;

	*seconds = strtod(value, &end);
	if (end != value && !*end && *seconds > 0 && *seconds <= 1e6)
		return 0;
	return argument_refuse(command, argument, "a time", value);
}

/* 0: run; 1: done already; -1: wrong. */
static int parse(int argc, char **argv, struct options *o)
{
	struct measure_options *m = &o->measure;
	const struct argument own[] = {
		{ "threads", argument_count, &m->network.cpu_threads, 1, 64 },
		{ "head", argument_text, &m->head },
		{ "input", inputs_take_file, &m->inputs },
		{ "rate", argument_count, &m->inputs.rate, 100, 1000000 },
		{ "seed", inputs_take_seed, &m->inputs },
		{ "seconds", take_seconds, &m->seconds },
		{ "runs", argument_count, &m->runs, 1, 10000000 },
		{ "warmup", argument_count, &m->warmup, 1, 10000000 },
		{ "requests", argument_count, &m->requests, 1, MAX_REQUESTS },
		{ "processes", argument_count, &o->processes, 1, MAX_PROCESSES },
		{ "timeline", argument_text, &o->timeline },
		{ "html", argument_text, &o->html },
		{ "json", .flag = &o->json },
		{ "calibrate", .flag = &o->calibrate },
		{ 0 },
	};
	const struct arguments_network network = { &m->device, &m->network };
	int ret = arguments_parse("bench", help, argc, argv, own, &network);

	if (ret)
		return ret;
	m->events = o->timeline || o->html;
	if (o->calibrate && argc == optind)
		return 0;
	if (o->calibrate) {
		fprintf(stderr, "dla bench: --calibrate takes no model, such as \"%s\"; see dla bench --help\n",
			argv[optind]);
		return -1;
	}
	m->model = arguments_model("bench", argc, argv);
	return m->model ? 0 : -1;
}

static int bench(const struct options *o)
{
	struct measure_result result[MAX_PROCESSES] = { 0 };
	struct summary summary;
	json_t *json = NULL;
	int status = measure_all(o, result);

	if (!status)
		status = summarise(o, result, &summary);
	if (!status) {
		json = summary_json(&summary);
		status = json ? print(o, &summary, json) : EXIT_FAILURE;
	}
	if (!status && summary.wrong)
		status = EXIT_RUN_FAILED;
	/* What was measured until then is told; files are written of whole measurements only. */
	if (interrupt_status())
		status = interrupt_status();
	if (!status && o->timeline && timeline_write(o->timeline, result, o->processes)) {
		fprintf(stderr, "dla bench: %s: %s\n", o->timeline, strerror(errno));
		status = EXIT_FAILURE;
	}
	if (!status && o->html)
		status = page_write(o->html, &o->measure, result, json);
	if (!status && interrupt_status()) {
		status = interrupt_status();
		if (o->timeline)
			unlink(o->timeline);
		if (o->html)
			unlink(o->html);
	}
	json_decref(json);
	for (unsigned int i = 0; i < o->processes; i++)
		measure_release(&result[i]);
	return status;
}

static int calibrate(const char *name)
{
	struct dla_device *device = dla_device_open(name);
	int status = device ? 0 : EXIT_NO_DEVICE;
	struct watch watch;

	watch_begin(&watch, "calibrating", 0, watch_exit, NULL);
	if (!status && dla_calibrate(device, NULL))
		status = EXIT_RUN_FAILED;
	watch_end(&watch);
	if (status)
		fprintf(stderr, "dla bench: %s\n", dla_strerror());
	dla_device_close(device);
	return status;
}

int cmd_bench(int argc, char **argv)
{
	struct options o = {
		.measure = {
			.device = "auto", .seconds = 2, .warmup = 3, .requests = 1,
			.inputs.file = calloc((size_t)argc, sizeof(*o.measure.inputs.file)),
		},
		.processes = 1,
	};
	int status;

	if (!o.measure.inputs.file)
		return EXIT_FAILURE;
	status = parse(argc, argv, &o);
	interrupt_catch(true);
	if (!status)
		status = o.calibrate ? calibrate(o.measure.device) : bench(&o);
	else
		status = status < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	free(o.measure.inputs.file);
	return status;
}
