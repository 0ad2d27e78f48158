"""Makes the files of this directory with PyTorch, from the models in ../open_clip and ../transformers.

Needs torch 2.13, numpy and safetensors 0.8. Run it in this directory. Storages are numbered as they are first seen, so
that only `serialization_id` and what TorchScript writes about its code differ between runs.
"""
import os
import pickle
from collections import OrderedDict

import torch
from safetensors.torch import load_file, save_file

torch.manual_seed(2021)
WEIGHTS = load_file("../open_clip/open_clip_model.safetensors")


def in_text(name):
    return not name.startswith("visual.") and name != "logit_scale"


def causal_mask(count):
    return torch.full((count, count), float("-inf")).triu(1)


class Part(torch.nn.Module):
    """A module whose parameters and parts are those of a flat dictionary of names."""

    def __init__(self, tensors):
        super().__init__()
        for head in dict.fromkeys(name.partition(".")[0] for name in tensors):
            below = {name.partition(".")[2]: tensors[name] for name in tensors if name.partition(".")[0] == head}
            if "" in below:
                if below[""].is_floating_point():
                    self.register_parameter(head, torch.nn.Parameter(below[""], requires_grad=False))
                else:
                    self.register_buffer(head, below[""])
            else:
                self.add_module(head, Part(below))


class QuickGELU(torch.nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


def save_script(tensors, path, activation=None):
    """A TorchScript archive in the layout of OpenAI's: the weights are attributes of nested modules."""
    model = Part(tensors)
    if activation:
        model.visual.transformer.resblocks.get_submodule("0").mlp.add_module("gelu", activation)
    torch.jit.save(torch.jit.script(model), path)


SIZES = {name: torch.tensor(value) for name, value in
         {"input_resolution": 16, "context_length": 8, "vocab_size": 20}.items()}

# What open_clip's and Transformers' models give.
state = OrderedDict(WEIGHTS)
state._metadata = OrderedDict({"": {"version": 1}, "visual": {"version": 1}})
torch.save(state, "state_dict.pt")
theirs = load_file("../transformers/model.safetensors")
theirs["text_model.embeddings.position_ids"] = torch.arange(8).unsqueeze(0)
theirs["vision_model.embeddings.position_ids"] = torch.arange(5).unsqueeze(0)
torch.save(theirs, "pytorch_model.bin")

# open_clip's training checkpoint of a model with custom text, trained by several processes.
custom = {f"module.{'text.' if in_text(name) else ''}{name}": value for name, value in WEIGHTS.items()}
custom["module.logit_scale"] = custom["module.logit_scale"].reshape(1)
custom["module.text.attn_mask"] = causal_mask(8)
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.AdamW([weight])
weight.sum().backward()
optimizer.step()
torch.save(
    {"epoch": 3, "name": "a run", "state_dict": OrderedDict(custom), "optimizer": optimizer.state_dict(),
     "scaler": {"scale": 65536.0, "growth_interval": 2000, "_growth_tracker": 70000}}, "checkpoint.pt")

# OpenAI's archives: half precision, three sizes.
save_script({**{name: value.half() for name, value in WEIGHTS.items()}, **SIZES}, "openai.pt")

# The shapes of a larger model, with heads of 64 channels; all weights are views of one storage.
base = torch.zeros(3 * 128 * 128, dtype=torch.bfloat16)


def shaped(*shape):
    return base[:torch.Size(shape).numel()].view(shape)


def block(prefix, width, ratio):
    return {f"{prefix}.{name}": shaped(*shape) for name, shape in {
        "ln_1.weight": [width], "ln_1.bias": [width], "attn.in_proj_weight": [3 * width, width],
        "attn.in_proj_bias": [3 * width], "attn.out_proj.weight": [width, width], "attn.out_proj.bias": [width],
        "ln_2.weight": [width], "ln_2.bias": [width], "mlp.c_fc.weight": [ratio * width, width],
        "mlp.c_fc.bias": [ratio * width], "mlp.c_proj.weight": [width, ratio * width],
        "mlp.c_proj.bias": [width]}.items()}


shapes = {
    "positional_embedding": shaped(9, 64), "text_projection": shaped(64, 24), "logit_scale": torch.tensor(2.5),
    "visual.class_embedding": shaped(128), "visual.positional_embedding": shaped(10, 128),
    "visual.proj": shaped(128, 24), "visual.conv1.weight": shaped(128, 3, 4, 4), "visual.ln_pre.weight": shaped(128),
    "visual.ln_pre.bias": shaped(128), "visual.ln_post.weight": shaped(128), "visual.ln_post.bias": shaped(128),
    "token_embedding.weight": shaped(30, 64), "ln_final.weight": shaped(64), "ln_final.bias": shaped(64),
    **block("visual.transformer.resblocks.0", 128, 3), **block("transformer.resblocks.0", 64, 4),
    **block("transformer.resblocks.1", 64, 4)}
torch.save(shapes, "shapes.pth")

# Two that name their activation, in single precision.
gelu = {"visual.transformer.resblocks.0.mlp.c_fc.bias": torch.ones(1)}
save_script(gelu, "quick_gelu.pt", QuickGELU())
save_script(gelu, "exact_gelu.pt", torch.nn.GELU())

# Tensors that share storages and lie in them in every way.
numbers = torch.randn(5, 6)
views = {
    "whole": numbers, "transposed": numbers.t(), "rows": numbers[1:4], "columns": numbers[:, 2:5],
    "every other": numbers[::2, ::3], "one": numbers[3, 4], "none": numbers[:0], "backwards": numbers.view(5, 2, 3)
    .permute(2, 0, 1), "half": torch.randn(4, 3).half().t(), "brain": torch.randn(4, 3).bfloat16()[:, 1:],
    "double": torch.randn(3, 2, dtype=torch.float64).t(), "parameter": torch.nn.Parameter(torch.randn(2, 2)),
    "flat": torch.randn(3, 1, 2).transpose(0, 1)}
torch.save({**views, "count": torch.tensor(7), "counts": torch.arange(3), "flag": True, "nothing": None}, "views.pt")
save_file({name: value.detach().contiguous().float().clone() for name, value in views.items()}, "views.safetensors")

# The same with other protocols of pickle, and in the format from before PyTorch 1.6.
small = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([[3.0], [4.0]]).t()}
for protocol in 3, 4, 5:
    torch.save(small, f"protocol-{protocol}.pt", pickle_protocol=protocol)
torch.save(small, "legacy.pt", _use_new_zipfile_serialization=False)


class Call:
    """Has pickle call a function when it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


for protocol in 2, 4:
    torch.save({"a": torch.ones(1), "b": Call(os.system, "false")}, f"system-{protocol}.pt", pickle_protocol=protocol)
torch.save({"a": torch.ones(1), "b": Call(eval, "1 / 0")}, "eval.pt")
torch.save(torch.nn.Linear(1, 1), "module.pt")
with open("plain.pt", "wb") as file:
    pickle.dump({"a": [1.0]}, file, protocol=2)
