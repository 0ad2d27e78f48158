"""Makes the fixtures beside it with software that is not ours.

    python make-fixtures.py        needs: zstandard xxhash webdataset mosaicml-streaming

dataset/      two shards by tarfile, zstandard and struct, and an index.json: what our reader must read
wds.tar       webdataset's own writer, img2dataset's layout
gnu.tar       GNU long names
pax.tar       pax long names, and members that are no samples
frames.tar.zst  wds.tar in three zstd frames with skippable ones around them
wds.tar.gz    wds.tar in two gzip members
mds/          MosaicML streaming's own writer: three shards, pictures as bytes, two columns of text
mds-zstd/     the same without the second column of text, compressed

Prints the values the tests of SampleOrder and WeightedOrder expect, from a second implementation of their rules.
"""

import gzip, io, json, os, shutil, struct, tarfile
from fractions import Fraction

import streaming, webdataset, xxhash, zstandard

here = os.path.dirname(os.path.abspath(__file__))


def picture(number):
    """Bytes that stand for a picture: nothing that reads or writes shards looks into one."""
    state, out = number * 2654435761 % 2**32 or 1, bytearray(b"\x89PIC")
    for _ in range(300 + 17 * number):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return bytes(out)


def member(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o644
    tar.addfile(info, io.BytesIO(data))


def digest(data):
    return f"xxh64:{xxhash.xxh64_intdigest(data):016x}"


def frame_of(first, count):
    buffer = io.BytesIO()
    tar = tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT)
    for number in range(first, first + count):
        kind = ["jpg", "png", "webp"][number % 3]
        member(tar, f"a/{number:04d}.{kind}", picture(number))
        member(tar, f"a/{number:04d}.txt", f"caption {number} — größe 猫".encode())
        if number % 2:
            member(tar, f"a/{number:04d}.json", json.dumps({"n": number}).encode())
    return buffer.getvalue()[: tar.offset]


def dataset():
    directory = f"{here}/dataset"
    os.makedirs(directory, exist_ok=True)
    shards, first = [], 0
    for shard, samples in enumerate([11, 16]):
        compress = zstandard.ZstdCompressor(level=5, write_checksum=True, write_content_size=True).compress
        frames = []
        for start in range(0, samples, 8):
            frames.append(frame_of(first + start, min(8, samples - start)))
        frames[-1] += bytes(1024)
        first += samples
        body, entries = b"", b""
        for raw in frames:
            packed = compress(raw)
            entries += struct.pack("<III", len(packed), len(raw), xxhash.xxh64_intdigest(raw) & 0xFFFFFFFF)
            body += packed
        tail = struct.pack("<II", 0x184D2A5E, len(entries) + 9) + entries
        tail += struct.pack("<IBI", len(frames), 0x80, 0x8F92EAB1)
        name = f"shard-{shard:06d}.tar.zst"
        open(f"{directory}/{name}", "wb").write(body + tail)
        shards.append({
            "name": name, "bytes": len(body + tail), "raw_bytes": sum(map(len, frames)), "samples": samples,
            "frames": len(frames), "digest": digest(body + tail), "tail_digest": digest(tail),
        })  # fmt: skip
    keys = ["name", "bytes", "raw_bytes", "samples", "frames", "digest", "tail_digest"]
    lines = "".join(" ".join(str(shard[key]) for key in keys) + "\n" for shard in shards)
    index = {
        "format": "swift-clip-shards", "version": 1, "samples": first, "samples_per_frame": 8,
        "digest": digest(lines.encode()), "pictures": {"jpg": 9, "png": 9, "webp": 9}, "dropped": {"no_text": 2},
        "shards": shards,
    }  # fmt: skip
    json.dump(index, open(f"{directory}/index.json", "w"), indent=1)


