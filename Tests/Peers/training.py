"""Whether `clip train` takes the same steps as open_clip's model and loss with torch's AdamW.

    python Tests/Peers/training.py

Both start from the same weights and see the same batches: the data set is one batch, whose order the loss does not
depend on, and its pictures have the model's size, so that a random square of one is the whole. Losses, learning rates,
norms of the gradient and multipliers of our journal are compared with the peer's, step by step; of a ResNet also what
batch norm has come to know. The same with towers that open_clip locks, whole or but for their last groups of layers.
"""
import json
import math

import models
import peers

STEPS, WARMUP, BATCH = 10, 4, 64
OPTIMIZER = {"learningRate": 1e-3, "beta1": 0.9, "beta2": 0.98, "epsilon": 1e-6, "weightDecay": 0.2}
MODEL = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 2, "width": 64, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
RESIDUAL = MODEL | {
    "vision_cfg": {"image_size": 32, "layers": [1, 2, 1, 1], "width": 8, "head_width": 32, "patch_size": None}}
# Batch norm of the whole batch: on two ranks, of both together.
OF_ALL = {"microBatch": BATCH, "batchNorm": "world"}
# How far a number of the journal may be from the peer's, relative to it.
TOLERANCES = {"loss": 1e-4, "learning_rate": 1e-6, "gradient_norm": 1e-3, "logit_scale": 1e-4}


def make_data(folder):
    """Writes pictures of the model's size with captions, and packs them; returns both."""
    import numpy
    from PIL import Image
    from sklearn.datasets import load_sample_images

    photographs = load_sample_images().images
    draw = numpy.random.default_rng(11)
    pictures, captions = [], []
    (folder / "pictures").mkdir()
    for number in range(BATCH):
        photograph = photographs[number % 2]
        top, left = draw.integers(photograph.shape[0] - 32), draw.integers(photograph.shape[1] - 32)
        pictures.append(Image.fromarray(photograph[top:top + 32, left:left + 32]))
        captions.append(f"{['china', 'a flower'][number % 2]} {top} from above and {left} from the left")
        pictures[-1].save(folder / f"pictures/{number:02d}.png")
        (folder / f"pictures/{number:02d}.txt").write_text(captions[-1])
    peers.clip("pack", folder / "pictures", "--into", folder / "shards")
    return pictures, captions


def peer_journal(model, pictures, captions, gradient_clip):
    """Trains as open_clip's program does, in single precision; a line for each step, named as in our journal."""
    import torch
    from open_clip import ClipLoss, SimpleTokenizer
    from open_clip_train.scheduler import cosine_lr

    preprocess = models.evaluation_transform()
    images = torch.stack([preprocess(picture) for picture in pictures])
    tokens = SimpleTokenizer()(captions, MODEL["text_cfg"]["context_length"])
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    spared = {name for name, weight in weights.items() if weight.ndim < 2}
    groups = [
        {"params": [weight for name, weight in weights.items() if (name in spared) == is_spared], "weight_decay": decay}
        for is_spared, decay in ((True, 0), (False, OPTIMIZER["weightDecay"]))]
    optimizer = torch.optim.AdamW(
        groups, lr=OPTIMIZER["learningRate"], betas=(OPTIMIZER["beta1"], OPTIMIZER["beta2"]), eps=OPTIMIZER["epsilon"])
    schedule = cosine_lr(optimizer, OPTIMIZER["learningRate"], WARMUP, STEPS)
    journal = []
    for step in range(STEPS):
        learning_rate = schedule(step)
        model.zero_grad()
        loss = ClipLoss()(*model(images, tokens))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(weights.values(), gradient_clip or math.inf)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        journal.append({"loss": loss.item(), "learning_rate": learning_rate, "gradient_norm": norm.item(),
                        "logit_scale": model.logit_scale.exp().item()})
    return journal


def our_journal(folder, weights, gradient_clip, ranks, model=MODEL, more={}):
    """Trains with `clip train`; its journal, and its directory."""
    recipe = {
        "model": model, "precision": "fp32", "globalBatch": BATCH, "microBatch": 24, "steps": STEPS,
        "optimizer": OPTIMIZER | {"gradientClip": gradient_clip},
        "schedule": {"warmupSteps": WARMUP, "decay": "cosine"}, "augmentation": {"crop": "square"},
    } | more
    run = folder / f"run from {weights.name} on {ranks}"
    (folder / "recipe.json").write_text(json.dumps(recipe))
    peers.clip("train", "--recipe", folder / "recipe.json", "--data", folder / "shards", "--into", run,
               "--initial-weights", weights, "--threads", 1, ranks=ranks)
    return [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()], run


