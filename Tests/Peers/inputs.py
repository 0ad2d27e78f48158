"""Pictures and captions the checks of this folder are made on."""
import numpy
from PIL import Image

# Shapes of the crops pictures are made of: portrait, landscape and square, smaller and larger than the 32 pixels of the
# models here.
#
# A scaled picture's long side may leave an odd number of pixels over its middle 32. Half of that is rounded to even by
# torchvision (open_clip) and down by Transformers, whose crops are then one pixel apart where the number over is 3
# modulo 4. `agree` says that a shape is none of those, so that one picture can be compared with both.
SHAPES = [
    (640, 420), (320, 240), (240, 320), (300, 300), (427, 333), (201, 420), (64, 64), (97, 135), (130, 80), (33, 50),
    (500, 100), (60, 400), (256, 192), (31, 29), (20, 28), (450, 300), (223, 317), (118, 77), (300, 225), (32, 32),
]
MODEL_SIZE = 32


def agree(shape):
    """Whether open_clip and Transformers cut the same middle out of a picture of this shape."""
    short, long = sorted(shape)
    return (MODEL_SIZE * long // short - MODEL_SIZE) % 4 != 3


def make_pictures(folder):
    """Writes twenty pictures cut from two photographs, as JPEG, PNG and WebP; returns their paths."""
    from sklearn.datasets import load_sample_images

    photographs = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    folder.mkdir(parents=True)
    draw = numpy.random.default_rng(7)
    paths = []
    for number, shape in enumerate(SHAPES):
        assert agree(shape), f"the peers differ on pictures of {shape}; choose another shape"
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


# One for each picture. What Transformers' fast tokenizer leaves alone and open_clip repairs (HTML entities, letters
# decoded as the wrong encoding) is not among them: there the peers differ.
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


def write_captioned(folder):
    """Writes the pictures with their captions as `clip pack` reads them; returns the pictures' paths."""
    paths = make_pictures(folder)
    for path, caption in zip(paths, CAPTIONS, strict=True):
        path.with_suffix(".txt").write_text(caption)
    return paths
