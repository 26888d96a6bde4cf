#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is somebody there? person_detection.py MODEL.tflite [--camera /dev/video0] [--device NAME] [--frames N]

For networks whose two outputs are "nobody" and "somebody", such as MLPerf Tiny's vww_96_int8. Where the network
takes the bytes as the camera gives them, frames go there as dma-bufs and nothing touches them on the
way; otherwise each is converted once, with NumPy. Needs the module of userspace/python.
"""
import argparse
import sys

import numpy as np

import dla
import v4l2

# What a network may read as it is: its layout and channels, and the camera's format of the same bytes.
DIRECT = (("plain", 3, "RGB3"), ("lines", 3, "RGB3"), ("pixels", 3, "XB24"), ("plain", 1, "GREY"), ("lines", 1, "GREY"))
# What can be converted, the least work first.
CONVERTED = {1: ("GREY", "YUYV", "RGB3"), 3: ("RGB3", "YUYV", "GREY")}


def direct(camera, network):
    """The layout in which the camera's frames can be bound, or None; the camera is then set up for it."""
    info = network.inputs[0]
    _, height, width, channels = info.shape
    if info.dtype != np.uint8:
        return None
    possible = []
    for layout, has, fourcc in DIRECT:
        try:
            if has == channels:
                possible.append((network.input_layout(0, layout), layout, fourcc))
        except dla.Error:
            continue
    # Those that nobody has to convert first; of the others, the library does.
    for lies, layout, fourcc in sorted(possible, key=lambda each: not each[0].native):
        try:
            frames = camera.choose((fourcc,), width, height)
        except OSError:
            continue
        if (frames.width, frames.height, frames.stride) == (width, height, lies.line_stride) and frames.size >= lies.bytes:
            return layout
    return None


def pixels(memory, frames):
    """A frame as an array of height, width and channels, red first."""
    lines = np.frombuffer(memory, np.uint8, frames.height * frames.stride).reshape(frames.height, frames.stride)
    if frames.fourcc == "GREY":
        return lines[:, :frames.width, np.newaxis]
    if frames.fourcc == "RGB3":
        return lines[:, :3 * frames.width].reshape(frames.height, frames.width, 3)
    # YUYV: two pixels share a U and a V; BT.601, from 16 to 235.
    pairs = lines[:, :2 * frames.width].reshape(frames.height, frames.width // 2, 4).astype(np.float32)
    luma = 1.164 * (pairs[:, :, 0::2].reshape(frames.height, -1) - 16)
    u, v = (np.repeat(pairs[:, :, i] - 128, 2, axis=1) for i in (1, 3))
    rgb = np.stack((luma + 1.596 * v, luma - 0.392 * u - 0.813 * v, luma + 2.017 * u), axis=-1)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def convert(memory, frames, info, out):
    """The middle of a frame in the network's size, by means of areas, and with its range of bytes."""
    _, height, width, channels = info.shape
    picture = pixels(memory, frames)
    side = min(frames.width * height, frames.height * width)
    crop_height, crop_width = side // width, side // height
    top, left = (frames.height - crop_height) // 2, (frames.width - crop_width) // 2
    picture = picture[top:top + crop_height, left:left + crop_width].astype(np.float32)
    for axis, size in ((0, height), (1, width)):
        edges = np.linspace(0, picture.shape[axis], size + 1).astype(int)[:-1]
        counts = np.diff(np.append(edges, picture.shape[axis]))
        if counts.min() > 0:
            shape = [-1 if i == axis else 1 for i in range(3)]
            picture = np.add.reduceat(picture, edges, axis) / counts.reshape(shape)
        else:
            picture = np.take(picture, edges, axis)
    if picture.shape[2] != channels:
        picture = np.repeat(picture, 3, axis=2) if channels == 3 else picture @ np.float32([[0.299], [0.587], [0.114]])
    # An int8 network's darkest pixel is -128, a uint8 network's 0.
    out[0] = np.rint(picture) + np.iinfo(info.dtype).min


def detect(camera, network, count, tell):
    """Look at @count frames; how many of them NumPy converted, and the library."""
    info, out = network.inputs[0], network.outputs[0]
    layout = direct(camera, network)
    if not layout:
        camera.choose(CONVERTED[info.shape[3]], 4 * info.shape[2], 4 * info.shape[1])
    camera.start(4)
    if layout and any(frame.fd < 0 for frame in camera.frames):
        sys.exit(f"person_detection.py: {camera.name} exports no dma-bufs")
    frames = camera.format
    tell(f"{camera.name}: {frames.fourcc}, {frames.width} x {frames.height}, "
         + (f"read by the network as it lies ({layout})" if layout else "converted by NumPy"))
    # A request for each buffer, so that each is bound once.
    requests = [network.request() for _ in camera.frames] if layout else [network.request()]
    if layout:
        for frame, request in zip(camera.frames, requests):
            request.bind_input(0, frame.fd, layout=layout)
    by_numpy = by_library = 0
    for number in range(count):
        frame = camera.next()
        request = requests[frame.index if layout else 0]
        if not layout:
            convert(frame.memory, frames, info, request.inputs[0])
            by_numpy += 1
        request.run()
        camera.give_back(frame)
        by_library += request.info.conversions
        nobody, somebody = out.dequantise(request.outputs[0]).ravel()[:2]
        tell(f"{number}: {'somebody' if somebody > nobody else 'nobody'} ({somebody:.2f})")
    tell(f"{count} frames: {by_numpy} conversions by NumPy, {by_library} by the library, between CPU and NPU")
    return by_numpy, by_library


def main():
    parser = argparse.ArgumentParser(description="Detect persons in front of a camera.")
    parser.add_argument("model", help=".tflite file, or one that was compiled")
    parser.add_argument("--camera", default="/dev/video0")
    parser.add_argument("--device", default="auto", help="auto, npu, cpu, sim:nv_small, or a device node")
    parser.add_argument("--frames", type=int, default=100, help="how many to look at")
    arguments = parser.parse_args()
    try:
        with dla.Device(arguments.device) as device, v4l2.Camera(arguments.camera) as camera:
            network = device.load(arguments.model)
            shape, out = network.inputs[0].shape, network.outputs[0].shape
            if len(shape) != 4 or shape[0] != 1 or shape[3] not in CONVERTED or int(np.prod(out)) < 2:
                sys.exit(f"person_detection.py: {network.name} takes {shape} and answers {out}; this example is for a "
                         "picture of one or three channels and two answers")
            detect(camera, network, arguments.frames, print)
    except (OSError, ValueError) as error:
        sys.exit(f"person_detection.py: {error}")


if __name__ == "__main__":
    main()
