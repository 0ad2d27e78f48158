"""What the checks of this folder share: running `clip`, comparing numbers, counting what passed.

A file of checks has a function `main` that makes checks, and ends with `peers.run(main)` when it is run alone.
"""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

# Nothing is fetched while checks run: whatever a peer would look up on its hub has to be in the directory it is given.
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "false"}
# Some environments pin OpenBLAS to the kernels of an older processor.
os.environ.pop("OPENBLAS_CORETYPE", None)
# mpirun wants to hear twice from root that it may; elsewhere these mean nothing.
os.environ |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/release/clip"

counts = {"passed": 0, "failed": 0, "skipped": 0}


class Skip(Exception):
    """Raised within a check that cannot be made here; says why."""


@contextlib.contextmanager
def check(name):
    """Makes a check of what happens inside: prints a line about it and goes on, whatever the outcome."""
    try:
        yield
    except Skip as why:
        counts["skipped"] += 1
        print(f"skipped {name}: {why}", flush=True)
    except Exception as error:
        counts["failed"] += 1
        why = " ".join(str(error).split()) or "no reason given"
        print(f"FAILED {name}: {type(error).__name__}: {why}", flush=True)
    else:
        counts["passed"] += 1
        print(f"ok {name}", flush=True)


def run(*mains):
    """Calls functions that make checks, each with a new folder, prints the counts and ends the program."""
    if not PROGRAM.exists():
        sys.exit(f"{PROGRAM} does not exist: run `swift build -c release` first")
    for main in mains:
        with tempfile.TemporaryDirectory(prefix="swift-clip-peers.") as folder:
            # What fails outside of a check, such as a preparation, is a failed check of its own.
            try:
                main(pathlib.Path(folder))
            except Exception as error:
                with check(f"preparing {pathlib.Path(main.__code__.co_filename).stem}"):
                    raise error
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    sys.exit(1 if counts["failed"] else 0)


def command(*words):
    """Runs a program; its standard output, or an error with how its complaint begins."""
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"`{' '.join(words)[:300]}` exited with {done.returncode}: {done.stderr.strip()[:1000]}")
    return done.stdout


def clip(*words, ranks=1):
    """Runs `clip`, under mpirun if it is to have several ranks."""
    launcher = ["mpirun", "--oversubscribe", "-n", ranks] if ranks > 1 else []
    return command(*launcher, PROGRAM, *words)


def embed(weights, folder, images=(), texts=(), line_break="\n", more=()):
    """What `clip embed`, with `more` options, makes of pictures and texts: `image_features` and `text_features`, as far
    as asked for."""
    from safetensors.torch import load_file

    words = ["embed", "--weights", weights, "--into", folder / "embeddings.safetensors"]
    if images:
        words += ["--images", *images]
    if texts:
        assert not any("\n" in text for text in texts), "a text is a line"
        (folder / "texts.txt").write_bytes("".join(text + line_break for text in texts).encode())
        words += ["--texts", folder / "texts.txt"]
    clip(*words, *more)
    return load_file(folder / "embeddings.safetensors")


def expect_close(name, found, expected, tolerance=1e-4):
    """Fails if two tensors differ by more than `tolerance` of the norm of the expected one."""
    assert found.shape == expected.shape, f"{name} has shape {tuple(found.shape)}, expected {tuple(expected.shape)}"
    norm = float(expected.double().norm())
    error = float((found.double() - expected.double()).norm()) / norm
    # Written so that a NaN fails.
    assert norm > 0 and error <= tolerance, f"{name} is off by {error:.2g} of its norm, {norm:.2g}"


def expect_equal(found, expected, tolerance, names=None):
    """Fails unless all numbers differ by at most `tolerance`; names the row that differs the most."""
    assert found.shape == expected.shape, f"shape {tuple(found.shape)}, expected {tuple(expected.shape)}"
    differences = (found - expected).abs().flatten(1).amax(1)
    worst = int(differences.argmax())
    # Written so that a NaN fails.
    off = int((~(differences <= tolerance)).sum())
    assert off == 0, (
        f"{off} of {len(differences)} rows are off by more than {tolerance:.2g}, the most by {differences[worst]:.2g}: "
        f"{names[worst] if names else f'row {worst}'}")
