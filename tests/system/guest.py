#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Through Linux: the module and its node, on one kernel, on an emulated board."""
import glob
import gzip
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile

import tap
from tap import BUILD, Skip, dla, dla_json, shared

ARM64 = os.path.join(BUILD, "arm64")
EXAMPLE = "examples/fashion-mnist"
MODEL = os.path.join(EXAMPLE, "fashion_resnet_int8.tflite")
LABELS = os.path.join(EXAMPLE, "labels.txt")
IMAGES = sorted(glob.glob(os.path.join(EXAMPLE, "images", "*.png")))
RESNET = "models/mlperf-tiny/pretrainedResnet_quant.tflite"

TOOLS = {name: os.path.join(ARM64, name) for name in ("dla", "classify", "relu")}
BASE = {f"/demo/{name}": path for name, path in TOOLS.items()} | {
    "/lib/libdla.so.0": os.path.join(ARM64, "libdla.so.0"),
    "/demo/model.tflite": MODEL, "/demo/labels.txt": LABELS, "/demo/images": os.path.join(EXAMPLE, "images"),
}


class Kernel:
    """One that tests/qemu/boot knows by name, and the module built for it."""

    def __init__(self, name):
        self.name = name
        self.node = "/dev/dri/renderD128" if name == "stock" else "/dev/accel/accel0"
        self.module = None


