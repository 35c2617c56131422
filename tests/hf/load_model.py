"""What a user's program does with HF_ENDPOINT set and nothing else: store a real model and load it from another place."""

import pathlib
import sys

import numpy
import safetensors.numpy
from huggingface_hub import ModelCard, ModelHubMixin, create_repo, hf_hub_download, snapshot_download, upload_folder
from tokenizers import Tokenizer

source, repo = pathlib.Path(sys.argv[1]), sys.argv[2]


class Classifier(ModelHubMixin, library_name="regesta-test", tags=["demo"]):
    def __init__(self, size=2, weights=b""):
        self.size, self.weights = size, weights

    def _save_pretrained(self, save_directory):
        (save_directory / "weights.bin").write_bytes(self.weights)

    @classmethod
    def _from_pretrained(cls, *, model_id, revision, cache_dir, force_download, local_files_only, token, **options):
        return cls(weights=pathlib.Path(hf_hub_download(model_id, "weights.bin", revision=revision)).read_bytes(), **options)


create_repo(repo)
upload_folder(repo_id=repo, folder_path=source, commit_message="MiniLM as its authors packed it")
stored = pathlib.Path(snapshot_download(repo))
for file in source.rglob("*"):
    if file.is_file():
        assert (stored / file.relative_to(source)).read_bytes() == file.read_bytes(), file
words = Tokenizer.from_pretrained(repo).encode("the answer is on the next page")
assert words.tokens[1:4] == ["the", "answer", "is"], words.tokens
vectors = safetensors.numpy.load_file(hf_hub_download(repo, "model.safetensors"))["embeddings.word_embeddings.weight"]
assert vectors.shape[1] == 384 and numpy.isfinite(vectors[words.ids]).all()

weights = bytes(range(256)) * 8000
address = Classifier(size=3, weights=weights).push_to_hub(repo + "-classifier")
loaded = Classifier.from_pretrained(repo + "-classifier")
assert (loaded.size, loaded.weights) == (3, weights), loaded
card = ModelCard.load(repo + "-classifier")
assert card.data.library_name == "regesta-test" and "demo" in card.data.tags, card.data
print("loaded", address)
