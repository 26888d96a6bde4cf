# SPDX-License-Identifier: MIT
"""
Mel-frequency cepstral coefficients, as the keyword-spotting network of MLPerf Tiny was trained on: a second of
sound at 16 kHz, 49 frames of 30 ms every 20 ms, 40 mel bands from 20 to 4000 Hz, 10 coefficients.
"""
import numpy as np

RATE = 16000
FRAME, STEP, FFT = 480, 320, 512
BANDS, LOWEST, HIGHEST = 40, 20.0, 4000.0
COEFFICIENTS = 10


def mel(hertz):
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)


def mel_weights():
    """Triangles that are even on the mel scale; nothing of the mean."""
    bins = mel(np.linspace(0, RATE / 2, FFT // 2 + 1))[:, np.newaxis]
    edges = np.linspace(mel(LOWEST), mel(HIGHEST), BANDS + 2)
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rise, fall))
    weights[0] = 0
    return weights


def cosines():
    """The first rows of the orthonormal discrete cosine transform, the mean's without its factor of 1/sqrt 2."""
    k, n = np.arange(COEFFICIENTS), np.arange(BANDS)[:, np.newaxis]
    return np.cos(np.pi / BANDS * (n + 0.5) * k) * np.sqrt(2.0 / BANDS)


def features(samples):
    """49 x 10 coefficients of a second of sound: @samples are cut or filled up with silence."""
    sound = np.zeros(RATE)
    part = np.asarray(samples, np.float64)[:RATE]
    peak = part.max(initial=0)
    sound[:len(part)] = part / peak if peak > 0 else part
    starts = np.arange(0, RATE - FRAME + 1, STEP)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    frames = sound[starts[:, np.newaxis] + np.arange(FRAME)] * window
    bands = np.abs(np.fft.rfft(frames, FFT)) @ mel_weights()
    return (np.log(bands + 1e-6) @ cosines()).astype(np.float32)
