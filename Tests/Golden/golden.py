"""Lets open_clip compute golden cases: weights, a batch, embeddings, the loss and the gradient of every weight.

usage: python golden.py INTO [NAME …]

INTO/NAME/config.json         the model's shape, as open_clip writes it
INTO/NAME/weights.safetensors all weights, none of them at a value that would hide its use (no zero biases, no unit gains)
INTO/NAME/case.safetensors    pixels (N, H, W, 3) 0…255 · tokens (rows) and lengths (N), packed without padding ·
                              image_features, text_features (N, D) · loss () · gradient of every weight under its name; with batch
                              norm its statistics after this batch, and image_features_alone by those before it ·
                              of a ResNet with its first groups locked locked.GROUPS.loss and locked.GROUPS.gradient.… ·
                              of quick-gelu where some patches are left out seen (N, patches), seen.loss, seen.gradient.…
INTO/NAME/explanation.safetensors
                              of the first picture and the first TEXTS captions, with batch norm's running statistics set to those
                              of this batch, statistic.NAME: similarity (texts), the cosines · pixel_gradient (texts, 3, H, W),
                              with respect to the normalised pixels · features (rows, columns, channels), the last that have a
                              place in the picture · feature_gradient (texts, rows, columns, channels)
INTO/NAME/hidden.safetensors  of the same: text_hidden (texts, context, width) after ln_final, padding included · image_hidden
                              (1, tokens, width) after the last block, or (1, rows · columns, channels) after the last stage ·
                              text_hidden.N and image_hidden.N after N blocks or stages, without the final norm

Needs torch and open_clip_torch. The test suite reads the cases that were frozen in
Tests/TrainingTests/Fixtures; run this again only to add one.
"""
import json
import pathlib
import sys

import torch
from open_clip.loss import ClipLoss
from open_clip.model import CLIP
from safetensors.torch import save_file

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])
DEVIATION = torch.tensor([0.26862954, 0.26130258, 0.27577711])

# Layers, widths, heads, ratios and grids that differ between the towers, so that a number taken from the wrong one shows.
CASES = {
    "quick-gelu": {
        "embed_dim": 24, "quick_gelu": True,
        "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 2, "width": 64, "head_width": 32},
        "text_cfg": {"context_length": 16, "vocab_size": 80, "width": 48, "heads": 3, "layers": 3},
    },
    "exact-gelu": {
        "embed_dim": 40,
        "vision_cfg": {"image_size": [24, 36], "patch_size": 6, "layers": 3, "width": 40, "head_width": 10},
        "text_cfg": {"context_length": 77, "vocab_size": 64, "width": 32, "heads": 2, "layers": 1},
    },
    "odd-widths": {
        "embed_dim": 17,
        "vision_cfg": {"image_size": 30, "patch_size": 10, "layers": 1, "width": 36, "head_width": 12, "mlp_ratio": 3.5},
        "text_cfg": {"context_length": 20, "vocab_size": 50, "width": 27, "heads": 3, "layers": 2},
    },
    # Every kind of block: with a shortcut of its own and without, shrinking and not.
    "residual": {
        "embed_dim": 20,
        "vision_cfg": {"image_size": 64, "layers": [2, 1, 2, 1], "width": 4, "head_width": 32, "patch_size": None},
        "text_cfg": {"context_length": 16, "vocab_size": 60, "width": 32, "heads": 2, "layers": 1},
    },
}


def build(config, seed):
    torch.manual_seed(seed)
    model = CLIP(config["embed_dim"], config["vision_cfg"], config["text_cfg"], config.get("quick_gelu", False))
    draw = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            spread = 0.02 if weight.dim() > 1 else 0.1
            weight.add_(torch.randn(weight.shape, generator=draw) * spread)
        for name, statistic in model.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                statistic.add_(torch.rand(statistic.shape, generator=draw) * 0.5)
    return model.train(), draw


def batch(config, draw, count=6):
    size = config["vision_cfg"]["image_size"]
    height, width = size if isinstance(size, list) else (size, size)
    context, vocabulary = config["text_cfg"]["context_length"], config["text_cfg"]["vocab_size"]
    pixels = torch.randint(0, 256, (count, height, width, 3), generator=draw, dtype=torch.uint8)
    # From a caption of one token to one that fills the context, start and end token included.
    lengths = torch.linspace(3, context, count).round().int()
    tokens = torch.zeros(count, context, dtype=torch.int64)
    for row, length in enumerate(lengths.tolist()):
        tokens[row, :length] = torch.randint(1, vocabulary - 2, (length,), generator=draw)
        tokens[row, 0], tokens[row, length - 1] = vocabulary - 2, vocabulary - 1
    return pixels, tokens, lengths


TEXTS = 2


def take_statistics(model, images, tokens):
    """Makes the running statistics those of the batch, so that no channel is dead, and the model one for evaluation.

    Returns the statistics, as `statistic.NAME`.
    """
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1
    with torch.no_grad():
        model.train()(images, tokens)
    model.eval()
    return {
        "statistic." + name: value.clone() for name, value in model.named_buffers()
        if name.endswith(("running_mean", "running_var"))}


def places(features, grid):
    """What has a place in one picture as (rows, columns, channels): patch tokens, class token first, or channels first."""
    if features.dim() == 4:
        return features[0].permute(1, 2, 0)
    return features[0, 1:].reshape(*grid, features.shape[-1])


