"""Names of a town that does not exist: put together from syllables of our own, with the letters Finnish has."""

from __future__ import annotations

import numpy as np

FIRST = (
    "Aila Aimo Ailo Eeri Eino Elmi Enni Eppu Helmi Hilla Ilmo Ilona Inka Jaro Jutta Kaino Kirsi Lahja Lempi Lotta Maija"
    " Mauno Minttu Naimi Niilo Oili Onni Päivö Raili Rauni Reko Saima Sampo Siiri Sisko Säde Taimi Tapio Tuuli Ulpu"
    " Urho Vieno Viljo Väinö Ylermi Åke Åsa Örjan"
).split()
LAST_BEGIN = (
    "Aho Haapa Hirvi Honka Joki Kallio Kangas Kivi Koski Kuusi Lehto Mäki Niemi Ranta Saari Salo Suo Vaara".split()
)
LAST_END = "la lampi maa mäki nen niemi pelto puro ranta saari salmi vuori".split()
STREET_BEGIN = "Harju Kaisla Kanerva Koivu Lehmus Leppä Metsä Myrsky Niitty Pihlaja Purje Suvi Tuomi Vaahtera".split()
STREET_END = "katu kuja polku raitti tie".split()
CITIES = "Itäkylä Kaislaranta Kuuselanmäki Lintulampi Myrskyniemi Suvisaari Tuulensuu Vaahteramäki".split()
MAIL_DOMAINS = ("mail.example.com", "post.example.org", "inbox.example.net", "home.example.com")


def pick(rng: np.random.Generator, words: tuple[str, ...] | list[str], count: int) -> np.ndarray:
    """So many words, each drawn alike."""
    return np.asarray(words, dtype=object)[rng.integers(0, len(words), count)]


def plain(texts: np.ndarray) -> np.ndarray:
    """The words in the letters an address has: lowercase, without dots and rings."""
    unique, places = np.unique(texts.astype(str), return_inverse=True)
    table = str.maketrans("äöåÄÖÅ", "aoaAOA")
    return np.asarray([word.translate(table).lower() for word in unique], dtype=object)[places]


def joined(*parts: np.ndarray | str) -> np.ndarray:
    """Texts put together row by row."""
    arrays = [part for part in parts if not isinstance(part, str)]
    text = np.full(len(arrays[0]), "", dtype=object)
    for part in parts:
        # Words stay the words they are: as numpy's fixed-width text a town's columns take ten times their size.
        text = text + (part if isinstance(part, str) or part.dtype == object else part.astype(str).astype(object))
    return text
