// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "dla.h"
#include "explain.h"
#include "headed.h"
#include "inputs.h"
#include "interrupt.h"
#include "labels.h"
#include "progress.h"
#include "report.h"
#include "status.h"
#include "watch.h"

static const char help[] =
	"usage: dla run MODEL [OPTION]...\n"
	"\n"
	"Run a network once, a .tflite file or one of `dla compile`, and print what comes out.\n"
	"\n"
	"  --device NAME     auto (default): a device node if there is one, else the CPU;\n"
	"                    npu: a device node; cpu; sim or sim:nv_small: the emulated\n"
	"                    NPU; sim:nv_small@100MHz: the same, at the pace of such a\n"
	"                    clock; or a node's path\n"
	"  --place WHERE     auto (default): so that a run takes least time; npu: on the\n"
	"                    NPU what can go there; cpu\n"
	"  --cpu-profile P   for auto, how fast the CPU is: slow-in-order, fast-in-order,\n"
	"                    out-of-order, or a file of `dla bench --calibrate`. Without\n"
	"                    it, the user's own such file or what this machine seems to\n"
	"                    be; for an emulated NPU, slow-in-order\n"
	"  --explain         say where operations are placed, and why, instead of running\n"
	"  --cpu KERNELS     auto (default) or xnnpack: XNNPACK's where it has the operation; reference:\n"
	"                    TensorFlow Lite's arithmetic to the bit, slowly\n"
	"  --threads N       for one operation of XNNPACK's (default 1)\n"
	"  --exact           no fusion that skips a rounding of TensorFlow Lite's\n"
	"  --head FILE       with the last layer that `dla learn` has trained; MODEL is a .tflite file\n"
	"  --input FILE      the next input: a tensor's bytes; a picture, which is resized\n"
	"                    and quantised; or a WAV file, of which a network of 49 x 10\n"
	"                    inputs gets MLPerf Tiny's features, and one of a row of inputs\n"
	"                    the samples. Without one, inputs are zero\n"
	"  --rate HZ         of the samples that the network takes (16000)\n"
	"  --seed N          fill inputs that have no file with random bytes\n"
	"  --labels FILE     names of the output's elements, one a line\n"
	"  --top N           so many of an output's elements, the largest (5)\n"
	"  --record DIR      write what the NPU was told and shown; `dla replay` plays it\n"
	"  --json            print one JSON object\n"
	"  --help            print this\n"
	"\n"
	"Exit codes: 0 done, 2 wrong usage, 3 no such device, 4 the model cannot be used,\n"
	"5 an input cannot be used, 6 the run failed, 130 interrupted: then nothing is left of a\n"
	"recording.\n";

struct options {
	const char *model, *device, *head, *labels, *record;
	struct dla_options network;
	struct inputs inputs;
	unsigned int top;
	bool json, explain;
};

/* 0: run; 1: done already; -1: wrong. */
static int parse(int argc, char **argv, struct options *o)
{
	const struct argument own[] = {
		{ "explain", .flag = &o->explain },
		{ "threads", argument_count, &o->network.cpu_threads, 1, 64 },
		{ "head", argument_text, &o->head },
		{ "input", inputs_take_file, &o->inputs },
		{ "rate", argument_count, &o->inputs.rate, 100, 1000000 },
		{ "seed", inputs_take_seed, &o->inputs },
		{ "labels", argument_text, &o->labels },
		{ "top", argument_count, &o->top, 1, 100000 },
		{ "record", argument_text, &o->record },
		{ "json", .flag = &o->json },
		{ 0 },
	};
	const struct arguments_network network = { &o->device, &o->network };
	int ret = arguments_parse("run", help, argc, argv, own, &network);

	if (ret)
		return ret;
	o->model = arguments_model("run", argc, argv);
	return o->model ? 0 : -1;
}

/* ------------------------------------------------------------------------------- running */

static int fail(int status)
{
	fprintf(stderr, "dla run: %s\n", dla_strerror());
	return status;
}

