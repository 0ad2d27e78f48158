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
    """What we make of webdataset's shards, several and compressed in other ways."""
    import gzip

    import webdataset
    import zstandard

    plain, zstd, gzipped = folder / "plain", folder / "zstd", folder / "gzip"
    for directory in plain, zstd, gzipped:
        directory.mkdir()
    with webdataset.ShardWriter(str(plain / "%05d.tar"), maxcount=7, verbose=0) as tars:
        for number, (name, (picture, caption)) in enumerate(zip(names, expected)):
            # img2dataset's layout, with a gap in the numbers for each picture it could not fetch.
            tars.write({"__key__": f"{3 * number:09d}", name.rsplit(".", 1)[1]: picture, "txt": caption,
                        "json": {"caption": caption, "status": "success"}})
    tars = sorted(plain.glob("*.tar"))
    for tar in tars:
        (zstd / f"{tar.name}.zst").write_bytes(zstandard.ZstdCompressor().compress(tar.read_bytes()))
        (gzipped / f"{tar.name}.gz").write_bytes(gzip.compress(tar.read_bytes()))
    for directory in plain, zstd, gzipped:
        with peers.check(f"shards: {len(tars)} tars by webdataset's writer, {directory.name}, pack"):
            assert len(tars) == 3, f"webdataset wrote {len(tars)} tars, expected 3"
            into = folder / f"{directory.name} packed"
            peers.clip("pack", directory, "--into", into)
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
