"""Whether zstd, tar, webdataset and zstandard read what `clip pack` wrote, and `clip pack` what webdataset wrote.

    python Tests/Peers/shards.py
"""
import io
import subprocess
import tarfile

import peers
from inputs import CAPTIONS, write_captioned


def read_by_webdataset(url):
    """Pictures and captions of a shard, in its order."""
    import webdataset

    samples = []
    for sample in webdataset.WebDataset(str(url), shardshuffle=False):
        (picture,) = [sample[suffix] for suffix in ("jpg", "png", "webp") if suffix in sample]
        samples.append((picture, sample["txt"].decode()))
    return samples


def check_reading(directory, expected):
    """What other programs make of our shards."""
    import zstandard

    shards = sorted(directory.glob("*.tar.zst"))
    with peers.check("shards: zstd finds them sound"):
        assert len(shards) == 3, f"found {len(shards)} shards of at most 9 of 20 samples, expected 3"
        peers.command("zstd", "-t", "-q", *shards)
    with peers.check("shards: tar lists them"):
        names = [name for shard in shards for name in peers.command("tar", "--zstd", "-tf", shard).split()]
        suffixes = sorted(name.rsplit(".", 1)[1] for name in names)
        assert suffixes == ["jpg"] * 8 + ["png"] * 4 + ["txt"] * 20 + ["webp"] * 8, f"found {names}"
    with peers.check("shards: webdataset reads them through a pipe"):
        found = [sample for shard in shards for sample in read_by_webdataset(f"pipe:zstd -dc {shard}")]
        assert found == expected, f"found {len(found)} samples, which are not the {len(expected)} packed ones"
    with peers.check("shards: python's zstandard and tarfile read them"):
        contents = {}
        for shard in shards:
            with zstandard.open(shard, "rb") as stream:
                # zstandard stops behind a frame unless it is told that more come.
                raw = zstandard.ZstdDecompressor().stream_reader(shard.read_bytes(), read_across_frames=True).read()
                assert raw.startswith(stream.read(512))
            assert raw == subprocess.run(["zstd", "-dc", shard], capture_output=True, check=True).stdout
            with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
                contents |= {member.name: tar.extractfile(member).read() for member in tar}
        pictures = [bytes for name, bytes in contents.items() if not name.endswith(".txt")]
        assert pictures == [picture for picture, _ in expected]
    with peers.check("shards: frames state their size and carry a checksum"):
        for shard in shards:
            frame = zstandard.get_frame_parameters(shard.read_bytes())
            assert frame.has_checksum, f"{shard.name} has no checksum"
            assert frame.content_size not in (0, zstandard.CONTENTSIZE_UNKNOWN), f"{shard.name} states no size"


def check_packing(folder, expected, names):
    """What we make of webdataset's shards."""
    import webdataset
    import zstandard

    plain, packed = folder / "webdataset.tar", folder / "webdataset.tar.zst"
    with webdataset.TarWriter(str(plain)) as tar:
        for number, (name, (picture, caption)) in enumerate(zip(names, expected)):
            tar.write({"__key__": f"{number:09d}", name.rsplit(".", 1)[1]: picture, "txt": caption,
                       "json": {"caption": caption, "status": "success"}})
    packed.write_bytes(zstandard.ZstdCompressor().compress(plain.read_bytes()))
    for path in plain, packed:
        with peers.check(f"shards: {path.name} by webdataset's writer packs"):
            into = folder / f"{path.name} packed"
            peers.clip("pack", path, "--into", into)
            peers.clip("verify", into)
            found = [sample for shard in sorted(into.glob("*.zst")) for sample in
                     read_by_webdataset(f"pipe:zstd -dc '{shard}'")]
            assert found == expected, f"found {len(found)} samples, which are not the {len(expected)} written ones"


def main(folder):
    paths = write_captioned(folder / "pictures")
    expected = [(path.read_bytes(), caption) for path, caption in zip(paths, CAPTIONS)]
    peers.clip("pack", folder / "pictures", "--into", folder / "shards", "--samples-per-shard", 9)
    check_reading(folder / "shards", expected)
    check_packing(folder, expected, [path.name for path in paths])


if __name__ == "__main__":
    peers.run(main)
