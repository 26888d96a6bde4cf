#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""camera_frames.py MODEL NODE N: are frames that a network reads where they lie answered as copies of them are?"""
import sys

import numpy as np

import dla
import person_detection
import v4l2

with dla.Device(sys.argv[2]) as device, v4l2.Camera("/dev/video0") as camera:
    network, count, same, answers = device.load(sys.argv[1]), int(sys.argv[3]), 0, set()
    layout = person_detection.direct(camera, network)
    camera.start(4)
    bound, copied = [network.request() for _ in camera.frames], network.request()
    for frame, request in zip(camera.frames, bound):
        request.bind_input(0, frame.fd, layout=layout)
    for _ in range(count):
        frame = camera.next()
        request = bound[frame.index]
        request.run()
        copied.inputs[0][0] = np.frombuffer(frame.memory, np.uint8, copied.inputs[0].size).reshape(copied.inputs[0].shape[1:])
        copied.run()
        camera.give_back(frame)
        same += np.array_equal(request.outputs[0], copied.outputs[0])
        answers.add(request.outputs[0].tobytes())
    print(f"{layout}: {same} of {count} the same, {len(answers)} different answers; {request.info.conversions} conversions, "
          f"{copied.info.conversions} with a copy")
