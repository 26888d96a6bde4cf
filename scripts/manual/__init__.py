# SPDX-License-Identifier: MIT
"""What the manual pages, the shell's completion and the manual's reference are made of."""
