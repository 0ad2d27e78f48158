"""Lets PyTorch interpolate tables of positions as open_clip does for a model of another size.

usage: python positions.py INTO

INTO/positions.safetensors holds, for each case, `CASE.table` and `CASE.fitted`, (positions, channels), where CASE says
from which size to which: `grid.4x4.6x6` a class token's row and those of a grid of rows × columns, `text.16.24` the
positions of a text.

open_clip's own functions take square grids only; where they do, the case is theirs, otherwise of the same call of
PyTorch. Needs torch and open_clip_torch. The test suite reads what was frozen in Tests/CheckpointsTests/Fixtures; run
this again only to add a case.
"""
import math
import pathlib
import sys
from types import SimpleNamespace

import torch
from open_clip.model import resize_pos_embed, resize_text_pos_embed
from safetensors.torch import save_file

# Up, down and both at once, by whole numbers and not, from and to the smallest; 224 to 336 pixels by patches of 14.
GRIDS = [((4, 4), (6, 6)), ((7, 7), (5, 5)), ((3, 3), (3, 3)), ((1, 1), (2, 2)), ((5, 5), (1, 1)), ((16, 16), (24, 24)),
         ((12, 12), (5, 5)), ((2, 5), (4, 3)), ((3, 8), (3, 6)), ((6, 2), (4, 7))]
TEXTS = [(16, 24), (77, 32), (5, 1), (1, 3), (9, 10)]


def of_grid(table, old, new):
    if old[0] == old[1]:
        state = {"visual.positional_embedding": table}
        resize_pos_embed(state, SimpleNamespace(visual=SimpleNamespace(grid_size=new)))
        return state["visual.positional_embedding"]
    grid = table[1:].reshape(1, *old, -1).permute(0, 3, 1, 2)
    grid = torch.nn.functional.interpolate(grid, size=new, mode="bicubic", antialias=True, align_corners=False)
    return torch.cat([table[:1], grid.permute(0, 2, 3, 1).reshape(math.prod(new), -1)])


def of_text(table, length):
    state = {"positional_embedding": table}
    resize_text_pos_embed(state, SimpleNamespace(positional_embedding=torch.empty(length, table.shape[1])))
    return state["positional_embedding"]


def main(into):
    draw = torch.Generator().manual_seed(1)
    tensors = {}
    for old, new in GRIDS:
        name = "grid.{}x{}.{}x{}".format(*old, *new)
        table = torch.randn(math.prod(old) + 1, 3, generator=draw)
        tensors |= {f"{name}.table": table, f"{name}.fitted": of_grid(table, old, new)}
    for old, new in TEXTS:
        table = torch.randn(old, 3, generator=draw)
        tensors |= {f"text.{old}.{new}.table": table, f"text.{old}.{new}.fitted": of_text(table, new)}
    into = pathlib.Path(into)
    into.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, into / "positions.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
