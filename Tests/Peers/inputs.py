"""Pictures and captions the checks of this folder are made on."""
import numpy
from PIL import Image

MODEL_SIZE = 32


def margin(shape):
    """Pixels of a scaled picture's long side that are not in its middle.

    Of an odd one, open_clip (torchvision) rounds the half to even and Transformers down: what they see is one pixel
    apart where the margin is 3 modulo 4.
    """
    short, long = sorted(shape)
    return MODEL_SIZE * long // short - MODEL_SIZE


def draw_shapes(count):
    """Shapes as they fall, larger and smaller than the models here; each is compared with every peer. Half of them are
    close to square, as most pictures are. Fails unless portraits and landscapes have margins of every kind."""
    draw = numpy.random.default_rng(11)
    shapes = []
    for number in range(count):
        side = int(draw.integers(20, 400))
        other = int(side * draw.uniform(1, 1.6 if number % 2 else 4))
        shapes.append((side, other) if draw.random() < 0.5 else (other, side))
    kinds = {(margin(shape) % 4, shape[0] < shape[1]) for shape in shapes}
    assert len(kinds) == 8, f"margins modulo 4 and whether high: {sorted(kinds)}"
    return shapes


def make_pictures(folder):
    """Writes a picture for each caption, cut from two photographs, as JPEG, PNG and WebP; returns their paths."""
    from sklearn.datasets import load_sample_images

    photographs = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    folder.mkdir(parents=True)
    draw = numpy.random.default_rng(7)
    paths = []
    for number, shape in enumerate(draw_shapes(len(CAPTIONS))):
        photograph = photographs[number % 2]
        # A part of the photograph, of the wanted shape where it fits; it is scaled down to what is wanted if larger.
        scale = min(photograph.width / shape[0], photograph.height / shape[1], 1 + 3 * draw.random())
        width, height = max(1, int(shape[0] * scale)), max(1, int(shape[1] * scale))
        left = int(draw.integers(photograph.width - width + 1))
        top = int(draw.integers(photograph.height - height + 1))
        picture = photograph.crop((left, top, left + width, top + height)).resize(shape, Image.Resampling.LANCZOS)
        suffix, options = [
            ("jpg", {"quality": 90}), ("png", {}), ("webp", {"quality": 85}),
            ("jpg", {"quality": 75, "progressive": True, "subsampling": "4:4:4"}), ("webp", {"lossless": True}),
        ][number % 5]
        paths.append(folder / f"{number:02d}.{suffix}")
        picture.save(paths[-1], **options)
    return paths


# One for each picture. What open_clip repairs and Transformers' slow tokenizer leaves alone is not among them: see
# REPAIRABLE.
CAPTIONS = [
    "a temple by a lake",
    "a red dahlia, close up",
    "A Photo Of A FLOWER.",
    "two towers -- and a bridge!",
    "what's that? it's the emperor's garden; they'll've seen it",
    "100% silk, $3.50 (or 3,50 €)...",
    "  spaces   in \t odd  places ",
    "café, naïve, Ångström, ÉCOLE",
    "🌺",
    "a flower 🌺🌸 and a family 👨‍👩‍👧‍👦 under the flag 🇨🇳",
    "颐和园的宫殿",
    "赤いダリアの花",
    "붉은 꽃",
    "красный цветок",
    "κόκκινο λουλούδι",
    "زهرة حمراء",
    "लाल फूल",
    "snake_case, CamelCase, kebab-case & C++ #1 @home <b>bold</b> ~/tmp",
    "the quick brown fox jumps over the lazy dog while seventeen photographers wait for the light of the evening",
    "supercalifragilisticexpialidociousantidisestablishmentarianismpneumonoultramicroscopicsilicovolcanoconiosis" * 3,
]

# What the tokenizer.json we export has Transformers' fast tokenizer repair as open_clip does.
REPAIRABLE = [
    "salt &amp; pepper", "salt &amp;amp; pepper", "salt &amp;amp;amp;amp; pepper",
    "AT&ampT &AMP; co &#38; &#x26; &#038;",
    "1 &lt; 2 &gt; 0 &ltefoo", "&lt;b&gt;bold&lt;/b&gt;", "&amp;lt;br&amp;gt; &amp;eacute; <br>",
    "&quot;quoted&quot; &amp;quot;twice&amp;quot;",
    "it&#39;s, it&#039;s, it&#x27;s, it&apos;s and it&amp;#39;s",
    "it&rsquo;s &ldquo;odd&rdquo; &#8220;or&#8221; &#147;older&#148;",
    "two&nbsp;words&#160;and&#xA0;more&#32;of&#10;them&#13;",
    "caf&eacute; CAF&Eacute; CAF&EACUTE; &#233;t&#xe9; &#xC9;t&#201; &Aring;ngstr&ouml;m",
    "&copy; 2012 &copy 2013 &copy2014 &reg; &trade; &euro;5 &pound;3 20&deg; &frac12; 3&times;4",
    "a &ndash; b &mdash; c &hellip; &bull; &middot; &laquo;d&raquo; &#8211; &#150; &#x2013;",
    "http://a.b/?x=1&section=2&notify=3&copyright=4&order=5&current=6&notin",
    "&unknown; & &; &#; &#x; &amp", "&shy; &thinsp;&emsp;. &dagger; &Dagger; &#47; &sol; &lbrack;x&rbrack;",
    "ﬁsh, ﬂower, oﬀ, eﬃcient, baﬄe, ﬅ, ﬆ", "Ĳsland, ĳs, ŉ, Ǆ ǅ ǆ, Ǉ ǈ ǉ, Ǌ ǋ ǌ, Ǳ ǲ ǳ",
    "“curly” ‘quotes’, „low‟ ‚ones‛, itʼs",
    "ＦＵＬＬ　ｗｉｄｔｈ　１２３！？（），．：；＆～＂＇＜＞", "颐和园，的宫殿！", "ｶﾀｶﾅ ﾊﾟﾝ ｶﾞ, ﾡﾢ, ￥￡￠￣",
    "Windows\x92 caf\xe9 \x93quotes\x94 \x85 \x80",
    "\x1b[1;31mred\x1b[0m \ufeffmark\x00\x07 \ufffc", "line\u2028break\u3000space",
]


def write_captioned(folder):
    """Writes the pictures with their captions as `clip pack` reads them; returns the pictures' paths."""
    paths = make_pictures(folder)
    for path, caption in zip(paths, CAPTIONS, strict=True):
        path.with_suffix(".txt").write_text(caption)
    return paths
