#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write mfcc.json: what TensorFlow makes of a sound; needs TensorFlow. examples/python/mfcc.py has to agree."""
import json
import os

import numpy as np


def sound():
    """A rising tone that swells and fades, and a hum."""
    t = np.arange(16000) / 16000
    return np.rint(8000 * np.sin(2 * np.pi * (200 + 1500 * t) * t) * np.sin(np.pi * t) ** 2
                   + 60 * np.sin(2 * np.pi * 50 * t)).astype(np.int16)


def main():
    import tensorflow as tf  # pylint: disable=import-outside-toplevel

    signal = tf.cast(sound(), tf.float32)
    frames = tf.abs(tf.signal.stft(signal / tf.reduce_max(signal), frame_length=480, frame_step=320))
    bands = tf.matmul(frames, tf.signal.linear_to_mel_weight_matrix(40, 257, 16000, 20.0, 4000.0))
    features = tf.signal.mfccs_from_log_mel_spectrograms(tf.math.log(bands + 1e-6))[:, :10].numpy()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "mfcc.json"), "w", encoding="utf-8") as file:
        json.dump([[round(float(value), 4) for value in row] for row in features], file)
        file.write("\n")


if __name__ == "__main__":
    main()
