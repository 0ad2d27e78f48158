"""Models of the peers: drawing, saving and using them."""
from inputs import MODEL_SIZE


def draw_open_clip(configuration, seed, **more):
    """A model of open_clip with the weights it draws at the start of training, and CLIP's preprocessing."""
    import torch
    from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
    from open_clip.model import CLIP, set_model_preprocess_cfg

    torch.manual_seed(seed)
    model = CLIP(**configuration, **more)
    set_model_preprocess_cfg(model, {
        "mean": OPENAI_DATASET_MEAN, "std": OPENAI_DATASET_STD, "interpolation": "bicubic", "resize_mode": "shortest"})
    return model


def stir(model):
    """Moves every weight off its initial value, so that no bias is 0, no gain is 1, and captions differ; returns it."""
    import torch

    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name != "logit_scale":
                weight.add_(torch.randn(weight.shape, generator=draw) * (0.05 if weight.dim() > 1 else 0.1))
    return model.eval()


def stir_statistics(model):
    """Moves what batch norm knows off its initial values: means, variances and counts; returns the model."""
    import torch

    draw = torch.Generator().manual_seed(9)
    for name, statistic in model.named_buffers():
        if name.endswith("running_mean"):
            statistic.add_(torch.rand(statistic.shape, generator=draw) * 0.2)
        if name.endswith("running_var"):
            statistic.mul_(1 + torch.rand(statistic.shape, generator=draw))
        if name.endswith("num_batches_tracked"):
            statistic.add_(torch.randint(1, 1_000_000, (), generator=draw))
    return model


def save_open_clip(model, configuration, folder):
    """Saves a model that uses the vocabulary open_clip has built in."""
    from open_clip.push_to_hf_hub import save_config_for_hf
    from safetensors.torch import save_file

    folder.mkdir()
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    save_config_for_hf(model, folder / "open_clip_config.json", configuration)


def evaluation_transform():
    """What open_clip does with a picture before a model of this folder sees it."""
    from open_clip import image_transform

    return image_transform(MODEL_SIZE, is_train=False)


def open_clip_embeddings(model, preprocess, tokenize, pictures, captions):
    """Embeddings of pictures (paths) and captions, of length 1."""
    import torch
    from PIL import Image

    with torch.inference_mode():
        images = model.encode_image(torch.stack([preprocess(Image.open(path)) for path in pictures]), normalize=True)
        texts = model.encode_text(tokenize(captions), normalize=True)
    return images, texts


def transformers_embeddings(model, processor, pictures, captions):
    """Embeddings of pictures (paths) and captions, of length 1."""
    import torch
    from PIL import Image

    with torch.inference_mode():
        pixels = processor(images=[Image.open(path).convert("RGB") for path in pictures], return_tensors="pt")
        tokens = processor(text=captions, padding=True, truncation=True, return_tensors="pt")
        features = model.get_image_features(**pixels), model.get_text_features(**tokens)
    return [torch.nn.functional.normalize(each, dim=-1) for each in features]
