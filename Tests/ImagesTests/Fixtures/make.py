"""Makes the pictures of this directory, and expected.json: what Pillow, torchvision and open_clip make of them.

Needs pillow 13, numpy, torchvision, open_clip_torch, libturbojpeg.so.0 and cjpeg. Run it in this directory.
"""
import ctypes, io, json, math, struct, subprocess, zlib
import numpy as np
from PIL import Image, ImageOps
import torchvision.transforms as T
from torchvision.transforms import functional as F
from open_clip.transform import image_transform

random = np.random.default_rng(2021)
BICUBIC = T.InterpolationMode.BICUBIC


def digest(array):
    """FNV-1a, 64 bits, of an array's bytes."""
    value = 0xCBF29CE484222325
    for byte in np.ascontiguousarray(array, np.uint8).tobytes():
        value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return f"{value:016x}"


def content(width, height, channels):
    """Waves of all frequencies with a little noise, so that rounding and clipping both happen."""
    y, x = np.mgrid[:height, :width]
    planes = [128 + 100 * np.sin(x * x / (30 + 9 * i)) + 60 * np.cos(y * (i + 2) / 5) for i in range(channels)]
    return np.clip(np.stack(planes, -1) + random.normal(0, 6, (height, width, channels)), 0, 255).astype(np.uint8)


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def chunk(label, data):
    return struct.pack(">I", len(data)) + label + data + struct.pack(">I", zlib.crc32(label + data))


def png(samples, depth, kind, interlaced=False, extra=b""):
    """A PNG file of any kind, depth and interlacing; Pillow writes only some."""
    def packed(row):
        if depth == 16:
            return row.astype(">u2").tobytes()
        bits = row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1) & 1
        return np.packbits(bits.astype(np.uint8)).tobytes()

    adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, dx, dy in adam7 if interlaced else [(0, 0, 1, 1)]:
        rows += b"".join(b"\0" + packed(row) for row in samples[y::dy, x::dx] if row.size)
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


def turbo(array, form, subsampling):
    """libjpeg-turbo's own encoder, which writes YCCK."""
    library = ctypes.CDLL("libturbojpeg.so.0")
    library.tjInitCompress.restype = ctypes.c_void_p
    file, count = ctypes.c_void_p(), ctypes.c_ulong()
    array = np.ascontiguousarray(array)
    assert 0 == library.tjCompress2(
        ctypes.c_void_p(library.tjInitCompress()), array.ctypes.data_as(ctypes.c_void_p), array.shape[1], 0,
        array.shape[0], form, ctypes.byref(file), ctypes.byref(count), subsampling, 85, 0)
    return ctypes.string_at(file.value, count.value)


def without_adobe(file):
    label = file.find(b"Adobe")
    return file[:label - 4] + file[label - 2 + struct.unpack(">H", file[label - 2:label])[0]:]


files = {}
WIDTH, HEIGHT = 37, 29
rgb, rgba = content(WIDTH, HEIGHT, 3), content(WIDTH, HEIGHT, 4)
photo, clear = Image.fromarray(rgb), Image.fromarray(rgba)
gray = Image.fromarray(rgb[..., 0])
cmyk = Image.merge("CMYK", clear.split())
for name, subsampling in (("444", "4:4:4"), ("422", "4:2:2"), ("420", "4:2:0")):
    files[f"{name}.jpg"] = encoded(photo, "JPEG", quality=85, subsampling=subsampling)
    files[f"{name}-progressive.jpg"] = encoded(photo, "JPEG", quality=85, subsampling=subsampling, progressive=True)
for name, subsampling in (("422", "4:2:2"), ("420", "4:2:0")):
    files[f"{name}-restarts.jpg"] = encoded(photo, "JPEG", quality=85, subsampling=subsampling, restart_marker_blocks=2)
for name, options in (("440", ["-sample", "1x2"]), ("odd-sampling", ["-sample", "2x2,2x1,1x2"]),
                      ("410", ["-sample", "4x2"]), ("sampling-2x4", ["-sample", "2x4"]),
                      ("sampling-4-2-1", ["-sample", "4x1,2x1,1x1"]),
                      ("arithmetic", ["-arithmetic"])):
    cjpeg = subprocess.run(["cjpeg", *options], input=encoded(photo, "PPM"), capture_output=True, check=True)
    files[f"{name}.jpg"] = cjpeg.stdout
files["gray.jpg"] = encoded(gray, "JPEG")
files["cmyk.jpg"] = encoded(cmyk, "JPEG")
files["cmyk-without-adobe.jpg"] = without_adobe(files["cmyk.jpg"])
files["ycck.jpg"] = turbo(rgba, 11, 2)
files["rgb-stored.jpg"] = encoded(photo, "JPEG", keep_rgb=True)
files["a-png.jpg"] = encoded(photo, "PNG")
KINDS = ((0, "gray", 1, (1, 2, 4, 8, 16)), (2, "rgb", 3, (8, 16)), (3, "palette", 1, (1, 2, 4, 8)),
         (4, "gray-alpha", 2, (8, 16)), (6, "rgba", 4, (8, 16)))