def compare(ours, theirs):
    """Whether two journals say the same."""
    assert len(ours) == len(theirs), f"the journal has {len(ours)} steps, the peer's {len(theirs)}"
    for step, (found, expected) in enumerate(zip(ours, theirs), start=1):
        for field, tolerance in TOLERANCES.items():
            error = abs(found[field] - expected[field])
            assert error <= tolerance * abs(expected[field]), (
                f"step {step}: {field} is {found[field]}, the peer's {expected[field]}")


def compare_locked(folder, pictures, captions):
    """Steps of models of which open_clip locks a part."""
    from safetensors.torch import load_file

    def lock_images(model):
        model.lock_image_tower(unlocked_groups=0, freeze_bn_stats=True)

    def lock_most(model):
        model.lock_image_tower(unlocked_groups=2)
        model.lock_text_tower(unlocked_layers=2)

    cases = [
        ("a locked ViT", MODEL, lock_images, {"image": True}),
        ("a locked ResNet", RESIDUAL, lock_images, {"image": True}),
        ("the last groups of both towers", MODEL, lock_most,
         {"image": True, "imageUnlockedGroups": 2, "text": True, "textUnlockedGroups": 2}),
    ]
    for name, configuration, lock, settings in cases:
        weights = folder / name
        model = models.draw_open_clip(configuration, seed=7)
        models.save_open_clip(model, configuration, weights)
        lock(model)
        theirs = peer_journal(model.train(), pictures, captions, 0)
        for ranks in 1, 2:
            with peers.check(f"training with {name}, {ranks} rank{'s'[:ranks - 1]}: {STEPS} steps and weights alike"):
                ours, run = our_journal(folder, weights, 0, ranks, configuration, {"lock": settings})
                compare(ours, theirs)
                found = load_file(run / f"step-{STEPS:09d}" / "model.safetensors")
                start = load_file(weights / "open_clip_model.safetensors")
                for key, weight in model.named_parameters():
                    ours = found[key].reshape(weight.shape)
                    if weight.requires_grad:
                        # A bias of keys changes no attention: its gradient is what was rounded, which Adam makes a step of.
                        first = weight.shape[0] * 2 // 3 if key.endswith("in_proj_bias") else 0
                        error = (ours - weight)[first:].norm() / weight[first:].norm() if weight.ndim else abs(ours - weight)
                        assert error <= 1e-3, f"{key} is off by {error:.1e} of its norm"
                    else:
                        assert (ours == start[key]).all(), f"{key} has changed"


def compare_residual(folder, pictures, captions):
    """A ResNet's steps, and its running statistics after them."""
    from safetensors.torch import load_file

    weights = folder / "residual"
    model = models.draw_open_clip(RESIDUAL, seed=6)
    models.save_open_clip(model, RESIDUAL, weights)
    theirs = peer_journal(model.train(), pictures, captions, 0)
    statistics = {name: value.float() for name, value in model.named_buffers() if ".bn" in name or ".downsample" in name}
    assert len(statistics) == 3 * 22, f"{len(statistics)} statistics"
    for ranks in 1, 2:
        with peers.check(f"training a ResNet, {ranks} rank{'s'[:ranks - 1]}: {STEPS} steps and statistics alike"):
            ours, run = our_journal(folder, weights, 0, ranks, RESIDUAL, OF_ALL)
            compare(ours, theirs)
            found = load_file(run / f"step-{STEPS:09d}" / "model.safetensors")
            for name, expected in statistics.items():
                error = (found[name].reshape(expected.shape) - expected).norm() / expected.norm()
                assert error <= 1e-3, f"{name} is off by {error:.1e} of its norm"


def main(folder):
    pictures, captions = make_data(folder)
    cases = [
        ("as the paper does", math.log(1 / 0.07), 0),
        # Starts above the largest multiplier, so that the clamp after the first step shows in the second.
        ("clipping gradient and multiplier", math.log(105), 0.5),
    ]
    for name, logit_scale, gradient_clip in cases:
        weights = folder / name
        model = models.draw_open_clip(MODEL, seed=5, init_logit_scale=logit_scale)
        models.save_open_clip(model, MODEL, weights)
        theirs = peer_journal(model.train(), pictures, captions, gradient_clip)
        for ranks in 1, 2:
            with peers.check(f"training {name}, {ranks} rank{'s'[:ranks - 1]}: {STEPS} steps alike"):
                compare(our_journal(folder, weights, gradient_clip, ranks)[0], theirs)
    compare_residual(folder, pictures, captions)
    compare_locked(folder, pictures, captions)


if __name__ == "__main__":
    peers.run(main)
