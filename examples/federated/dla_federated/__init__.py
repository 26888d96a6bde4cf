# SPDX-License-Identifier: MIT
"""A Flower App: devices train the last layer of a network on what they saw, a server averages what they learned."""
