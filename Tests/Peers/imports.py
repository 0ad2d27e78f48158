"""Whether models that open_clip and Transformers saved load here and make the same embeddings.

    python Tests/Peers/imports.py

The peers draw the weights and save them with their own functions, with both kinds of GELU; `clip embed` reads what they
saved.
"""
import json

import models
import peers
from inputs import CAPTIONS, make_pictures

TOLERANCE = 1e-5
GELUS = {"quick GELU": True, "exact GELU": False}
CONFIGURATION = {
    "embed_dim": 40,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 3, "width": 96, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 48, "heads": 4, "layers": 2},
}


def write_vocabulary(folder):
    """Writes CLIP's vocabulary, taken from open_clip, as the files Transformers keeps one in."""
    from open_clip.tokenizer import SimpleTokenizer

    theirs = SimpleTokenizer()
    folder.mkdir()
    marks = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    ids = {marks.get(token, token): number for token, number in theirs.encoder.items()}
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in theirs.bpe_ranks))


def check_open_clip(kind, folder, pictures):
    from open_clip.push_to_hf_hub import save_for_hf
    from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

    configuration = CONFIGURATION | {"quick_gelu": GELUS[kind]}
    model = models.stir(models.draw_open_clip(configuration, seed=1))
    saved = folder / f"{kind} open_clip"
    # The only kind of tokenizer that open_clip saves; here it holds CLIP's own vocabulary.
    tokenizer = HFTokenizer(str(folder / "vocabulary"), context_length=77)
    save_for_hf(model, tokenizer, configuration, saved, safe_serialization=True)
    theirs = models.open_clip_embeddings(model, models.evaluation_transform(), SimpleTokenizer(), pictures, CAPTIONS)
    compare(f"import, {kind}: open_clip", saved, folder, pictures, theirs)


def check_transformers(kind, folder, pictures):
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizerFast

    activation = "quick_gelu" if GELUS[kind] else "gelu"
    text = {"hidden_size": 48, "intermediate_size": 192, "num_hidden_layers": 2, "num_attention_heads": 4}
    vision = {"hidden_size": 96, "intermediate_size": 300, "num_hidden_layers": 3, "num_attention_heads": 3}
    configuration = CLIPConfig(
        text_config=text | {"bos_token_id": 49406, "eos_token_id": 49407, "hidden_act": activation},
        vision_config=vision | {"image_size": 32, "patch_size": 8, "hidden_act": activation}, projection_dim=40)
    torch.manual_seed(2)
    model = models.stir(CLIPModel(configuration))
    processor = CLIPProcessor(
        CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        CLIPTokenizerFast.from_pretrained(folder / "vocabulary", model_max_length=77))
    saved = folder / f"{kind} transformers"
    model.save_pretrained(saved)
    processor.save_pretrained(saved)
    theirs = models.transformers_embeddings(model, processor, pictures, CAPTIONS)
    compare(f"import, {kind}: transformers", saved, folder, pictures, theirs)


def compare(name, saved, folder, pictures, theirs):
    ours = peers.embed(saved, folder, pictures, CAPTIONS)
    with peers.check(f"{name} and we embed pictures alike"):
        peers.expect_equal(ours["image_features"], theirs[0], TOLERANCE, [path.name for path in pictures])
    with peers.check(f"{name} and we embed captions alike"):
        peers.expect_equal(ours["text_features"], theirs[1], TOLERANCE, CAPTIONS)


def main(folder):
    pictures = make_pictures(folder / "pictures")
    write_vocabulary(folder / "vocabulary")
    for kind in GELUS:
        with peers.check(f"import, {kind}: open_clip's model loads"):
            check_open_clip(kind, folder, pictures)
        with peers.check(f"import, {kind}: transformers' model loads"):
            check_transformers(kind, folder, pictures)


if __name__ == "__main__":
    peers.run(main)
