"""Whether `clip embed --hidden` writes the states that open_clip and Transformers compute.

    python Tests/Peers/hidden_states.py

open_clip's are recorded where they come out of its modules: those of the text transformer after `ln_final` with all
padding, those of the picture's tokens before `ln_post`, and after each block. Transformers' are `last_hidden_state` and
`hidden_states`.
"""
import models
import peers
from explanations import cases, draw
from imports import write_vocabulary
from inputs import CAPTIONS, make_pictures

TEXTS, PICTURES = 5, 4


def compare_layers(name, saved, folder, pictures, expected):
    """Compares what is written for each layer with `text_hidden.N` and `image_hidden.N`, the last without a number."""
    texts = CAPTIONS[:TEXTS]
    plain = peers.embed(saved, folder, pictures, texts)
    with peers.check(f"{name}: the last"):
        ours = peers.embed(saved, folder, pictures, texts, more=["--hidden"])
        for part in "text_hidden", "image_hidden":
            peers.expect_close(part, ours[part], expected[part])
        for part in "text_features", "image_features":
            peers.expect_equal(ours[part], plain[part], 0)
    for tower in "text", "image":
        inputs = {"text": {"texts": texts}, "image": {"images": pictures}}[tower]
        numbers = [int(part.split(".")[1]) for part in expected if part.startswith(f"{tower}_hidden.")]
        for number in numbers:
            with peers.check(f"{name}: the {tower} tower after {number}"):
                for layer in number, number - len(numbers):
                    ours = peers.embed(saved, folder, **inputs, more=["--hidden-layer", layer])
                    peers.expect_close(tower, ours[f"{tower}_hidden"], expected[f"{tower}_hidden.{number}"])
                    peers.expect_equal(ours[f"{tower}_features"], plain[f"{tower}_features"], 0)


def compare_transformers(folder, pictures):
    import torch
    from PIL import Image
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizerFast

    text = {"hidden_size": 48, "intermediate_size": 192, "num_hidden_layers": 2, "num_attention_heads": 4}
    vision = {"hidden_size": 96, "intermediate_size": 300, "num_hidden_layers": 3, "num_attention_heads": 3}
    torch.manual_seed(9)
    model = models.stir(CLIPModel(CLIPConfig(
        text_config=text | {"bos_token_id": 49406, "eos_token_id": 49407},
        vision_config=vision | {"image_size": 32, "patch_size": 8}, projection_dim=40)))
    write_vocabulary(folder / "vocabulary")
    processor = CLIPProcessor(
        CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        CLIPTokenizerFast.from_pretrained(folder / "vocabulary", model_max_length=77))
    saved = folder / "transformers"
    model.save_pretrained(saved)
    processor.save_pretrained(saved)
    # OpenAI pads with token 0, which the tokenizer of Transformers does not.
    tokens = torch.zeros(TEXTS, 77, dtype=torch.long)
    for row, caption in zip(tokens, CAPTIONS):
        ids = processor.tokenizer(caption, truncation=True)["input_ids"]
        row[:len(ids)] = torch.tensor(ids)
    pixels = processor(images=[Image.open(path).convert("RGB") for path in pictures], return_tensors="pt")
    with torch.inference_mode():
        texts = model.text_model(input_ids=tokens, output_hidden_states=True)
        images = model.vision_model(**pixels, output_hidden_states=True)
    expected = {"text_hidden": texts.last_hidden_state, "image_hidden": images.last_hidden_state}
    for tower, states in ("text", texts.hidden_states), ("image", images.hidden_states):
        expected |= {f"{tower}_hidden.{number}": state for number, state in enumerate(states)}
    compare_layers("hidden states, transformers", saved, folder, pictures, expected)


def main(folder):
    from golden import hidden

    pictures = make_pictures(folder / "pictures")
    for kind, configuration in cases():
        model, images, tokens = draw(configuration, pictures)
        saved = folder / kind
        models.save_open_clip(model, configuration, saved)
        expected = hidden(model, images[:PICTURES], tokens[:TEXTS])
        compare_layers(f"hidden states, {kind}", saved, folder, pictures[:PICTURES], expected)
    compare_transformers(folder, pictures[:PICTURES])


if __name__ == "__main__":
    peers.run(main)
