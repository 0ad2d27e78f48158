"""Makes pictures like those of the data sets CLIP is trained on: pieces of photographs, about 500 pixels, JPEG.

    python Tests/Peers/photographs.py FOLDER [COUNT]

The photographs are those of Debian's mate-backgrounds and plasma-workspace-wallpapers. Their packages are fetched with
`apt-get download` into ~/.cache/swift-clip-photographs and unpacked there; nothing is installed. Which piece is cut where
is drawn from a seed: the same versions of the packages and of Pillow make the same files.
"""
import io
import os
import pathlib
import subprocess
import sys

import numpy
from PIL import Image

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "swift-clip-photographs"
PACKAGES = ["mate-backgrounds", "plasma-workspace-wallpapers"]
# Photographs among them; the rest is drawn.
NAMES = ["nature/*.jpg", "Autumn/*", "BytheWater/*", "ColdRipple/*", "ColorfulCups/*", "EveningGlow/*", "FallenLeaf/*",
         "Kite/*", "OneStandsOut/*", "Path/*", "summer_1am/*"]


def photographs():
    """Paths of the photographs, sorted."""
    files = CACHE / "files"
    if not files.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = CACHE / "files.part"
        for package in PACKAGES:
            subprocess.run(["apt-get", "download", "--quiet", package], cwd=CACHE, check=True, capture_output=True)
            (archive,) = CACHE.glob(f"{package}_*.deb")
            subprocess.run(["dpkg-deb", "--extract", archive, part], check=True)
        part.rename(files)
    found = []
    for path in sorted(files.rglob("*.jpg")):
        is_listed = any(path.match(f"{name[:-1]}contents/images/*" if name.endswith("/*") else name) for name in NAMES)
        if is_listed and path.is_file() and not path.is_symlink():
            found.append(path)
    return found


def make(folder, count):
    """Writes `count` pictures of 500 × 375 or 375 × 500 pixels, quality 90, chroma halved, each with a caption."""
    folder.mkdir(parents=True)
    opened = [Image.open(path).convert("RGB") for path in photographs()]
    opened = [image for image in opened if min(image.size) >= 900]
    draw = numpy.random.default_rng(2021)
    made = 0
    while made < count:
        image = opened[int(draw.integers(len(opened)))]
        size = (500, 375) if draw.random() < 0.6 else (375, 500)
        # From pieces as they are to two and a half times smaller.
        scale = min(draw.uniform(1, 2.5), image.width / size[0], image.height / size[1])
        width, height = int(size[0] * scale), int(size[1] * scale)
        left, top = int(draw.integers(image.width - width + 1)), int(draw.integers(image.height - height + 1))
        piece = image.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))
        if draw.random() < 0.5:
            piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        file = io.BytesIO()
        piece.save(file, "JPEG", quality=90)
        # Sky without anything in it is no photograph anybody captions.
        if not 40_000 <= file.tell() <= 90_000:
            continue
        (folder / f"{made:06d}.jpg").write_bytes(file.getvalue())
        (folder / f"{made:06d}.txt").write_text(f"piece {made} of a photograph of the world outside, with a few words more\n")
        made += 1


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2000)
