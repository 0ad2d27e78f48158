"""How fast one core reads pictures for training: `clip` beside Python's webdataset with Pillow and torchvision, and beside
MosaicML streaming with the same, on the same photographs, in turn.

    swift build -c release
    Tests/Peers/setup.sh
    ~/.cache/swift-clip-peers/bin/python Tests/Peers/data_speed.py [--pictures 2000] [--rounds 3]

A benchmark, not one of the checks. Everybody decodes, cuts a random part (open_clip's, 0.9 to 1 of the area), scales it to
224 pixels and normalises it; `clip` tokenises the caption as well. Installs mosaicml-streaming and what it imports into the
environment of setup.sh (a few MB from PyPI, without clients of clouds); fetches two packages of Debian with photographs
(photographs.py, 140 MB); makes pictures and shards in a temporary folder, 0.5 GB for 2,000.
"""
import argparse
import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import photographs

# Rounds to be thrown away: caches are cold.
WARMING = 1


def import_streaming():
    """MosaicML's module, installed when it is missing: with what it imports, but not the clients of clouds it names."""
    try:
        import streaming
    except ImportError:
        needed = ["mosaicml-streaming==0.13.0", "Brotli", "python-snappy", "cramjam", "zstd", "xxhash", "catalogue"]
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *needed], check=True)
        import streaming
    return streaming


def write_webdataset(pictures, folder):
    """Plain tars of 1,000 pictures, which webdataset reads fastest."""
    import webdataset

    folder.mkdir()
    with webdataset.ShardWriter(str(folder / "%06d.tar"), maxcount=1000, verbose=0) as tar:
        for path in pictures:
            tar.write({"__key__": path.stem, "jpg": path.read_bytes(), "txt": path.with_suffix(".txt").read_text()})
    return sorted(str(path) for path in folder.glob("*.tar"))


def write_streaming(streaming, pictures, folder):
    with streaming.MDSWriter(out=str(folder), columns={"picture": "bytes", "caption": "str"}) as writer:
        for path in pictures:
            writer.write({"picture": path.read_bytes(), "caption": path.with_suffix(".txt").read_text()})


def seconds_of(samples, count):
    """How long `count` samples of an iterable take."""
    start = time.perf_counter()
    taken = sum(1 for _, _ in zip(range(count), samples))
    assert taken == count, f"{taken} samples, expected {count}"
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not peers.PROGRAM.exists():
        sys.exit(f"{peers.PROGRAM} does not exist: run `swift build -c release` first")
    subprocess.run([peers.ROOT / "launch/vocabulary.sh"], check=True, stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="swift-clip-data.") as folder:
        compare(pathlib.Path(folder), options.pictures, options.rounds)


def compare(folder, count, rounds):
    import torch
    import webdataset
    from open_clip.transform import image_transform
    from PIL import Image

    streaming = import_streaming()
    torch.set_num_threads(1)
    photographs.make(folder / "pictures", count)
    pictures = sorted((folder / "pictures").glob("*.jpg"))
    size = sum(path.stat().st_size for path in pictures) / count
    print(f"{count} pictures of 500 pixels, {size / 1000:.0f} KB on average", flush=True)
    peers.clip("pack", folder / "pictures", "--into", folder / "packed")
    peers.clip("pack", folder / "pictures", "--into", folder / "resized", "--resize", 256)
    tars = write_webdataset(pictures, folder / "tars")
    write_streaming(streaming, pictures, folder / "mds")

    transform = image_transform(224, is_train=True)

    def by_webdataset():
        samples = webdataset.WebDataset(tars, shardshuffle=False).decode("pilrgb").rename(image="jpg", text="txt")
        return count / seconds_of(samples.map_dict(image=transform).to_tuple("image", "text"), count)

    def by_streaming():
        class Pictures(streaming.StreamingDataset):
            def __getitem__(self, index):
                sample = super().__getitem__(index)
                return transform(Image.open(io.BytesIO(sample["picture"])).convert("RGB")), sample["caption"]

        return count / seconds_of(iter(Pictures(local=str(folder / "mds"), batch_size=32)), count)

    def by_clip(shards):
        text = peers.clip("benchmark", "data", "--data", folder / shards, "--recipe", "ViT-B-32", "--samples", count,
                          "--threads", 1, "--json")
        return json.loads(text)["samples_per_second"]

    ways = {
        "webdataset, Pillow, torchvision": by_webdataset,
        "MosaicML streaming, Pillow, torchvision": by_streaming,
        "clip, the same pictures": lambda: by_clip("packed"),
        "clip, packed with --resize 256": lambda: by_clip("resized"),
    }
    # One core for all of it; what is started inherits it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rates = {name: [] for name in ways}
    for number in range(WARMING + rounds):
        for name, way in ways.items():
            rate = way()
            if number >= WARMING:
                rates[name].append(rate)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    python, mosaic = list(medians.values())[:2]
    print(f"{'samples a second on one core, medians':42}{'median':>8}{'range':>14}{'/ webdataset':>14}{'/ streaming':>13}")
    for name, median in medians.items():
        span = f"{min(rates[name]):.0f}–{max(rates[name]):.0f}"
        print(f"{name:42}{median:8.0f}{span:>14}{median / python:14.2f}{median / mosaic:13.2f}")


if __name__ == "__main__":
    main()
