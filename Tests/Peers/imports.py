"""Whether models that open_clip and Transformers saved load here and make the same embeddings.

    python Tests/Peers/imports.py

The peers draw the weights and save them with their own functions, with both kinds of GELU, as safetensors and as files
of PyTorch; `clip embed` reads what they saved.
"""
import json
import os

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
# With heads of 64 channels, as all of CLIP's models have: the shapes of the weights tell the rest.
USUAL = {
    "embed_dim": 40,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 3, "width": 128, "mlp_ratio": 3.0},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2},
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
    (saved / "model.safetensors").unlink()
    model.save_pretrained(saved, safe_serialization=False)
    assert (saved / "pytorch_model.bin").exists()
    compare(f"import, {kind}: transformers' .bin", saved, folder, pictures, theirs)


def open_clip_embeddings(model, pictures):
    from open_clip.tokenizer import SimpleTokenizer

    return models.open_clip_embeddings(model, models.evaluation_transform(), SimpleTokenizer(), pictures, CAPTIONS)


def check_state_dicts(kind, folder, pictures):
    """What people have of their own models: state dicts and training checkpoints, and a configuration beside them."""
    import torch
    from open_clip.model import CustomTextCLIP
    from open_clip.push_to_hf_hub import save_config_for_hf

    configuration = CONFIGURATION | {"quick_gelu": GELUS[kind]}
    model = models.stir(models.draw_open_clip(configuration, seed=4))
    theirs = open_clip_embeddings(model, pictures)
    saved = folder / f"{kind} state dicts"
    saved.mkdir()
    save_config_for_hf(model, saved / "open_clip_config.json", configuration)
    torch.save(model.state_dict(), saved / "open_clip_pytorch_model.bin")
    compare(f"import, {kind}: a state dict of open_clip", saved, folder, pictures, theirs)

    custom = CustomTextCLIP(**configuration)
    custom.load_state_dict({
        f"text.{name}" if not name.startswith("visual.") and name != "logit_scale" else name: value
        for name, value in model.state_dict().items()})
    optimizer = torch.optim.AdamW(custom.parameters())
    sum(weight.sum() for weight in custom.parameters()).backward()
    before = {f"module.{name}": value.clone() for name, value in custom.state_dict().items()}
    optimizer.step()
    scaler = {"scale": 65536.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2000,
              "_growth_tracker": 0}
    torch.save({"epoch": 1, "name": kind, "state_dict": before, "optimizer": optimizer.state_dict(), "scaler": scaler},
               saved / "epoch_1.pt")
    compare(f"import, {kind}: a checkpoint of open_clip's training", saved / "epoch_1.pt", folder, pictures, theirs)


def check_scripts(kind, folder, pictures):
    """TorchScript archives and a state dict without any configuration beside them."""
    import torch

    configuration = USUAL | {"quick_gelu": GELUS[kind]}
    model = models.stir(models.draw_open_clip(configuration, seed=6))
    saved = folder / f"{kind} scripts"
    saved.mkdir()
    theirs = open_clip_embeddings(model, pictures)
    torch.jit.save(torch.jit.script(model), saved / "script.pt")
    compare(f"import, {kind}: a TorchScript archive", saved / "script.pt", folder, pictures, theirs)

    # As OpenAI's: the trace of a model in half precision, whose sizes are among the parameters.
    model.half()
    for name, value in ("input_resolution", 32), ("context_length", 77), ("vocab_size", 49408):
        if hasattr(model, name):
            delattr(model, name)
        model.register_buffer(name, torch.tensor(value))
    images, tokens = torch.zeros(1, 3, 32, 32).half(), torch.zeros(1, 77, dtype=torch.long)
    torch.jit.save(torch.jit.trace(model, (images, tokens), check_trace=False), saved / "ViT.pt")
    model.float()
    theirs = open_clip_embeddings(model, pictures)
    compare(f"import, {kind}: a half-precision trace", saved / "ViT.pt", folder, pictures, theirs)

    if not GELUS[kind]:
        state = {name: value for name, value in model.state_dict().items() if value.dim() or name == "logit_scale"}
        torch.save(state, saved / "alone.pth")
        compare(f"import, {kind}: a state dict alone", saved / "alone.pth", folder, pictures, theirs)


class Touch:
    """Has whoever unpickles it make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch '{self.path}'",)


def check_verbs(folder, pictures):
    """Every verb takes these files: one is exported, searched with, evaluated, and a run starts from it."""
    import torch
    from safetensors.torch import load_file

    model = models.stir(models.draw_open_clip(USUAL, seed=8))
    state = model.state_dict()
    torch.save(state, folder / "verbs.pt")
    with peers.check("import: what is exported from a .pt are the same weights"):
        peers.clip("export", "--weights", folder / "verbs.pt", "--into", folder / "verbs", "--format", "open_clip")
        exported = load_file(folder / "verbs/open_clip_model.safetensors")
        assert exported.keys() == state.keys(), exported.keys() ^ state.keys()
        assert all(torch.equal(exported[name], state[name]) for name in state)
        described = json.loads((folder / "verbs/open_clip_config.json").read_text())["model_cfg"]
        assert described["vision_cfg"] == USUAL["vision_cfg"] and described["text_cfg"] == USUAL["text_cfg"], described
    for path, caption in zip(pictures, CAPTIONS, strict=True):
        path.with_suffix(".txt").write_text(caption)
    peers.clip("pack", folder / "pictures", "--into", folder / "verbs shards")
    data = ["--data", folder / "verbs shards"]
    for words in ["evaluate", "retrieval", *data], ["search", *data, "a flower"]:
        with peers.check(f"import: clip {words[0]} makes the same of a .pt and of its export"):
            found, expected = (peers.clip(*words, "--weights", folder / name) for name in ("verbs.pt", "verbs"))
            assert found.replace("verbs.pt", "verbs") == expected, f"{found}, expected {expected}"
    with peers.check("import: a pickle that would run a command is refused, and nothing runs"):
        torch.save({"state_dict": state, "more": Touch(folder / "ran")}, folder / "hostile.pt")
        try:
            peers.clip("embed", "--weights", folder / "hostile.pt", "--into", folder / "none", "--texts", __file__)
        except RuntimeError as error:
            assert "exited with 74" in str(error) and "asks for posix.system: refused" in str(error), error
        else:
            raise AssertionError("it was read")
        assert not (folder / "ran").exists()
    with peers.check("import: a run that starts from a .pt takes the same step as one from its export"):
        recipe = {"model": USUAL, "precision": "fp32", "globalBatch": 10, "microBatch": 10, "steps": 1}
        (folder / "recipe.json").write_text(json.dumps(recipe))
        for name in "verbs.pt", "verbs":
            peers.clip("train", "--recipe", folder / "recipe.json", *data, "--into", folder / f"run from {name}",
                       "--initial-weights", folder / name, "--threads", 1)
        found, expected = (
            load_file(folder / f"run from {name}/step-000000001/model.safetensors") for name in ("verbs.pt", "verbs"))
        assert all(torch.equal(found[name], expected[name]) for name in expected)


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
        with peers.check(f"import, {kind}: PyTorch's state dicts load"):
            check_state_dicts(kind, folder, pictures)
        with peers.check(f"import, {kind}: TorchScript archives load"):
            check_scripts(kind, folder, pictures)
    check_verbs(folder, pictures)


if __name__ == "__main__":
    peers.run(main)
