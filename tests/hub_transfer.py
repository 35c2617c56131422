"""Moves files with huggingface_hub and Xet, in a process of its own: HF_ENDPOINT and HF_HOME say where.

  hub_transfer.py REPO upload FOLDER     stores the folder, then one of its files again under another name
  hub_transfer.py REPO download FOLDER
"""

import pathlib
import sys

from huggingface_hub import HfApi, snapshot_download

repo, verb, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
if verb == "upload":
    api = HfApi(token=False)
    api.create_repo(repo, exist_ok=True)
    api.upload_folder(repo_id=repo, folder_path=folder, commit_message="A folder")
    first = sorted(folder.iterdir())[0]
    api.upload_file(repo_id=repo, path_or_fileobj=first, path_in_repo="again.bin", commit_message="A file")
else:
    snapshot_download(repo, local_dir=folder, token=False)