def explain(model, images, tokens):
    """Similarities of one picture with captions, and their gradients by autograd."""
    tower, seen = model.visual, []
    if hasattr(tower, "layer4"):
        grid = None
        hook = tower.layer4.register_forward_hook(lambda module, inputs, output: seen.append(output))
    else:
        grid, last = tower.grid_size, tower.transformer.resblocks[-1]
        hook = last.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    pixels = images.clone().requires_grad_()
    picture = model.encode_image(pixels, normalize=True)
    hook.remove()
    similarity = model.encode_text(tokens, normalize=True).detach() @ picture[0]
    gradients = [torch.autograd.grad(cosine, [pixels, seen[0]], retain_graph=True) for cosine in similarity]
    return {
        "similarity": similarity.detach(), "pixel_gradient": torch.cat([pixels for pixels, _ in gradients]),
        "features": places(seen[0].detach(), grid),
        "feature_gradient": torch.stack([places(features, grid) for _, features in gradients]),
    }


def hidden(model, images, tokens):
    """States of both towers, recorded where they come out of the modules."""
    seen, hooks = {}, []

    def record(name, module):
        def keep(module, inputs, output):
            seen[name] = output if output.dim() == 3 else output.flatten(2).transpose(1, 2)
        hooks.append(module.register_forward_hook(keep))

    tower = model.visual
    if hasattr(tower, "layer4"):
        stages = [tower.avgpool, tower.layer1, tower.layer2, tower.layer3, tower.layer4]
    else:
        stages = [tower.ln_pre, *tower.transformer.resblocks]
    for number, module in enumerate(stages):
        record(f"image_hidden.{number}", module)
    for number, block in enumerate(model.transformer.resblocks, 1):
        record(f"text_hidden.{number}", block)
    record("text_hidden", model.ln_final)
    with torch.no_grad():
        model.encode_image(images)
        model.encode_text(tokens)
        embedded = model.token_embedding(tokens) + model.positional_embedding
    for hook in hooks:
        hook.remove()
    return seen | {"image_hidden": seen[f"image_hidden.{len(stages) - 1}"], "text_hidden.0": embedded}


class Seen(torch.nn.Module):
    """Leaves the class token and some patches of each picture, in place of open_clip's random ones."""

    def __init__(self, patches):
        super().__init__()
        self.rows = torch.cat([torch.zeros(len(patches), 1, dtype=torch.int64), 1 + patches], dim=1)

    def forward(self, tokens):
        return tokens.gather(1, self.rows[:, :, None].expand(-1, -1, tokens.shape[-1]))


def gradients(model, images, tokens, prefix):
    """The loss and the gradient of every weight that is trained."""
    model.zero_grad(set_to_none=True)
    loss = ClipLoss()(*model(images, tokens)[:3])
    loss.backward()
    return {prefix + "loss": loss.detach()} | {
        f"{prefix}gradient.{key}": value.grad.contiguous() for key, value in model.named_parameters() if value.grad is not None}


def locked(model, groups, weights, images, tokens):
    """The same with the first groups of a ResNet locked, and their batch norm in evaluation mode."""
    model.load_state_dict(weights)
    model.train()
    visual = model.visual
    stem = [visual.conv1, visual.bn1, visual.conv2, visual.bn2, visual.conv3, visual.bn3]
    parts = [stem, [visual.layer1], [visual.layer2], [visual.layer3], [visual.layer4], [visual.attnpool]]
    for part in sum(parts[:groups], []):
        part.requires_grad_(False).eval()
    return gradients(model, images, tokens, f"locked.{groups}.")


def main(into, names):
    for seed, name in enumerate(names or CASES):
        config = CASES[name]
        model, draw = build(config, seed)
        pixels, tokens, lengths = batch(config, draw)
        weights = {key: value.detach().clone() for key, value in model.state_dict().items()}
        images = ((pixels.float() / 255 - MEAN) / DEVIATION).permute(0, 3, 1, 2).contiguous()
        image_features, text_features, scale = model(images, tokens)[:3]
        loss = ClipLoss()(image_features, text_features, scale)
        loss.backward()
        case = {
            "pixels": pixels.float(),
            "tokens": torch.cat([row[:length] for row, length in zip(tokens, lengths.tolist())]).float(),
            "lengths": lengths.float(), "image_features": image_features.detach(), "text_features": text_features.detach(),
            "loss": loss.detach(),
        }
        case |= {"gradient." + key: value.grad.contiguous() for key, value in model.named_parameters()}
        # What batch norm has come to know, and what it makes of each picture alone.
        moved = {key: value.float().clone() for key, value in model.named_buffers() if key in weights}
        case |= {"moved." + key: value for key, value in moved.items()}
        if moved:
            model.load_state_dict(weights)
            with torch.no_grad():
                case["image_features_alone"] = model.eval()(images, tokens)[0]
        statistics = take_statistics(model, images, tokens)
        few = images[:1], tokens[:TEXTS]
        explanation, states = explain(model, *few) | statistics, hidden(model, *few) | statistics
        if moved:
            for groups in 1, 3, 5, 6:
                case |= locked(model, groups, weights, images, tokens)
        if name == "quick-gelu":
            count = model.visual.grid_size[0] * model.visual.grid_size[1]
            seen = torch.stack([torch.randperm(count, generator=draw)[:7].sort().values for _ in images])
            model.visual.patch_dropout = Seen(seen)
            case |= {"seen": seen.float()} | gradients(model, images, tokens, "seen.")
        folder = pathlib.Path(into) / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        save_file({key: value.contiguous() for key, value in weights.items()}, folder / "weights.safetensors", {"format": "pt"})
        for file, tensors in ("case", case), ("explanation", explanation), ("hidden", states):
            tensors = {key: value.clone(memory_format=torch.contiguous_format) for key, value in tensors.items()}
            save_file(tensors, folder / f"{file}.safetensors")
        print(f"{name}: loss {loss.item():.6f}, {sum(w.numel() for w in weights.values())} weights")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
