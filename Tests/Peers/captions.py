"""Whether captions become the same tokens as in open_clip.

    python Tests/Peers/captions.py

Several hundred odd captions are embedded by `clip embed` and by open_clip, with a text tower that lets no difference of
tokens pass. (What single functions of the tokenizer do, the tests in Tests/CaptionsTests say.)
"""
import random

import models
import peers
from imports import CONFIGURATION

TOLERANCE = 1e-5

# What captions on the web are made of: each piece is a caption of its own, and thrown together with others.
PIECES = """
a photo|OF|Two Dogs|don't|we'll've|IT'S|'S|''|rock'n'roll|x's|"quoted"|“curly” ‘quotes’|dash–dash—dash|ellipsis…|a.b.c|
1|12|3.14|1,000,000|½|²|①|Ⅷ|٣|१२|#1|@name|
http://a.b/c?d=e&f=g|C++|a+b=c|a_b|__init__|/path/to|\\|^|~|`|§|€5|£|¥|%|50%|
é|é|Å|ñ|ß|ẞ|İ|ı|ﬁ|ﬀ|Ω|µ|Σίσυφος|ΌΣΟΣ|Привет|ПРИВЕТ|שלום|مرحبا|नमस्ते|สวัสดี|ខ្មែរ|ქართული|Հայերեն|አማርኛ|ᚠᚢ|
中文|日本語のテキスト|カタカナ|ｶﾀｶﾅ|ＦＵＬＬ　ＷＩＤＴＨ|한국어|𠮷野家|𝔘𝔫𝔦𝔠𝔬𝔡𝔢|🙂|👍🏽|👩‍🚀|🇩🇪|❤️|❤|☃|♀️|#️⃣|🏴‍☠️|
&amp;|&lt;b&gt;|&amp;amp;|&eacute;t&eacute;|&#233;|&#x1F600;|&nbsp;|&copy|&unknown;|&|&;|<br>|<end_of_text>|<start_of_text>|
<|endoftext|>|[SEP]|schÃ¶n|itâ€™s|naÃ¯ve|â€œquotedâ€|Ã©tÃ©|Ð¿Ñ€Ð¸Ð²ÐµÑ‚|ä½ å¥½|
"""
SINGLES = [
    "", " ", "\t", " leading", "trailing ", "a  b", "a\tb", "a\xa0b", "a\u3000b", "a\u200bb", "a\xadb", "a\ufeffb",
    "\ufeffa", "a\u200db", "a\u2028b", "a\x00b", "a\x07b", "a\x7fb", "a\x85b", "\x1b[31mred\x1b[0m", "\ufffd", "\ue000",
    "\ufffe", "a\vb", "a\fb", "a\x1cb",
    "e\u0301\u0302\u0303", "\u0301", "a" * 500, "ab " * 100, "😀" * 40, "漢" * 90, "." * 300, "1" * 100, "'" * 99,
    "ü" * 70, "word " * 74 + "end", "word " * 75 + "end", "word " * 76 + "end",
]


def captions():
    pieces = [piece for piece in PIECES.replace("\n", "").split("|") if piece]
    throw = random.Random(5)
    mixed = [throw.choice(["", " ", " ", ", "]).join(throw.sample(pieces, throw.randint(2, 8))) for _ in range(250)]
    # One letter of every block of 64 code points in the basic plane and in the emoji, surrogates left out.
    codes = [code for code in [*range(33, 0x10000, 64), *range(0x1F300, 0x1FB00, 64)] if not 0xD800 <= code < 0xE000]
    letters = ["x" + "".join(map(chr, codes[start:start + 5])) for start in range(0, len(codes), 5)]
    return SINGLES + pieces + mixed + letters


def main(folder):
    import torch
    from open_clip import SimpleTokenizer

    # No tokenizer is saved with the weights: both programs take CLIP's, each its own.
    model = models.stir(models.draw_open_clip(CONFIGURATION, seed=4))
    saved = folder / "model"
    models.save_open_clip(model, CONFIGURATION, saved)
    texts = captions()
    tokens = SimpleTokenizer()(texts)
    with torch.inference_mode():
        theirs = model.encode_text(tokens, normalize=True)
    ours = peers.embed(saved, folder, texts=texts)["text_features"]
    with peers.check("captions: the text tower tells captions apart"):
        # Behind the first end token, the one with the largest number, nothing is read.
        is_end = tokens == tokens.max()
        tokens = tokens.masked_fill(is_end.cumsum(1) > is_end.int(), 0)
        different, indices = tokens.unique(dim=0, return_inverse=True)
        one_each = [int((indices == number).nonzero()[0]) for number in range(len(different))]
        distances = torch.pdist(theirs[one_each], p=float("inf"))
        assert float(distances.min()) > 100 * TOLERANCE, f"two captions are {float(distances.min()):.2g} apart"
    with peers.check(f"captions: {len(texts)} of them become the same tokens as in open_clip"):
        peers.expect_equal(ours, theirs, TOLERANCE, [ascii(text) for text in texts])
    with peers.check("captions: lines may end as on Windows"):
        few = texts[-20:]
        again = peers.embed(saved, folder, texts=few, line_break="\r\n")["text_features"]
        peers.expect_equal(again, ours[-20:], TOLERANCE, [ascii(text) for text in few])


if __name__ == "__main__":
    peers.run(main)
