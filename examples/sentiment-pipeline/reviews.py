"""Reviews of a shop, made here from a seed: the title tells the sentiment seven times in ten, the text almost always."""

import random

import pandas

GOOD = ["excellent", "lovely", "sturdy", "perfect", "delightful", "reliable", "superb", "comfortable"]
BAD = ["broken", "awful", "flimsy", "useless", "noisy", "disappointing", "terrible", "leaking"]
THINGS = ["kettle", "lamp", "chair", "radio", "backpack", "blender", "keyboard", "tent"]


def word(chance, label, random_numbers):
    truthful = random_numbers.random() < chance
    return random_numbers.choice(GOOD if truthful == bool(label) else BAD)


def reviews(count, seed):
    numbers = random.Random(seed)
    rows = []
    for number in range(count):
        label, thing = numbers.randint(0, 1), numbers.choice(THINGS)
        words = [word(0.85, label, numbers) for _ in range(3)]
        rows.append({"id": number, "title": f"{word(0.7, label, numbers)} {thing}",
                     "text": f"The {thing} was {words[0]} and {words[1]}, in the end {words[2]}.", "label": label})
    return pandas.DataFrame(rows)


def split():
    """Training reviews, and those on which every version is evaluated."""
    return reviews(800, seed=1), reviews(400, seed=2)