def tars():
    with webdataset.TarWriter(f"{here}/wds.tar", mtime=0, user="u", group="g") as sink:
        for number in range(5):
            sink.write({
                "__key__": f"{number:09d}", "jpg": picture(number), "txt": f"caption {number}",
                "json": {"caption": f"caption {number}", "status": "success"},
            })  # fmt: skip
    for kind, form in ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT):
        with tarfile.open(f"{here}/{kind}.tar", "w", format=form) as tar:
            folder = tarfile.TarInfo("deep")
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
            for number in range(3):
                key = "deep/" + "long-" * 30 + f"größe{number}"
                member(tar, f"{key}.jpeg", picture(number))
                member(tar, f"{key}.txt", f"long {number}".encode())
                member(tar, f"{key}.cls", b"7")
            link = tarfile.TarInfo("link.jpg")
            link.type, link.linkname = tarfile.SYMTYPE, "x" * 120
            tar.addfile(link)
            member(tar, "._hidden.jpg", b"mac")
            member(tar, "last.png", picture(3))
            member(tar, "last.txt", b"last")
    tar = open(f"{here}/wds.tar", "rb").read()
    compress = zstandard.ZstdCompressor(level=3).compress
    skippable = struct.pack("<II", 0x184D2A50, 5) + b"skip!"
    cuts = [0, 1000, 7000, len(tar)]
    parts = [compress(tar[start:end]) for start, end in zip(cuts, cuts[1:])]
    open(f"{here}/frames.tar.zst", "wb").write(skippable + skippable.join(parts) + skippable)
    parts = [gzip.compress(tar[start:end], mtime=0) for start, end in ((0, 5000), (5000, len(tar)))]
    open(f"{here}/wds.tar.gz", "wb").write(b"".join(parts))


def mds():
    for name, columns, compression in (
        ("mds", {"id": "int", "text": "str", "image": "bytes", "url": "str"}, None),
        ("mds-zstd", {"id": "int", "text": "str", "image": "bytes"}, "zstd:3"),
    ):
        shutil.rmtree(f"{here}/{name}", ignore_errors=True)
        with streaming.MDSWriter(
            out=f"{here}/{name}", columns=columns, compression=compression, hashes=["xxh64"], size_limit=1500
        ) as writer:
            for number in range(7):
                sample = {"id": number, "text": f"caption {number}, größe 猫", "image": picture(number), "url": "u"}
                writer.write({column: sample[column] for column in columns})


MASK, GAMMA = 2**64 - 1, 0x9E3779B97F4A7C15


def mixed(x):
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def permuted(count, key, value):
    bits = max(2, (count - 1).bit_length())
    low_bits = bits // 2
    low_mask, high_mask = 2**low_bits - 1, 2 ** (bits - low_bits) - 1
    while True:
        low, high = value & low_mask, value >> low_bits
        for turn in range(8):
            if turn % 2 == 0:
                high ^= mixed(low + key + turn * GAMMA & MASK) >> 32 & high_mask
            else:
                low ^= mixed(high + key + turn * GAMMA & MASK) >> 32 & low_mask
        value = high << low_bits | low
        if value < count:
            return value


def order(sizes, seed, epoch, positions, window=2**18):
    key = mixed(mixed(seed + GAMMA & MASK) + epoch * GAMMA & MASK)
    shards = list(range(len(sizes)))
    for last in range(len(sizes) - 1, 0, -1):
        other = mixed(key + last & MASK) * (last + 1) >> 64
        shards[last], shards[other] = shards[other], shards[last]
    flat, windows, total = [], [0], sum(sizes)
    for shard in shards:
        if len(flat) - windows[-1] >= window and total - len(flat) >= window:
            windows.append(len(flat))
        first = sum(sizes[:shard])
        flat += range(first, first + sizes[shard])
    windows.append(total)
    out = []
    for position in positions:
        number = max(w for w in range(len(windows) - 1) if windows[w] <= position)
        start, end = windows[number : number + 2]
        out.append(flat[start + permuted(end - start, mixed(key ^ number + 1), position - start)])
    return out


def weighted(datasets, weights, seed, epochs):
    rates = [sum(sizes) * Fraction(weight) for sizes, weight in zip(datasets, weights)]
    out = []
    for epoch in range(epochs):
        draws = []
        for number, (sizes, rate) in enumerate(zip(datasets, rates)):
            first, end = int(epoch * rate), int((epoch + 1) * rate)
            own = mixed(seed + (number + 1) * GAMMA & MASK)
            for index in range(end - first):
                turn, place = divmod(first + index, sum(sizes))
                sample = sum(map(sum, datasets[:number])) + order(sizes, own, turn, [place])[0]
                draws.append((Fraction(2 * index + 1, end - first), number, sample))
        out += [sample for _, _, sample in sorted(draws)]
    return out


if __name__ == "__main__":
    dataset()
    tars()
    mds()
    print(order([5, 3, 9], 7, 0, range(17)))
    print(order([5, 3, 9], 7, 1, range(17)))
    print(order([9973] * 100 + [3003], 42, 3, [0, 1, 2, 262144, 500000, 1000302]))
    print(weighted([[5, 3], [9], [2]], ["0.6", "2", "1"], 7, 2))
