#!/usr/bin/env python3
"""The numbers that statistics_test.cpp expects, computed a second time from the papers' formulas, without the program.

betting: the list of eight wealths as plain products, no logarithms. interval: theorem 2 of Waudby-Smith and Ramdas with
whole arrays (the package confseq 0.0.11 starts its running mean at 0 instead of ½ and comes out within a thousandth).
ratio: the closed Dirichlet-multinomial form of Lindon and Malek. Run it and compare with the test by eye or by diff.
"""
import math


def uniform(count, seed=7):
    state, out = seed, []
    for _ in range(count):
        state = (1103515245 * state + 12345) % 2**31
        out.append(state / 2**31)
    return out


def betting(values, delta):
    wealth = [1.0] * 8
    for d in values:
        wealth = [w * (1 + f / (1 + delta) * (d - delta)) for w, f in zip(wealth, (.01, .02, .04, .08, .16, .32, .64, .90))]
    return sum(wealth) / 8


def cusum(values, base, delta):
    stakes = [0.0] * 8
    for x in values:
        stakes = [max(s, 1) * (1 + f / (1 + delta) * (base - delta - x))
                  for s, f in zip(stakes, (.01, .02, .04, .08, .16, .32, .64, .90))]
    return sum(stakes) / 8


def interval(x, alpha):
    mu = [(0.5 + sum(x[:i])) / (i + 1) for i in range(len(x) + 1)]
    var = [(0.25 + sum((x[j] - mu[j + 1]) ** 2 for j in range(i))) / (i + 1) for i in range(len(x) + 1)]
    lam = [min(0.5, math.sqrt(2 * math.log(2 / alpha) / (var[i] * (i + 1) * math.log(i + 2)))) for i in range(len(x))]
    low, high = 0.0, 1.0
    for n in range(1, len(x) + 1):
        total = sum(lam[:n])
        risk = sum((x[i] - mu[i]) ** 2 * (-math.log(1 - lam[i]) - lam[i]) for i in range(n))
        centre = sum(lam[i] * x[i] for i in range(n)) / total
        half = (math.log(2 / alpha) + risk) / total
        low, high = max(low, centre - half), min(high, centre + half)
    return low, high


def ratio(arms, share, concentration=100):
    n, k = len(arms), sum(arms)
    a, b = concentration * share, concentration * (1 - share)
    return (math.lgamma(a + b) - math.lgamma(a + b + n) + math.lgamma(a + k) - math.lgamma(a)
            + math.lgamma(b + n - k) - math.lgamma(b) - k * math.log(share) - (n - k) * math.log(1 - share))


def asymptotic(count, mean, deviation, alpha):
    rho = math.sqrt((-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / 1000)
    half = deviation * math.sqrt(2 * (count * rho**2 + 1) / (count**2 * rho**2) * math.log(math.sqrt(count * rho**2 + 1) / alpha))
    return mean - half, mean + half


if __name__ == "__main__":
    u = uniform(200)
    pairs = [a - b * 0.8 for a, b in zip(u[::2], u[1::2])]
    print("betting E", repr(betting(pairs, 0.02)))
    print("cusum", repr(cusum([0.7 * x for x in u], 0.6, 0.02)))
    print("interval", *map(repr, interval(u, 0.05)))
    print("ratio", repr(ratio([1 if x < 0.3 else 0 for x in u], 0.2)))
    print("asymptotic", *map(repr, asymptotic(250, 0.8, 0.4, 0.05)))
