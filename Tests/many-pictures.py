"""Makes many small pictures with captions, and many queries: what README's figures of packing and balancing are of.

    python3 Tests/many-pictures.py FOLDER [PICTURES] [QUERIES]      200,000 and 500,000 if nothing is said

FOLDER/pictures/000000.png, .txt … of 32 × 32 pixels, and FOLDER/queries.txt.
"""
import pathlib
import random
import struct
import sys
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(draw, side=32):
    row = b"\0" + bytes(draw.getrandbits(8) if x % 8 == 0 else 128 for x in range(3 * side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * side, 1))
            + chunk(b"IEND", b""))


def main(folder, pictures=200_000, queries=500_000):
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 10))) for _ in range(60_000)]
    (folder / "pictures").mkdir(parents=True)
    for number in range(pictures):
        (folder / f"pictures/{number:06d}.png").write_bytes(png(draw))
        (folder / f"pictures/{number:06d}.txt").write_text(" ".join(draw.choices(words, k=11)))
    found = set(words)
    while len(found) < queries:
        found.add(" ".join(draw.choices(words, k=2)))
    (folder / "queries.txt").write_text("\n".join(sorted(found)) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:]))
