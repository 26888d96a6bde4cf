#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which word is said in a WAV file: keyword_spotting.py MODEL.tflite FILE.wav... [--device NAME]

For networks on the features of mfcc.py, such as MLPerf Tiny's kws_ref_model. Needs the module of
userspace/python. The loudest second of a longer file is listened to.
"""
import argparse
import sys
import wave

import numpy as np

import dla
import mfcc

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "silence", "unknown")


def read(path):
    """Samples of a WAV file at the network's rate: channels averaged, other rates interpolated."""
    with wave.open(path) as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: samples of {8 * file.getsampwidth()} bits; 16 are needed")
        rate, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels).mean(axis=1)
    if rate == mfcc.RATE or len(samples) == 0:
        return samples
    at = np.arange(0, len(samples) / rate, 1 / mfcc.RATE)
    return np.interp(at, np.arange(len(samples)) / rate, samples)


def loudest(samples):
    """The second with the most energy."""
    if len(samples) <= mfcc.RATE:
        return samples
    energy = np.concatenate(([0.0], np.cumsum(samples.astype(np.float64) ** 2)))
    start = int(np.argmax(energy[mfcc.RATE:] - energy[:-mfcc.RATE]))
    return samples[start:start + mfcc.RATE]


def main():
    parser = argparse.ArgumentParser(description="Recognise a spoken word on an NVDLA.")
    parser.add_argument("model", help=".tflite file, or one that was compiled")
    parser.add_argument("sound", nargs="+", help="WAV file with samples of 16 bits")
    parser.add_argument("--device", default="auto", help="auto, npu, cpu, sim:nv_small, or a device node")
    arguments = parser.parse_args()

    try:
        with dla.Device(arguments.device) as device:
            network = device.load(arguments.model)
            info, out = network.inputs[0], network.outputs[0]
            if int(np.prod(info.shape)) != 49 * mfcc.COEFFICIENTS or int(np.prod(out.shape)) != len(WORDS):
                sys.exit(f"keyword_spotting.py: {network.name} takes {info.shape} and answers {out.shape}; this "
                         f"example is for 49 x {mfcc.COEFFICIENTS} features and {len(WORDS)} words")
            request = network.request()
            for path in arguments.sound:
                request.inputs[0][:] = info.quantise(mfcc.features(loudest(read(path)))).reshape(info.shape)
                request.run()
                scores = out.dequantise(request.outputs[0]).ravel()
                best = int(scores.argmax())
                print(f"{path}: {WORDS[best]} ({scores[best]:.2f})")
    except (OSError, ValueError, EOFError, wave.Error) as error:
        sys.exit(f"keyword_spotting.py: {error}")


if __name__ == "__main__":
    main()
