"""What reading pictures for training takes of one core: `clip` beside Python's webdataset with Pillow and torchvision, and
beside MosaicML streaming with the same, on the same photographs, in turn.

    swift build -c release
    Tests/Peers/setup.sh
    ~/.cache/swift-clip-peers/bin/python Tests/Peers/data_speed.py [--pictures 2000] [--rounds 3]

A benchmark, not one of the checks. Everybody decodes, crops at random, scales to 224 pixels with a bicubic filter and
normalises; `clip` tokenises the caption as well. Two crops are measured: open_clip's, 0.9 to 1 of the area, and the paper's,
a square of the picture scaled by its shortest side. `clip` reads the same pictures, and shards packed with --resize; of
these the table tells how many bytes a picture has, and what packing costs: how far, on average, the samples that a model
is evaluated on lie from those of the original, in levels of 255.

Rates are by processor time (user and system), which others on the machine disturb less than they do the clock.

Installs mosaicml-streaming and what it imports into the environment of setup.sh (a few MB from PyPI, without clients of
clouds); fetches two packages of Debian with photographs (photographs.py, 140 MB); makes pictures and shards in a temporary
folder, 0.8 GB for 2,000.
"""
import argparse
import io
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import photographs

# Rounds to be thrown away: caches are cold.
WARMING = 1
# Arguments of `clip pack`; the first makes shards of the same pictures.
PACKINGS = ["", "--resize 256", "--resize 256 --quality 85", "--resize 224 --quality 90", "--resize 224 --quality 85"]


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
    """The processor time that `count` samples of an iterable take."""
    start = time.process_time()
    taken = sum(1 for _, _ in zip(range(count), samples))
    assert taken == count, f"{taken} samples, expected {count}"
    return time.process_time() - start


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


def square_transform(image_transform):
    """The paper's augmentation out of torchvision, normalised as open_clip does."""
    from torchvision import transforms

    normalize = image_transform(224, is_train=False).transforms[-1]
    return transforms.Compose([
        transforms.Resize(224, interpolation=transforms.InterpolationMode.BICUBIC), transforms.RandomCrop(224),
        transforms.ToTensor(), normalize])


def distance(folder, shards, pictures):
    """Levels between what models are evaluated on of the packed pictures and of the original ones, on average."""
    import numpy
    from PIL import Image
    from torchvision import transforms

    peers.clip("unpack", folder / shards, "--into", folder / "unpacked")
    frame = transforms.Compose([
        transforms.Resize(224, interpolation=transforms.InterpolationMode.BICUBIC), transforms.CenterCrop(224)])
    found = []
    for path in pictures:
        (packed,) = (folder / "unpacked").rglob(path.name)
        one, other = (numpy.asarray(frame(Image.open(file).convert("RGB")), float) for file in (path, packed))
        found.append(numpy.abs(one - other).mean())
    shutil.rmtree(folder / "unpacked")
    return statistics.mean(found)


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
    tars = write_webdataset(pictures, folder / "tars")
    write_streaming(streaming, pictures, folder / "mds")

    def by_webdataset(transform):
        samples = webdataset.WebDataset(tars, shardshuffle=False).decode("pilrgb").rename(image="jpg", text="txt")
        return seconds_of(samples.map_dict(image=transform).to_tuple("image", "text"), count) / count

    def by_streaming(transform):
        class Pictures(streaming.StreamingDataset):
            def __getitem__(self, index):
                sample = super().__getitem__(index)
                return transform(Image.open(io.BytesIO(sample["picture"])).convert("RGB")), sample["caption"]

        return seconds_of(iter(Pictures(local=str(folder / "mds"), batch_size=32)), count) / count

    def by_clip(shards, crop):
        text = peers.clip("benchmark", "data", "--data", folder / shards, "--recipe", "ViT-B-32", "--samples", count,
                          "--threads", 1, "--json", "--set", f"augmentation.crop={crop}")
        return json.loads(text)["processor_seconds_per_sample"]

    # For each way of packing its arguments, and what is told of its result.
    packed = {name: name.split() for name in PACKINGS}
    notes = {}
    for number, (name, arguments) in enumerate(packed.items()):
        peers.clip("pack", folder / "pictures", "--into", folder / f"packed{number}", *arguments)
        stored = sum(path.stat().st_size for path in (folder / f"packed{number}").glob("*.zst")) / count
        far = distance(folder, f"packed{number}", pictures[:200]) if arguments else 0
        notes[name] = f"{stored / 1000:.0f} KB, {far:.2f} levels" if arguments else f"{stored / 1000:.0f} KB"
    places = {name: f"packed{number}" for number, name in enumerate(packed)}
    # One core for all of it; what is started inherits it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    transforms = {"resized": image_transform(224, is_train=True), "square": square_transform(image_transform)}
    for crop, transform in transforms.items():
        ways = {
            "webdataset, Pillow, torchvision": lambda: by_webdataset(transform),
            "MosaicML streaming, Pillow, torchvision": lambda: by_streaming(transform),
        }
        for name, place in places.items():
            ways[f"clip, packed with {name}" if name else "clip, the same pictures"] = (
                lambda place=place: by_clip(place, crop))
        report(crop, ways, {f"clip, packed with {name}": note for name, note in notes.items()}, rounds)


def report(crop, ways, notes, rounds):
    """Runs each of the ways in turn, round after round, and prints a line for each."""
    seconds = {name: [] for name in ways}
    for number in range(WARMING + rounds):
        for name, way in ways.items():
            taken = way()
            if number >= WARMING:
                seconds[name].append(taken)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    python, mosaic = list(medians.values())[:2]
    title = f"crop {crop}; of one core, medians"
    print(f"{title:46}{'ms a sample':>12}{'range':>14}{'samples/s':>11}{'/ webdataset':>14}{'/ streaming':>13}")
    for name, median in medians.items():
        span = f"{1e3 * min(seconds[name]):.2f}–{1e3 * max(seconds[name]):.2f}"
        print(f"{name:46}{1e3 * median:12.2f}{span:>14}{1 / median:11.0f}{python / median:14.2f}{mosaic / median:13.2f}"
              f"  {notes.get(name, '')}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