static int report(const struct options *o, const struct dla_device *device, const struct headed *headed,
		  const struct dla_request *request)
{
	const struct dla_network *network = headed->network;
	struct labels labels = { 0 };

	if (o->json)
		return report_json(device, network, request) ? EXIT_FAILURE : EXIT_SUCCESS;
	if (o->labels && labels_load("run", o->labels, &labels))
		return EXIT_BAD_INPUT;
	if (!o->labels && headed->head && labels_of_head(headed->head, &labels)) {
		labels_free(&labels);
		fprintf(stderr, "dla run: out of memory\n");
		return EXIT_FAILURE;
	}
	printf("%s on %s\n\n", dla_network_name(network), dla_device_name(device));
	report_operations(network);
	putchar('\n');
	explain_estimate(network);
	report_npu(device, network);
	putchar('\n');
	for (unsigned int i = 0; i < dla_network_output_count(network); i++)
		report_output(dla_network_output(network, i), dla_request_output(request, i), o->top, labels.name,
			      labels.count);
	labels_free(&labels);
	return EXIT_SUCCESS;
}

/* 0, or -1 with the library's reason; an interrupted run is cancelled. */
static int run_request(struct dla_request *request)
{
	if (dla_request_submit(request))
		return -1;
	while (dla_request_wait(request, 100)) {
		if (errno != ETIME)
			return -1;
		if (interrupt_status())
			dla_request_cancel(request);
	}
	return 0;
}

/* What a recording has in its folder; see Documentation/trace-format. */
static void remove_recording(const char *dir)
{
	char *path = NULL;
	int err = 0;

	if (asprintf(&path, "%s/trace.txn", dir) < 0)
		return;
	unlink(path);
	free(path);
	for (unsigned int i = 0; !err; i++) {
		if (asprintf(&path, "%s/load%04u.bin", dir, i) < 0)
			return;
		err = unlink(path);
		free(path);
	}
	/* Others' files keep it. */
	rmdir(dir);
}

static int run_network(const struct options *o, struct dla_device *device, const struct headed *headed)
{
	struct dla_request *request = dla_request_new(headed->network);
	struct progress progress;
	int status = EXIT_RUN_FAILED;

	if (!request)
		return fail(EXIT_RUN_FAILED);
	if (inputs_load("run", &o->inputs, headed->network, request)) {
		status = EXIT_BAD_INPUT;
	} else {
		progress_begin(&progress, "running");
		dla_request_progress(request, progress_step, &progress);
		status = run_request(request) || (o->record && dla_device_record(device, NULL)) ?
			 EXIT_RUN_FAILED : EXIT_SUCCESS;
		progress_end(&progress);
		if (interrupt_status())
			status = interrupt_status();
		else
			status = status ? fail(status) : report(o, device, headed, request);
	}
	dla_request_free(request);
	return status;
}

static int run(const struct options *o)
{
	struct dla_device *device = dla_device_open(o->device);
	struct headed headed = { 0 };
	struct watch watch;
	int status;

	if (!device)
		return fail(EXIT_NO_DEVICE);
	watch_begin(&watch, "loading", 0, watch_exit, NULL);
	status = headed_load(&headed, device, o->model, &o->network, o->head);
	watch_end(&watch);
	if (status)
		status = fail(EXIT_BAD_MODEL);
	else if (o->explain)
		status = explain(device, headed.network, o->json) ? EXIT_FAILURE : EXIT_SUCCESS;
	else if (o->record && dla_device_record(device, o->record))
		status = fail(EXIT_NO_DEVICE);
	else
		status = run_network(o, device, &headed);
	headed_free(&headed);
	dla_device_close(device);
	if (o->record && interrupt_status() && status == interrupt_status())
		remove_recording(o->record);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct options o = { .device = "auto", .top = 5, .inputs.file = calloc((size_t)argc, sizeof(*o.inputs.file)) };
	int status;

	if (!o.inputs.file)
		return EXIT_FAILURE;
	status = parse(argc, argv, &o);
	interrupt_catch(true);
	if (!status)
		status = run(&o);
	else
		status = status < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	free(o.inputs.file);
	return status;
}