class Guest:
    """What a script printed in the guest, its status, and the kernel's log."""

    def __init__(self, kernel, script, *args, files=None, module=True, timeout=600):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "script")
            with open(path, "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\ncd /demo\n" + script)
            command = ["tests/qemu/boot", "--kernel", kernel.name, "--script", path,
                       "--results", os.path.join(folder, "out"), "--timeout", str(timeout), *args]
            if module:
                command += ["--module", kernel.module]
            for target, source in (BASE | (files or {})).items():
                command += ["--add", f"{source}:{target}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            self.status, self.text, self.trouble = done.returncode, done.stdout, done.stderr
            self.log = ""
            if os.path.exists(os.path.join(folder, "out", "dmesg")):
                with open(os.path.join(folder, "out", "dmesg"), encoding="utf-8", errors="replace") as file:
                    self.log = file.read()

    def good(self):
        ours = "\n".join(line for line in self.log.splitlines() if "nvdla" in line)
        assert self.status == 0, f"status {self.status}\n{self.text}\n{self.trouble}\n{ours}"
        return self

    def says(self, *texts):
        for text in texts:
            assert text in self.text, f"not said: {text}\n{self.text}\n{self.trouble}"
        return self


def raw_scores(device="sim:nv_small"):
    return dla("--raw", "--device", device, MODEL, LABELS, *IMAGES, tool=os.path.join(BUILD, "classify"))


def build(kernel):
    subprocess.run(["scripts/need", "device-tree-compiler", "gcc-aarch64-linux-gnu"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["make", "--no-print-directory", "arm64"], check=True, stdout=subprocess.DEVNULL)
    kernel.module = subprocess.run(["tests/qemu/module", kernel.name], check=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True).stdout.strip()


def the_same_scores_as_in_process(kernel):
    guest = Guest(kernel, "./classify --device npu --raw model.tflite labels.txt images/*.png\n").good()
    assert guest.text == raw_scores(), guest.text


def resnet8_the_same_as_in_process(kernel):
    files = {"/demo/resnet.tflite": shared(RESNET)}
    with open(shared("models/goldens.json"), encoding="utf-8") as file:
        inputs = [g["input"] for g in json.load(file) if "pretrainedResnet" in g["model"]]
    for name in inputs:
        files["/demo/" + os.path.basename(name)] = shared("models/" + name)
    guest = Guest(kernel, "for f in *.dat; do\n"
                  "./dla run resnet.tflite --device npu --place npu --input $f --json || exit 1; done\n",
                  files=files).good()
    runs = [json.loads(line) for line in guest.text.splitlines()]
    assert len(runs) == len(inputs) == 10
    for name, run in zip(sorted(os.path.basename(name) for name in inputs), runs):
        here = dla_json("run", shared(RESNET), "--device", "sim:nv_small", "--place", "npu", "--input",
                        shared("models/samples/mlperf-imgc/" + name))
        assert run["outputs"] == here["outputs"], name
        assert [o["where"] for o in run["operations"]] == [o["where"] for o in here["operations"]]


def pictures_by_label(folder):
    """The committed pictures, each in a folder with its label's name, if a folder can be called that."""
    with open(LABELS, encoding="utf-8") as file:
        labels = file.read().splitlines()
    for image in IMAGES:
        (label,) = [one for one in labels if re.sub(r"\W", "-", one.lower()) == os.path.basename(image).rsplit("_", 1)[0]]
        if "/" not in label:
            os.mkdir(os.path.join(folder, label))
            shutil.copy(image, os.path.join(folder, label))


def a_head_learns_and_runs_the_same_as_in_process(kernel):
    """The driver's features are those of the emulated device; and a network with what was learned from them is."""
    place = ("--place", "npu")
    with tempfile.TemporaryDirectory() as folder:
        learned, pictures = os.path.join(folder, "learned"), os.path.join(folder, "pictures")
        os.makedirs(pictures)
        pictures_by_label(pictures)
        here = ("--dir", learned, "--device", "sim:nv_small", *place)
        dla("learn", "collect", MODEL, pictures, "--labels", LABELS, *here)
        with open(os.path.join(learned, "samples"), "rb") as file:
            samples = hashlib.sha256(file.read()).hexdigest()
        # So few, trained on so long, are known by heart: a head that is another than the file's.
        dla("learn", "train", MODEL, "--epochs", "60", "--held-out", "0", *here)
        head = os.path.join(learned, "head")
        runs = [dla_json("run", MODEL, "--head", head, "--device", "sim:nv_small", *place, "--input", image) for image in IMAGES]
        guest = Guest(kernel, "./dla learn collect model.tflite pictures --labels labels.txt --dir /tmp/learned --device npu --place npu >/dev/null "
                      "|| exit 1\nsha256sum </tmp/learned/samples\nfor f in images/*.png; do\n"
                      "./dla run model.tflite --head my.head --device npu --place npu --input $f --json || exit 1; done\n",
                      files={"/demo/pictures": pictures, "/demo/my.head": head}).good()
    told, *lines = guest.text.splitlines()
    assert told.split()[0] == samples, guest.text
    there = [json.loads(line) for line in lines]
    assert [run["outputs"] for run in there] == [run["outputs"] for run in runs], guest.text
    assert all(run["operations"][-2]["where"] == "npu" for run in there)
    plain = [dla_json("run", MODEL, "--device", "sim:nv_small", *place, "--input", image) for image in IMAGES]
    assert [run["outputs"] for run in plain] != [run["outputs"] for run in runs], "nothing was learned"


TABLES = ("HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "QUANTIZE", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "TANH")


def vectors(kinds):
    """Of each kind the first network of all 256 inputs: its name, its file, the input, what TensorFlow Lite says."""
    wanted = list(kinds)
    with gzip.open("tests/vectors/operations.gz", "rb") as file:
        number = lambda: struct.unpack("<I", file.read(4))[0]
        while wanted:
            name = file.read(number()).decode()
            blobs = [file.read(number()) for _ in range(number())]
            if name.split()[0] in wanted and [len(b) for b in blobs[1:]] == [256, 256]:
                wanted.remove(name.split()[0])
                yield name.split()[0], blobs


def tables_the_same_as_tensorflow_lite(kernel):
    """Look-up tables reach the hardware, each program its own."""
    found, files = dict(vectors(TABLES)), {}
    with tempfile.TemporaryDirectory() as folder:
        for name, blobs in found.items():
            for suffix, blob in zip((".tflite", ".in"), blobs):
                with open(os.path.join(folder, name + suffix), "wb") as file:
                    file.write(blob)
                files["/demo/" + name + suffix] = os.path.join(folder, name + suffix)
        guest = Guest(kernel, f"for n in {' '.join(found)}; do "
                      "./dla run $n.tflite --device npu --place npu --input $n.in --json || exit 1; done\n",
                      files=files).good()
    runs = [json.loads(line) for line in guest.text.splitlines()]
    assert len(runs) == len(TABLES)
    for run, (name, blobs) in zip(runs, found.items()):
        assert [o["where"] for o in run["operations"]] == ["npu"], name
        assert bytes(value & 0xff for value in run["outputs"][0]["data"]) == blobs[2], name


def info_describes_the_node(kernel):
    guest = Guest(kernel, "./dla info --json\n").good()
    (node,) = json.loads(guest.text)
    assert node["device"].startswith("/dev/") and node["config"] == "nv_small" and node["resettable"]


def the_manuals_example(kernel):
    Guest(kernel, f"./relu {kernel.node}\n").good().says("nv_small: 0 of 1280 elements are wrong\n")


# ------------------------------------------------------------------------------ mistakes

def without_the_module(kernel):
    Guest(kernel, "./dla info; echo status $?; ./dla run model.tflite --device npu --place npu; echo status $?\n"
          "./dla run model.tflite >/dev/null; echo status $?\n", module=False).good() \
        .says("the module nvdla is not loaded", "modprobe nvdla", "status 3\n", "status 0\n")


def without_permission(kernel):
    Guest(kernel, "mkdir -p /etc; echo 'user:x:1000:1000::/:/bin/sh' >/etc/passwd; echo 'user:x:1000:' >/etc/group\n"
          "as_user() { start-stop-daemon -S -c user:user -x /demo/dla -- \"$@\"; echo status $?; }\n"
          f"chmod 600 {kernel.node}\nas_user info\nas_user run /demo/model.tflite\n"
          f"chmod 666 {kernel.node}\nas_user run /demo/model.tflite >/tmp/out; tail -n 1 /tmp/out\n").good() \
        .says("permission denied", "render", "status 3\n", "status 0\n")


def without_drm(kernel):
    if kernel.name != "stock":
        raise Skip(f"DRM is built into the {kernel.name} kernel")
    guest = Guest(kernel, "rmmod nvdla drm_dma_helper gpu_sched drm_kms_helper drm 2>/dev/null\n"
                  "insmod /modules/nvdla.ko; echo insmod $?\n./dla info; echo status $?\n")
    # The kernel names what it misses, which the harness takes for trouble: here it is none.
    guest.says("the kernel has no DRM", "drm_dma_helper", "status 3\n")
    assert "Unknown symbol drm_" in guest.log


def with_a_bad_device_tree(kernel):
    with tempfile.TemporaryDirectory() as folder:
        good, bad = os.path.join(folder, "good.dtb"), os.path.join(folder, "bad.dtb")
        subprocess.run(["tests/qemu/boot", "--dump-dtb", good], check=True, capture_output=True)
        source = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", good], check=True, capture_output=True,
                                text=True).stdout
        node = re.search(r"npu@\w+ \{.*?\n\t*\};", source, re.DOTALL).group(0)
        for what, pattern in {"interrupt": r"\n\t*interrupts = .*?;", "clock": r"\n\t*clocks = .*?;"}.items():
            broken = source.replace(node, re.sub(pattern, "", node, count=1))
            assert broken != source
            subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", bad], input=broken, text=True,
                           check=True, capture_output=True)
            guest = Guest(kernel, "./dla info; echo status $?\n", "--dtb", bad).good() \
                .says("has no device", "device tree", "status 3\n")
            assert re.search(rf"nvdla.*{what}", guest.log), f"{what}: the kernel's log does not say\n{guest.log[-2000:]}"


def with_no_contiguous_memory_left(kernel):
    model = shared("models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite")
    Guest(kernel, f"./hog {kernel.node} >/tmp/hog & hog=$!\n"
          "while ! grep -q pieces /tmp/hog; do sleep 1; done; cat /tmp/hog\n"
          "./dla run net.tflite --device npu --place npu >/dev/null; echo status $?\n"
          "kill $hog; wait $hog 2>/dev/null; ./dla run model.tflite --device npu --place npu >/dev/null; echo status $?\n",
          "--memory", "256", files={"/demo/net.tflite": model, "/demo/hog": os.path.join(ARM64, "guest-hog")}).good() \
        .says("no contiguous memory left", "cma=", "status 4\n", "status 0\n")


# ------------------------------------------------------------------- recordings, hangs, load

def a_recording_replays(kernel):
    with tempfile.TemporaryDirectory() as folder:
        record = os.path.join(folder, "trace")
        guest = Guest(kernel, "./classify --device npu --raw model.tflite labels.txt images/bag_18.png\n",
                      "--record", record).good()
        assert guest.text.split()[0] == "bag_18.png"
        replayed = dla("replay", record).splitlines()
        assert re.fullmatch(r"[1-9]\d* passed, 0 failed", replayed[-1]), replayed


def a_hang_costs_one_run(kernel):
    guest = Guest(kernel, "./dla run model.tflite --device npu --place npu --seed 1 --json; echo status $?\n"
                  "./dla run model.tflite --device npu --place npu --seed 1 --json; echo status $?\n", "--npu", "hang-at=5")
    guest.good().says("hung in layer", "was reset", "status 6\n", "status 0\n")
    (line,) = [line for line in guest.text.splitlines() if line.startswith("{")]
    here = dla_json("run", MODEL, "--device", "sim", "--place", "npu", "--seed", "1")
    assert json.loads(line)["outputs"] == here["outputs"]


def what_the_driver_need_not_notice(kernel):
    """An interrupt without a reason, and memory that is slow to answer."""
    guest = Guest(kernel, "./dla run model.tflite --device npu --place npu --seed 1 --json\n",
                  "--npu", "spurious-irq-at=3,slow-memory=20").good()
    here = dla_json("run", MODEL, "--device", "sim", "--place", "npu", "--seed", "1")
    assert json.loads(guest.text)["outputs"] == here["outputs"]


def what_the_driver_cannot_notice(kernel):
    """Wrong data, once."""
    run = "./dla run model.tflite --device npu --place npu --seed 1 --json\n"
    guest = Guest(kernel, run + run, "--npu", "wrong-data-at=2").good()
    first, second = [json.loads(line)["outputs"] for line in guest.text.splitlines()]
    here = dla_json("run", MODEL, "--device", "sim", "--place", "npu", "--seed", "1")["outputs"]
    assert first != here and second == here


def many_inferences_from_four_processes(kernel):
    # Each process 125, then forty short ones; fewer where a system call takes long.
    times, short = (13, 10) if kernel.name == "stock" else (3, 5)
    # A process takes more than 100 KiB of the NPU's memory, so the short ones at the end would leave 2 MiB
    # behind if anything stayed. Some free pages wait on the processors' own lists, where nobody counts them.
    script = ("free_cma() { sed -n 's/^CmaFree: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo; }\n"
              "./classify --device npu --raw model.tflite labels.txt images/*.png >/tmp/one\n"
              "round() { for p in 1 2 3 4; do (./classify --device npu --raw model.tflite labels.txt \"$@\" >/tmp/p$p; "
              "echo status $? >/tmp/s$p) & done; wait; }\n"
              "round images/*.png; rm /tmp/p? /tmp/s?; sleep 1; before=$(free_cma)\n"
              f"pictures=; for i in $(seq {times}); do pictures=\"$pictures $(echo images/*.png)\"; done\n"
              "set -- $pictures; shift 5; round \"$@\"; cat /tmp/s?; cat /tmp/p? | wc -l\n"
              "for p in 1 2 3 4; do sort -u /tmp/p$p | cmp - /tmp/one || echo differs; done; rm /tmp/p? /tmp/s?\n"
              f"for i in $(seq {short}); do for j in 1 2 3 4; do ./classify --device npu --raw model.tflite "
              "labels.txt images/bag_18.png >/dev/null || echo differs; done; done\n"
              "sleep 1; echo cma $before $(free_cma)\n"
              "rmmod nvdla && echo unloaded\n")
    guest = Guest(kernel, script, timeout=1200).good().says(f"{4 * (10 * times - 5)}\n", "unloaded\n")
    assert guest.text.startswith("status 0\n" * 4) and "differs" not in guest.text, guest.text
    before, after = re.search(r"cma (\d+) (\d+)", guest.text).groups()
    assert int(before) - int(after) < 1024, guest.text


# ---------------------------------------------------------------- requests, compiled networks, dma-bufs

def requests_of_two_processes(kernel):
    guest = Guest(kernel, "./dla bench model.tflite --device npu --place npu --seed 1 --runs 10 --requests 4 "
                  "--processes 2 --json\n").good()
    bench = json.loads(guest.text)
    assert bench["runs"] == 20 and bench["wrong"] == 0 and bench["retries"] == 0, bench
    # One device for both: its jobs do not overlap, and it is told how long they took.
    assert 0 < bench["npu_busy"] <= 1.02 and bench["run_ns"]["wait"] > bench["run_ns"]["npu"] > 0, bench


def a_hang_under_requests(kernel):
    """Behind the first runs, which show that the programs are good: the run is done again."""
    guest = Guest(kernel, "./dla bench model.tflite --device npu --place npu --seed 1 --runs 8 --requests 4 --json\n",
                  "--npu", "hang-at=60").good()
    bench = json.loads(guest.text)
    assert bench["runs"] == 8 and bench["wrong"] == 0 and bench["retries"] == 1, bench


def a_network_compiled_elsewhere(kernel):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.dla")
        dla("compile", MODEL, "-o", path, "--device", "sim:nv_small", "--place", "npu")
        guest = Guest(kernel, "./dla run net.dla --device npu --seed 1 --json\n"
                      "./dla compile model.tflite --device npu --place npu -o here.dla && cmp net.dla here.dla && echo the same\n",
                      files={"/demo/net.dla": path}).good().says("the same\n")
    assert json.loads(guest.text.splitlines()[0])["outputs"] == \
        dla_json("run", MODEL, "--device", "sim", "--place", "npu", "--seed", "1")["outputs"]


def buffers_of_others(kernel):
    guest = Guest(kernel, f"./share model.tflite {kernel.node}\n",
                  files={"/demo/share": os.path.join(ARM64, "guest-share")}).good()
    # The last operation is the CPU's SOFTMAX, so in between there is one conversion in any case.
    guest.says("plain to plain: 2 conversions\n", "lines to plain: 1 conversions\n", "plain to atoms: 3 conversions\n",
               "lines to atoms: 2 conversions\n", "scattered: ")


def the_qemu_demo(kernel):
    if kernel.name != "stock":
        raise Skip("the demo uses the stock kernel")
    shown = subprocess.run(["tests/qemu/demo"], capture_output=True, text=True, check=True).stdout
    assert "10 of 10 pictures" in shown and kernel.node in shown


def main(name):
    kernel = Kernel(name)
    tap.main([(test.__name__, test, kernel) for test in (
        build, the_same_scores_as_in_process, resnet8_the_same_as_in_process, tables_the_same_as_tensorflow_lite,
        a_head_learns_and_runs_the_same_as_in_process, info_describes_the_node, the_manuals_example,
        without_the_module, without_permission, without_drm, with_a_bad_device_tree,
        with_no_contiguous_memory_left, a_recording_replays, a_hang_costs_one_run,
        what_the_driver_need_not_notice, what_the_driver_cannot_notice,
        many_inferences_from_four_processes, requests_of_two_processes, a_hang_under_requests,
        a_network_compiled_elsewhere, buffers_of_others, the_qemu_demo)])
