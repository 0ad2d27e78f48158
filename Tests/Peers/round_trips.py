"""Whether weights of open_clip and Transformers come back from here as they went, to the last bit.

    python Tests/Peers/round_trips.py

`clip export` reads what a peer saved and writes it for the same peer and for the other one; every tensor is compared,
and so is what the peer makes of the directory. Models are small; `full_size.py` does the same with the paper's nine.
"""
import shutil

import models
import peers

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2}
VIT = {"embed_dim": 40, "text_cfg": TEXT,
       "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 2, "width": 128}}
RESIDUAL = VIT | {
    "vision_cfg": {"image_size": 64, "layers": [1, 2, 1, 1], "width": 8, "head_width": 64, "patch_size": None}}


def tensors(path):
    """The tensors of a file by name, each read when it is asked for."""
    from safetensors import safe_open

    file = safe_open(path, "pt")
    return {name: lambda name=name: file.get_tensor(name) for name in file.keys()}


def state(model):
    """The weights of a model, as `tensors` has those of a file."""
    return {name: lambda value=value: value for name, value in model.state_dict().items()}


def expect_same(found, expected):
    """Fails unless both have the same names, and under each the same type, shape and bits; returns how many."""
    assert found.keys() == expected.keys(), f"names differ: {sorted(found.keys() ^ expected.keys())[:5]}"
    for name in expected:
        a, b = found[name](), expected[name]()
        assert (a.dtype, a.shape) == (b.dtype, b.shape), f"{name}: {a.dtype} {a.shape}, expected {b.dtype} {b.shape}"
        # Bytes, so that 0 is not −0 and every NaN is itself.
        assert a.contiguous().numpy().tobytes() == b.contiguous().numpy().tobytes(), f"{name} has other bits"
    return len(expected)


def export(weights, into, format):
    """Has `clip export` write a directory; the path of its weights."""
    peers.clip("export", "--weights", weights, "--into", into, "--format", format)
    return into / ("open_clip_model.safetensors" if format == "open_clip" else "model.safetensors")


def through_open_clip(weights, folder, expected):
    """Exports what lies at `weights` for open_clip; its file and what open_clip loads must be `expected`; how many
    tensors there are."""
    import open_clip

    there = folder / "there"
    count = expect_same(tensors(export(weights, there, "open_clip")), expected)
    expect_same(state(open_clip.create_model(f"local-dir:{there}")), expected)
    shutil.rmtree(there)
    return count


def through_transformers(weights, folder, expected):
    """From here to Transformers, which saves what it loaded, from there through here to Transformers again, and to
    open_clip, whose weights must be `expected`; how many tensors there are."""
    from transformers import CLIPModel

    there, saved, again, back = (folder / name for name in ("there", "saved", "again", "back"))
    export(weights, there, "transformers")
    CLIPModel.from_pretrained(there).save_pretrained(saved)
    for path in there.iterdir():
        if not (saved / path.name).exists():
            shutil.copy(path, saved)
    shutil.rmtree(there)
    count = expect_same(tensors(export(saved, again, "transformers")), tensors(saved / "model.safetensors"))
    shutil.rmtree(again)
    expect_same(tensors(export(saved, back, "open_clip")), expected)
    for path in saved, back:
        shutil.rmtree(path)
    return count


def in_other_layout(weights):
    """The same weights as a data-parallel run of open_clip's `CustomTextCLIP` has them, with what is no weight beside."""
    import torch

    texts = "transformer.", "token_embedding.", "positional_embedding", "ln_final.", "text_projection"
    other = {("text." if name.startswith(texts) else "") + name: value for name, value in weights.items()}
    other |= {"logit_scale": weights["logit_scale"].reshape(1), "text.attn_mask": torch.zeros(77, 77)}
    other |= {name: torch.tensor(value) for name, value in (
        ("input_resolution", 32), ("context_length", 77), ("vocab_size", 49408))}
    return {f"module.{name}": value for name, value in other.items()}


def check_layouts(kind, model, saved, folder):
    """Layouts that open_clip reads come back as the one it writes."""
    from safetensors.torch import save_file

    weights = model.state_dict()
    other = folder / f"{kind}, other layout"
    other.mkdir()
    shutil.copy(saved / "open_clip_config.json", other)
    save_file(in_other_layout(weights), other / "open_clip_model.safetensors")
    with peers.check(f"round trip, {kind}: module., text., three sizes, a mask and a scale of shape (1) come back plain"):
        through_open_clip(other, folder, state(model))


def check_counts(model, saved, folder):
    """Batch norm's counts: whole numbers that come back; where they are missing they stay so, and are 0 in open_clip."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    counts = {name: value for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")}
    with peers.check("round trip, a ResNet: batch norm's counts are whole numbers"):
        assert counts and all(value.dtype == torch.int64 and value > 0 for value in counts.values())
        found = tensors(export(saved, folder / "counts", "open_clip"))
        expect_same({name: found[name] for name in counts}, {name: lambda name=name: counts[name] for name in counts})
    weights = {name: value for name, value in model.state_dict().items() if name not in counts}
    save_file(weights, saved / "open_clip_model.safetensors")
    with peers.check("round trip, a ResNet: missing counts stay so, and open_clip takes them for 0"):
        expect_same(tensors(export(saved, folder / "none", "open_clip")),
                    {name: lambda name=name: weights[name] for name in weights})
        loaded = open_clip.create_model(f"local-dir:{folder / 'none'}").state_dict()
        assert all(loaded[name] == 0 for name in counts)


def check_position_ids(saved, folder):
    """Old files of Transformers hold position ids, and some a scale of shape (1)."""
    import torch
    from safetensors.torch import load_file, save_file

    there = folder / "ids"
    expected = tensors(export(saved, there, "transformers"))
    plain = load_file(there / "model.safetensors")
    old = plain | {"logit_scale": plain["logit_scale"].reshape(1)} | {
        f"{tower}_model.embeddings.position_ids": torch.arange(count)[None] for tower, count in (
            ("text", 77), ("vision", 17))}
    shutil.copytree(there, folder / "old")
    save_file(old, folder / "old/model.safetensors", {"format": "pt"})
    with peers.check("round trip, a Vision Transformer: Transformers' position ids are left out"):
        expect_same(tensors(export(folder / "old", folder / "without ids", "transformers")), expected)


def main(folder):
    for kind, configuration, seed in ("a Vision Transformer", VIT, 1), ("a ResNet", RESIDUAL, 2):
        model = models.stir_statistics(models.stir(models.draw_open_clip(configuration, seed)))
        saved = folder / kind
        models.save_open_clip(model, configuration, saved)
        with peers.check(f"round trip, {kind}: open_clip's weights come back"):
            through_open_clip(saved, folder, state(model))
        check_layouts(kind, model, saved, folder)
        if configuration is VIT:
            with peers.check(f"round trip, {kind}: Transformers' weights come back, and are open_clip's"):
                through_transformers(saved, folder, state(model))
            check_position_ids(saved, folder)
        else:
            check_counts(model, saved, folder)


if __name__ == "__main__":
    peers.run(main)