for kind, label, channels, depths in KINDS:
    for depth in depths:
        # Most 16-bit gray clips; some must not.
        samples = random.integers(0, 400 if (kind, depth) == (0, 16) else 1 << depth, (HEIGHT, WIDTH, channels))
        samples[:4] = 0
        colors = random.integers(0, 256, 3 * ((1 << depth) - (depth > 1))).astype(np.uint8)  # one index has no color
        extra = chunk(b"gAMA", struct.pack(">I", 45455))
        extra += chunk(b"PLTE", colors.tobytes()) if kind == 3 else b""
        files[f"{label}-{depth}.png"] = png(samples, depth, kind, False, extra)
        if depth in (4, 8):
            files[f"{label}-{depth}-interlaced.png"] = png(samples, depth, kind, True, extra)
        if kind == 3:
            alphas = random.integers(0, 256, min(5, len(colors) // 3)).astype(np.uint8)
            key = alphas.tobytes()
        if kind in (0, 2) and depth <= 8:
            key = bytes(2 * channels)  # black
        if kind == 3 or kind in (0, 2) and depth <= 8:
            files[f"{label}-{depth}-transparent.png"] = png(
                samples, depth, kind, False, extra + chunk(b"tRNS", key))
files["lossy.webp"] = encoded(photo, "WEBP", quality=70)
files["lossy-alpha.webp"] = encoded(clear, "WEBP", quality=70)
files["lossless.webp"] = encoded(photo, "WEBP", lossless=True)
files["lossless-alpha.webp"] = encoded(clear, "WEBP", lossless=True, exact=True)
files["animated.webp"] = encoded(clear, "WEBP", save_all=True, append_images=[Image.fromarray(rgba[::-1])], quality=50)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "held somehow", orientation
    files[f"orientation-{orientation}.jpg"] = encoded(photo.crop((0, 0, 16, 9)), "JPEG", exif=exif)
little = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
files["orientation-6-little-endian.jpg"] = encoded(photo.crop((0, 0, 16, 9)), "JPEG", exif=little)
files["orientation-8.png"] = encoded(photo.crop((0, 0, 16, 9)), "PNG", exif=exif)
files["orientation-8.webp"] = encoded(photo.crop((0, 0, 16, 9)), "WEBP", exif=exif, lossless=True)

pictures = []
for name, data in files.items():
    open(name, "wb").write(data)
    image = Image.open(name)
    case = dict(file=name, width=image.width, height=image.height, format=image.format,
                digest=digest(image.convert("RGB")))
    case["upright"] = digest(ImageOps.exif_transpose(image).convert("RGB"))
    # Pillow compares 16-bit gray with its transparent color wrongly, so such a file is not among these.
    if not (image.mode in ("I;16", "CMYK")):
        behind = Image.new("RGBA", image.size, (200, 30, 117, 255))
        behind.alpha_composite(image.convert("RGBA"))
        case["onBackground"] = digest(behind.convert("RGB"))
    pictures.append(case)

big = Image.fromarray(content(97, 61, 3))
big.save("big.png")
tall = big.transpose(Image.Transpose.ROTATE_90)
sizes = [(97, 61), (48, 30), (31, 61), (97, 20), (96, 20), (200, 150), (1, 1), (13, 7), (98, 62), (224, 3), (70, 40),
         (87, 41), (87, 40), (87, 36)]  # around the height losing twice what the width loses
resized = [dict(width=w, height=h, digest=digest(big.resize((w, h), Image.BICUBIC))) for w, h in sizes]
centered = []
for turned in (False, True):
    image = tall if turned else big
    for pixels in (16, 32, 33, 61, 100):
        one = image_transform(pixels, is_train=False, mean=(0, 0, 0), std=(1, 1, 1))(image)
        two = T.CenterCrop(pixels)(T.Resize(pixels, interpolation=BICUBIC)(image))
        assert (np.array(two) == (one * 255).round().permute(1, 2, 0).numpy()).all()
        centered.append(dict(turned=turned, pixels=pixels, digest=digest(two)))


class SplitMix:
    """The generator the tests use."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        mask = (1 << 64) - 1
        self.state = self.state + 0x9E3779B97F4A7C15 & mask
        z = (self.state ^ self.state >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        return z ^ z >> 31

    def uniform(self, low, high):
        return low + (high - low) * ((self.next() >> 11) * 2.0**-53)

    def below(self, count):
        return self.next() * count >> 64


def random_part(width, height, scale, generator):
    """torchvision's RandomResizedCrop.get_params, drawing from `generator`; None where it falls back."""
    for _ in range(10):
        area = width * height * generator.uniform(*scale)
        shape = math.exp(generator.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < w <= width and 0 < h <= height:
            y, x = generator.below(height - h + 1), generator.below(width - w + 1)
            return y, x, h, w
    return None


def fallback(image):
    """What RandomResizedCrop does when no try fits: a scale of a thousand never does."""
    return T.RandomResizedCrop.get_params(image, [1000, 1000], [3 / 4, 4 / 3])


parts = []
for seed in range(6):
    for shape in ((97, 61), (61, 97), (97, 12), (12, 97)):
        image = big.crop((0, 0, *shape)) if shape[1] <= 61 else tall.crop((0, 0, *shape))
        for low in (0.08, 0.9):
            part = random_part(*shape, (low, 1), SplitMix(seed)) or fallback(image)
            cropped = F.resized_crop(image, *part, [32, 32], BICUBIC)
            parts.append(dict(seed=seed, width=shape[0], height=shape[1], low=low, part=part, digest=digest(cropped)))
encoding = [dict(quality=q, digest=digest(Image.open(io.BytesIO(encoded(big, "JPEG", quality=q))))) for q in (95, 80)]
json.dump(dict(pictures=pictures, resized=resized, centered=centered, parts=parts, encoding=encoding),
          open("expected.json", "w"), indent=1)
