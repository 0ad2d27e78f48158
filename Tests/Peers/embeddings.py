"""Whether `clip embed --data` writes what open_clip computes, in files that NumPy and safetensors read.

    python Tests/Peers/embeddings.py

Shards are packed of pictures in all formats and many sizes, some with several captions, of which the first counts. Rows
must be open_clip's, in the order of the samples, on one rank and on three.
"""
import io
import json

import models
import peers
from evaluation import MODEL, image_features, make_pictures

TOLERANCE = 1e-5


def make_shards(folder, pictures):
    """Packs pictures, each with one to three captions, in shards of 20; returns the first captions."""
    inputs = folder / "inputs"
    inputs.mkdir()
    captions = []
    for number, path in enumerate(pictures):
        own = [f"{path.parent.name}, picture {number} of many", f"the same as {number}", "another"][:number % 3 + 1]
        captions.append(own[0])
        (inputs / f"{number:03d}{path.suffix}").write_bytes(path.read_bytes())
        (inputs / f"{number:03d}.json").write_text(json.dumps({"captions": own}))
    peers.clip("pack", inputs, "--into", folder / "shards", "--samples-per-shard", 20)
    return captions


def compare_files(weights, folder, images, texts):
    import numpy
    from safetensors import safe_open
    from safetensors.torch import load_file

    for ranks in 1, 3:
        with peers.check(f"embeddings of shards, ranks: {ranks}: safetensors reads open_clip's"):
            into = folder / f"index-{ranks}.safetensors"
            peers.clip("embed", "--weights", weights, "--data", folder / "shards", "--captions", "--part-samples", 64,
                       "--into", into, ranks=ranks)
            found = load_file(into)
            assert set(found) == {"image_features", "text_features"}, set(found)
            peers.expect_equal(found["image_features"], images, TOLERANCE)
            peers.expect_equal(found["text_features"], texts, TOLERANCE)
            with safe_open(into, "pt") as file:
                metadata = file.metadata()
            assert metadata["samples"] == str(len(images)) and metadata["undecodable"] == "0", metadata
        with peers.check(f"embeddings of shards, ranks: {ranks}: NumPy reads the same, mapped or not"):
            rows = folder / f"rows-{ranks}.npy"
            peers.clip("embed", "--weights", weights, "--data", folder / "shards", "--into", rows, ranks=ranks)
            for mode in None, "r":
                array = numpy.load(rows, mmap_mode=mode, allow_pickle=False)
                assert array.dtype == numpy.dtype("<f4") and array.flags.c_contiguous, array.dtype
                assert numpy.array_equal(array, found["image_features"].numpy())
            # As NumPy itself would have written it.
            written = io.BytesIO()
            numpy.save(written, numpy.load(rows))
            assert written.getvalue() == rows.read_bytes(), "other bytes than numpy.save writes"


def main(folder):
    import torch
    from open_clip import get_tokenizer

    model = models.stir(models.draw_open_clip(MODEL, seed=6))
    weights = folder / "model"
    models.save_open_clip(model, MODEL, weights)
    pictures = make_pictures(folder / "folders")
    captions = make_shards(folder, pictures)
    images = image_features(model, pictures)
    with torch.inference_mode():
        texts = model.encode_text(get_tokenizer("ViT-B-32")(captions), normalize=True)
    assert len(pictures) > 64, "a part"
    compare_files(weights, folder, images, texts)


if __name__ == "__main__":
    peers.run(main)
