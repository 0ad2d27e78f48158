"""Whether a run that starts from weights of another size has the position tables open_clip would give it.

    python Tests/Peers/positions.py

The weights are saved by open_clip; `clip train` takes one step from them at a learning rate of 0, for larger and smaller
pictures and texts, and what it leaves is compared with open_clip's model of that size after loading the same file.
"""
import json
import sys
from types import SimpleNamespace

import models
import peers

# Rounding: of the largest number of a table.
TOLERANCE = 1e-6
TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
VIT = {"embed_dim": 32, "text_cfg": TEXT,
       "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 1, "width": 64, "head_width": 32}}
RESIDUAL = VIT | {
    "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 4, "head_width": 32, "patch_size": None}}
# Which model, its pictures and texts from then on, ranks and what they share.
CASES = [(VIT, 48, 24, 1, "none"), (VIT, 24, 9, 2, "parameters"), (VIT, 32, 20, 2, "optimizer"),
         (RESIDUAL, 96, 16, 1, "none"), (RESIDUAL, 32, 24, 2, "parameters")]
STATISTICS = "running_mean", "running_var", "num_batches_tracked"


def resized(state, configuration):
    """The state of a model as open_clip makes it for another size when it loads weights."""
    from open_clip.model import CLIP, resize_pos_embed, resize_text_pos_embed

    state = dict(state)
    model = CLIP(**configuration)
    pool = "visual.attnpool.positional_embedding"
    if pool in state:
        # open_clip resizes that of a Vision Transformer only; the table of a ResNet is of the same kind.
        side = configuration["vision_cfg"]["image_size"] // 32
        table = {"visual.positional_embedding": state[pool]}
        resize_pos_embed(table, SimpleNamespace(visual=SimpleNamespace(grid_size=side)))
        state[pool] = table["visual.positional_embedding"]
    else:
        resize_pos_embed(state, model)
    resize_text_pos_embed(state, model)
    model.load_state_dict(state)
    return model.state_dict()


def compare(found, expected):
    """Whether tables are equal up to rounding, and everything else to the last bit."""
    import torch

    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    for name, value in expected.items():
        if name.endswith(STATISTICS):
            continue  # They follow the step's batch.
        if name.endswith("positional_embedding"):
            assert found[name].shape == value.shape, f"{name} has shape {found[name].shape}, expected {value.shape}"
            error = float((found[name] - value).abs().max() / value.abs().max())
            assert error <= TOLERANCE, f"{name} is off by {error:.1e} of its largest"
        else:
            assert torch.equal(found[name], value), f"{name} differs"


def compare_run(model, configuration, more, folder, weights, ranks):
    """Starts a run, which must say what it did, exports it, and compares it with open_clip's model."""
    from safetensors.torch import load_file

    run, recipe = folder / f"{weights.name} run {len(list(folder.iterdir()))}", folder / "recipe.json"
    recipe.write_text(json.dumps({
        "model": configuration, "precision": "fp32", "globalBatch": 10, "microBatch": 10 // ranks, "steps": 1,
        "optimizer": {"learningRate": 0}} | more))
    arguments = ["train", "--recipe", recipe, "--data", folder / "shards", "--into", run, "--initial-weights", weights]
    peers.clip(*arguments, "--threads", 1, ranks=ranks)
    exported = run / "exported"
    peers.clip("export", "--weights", run, "--into", exported, "--format", "open_clip")
    compare(load_file(exported / "open_clip_model.safetensors"), resized(model.state_dict(), configuration))


def check_frozen(folder):
    """Whether PyTorch still computes what is frozen for the tests in Swift."""
    from safetensors.torch import load_file

    peers.command(sys.executable, peers.ROOT / "Tests/Golden/positions.py", folder)
    file = "positions.safetensors"
    made, frozen = (load_file(path / file) for path in (folder, peers.ROOT / "Tests/CheckpointsTests/Fixtures"))
    assert made.keys() == frozen.keys(), made.keys() ^ frozen.keys()
    for name, expected in frozen.items():
        peers.expect_equal(made[name], expected, TOLERANCE * float(expected.abs().max()))


def main(folder):
    from inputs import write_captioned

    with peers.check("positions: the cases are those frozen"):
        check_frozen(folder / "frozen")
    write_captioned(folder / "pictures")
    peers.clip("pack", folder / "pictures", "--into", folder / "shards")
    for number, (configuration, pictures, texts, ranks, shard) in enumerate(CASES):
        kind = "a ResNet" if configuration is RESIDUAL else "a Vision Transformer"
        model = models.stir(models.draw_open_clip(configuration, seed=number))
        weights = folder / f"weights {number}"
        models.save_open_clip(model, configuration, weights)
        new = configuration | {
            "vision_cfg": configuration["vision_cfg"] | {"image_size": pictures},
            "text_cfg": TEXT | {"context_length": texts}}
        old = f"{configuration['vision_cfg']['image_size']} pixels and {TEXT['context_length']} tokens"
        with peers.check(f"positions, {kind} of {old}: as open_clip's at {pictures} and {texts}, {ranks} "
                         f"rank{'s'[:ranks - 1]}, {shard} shared"):
            compare_run(model, new, {"shard": shard}, folder, weights, ranks)


if __name__ == "__main__":
    peers.run(main)
