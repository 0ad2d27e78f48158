"""Whether what `clip export` writes loads in open_clip and Transformers and makes the same embeddings there.

    python Tests/Peers/exports.py

A model is trained for a few steps, once with CLIP's vocabulary and once with a learned one; pictures and captions are
then embedded by `clip embed` and by the peers, each with its own preprocessing and tokenizer as they come by default.
"""
import json

import models
import peers
from inputs import CAPTIONS, REPAIRABLE, margin, write_captioned

TOLERANCE = 1e-5
TEXTS = CAPTIONS + REPAIRABLE


def by_open_clip(directory, pictures):
    import open_clip

    name = f"local-dir:{directory}"
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    return models.open_clip_embeddings(model.eval(), preprocess, open_clip.get_tokenizer(name), pictures, TEXTS)


def by_transformers(directory, pictures):
    from transformers import CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizerFast

    processor = CLIPProcessor.from_pretrained(directory)
    # The image processor that resizes with Pillow, as we do; the fast one has a bicubic filter of its own.
    assert type(processor.image_processor) is CLIPImageProcessor, type(processor.image_processor)
    assert type(processor.tokenizer) is CLIPTokenizerFast, type(processor.tokenizer)
    return models.transformers_embeddings(CLIPModel.from_pretrained(directory).eval(), processor, pictures, TEXTS)


def compare_residual(weights, folder, pictures):
    """The same for a ModifiedResNet, which Transformers does not have."""
    ours = peers.embed(weights, folder, pictures, TEXTS)
    exported = folder / "residual open_clip"
    with peers.check("export, ModifiedResNet: open_clip embeds pictures and captions alike"):
        peers.clip("export", "--weights", weights, "--into", exported, "--format", "open_clip")
        images, texts = by_open_clip(exported, pictures)
        peers.expect_equal(ours["image_features"], images, TOLERANCE, [path.name for path in pictures])
        peers.expect_equal(ours["text_features"], texts, TOLERANCE, TEXTS)
    with peers.check("export, ModifiedResNet: the directory loads here"):
        again = peers.embed(exported, folder, pictures, TEXTS)
        for name in "image_features", "text_features":
            peers.expect_equal(again[name], ours[name], 0)


def compare(kind, weights, folder, pictures):
    """Exports a run for both peers, and compares what they make of an export with what we make of it and of the run."""
    from PIL import Image

    names = [path.name for path in pictures]
    ours = peers.embed(weights, folder, pictures, TEXTS)
    for format, embeddings in ("open_clip", by_open_clip), ("transformers", by_transformers):
        exported = folder / f"{kind} {format}"
        with peers.check(f"export, {kind}: {format} loads it"):
            peers.clip("export", "--weights", weights, "--into", exported, "--format", format)
            images, texts = embeddings(exported, pictures)
        if not exported.exists():
            continue
        with peers.check(f"export, {kind}: the {format} directory loads here"):
            again = peers.embed(exported, folder, pictures, TEXTS)
            peers.expect_equal(again["text_features"], ours["text_features"], 0, TEXTS)
            # A run's pictures are cut as open_clip's; an export's as those of the program it is for.
            same = [format == "open_clip" or margin(Image.open(path).size) % 4 != 3 for path in pictures]
            peers.expect_equal(again["image_features"][same], ours["image_features"][same], 0)
        with peers.check(f"export, {kind}: {format} embeds pictures as we do its directory"):
            peers.expect_equal(again["image_features"], images, TOLERANCE, names)
        with peers.check(f"export, {kind}: {format} embeds captions alike"):
            peers.expect_equal(ours["text_features"], texts, TOLERANCE, TEXTS)


def compare_tokens(directory):
    """Compares the ids of the exported tokenizers of Transformers with those open_clip's own gives."""
    from open_clip.tokenizer import SimpleTokenizer
    from transformers import AutoTokenizer

    theirs = SimpleTokenizer()
    for name, use_fast, texts in ("fast", True, TEXTS), ("slow", False, CAPTIONS):
        with peers.check(f"export: Transformers' {name} tokenizer gives {len(texts)} captions open_clip's tokens"):
            tokenizer = AutoTokenizer.from_pretrained(directory, use_fast=use_fast)
            other = [text for text in texts if tokenizer(text)["input_ids"][1:-1] != theirs.encode(text)]
            assert not other, f"{len(other)} captions get others: {', '.join(map(ascii, other))}"


def main(folder):
    pictures = write_captioned(folder / "pictures")
    peers.clip("pack", folder / "pictures", "--into", folder / "shards")
    vocabulary = folder / "vocabulary.txt"
    peers.clip("vocabulary", "learn", folder / "shards", "--size", 560, "--into", vocabulary)
    settings = ["globalBatch=20", "steps=5", "schedule.warmupSteps=1", "optimizer.learningRate=5e-3"]
    own = [f"vocabulary={vocabulary}", "model.text_cfg.vocab_size=560"]
    for kind, more in ("CLIP's vocabulary", []), ("learned vocabulary", own):
        run = folder / f"{kind} run"
        words = [word for setting in settings + more for word in ("--set", setting)]
        peers.clip("train", "--recipe", "tiny", "--data", folder / "shards", "--into", run, *words)
        compare(kind, run, folder, pictures)
    compare_tokens(folder / "CLIP's vocabulary transformers")
    tower = "model.vision_cfg=" + json.dumps({"image_size": 32, "layers": [1, 2, 1, 1], "width": 8, "head_width": 32})
    run = folder / "residual run"
    words = [word for setting in settings + [tower, "precision=fp32"] for word in ("--set", setting)]
    peers.clip("train", "--recipe", "tiny", "--data", folder / "shards", "--into", run, *words)
    compare_residual(run, folder, pictures)


if __name__ == "__main__":
    peers.run(main)
