# SPDX-License-Identifier: MIT
"""Curves as SVG, the same bytes for the same figures."""
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 52, 200, 34, 44
COLOURS = ("#555555", "#0072b2", "#d55e00", "#009e73")


def curves(title, rounds, lines):
    """@lines: (name, values of each round, and for a band around them the lowest and highest device's) each."""
    lowest = 0.05 * int(20 * min(min(low) for _, _, low, _ in lines))
    inner, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(number, value):
        return f"{LEFT + inner * number / max(rounds, 1):.1f},{TOP + tall * (1 - (value - lowest) / (1 - lowest)):.1f}"

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="14">{title}</text>']
    for tick in range(5):
        value = lowest + (1 - lowest) * tick / 4
        x, y = at(0, value).split(",")
        out += [f'<path d="M{x},{y}h{inner}" stroke="#dddddd"/>',
                f'<text x="{LEFT - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{100 * value:.0f} %</text>']
    for number in range(rounds + 1):
        out.append(f'<text x="{at(number, 0).split(",")[0]}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{number}</text>')
    out.append(f'<text x="{LEFT + inner / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">round</text>')
    for index, (name, values, low, high) in enumerate(lines):
        colour = COLOURS[index]
        band = [at(n, v) for n, v in enumerate(high)] + [at(n, low[n]) for n in reversed(range(len(low)))]
        out += [f'<polygon points="{" ".join(band)}" fill="{colour}" opacity="0.08"/>',
                f'<polyline points="{" ".join(at(n, v) for n, v in enumerate(values))}" fill="none" stroke="{colour}" '
                'stroke-width="2"/>',
                f'<text x="{WIDTH - RIGHT + 12}" y="{TOP + 16 + 20 * index}" fill="{colour}">{name}: '
                f'{100 * values[-1]:.1f} %</text>']
    return "\n".join([*out, "</svg>", ""])
